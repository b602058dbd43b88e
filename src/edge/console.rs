//! Standard output and standard error of the commands.

use std::fmt::Display;
use std::io::{self, Write as _};

use crate::cli::exit;
use crate::text::quoted::visible;

/// Prints to standard output and returns exit code 0, also if the reader has closed its end. `text`
/// may contain text of providers: control characters are escaped.
pub fn show(text: &dyn Display) -> u8 {
    let _ = print(&text.to_string());
    exit::OK
}

/// As [`show`].
///
/// # Errors
/// If the reader has closed its end.
pub fn print(text: &str) -> io::Result<()> {
    // `print!` would panic where the reader, such as `head`, has closed its end.
    let mut out = io::stdout().lock();
    out.write_all(visible(text).as_bytes())?;
    out.flush()
}

/// Prints `text` as an error of this program to standard error, and returns `code`.
pub fn complain(code: u8, text: &dyn Display) -> u8 {
    warn(&format_args!("ddns-netlink: {text}\n"));
    code
}

/// Prints to standard error. `text` may contain text of providers: control characters are
/// escaped.
pub fn warn(text: &dyn Display) {
    let _ = io::stderr().write_all(visible(&text.to_string()).as_bytes());
}
