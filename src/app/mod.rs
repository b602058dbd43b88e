//! One function per command.

mod helper;
mod init;
mod service;
mod updater;
mod watch;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use nix::libc::SIGXFSZ;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Call, Command, HELP, Invocation, VERSION, exit};
use crate::config::Config;
use crate::config::check::{self, Checked, DefinitionDirectory};
use crate::config::listing;
use crate::config::{Global, Mistake, definition, uci};
use crate::daemon::{self, Running, Start};
use crate::edge::console::{complain, show, warn};
use crate::edge::control::{self, ClientError};
use crate::edge::files;
use crate::edge::files::lock::{InstanceLock, LockError, lock};
use crate::edge::load::{Loaded, load};
use crate::text::quoted::quoted;

/// Does what `call` says; returns the exit code.
pub fn run(call: Call) -> u8 {
    match call {
        Call::Own(invocation) => own(invocation),
        Call::Helper(helper) => helper::run(&helper),
        Call::Updater(updater) => updater::run(&updater),
        Call::Service(service) => service::run(&service),
        Call::Show(text, code) => {
            show(&text);
            code
        }
    }
}

fn own(invocation: Invocation) -> u8 {
    let file = invocation.config.unwrap_or_default();
    match invocation.command {
        Command::Run { stderr } => serve(&file, stderr),
        Command::Once { sections, dry_run: dry } => match read(&file, &sections) {
            Ok(loaded) => {
                warn_if_nothing_to_do(&file, &loaded.checked);
                let command = if dry { dry_run } else { once };
                command(&file, loaded, true)
            }
            Err(code) => code,
        },
        Command::Check => check_file(&file),
        Command::Status { json, section } => {
            let section = section.as_deref();
            ask(
                &file,
                &match (json, section) {
                    (false, None) => vec!["status"],
                    (true, None) => vec!["status", "json"],
                    (false, Some(section)) => vec!["section", section],
                    (true, Some(section)) => vec!["get", section],
                },
            )
        }
        Command::Why { section } => ask(&file, &["why", &section]),
        Command::Update { sections } => tell(&file, "update", &sections),
        Command::Start { sections } => tell(&file, "start", &sections),
        Command::Stop { sections } => tell(&file, "stop", &sections),
        Command::Watch { json, devices } => block_on(Box::pin(watch::run(json, devices))),
        Command::Providers { name: None } => {
            let [own, packaged] =
                [DefinitionDirectory::Own, DefinitionDirectory::Packaged].map(files::definitions);
            show(&listing::overview(&own, &packaged))
        }
        Command::Providers { name: Some(name) } => provider(&name),
        Command::Help => show(HELP),
        Command::Version => show(&format!("{VERSION}\n")),
    }
}

/// The configuration with these sections, all if none is named; or the code to end with.
fn read(file: &Path, sections: &[String]) -> Result<Loaded, u8> {
    let mut loaded = load(file).map_err(|error| complain(exit::CONFIG, &error))?;
    let left = loaded.checked.only(sections);
    left.map_err(|why| complain(exit::NO_SECTION, &why))?;
    Ok(loaded)
}

/// `run`.
fn serve(file: &Path, interactive: bool) -> u8 {
    match read(file, &[]) {
        Ok(loaded) => {
            let start = Start { file, loaded, interactive };
            block_on(Box::pin(locked(start, daemon::serve, "")))
        }
        Err(code) => code,
    }
}

/// `once`.
fn once(file: &Path, loaded: Loaded, interactive: bool) -> u8 {
    let start = Start { file, loaded, interactive };
    block_on(Box::pin(locked(start, daemon::once, "; 'ddns-netlink update' asks it")))
}

/// `once --dry-run`. It changes nothing, so it needs no lock and may run beside a daemon.
fn dry_run(file: &Path, loaded: Loaded, interactive: bool) -> u8 {
    block_on(daemon::dry_run(Start { file, loaded, interactive }))
}

/// Runs `mode` while no other instance uses the run directory. `hint` follows the message that one
/// does.
async fn locked<'a>(
    start: Start<'a>,
    mode: fn(Start<'a>, InstanceLock) -> Running<'a>,
    hint: &str,
) -> u8 {
    match lock(&start.loaded.checked.config.global.rundir) {
        Ok(lock) => mode(start, lock).await,
        Err(error @ LockError::Running(_)) => complain(exit::RUNNING, &format!("{error}{hint}")),
        Err(error @ LockError::OtherProgram(..)) => complain(exit::RUNNING, &error),
        Err(error @ LockError::Directory(..)) => complain(exit::CONFIG, &error),
        Err(error @ LockError::File(..)) => complain(exit::INTERNAL, &error),
    }
}

/// Prints a warning if no section of the file is served.
fn warn_if_nothing_to_do(file: &Path, checked: &Checked) {
    if checked.config.sections.is_empty() {
        warn(&format!("ddns-netlink: nothing to do: {}\n", why_none(file, checked)));
    }
}

/// Why no section is served.
fn why_none(file: &Path, checked: &Checked) -> String {
    let file = files::config(file);
    let file = file.display();
    if checked.config.broken.is_empty() {
        format!("no section of {file} has option enabled '1'")
    } else {
        format!("the enabled sections of {file} have mistakes; 'ddns-netlink check' lists them")
    }
}

fn check_file(file: &Path) -> u8 {
    let mut checked = match read(file, &[]) {
        Ok(loaded) => loaded.checked,
        Err(code) => return code,
    };
    checked.mistakes.append(&mut luci_damage(file));
    show_mistakes(file, &checked)
}

/// What a Save in LuCI's form would destroy.
fn luci_damage(file: &Path) -> Vec<Mistake> {
    let file = files::config(file);
    let bytes = files::read_config(&file).unwrap_or_default();
    check::luci_damage(&file.display().to_string(), &bytes, files::on_openwrt())
}

fn show_mistakes(file: &Path, checked: &Checked) -> u8 {
    for mistake in &checked.mistakes {
        warn(&format!("{mistake}\n"));
    }
    warn_of_readers(file);
    let usable = show_directories(&checked.config.global);
    let Config { sections, disabled, broken, .. } = &checked.config;
    if !broken.is_empty() {
        let names = names(broken.iter().map(|(name, _)| name));
        warn(&format!("Not run because of these mistakes: {names}\n"));
    }
    explain(file);
    if !usable || checked.errors().next().is_some() {
        return exit::CONFIG;
    }
    if !disabled.is_empty() {
        let names = names(disabled.iter());
        show(&format!("Not enabled (this takes option enabled '1'): {names}\n"));
    }
    let (on, off) = (sections.len(), disabled.len());
    let sections = if on == 1 { "section" } else { "sections" };
    show(&format!("{}: {on} {sections} enabled, {off} not\n", files::config(file).display()))
}

/// Says which directories the daemon would not use, and why; whether it would use all.
fn show_directories(global: &Global) -> bool {
    let all = [
        ("ddns_rundir", &global.rundir),
        ("ddns_statedir", &global.statedir),
        ("ddns_logdir", &global.logdir),
    ];
    let mut usable = true;
    for (option, directory) in all {
        match files::owner::check_directory(directory) {
            Err(error) if error.kind() == io::ErrorKind::Other => {
                usable = false;
                warn(&format!("{option} {}: {error}\n", directory.display()));
            }
            // It is made when it is needed, or another user may look there.
            Ok(()) | Err(_) => {}
        }
    }
    usable
}

/// Warns if other users can read a configuration that holds passwords.
fn warn_of_readers(file: &Path) {
    let file = files::config(file);
    let (document, _) = uci::parse(&files::read_config(&file).unwrap_or_default());
    let mut options = document.sections.iter().flat_map(|section| &section.options);
    if !options.any(|option| ["password", "param_enc"].contains(&option.name.as_str())) {
        return;
    }
    if let Some(warning) = files::reader_warning(&file) {
        warn(&format!("{warning}\n"));
    }
}

/// Most names of sections in one line.
const MOST_NAMES: usize = 8;

fn names<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    let shown = names.take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// Says what works differently from ddns-scripts.
fn explain(file: &Path) {
    let file = files::config(file);
    let bytes = files::read_config(&file).unwrap_or_default();
    let differences = check::differences(&bytes, files::on_openwrt());
    if !differences.is_empty() {
        show("What works differently from ddns-scripts, on purpose (and in which sections):\n");
    }
    for difference in differences {
        show(&format!("  {difference}\n"));
    }
}

/// Tells the daemon to do something about these sections.
fn tell(file: &Path, verb: &str, sections: &[String]) -> u8 {
    told(file, verb, sections).unwrap_or_else(|error| no_daemon(&error))
}

/// Says that no daemon is running, and how to start it here.
fn no_daemon(error: &ClientError) -> u8 {
    let start = if Path::new(init::SCRIPT).exists() {
        "/etc/init.d/ddns start"
    } else if Path::new("/run/systemd/system").exists() {
        "systemctl start ddns-netlink"
    } else {
        "ddns-netlink run"
    };
    complain(exit::NO_DAEMON, &format!("{error}; '{start}' starts it"))
}

/// [`tell`]; an error if no daemon is running.
fn told(file: &Path, verb: &str, sections: &[String]) -> Result<u8, ClientError> {
    let sections = sections.iter().map(String::as_str);
    asked(file, &std::iter::once(verb).chain(sections).collect::<Vec<_>>())
}

/// What is known about one provider, in the order in which it counts.
fn provider(name: &str) -> u8 {
    let defined = |whose, text| {
        let json = files::definition(whose, name).ok()??;
        let definition = definition::parse(&String::from_utf8_lossy(&json)).ok()?;
        Some(listing::defined(name, text, &definition))
    };
    let own = defined(DefinitionDirectory::Own, "your own definition");
    let packaged = || defined(DefinitionDirectory::Packaged, "the definition of a package");
    match own.or_else(|| listing::detail(name)).or_else(packaged) {
        Some(text) => show(&text),
        None => {
            let hint = listing::hint(name).map(|hint| format!("; {hint}")).unwrap_or_default();
            let text = format!("there is no provider {}{hint}", quoted(name));
            complain(exit::FAILED, &text)
        }
    }
}

fn ask(file: &Path, words: &[&str]) -> u8 {
    asked(file, words).unwrap_or_else(|error| no_daemon(&error))
}

fn asked(file: &Path, words: &[&str]) -> Result<u8, ClientError> {
    match control::ask(&rundir(file), words) {
        Ok(reply) if reply.ok && reply.text.is_empty() => Ok(show_none(file)),
        Ok(reply) if reply.ok => Ok(show(&reply.text)),
        Ok(reply) => Ok(complain(exit::NO_SECTION, &reply.text.trim_end())),
        Err(error @ ClientError::NotRunning(_)) => Err(error),
        Err(error @ ClientError::Word(_)) => Ok(complain(exit::USAGE, &error)),
        Err(error) => Ok(complain(exit::NO_DAEMON, &error)),
    }
}

/// What is shown where the daemon has nothing to tell: it serves no section.
fn show_none(file: &Path) -> u8 {
    match load(file) {
        Ok(loaded) => show(&format!("No section is served: {}\n", why_none(file, &loaded.checked))),
        Err(error) => show(&format!("No section is served: {error}\n")),
    }
}

/// Where the daemon of this configuration listens; the default if it cannot be read.
fn rundir(file: &Path) -> PathBuf {
    let loaded = load(file).ok();
    let default = || PathBuf::from(crate::config::DEFAULT_RUNDIR);
    loaded.map_or_else(default, |loaded| loaded.checked.config.global.rundir)
}

/// Descriptors that the daemon needs beside those that are open at its start.
const DESCRIPTORS: usize = 20;

/// Whether there are enough descriptors: tokio panics for want of them.
fn try_descriptors() -> io::Result<()> {
    let mut opened = Vec::new();
    for _ in 0..DESCRIPTORS {
        opened.push(File::open("/")?);
    }
    Ok(())
}

/// One thread is all there is.
fn block_on(future: Pin<Box<dyn Future<Output = u8> + '_>>) -> u8 {
    if let Err(error) = try_descriptors() {
        let text = format!(
            "cannot start: {error}; raise the limit of open files (ulimit -n) by {DESCRIPTORS}"
        );
        return complain(exit::INTERNAL, &text);
    }
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(async {
                // Beyond the largest size of a file (`ulimit -f`), writing is to fail and not to end
                // the process.
                let _ignored = signal(SignalKind::from_raw(SIGXFSZ));
                future.await
            });
            // Whatever is still on its way is not waited for.
            runtime.shutdown_background();
            code
        }
        Err(error) => complain(exit::INTERNAL, &format!("cannot start: {error}")),
    }
}
