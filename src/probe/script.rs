//! `ip_script`: a program whose output is the address. Run without a shell.

use std::io::{self, Read};
use std::net::IpAddr;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::find_address;
use crate::clock;
use crate::config::Family;
use crate::provider::mask::mask;
use crate::sorted::Set;

/// Time for the script and everything it starts.
pub const SCRIPT_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of output that are kept; the rest is read and dropped.
const OUTPUT_LIMIT: u64 = 64 * 1024;
/// How often an exit is looked for while the output is still open.
const TICK: Duration = Duration::from_millis(100);
/// What procd starts services with.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
const STACK: usize = 64 * 1024;

/// The address that `argv` prints. The family is in the environment as `DDNS_FAMILY`, 4 or 6.
///
/// # Errors
/// A sentence that says why there is none: it does not start, fails, prints something else, or
/// takes longer than `limit`.
pub fn run(argv: &[String], family: Family, limit: Duration) -> Result<IpAddr, String> {
    let (program, arguments) = argv.split_first().ok_or("no script")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("DDNS_FAMILY", if family == Family::V4 { "4" } else { "6" })
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let running =
        Running::start(&mut command).map_err(|error| format!("cannot run {program}: {error}"))?;
    let ended = running.wait(limit)?;
    if !ended.status.success() {
        return Err(format!("{program} {}{}", fate(ended.status), ended.complaint()));
    }
    find_address(&String::from_utf8_lossy(&ended.output), family)
        .map_err(|why| format!("{program}: {why}"))
}

fn fate(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("failed with exit status {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "failed".into(),
    }
}

/// A script that has ended.
struct Ended {
    status: ExitStatus,
    output: Vec<u8>,
    errors: Vec<u8>,
}

impl Ended {
    /// The first line of its error output, if any.
    fn complaint(&self) -> String {
        let errors = String::from_utf8_lossy(&self.errors);
        let line = errors.lines().map(str::trim).find(|line| !line.is_empty());
        line.map_or(String::new(), |line| format!(": {}", mask(line, &[])))
    }
}

enum Part {
    Output(Vec<u8>),
    Errors(Vec<u8>),
}

/// The process groups of the scripts under way. A group that is in here has not been waited for, so
/// its number belongs to nobody else.
static GROUPS: Mutex<Groups> = Mutex::new(Groups { running: Set::new(), closed: false });

struct Groups {
    running: Set<i32>,
    /// Set by [`kill_all`]: what starts now would outlive us.
    closed: bool,
}

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills every script under way with all it has started, and lets no other start. For the end of the
/// program: the threads that wait for scripts are not waited for.
pub fn kill_all() {
    let mut groups = groups();
    groups.closed = true;
    groups.running.iter().for_each(|&group| kill(group));
}

fn kill(group: i32) {
    // It may be gone already.
    let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
}

/// A script under way. Whatever happens, its process group does not outlive this.
struct Running {
    child: Child,
    parts: Receiver<Part>,
}

impl Running {
    /// Starts `command`, which is to have a process group of its own.
    fn start(command: &mut Command) -> io::Result<Self> {
        // Held until the group is known, so that `kill_all` misses none.
        let mut groups = groups();
        if groups.closed {
            return Err(io::Error::other("the daemon is ending"));
        }
        let child = command.spawn()?;
        groups.running.extend(group(&child));
        drop(groups);
        Ok(Self::new(child))
    }

    fn new(mut child: Child) -> Self {
        let (sender, parts) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            collect(stdout, sender.clone(), Part::Output);
        }
        if let Some(stderr) = child.stderr.take() {
            collect(stderr, sender, Part::Errors);
        }
        Self { child, parts }
    }

    /// Waits for the exit and for the end of the output. What the script leaves running keeps the
    /// output open; it is killed, because there is no other way to know that the output is whole.
    fn wait(mut self, limit: Duration) -> Result<Ended, String> {
        let end = clock::now().up.saturating_add(limit);
        let (mut output, mut errors) = (None, None);
        let mut status = None;
        loop {
            if status.is_none() {
                status = self.reap().map_err(|error| error.to_string())?;
            }
            if let (Some(status), Some(output), Some(errors)) = (status, &mut output, &mut errors) {
                return Ok(Ended {
                    status,
                    output: std::mem::take(output),
                    errors: std::mem::take(errors),
                });
            }
            let left = end.saturating_sub(clock::now().up);
            if left.is_zero() {
                return Err(format!("the script did not end within {} s", limit.as_secs()));
            }
            match self.parts.recv_timeout(left.min(TICK)) {
                Ok(Part::Output(bytes)) => output = Some(bytes),
                Ok(Part::Errors(bytes)) => errors = Some(bytes),
                Err(RecvTimeoutError::Timeout) => {}
                // Both pipes have ended, the exit follows; or a reader could not be started.
                Err(RecvTimeoutError::Disconnected) => {
                    output.get_or_insert_default();
                    errors.get_or_insert_default();
                    if status.is_none() {
                        thread::sleep(left.min(TICK / 10));
                    }
                }
            }
        }
    }

    /// The exit, if it has come. Then what is left of the group is killed and forgotten.
    fn reap(&mut self) -> io::Result<Option<ExitStatus>> {
        let mut groups = groups();
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.forget(&mut groups);
        }
        Ok(status)
    }

    /// Kills the group. Its number may be another's once the child has been waited for.
    fn forget(&self, groups: &mut Groups) {
        if let Some(group) = group(&self.child) {
            kill(group);
            groups.running.remove(&group);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut groups = groups();
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.forget(&mut groups);
            drop(groups);
            let _ = self.child.wait();
        }
    }
}

/// The process group that `child` leads. Process ids are positive numbers of 31 bits.
fn group(child: &Child) -> Option<i32> {
    i32::try_from(child.id()).ok()
}

/// Reads `pipe` to its end in a thread of its own, keeping the beginning.
fn collect(pipe: impl Read + Send + 'static, sender: Sender<Part>, part: fn(Vec<u8>) -> Part) {
    let read = move || {
        let mut bytes = Vec::new();
        let mut pipe = pipe;
        let _ = pipe.by_ref().take(OUTPUT_LIMIT).read_to_end(&mut bytes);
        let _ = io::copy(&mut pipe, &mut io::sink());
        let _ = sender.send(part(bytes));
    };
    // Without the thread the sender is dropped and the part counts as empty.
    let _ = thread::Builder::new().stack_size(STACK).spawn(read);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn sh(script: &str, limit: Duration) -> Result<IpAddr, String> {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned);
        run(&argv, Family::V4, limit)
    }

    #[test]
    fn the_output_is_the_address() {
        let address = "192.0.2.1".parse().unwrap();
        assert_eq!(sh("echo 192.0.2.1", LONG), Ok(address));
        assert_eq!(sh("echo; echo 'ip: 192.0.2.1'", LONG), Ok(address));
        assert_eq!(sh("echo noise >&2; echo 192.0.2.1", LONG), Ok(address));
        assert_eq!(sh("[ \"$DDNS_FAMILY\" = 4 ] && echo 192.0.2.1", LONG), Ok(address));
        assert_eq!(sh("read x; echo 192.0.2.1", LONG), Ok(address));
    }

    #[test]
    fn arguments_reach_the_script_as_they_are() {
        let argv = ["echo", "192.0.2.1;", "$(reboot)"].map(str::to_owned);
        assert!(run(&argv, Family::V4, LONG).is_ok());
    }

    #[test]
    fn failures_say_why() {
        for (script, text) in [
            ("echo 192.0.2.1; exit 3", "/bin/sh failed with exit status 3"),
            ("echo; echo 'no\tlink' >&2; exit 1", "/bin/sh failed with exit status 1"),
            ("printf '\\nno\\tlink\\nx' >&2; exit 1", "/bin/sh failed with exit status 1: no link"),
            ("kill -9 $$", "/bin/sh was killed by signal 9"),
            ("echo hello", "/bin/sh: found no IPv4 address"),
        ] {
            let error = sh(script, LONG).unwrap_err();
            assert!(error.starts_with(text), "{script}: {error}");
        }
        let error = run(&["/nonexistent".into()], Family::V4, LONG).unwrap_err();
        assert!(error.starts_with("cannot run /nonexistent: "), "{error}");
        assert_eq!(run(&[], Family::V4, LONG), Err("no script".into()));
    }

    #[test]
    fn a_script_that_hangs_is_killed_with_its_children() {
        // The pipe of the inner shell ends only when that is dead too.
        let (reader, writer) = io::pipe().unwrap();
        let mut child = Command::new("/bin/sh");
        child.args(["-c", "sleep 1000 & sleep 1000"]);
        child.process_group(0).stdout(writer).stderr(Stdio::null());
        let running = Running::new(child.spawn().unwrap());
        drop(child);
        let error = running.wait(Duration::from_millis(300)).err().unwrap();
        assert!(error.starts_with("the script did not end within"), "{error}");
        let mut rest = Vec::new();
        let mut reader = reader;
        reader.read_to_end(&mut rest).unwrap();
    }

    #[test]
    fn what_a_script_leaves_running_does_not_hold_the_answer() {
        let start = clock::now().up;
        assert!(sh("echo 192.0.2.1; sleep 1000 &", LONG).is_ok());
        assert!(clock::now().up - start < LONG);
    }

    #[test]
    fn the_manual_names_the_limit_and_the_environment() {
        let manual = include_str!("../../doc/ddns-netlink.5.md");
        assert!(manual.contains(&format!("after {} seconds", SCRIPT_TIMEOUT.as_secs())));
        assert!(manual.contains("`DDNS_FAMILY`, `4` or `6`"));
        let only =
            "[ \"$(env | grep -vc '^\\(PATH\\|DDNS_FAMILY\\|PWD\\|SHLVL\\|_\\|OLDPWD\\)=')\" = 0 ]";
        assert!(sh(&format!("{only} && echo 192.0.2.1"), LONG).is_ok());
    }

    #[test]
    fn endless_output_is_dropped() {
        let error = sh("yes", Duration::from_millis(500)).unwrap_err();
        assert!(error.contains("did not end"), "{error}");
        let big = "echo 192.0.2.1; dd if=/dev/zero bs=1024 count=300 2>/dev/null";
        assert!(sh(big, LONG).is_ok());
    }
}
