//! The commands that do the daemon's work in this process: `run`, `once`, `once --dry-run`.

use std::fs::File;
use std::io;
use std::path::Path;

use nix::sys::signal::Signal;
use tokio::runtime::{Builder, Runtime};

use crate::cli::exit;
use crate::config::check::Checked;
use crate::daemon::{self, Start};
use crate::edge::console::{complain, warn};
use crate::edge::files;
use crate::edge::files::lock::{InstanceLock, LockError, lock};
use crate::edge::load::{Loaded, load};
use crate::edge::privilege::give_up_root;
use crate::edge::signals;

/// Descriptors that the daemon needs beside those that are open at its start.
const DESCRIPTORS: usize = 20;

/// `run`.
pub(super) fn serve(file: &Path, interactive: bool) -> u8 {
    // This comes before anything that takes time: a SIGHUP that procd sends meanwhile would end the process.
    daemon::block_signals();
    match read(file, &[]) {
        Ok(loaded) => {
            let start = Start { file, loaded, interactive };
            locked(start, daemon::serve, "")
        }
        Err(code) => code,
    }
}

/// `once`, or `once --dry-run`.
pub(super) fn once(file: &Path, sections: &[String], dry_run: bool) -> u8 {
    match read(file, sections) {
        Ok(loaded) => {
            warn_if_nothing_to_do(file, &loaded.checked);
            once_loaded(Start { file, loaded, interactive: true }, dry_run)
        }
        Err(code) => code,
    }
}

/// As [`once`], after the configuration was read. A dry run changes nothing, so it needs no lock and may run beside a
/// daemon.
pub(super) fn once_loaded(start: Start<'_>, dry_run: bool) -> u8 {
    if !dry_run {
        return locked(start, daemon::once, "; 'ddns-netlink update' has it send updates");
    }
    match prepare() {
        Ok(runtime) => daemon::dry_run(&runtime, start),
        Err(code) => code,
    }
}

/// Reads the configuration with these sections, all if none is named, and gives up root's rights where the daemon
/// has none. Where that fails, prints why and returns the exit code.
pub(super) fn read(file: &Path, sections: &[String]) -> Result<Loaded, u8> {
    let mut loaded = match load(file) {
        Ok(loaded) => loaded,
        Err(error) => return Err(complain(exit::CONFIG, &error)),
    };
    if let Err(why) = loaded.checked.only(sections) {
        return Err(complain(exit::NO_SECTION, &why));
    }
    match give_up_root(&loaded.checked.config.global) {
        Ok(()) => Ok(loaded),
        Err(why) => Err(complain(exit::INTERNAL, &why)),
    }
}

/// Runs `mode` under the lock of the run directory. If another instance holds it, `hint` follows the
/// message about that.
fn locked(start: Start<'_>, mode: fn(&Runtime, Start<'_>, InstanceLock) -> u8, hint: &str) -> u8 {
    let runtime = match prepare() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let error = match lock(&start.loaded.checked.config.global.rundir) {
        Ok(lock) => return mode(&runtime, start, lock),
        Err(error) => error,
    };
    let (code, hint) = match error {
        LockError::Running(_) => (exit::RUNNING, hint),
        LockError::OtherProgram(..) => (exit::RUNNING, ""),
        LockError::Directory(..) => (exit::CONFIG, ""),
        LockError::File(..) => (exit::INTERNAL, ""),
    };
    complain(code, &format_args!("{error}{hint}"))
}

fn warn_if_nothing_to_do(file: &Path, checked: &Checked) {
    if checked.config.sections.is_empty() {
        warn(&format_args!("ddns-netlink: nothing to do: {}\n", why_none(file, checked)));
    }
}

/// Why no section of `file` is served.
pub(super) fn why_none(file: &Path, checked: &Checked) -> String {
    let file = files::config(file);
    let file = file.display();
    if checked.config.broken.is_empty() {
        format!("no section of {file} has option enabled '1'")
    } else {
        format!("the enabled sections of {file} have mistakes; 'ddns-netlink check' lists them")
    }
}

/// The runtime of a command that waits for the kernel. Where there can be none, prints why and returns the
/// exit code.
pub(super) fn prepare() -> Result<Runtime, u8> {
    if let Err(error) = try_descriptors() {
        let text = format_args!(
            "cannot start: {error}; raise the limit of open files (ulimit -n) by {DESCRIPTORS}"
        );
        return Err(complain(exit::INTERNAL, &text));
    }
    // Writing beyond the largest size of a file (`ulimit -f`) then fails. Otherwise the signal would end
    // the process.
    let _ = signals::block(&[Signal::SIGXFSZ]);
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| complain(exit::INTERNAL, &format_args!("cannot start: {error}")))
}

/// Whether enough descriptors can be opened. Without them tokio would panic.
fn try_descriptors() -> io::Result<()> {
    let mut opened = Vec::new();
    for _ in 0..DESCRIPTORS {
        opened.push(File::open("/")?);
    }
    Ok(())
}
