//! Searches in texts and tables.

use crate::text;

/// What a table says behind `key`. Each line of it has a key and, after a space, a text.
pub(super) fn find(table: &'static str, key: &str) -> Option<&'static str> {
    for row in table.lines() {
        if let Some(rest) = row.strip_prefix(key) {
            if rest.is_empty() {
                return Some(rest);
            }
            if let Some(text) = rest.strip_prefix(' ') {
                return Some(text);
            }
        }
    }
    None
}

/// What is before the first `end` in `text`, and what is behind it.
// Each search that is inlined would be half a kilobyte, so all of them are this one.
#[inline(never)]
pub(super) fn cut<'t>(text: &'t str, end: &str) -> Option<(&'t str, &'t str)> {
    text.split_once(end)
}

/// What is before the first `end` in `text`; all of it if there is none.
pub(super) fn before<'t>(text: &'t str, end: &str) -> &'t str {
    cut(text, end).map_or(text, |(before, _)| before)
}

/// Whether `part` is in `text`.
pub(super) fn has(text: &str, part: &str) -> bool {
    cut(text, part).is_some()
}

/// `text` with `new` in the place of each `old`.
#[inline(never)]
pub(super) fn replace(text: &str, old: &str, new: &str) -> String {
    text.replace(old, new)
}

/// Whether `value` means no.
pub(super) fn is_no(value: &str) -> bool {
    text::has("false no off 0", value)
}
