//! Standard output and standard error of the commands.

use std::fmt::Display;
use std::io::Write as _;

use crate::cli::exit;
use crate::text::quoted::visible;

/// Prints to standard output what may hold text of others; a reader that has gone away is no failure.
pub fn show(text: &str) -> u8 {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(visible(text).as_bytes()).and_then(|()| out.flush());
    exit::OK
}

/// Prints to standard error and gives back `code`.
pub fn complain(code: u8, text: &impl Display) -> u8 {
    warn(&format!("ddns-netlink: {text}\n"));
    code
}

/// Prints to standard error what may hold text of others.
pub fn warn(text: &str) {
    let _ = std::io::stderr().write_all(visible(text).as_bytes());
}
