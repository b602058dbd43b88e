//! Reads the conditions under which a section publishes: `only_if_address` and `only_if_file`.

use std::net::IpAddr;

use super::reader::Reader;
use crate::config::Gate;
use crate::text::quoted::quoted;

/// The state of the router that publishes, as keepalived writes it.
const MASTER: &str = "MASTER";

pub(super) fn read(reader: &mut Reader<'_>) -> Vec<Gate> {
    let mut gates = Vec::new();
    gates.extend(reader.parsed("only_if_address", address));
    gates.extend(reader.parsed("only_if_file", file));
    gates
}

fn address(text: &str) -> Result<Gate, String> {
    match text.trim().parse::<IpAddr>() {
        Ok(address) => Ok(Gate::Address(address)),
        Err(_) => Err(format!("{} is not an IP address, without a prefix length", quoted(text))),
    }
}

/// `/path`, or `/path=WORD`.
fn file(text: &str) -> Result<Gate, String> {
    // The last '=' counts: a path may have one, too.
    let (path, word) = text.rsplit_once('=').unwrap_or((text, MASTER));
    if !path.starts_with('/') || path.ends_with('/') {
        return Err(format!("{} is not the full path of a file", quoted(path)));
    }
    if word.is_empty() || word.contains(char::is_whitespace) {
        return Err(format!("{} is not one word", quoted(word)));
    }
    Ok(Gate::File { path: path.into(), word: word.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_master_unless_another_word_is_given() {
        let gate = |path: &str, word: &str| Gate::File { path: path.into(), word: word.into() };
        assert_eq!(file("/run/vrrp"), Ok(gate("/run/vrrp", "MASTER")));
        assert_eq!(file("/run/a=b/vrrp=primary"), Ok(gate("/run/a=b/vrrp", "primary")));
        for wrong in ["run/vrrp", "/run/", "/run/vrrp=", "/run/vrrp=a b", ""] {
            assert!(file(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_has_no_prefix_length() {
        assert_eq!(address("2001:db8::1"), Ok(Gate::Address("2001:db8::1".parse().unwrap())));
        assert!(address("192.0.2.1/24").is_err());
    }
}
