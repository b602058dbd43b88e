//! Starts programs and waits for their end. `std::process::Command` could do it, too, but adds 20 KB to
//! the program on MIPS.

use std::ffi::{CString, OsString};
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::OsStringExt as _;

use nix::errno::Errno;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::edge::signals;

/// Which process group a program is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessGroup {
    /// That of this process, whose signals from the terminal reach the program, too.
    Shared,
    /// One of its own, which the program leads, so that it can be killed with all that it has started.
    Own,
}

/// A program to start.
#[derive(Clone, Debug)]
pub struct Program {
    /// The path of its file, then its arguments. Every user of the router can see them.
    pub words: Vec<OsString>,
    /// Its environment: `NAME=value`.
    pub environment: Vec<OsString>,
}

impl Program {
    /// Starts the program. `streams` become its standard input, output and error. If there are none, it
    /// has those of this process. In a group of its own, no signal is blocked in it.
    ///
    /// # Errors
    /// If it cannot be started, for example because there is no such file.
    pub fn start(self, streams: &[BorrowedFd<'_>], group: ProcessGroup) -> io::Result<Child> {
        let mut actions = PosixSpawnFileActions::init()?;
        for (number, stream) in (0..).zip(streams) {
            actions.add_dup2(stream.as_raw_fd(), number)?;
        }
        // This process ignores SIGPIPE, as every program in Rust does. Others expect to be ended by it.
        let mut defaults = SigSet::from(Signal::SIGPIPE);
        let mut flags = PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF;
        if group == ProcessGroup::Own {
            // The attributes have process group 0, so the kernel makes a new group, and an empty signal mask.
            flags |=
                PosixSpawnFlags::POSIX_SPAWN_SETPGROUP | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK;
            defaults.extend(signals::BLOCKED);
        }
        let mut attributes = PosixSpawnAttr::init()?;
        attributes.set_sigdefault(&defaults)?;
        attributes.set_flags(flags)?;
        let words = c_strings(self.words)?;
        let environment = c_strings(self.environment)?;
        let file = words.first().ok_or(Errno::ENOENT)?;
        let id = posix_spawn(file.as_c_str(), &actions, &attributes, &words, &environment)?;
        Ok(Child { id, exit: None })
    }
}

/// The environment of this process, for a program that is to have the same.
#[expect(clippy::disallowed_methods, reason = "the environment is passed on, not read")]
pub fn own_environment() -> Vec<OsString> {
    let mut all = Vec::new();
    for (mut entry, value) in std::env::vars_os() {
        entry.push("=");
        entry.push(value);
        all.push(entry);
    }
    all
}

fn c_strings(texts: Vec<OsString>) -> io::Result<Vec<CString>> {
    let mut strings = Vec::new();
    for text in texts {
        strings.push(CString::new(text.into_vec())?);
    }
    Ok(strings)
}

/// A program that was started. When it has ended, the kernel keeps its process id until
/// [`try_wait`](Child::try_wait) or [`wait`](Child::wait) has returned how it ended.
#[derive(Debug)]
pub struct Child {
    id: Pid,
    exit: Option<Exit>,
}

impl Child {
    /// Its process id.
    pub fn id(&self) -> Pid {
        self.id
    }

    /// How it ended; `None` if it is running.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn try_wait(&mut self) -> io::Result<Option<Exit>> {
        self.wait_with(WaitPidFlag::WNOHANG)
    }

    /// Waits until it has ended. Returns how.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn wait(&mut self) -> io::Result<Exit> {
        let exit = self.wait_with(WaitPidFlag::empty())?;
        Ok(exit.ok_or(Errno::ECHILD)?)
    }

    fn wait_with(&mut self, flags: WaitPidFlag) -> io::Result<Option<Exit>> {
        // Once the end is known, another process can have the id, and the kernel is not asked again.
        while self.exit.is_none() {
            match waitpid(self.id, Some(flags)) {
                Ok(WaitStatus::Exited(_, status)) => self.exit = Some(Exit::Status(status)),
                Ok(WaitStatus::Signaled(_, signal, _)) => {
                    self.exit = Some(Exit::Signal(Some(signal as i32)));
                }
                // nix knows no real-time signals.
                Err(Errno::EINVAL) => self.exit = Some(Exit::Signal(None)),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(None),
            }
        }
        Ok(self.exit)
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It returned this exit status.
    Status(i32),
    /// This signal killed it; `None` for a real-time signal.
    Signal(Option<i32>),
}

/// What follows the name of a program that failed.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "failed with exit status {status}"),
            Self::Signal(Some(signal)) => write!(f, "was killed by signal {signal}"),
            Self::Signal(None) => f.write_str("was killed by a real-time signal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Program {
        let words = ["/bin/sh", "-c", script].map(OsString::from);
        Program { words: words.into(), environment: own_environment() }
    }

    fn exit(script: &str) -> Exit {
        let mut child = sh(script).start(&[], ProcessGroup::Shared).unwrap();
        let exit = child.wait().unwrap();
        // The kernel has forgotten the process, but this is still known.
        assert_eq!(child.try_wait().unwrap(), Some(exit));
        exit
    }

    #[test]
    fn it_is_known_how_a_program_ended() {
        for (script, expected, text) in [
            ("exit 0", Exit::Status(0), "failed with exit status 0"),
            ("exit 255", Exit::Status(255), "failed with exit status 255"),
            ("kill -9 $$", Exit::Signal(Some(9)), "was killed by signal 9"),
            ("kill -40 $$", Exit::Signal(None), "was killed by a real-time signal"),
        ] {
            assert_eq!(exit(script), expected, "{script}");
            assert_eq!(expected.to_string(), text);
        }
    }

    #[test]
    fn a_program_has_the_environment_of_this_process_and_dies_of_sigpipe() {
        let ours = own_environment().into_iter().map(|entry| entry.into_string().unwrap());
        let path = ours.into_iter().find(|entry| entry.starts_with("PATH=")).unwrap();
        assert_eq!(exit(&format!("[ \"PATH=$PATH\" = '{path}' ]")), Exit::Status(0));
        assert_eq!(exit("kill -PIPE $$"), Exit::Signal(Some(Signal::SIGPIPE as i32)));
    }

    #[test]
    fn no_signal_is_blocked_in_a_program_that_leads_a_group() {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                signals::block(&signals::BLOCKED).unwrap();
                for signal in signals::BLOCKED {
                    let program = sh(&format!("kill -{} $$; exit 0", signal as i32));
                    let exit = program.start(&[], ProcessGroup::Own).unwrap().wait().unwrap();
                    assert_eq!(exit, Exit::Signal(Some(signal as i32)));
                }
            });
        });
    }

    #[test]
    fn a_running_program_has_not_ended_and_may_lead_a_group() {
        let mut child = sh("exec sleep 1000").start(&[], ProcessGroup::Own).unwrap();
        assert_eq!(child.try_wait().unwrap(), None);
        assert_eq!(nix::unistd::getpgid(Some(child.id())).unwrap(), child.id());
        nix::sys::signal::killpg(child.id(), Signal::SIGKILL).unwrap();
        assert_eq!(child.wait().unwrap(), Exit::Signal(Some(9)));
        let mut other = sh("exec sleep 1000").start(&[], ProcessGroup::Shared).unwrap();
        let ours = nix::unistd::getpgid(None).unwrap();
        assert_eq!(nix::unistd::getpgid(Some(other.id())).unwrap(), ours);
        nix::sys::signal::kill(other.id(), Signal::SIGKILL).unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn an_error_says_why_a_program_does_not_start() {
        for (word, kind) in [
            ("/no/such/program", io::ErrorKind::NotFound),
            ("/etc/passwd", io::ErrorKind::PermissionDenied),
            ("/bin/sh\0", io::ErrorKind::InvalidInput),
        ] {
            let program = Program { words: vec![word.into()], environment: vec![] };
            assert_eq!(program.start(&[], ProcessGroup::Own).unwrap_err().kind(), kind, "{word}");
        }
    }
}
