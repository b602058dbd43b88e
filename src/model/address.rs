//! Special kinds of addresses, by the IANA special-purpose registries (RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address cannot be reached from the internet, as a noun phrase; `None` for a public address.
///
/// Documentation and benchmark ranges (RFC 5737, RFC 3849, RFC 2544, RFC 5180) are treated as
/// public, so that examples and tests behave like the real thing.
pub fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => v4_not_public(v4),
        IpAddr::V6(v6) => v6_not_public(v6),
    }
}

/// Removes `address` from `addresses`.
#[inline(never)] // every copy would have the loops of `retain`
pub fn remove(addresses: &mut Vec<IpAddr>, address: IpAddr) {
    addresses.retain(|known| *known != address);
}

/// Why no record may hold the address, even with `upd_privateip '1'`; `None` if a record may.
pub fn never_publishable(address: IpAddr) -> Option<&'static str> {
    if address.is_unspecified() {
        Some("the unspecified address")
    } else if address.is_multicast() {
        Some("a multicast address")
    } else if matches!(address, IpAddr::V4(v4) if v4.is_broadcast()) {
        Some("the broadcast address")
    } else if matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local()) {
        // Link-local addresses are only valid together with an interface, which a record cannot name.
        Some("a link-local address")
    } else {
        None
    }
}

/// Advice to an owner whose only address is `address`, which is not public. It continues a
/// sentence; empty if there is no advice.
pub fn advice(address: IpAddr) -> &'static str {
    let IpAddr::V4(v4) = address else { return "" };
    if v4.is_private() {
        return " (if a router before this one has the public address, ip_source 'gateway' asks it)";
    }
    shared(v4)
}

/// Advice to an owner if the router before this one has only `address`, which is not public.
pub fn advice_behind(address: IpAddr) -> &'static str {
    let IpAddr::V4(v4) = address else { return "" };
    if v4.is_private() {
        return " (yet another router is before that one, and both must forward ports; ip_source 'web' \
                finds the address of the outermost one)";
    }
    shared(v4)
}

/// Advice if `v4` is shared among the customers of a provider.
fn shared(v4: Ipv4Addr) -> &'static str {
    if is_shared(v4.into()) {
        " (the provider shares its public IPv4 address among customers, so that nobody can \
         reach this one; an IPv6 address can be reached: use_ipv6 '1')"
    } else {
        ""
    }
}

/// Whether the provider of the line shares its public addresses among customers who have such addresses
/// (RFC 6598, RFC 6333, RFC 7335).
pub fn is_shared(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => matches!(v4.octets(), [100, 64..128, ..] | [192, 0, 0, 0..8]),
        IpAddr::V6(_) => false,
    }
}

fn v4_not_public(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [0, ..] => Some("not an address of this internet (0.0.0.0/8, RFC 791)"),
        [10, ..] | [192, 168, ..] => Some("a private address (RFC 1918)"),
        [172, b, ..] if b & 0xf0 == 16 => Some("a private address (RFC 1918)"),
        [100, b, ..] if b & 0xc0 == 64 => Some("a carrier-grade NAT address (RFC 6598)"),
        [127, ..] => Some("a loopback address"),
        [169, 254, ..] => Some("a link-local address (RFC 3927)"),
        [192, 0, 0, 1 | 2] => Some("the address of a DS-Lite tunnel (RFC 6333)"),
        [192, 0, 0, 0..8] => Some("an address for IPv4 over IPv6, as of 464XLAT (RFC 7335)"),
        [192, 0, 0, _] => Some("an address for protocols (192.0.0.0/24, RFC 6890)"),
        [a, ..] if a >= 240 => Some("a reserved address (240.0.0.0/4)"),
        [a, ..] if a >= 224 => Some("a multicast address"),
        _ => None,
    }
}

fn v6_not_public(address: Ipv6Addr) -> Option<&'static str> {
    let first = address.segments()[0];
    // `::1` and `::` begin with the same zeros as IPv4-compatible addresses, so they come first.
    if address.is_loopback() {
        Some("the loopback address")
    } else if address.is_unspecified() {
        Some("the unspecified address")
    } else if address.to_ipv4_mapped().is_some() {
        Some("an IPv4-mapped address")
    } else if matches!(address.segments(), [0, 0, 0, 0, 0, 0, ..]) {
        Some("an IPv4-compatible address (deprecated, RFC 4291)")
    } else if matches!(address.segments(), [0x100, 0, 0, 0, ..]) {
        Some("a discard-only address (RFC 6666)")
    } else if first & 0xfe00 == 0xfc00 {
        Some("a unique local address (RFC 4193)")
    } else if first & 0xffc0 == 0xfe80 {
        Some("a link-local address")
    } else if first & 0xffc0 == 0xfec0 {
        Some("a site-local address (RFC 3879)")
    } else if first & 0xff00 == 0xff00 {
        Some("a multicast address")
    } else {
        None
    }
}

/// The addresses, separated by commas; `no address` if there are none.
pub fn list(addresses: &[IpAddr]) -> String {
    if addresses.is_empty() {
        return "no address".into();
    }
    addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_lists_18_ranges_that_are_not_public() {
        let manual = include_str!("../../doc/ddns-netlink.5.md");
        let (_, entry) = manual.split_once("**upd_privateip**").unwrap();
        let (entry, _) = entry.split_once("\n\n").unwrap();
        let ranges =
            entry.split('`').filter(|word| word.contains(['.', ':']) && word.contains('/'));
        let firsts = ranges.filter_map(|range| range.split('/').next()?.parse::<IpAddr>().ok());
        let firsts: Vec<IpAddr> = firsts.collect();
        assert_eq!(firsts.len(), 18, "{firsts:?}");
        assert!(firsts.iter().all(|&first| not_public(first).is_some()), "{firsts:?}");
    }

    #[test]
    fn unspecified_multicast_broadcast_and_link_local_addresses_are_never_published() {
        for text in ["0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1", "fe80::1"] {
            assert!(never_publishable(text.parse().unwrap()).is_some(), "{text}");
        }
        for text in ["192.168.1.1", "169.254.1.1", "fd12::1", "fec0::1", "127.0.0.1"] {
            assert_eq!(never_publishable(text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn special_purpose_addresses_are_not_public() {
        let special = [
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.2",
            "192.0.0.4",
            "192.0.0.170",
            "192.168.1.1",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            "::ffff:203.0.113.1",
            "::203.0.113.1",
            "::2",
            "100::1",
            "100::ffff:ffff:ffff:ffff",
        ];
        for text in special {
            assert!(not_public(text.parse().unwrap()).is_some(), "{text}");
        }
        let public = [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.2.1",
            "192.0.1.1",
            "198.51.100.1",
            "203.0.113.1",
            "2001:db8::1",
            "2a00::1",
            "64:ff9b::1",
            "198.18.0.1",
            "2001:2::1",
            "100:0:0:1::1",
            "::1:0:0:1",
        ];
        for text in public {
            assert_eq!(not_public(text.parse().unwrap()), None, "{text}");
        }
    }
}
