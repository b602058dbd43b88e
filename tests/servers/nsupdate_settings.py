"""Settings of nsupdate.info's software for servers_nsupdate.rs: its database is in
$NSUPDATE_DIRECTORY."""

import os

from nsupdate.settings.dev import *  # noqa: F403

DEBUG = False
ALLOWED_HOSTS = ["*"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(os.environ["NSUPDATE_DIRECTORY"], "db.sqlite"),
    }
}
# The development settings use debug_toolbar, which the package does not depend on.
INSTALLED_APPS = tuple(app for app in INSTALLED_APPS if app != "debug_toolbar")  # noqa: F405
MIDDLEWARE = tuple(name for name in MIDDLEWARE if "debug_toolbar" not in name)  # noqa: F405
