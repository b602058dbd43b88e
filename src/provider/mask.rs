//! Text from outside, made fit for a log: without secrets, on one line, short.

use crate::secret::Secret;

/// Most characters of a masked text.
const MAX_SHOWN: usize = 200;

/// `text` with every secret as `***`, on one line, cut to about 200 characters.
pub fn mask(text: &str, secrets: &[Secret]) -> String {
    let mut shown = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.expose().len() > 2) {
        shown = shown.replace(secret.expose(), "***");
    }
    let words: Vec<&str> = shown
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(MAX_SHOWN).collect()
}
