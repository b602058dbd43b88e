//! Quotes text that comes from elsewhere, so that a terminal shows it and does not obey it.

use std::fmt::{self, Display as _, Write as _};

/// Text that is written in quotes where it is displayed.
pub struct Quoted<'a>(&'a str);

/// `text` in double quotes, on one line, with control characters escaped. The result is that of Rust's `Debug` but
/// for rare characters.
pub fn quoted(text: &str) -> Quoted<'_> {
    // `Debug` itself would link Unicode's tables.
    Quoted(text)
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            write_escaped(f, c, '"')?;
        }
        f.write_char('"')
    }
}

/// A character that is written in quotes where it is displayed.
pub struct QuotedChar(char);

/// `c` in single quotes, as [`quoted`] writes it.
pub fn quoted_char(c: char) -> QuotedChar {
    QuotedChar(c)
}

impl fmt::Display for QuotedChar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('\'')?;
        write_escaped(f, self.0, '\'')?;
        f.write_char('\'')
    }
}

/// Text of several lines for a terminal. Control characters are escaped as JSON does, so that JSON
/// keeps its value.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || c == '\t' || is_visible(c) {
            out.push(c);
            continue;
        }
        // JSON escapes characters beyond U+FFFF as two UTF-16 units (RFC 8259 section 7).
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

fn write_escaped(f: &mut fmt::Formatter<'_>, c: char, quote: char) -> fmt::Result {
    match c {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        _ if c == quote || c == '\\' => {
            f.write_char('\\')?;
            f.write_char(c)
        }
        _ if is_visible(c) => f.write_char(c),
        _ => c.escape_unicode().fmt(f),
    }
}

/// Whether a terminal only displays `c`. It does not for control characters, spaces other than
/// U+0020, marks that change the direction of writing, private use and noncharacters.
pub fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{a0}' | '\u{ad}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}'
            | '\u{fff0}'..='\u{fffc}' | '\u{fffe}'..='\u{ffff}' | '\u{e0000}'..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_and_quotes_are_escaped() {
        assert_eq!(quoted("a b").to_string(), "\"a b\"");
        let with_signs = quoted("käse \"x\\y\"\r\n\t").to_string();
        assert_eq!(with_signs, r#""käse \"x\\y\"\r\n\t""#);
        assert_eq!(['x', '\'', '"'].map(|c| quoted_char(c).to_string()), ["'x'", "'\\''", "'\"'"]);
        let hidden = quoted("\x1b[2J\u{9b}\u{202e}\u{feff}").to_string();
        assert_eq!(hidden, r#""\u{1b}[2J\u{9b}\u{202e}\u{feff}""#);
    }

    #[test]
    fn visible_text_keeps_its_lines_and_json_keeps_its_value() {
        let text = "käse \"x\"\n\t\x1b[2J\u{7f}\r\u{9b}\u{202e}\u{e0001}\u{fffd}\n";
        let shown = "käse \"x\"\n\t\\u001b[2J\\u007f\\u000d\\u009b\\u202e\\udb40\\udc01\u{fffd}\n";
        assert_eq!(visible(text), shown);
        let json = serde_json::Value::from(text);
        let back: serde_json::Value = serde_json::from_str(&visible(&json.to_string())).unwrap();
        assert_eq!(back, json);
    }

    proptest! {
        #[test]
        fn quoting_is_that_of_rusts_debug(text in "[ -~\u{a1}-\u{ac}\u{ae}-\u{17f}\u{4e00}-\u{9fa5}\x01-\x1f]*") {
            let debug = format!("{text:?}");
            prop_assert_eq!(quoted(&text).to_string(), debug);
        }

        #[test]
        fn quoted_text_has_no_control_characters(text: String) {
            prop_assert!(!quoted(&text).to_string().contains(|c: char| c.is_control()));
        }
    }
}
