//! `/etc/hosts`: host names whose addresses are known without DNS.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::path::Path;
use std::str::SplitAsciiWhitespace;

use crate::model::sort;
use crate::model::sorted::Map;

/// Most bytes of the file that [`system`] reads. Block lists are larger, but their names are not hosts
/// of providers.
const LIMIT: u64 = 1024 * 1024;

/// The addresses of each name in `/etc/hosts`. Names are in lower case. Empty if the file cannot be read
/// or is larger than 1 MiB.
pub fn system() -> Map<String, Vec<IpAddr>> {
    let bytes = super::read(Path::new("/etc/hosts"), LIMIT).unwrap_or_default();
    parse(&String::from_utf8_lossy(&bytes))
}

/// The addresses of `host` in `/etc/hosts`. Reads the file now, whatever its size.
pub fn find(host: &str) -> Vec<IpAddr> {
    match super::open(Path::new("/etc/hosts")) {
        Ok(file) => find_in(&mut BufReader::new(file), host),
        Err(_) => Vec::new(),
    }
}

fn find_in(file: &mut BufReader<File>, host: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let mut bytes = Vec::new();
    // The file is read line by line, because a block list of some megabytes would take a small router's memory.
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

/// Parses the format of hosts(5): each line has an address and its names, `#` begins a comment. As in
/// other resolvers, a line that does not begin with an address is ignored.
pub fn parse(text: &str) -> Map<String, Vec<IpAddr>> {
    let mut pairs = Vec::new();
    for (address, names) in text.lines().filter_map(entry) {
        for name in names {
            pairs.push((name.to_ascii_lowercase(), address));
        }
    }
    // The addresses of a name stay in the order of the file.
    sort::by(&mut pairs, |(a, _), (b, _)| a.cmp(b));
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

/// Parses an address. The zone of a link-local address (`fe80::1%lan`) is dropped.
fn address(word: &str) -> Option<IpAddr> {
    word.split('%').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use proptest::prelude::*;

    #[test]
    fn parse_collects_the_addresses_of_each_name() {
        let hosts = parse(
            "127.0.0.1 localhost\n::1\tlocalhost ip6-localhost # us\n#192.0.2.9 no\nno address\n\
             192.0.2.1 DDNS.example ddns\r\n192.0.2.1 ddns\nfe80::1%lan ap\n192.0.2.2",
        );
        assert_eq!(hosts.get("localhost").unwrap(), &[ip("127.0.0.1"), ip("::1")]);
        assert_eq!(hosts.get("ddns").unwrap(), &[ip("192.0.2.1")]);
        assert_eq!(hosts.get("ddns.example").unwrap(), &[ip("192.0.2.1")]);
        assert_eq!(hosts.get("ap").unwrap(), &[ip("fe80::1")]);
        assert_eq!(hosts.len(), 5);
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn find_collects_the_addresses_of_a_name_from_all_lines_in_any_case() {
        let scratch = Scratch::new("files-hosts");
        let path = scratch.path().join("hosts");
        let mut text = "# no.example\n192.0.2.1 ddns.example nas\n192.0.2.2\tNAS # nas.example\n\
                        2001:db8::1 nas\n192.0.2.1 nas\n"
            .to_owned();
        // The file becomes larger than LIMIT.
        for n in 0..100_000 {
            text.push_str(&format!("0.0.0.0 blocked-{n}.example\n"));
        }
        text.push_str("\u{fffd} \n192.0.2.9 last");
        std::fs::write(&path, text).unwrap();
        assert_eq!(find_at(&path, "Nas"), ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map(ip));
        assert_eq!(find_at(&path, "last"), [ip("192.0.2.9")]);
        for none in ["", "no.example", "nas.example", "192.0.2.1", "s"] {
            assert!(find_at(&path, none).is_empty(), "{none}");
        }
    }

    fn find_at(path: &Path, host: &str) -> Vec<IpAddr> {
        find_in(&mut BufReader::new(File::open(path).unwrap()), host)
    }

    proptest! {
        #[test]
        fn parse_never_panics(text in any::<String>()) {
            parse(&text);
        }
    }
}
