//! Which name servers the system asks: `/etc/resolv.conf`.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV6};

/// Where name servers listen.
pub const PORT: u16 = 53;

/// Most servers of `resolv.conf` that count (`MAXNS`, resolv.conf(5)).
const MAX_SERVERS: usize = 3;

/// The resolvers in a `resolv.conf` with this `text`: the first three, or that of this host if there are
/// none. `zone` returns the index of a device, which a link-local address has behind `%`.
pub fn resolvers(text: &str, zone: &dyn Fn(&str) -> Option<u32>) -> Vec<SocketAddr> {
    let mut servers: Vec<SocketAddr> = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        // The C library ignores further servers, so programs on the router do not ask them either.
        if words.next() == Some("nameserver")
            && servers.len() < MAX_SERVERS
            && let Some(server) = words.next().and_then(|word| resolver(word, zone))
        {
            servers.push(server);
        }
    }
    // So resolv.conf(5): without a nameserver line, the server of this host is used.
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
    fn first_three_servers_are_used() {
        let text = "# made by hand\nsearch lan\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 \n\
                    nameserver fe80::1%gone\nnameserver x\nnameserver\noptions rotate\n\
                    nameserver 192.0.2.2\nnameserver 192.0.2.3\n";
        let found = resolvers(text, &zone);
        assert_eq!(found, ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"].map(parse));
        assert_eq!(resolvers("", &zone), [parse("127.0.0.1:53")]);
    }

    #[test]
    fn link_local_server_has_index_of_its_device() {
        let found = resolvers("nameserver fe80::1%lan\nnameserver 192.0.2.1%lan\n", &zone);
        assert_eq!(found, [parse("[fe80::1%7]:53")]);
    }

    fn zone(device: &str) -> Option<u32> {
        match device {
            "lan" => Some(7),
            _ => None,
        }
    }

    fn parse(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }
}
