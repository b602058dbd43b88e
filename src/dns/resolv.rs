//! Which name servers are asked: `/etc/resolv.conf` and `dns_server`.

use crate::text::quoted::quoted;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

/// Where name servers listen.
pub const PORT: u16 = 53;

/// Most servers of `resolv.conf` that count (`MAXNS`, resolv.conf(5)).
const MOST: usize = 3;

/// The system's resolvers, as resolv.conf(5): the first three, the one of this host if none is named.
/// `zone` gives the number of a device, for a link-local address that is followed by `%` and a device.
pub fn resolvers(text: &str, zone: &dyn Fn(&str) -> Option<u32>) -> Vec<SocketAddr> {
    let mut servers: Vec<SocketAddr> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        if words.next() == Some("nameserver") && servers.len() < MOST {
            servers.extend(words.next().and_then(|word| resolver(word, zone)));
        }
    }
    if servers.is_empty() {
        servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT));
    }
    servers
}

fn resolver(word: &str, zone: &dyn Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
    let Some((address, device)) = word.split_once('%') else {
        return Some(SocketAddr::new(word.parse().ok()?, PORT));
    };
    Some(SocketAddrV6::new(address.parse().ok()?, PORT, 0, zone(device)?).into())
}

/// The host and the port of `dns_server`: an address, a name, or either with `:port`, an IPv6 address
/// then in brackets.
///
/// # Errors
/// A sentence about what is wrong.
pub fn server(text: &str) -> Result<(&str, u16), String> {
    if unbracketed(text).parse::<IpAddr>().is_ok() {
        return Ok((unbracketed(text), PORT));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (unbracketed(host), port.parse().ok().filter(|port| *port > 0)),
        None => (text, Some(PORT)),
    };
    if host.is_empty() || host.contains(':') && host.parse::<IpAddr>().is_err() {
        return Err(format!("{} is not an address, a name or host:port", quoted(text)));
    }
    let port =
        port.ok_or_else(|| format!("{} has no port from 1 to 65535 behind the ':'", quoted(text)))?;
    Ok((host, port))
}

fn unbracketed(text: &str) -> &str {
    text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_servers_count() {
        let text = "# made by hand\nsearch lan\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 \n\
                    nameserver fe80::1%gone\nnameserver x\nnameserver\noptions rotate\n\
                    nameserver 192.0.2.2\nnameserver 192.0.2.3\n";
        let found = resolvers(text, &zone);
        assert_eq!(found, ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"].map(parse));
        assert_eq!(resolvers("", &zone), [parse("127.0.0.1:53")]);
    }

    #[test]
    fn a_link_local_server_is_asked_through_its_device() {
        let found = resolvers("nameserver fe80::1%lan\nnameserver 192.0.2.1%lan\n", &zone);
        assert_eq!(found, [parse("[fe80::1%7]:53")]);
    }

    fn zone(device: &str) -> Option<u32> {
        (device == "lan").then_some(7)
    }

    fn parse(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn servers_have_a_port_or_the_usual_one() {
        for (text, host, port) in [
            ("192.0.2.1", "192.0.2.1", 53),
            ("192.0.2.1:5353", "192.0.2.1", 5353),
            ("2001:db8::53", "2001:db8::53", 53),
            ("[2001:db8::53]:5353", "2001:db8::53", 5353),
            ("ns.example", "ns.example", 53),
            ("ns.example:5353", "ns.example", 5353),
        ] {
            assert_eq!(server(text), Ok((host, port)), "{text}");
        }
        for bad in ["", ":53", "ns:", "ns:x", "ns:0", "ns:70000", "1:2:3", "2001:db8::x"] {
            assert!(server(bad).is_err(), "{bad}");
        }
    }
}
