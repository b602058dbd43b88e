//! Runs the owner's programs. Each program leads a process group of its own and has a time limit. No
//! program outlives the daemon, even if the daemon is killed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::net::IpAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::edge::clock;
use crate::edge::spawn::{Child, Exit, ProcessGroup, Program};
use crate::model::secret::Secret;
use crate::provider::mask::mask;
use crate::time::Duration;

/// The shell that runs scripts.
pub const SHELL: &str = "/bin/sh";
/// The search path with which procd starts services.
const PATH: &str = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
/// Most bytes of standard error that are kept. The rest is read and dropped.
const ERRORS_LIMIT: usize = 4 * 1024;
/// How often the exit status is looked for while the output is open.
const TICK: Duration = Duration::from_millis(100);
/// How often the exit status is looked for after the output was closed, when it is expected soon.
const SHORT_TICK: Duration = Duration::from_millis(10);
/// How long to read output after the exit. What the program wrote before may still be in the pipes.
const GRACE: Duration = Duration::from_secs(2);
/// The command line of the guard of a process group. Its standard input is a pipe from the daemon. When
/// the daemon ends for any reason, the kernel closes the pipe, and the guard kills the group.
const GUARD: &str = "read -r end; kill -KILL \"-$1\"";

/// The program that `words` name, the path of its file first, with only `PATH` in its environment.
pub fn program(words: Vec<OsString>) -> Program {
    Program { words, environment: vec![PATH.into()] }
}

/// Why a program has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It ended by itself, or by a signal of another process.
    Exited(Exit),
    /// It was killed because it ran longer than this limit.
    OutOfTime(Duration),
    /// It was killed because the address that it publishes is gone: see [`cut`].
    AddressGone,
}

/// A program that has ended, together with all processes of its group.
#[derive(Debug)]
pub struct Ended {
    /// Why it ended.
    pub end: End,
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
    id: Pid,
    /// The address that the program publishes.
    address: Option<IpAddr>,
    /// Whether it was killed by [`cut`].
    cut: bool,
    /// Kills the group when the daemon ends. If there is no memory for it, the program runs without a guard.
    guard: Option<Guard>,
}

impl Group {
    fn new(id: Pid, address: Option<IpAddr>) -> Self {
        Self { id, address, cut: false, guard: Guard::start(id).ok() }
    }

    /// Kills the guard, then all processes of the group.
    fn end(&mut self) {
        // In the other order, the guard could kill a new group with the same id.
        if let Some(mut guard) = self.guard.take() {
            kill(guard.shell.id());
            let _ = guard.shell.wait();
        }
        kill(self.id);
    }
}

/// A shell that runs [`GUARD`].
struct Guard {
    shell: Child,
    /// The shell waits for the end of this pipe.
    _pipe: PipeWriter,
}

impl Guard {
    fn start(group: Pid) -> io::Result<Self> {
        let words = [SHELL, "-c", GUARD, "guard"].map(OsString::from);
        let mut guard = program(words.into());
        guard.words.push(group.to_string().into());
        let (input, pipe) = io::pipe()?;
        let null = null()?;
        let streams = [input.as_fd(), null.as_fd(), null.as_fd()];
        let shell = guard.start(&streams, ProcessGroup::Own)?;
        Ok(Self { shell, _pipe: pipe })
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

fn kill(group: Pid) {
    // All processes of the group may have ended already.
    let _ = killpg(group, Signal::SIGKILL);
}

/// `/dev/null`, for reading and writing.
fn null() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/null")
}

/// A running program. Its process group is killed when this is dropped.
pub struct Running {
    child: Child,
    /// Standard output; `None` once it is closed.
    output: Option<PipeReader>,
    /// Standard error; `None` once it is closed.
    errors: Option<PipeReader>,
}

impl Running {
    /// Starts a program in a process group of its own, and writes `input` to its standard input, which
    /// is empty otherwise. `address` is the address that the program publishes, if it publishes one.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(
        program: Program,
        address: Option<IpAddr>,
        input: Option<&Secret>,
    ) -> io::Result<Self> {
        let Some(input) = input else {
            return Self::with_input(program, address, null()?.into());
        };
        let (theirs, mut ours) = io::pipe()?;
        let running = Self::with_input(program, address, theirs.into())?;
        // The program may end without reading it.
        let _ = ours.write_all(input.expose().as_bytes());
        Ok(running)
    }

    /// Starts a program whose standard input is `input`. This process keeps no copy of `input`, so that
    /// writing to a pipe fails once the program has ended.
    fn with_input(program: Program, address: Option<IpAddr>, input: OwnedFd) -> io::Result<Self> {
        let (output, their_output) = pipe()?;
        let (errors, their_errors) = pipe()?;
        // Locked until the group is in the list, so that `kill_all` misses none.
        let mut groups = groups();
        if groups.closed {
            return Err(io::Error::other("the daemon is ending"));
        }
        let streams = [input.as_fd(), their_output.as_fd(), their_errors.as_fd()];
        let child = program.start(&streams, ProcessGroup::Own)?;
        groups.running.push(Group::new(child.id(), address));
        Ok(Self { child, output: Some(output), errors: Some(errors) })
    }

    /// Waits until the program has ended, and kills it after `limit`. `on_output` gets its standard output.
    /// When the program ends, the rest of its group is killed. A process that is left could hold the pipe
    /// open, and the output would have no end.
    ///
    /// # Errors
    /// If the exit status cannot be read.
    pub fn wait(mut self, limit: Duration, on_output: &mut dyn FnMut(&[u8])) -> io::Result<Ended> {
        let deadline = clock::uptime().saturating_add(limit);
        let mut errors = Vec::new();
        // Before pidfd_open (Linux 5.3) no descriptor tells of the end of a process, so it is looked for.
        let end = loop {
            if let Some(end) = self.reap()? {
                break end;
            }
            let left = deadline.saturating_sub(clock::uptime());
            if left.is_zero() {
                self.end();
                break End::OutOfTime(limit);
            }
            if self.has_output() {
                self.read_output(left, on_output, &mut errors);
            } else {
                thread::sleep(left.min(SHORT_TICK).into());
            }
        };
        let deadline = clock::uptime().saturating_add(GRACE);
        while self.has_output() && clock::uptime() < deadline {
            self.read_output(GRACE, on_output, &mut errors);
        }
        Ok(Ended { end, errors })
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
        let mut polled = Vec::new();
        if let Some(output) = &self.output {
            polled.push(PollFd::new(output.as_fd(), PollFlags::POLLIN));
        }
        if let Some(errors) = &self.errors {
            polled.push(PollFd::new(errors.as_fd(), PollFlags::POLLIN));
        }
        let limit = PollTimeout::try_from(std::time::Duration::from(limit.min(TICK)))
            .unwrap_or(PollTimeout::ZERO);
        // If poll fails, the reads below return what there is.
        let _ = poll(&mut polled, limit);
        read_pipe(&mut self.output, on_output);
        read_pipe(&mut self.errors, &mut |bytes| {
            let room = ERRORS_LIMIT.saturating_sub(errors.len());
            errors.extend(bytes.iter().take(room));
        });
    }

    /// Why the program ended, if it has. Then the rest of its group is killed.
    fn reap(&mut self) -> io::Result<Option<End>> {
        let mut groups = groups();
        let Some(exit) = self.child.try_wait()? else { return Ok(None) };
        let was_cut = end_group(&self.child, &mut groups);
        // A program that was cut may have returned an exit status just before.
        let was_killed = was_cut && matches!(exit, Exit::Signal(_));
        Ok(Some(if was_killed { End::AddressGone } else { End::Exited(exit) }))
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

/// A pipe whose reading end does not block.
fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((reader, writer))
}

/// Reads once from a pipe, and drops the pipe at its end.
fn read_pipe(pipe: &mut Option<PipeReader>, on_bytes: &mut dyn FnMut(&[u8])) {
    let Some(reader) = pipe else {
        return;
    };
    let mut buffer = [0; 4096];
    match reader.read(&mut buffer) {
        Ok(count) if count > 0 => on_bytes(buffer.get(..count).unwrap_or_default()),
        Err(error)
            if [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted].contains(&error.kind()) => {}
        Ok(_) | Err(_) => *pipe = None,
    }
}

/// Kills the group that `child` leads, and removes it from the list. Returns whether it was killed by
/// [`cut`] before. The caller must hold the lock since before it waited for the child.
// From the wait on, the kernel may give the group's id to another process, which [`cut`] or [`kill_all`] would kill.
fn end_group(child: &Child, groups: &mut Groups) -> bool {
    let Some(index) = groups.running.iter().position(|group| group.id == child.id()) else {
        return false;
    };
    let mut group = groups.running.swap_remove(index);
    group.end();
    group.cut
}
