//! The words of an answer.

use std::net::IpAddr;

use crate::text::parts;

/// The words of `text` in lower case. An empty word stands where a clause ends, and `~` for each host
/// name, address and path. Names and attributes of tags are words, too, but not the name of an element
/// without attributes and content.
pub(in crate::provider) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('<') {
        add_words(before, &mut words);
        let (tag, after) = tail.split_once('>').unwrap_or((tail, ""));
        let is_empty = tag.ends_with('/') || after.trim_start().starts_with("</");
        if tag.starts_with(['/', '!', '?']) {
            words.push(String::new());
        } else if tag.contains('=') || !is_empty {
            add_words(tag, &mut words);
        }
        rest = after;
    }
    add_words(rest, &mut words);
    words
}

fn add_words(text: &str, words: &mut Vec<String>) {
    let mut text = text.to_ascii_lowercase();
    for nothing in ["[]", "{}", "\"\"", "''", "=&"] {
        text = text.replace(nothing, " none&");
    }
    let ends_clause: fn(char) -> bool = |c| "\n,;&|{}".contains(c);
    for (number, clause) in text.split(ends_clause).enumerate() {
        if number > 0 {
            words.push(String::new());
        }
        for token in parts(clause, |c| c.is_whitespace() || "\"`()[]<>=!?*#".contains(c)) {
            add_token(token, words);
        }
    }
}

fn add_token(token: &str, words: &mut Vec<String>) {
    let bare = token.trim_matches(|c| ".-_/':\u{feff}".contains(c));
    let address = bare.split('/').next().unwrap_or_default();
    if address.parse::<IpAddr>().is_ok() || bare.contains("://") {
        words.push("~".into());
        return;
    }
    for part in bare.split(':') {
        if part.contains(['.', '@', '/', '\\']) || part.starts_with("bad-") {
            words.push("~".into());
            continue;
        }
        for word in parts(part, |c| c == '-' || c == '_') {
            words.push(word.to_owned());
        }
    }
    if token.ends_with('.') {
        words.push(String::new());
    }
}
