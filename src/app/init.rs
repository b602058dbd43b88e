//! The service, started and stopped through the init system.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use crate::cli::exit;
use crate::edge::console::complain;
use crate::edge::files;
use crate::edge::spawn::{Exit, ProcessGroup, Program, own_environment};

/// OpenWrt's init script, which starts the daemon under procd.
pub(super) const SCRIPT: &str = "/etc/init.d/ddns";

/// Runs the init script with `argument`; returns its exit code.
pub(super) fn run(argument: &str) -> u8 {
    match ended(argument) {
        Ok(Exit::Status(status)) => u8::try_from(status).unwrap_or(exit::FAILED),
        // A signal ended it.
        Ok(Exit::Signal(_)) => exit::FAILED,
        Err(error) => complain(exit::INTERNAL, &format_args!("cannot run {SCRIPT}: {error}")),
    }
}

/// Copies the configuration `file` anew for a daemon that may not read the owner's file, if there is such a daemon:
/// on OpenWrt by the init script, which copies the files that it names, too.
pub(super) fn copy_configuration(file: &Path) {
    if Path::new(files::COPIES).exists() && Path::new(SCRIPT).exists() {
        let _ = run("copy");
    } else {
        // Without a copy, the daemon reads the original.
        let _ = files::renew_copy(&files::config(file));
    }
}

fn ended(argument: &str) -> io::Result<Exit> {
    // The script is in the group of this process, so that Ctrl-C ends it, too.
    let words: Vec<OsString> = vec![SCRIPT.into(), argument.into()];
    Program { words, environment: own_environment() }.start(&[], ProcessGroup::Shared)?.wait()
}
