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

/// The name whose record follows the address, as the provider knows it.
///
/// Holds what `option domain` may hold (`A-Z a-z 0-9 @ . _ * -`), which is more than a host name:
/// script providers write `host@zone`, and wildcards are allowed. Compared without regard to case.
#[derive(Clone, Debug)]
pub struct Hostname {
    folded: String,
    /// What was written, where that is something else.
    written: Option<Box<str>>,
}

impl Hostname {
    /// Checks the character set, the length of RFC 1035 section 2.3.4, and that no label is empty.
    ///
    /// # Errors
    /// A sentence that says which character or length is not allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a name cannot be empty".into());
        }
        if text.len() > 253 {
            return Err("a name has at most 253 characters".into());
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "@._*-".contains(c);
        if let Some(bad) = text.chars().find(|&c| !allowed(c)) {
            let why = format!("{} cannot be part of a name", quoted_char(bad));
            let in_ascii = punycode::ascii(text);
            let sound = |name: Self| name.oddity().is_none();
            if is_letter(bad) && in_ascii.is_ascii() && Self::parse(&in_ascii).is_ok_and(sound) {
                return Err(format!("{why}; write it as {in_ascii}"));
            }
            return Err(why);
        }
        // `@` stands for the zone itself or before it; a dot at the end is the root.
        for part in text.split('@').filter(|part| !part.is_empty()) {
            if part.strip_suffix('.').unwrap_or(part).split('.').any(str::is_empty) {
                return Err("there is nothing between two dots, or before the first".into());
            }
        }
        let folded = text.to_ascii_lowercase();
        let written = (folded != text).then(|| text.into());
        Ok(Self { folded, written })
    }

    /// Why no DNS can have the name (RFC 1035 section 2.3.4, RFC 1123 section 2.1), if so. To some
    /// providers it is only a word.
    pub fn oddity(&self) -> Option<String> {
        self.folded.split(['.', '@']).find_map(|label| {
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
        &self.folded
    }

    /// The name as it is written in the configuration: to some providers case means something.
    pub fn written(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.folded)
    }

    /// The name as DNS has it: `host@zone` is `host.zone`, and a mere `@zone` the zone itself.
    pub fn in_dns(&self) -> String {
        in_dns(&self.folded)
    }
}

impl PartialEq for Hostname {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
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
        self.folded.cmp(&other.folded)
    }
}

/// Whether `c` may be a letter that ASCII does not have, and no quotation mark or the like.
fn is_letter(c: char) -> bool {
    c >= 'À' && !('\u{2000}'..='\u{2bff}').contains(&c)
}

/// See [`Hostname::in_dns`].
pub fn in_dns(name: &str) -> String {
    name.replace('@', ".").trim_matches('.').to_owned()
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.folded)
    }
}

/// Whether `name` is one file name and no path, and not a hidden file.
pub fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_scripts_are_names_in_dns() {
        for (name, dns) in [("a@b.c", "a.b.c"), ("@b.c", "b.c"), ("*.b.c.", "*.b.c")] {
            assert_eq!(Hostname::parse(name).unwrap().in_dns(), dns);
        }
    }

    #[test]
    fn a_name_with_other_letters_is_told_as_dns_has_it() {
        let why = |name| Hostname::parse(name).unwrap_err();
        assert_eq!(
            why("Host@München.example"),
            "'ü' cannot be part of a name; write it as host@xn--mnchen-3ya.example"
        );
        assert_eq!(why("ä b.example"), "'ä' cannot be part of a name");
        assert_eq!(why("“a.example”"), "'“' cannot be part of a name");
        for long in [64, 65].map(|length| "ä".repeat(length)) {
            assert_eq!(Hostname::parse(&long).unwrap_err(), "'ä' cannot be part of a name");
        }
    }

    #[test]
    fn what_was_written_is_kept_and_does_not_count() {
        let name = |text| Hostname::parse(text).unwrap();
        assert_eq!(name("Home.Example"), name("home.example"));
        assert_eq!(name("Home.Example").cmp(&name("homE.example")), Ordering::Equal);
        assert_eq!((name("A.b").as_str(), name("A.b").written()), ("a.b", "A.b"));
        assert_eq!(name("a.b").written(), "a.b");
    }

    #[test]
    fn names_of_ddns_scripts_are_accepted() {
        for good in ["home.example.com", "*.example.com", "host@example.com", "_x-1", "@", "a.b."] {
            assert!(Hostname::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "a,b", "ä.example", &"a.".repeat(127)] {
            assert!(Hostname::parse(bad).is_err(), "{bad}");
        }
        for bad in ["a..b", ".a", "a..", ".", "a@.b"] {
            assert!(Hostname::parse(bad).is_err(), "{bad}");
        }
        for odd in ["-a.b", "a.b-", "a-.b@c", "a@-b", &"x".repeat(64)] {
            assert!(Hostname::parse(odd).unwrap().oddity().is_some(), "{odd}");
        }
        assert_eq!(Hostname::parse("*.a-b.example@_c").unwrap().oddity(), None);
    }
}
