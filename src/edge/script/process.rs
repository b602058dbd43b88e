//! The owner's programs under way: each leads a process group of its own, has a time limit, and
//! none outlives the daemon, not even one that is killed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::IpAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::edge::clock;
use crate::model::secret::Secret;
use crate::provider::mask::mask;

/// The shell.
pub const SHELL: &str = "/bin/sh";
/// What procd starts services with.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// Most bytes of error output that are kept; the rest is read and dropped.
const ERRORS_LIMIT: usize = 4 * 1024;
/// How often, in milliseconds, an exit is looked for while the output is still open.
const TICK: u16 = 100;
/// The same when the output has ended, and the exit is to follow.
const SHORT_TICK: Duration = Duration::from_millis(10);
/// Time for what was written before the end to arrive.
const GRACE: Duration = Duration::from_secs(2);
/// The guard of a process group, for the shell: its input ends when the daemon does, however that
/// ends, and then it kills the group.
const GUARD: &str = "read -r end; kill -KILL \"-$1\"";

/// `program` with an environment that holds nothing but `PATH`, its output to be heard.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", PATH)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}

/// A program that has ended, with everything it started.
#[derive(Debug)]
pub struct Ended {
    /// `None` if it was killed because its time was over.
    pub status: Option<ExitStatus>,
    /// Whether it was killed because the address it worked for is gone: see [`cut`].
    pub cut: bool,
    errors: Vec<u8>,
}

impl Ended {
    /// The first line of its error output, if any, fit for a log.
    pub fn complaint(&self, secrets: &[Secret]) -> Option<String> {
        let errors = String::from_utf8_lossy(&self.errors);
        let line = errors.lines().map(str::trim).find(|line| !line.is_empty())?;
        Some(mask(line, secrets))
    }
}

/// The process groups under way. A group that is in here has not been waited for, so its number
/// belongs to nobody else.
static GROUPS: Mutex<Groups> = Mutex::new(Groups { running: Vec::new(), closed: false });

struct Groups {
    running: Vec<Group>,
    /// Set by [`kill_all`]: what starts now would outlive us.
    closed: bool,
}

struct Group {
    number: i32,
    /// The address that it publishes.
    address: Option<IpAddr>,
    cut: bool,
    /// A shell that runs [`GUARD`]. Where there is no memory for it, the program runs without.
    guard: Option<Child>,
}

impl Group {
    fn new(number: i32, address: Option<IpAddr>) -> Self {
        let mut guard = command(SHELL);
        guard.args(["-c", GUARD, "guard"]).arg(number.to_string());
        guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { number, address, cut: false, guard: guard.spawn().ok() }
    }

    /// Kills what is left of the group, and its guard first: the number of a group that is gone may
    /// become another's.
    fn end(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            let _ = guard.kill();
            let _ = guard.wait();
        }
        kill(self.number);
    }
}

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills every program under way with all it has started, and lets no other start. For the end of
/// the daemon: the threads that wait for programs are not waited for.
pub fn kill_all() {
    let mut groups = groups();
    groups.closed = true;
    groups.running.iter_mut().for_each(Group::end);
}

/// Kills the programs that publish `address`, which is gone: they may hang on connections that can
/// get no answer any more, and the address that came in its place waits for them.
pub fn cut(address: IpAddr) {
    for group in &mut groups().running {
        if group.address == Some(address) {
            group.cut = true;
            kill(group.number);
        }
    }
}

fn kill(group: i32) {
    // It may be gone already.
    let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
}

/// A program under way. Whatever happens, its process group does not outlive this.
pub struct Running {
    child: Child,
    /// What it writes; `None` once that has ended.
    output: Option<File>,
    errors: Option<File>,
    cut: bool,
}

impl Running {
    /// Starts a [`command`], which publishes `address` if it does, and gives it `input`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(
        command: &mut Command,
        address: Option<IpAddr>,
        input: Option<&Secret>,
    ) -> io::Result<Self> {
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        // Held until the group is known, so that `kill_all` misses none.
        let mut groups = groups();
        if groups.closed {
            return Err(io::Error::other("the daemon is ending"));
        }
        let mut child = command.spawn()?;
        groups.running.extend(number(&child).map(|number| Group::new(number, address)));
        drop(groups);
        let output = child.stdout.take().map(OwnedFd::from);
        let errors = child.stderr.take().map(OwnedFd::from);
        let mut running = Self { child, output: None, errors: None, cut: false };
        running.output = output.map(unblocked).transpose()?;
        running.errors = errors.map(unblocked).transpose()?;
        if let (Some(mut stdin), Some(input)) = (running.child.stdin.take(), input) {
            // It may end without reading.
            let _ = stdin.write_all(input.expose().as_bytes());
        }
        Ok(running)
    }

    /// Waits for the end, `limit` at most, while `heard` gets standard output as it comes. What the
    /// program leaves running is killed, because there is no other way to know that the output is
    /// whole.
    ///
    /// # Errors
    /// If the system does not say what became of it.
    pub fn wait(mut self, limit: Duration, heard: &mut dyn FnMut(&[u8])) -> io::Result<Ended> {
        let mut end = clock::uptime().saturating_add(limit);
        let mut errors = Vec::new();
        let mut ended: Option<Option<ExitStatus>> = None;
        loop {
            let now = clock::uptime();
            let left = end.saturating_sub(now);
            if ended.is_none() {
                ended = match self.reap()? {
                    None if left.is_zero() => {
                        self.end();
                        Some(None)
                    }
                    None => None,
                    status => Some(status),
                };
                if ended.is_some() {
                    end = now.saturating_add(GRACE);
                    continue;
                }
            } else if left.is_zero() {
                break;
            }
            if self.output.is_some() || self.errors.is_some() {
                self.listen(left, heard, &mut errors);
            } else if ended.is_some() {
                break;
            } else {
                thread::sleep(left.min(SHORT_TICK));
            }
        }
        Ok(Ended { status: ended.flatten(), cut: self.cut, errors })
    }

    /// Hears what the program writes within a [`TICK`], or `limit` if that is shorter.
    fn listen(&mut self, limit: Duration, heard: &mut dyn FnMut(&[u8]), errors: &mut Vec<u8>) {
        let pipes = [&self.output, &self.errors].into_iter().flatten();
        let mut wanted: Vec<_> =
            pipes.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)).collect();
        let limit = u16::try_from(limit.as_millis()).unwrap_or(TICK).min(TICK);
        // What went wrong shows itself when it is read.
        let _ = poll(&mut wanted, PollTimeout::from(limit));
        hear(&mut self.output, heard);
        hear(&mut self.errors, &mut |piece| {
            let room = ERRORS_LIMIT.saturating_sub(errors.len());
            errors.extend(piece.iter().take(room));
        });
    }

    /// The exit, if it has come. Then what is left of the group is killed and forgotten.
    fn reap(&mut self) -> io::Result<Option<ExitStatus>> {
        let mut groups = groups();
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.cut = forget(&self.child, &mut groups);
        }
        Ok(status)
    }

    /// Ends it.
    fn end(&mut self) {
        let mut groups = groups();
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            forget(&self.child, &mut groups);
            drop(groups);
            let _ = self.child.wait();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// The reading end of a pipe, which from now on says that there is nothing instead of waiting.
fn unblocked(pipe: OwnedFd) -> io::Result<File> {
    fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(pipe.into())
}

/// Reads what there is, a few kilobytes at most.
fn hear(pipe: &mut Option<File>, heard: &mut dyn FnMut(&[u8])) {
    let Some(file) = pipe else {
        return;
    };
    let mut buffer = [0; 4096];
    match file.read(&mut buffer) {
        Ok(count) if count > 0 => heard(buffer.get(..count).unwrap_or_default()),
        Err(error)
            if [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted].contains(&error.kind()) => {}
        Ok(_) | Err(_) => *pipe = None,
    }
}

/// Kills the group that `child` leads; whether that was cut before. The number may be another's once
/// the child has been waited for and the lock is free.
fn forget(child: &Child, groups: &mut Groups) -> bool {
    let is_it = |group: &Group| number(child) == Some(group.number);
    let Some(at) = groups.running.iter().position(is_it) else {
        return false;
    };
    let mut group = groups.running.swap_remove(at);
    group.end();
    group.cut
}

/// The process group that `child` leads. Process ids are positive numbers of 31 bits.
fn number(child: &Child) -> Option<i32> {
    i32::try_from(child.id()).ok()
}
