//! The commands that the running daemon carries out or answers, over its control socket.

use std::path::{Path, PathBuf};

use super::init;
use super::start::why_none;
use crate::cli::exit;
use crate::config::DEFAULT_RUNDIR;
use crate::edge::console::{complain, show};
use crate::edge::control::{self, ClientError};
use crate::edge::load::{load, load_global};

/// `update`, `start`, `stop`: has the daemon do this with `sections` and prints its answer.
pub(super) fn send_command(file: &Path, command: &str, sections: &[String]) -> u8 {
    try_send_command(file, command, sections).unwrap_or_else(|error| no_daemon(&error))
}

/// As [`send_command`]; an error if no daemon is running.
pub(super) fn try_send_command(
    file: &Path,
    command: &str,
    sections: &[String],
) -> Result<u8, ClientError> {
    // These two have the daemon read the file, of which a daemon without root's rights sees only the copy.
    if matches!(command, "update" | "start") {
        init::copy_configuration(file);
    }
    let mut words = vec![command];
    words.extend(sections.iter().map(String::as_str));
    try_query(file, &words)
}

/// `status`, `why`: prints the daemon's answer to a request of these words.
pub(super) fn query(file: &Path, words: &[&str]) -> u8 {
    try_query(file, words).unwrap_or_else(|error| no_daemon(&error))
}

/// As [`query`]; an error if no daemon is running.
fn try_query(file: &Path, words: &[&str]) -> Result<u8, ClientError> {
    match control::ask(&rundir(file), words) {
        Ok(reply) if reply.ok && reply.text.is_empty() => Ok(show_none(file)),
        Ok(reply) if reply.ok => Ok(show(&reply.text)),
        Ok(reply) => Ok(complain(exit::NO_SECTION, &reply.text.trim_end())),
        Err(error) => {
            let code = match error {
                ClientError::NotRunning(_) => return Err(error),
                ClientError::Word(_) | ClientError::TooLong => exit::USAGE,
                ClientError::Denied(_)
                | ClientError::Silent
                | ClientError::Ended
                | ClientError::Io(..) => exit::NO_DAEMON,
            };
            Ok(complain(code, &error))
        }
    }
}

/// Prints that no daemon is running, and how to start it on this system.
fn no_daemon(error: &ClientError) -> u8 {
    let start = if Path::new(init::SCRIPT).exists() {
        "/etc/init.d/ddns start"
    } else if Path::new("/run/systemd/system").exists() {
        "systemctl start ddns-netlink"
    } else {
        "ddns-netlink run"
    };
    complain(exit::NO_DAEMON, &format_args!("{error}; '{start}' starts it"))
}

/// Prints why the daemon's answer is empty: it serves no section.
fn show_none(file: &Path) -> u8 {
    let why = match load(file) {
        Ok(loaded) => why_none(file, &loaded.checked),
        Err(error) => error.to_string(),
    };
    show(&format_args!("No section is served: {why}\n"))
}

/// The run directory, where the daemon of this configuration listens; the default if the configuration
/// cannot be read.
pub(super) fn rundir(file: &Path) -> PathBuf {
    match load_global(file) {
        Ok(global) => global.rundir,
        Err(_) => DEFAULT_RUNDIR.into(),
    }
}
