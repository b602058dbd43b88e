//! Finds an IP address in a text, such as a web page. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::Family;

/// The first address of `family` in `text`, which may be HTML.
///
/// If the text is nothing but an address, that address is returned. In a longer text only unicast
/// addresses count, because `255.255.255.0` is rather a netmask there and `a::b` a name in C++.
///
/// # Errors
/// A sentence with what was found instead.
pub fn find_address(text: &str, family: Family) -> Result<IpAddr, String> {
    if let Ok(address) = text.trim().parse::<IpAddr>() {
        if Family::of(address) == family {
            return Ok(address);
        }
        return Err(format!("found {address} where an {family} address is wanted"));
    }
    // Some pages have the address in an attribute of a tag, so tags are searched as well, but last.
    first(&without_tags(text), family)
        .or_else(|| first(text, family))
        .ok_or_else(|| format!("found no {family} address"))
}

fn first(text: &str, family: Family) -> Option<IpAddr> {
    let also = if family == Family::V4 { ".-_" } else { ".-_:" };
    words(text, also).find_map(|word| match family {
        Family::V4 => v4(word).map(IpAddr::V4),
        Family::V6 => v6(word).map(IpAddr::V6),
    })
}

/// The runs of ASCII letters, digits and `also` in `text`. An address counts only as a whole word. All
/// other letters separate words, because some languages do not put spaces around an address.
fn words<'a>(text: &'a str, also: &'static str) -> impl Iterator<Item = &'a str> {
    text.split(move |c: char| !c.is_ascii_alphanumeric() && !also.contains(c))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| !word.is_empty())
}

/// `word` as a unicast address.
fn v4(word: &str) -> Option<Ipv4Addr> {
    let address: Ipv4Addr = word.parse().ok()?;
    match address.octets()[0] {
        1..224 => Some(address),
        _ => None,
    }
}

/// `word` as a global unicast or unique local address. A colon behind it is dropped, as in
/// "2001:db8::1: unreachable", and so is a label before it, as in "IPv6:2001:db8::1".
fn v6(word: &str) -> Option<Ipv6Addr> {
    let trimmed = match word.strip_suffix(':') {
        Some(rest) if !rest.ends_with(':') || rest.ends_with("::") => rest,
        _ => word,
    };
    let address: Ipv6Addr = match (trimmed.parse(), trimmed.split_once(':')) {
        (Ok(address), _) => address,
        (Err(_), Some((_label, rest))) => rest.parse().ok()?,
        (Err(_), None) => return None,
    };
    match address.segments()[0] {
        0x2000..0x4000 | 0xfc00..0xfe00 => Some(address),
        _ => None,
    }
}

/// `text` with a space in place of each `<…>`. A `<` without a `>` stays.
fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((_, behind)) = after.split_once('>') else {
            break;
        };
        plain.push_str(before);
        plain.push(' ');
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v4(text: &str) -> Option<String> {
        find_address(text, Family::V4).ok().map(|a| a.to_string())
    }

    fn v6(text: &str) -> Option<String> {
        find_address(text, Family::V6).ok().map(|a| a.to_string())
    }

    #[test]
    fn an_ipv4_address_is_found_in_pages_of_all_forms() {
        for text in [
            "192.0.2.1",
            " 192.0.2.1\r\n",
            "<html><head><title>Current IP Check</title></head><body>Current IP Address: 192.0.2.1</body></html>",
            "{\"ip\":\"192.0.2.1\"}",
            "Your address is 192.0.2.1.",
            "ip=192.0.2.1&x=1",
            "192.0.2.1:54321",
            "192.0.2.1/32",
            "<b>192.0.2.1</b>",
            "<input value=\"192.0.2.1\">",
            "::ffff:192.0.2.1 seen",
            "12:34:56 1.2.3 1.2.3.4.5 v10.0.0.1 300.1.2.3 255.255.255.0 0.0.0.0 01.2.3.4 192.0.2.1",
            "host-10.0.0.1.example.net 192.0.2.1 10.0.0.1",
            "1 < 2, so 192.0.2.1",
            "あなたのIPアドレスは192.0.2.1です",
        ] {
            assert_eq!(v4(text).as_deref(), Some("192.0.2.1"), "{text}");
        }
    }

    #[test]
    fn an_ipv6_address_is_found_in_pages_of_all_forms() {
        for text in [
            "2001:db8::1",
            "<p>2001:DB8:0::1</p>",
            "at 12:34:56 from aa:bb:cc:dd:ee:ff: 2001:db8::1.",
            "ping 2001:db8::1: unreachable",
            "IPv6:2001:db8::1",
            "[2001:db8::1]:443",
            "inet6 fe80::1%eth0 ::1 2001:db8::1/64",
            "std::cout a::b dead::beef 2001:db8::1",
        ] {
            assert_eq!(v6(text).as_deref(), Some("2001:db8::1"), "{text}");
        }
        assert_eq!(v6("prefix 2001:db8:: ok").as_deref(), Some("2001:db8::"));
        assert_eq!(v6("prefix 2001:db8::: ok").as_deref(), Some("2001:db8::"));
        assert_eq!(v6("fd00::1 only").as_deref(), Some("fd00::1"));
        assert_eq!(v6("::1").as_deref(), Some("::1"));
    }

    #[test]
    fn texts_without_an_address_give_an_error() {
        for text in ["", "none", "12:34:56", "1.2.3.4.5", "1.2.3", "<a", "::", "::::"] {
            assert_eq!(v4(text), None, "{text}");
            assert_ne!(v6(text), Some(String::new()), "{text}");
        }
        assert_eq!(v6("12:34:56 00:11:22:33:44:55"), None);
        assert_eq!(
            find_address("192.0.2.1\n", Family::V6).unwrap_err(),
            "found 192.0.2.1 where an IPv6 address is wanted"
        );
        assert_eq!(find_address("x", Family::V4).unwrap_err(), "found no IPv4 address");
    }

    proptest! {
        #[test]
        fn find_address_never_panics(text in "[0-9a-f:.<> \\PC]{0,60}") {
            let _ = find_address(&text, Family::V4);
            let _ = find_address(&text, Family::V6);
        }

        #[test]
        fn an_address_between_words_is_found(bytes in any::<[u8; 16]>()) {
            let mut bytes = bytes;
            bytes[0] = 0x20 | bytes[0] & 0x1f;
            let address = Ipv6Addr::from(bytes);
            prop_assert_eq!(v6(&format!("is <b>{address}</b>.")), Some(address.to_string()));
        }
    }
}
