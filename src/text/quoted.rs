//! Text of others in messages. Pure.

use std::fmt::Write as _;

/// `text` in double quotes, in one line and without anything that a terminal would obey.
///
/// What Rust's own `Debug` would print but for rare characters, which that knows from tables.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    text.chars().for_each(|c| push(&mut out, c, '"'));
    out.push('"');
    out
}

/// `c` in single quotes, as [`quoted`] writes it.
pub fn quoted_char(c: char) -> String {
    let mut out = String::from("'");
    push(&mut out, c, '\'');
    out.push('\'');
    out
}

/// `text` of several lines for a terminal: what it would obey is written as in JSON, so that a value
/// in JSON stays the same value.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || c == '\t' || is_visible(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

fn push(out: &mut String, c: char, mark: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if c == mark || c == '\\' => out.extend(['\\', c]),
        _ if is_visible(c) => out.push(c),
        _ => out.extend(c.escape_unicode()),
    }
}

/// Whether a terminal shows `c` and does nothing else. Not so: control characters, spaces of other kinds, marks that change the direction of writing,
/// what has no meaning of its own.
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
    fn nothing_is_obeyed() {
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("käse \"x\\y\"\r\n\t"), r#""käse \"x\\y\"\r\n\t""#);
        assert_eq!(
            [quoted_char('x'), quoted_char('\''), quoted_char('"')],
            ["'x'", "'\\''", "'\"'"]
        );
        assert_eq!(quoted("\x1b[2J\u{9b}\u{202e}\u{feff}"), r#""\u{1b}[2J\u{9b}\u{202e}\u{feff}""#);
    }

    #[test]
    fn text_of_several_lines_stays_so_and_json_stays_json() {
        let text = "käse \"x\"\n\t\x1b[2J\u{7f}\r\u{9b}\u{202e}\u{e0001}\u{fffd}\n";
        let shown = "käse \"x\"\n\t\\u001b[2J\\u007f\\u000d\\u009b\\u202e\\udb40\\udc01\u{fffd}\n";
        assert_eq!(visible(text), shown);
        let json = serde_json::Value::from(text);
        let back: serde_json::Value = serde_json::from_str(&visible(&json.to_string())).unwrap();
        assert_eq!(back, json);
    }

    proptest! {
        #[test]
        fn as_rust_writes_it(text in "[ -~\u{a1}-\u{ac}\u{ae}-\u{17f}\u{4e00}-\u{9fa5}\x01-\x1f]*") {
            let theirs = format!("{text:?}");
            prop_assert_eq!(quoted(&text), theirs);
        }

        #[test]
        fn one_line(text: String) {
            prop_assert!(!quoted(&text).contains(|c: char| c.is_control()));
        }
    }
}
