//! The head of an answer as ureq-proto reads it: other clients take more. Pure.

/// Where in the head the next byte is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// At the beginning of a line, where an empty one ends the head.
    Start,
    /// In the name of a field.
    Name,
    /// In its value, or in the status line.
    #[default]
    Value,
    /// Behind the head.
    Behind,
}

/// Follows one head as its bytes come.
#[derive(Debug, Default)]
pub(super) struct Head(Place);

impl Head {
    /// Changes what is next of the head in place: a value that goes on in a further line (RFC 9112
    /// section 5.2) becomes one line, and a field whose name is not ASCII one that nobody knows.
    pub(super) fn tidy(&mut self, bytes: &mut [u8]) {
        for at in 0..bytes.len() {
            let (before, rest) = bytes.split_at_mut(at);
            let Some(byte) = rest.first_mut() else {
                return;
            };
            self.0 = match (self.0, *byte) {
                (Place::Behind, _) => return,
                (Place::Start, b'\n') => Place::Behind,
                (Place::Start, b'\r') => Place::Start,
                (Place::Start, b' ' | b'\t') => {
                    for end in before.iter_mut().rev().take(2) {
                        if matches!(*end, b'\r' | b'\n') {
                            *end = b' ';
                        }
                    }
                    Place::Value
                }
                (_, b'\n') => Place::Start,
                (Place::Start | Place::Name, b':') => Place::Value,
                (Place::Start | Place::Name, 0x80..) => {
                    *byte = b'x';
                    Place::Name
                }
                (Place::Start, _) => Place::Name,
                (place, _) => place,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_becomes_one_that_is_read() {
        for (head, tidied) in [
            (
                "HTTP/1.1 200 Gut\r\nA: b\r\n\r\n c\r\n d",
                "HTTP/1.1 200 Gut\r\nA: b\r\n\r\n c\r\n d",
            ),
            (
                "HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\nD: e\r\n\r\n",
                "HTTP/1.1 200 OK\r\nA: b  \tc\r\nD: e\r\n\r\n",
            ),
            ("HTTP/1.1 200 OK\nA: b\n c\n\n d", "HTTP/1.1 200 OK\nA: b  c\n\n d"),
            (
                "HTTP/1.1 200 OK\r\nX-\u{e9}: \u{e9}\r\n\r\n\u{e9}",
                "HTTP/1.1 200 OK\r\nX-xx: \u{e9}\r\n\r\n\u{e9}",
            ),
        ] {
            let mut bytes = head.as_bytes().to_vec();
            Head::default().tidy(&mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), tidied);
            // In two packets, that begin within a line.
            let (first, second) = head.as_bytes().split_at(12);
            let (mut first, mut second) = (first.to_vec(), second.to_vec());
            let mut parts = Head::default();
            parts.tidy(&mut first);
            parts.tidy(&mut second);
            assert_eq!(String::from_utf8([first, second].concat()).unwrap(), tidied);
        }
    }
}
