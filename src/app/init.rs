//! The service, started and stopped through the init system.

use std::process::Command;

use crate::cli::exit;
use crate::edge::console::complain;

/// OpenWrt's init script, which starts the daemon under procd.
pub(super) const SCRIPT: &str = "/etc/init.d/ddns";

/// Runs the init script with `arguments`; returns its exit code.
pub(super) fn run(arguments: &[&str]) -> u8 {
    match Command::new(SCRIPT).args(arguments).status() {
        Ok(status) => match status.code() {
            Some(code) => u8::try_from(code).unwrap_or(exit::FAILED),
            // A signal ended it.
            None => exit::FAILED,
        },
        Err(error) => complain(exit::INTERNAL, &format!("cannot run {SCRIPT}: {error}")),
    }
}
