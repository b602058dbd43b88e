"""Fills the database of nsupdate.info's software: the zone example.com, and a host `home` in it."""

import sys

import django
from django.core.management import call_command

zone_secret, host_secret = sys.argv[1:]
django.setup()
call_command("migrate", verbosity=0)

from django.contrib.auth.models import User  # noqa: E402
from nsupdate.main.models import Domain, Host  # noqa: E402

user = User.objects.create_user("owner")
domain = Domain.objects.create(
    name="example.com",
    nameserver_ip="127.0.0.1",
    nameserver2_ip="127.0.0.1",
    nameserver_update_algorithm="HMAC_SHA512",
    nameserver_update_secret=zone_secret,
    public=True,
    available=True,
    created_by=user,
)
host = Host.objects.create(
    name="home", domain=domain, created_by=user, netmask_ipv4=32, netmask_ipv6=64
)
host.generate_secret(secret=host_secret)
