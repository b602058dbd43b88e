//! The owner's programs under way: each leads a process group of its own, has a time limit, and
//! none outlives the daemon.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::clock;
use crate::provider::mask::mask;
use crate::secret::Secret;

/// The shell.
pub const SHELL: &str = "/bin/sh";
/// What procd starts services with.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// Most bytes of error output that are kept; the rest is read and dropped.
const ERRORS_LIMIT: usize = 4 * 1024;
/// How often an exit is looked for while the output is still open.
const TICK: Duration = Duration::from_millis(100);
/// Time for what was written before the end to arrive.
const GRACE: Duration = Duration::from_secs(2);
/// Pieces of output that wait to be heard; a program that writes faster is slowed down.
const PIECES: usize = 8;
const STACK: usize = 64 * 1024;

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
}

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills every program under way with all it has started, and lets no other start. For the end of
/// the daemon: the threads that wait for programs are not waited for.
pub fn kill_all() {
    let mut groups = groups();
    groups.closed = true;
    groups.running.iter().for_each(|group| kill(group.number));
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

enum Part {
    Output(Vec<u8>),
    Errors(Vec<u8>),
}

/// A program under way. Whatever happens, its process group does not outlive this.
pub struct Running {
    child: Child,
    parts: Receiver<Part>,
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
        let child = command.spawn()?;
        let number = number(&child);
        groups.running.extend(number.map(|number| Group { number, address, cut: false }));
        drop(groups);
        let mut running = Self::new(child);
        if let (Some(mut stdin), Some(input)) = (running.child.stdin.take(), input) {
            // It may end without reading.
            let _ = stdin.write_all(input.expose().as_bytes());
        }
        Ok(running)
    }

    fn new(mut child: Child) -> Self {
        let (sender, parts) = mpsc::sync_channel(PIECES);
        if let Some(stdout) = child.stdout.take() {
            collect(OwnedFd::from(stdout).into(), usize::MAX, sender.clone(), Part::Output);
        }
        if let Some(stderr) = child.stderr.take() {
            collect(OwnedFd::from(stderr).into(), ERRORS_LIMIT, sender, Part::Errors);
        }
        Self { child, parts, cut: false }
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
            match self.parts.recv_timeout(left.min(TICK)) {
                Ok(Part::Output(bytes)) => heard(&bytes),
                Ok(Part::Errors(bytes)) => errors.extend(bytes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if ended.is_some() => break,
                // Both pipes have ended, the exit follows; or a reader could not be started.
                Err(RecvTimeoutError::Disconnected) => thread::sleep(left.min(TICK / 10)),
            }
        }
        Ok(Ended { status: ended.flatten(), cut: self.cut, errors })
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

/// Kills the group that `child` leads; whether that was cut before. The number may be another's once
/// the child has been waited for and the lock is free.
fn forget(child: &Child, groups: &mut Groups) -> bool {
    let is_it = |group: &Group| number(child) == Some(group.number);
    let Some(at) = groups.running.iter().position(is_it) else {
        return false;
    };
    let group = groups.running.swap_remove(at);
    kill(group.number);
    group.cut
}

/// The process group that `child` leads. Process ids are positive numbers of 31 bits.
fn number(child: &Child) -> Option<i32> {
    i32::try_from(child.id()).ok()
}

/// Reads `pipe` to its end in a thread of its own, keeping the beginning.
fn collect(mut pipe: File, limit: usize, sender: SyncSender<Part>, part: fn(Vec<u8>) -> Part) {
    let read = move || {
        let mut buffer = [0; 4096];
        let mut kept = 0;
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) if kept < limit => {
                    kept += count;
                    let piece = buffer.get(..count).unwrap_or_default();
                    if sender.send(part(piece.to_vec())).is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    };
    // Without the thread the sender is dropped and the part counts as empty.
    let _ = thread::Builder::new().stack_size(STACK).spawn(read);
}
