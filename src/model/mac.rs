//! Hardware addresses of Ethernet and Wi-Fi (IEEE 802), and the IPv6 addresses that hosts make of them.

use std::fmt;
use std::net::Ipv6Addr;

/// The hardware address of a network card: 48 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Reads `aa:bb:cc:dd:ee:ff`. OpenWrt and Windows also write `-` between the bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next()?;
            let is_hex = part.bytes().all(|digit| digit.is_ascii_hexdigit());
            // Rust's parser would also accept a sign.
            if part.is_empty() || part.len() > 2 || !is_hex {
                return None;
            }
            *byte = u8::from_str_radix(part, 16).ok()?;
        }
        if parts.next().is_none() { Some(Self(bytes)) } else { None }
    }

    /// The address in the /64 of `prefix` whose interface identifier is the modified EUI-64 of this hardware
    /// address (RFC 4291, appendix A).
    pub fn eui64(self, prefix: Ipv6Addr) -> Ipv6Addr {
        let [a, b, c, d, e, f] = self.0;
        // In an interface identifier, the bit for universal addresses is inverted.
        let identifier = [a ^ 2, b, c, 0xff, 0xfe, d, e, f];
        joined(prefix, Ipv6Addr::from(u128::from(u64::from_be_bytes(identifier))), 64)
    }
}

/// The first `length` bits of `prefix`, and the others of `rest`.
pub fn joined(prefix: Ipv6Addr, rest: Ipv6Addr, length: u8) -> Ipv6Addr {
    // At length 128 nothing is left of the other bits, and a plain shift would overflow.
    let host = u128::MAX.checked_shr(length.into()).unwrap_or(0);
    Ipv6Addr::from(u128::from(prefix) & !host | u128::from(rest) & host)
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v6(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    #[test]
    fn a_hardware_address_has_six_bytes() {
        for text in ["aa:bb:cc:dd:ee:ff", "AA-BB-CC-DD-EE-FF"] {
            assert_eq!(Mac::parse(text).unwrap().to_string(), "aa:bb:cc:dd:ee:ff");
        }
        assert_eq!(Mac::parse("0:1:2:3:4:5").unwrap().to_string(), "00:01:02:03:04:05");
        for text in ["", "aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:ff:00", "aa:bb:cc:dd:ee:+f", "::1"] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_interface_identifier_is_the_modified_eui_64() {
        // The example of RFC 4291, appendix A, with a hardware address of RFC 7042.
        let mac = Mac::parse("00:00:5e:00:53:2a").unwrap();
        assert_eq!(mac.eui64(v6("2001:db8:1:2::1")), v6("2001:db8:1:2:200:5eff:fe00:532a"));
    }

    #[test]
    fn a_prefix_and_the_other_bits_make_an_address() {
        let prefix = v6("2001:db8:1:2f::1");
        for (rest, length, expected) in [
            ("::cafe", 64, "2001:db8:1:2f::cafe"),
            ("::5:0:0:0:cafe", 56, "2001:db8:1:5::cafe"),
            ("::cafe", 80, "2001:db8:1:2f::cafe"),
            ("::1:cafe", 120, "2001:db8:1:2f::fe"),
            ("::", 127, "2001:db8:1:2f::"),
        ] {
            assert_eq!(joined(prefix, v6(rest), length), v6(expected), "{rest}/{length}");
        }
    }
}
