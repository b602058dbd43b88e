//! Files about hosts of the local network.

use ddns_netlink::config::dhcp;
use ddns_netlink::proto::leases::{MAX_LEASES, dnsmasq};

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "lan_hosts",
    body: lan_hosts,
    seeds: &[
        b"1732956000 02:00:00:00:00:01 192.0.2.10 pc 01:02:00:00:00:00:01\n\
          1732956000 123 2001:db8::10 pc 00:03:00:01:02:00:00:00:00:01\n",
        b"config host\n\toption name 'pc'\n\toption hostid 'cafe'\n\tlist mac '02:00:00:00:00:01'\n",
        b"config dnsmasq\n\toption leasefile '/tmp/x'\n",
    ],
    words: &["config host", "option duid ", "0004aa%1", " * ", "\n", "duid ", "2001:db8::1"],
};

/// Identifiers are hexadecimal digits, and the number of leases is bounded.
pub(crate) fn lan_hosts(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let leases = dnsmasq(&text);
    assert!(leases.len() <= MAX_LEASES);
    let hosts = dhcp::parse(&text).hosts;
    let of_hosts = hosts.iter().flat_map(|host| &host.duids);
    for duid in leases.iter().map(|lease| &lease.duid).chain(of_hosts) {
        assert!(duid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{duid}");
    }
}
