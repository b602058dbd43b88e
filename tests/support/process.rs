//! A child process that is killed with its handle, and whose output a test can wait for.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Lines of one or several outputs, in the order in which they were read.
#[derive(Clone, Default)]
pub struct Lines {
    inner: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Lines {
    pub fn push(&self, line: String) {
        self.inner.0.lock().unwrap().push(line);
        self.inner.1.notify_all();
    }

    /// Adds the lines of `from` until its end, on a thread of its own.
    pub fn follow(&self, from: impl Read + Send + 'static) {
        let lines = self.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(from);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                lines.push(String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
        });
    }

    pub fn all(&self) -> Vec<String> {
        self.inner.0.lock().unwrap().clone()
    }

    pub fn len(&self) -> usize {
        self.inner.0.lock().unwrap().len()
    }

    /// Waits for a line that `wanted` accepts; returns the first one, old or new.
    pub fn wait_line(&self, timeout: Duration, wanted: impl Fn(&str) -> bool) -> String {
        self.wait_line_from(0, timeout, wanted)
    }

    /// Waits for a line that `wanted` accepts among those after the first `skip`.
    pub fn wait_line_from(
        &self,
        skip: usize,
        timeout: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> String {
        let end = Instant::now() + timeout;
        let mut lines = self.inner.0.lock().unwrap();
        loop {
            if let Some(line) = lines.iter().skip(skip).find(|l| wanted(l)) {
                return line.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            let seen = lines.join("\n");
            assert!(!left.is_zero(), "no such line in {timeout:?}; seen:\n{seen}");
            lines = self.inner.1.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Waits until there are more than `seen` lines, at most for `pause`.
    pub fn wait_more(&self, seen: usize, pause: Duration) {
        let lines = self.inner.0.lock().unwrap();
        let _ = self.inner.1.wait_timeout_while(lines, pause, |l| l.len() <= seen).unwrap();
    }
}

/// A running child; killed when dropped.
pub struct Process {
    child: Child,
    name: String,
    pub lines: Lines,
}

impl Process {
    /// Starts `command`; its standard output and error are in `lines`.
    pub fn start(command: &mut Command) -> Self {
        Self::start_into(command, Lines::default())
    }

    /// Starts `command`; its standard output and error are added to `lines`.
    pub fn start_into(command: &mut Command, lines: Lines) -> Self {
        let name = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        lines.follow(child.stdout.take().unwrap());
        lines.follow(child.stderr.take().unwrap());
        Self { child, name, lines }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, signal).unwrap_or_else(|e| panic!("{}: {e}", self.name));
    }

    /// Waits until the process ends; panics after `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> ExitStatus {
        let end = Instant::now() + timeout;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            let seen = self.lines.all().join("\n");
            let name = &self.name;
            assert!(Instant::now() < end, "{name} has not ended:\n{seen}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Tests `condition` every 5 ms until it is true: for conditions that no event reports.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < end, "not in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs `command` to its end and returns its standard output; panics with its standard error if it
/// fails.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
