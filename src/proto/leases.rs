//! Leases of DHCP servers, and dnsmasq's file of them (dnsmasq, `lease.c`).

use std::net::{IpAddr, Ipv6Addr};

use crate::model::mac::Mac;
use crate::text::hex_digits;

/// Most leases that are kept.
pub const MAX_LEASES: usize = 1024;

/// A lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub address: IpAddr,
    /// The name that the host gave; empty if it gave none.
    pub name: String,
    /// The hardware address, in a lease of IPv4.
    pub mac: Option<Mac>,
    /// The DHCP unique identifier as hexadecimal digits in lower case, in a lease of IPv6.
    pub duid: String,
}

impl Lease {
    /// The address of a lease of IPv6.
    pub fn v6(&self) -> Option<Ipv6Addr> {
        match self.address {
            IpAddr::V6(address) => Some(address),
            IpAddr::V4(_) => None,
        }
    }

    /// Whether the host has this hardware address. The identifiers of most hosts end with it (RFC 8415,
    /// sections 11.2 and 11.4).
    pub fn is_of(&self, mac: Mac) -> bool {
        let [a, b, c, d, e, f] = mac.0;
        let digits = format!("{a:02x}{b:02x}{c:02x}{d:02x}{e:02x}{f:02x}");
        let has_mac = self.duid.starts_with("00010001") || self.duid.starts_with("00030001");
        self.mac == Some(mac) || has_mac && self.duid.ends_with(&digits)
    }
}

/// Reads dnsmasq's file. Lines that are no leases are left out.
pub fn dnsmasq(text: &str) -> Vec<Lease> {
    let mut leases = Vec::new();
    for lease in text.lines().filter_map(line).take(MAX_LEASES) {
        leases.push(lease);
    }
    leases
}

/// `expiry hardware-address address name client-id`, and for IPv6
/// `expiry identity-association address name duid`.
fn line(line: &str) -> Option<Lease> {
    let mut words = line.split_ascii_whitespace();
    let (_expiry, id) = (words.next()?, words.next()?);
    let address: IpAddr = words.next()?.parse().ok()?;
    let name = words.next().filter(|name| *name != "*").unwrap_or_default().to_owned();
    let mac = if address.is_ipv4() { Mac::parse(id) } else { None };
    let duid = if address.is_ipv6() { words.next().unwrap_or_default() } else { "" };
    Some(Lease { address, name, mac, duid: hex_digits(duid) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_leases_are_read() {
        let leases = dnsmasq(
            "1732956000 02:00:00:00:00:01 192.0.2.10 pc 01:02:00:00:00:00:01\n\
             1732956000 02:00:00:00:00:02 192.0.2.11 * *\n\
             duid 00:01:00:01:2e:ff:00:00:02:00:00:00:00:ff\n\
             1732956000 123 2001:db8::10 pc 00:03:00:01:02:00:00:00:00:01\n\
             1732956000 T456 2001:db8::11 * 00:04:AA\ngarbage\n",
        );
        let mac = Mac::parse("02:00:00:00:00:01").unwrap();
        let [pc4, other4, pc6, other6] = &leases[..] else { panic!("{leases:?}") };
        assert_eq!((pc4.name.as_str(), pc4.mac, pc4.v6()), ("pc", Some(mac), None));
        assert_eq!(other4.name, "");
        assert_eq!((pc6.name.as_str(), pc6.v6()), ("pc", Some("2001:db8::10".parse().unwrap())));
        assert_eq!(other6.duid, "0004aa");
        let of_mac: Vec<bool> = leases.iter().map(|lease| lease.is_of(mac)).collect();
        assert_eq!(of_mac, [true, false, true, false]);
    }
}
