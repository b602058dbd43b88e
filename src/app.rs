//! One function per command.

use std::path::{Path, PathBuf};

use crate::cli::{Command, HELP, Invocation, VERSION, exit};
use crate::config::check::{self, Definitions};
use crate::config::service;
use crate::console::{complain, show, warn};
use crate::control::{self, ClientError};
use crate::daemon::{self, Mode};
use crate::files::{self, LockError};
use crate::load::{Loaded, load};
use crate::provider::listing;
use crate::watch;

/// Does what `invocation` says; returns the exit code.
pub fn run(invocation: Invocation) -> u8 {
    let file = invocation.config.unwrap_or_else(files::default_config);
    match invocation.command {
        Command::Run { stderr } => follow(&file, Mode::Serve, stderr),
        Command::Once { dry_run: false } => follow(&file, Mode::Once, true),
        Command::Once { dry_run: true } => follow(&file, Mode::DryRun, true),
        Command::Check => check_file(&file),
        Command::Status { json: false } => ask(&file, &["status"]),
        Command::Status { json: true } => ask(&file, &["status", "json"]),
        Command::Why { section } => ask(&file, &["why", &section]),
        Command::Update { sections } => {
            let words = sections.iter().map(String::as_str);
            ask(&file, &std::iter::once("update").chain(words).collect::<Vec<_>>())
        }
        Command::Watch { json, devices } => block_on(watch::run(json, devices)),
        Command::Providers { name: None } => {
            let [own, packaged] = [Definitions::Own, Definitions::Packaged].map(files::definitions);
            show(&listing::overview(&own, &packaged))
        }
        Command::Providers { name: Some(name) } => provider(&name),
        Command::Help => show(HELP),
        Command::Version => show(&format!("{VERSION}\n")),
    }
}

fn follow(file: &Path, mode: Mode, stderr: bool) -> u8 {
    let loaded = match load(file) {
        Ok(loaded) => loaded,
        Err(error) => return complain(exit::CONFIG, &error),
    };
    // A dry run changes nothing, so it may look over a running daemon's shoulder.
    let lock = (mode != Mode::DryRun).then(|| files::lock(&loaded.checked.config.global.rundir));
    match lock.transpose() {
        Ok(_held) => block_on(daemon::run(file, loaded, mode, stderr)),
        Err(error @ LockError::Running(_)) if mode == Mode::Once => {
            complain(exit::RUNNING, &format!("{error}; 'ddns-netlink update' asks it"))
        }
        Err(error @ LockError::Running(_)) => complain(exit::RUNNING, &error),
        Err(error @ LockError::Io(..)) => complain(exit::INTERNAL, &error),
    }
}

fn check_file(file: &Path) -> u8 {
    let Loaded { checked, .. } = match load(file) {
        Ok(loaded) => loaded,
        Err(error) => return complain(exit::CONFIG, &error),
    };
    for mistake in &checked.mistakes {
        warn(&format!("{mistake}\n"));
    }
    explain(file);
    if checked.errors().next().is_some() {
        return exit::CONFIG;
    }
    let (on, off) = (checked.config.sections.len(), checked.config.disabled.len());
    let sections = if on == 1 { "section" } else { "sections" };
    show(&format!("{}: {on} {sections} enabled, {off} not\n", file.display()))
}

/// Says what works differently from ddns-scripts.
fn explain(file: &Path) {
    let bytes = files::read_config(file).unwrap_or_default();
    for difference in check::differences(&file.display().to_string(), &bytes) {
        show(&format!("{difference}\n"));
    }
}

/// What is known about one provider, in the order in which it counts.
fn provider(name: &str) -> u8 {
    let defined = |whose, text| {
        let json = files::definition(whose, name).ok()??;
        let definition = service::parse(&String::from_utf8_lossy(&json)).ok()?;
        Some(listing::defined(name, text, &definition))
    };
    let own = defined(Definitions::Own, "your own definition");
    let packaged = || defined(Definitions::Packaged, "the definition of a package");
    match own.or_else(|| listing::detail(name)).or_else(packaged) {
        Some(text) => show(&text),
        None => {
            let near = listing::near(name).map(|near| format!("; is it '{near}'?"));
            let text = format!("there is no provider '{name}'{}", near.unwrap_or_default());
            complain(exit::FAILED, &text)
        }
    }
}

fn ask(file: &Path, words: &[&str]) -> u8 {
    match control::ask(&rundir(file), words) {
        Ok(reply) if reply.ok => show(&reply.text),
        Ok(reply) => complain(exit::NO_SECTION, &reply.text.trim_end()),
        Err(error @ ClientError::Word(_)) => complain(exit::USAGE, &error),
        Err(error) => complain(exit::NO_DAEMON, &error),
    }
}

/// Where the daemon of this configuration listens; the default if it cannot be read.
fn rundir(file: &Path) -> PathBuf {
    let loaded = load(file).ok();
    let default = || PathBuf::from(crate::config::DEFAULT_RUNDIR);
    loaded.map_or_else(default, |loaded| loaded.checked.config.global.rundir)
}

/// One thread is all there is.
fn block_on(future: impl Future<Output = u8>) -> u8 {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(future);
            // Whatever is still on its way is not waited for.
            runtime.shutdown_background();
            code
        }
        Err(error) => complain(exit::INTERNAL, &format!("cannot start: {error}")),
    }
}
