//! Hosts that requests go to.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::text::quoted::quoted_char;

/// A host that must be reachable before a request can work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// A name. The kernel can be asked for a route only once the name is resolved.
    Name(String),
    /// A literal address, or one from `/etc/hosts`.
    Address(IpAddr),
}

/// A host by its name or address, and the port if one is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// In lower case. An IPv6 address has no brackets.
    pub host: String,
    /// 1 to 65535. Without one, the protocol's own port is meant.
    pub port: Option<u16>,
}

/// Why a text is not a [`HostPort`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostPortError {
    /// There is no host in front of the port.
    NoHost,
    /// A host name cannot have this character.
    Character(char),
    /// The text in brackets is not an IPv6 address, or a bracket is missing.
    Brackets,
    /// The host has several colons and no brackets.
    NoBrackets,
    /// The port is not a number from 1 to 65535.
    Port,
}

impl HostPort {
    /// Parses `host`, `host:port` or `[IPv6 address]:port`. An IPv6 address without a port needs no
    /// brackets.
    ///
    /// # Errors
    /// Why `text` is none of these.
    pub fn parse(text: &str) -> Result<Self, HostPortError> {
        let (host, port) = split(text)?;
        if !host.contains(':') {
            check_name(host)?;
        }
        Ok(Self { host: host.to_ascii_lowercase(), port: port.map(parse_port).transpose()? })
    }
}

fn split(text: &str) -> Result<(&str, Option<&str>), HostPortError> {
    // Before a colon is taken for the one in front of a port.
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    let Some(inner) = text.strip_prefix('[') else {
        return match text.split_once(':') {
            Some((_, port)) if port.contains(':') => Err(HostPortError::NoBrackets),
            Some((host, port)) => Ok((host, Some(port))),
            None => Ok((text, None)),
        };
    };
    let (host, rest) = inner.split_once(']').ok_or(HostPortError::Brackets)?;
    match (host.parse::<Ipv6Addr>(), rest.strip_prefix(':')) {
        (Ok(_), None) if rest.is_empty() => Ok((host, None)),
        (Ok(_), Some(port)) => Ok((host, Some(port))),
        (Ok(_) | Err(_), _) => Err(HostPortError::Brackets),
    }
}

fn check_name(host: &str) -> Result<(), HostPortError> {
    match host.chars().find(|&c| !c.is_ascii_alphanumeric() && !"-._~".contains(c)) {
        None if host.is_empty() => Err(HostPortError::NoHost),
        None => Ok(()),
        Some('[' | ']') => Err(HostPortError::Brackets),
        Some(bad) => Err(HostPortError::Character(bad)),
    }
}

fn parse_port(text: &str) -> Result<u16, HostPortError> {
    match text.parse() {
        // Rust's parser accepts a plus sign.
        Ok(port @ 1..) if !text.starts_with('+') => Ok(port),
        Ok(_) | Err(_) => Err(HostPortError::Port),
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl fmt::Display for HostPortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHost => "there is no host",
            Self::Character(bad) => {
                let xn = if bad.is_ascii() { "" } else { "; write the name in its xn-- form" };
                return write!(f, "{} cannot be part of a host name{xn}", quoted_char(*bad));
            }
            Self::Brackets => "brackets are for IPv6 addresses only, as in [2001:db8::1]:3128",
            Self::NoBrackets => "an IPv6 address needs brackets, as in [2001:db8::1]:3128",
            Self::Port => "the port is not a number from 1 to 65535",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn host_is_parsed_with_and_without_port() {
        for (text, host, port) in [
            ("192.0.2.1", "192.0.2.1", None),
            ("192.0.2.1:5353", "192.0.2.1", Some(5353)),
            ("2001:DB8::53", "2001:db8::53", None),
            ("[2001:db8::53]", "2001:db8::53", None),
            ("[2001:db8::53]:5353", "2001:db8::53", Some(5353)),
            ("NS.example", "ns.example", None),
            ("my_ns.example.:65535", "my_ns.example.", Some(65535)),
        ] {
            let place = HostPort::parse(text).unwrap();
            assert_eq!((place.host.as_str(), place.port), (host, port), "{text}");
        }
    }

    #[test]
    fn invalid_host_or_port_is_refused_with_reason() {
        use HostPortError::{Brackets, Character, NoBrackets, NoHost, Port};
        for (text, why) in [
            ("", NoHost),
            (":53", NoHost),
            ("a b", Character(' ')),
            ("a/b:80", Character('/')),
            ("n\u{e4}s", Character('\u{e4}')),
            ("[x]:80", Brackets),
            ("[::1:80", Brackets),
            ("[::1]80", Brackets),
            ("a[0]", Brackets),
            ("1:2:3", NoBrackets),
            ("2001:db8::x", NoBrackets),
            ("ns:", Port),
            ("ns:x", Port),
            ("ns:0", Port),
            ("ns:+1", Port),
            ("ns:65536", Port),
        ] {
            assert_eq!(HostPort::parse(text), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_the_display_returns_the_same_host(text in "(\\[?([a-f:0-9]{0,12}|[a-z.]{1,8})\\]?)?(:[0-9]{1,5})?|.{0,20}") {
            if let Ok(place) = HostPort::parse(&text) {
                prop_assert_eq!(HostPort::parse(&place.to_string()), Ok(place));
            }
        }
    }
}
