//! `dynamic_dns_updater.sh`: brings a section up to date by hand.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::client::{rundir, try_send_command};
use super::init;
use super::start::{once_loaded, read};
use crate::cli::exit;
use crate::cli::updater::{Updater, Verb};
use crate::daemon::Start;
use crate::edge::console::{complain, show};
use crate::edge::control::{self, ClientError};
use crate::edge::files;
use crate::edge::files::owner::check_directory;
use crate::edge::load::load;
use crate::model::json::Json;

/// How often the daemon is asked whether it is done, and how many times: together longer than a
/// request may take.
const POLL: Duration = Duration::from_millis(200);
const POLLS: usize = 200;

/// Carries it out; returns the exit code: 0, or 1 for every failure.
pub(super) fn run(updater: &Updater) -> u8 {
    let file = files::default_config();
    let section = updater.section.as_slice();
    let code = match (updater.verb, &updater.network) {
        (Verb::Round, _) => round(&file, updater),
        (Verb::Start, None) => init::run("start"),
        (Verb::Start, Some(network)) => {
            send_for_network(&file, "start", network).unwrap_or_else(|_| init::run("start"))
        }
        // Without a daemon there is nothing to stop.
        (Verb::Stop, Some(network)) => send_for_network(&file, "stop", network).unwrap_or(exit::OK),
        (Verb::Stop, None) if section.is_empty() => init::run("stop"),
        (Verb::Stop, None) => try_send_command(&file, "stop", section).unwrap_or(exit::OK),
        (Verb::Reload, _) => init::run("reload"),
    };
    // ddns-scripts has no other exit code than 1 for a failure.
    code.min(exit::FAILED)
}

/// Brings a section up to date: the daemon does it if it runs, else this process.
fn round(file: &Path, updater: &Updater) -> u8 {
    let section = updater.section.as_deref().unwrap_or_default();
    if updater.verbose == 2 {
        begin_log(file, section);
    }
    let interactive = updater.verbose > 0;
    if !updater.dry_run {
        init::copy_configuration(file);
        // 'start' and not 'update', because the section may have been stopped.
        match control::ask(&rundir(file), &["start", section]) {
            Ok(reply) if reply.ok => return wait_for_result(file, section, interactive),
            Ok(reply) => return complain(exit::NO_SECTION, &reply.text.trim_end()),
            Err(ClientError::NotRunning(_)) => {}
            Err(error) => return complain(exit::NO_DAEMON, &error),
        }
    }
    let start = match read(file, updater.section.as_slice()) {
        Ok(loaded) => Start { file, loaded, interactive },
        Err(code) => return code,
    };
    once_loaded(start, updater.dry_run)
}

/// Waits until the daemon has nothing more to do for `section`, and prints the result if `interactive`.
fn wait_for_result(file: &Path, section: &str, interactive: bool) -> u8 {
    let rundir = rundir(file);
    let mut progress = Progress::Busy;
    for _ in 0..POLLS {
        progress = progress_of(&rundir, section);
        if progress != Progress::Busy {
            break;
        }
        thread::sleep(POLL);
    }
    if interactive && let Ok(reply) = control::ask(&rundir, &["why", section]) {
        show(&reply.text);
    }
    if progress == Progress::Published { exit::OK } else { exit::FAILED }
}

/// How far the daemon is with a section.
#[derive(PartialEq, Eq)]
enum Progress {
    /// It still has something to do.
    Busy,
    /// All records are published.
    Published,
    /// There is a record that is not, or the daemon does not answer.
    NotPublished,
}

/// How far the daemon is with `section`, by the states of its records as `status --json` has them.
fn progress_of(rundir: &Path, section: &str) -> Progress {
    let text = control::ask(rundir, &["get", section]).map(|reply| reply.text);
    let section = Json::parse(&text.unwrap_or_default()).unwrap_or_default();
    let mut published = 0;
    let mut others = 0;
    for record in section["records"].elements() {
        match record["state"].as_str() {
            Some("sending" | "settling") => return Progress::Busy,
            Some("published") => published += 1,
            Some(_) => others += 1,
            None => {}
        }
    }
    if published > 0 && others == 0 { Progress::Published } else { Progress::NotPublished }
}

/// Has the daemon start or stop the sections whose event network is `network`.
fn send_for_network(file: &Path, command: &str, network: &str) -> Result<u8, ClientError> {
    let mut names = Vec::new();
    if let Ok(loaded) = load(file) {
        for section in &loaded.checked.config.sections {
            if section.event_network.as_deref() == Some(network) {
                names.push(section.name.clone());
            }
        }
    }
    if names.is_empty() { Ok(exit::OK) } else { try_send_command(file, command, &names) }
}

/// Removes the log file of a section, so that this round begins a new one.
fn begin_log(file: &Path, section: &str) {
    let Ok(loaded) = load(file) else { return };
    let config = &loaded.checked.config;
    let logdir = &config.global.logdir;
    // `section` comes from the command line. As the name of a section it has no slash in it.
    let exists = config.sections.iter().any(|other| other.name == section);
    if exists && check_directory(logdir).is_ok() {
        let _ = fs::remove_file(logdir.join(format!("{section}.log")));
    }
}
