//! `dynamic_dns_updater.sh`: one round of a section by hand.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{dry_run, init, once, read, rundir, told};
use crate::cli::exit;
use crate::cli::updater::{Sections, Updater};
use crate::config::Section;
use crate::edge::console::{complain, show};
use crate::edge::control::{self, ClientError};
use crate::edge::files;
use crate::edge::files::owner::check_directory;
use crate::edge::load::load;

/// How often the daemon is asked whether it is done, and how many times: longer than a request may
/// take.
const POLL: Duration = Duration::from_millis(200);
const POLLS: usize = 200;

/// Does it; returns the exit code: 0, or 1 for whatever went wrong.
pub(super) fn run(updater: &Updater) -> u8 {
    let file = files::default_config();
    let code = match updater {
        Updater::Round { section, verbose, dry_run } => round(&file, section, *verbose, *dry_run),
        Updater::Start(None) => init::run(&["start"]),
        Updater::Start(Some(network)) => {
            of_network(&file, "start", network).unwrap_or_else(|_| init::run(&["start"]))
        }
        Updater::Stop(Sections::All) => init::run(&["stop"]),
        // Where nobody runs, nothing is to be stopped.
        Updater::Stop(Sections::Named(section)) => {
            told(&file, "stop", std::slice::from_ref(section)).unwrap_or(exit::OK)
        }
        Updater::Stop(Sections::Of(network)) => {
            of_network(&file, "stop", network).unwrap_or(exit::OK)
        }
        Updater::Reload => init::run(&["reload"]),
    };
    code.min(exit::FAILED)
}

/// The daemon is told to do it, or it is done here, where none runs.
fn round(file: &Path, section: &str, verbose: u8, dry: bool) -> u8 {
    if verbose == 2 {
        begin_log(file, section);
    }
    if !dry {
        match control::ask(&rundir(file), &["start", section]) {
            Ok(reply) if reply.ok => return watch(file, section, verbose > 0),
            Ok(reply) => return complain(exit::NO_SECTION, &reply.text.trim_end()),
            Err(ClientError::NotRunning(_)) => {}
            Err(error) => return complain(exit::NO_DAEMON, &error),
        }
    }
    let command = if dry { dry_run } else { once };
    match read(file, &[section.to_owned()]) {
        Ok(loaded) => command(file, loaded, verbose > 0),
        Err(code) => code,
    }
}

/// Waits until the daemon has done what there is to do for `section`, and shows the result.
fn watch(file: &Path, section: &str, talks: bool) -> u8 {
    let rundir = rundir(file);
    let mut states = Vec::new();
    for _ in 0..POLLS {
        states = standing(&rundir, section);
        if !states.iter().any(|state| state == "sending" || state == "settling") {
            break;
        }
        thread::sleep(POLL);
    }
    if talks && let Ok(reply) = control::ask(&rundir, &["why", section]) {
        show(&reply.text);
    }
    let done = |state: &String| state == "published";
    if !states.is_empty() && states.iter().all(done) { exit::OK } else { exit::FAILED }
}

/// The states of the records of `section`, as words.
fn standing(rundir: &Path, section: &str) -> Vec<String> {
    let text = control::ask(rundir, &["get", section]).map(|reply| reply.text);
    let section: Value = serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default();
    let records = section["records"].as_array().into_iter().flatten();
    records.filter_map(|record| record["state"].as_str()).map(str::to_owned).collect()
}

/// Tells the daemon about the sections whose event network is `network`.
fn of_network(file: &Path, verb: &str, network: &str) -> Result<u8, ClientError> {
    let sections = load(file).map_or_else(|_| vec![], |loaded| loaded.checked.config.sections);
    let meant = |section: &Section| section.event_network.as_deref() == Some(network);
    let names: Vec<_> = sections.into_iter().filter(meant).map(|section| section.name).collect();
    if names.is_empty() { Ok(exit::OK) } else { told(file, verb, &names) }
}

/// Removes what the log of a section holds, so that this round begins it.
fn begin_log(file: &Path, section: &str) {
    let Ok(loaded) = load(file) else { return };
    let config = loaded.checked.config;
    // The name may be anything; those in the file are names of files.
    let logdir = &config.global.logdir;
    if config.sections.iter().any(|it| it.name == section) && check_directory(logdir).is_ok() {
        let _ = fs::remove_file(logdir.join(format!("{section}.log")));
    }
}
