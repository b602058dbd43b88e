//! Names as the protocols know them: host names, families, record types.

use crate::text::punycode;
use crate::text::quoted::quoted_char;
use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;

/// Address family of an address, a route or a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4: `A` records.
    V4,
    /// IPv6: `AAAA` records.
    V6,
}

impl Family {
    /// The family of `address`.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// Removes the addresses of the other family.
    #[inline(never)] // every copy would have the loops of `retain`
    pub fn keep_own(self, addresses: &mut Vec<IpAddr>) {
        addresses.retain(|address| Self::of(*address) == self);
    }

    /// The DNS record type that holds addresses of this family (RFC 1035, RFC 3596).
    pub fn record_type(self) -> &'static str {
        match self {
            Self::V4 => "A",
            Self::V6 => "AAAA",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// The name whose record follows the address, as it is sent to the provider.
///
/// The allowed characters are those of `option domain` in ddns-scripts (`A-Z a-z 0-9 @ . _ * -`).
/// That is more than a host name: script providers take `host@zone`, and wildcards are allowed.
/// Compared without regard to case.
#[derive(Clone, Debug)]
pub struct Hostname {
    lower_case: String,
    /// The name as the configuration has it, if that is not in lower case.
    written: Option<Box<str>>,
}

impl Hostname {
    /// Checks the characters, the length (RFC 1035 section 2.3.4), and that no label is empty. A name
    /// with letters beyond ASCII becomes its form in DNS, with `xn--`.
    ///
    /// # Errors
    /// A sentence that names the character or the length that is not allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a name cannot be empty".into());
        }
        // 255 octets in wire form (RFC 1035 section 2.3.4) are 253 characters of text.
        if text.len() > 253 {
            return Err("a name has at most 253 characters".into());
        }
        if let Some(bad) = text.chars().find(|&c| !is_allowed(c) && !is_letter(c)) {
            return Err(format!("{} cannot be part of a name", quoted_char(bad)));
        }
        if !text.is_ascii() {
            return in_punycode(text);
        }
        // Both sides of `@` are names of their own. Either may be missing: `@` alone is the zone.
        for part in text.split('@').filter(|part| !part.is_empty()) {
            if part.strip_suffix('.').unwrap_or(part).split('.').any(str::is_empty) {
                return Err("there is nothing between two dots, or before the first".into());
            }
        }
        // Most names are in lower case. The second string is kept only for the others.
        let lower_case = text.to_ascii_lowercase();
        let written = if lower_case == text { None } else { Some(text.into()) };
        Ok(Self { lower_case, written })
    }

    /// Why the name cannot exist in DNS (RFC 1035 section 2.3.4, RFC 1123 section 2.1). Such a name
    /// is still accepted, because some providers use it only as an identifier.
    pub fn dns_problem(&self) -> Option<String> {
        self.lower_case.split(['.', '@']).find_map(|label| {
            if label.len() > 63 {
                Some(format!("the label '{label}' is longer than 63 characters"))
            } else if label.starts_with('-') || label.ends_with('-') {
                Some(format!("the label '{label}' begins or ends with '-'"))
            } else {
                None
            }
        })
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.lower_case
    }

    /// The name with the case of the configuration, which some providers compare.
    pub fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.lower_case)
    }

    /// The name in DNS: `host@zone` is `host.zone`, and `@zone` is `zone`.
    pub fn in_dns(&self) -> String {
        in_dns(&self.lower_case)
    }

    /// Whether `host`, which is [`Hostname::in_dns`] of a name, is this name.
    pub fn is_in_dns(&self, host: &str) -> bool {
        // Most names are written as they are in DNS.
        let is_other = self.lower_case.contains('@') || self.lower_case.ends_with('.');
        self.lower_case == host || is_other && self.in_dns() == host
    }
}

impl PartialEq for Hostname {
    fn eq(&self, other: &Self) -> bool {
        self.lower_case == other.lower_case
    }
}

impl Eq for Hostname {}

impl PartialOrd for Hostname {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Hostname {
    fn cmp(&self, other: &Self) -> Ordering {
        self.lower_case.cmp(&other.lower_case)
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "@._*-".contains(c)
}

/// The name with its labels in Punycode.
fn in_punycode(text: &str) -> Result<Hostname, String> {
    let ascii = punycode::ascii(text);
    if !ascii.is_ascii() {
        return Err("a label has at most 63 characters in its DNS form".into());
    }
    let name = Hostname::parse(&ascii)?;
    match name.dns_problem() {
        Some(why) => Err(why),
        None => Ok(name),
    }
}

/// Whether `c` is probably a letter outside of ASCII that a name in DNS can have as it is.
fn is_letter(c: char) -> bool {
    // Unicode's tables would cost flash. So this only excludes blocks: punctuation and symbols; and marks, parts of
    // letters and wide forms, which UTS 46 section 4 puts together or replaces.
    c >= 'À'
        && !matches!(
            c,
            '×' | '÷'
                | '\u{300}'..='\u{36f}'
                | '\u{1100}'..='\u{11ff}'
                | '\u{2000}'..='\u{2bff}'
                | '\u{3000}'..='\u{3004}'
                | '\u{3008}'..='\u{3020}'
                | '\u{3099}'..='\u{309c}'
                | '\u{e000}'..='\u{faff}'
                | '\u{fb00}'..='\u{ffff}'
                | '\u{1f000}'..
        )
}

/// See [`Hostname::in_dns`].
pub fn in_dns(name: &str) -> String {
    canonical(&name.replace('@', ".")).trim_start_matches('.').to_owned()
}

/// The form in which names are compared: lower case, `xn--` in the place of letters outside of ASCII,
/// no dot at the end.
pub fn canonical(name: &str) -> String {
    punycode::ascii(name.trim_end_matches('.'))
}

/// `name` without `zone` at its end: `home`, or empty if `name` is the zone. `None` if `name` is not in
/// the zone. Both are [`canonical`].
pub fn strip_zone<'a>(name: &'a str, zone: &str) -> Option<&'a str> {
    let host = name.strip_suffix(zone)?;
    if host.is_empty() { Some(host) } else { host.strip_suffix('.') }
}

/// Whether `name`, which is [`canonical`], means the local host everywhere (RFC 6761 section 6.3).
pub fn is_localhost(name: &str) -> bool {
    strip_zone(name, "localhost").is_some()
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lower_case)
    }
}

/// Whether `name` is a file name without a directory, and not that of a hidden file.
pub fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_and_final_dot() {
        assert_eq!(canonical("Home.Example."), "home.example");
        assert_eq!(canonical("München.example"), "xn--mnchen-3ya.example");
        for (name, zone, host) in [
            ("a.b.example", "b.example", Some("a")),
            ("b.example", "b.example", Some("")),
            ("ab.example", "b.example", None),
            ("example", "b.example", None),
            ("a.b", "", None),
        ] {
            assert_eq!(strip_zone(name, zone), host, "{name} in {zone}");
        }
        assert!(is_localhost("localhost") && is_localhost("x.localhost"));
        assert!(!is_localhost("notlocalhost") && !is_localhost("localhost.example"));
    }

    #[test]
    fn an_at_sign_becomes_a_dot_in_dns() {
        for (name, dns) in [("a@b.c", "a.b.c"), ("@b.c", "b.c"), ("*.b.c.", "*.b.c")] {
            assert_eq!(Hostname::parse(name).unwrap().in_dns(), dns);
        }
    }

    #[test]
    fn letters_outside_of_ascii_become_punycode() {
        for (name, in_dns) in [
            ("Host@München.example", "host@xn--mnchen-3ya.example"),
            ("*.bücher.例え.テスト", "*.xn--bcher-kva.xn--r8jz45g.xn--zckzah"),
        ] {
            let parsed = Hostname::parse(name).unwrap();
            assert_eq!((parsed.as_str(), parsed.written()), (in_dns, in_dns));
        }
        let label = "ä".repeat(64);
        assert!(Hostname::parse(&label).unwrap_err().ends_with("is longer than 63 characters"));
        for (name, error) in [
            ("ä b.example", "' ' cannot be part of a name"),
            ("“a.example”", "'“' cannot be part of a name"),
            ("ä“.example", "'“' cannot be part of a name"),
            ("a\u{308}.example", "'\u{308}' cannot be part of a name"),
            ("例。テスト", "'。' cannot be part of a name"),
            ("ａ.example", "'ａ' cannot be part of a name"),
            ("ä..example", "there is nothing between two dots, or before the first"),
            (&"ä".repeat(65), "a label has at most 63 characters in its DNS form"),
            ("ä.-b", "the label '-b' begins or ends with '-'"),
        ] {
            assert_eq!(Hostname::parse(name).unwrap_err(), error);
        }
    }

    #[test]
    fn case_is_kept_but_not_compared() {
        let name = |text| Hostname::parse(text).unwrap();
        assert_eq!(name("Home.Example"), name("home.example"));
        assert_eq!(name("Home.Example").cmp(&name("homE.example")), Ordering::Equal);
        assert_eq!((name("A.b").as_str(), name("A.b").written()), ("a.b", "A.b"));
        assert_eq!(name("a.b").written(), "a.b");
    }

    #[test]
    fn names_that_ddns_scripts_allows_are_accepted_even_if_dns_cannot_have_them() {
        for good in ["home.example.com", "*.example.com", "host@example.com", "_x-1", "@", "a.b."] {
            assert!(Hostname::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "a,b", "ä..example", &"a.".repeat(127)] {
            assert!(Hostname::parse(bad).is_err(), "{bad}");
        }
        for bad in ["a..b", ".a", "a..", ".", "a@.b"] {
            assert!(Hostname::parse(bad).is_err(), "{bad}");
        }
        for odd in ["-a.b", "a.b-", "a-.b@c", "a@-b", &"x".repeat(64)] {
            assert!(Hostname::parse(odd).unwrap().dns_problem().is_some(), "{odd}");
        }
        assert_eq!(Hostname::parse("*.a-b.example@_c").unwrap().dns_problem(), None);
    }
}
