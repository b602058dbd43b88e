//! Runs the owner's programs. Each program leads a process group of its own and has a time limit. No
//! program outlives the daemon, even if the daemon is killed.

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

/// The shell that runs scripts.
pub const SHELL: &str = "/bin/sh";
/// The search path with which procd starts services.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// Most bytes of standard error that are kept. The rest is read and dropped.
const ERRORS_LIMIT: usize = 4 * 1024;
/// How often, in milliseconds, the exit status is looked for while the output is open.
const TICK: u16 = 100;
/// How often the exit status is looked for after the output was closed, when it is expected soon.
const SHORT_TICK: Duration = Duration::from_millis(10);
/// How long to read output after the exit. What the program wrote before may still be in the pipes.
const GRACE: Duration = Duration::from_secs(2);
/// The command line of the guard of a process group. Its standard input is a pipe from the daemon. When
/// the daemon ends for any reason, the kernel closes the pipe, and the guard kills the group.
const GUARD: &str = "read -r end; kill -KILL \"-$1\"";

/// A command that runs `program` in a process group of its own, with only `PATH` in its environment and
/// with its output in pipes.
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

/// A program that has ended, together with all processes of its group.
#[derive(Debug)]
pub struct Ended {
    /// The exit status; `None` if the program was killed because its time was over.
    pub status: Option<ExitStatus>,
    /// Whether it was killed because the address that it publishes is gone: see [`cut`].
    pub cut: bool,
    /// The beginning of its standard error.
    errors: Vec<u8>,
}

impl Ended {
    /// The first line of its standard error that is not empty, without `secrets`.
    pub fn complaint(&self, secrets: &[Secret]) -> Option<String> {
        let errors = String::from_utf8_lossy(&self.errors);
        let line = errors.lines().map(str::trim).find(|line| !line.is_empty())?;
        Some(mask(line, secrets))
    }
}

/// The running process groups. The leader of a group in this list has not been waited for, so the
/// kernel cannot give its process id to another process.
static GROUPS: Mutex<Groups> = Mutex::new(Groups { running: Vec::new(), closed: false });

struct Groups {
    running: Vec<Group>,
    /// Set by [`kill_all`]: a program that started now would outlive the daemon.
    closed: bool,
}

struct Group {
    /// The process group id, which is the process id of its leader.
    id: i32,
    /// The address that the program publishes.
    address: Option<IpAddr>,
    /// Whether it was killed by [`cut`].
    cut: bool,
    /// A shell that runs [`GUARD`]. If there is no memory for it, the program runs without a guard.
    guard: Option<Child>,
}

impl Group {
    fn new(id: i32, address: Option<IpAddr>) -> Self {
        let mut guard = command(SHELL);
        guard.args(["-c", GUARD, "guard"]).arg(id.to_string());
        guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { id, address, cut: false, guard: guard.spawn().ok() }
    }

    /// Kills the guard, then all processes of the group. In the other order, the guard could kill
    /// a new group with the same id.
    fn end(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            let _ = guard.kill();
            let _ = guard.wait();
        }
        kill(self.id);
    }
}

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills all running programs with the processes they have started, and lets no other program start.
/// For the end of the daemon, which does not wait for its threads.
pub fn kill_all() {
    let mut groups = groups();
    groups.closed = true;
    groups.running.iter_mut().for_each(Group::end);
}

/// Kills the programs that publish `address`, which is gone. Their connections come from that address
/// and get no answers any more, and the update of the new address waits for them.
pub fn cut(address: IpAddr) {
    for group in &mut groups().running {
        if group.address == Some(address) {
            group.cut = true;
            kill(group.id);
        }
    }
}

fn kill(group: i32) {
    // All processes of the group may have ended already.
    let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
}

/// A running program. Its process group is killed when this is dropped.
pub struct Running {
    child: Child,
    /// Standard output; `None` once it is closed.
    output: Option<File>,
    /// Standard error; `None` once it is closed.
    errors: Option<File>,
    /// Whether it was killed by [`cut`].
    cut: bool,
}

impl Running {
    /// Starts a [`command`] and writes `input` to its standard input. `address` is the address that the
    /// program publishes, if it publishes one.
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
        // Locked until the group is in the list, so that `kill_all` misses none.
        let mut groups = groups();
        if groups.closed {
            return Err(io::Error::other("the daemon is ending"));
        }
        let mut child = command.spawn()?;
        if let Some(id) = group_id(&child) {
            groups.running.push(Group::new(id, address));
        }
        drop(groups);
        let output = child.stdout.take().map(OwnedFd::from);
        let errors = child.stderr.take().map(OwnedFd::from);
        let mut running = Self { child, output: None, errors: None, cut: false };
        running.output = output.map(nonblocking).transpose()?;
        running.errors = errors.map(nonblocking).transpose()?;
        if let (Some(mut stdin), Some(input)) = (running.child.stdin.take(), input) {
            // The program may end without reading it.
            let _ = stdin.write_all(input.expose().as_bytes());
        }
        Ok(running)
    }

    /// Waits until the program has ended, and kills it after `limit`. `on_output` gets its standard
    /// output. Processes that the program has left running are killed, because they may write more:
    /// otherwise the end of the output could not be known.
    ///
    /// # Errors
    /// If the exit status cannot be read.
    pub fn wait(mut self, limit: Duration, on_output: &mut dyn FnMut(&[u8])) -> io::Result<Ended> {
        let deadline = clock::uptime().saturating_add(limit);
        let mut errors = Vec::new();
        let status = loop {
            if let Some(status) = self.reap()? {
                break Some(status);
            }
            let left = deadline.saturating_sub(clock::uptime());
            if left.is_zero() {
                self.end();
                break None;
            }
            if self.has_output() {
                self.read_output(left, on_output, &mut errors);
            } else {
                thread::sleep(left.min(SHORT_TICK));
            }
        };
        let deadline = clock::uptime().saturating_add(GRACE);
        while self.has_output() && clock::uptime() < deadline {
            self.read_output(GRACE, on_output, &mut errors);
        }
        Ok(Ended { status, cut: self.cut, errors })
    }

    /// Whether a pipe is open that may bring output.
    fn has_output(&self) -> bool {
        self.output.is_some() || self.errors.is_some()
    }

    /// Reads what the program writes within a [`TICK`], or within `limit` if that is shorter.
    fn read_output(
        &mut self,
        limit: Duration,
        on_output: &mut dyn FnMut(&[u8]),
        errors: &mut Vec<u8>,
    ) {
        let pipes = [&self.output, &self.errors].into_iter().flatten();
        let mut polled: Vec<_> =
            pipes.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)).collect();
        let limit = u16::try_from(limit.as_millis()).unwrap_or(TICK).min(TICK);
        // If poll fails, the reads below return what there is.
        let _ = poll(&mut polled, PollTimeout::from(limit));
        read_pipe(&mut self.output, on_output);
        read_pipe(&mut self.errors, &mut |bytes| {
            let room = ERRORS_LIMIT.saturating_sub(errors.len());
            errors.extend(bytes.iter().take(room));
        });
    }

    /// The exit status, if the program has ended. Then the rest of its group is killed.
    fn reap(&mut self) -> io::Result<Option<ExitStatus>> {
        let mut groups = groups();
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.cut = end_group(&self.child, &mut groups);
        }
        Ok(status)
    }

    /// Kills the program and its group, unless it has been waited for already.
    fn end(&mut self) {
        let mut groups = groups();
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            end_group(&self.child, &mut groups);
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

/// The reading end of a pipe, in non-blocking mode.
fn nonblocking(pipe: OwnedFd) -> io::Result<File> {
    fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(pipe.into())
}

/// Reads once from a pipe, and drops the pipe at its end.
fn read_pipe(pipe: &mut Option<File>, on_bytes: &mut dyn FnMut(&[u8])) {
    let Some(file) = pipe else {
        return;
    };
    let mut buffer = [0; 4096];
    match file.read(&mut buffer) {
        Ok(count) if count > 0 => on_bytes(buffer.get(..count).unwrap_or_default()),
        Err(error)
            if [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted].contains(&error.kind()) => {}
        Ok(_) | Err(_) => *pipe = None,
    }
}

/// Kills the group that `child` leads, and removes it from the list. Returns whether it was killed by
/// [`cut`] before. The caller must hold the lock since before it waited for the child, because from
/// then on the kernel may give the group's id to another process.
fn end_group(child: &Child, groups: &mut Groups) -> bool {
    let id = group_id(child);
    let Some(index) = groups.running.iter().position(|group| Some(group.id) == id) else {
        return false;
    };
    let mut group = groups.running.swap_remove(index);
    group.end();
    group.cut
}

/// The id of the process group that `child` leads. Process ids fit into 31 bits.
fn group_id(child: &Child) -> Option<i32> {
    i32::try_from(child.id()).ok()
}
