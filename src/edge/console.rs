//! Standard output and standard error of the commands.

use std::fmt::Display;
use std::io::Write as _;

use crate::cli::exit;
use crate::text::quoted::visible;

/// Prints to standard output and returns exit code 0, also if the reader has closed its end. `text`
/// may contain text of providers: control characters are made visible.
pub fn show(text: &str) -> u8 {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(visible(text).as_bytes()).and_then(|()| out.flush());
    exit::OK
}

/// Prints `text` as an error of this program to standard error, and returns `code`.
pub fn complain(code: u8, text: &impl Display) -> u8 {
    warn(&format!("ddns-netlink: {text}\n"));
    code
}

/// Prints to standard error. `text` may contain text of providers: control characters are made
/// visible.
pub fn warn(text: &str) {
    let _ = std::io::stderr().write_all(visible(text).as_bytes());
}
