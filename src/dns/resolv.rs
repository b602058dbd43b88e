//! Which name servers the system asks: `/etc/resolv.conf`.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV6};

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
}
