//! `/etc/hosts`: names that need no DNS, and so no default route to a resolver.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::path::Path;
use std::str::SplitAsciiWhitespace;

use crate::model::sorted::Map;

/// Most bytes that are looked at; block lists are kept elsewhere.
const LIMIT: u64 = 1024 * 1024;

/// The addresses of each name in `/etc/hosts`, names in lower case; empty if it cannot be read.
pub fn system() -> Map<String, Vec<IpAddr>> {
    let bytes = super::read(Path::new("/etc/hosts"), LIMIT).unwrap_or_default();
    parse(&String::from_utf8_lossy(&bytes))
}

/// The addresses of `host`, a plain name, in `/etc/hosts` as it is now, however long that file is.
pub fn find(host: &str) -> Vec<IpAddr> {
    match super::open(Path::new("/etc/hosts")) {
        Ok(file) => find_in(&mut BufReader::new(file), host),
        Err(_) => Vec::new(),
    }
}

fn find_in(file: &mut BufReader<File>, host: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let mut bytes = Vec::new();
    while file.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((address, mut names)) = entry(&text)
            && names.any(|name| name.eq_ignore_ascii_case(host))
            && !found.contains(&address)
        {
            found.push(address);
        }
        bytes.clear();
    }
    found
}

/// As hosts(5): an address and its names on each line, `#` begins a comment. Lines that do not
/// begin with an address are passed over, as every resolver does.
pub fn parse(text: &str) -> Map<String, Vec<IpAddr>> {
    let mut pairs = Vec::new();
    for (address, names) in text.lines().filter_map(entry) {
        pairs.extend(names.map(|name| (name.to_ascii_lowercase(), address)));
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

/// The address and the names of one line.
fn entry(line: &str) -> Option<(IpAddr, SplitAsciiWhitespace<'_>)> {
    let mut words = line.split('#').next()?.split_ascii_whitespace();
    Some((address(words.next()?)?, words))
}

/// Link-local addresses may carry a zone (`fe80::1%lan`), which says nothing about routes.
fn address(word: &str) -> Option<IpAddr> {
    word.split('%').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
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

    #[test]
    fn one_name_is_found_on_several_lines_and_in_any_case() {
        let scratch = Scratch::new("files-hosts");
        let path = scratch.path().join("hosts");
        let mut text = "# no.example\n192.0.2.1 ddns.example nas\n192.0.2.2\tNAS # nas.example\n\
                        2001:db8::1 nas\n192.0.2.1 nas\n"
            .to_owned();
        // Longer than what is kept of the file by those who need all of it.
        for n in 0..100_000 {
            text.push_str(&format!("0.0.0.0 blocked-{n}.example\n"));
        }
        text.push_str("\u{fffd} \n192.0.2.9 last");
        std::fs::write(&path, text).unwrap();
        let find = |host: &str| find_in(&mut BufReader::new(File::open(&path).unwrap()), host);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(find("Nas"), ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map(ip));
        assert_eq!(find("last"), [ip("192.0.2.9")]);
        for none in ["", "no.example", "nas.example", "192.0.2.1", "s"] {
            assert!(find(none).is_empty(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in any::<String>()) {
            parse(&text);
        }
    }
}
