//! `/etc/hosts`: names that need no DNS, and so no default route to a resolver.

use std::net::IpAddr;
use std::path::Path;

use crate::sorted::Map;

/// Most bytes that are looked at; block lists are kept elsewhere.
const LIMIT: u64 = 1024 * 1024;

/// The addresses of each name in `/etc/hosts`, names in lower case; empty if it cannot be read.
pub fn system() -> Map<String, Vec<IpAddr>> {
    let bytes = super::read(Path::new("/etc/hosts"), LIMIT).unwrap_or_default();
    parse(&String::from_utf8_lossy(&bytes))
}

/// As hosts(5): an address and its names on each line, `#` begins a comment. Lines that do not
/// begin with an address are passed over, as every resolver does.
pub fn parse(text: &str) -> Map<String, Vec<IpAddr>> {
    let mut pairs = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        let Some(address) = words.next().and_then(address) else {
            continue;
        };
        pairs.extend(words.map(|name| (name.to_ascii_lowercase(), address)));
    }
    // Of one name in the order of the file.
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut hosts: Map<String, Vec<IpAddr>> = Map::new();
    for (name, address) in pairs {
        let addresses = hosts.get_or_insert(name, Vec::new());
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    hosts
}

/// Link-local addresses may carry a zone (`fe80::1%lan`), which says nothing about routes.
fn address(word: &str) -> Option<IpAddr> {
    word.split('%').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_addresses_are_found() {
        let hosts = parse(
            "127.0.0.1 localhost\n::1\tlocalhost ip6-localhost # us\n#192.0.2.9 no\nno address\n\
             192.0.2.1 DDNS.example ddns\r\n192.0.2.1 ddns\nfe80::1%lan ap\n192.0.2.2",
        );
        let get = |name: &str| {
            let shown = hosts.get(name).unwrap().iter().map(ToString::to_string);
            shown.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(get("localhost"), "127.0.0.1 ::1");
        assert_eq!(get("ddns"), "192.0.2.1");
        assert_eq!(get("ddns.example"), "192.0.2.1");
        assert_eq!(get("ap"), "fe80::1");
        assert_eq!(hosts.len(), 5);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in any::<String>()) {
            parse(&text);
        }
    }
}
