//! Runs the real binary: writes its configuration, collects its log, asks for its status.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::process::{Lines, Process, wait_until};

/// A configuration file before it is written. Options that a test gives for a section come after
/// the default ones; with UCI the last value of an option counts.
pub struct Config {
    dir: PathBuf,
    text: String,
}

impl Config {
    /// A configuration that keeps state, run files and logs below `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        let mut config = Self { dir, text: String::new() };
        config.global("");
        config
    }

    /// Drops all sections, and adds these lines to the global section.
    pub fn global(&mut self, lines: &str) -> &mut Self {
        let dir = self.dir.display();
        self.text = format!(
            "config ddns 'global'\n\toption ddns_statedir '{dir}/state'\n\
             \toption ddns_rundir '{dir}/run'\n\toption ddns_logdir '{dir}/log'\n{lines}\n"
        );
        self
    }

    /// Adds a section for `<name>.example.com` that follows device `wan` and sends updates to the
    /// provider at 198.51.100.53 over HTTP, without pacing.
    pub fn section(&mut self, name: &str, lines: &str) -> &mut Self {
        let own = lines.contains("option password");
        let password = if own { "" } else { "\toption password 'secret'\n" };
        let own = lines.contains("option force_interval");
        let force = if own { "" } else { "\toption force_interval 'never'\n" };
        self.text.push_str(&format!(
            "\nconfig service '{name}'\n\
             \toption enabled '1'\n\
             \toption domain '{name}.example.com'\n\
             \toption username 'user'\n\
             {password}\
             \toption update_url 'http://[USERNAME]:[PASSWORD]@198.51.100.53/nic/update?hostname=[DOMAIN]&myip=[IP]'\n\
             \toption ip_source 'interface'\n\
             \toption ip_interface 'wan'\n\
             \toption min_interval '0'\n\
             {force}\
             \toption retry_interval '1'\n\
             \toption retry_unit 'seconds'\n\
             \toption use_syslog '1'\n\
             {lines}\n"
        ));
        self
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn path(&self) -> PathBuf {
        self.dir.join("ddns")
    }

    /// Writes the file at [`Config::path`].
    pub fn write(&self) -> PathBuf {
        fs::create_dir_all(&self.dir).unwrap();
        let new = self.dir.join("ddns.new");
        fs::write(&new, &self.text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(&new, self.path()).unwrap();
        self.path()
    }
}

/// Listens on `/dev/log` and adds every message to `lines`. `/dev` must be the test's own, or the
/// host's syslog daemon already listens there and nothing is collected.
pub fn collect_syslog(lines: &Lines) {
    let Ok(socket) = UnixDatagram::bind("/dev/log") else {
        return;
    };
    let lines = lines.clone();
    thread::spawn(move || {
        let mut packet = [0; 8192];
        while let Ok(length) = socket.recv(&mut packet) {
            lines.push(String::from_utf8_lossy(&packet[..length]).into_owned());
        }
    });
}

/// How the binary is started: its path, its configuration, and the command that runs it in the
/// right namespace.
#[derive(Clone)]
pub struct Launcher {
    binary: PathBuf,
    prefix: Vec<String>,
    config: PathBuf,
    lines: Lines,
}

impl Launcher {
    /// `prefix` is the command in front of the binary, such as `nsenter --net=… --`.
    pub fn new(binary: impl AsRef<Path>, prefix: &[&str], config: &Path) -> Self {
        let lines = Lines::default();
        collect_syslog(&lines);
        Self {
            binary: binary.as_ref().to_owned(),
            prefix: prefix.iter().map(|w| (*w).to_owned()).collect(),
            config: config.to_owned(),
            lines,
        }
    }

    /// The same with this variable in the environment of the binary.
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.prefix.splice(0..0, ["env".to_owned(), format!("{name}={value}")]);
        self
    }

    /// The binary with these arguments, without `-c`.
    pub fn bare(&self, words: &[&str]) -> Command {
        let mut command = match self.prefix.split_first() {
            None => Command::new(&self.binary),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(&self.binary);
                command
            }
        };
        command.args(words);
        command
    }

    /// Runs the binary under another name, through a symbolic link as a package makes it. Called
    /// like that it takes no `-c`, so `/var/run/uci/ddns` becomes a link to this configuration.
    pub fn called(&self, name: &str, words: &[&str]) -> Output {
        let link = self.config.with_file_name("bin").join(name);
        let usual = Path::new("/var/run/uci/ddns");
        for (file, link) in [(&self.binary, link.as_path()), (&self.config, usual)] {
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            let _ = fs::remove_file(link);
            symlink(file, link).unwrap();
        }
        Self { binary: link, ..self.clone() }.bare(words).output().unwrap()
    }

    /// `ddns-netlink WORDS -c CONFIG`.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.bare(words);
        command.arg("-c").arg(&self.config);
        command
    }

    /// Runs a command to its end.
    pub fn output(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs a command to its end and returns its standard output.
    pub fn stdout(&self, words: &[&str]) -> String {
        String::from_utf8_lossy(&self.output(words).stdout).into_owned()
    }

    /// Runs a command to its end and returns its exit status.
    pub fn code(&self, words: &[&str]) -> Option<i32> {
        self.output(words).status.code()
    }

    /// Starts `run --stderr`; the daemon is killed when the handle is dropped.
    pub fn run(&self) -> Daemon<'_> {
        let process =
            Process::start_into(&mut self.command(&["run", "--stderr"]), self.lines.clone());
        Daemon { launcher: self, process }
    }

    /// Starts another command that keeps running, such as `watch`; its output is not in the log.
    pub fn start(&self, words: &[&str]) -> Process {
        Process::start(&mut self.bare(words))
    }

    /// Everything that the daemons started here have logged so far.
    pub fn log(&self) -> String {
        self.lines.all().join("\n")
    }
}

/// A running daemon.
pub struct Daemon<'a> {
    launcher: &'a Launcher,
    pub process: Process,
}

impl Daemon<'_> {
    pub fn wait_line(&self, timeout: Duration, wanted: impl Fn(&str) -> bool) -> String {
        self.process.lines.wait_line(timeout, wanted)
    }

    /// `status --json`, or `None` while no daemon answers.
    pub fn status(&self) -> Option<Value> {
        let output = self.launcher.output(&["status", "--json"]);
        if !output.status.success() {
            return None;
        }
        serde_json::from_slice(&output.stdout).ok()
    }

    /// The record of `name` and `kind` (`A`, `AAAA`) in `section`, out of the status.
    pub fn record(&self, section: &str, name: &str, kind: &str) -> Option<Value> {
        let status = self.status()?;
        let section = find(&status["sections"], |s| s["name"] == section)?;
        find(&section["records"], |r| r["name"] == name && r["type"] == kind)
    }

    /// Asks for the status until `wanted` accepts it; returns that status.
    pub fn wait_status(
        &self,
        what: &str,
        timeout: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let end = Instant::now() + timeout;
        loop {
            let seen = self.process.lines.len();
            let status = self.status();
            if let Some(status) = status.as_ref().filter(|s| wanted(s)) {
                return status.clone();
            }
            let log = self.launcher.log();
            assert!(
                Instant::now() < end,
                "{what}: not within {timeout:?}; status {status:#?}; log:\n{log}"
            );
            // A new line in the log often means a new status: ask again at once.
            self.process.lines.wait_more(seen, Duration::from_millis(50));
        }
    }

    /// Waits until the `A` record of `<section>.example.com` satisfies `wanted`.
    pub fn wait_record(
        &self,
        section: &str,
        timeout: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let name = format!("{section}.example.com");
        let status = self.wait_status(section, timeout, |status| {
            find(&status["sections"], |s| s["name"] == section)
                .and_then(|s| find(&s["records"], |r| r["name"] == name.as_str()))
                .is_some_and(|record| wanted(&record))
        });
        let section = find(&status["sections"], |s| s["name"] == section).unwrap();
        find(&section["records"], |r| r["name"] == name.as_str()).unwrap()
    }

    /// Waits until the status has `<section>.example.com` published with `address`.
    pub fn wait_published(&self, section: &str, address: &str) {
        self.wait_record(section, Duration::from_secs(10), |r| {
            r["published"] == address && r["state"] == "published"
        });
    }

    /// Waits until `<section>.example.com` is in this state; returns the reason that the status
    /// gives.
    pub fn wait_state(&self, section: &str, state: &str) -> String {
        let limit = Duration::from_secs(20);
        let record = self.wait_record(section, limit, |r| r["state"] == state);
        record["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the state on disk has this address as published. A thread of the daemon writes the
    /// state later than the status shows it, so a test waits for that before it kills the daemon.
    pub fn wait_saved(&self, address: &str) {
        let directory = self.launcher.config.with_file_name("state");
        wait_until(&format!("{address} is saved"), || {
            let text = fs::read_to_string(directory.join("state")).unwrap_or_default();
            text.contains(&format!("published={address} "))
        });
    }

    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Sends SIGTERM; returns the exit status and how long the daemon took to end.
    pub fn stop(mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        self.signal(Signal::SIGTERM);
        let status = self.process.wait(Duration::from_secs(10));
        (status, start.elapsed())
    }

    /// Sends SIGKILL.
    pub fn kill(mut self) {
        self.process.kill();
    }
}

fn find(list: &Value, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
    list.as_array()?.iter().find(|v| wanted(v)).cloned()
}
