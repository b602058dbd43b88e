//! Domain names (RFC 1035 sections 2.3.4, 3.1 and 4.1.4).

use std::fmt::{self, Write as _};

/// Most octets of a name in wire form (RFC 1035 section 2.3.4).
pub const LONGEST: usize = 255;

/// A domain name in wire form: labels, each after its length, and the empty label of the root. It is
/// in lower case, because names are compared without regard to case (RFC 4343).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(Vec<u8>);

impl Name {
    /// The root.
    pub fn root() -> Self {
        Self(vec![0])
    }

    /// Parses a name in text form. It is always absolute; a dot at the end is allowed.
    ///
    /// # Errors
    /// A sentence that says which rule for names the text breaks.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let mut wire = Vec::with_capacity(text.len().saturating_add(2));
        for label in text.strip_suffix('.').unwrap_or(text).split('.') {
            if !label.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err("only visible ASCII characters can be part of a name");
            }
            match u8::try_from(label.len()) {
                Ok(0) => return Err("a name has no empty label"),
                Ok(length @ ..=63) => wire.push(length),
                Ok(_) | Err(_) => return Err("a label has at most 63 characters"),
            }
            wire.extend(label.bytes());
        }
        wire.push(0);
        if wire.len() > LONGEST {
            return Err("a name has at most 253 characters");
        }
        wire.make_ascii_lowercase();
        Ok(Self(wire))
    }

    /// Reads the name at `start` of `message`, and returns the position after it. Compression
    /// pointers must point backwards (RFC 1035 section 4.1.4), so there cannot be a loop.
    pub(crate) fn read(message: &[u8], start: usize) -> Option<(Self, usize)> {
        let mut wire = Vec::new();
        // `begin` is where the labels since the last pointer begin. `end` is the position after the first
        // pointer, where the message continues.
        let (mut position, mut begin, mut end) = (start, start, None);
        loop {
            let &length = message.get(position)?;
            let next = position.checked_add(1)?;
            if length >= 0xc0 {
                let target = usize::from(length & 0x3f) << 8 | usize::from(*message.get(next)?);
                // A pointer into the labels that were just read would never end.
                if target >= begin {
                    return None;
                }
                end.get_or_insert(next.checked_add(1)?);
                (position, begin) = (target, target);
                continue;
            }
            // 0x40 and 0x80 were label types that nobody uses (RFC 6891 section 5).
            if length >= 64 {
                return None;
            }
            let next = next.checked_add(usize::from(length))?;
            wire.extend(message.get(position..next)?.to_ascii_lowercase());
            if wire.len() > LONGEST {
                return None;
            }
            position = next;
            if length == 0 {
                return Some((Self(wire), end.unwrap_or(position)));
            }
        }
    }

    /// The wire form, without compression.
    pub fn wire(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.len() <= 1
    }

    /// The name without its first label; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        tail(&self.0).map(|tail| Self(tail.to_vec()))
    }

    /// Whether this is `zone` or a name below it.
    pub fn is_within(&self, zone: &Self) -> bool {
        let mut rest = Some(self.0.as_slice());
        while let Some(name) = rest {
            if name == zone.0 {
                return true;
            }
            rest = tail(name);
        }
        false
    }
}

/// A name in wire form without its first label; `None` for the root.
fn tail(wire: &[u8]) -> Option<&[u8]> {
    match wire.split_first()? {
        (0, _) => None,
        (&length, rest) => rest.get(usize::from(length)..),
    }
}

/// The text form, without a dot at the end. Octets that are not visible are written as `\ddd` (RFC
/// 1035 section 5.1).
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_char('.');
        }
        let mut rest = self.0.as_slice();
        while let Some(after) = tail(rest) {
            let label = rest.get(1..rest.len().saturating_sub(after.len()));
            for &byte in label.unwrap_or_default() {
                if byte.is_ascii_graphic() && !matches!(byte, b'.' | b'\\') {
                    f.write_char(char::from(byte))?;
                } else {
                    write!(f, "\\{byte:03}")?;
                }
            }
            rest = after;
            if tail(rest).is_some() {
                f.write_char('.')?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn names_are_parsed_from_text() {
        assert_eq!(name("Home.Example.com.").wire(), b"\x04home\x07example\x03com\0");
        assert_eq!(name("*._x.example").to_string(), "*._x.example");
        let long = "a.".repeat(126);
        assert_eq!(name(&format!("{long}a")).wire().len(), LONGEST);
        for bad in ["", ".", "a..b", ".a", "a b", "ä", &"x".repeat(64), &format!("{long}aa")] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_within_its_parents_up_to_the_root() {
        let home = name("home.example.com");
        assert_eq!(home.parent(), Some(name("example.com")));
        let root = name("com").parent().unwrap();
        assert!(root.is_root() && root.parent().is_none());
        assert_eq!(root.to_string(), ".");
        for zone in [&home, &name("example.com"), &root] {
            assert!(home.is_within(zone), "{zone}");
        }
        for other in ["ample.com", "x.home.example.com", "example.org"] {
            assert!(!home.is_within(&name(other)), "{other}");
        }
    }

    #[test]
    fn compression_pointers_must_point_backwards() {
        let message = b"\x03com\0\x07Example\xc0\0\x04home\xc0\x05\xc0\x1a\xc0\x20\x40";
        let read = |start| Name::read(message, start).map(|(name, end)| (name.to_string(), end));
        assert_eq!(read(0), Some(("com".into(), 5)));
        assert_eq!(read(5), Some(("example.com".into(), 15)));
        assert_eq!(read(15), Some(("home.example.com".into(), 22)));
        // A pointer to itself, one forward, an unknown type of label, positions beyond the end.
        for bad in [22, 24, 26, 100, usize::MAX] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn invisible_octets_and_dots_in_labels_are_escaped() {
        let (odd, _) = Name::read(b"\x04a.\\\x07\0", 0).unwrap();
        assert_eq!(odd.to_string(), "a\\046\\092\\007");
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_gives_valid_names(
            bytes in prop::collection::vec(any::<u8>(), 0..300), start in 0..300_usize,
        ) {
            if let Some((name, end)) = Name::read(&bytes, start) {
                prop_assert!(end <= bytes.len() && name.wire().len() <= LONGEST);
                prop_assert_eq!(Name::read(name.wire(), 0), Some((name.clone(), name.wire().len())));
            }
        }
    }
}
