//! Hosts in the local network that have a name of their own: `list host`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::model::Hostname;
use crate::model::mac::Mac;
use crate::text::quoted::quoted;

/// The hosts of a section, and the network that they are in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lan {
    /// `host_network`: the logical interface or device whose IPv6 prefix the hosts have.
    pub network: String,
    /// `host`, each name once.
    pub hosts: Vec<LanHost>,
}

/// A host in the local network. Its name has an AAAA record with the host's address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LanHost {
    /// The name.
    pub name: Hostname,
    /// Which host that is.
    pub identity: Identity,
}

/// How the address of a host is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// The address begins with the prefix of the network, and its end is known.
    Suffix {
        /// The end of the address. All bits before it are 0.
        bits: Ipv6Addr,
        /// How many bits come from the prefix, 1 to 127.
        prefix_len: u8,
    },
    /// The host has this hardware address.
    Mac(Mac),
    /// The router's DHCP server knows the host by this name (openwrt, `/etc/config/dhcp`, `config host`, or the
    /// host name in a lease).
    Dhcp(String),
}

/// How many bits of the address come from the prefix, unless the owner says more: a network of hosts that choose
/// their addresses themselves has a /64 (RFC 4291, section 2.5.1).
const PREFIX: u8 = 64;

impl Lan {
    /// The name of the first host.
    pub fn first_name(&self) -> Option<&Hostname> {
        self.hosts.first().map(|host| &host.name)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suffix { bits, prefix_len } => write!(f, "{bits}/{prefix_len}"),
            Self::Mac(mac) => mac.fmt(f),
            Self::Dhcp(name) => f.write_str(name),
        }
    }
}

impl LanHost {
    /// Reads `name=identity`.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((name, identity)) = text.split_once('=') else {
            return Err(format!(
                "{} does not say which host that is: write name=::suffix, name=hardware address or \
                 name=@name-in-dhcp; a name that follows the router's own address is a 'domain'",
                quoted(text)
            ));
        };
        let name = Hostname::parse(name.trim())?;
        Ok(Self { name, identity: identity_of(identity.trim())? })
    }
}

fn identity_of(text: &str) -> Result<Identity, String> {
    if let Some(name) = text.strip_prefix('@') {
        if name.is_empty() {
            return Err("after '@' comes the name of a 'config host' of /etc/config/dhcp".into());
        }
        return Ok(Identity::Dhcp(name.to_owned()));
    }
    // Six pairs of digits with colons are no IPv6 address, which has eight groups or '::'.
    if let Some(mac) = Mac::parse(text) {
        return Ok(Identity::Mac(mac));
    }
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, length.parse().ok()),
        None => (text, Some(PREFIX)),
    };
    let why = match (address.parse(), length) {
        (Ok(IpAddr::V6(bits)), Some(prefix_len @ 1..=127)) => return suffix(bits, prefix_len),
        (Ok(IpAddr::V6(_)), _) => {
            "is no suffix: after '/' comes how many bits the prefix has, 1 to 127"
        }
        (Ok(IpAddr::V4(_)), _) => "is an IPv4 address: a host has an AAAA record only",
        (Err(_), _) => {
            "is neither the end of an IPv6 address such as ::cafe, nor a hardware address such as \
             aa:bb:cc:dd:ee:ff, nor '@' and a name"
        }
    };
    Err(format!("{} {why}", quoted(text)))
}

fn suffix(bits: Ipv6Addr, prefix_len: u8) -> Result<Identity, String> {
    let own = u128::MAX >> prefix_len;
    if u128::from(bits) & !own != 0 {
        let end = Ipv6Addr::from(u128::from(bits) & own);
        return Err(format!(
            "the first {prefix_len} bits of {bits} are not 0, but they come from the network's prefix: \
             write {end}, or another number of bits after '/'"
        ));
    }
    if bits.is_unspecified() {
        return Err(":: is the address of no host (RFC 4291, section 2.6.1)".into());
    }
    Ok(Identity::Suffix { bits, prefix_len })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Result<Identity, String> {
        LanHost::parse(&format!("nas.example.org={text}")).map(|host| host.identity)
    }

    #[test]
    fn a_host_is_a_name_and_a_suffix_a_hardware_address_or_a_name_in_dhcp() {
        let host = LanHost::parse("nas.example.org = ::cafe").unwrap();
        assert_eq!(host.name.as_str(), "nas.example.org");
        let bits = "::cafe".parse().unwrap();
        assert_eq!(host.identity, Identity::Suffix { bits, prefix_len: 64 });
        let bits = "::1:0:0:0:cafe".parse().unwrap();
        assert_eq!(identity("::1:0:0:0:cafe/56"), Ok(Identity::Suffix { bits, prefix_len: 56 }));
        let mac = Mac::parse("aa:bb:cc:dd:ee:ff").unwrap();
        assert_eq!(identity("AA-BB-CC-DD-EE-FF"), Ok(Identity::Mac(mac)));
        assert_eq!(identity("@pc"), Ok(Identity::Dhcp("pc".into())));
    }

    #[test]
    fn what_is_no_host_is_refused_with_the_way_to_write_it() {
        let wrong = LanHost::parse("nas.example.org").unwrap_err();
        assert!(wrong.contains("name=::suffix") && wrong.contains("'domain'"), "{wrong}");
        for (text, expected) in [
            ("2001:db8::1", "write ::1"),
            ("::1:0:0:0:cafe", "write ::cafe"),
            ("::", "no host"),
            ("::1/0", "1 to 127"),
            ("::1/128", "1 to 127"),
            ("::1/x", "1 to 127"),
            ("192.0.2.1", "an AAAA record only"),
            ("pc", "'@' and a name"),
            ("@", "config host"),
            ("", "'@' and a name"),
        ] {
            let wrong = identity(text).unwrap_err();
            assert!(wrong.contains(expected), "{text}: {wrong}");
        }
        assert!(LanHost::parse("=::1").is_err());
    }
}
