//! Names as the protocols know them: host names, families, record types.

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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hostname(String);

impl Hostname {
    /// Checks the character set and the lengths of RFC 1035 section 2.3.4.
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
            return Err(format!("{bad:?} cannot be part of a name"));
        }
        if let Some(label) = text.split(['.', '@']).find(|label| label.len() > 63) {
            return Err(format!("the label '{label}' is longer than 63 characters"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
    fn names_of_ddns_scripts_are_accepted() {
        for good in ["home.example.com", "*.example.com", "host@example.com", "_x-1", "@"] {
            assert!(Hostname::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "a,b", "ä.example", &"x".repeat(64), &"a.".repeat(127)] {
            assert!(Hostname::parse(bad).is_err(), "{bad}");
        }
    }
}
