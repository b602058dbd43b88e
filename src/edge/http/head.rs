//! Rewrites the head of an answer so that ureq-proto can parse it. Some servers send heads that other
//! clients accept and ureq-proto does not. Pure.

/// The part of the head that the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum HeadPart {
    /// The beginning of a line. An empty line ends the head.
    LineStart,
    /// The name of a field.
    Name,
    /// The value of a field, or the status line.
    #[default]
    Value,
    /// The body, after the head.
    Body,
}

/// The position in the head of one answer.
#[derive(Debug, Default)]
pub(super) struct Head(HeadPart);

impl Head {
    /// Changes the next bytes of the head in place. A value that is continued on a further line
    /// (RFC 9112 section 5.2) becomes one line. In a field name, bytes that are not ASCII become `x`, so
    /// that the field is an unknown one.
    pub(super) fn normalize(&mut self, bytes: &mut [u8]) {
        for index in 0..bytes.len() {
            let (before, rest) = bytes.split_at_mut(index);
            let Some(byte) = rest.first_mut() else {
                return;
            };
            self.0 = match (self.0, *byte) {
                (HeadPart::Body, _) => return,
                (HeadPart::LineStart, b'\n') => HeadPart::Body,
                (HeadPart::LineStart, b'\r') => HeadPart::LineStart,
                (HeadPart::LineStart, b' ' | b'\t') => {
                    remove_line_end(before);
                    HeadPart::Value
                }
                (_, b'\n') => HeadPart::LineStart,
                (HeadPart::LineStart | HeadPart::Name, b':') => HeadPart::Value,
                (HeadPart::LineStart | HeadPart::Name, 0x80..) => {
                    *byte = b'x';
                    HeadPart::Name
                }
                (HeadPart::LineStart, _) => HeadPart::Name,
                (part, _) => part,
            };
        }
    }
}

/// Replaces CR LF at the end of `bytes` by spaces.
fn remove_line_end(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().rev().take(2) {
        if matches!(*byte, b'\r' | b'\n') {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continued_lines_are_joined_and_field_names_become_ascii() {
        for (head, normalized) in [
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
            Head::default().normalize(&mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), normalized);
            // The same in two packets, the second of which begins within a line.
            let (first, second) = head.as_bytes().split_at(12);
            let (mut first, mut second) = (first.to_vec(), second.to_vec());
            let mut parts = Head::default();
            parts.normalize(&mut first);
            parts.normalize(&mut second);
            assert_eq!(String::from_utf8([first, second].concat()).unwrap(), normalized);
        }
    }
}
