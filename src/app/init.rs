//! The service as the init system runs it.

use std::process::Command;

use crate::cli::exit;
use crate::edge::console::complain;

/// OpenWrt's, which knows procd.
pub(super) const SCRIPT: &str = "/etc/init.d/ddns";

/// `/etc/init.d/ddns WORDS`.
pub(super) fn run(words: &[&str]) -> u8 {
    match Command::new(SCRIPT).args(words).status() {
        Ok(status) => {
            status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::FAILED)
        }
        Err(error) => complain(exit::INTERNAL, &format!("cannot run {SCRIPT}: {error}")),
    }
}
