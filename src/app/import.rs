//! `import`: prints a configuration of another client as sections of `/etc/config/ddns`.

use std::path::Path;

use crate::cli::exit;
use crate::edge::console::{complain, show, warn};
use crate::edge::files;
use crate::import::{Client, Import};

/// Prints it, and to standard error what is not taken over; returns the exit code.
pub(super) fn run(file: &str, from: Option<&str>) -> u8 {
    let bytes = match files::read_config(Path::new(file)) {
        Ok(bytes) => bytes,
        Err(error) => return complain(exit::FAILED, &error),
    };
    let text = String::from_utf8_lossy(&bytes);
    match client_of(file, &text, from) {
        Ok(client) => print(file, &client.import(&text)),
        Err(code) => code,
    }
}

/// The client whose configuration `text` is: the one that the owner names, or the one that the text tells. Where none
/// is known, prints why and returns the exit code.
fn client_of(file: &str, text: &str, from: Option<&str>) -> Result<Client, u8> {
    let Some(name) = from else {
        return Client::of(text).ok_or_else(|| {
            let text = format_args!(
                "{file} is not recognised as a configuration of inadyn, ddclient or ddns-go; \
                 '--from ddclient' says which one it is"
            );
            complain(exit::FAILED, &text)
        });
    };
    Client::named(name).ok_or_else(|| {
        let text = "option '--from' takes 'inadyn', 'ddclient' or 'ddns-go'";
        complain(exit::USAGE, &text)
    })
}

fn print(file: &str, import: &Import) -> u8 {
    for remark in &import.remarks {
        let kind = if remark.lost { "" } else { "note: " };
        warn(&format_args!("{file}:{}: {kind}{}\n", remark.line, remark.text));
    }
    // Remarks went to standard error, so that `import FILE > ddns` writes the sections alone.
    show(&import.uci);
    if import.uci.is_empty() {
        return complain(
            exit::FAILED,
            &format_args!("{file}: no section can be made of this file"),
        );
    }
    if import.remarks.iter().any(|remark| remark.lost) { exit::CONFIG } else { exit::OK }
}
