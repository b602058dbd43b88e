//! A client under measurement: a file of `peers/` that says how it is configured and started.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::measure::{self, cpu};
use crate::process::{Process, run};
use crate::provider::now;
use crate::router::file;
use crate::scene::{HOST, RESOLVER, Scene, Update};

/// How long a client may take for its first update after its start.
const START: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Client {
    script: PathBuf,
    /// Its name and version, as it prints them.
    pub version: String,
    /// The program and the emulator that the script of this project starts.
    binary: String,
    runner: String,
    tools: PathBuf,
}

/// Where requests go, and for which names.
pub struct Task {
    pub scheme: &'static str,
    pub port: u16,
    pub names: Vec<String>,
    pub cacert: PathBuf,
}

impl Task {
    pub fn new(port: u16, count: usize) -> Self {
        use crate::scene::{PLAIN, PLAIN_AWAY};
        let scheme = if [PLAIN, PLAIN_AWAY].contains(&port) { "http" } else { "https" };
        let names = (0..count).map(|n| format!("n{n}.example.com")).collect();
        Self { scheme, port, names, cacert: file("ca.pem") }
    }
}

impl Client {
    /// The client of this script, or the reason why it is missing.
    pub fn find(script: &Path, binary: &str, runner: &str, tools: &Path) -> Result<Self, String> {
        let (binary, runner) = (binary.to_owned(), runner.to_owned());
        let (script, tools) = (script.to_owned(), tools.to_owned());
        let client = Self { script, version: String::new(), binary, runner, tools };
        let output = client.command("version").output().map_err(|e| e.to_string())?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && !version.is_empty() {
            return Ok(Self { version, ..client });
        }
        let reason = String::from_utf8_lossy(&output.stderr);
        Err(reason.lines().next().unwrap_or("it prints no version").to_owned())
    }

    /// The seconds between two looks at the address by default.
    pub fn interval(&self) -> Option<u64> {
        let output = self.command("interval").output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    }

    fn command(&self, word: &str) -> Command {
        let mut command = Command::new("busybox");
        command.arg("sh").arg(&self.script).arg(word);
        command.env("BINARY", &self.binary).env("RUNNER", &self.runner).env("LC_ALL", "C");
        command.env("TOOLS", &self.tools);
        command
    }

    /// Configures the client, and starts it if it is a daemon.
    pub fn start(&self, scene: &mut Scene, task: &Task) -> Running {
        self.start_under(scene, task, &[])
    }

    /// As [`Client::start`], under `strace`. The last word of `prefix` is its output; that of the hook's has `.hook`
    /// at its end.
    pub fn start_under(&self, scene: &mut Scene, task: &Task, prefix: &[String]) -> Running {
        // An address that no earlier client has sent.
        scene.change();
        let begin = scene.counts();
        let dir = self.configure(task);
        let program = dir.join("run");
        let daemon = program.exists().then(|| Process::start(&mut shell(prefix, &program)));
        Running { daemon, dir, prefix: prefix.to_vec(), begin, ip: scene.ip_process() }
    }

    /// Writes the client's configuration into a new directory; returns that.
    pub fn configure(&self, task: &Task) -> PathBuf {
        let dir = file(&format!("client-{}", now().as_nanos()));
        fs::create_dir_all(&dir).unwrap();
        let url = format!("{}://{HOST}:{}", task.scheme, task.port);
        let mut command = self.command("configure");
        command.env("DIR", &dir).env("URL", url).env("NAMES", task.names.join(" "));
        command.env("SCHEME", task.scheme).env("HOST", HOST).env("PORT", task.port.to_string());
        command.env("DEVICE", "wan").env("CACERT", &task.cacert).env("RESOLVER", RESOLVER);
        assert!(command.status().unwrap().success(), "{}", self.version);
        dir
    }
}

fn shell(prefix: &[String], script: &Path) -> Command {
    let words: Vec<&str> = prefix.iter().map(String::as_str).chain(["busybox", "sh"]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(script).env("LC_ALL", "C");
    command
}

/// A client at work.
pub struct Running {
    pub daemon: Option<Process>,
    dir: PathBuf,
    prefix: Vec<String>,
    /// Requests and connections before its start.
    begin: (usize, usize),
    /// The process that changes the addresses.
    ip: u32,
}

impl Running {
    /// The root directory in which the client's programs run.
    pub fn root(&self) -> PathBuf {
        let root = self.dir.join("root");
        if root.exists() { root } else { PathBuf::from("/") }
    }

    /// Runs the client's script `down`, if it has one, and waits for its end.
    fn call_down(&self) {
        let down = self.dir.join("down");
        if down.exists() {
            run(shell(&[], &down).stdin(Stdio::null()));
        }
    }

    /// Runs the client's hook, as the script of a DHCP client would.
    fn call_hook(&self, address: IpAddr) -> Option<Child> {
        let hook = self.dir.join("hook");
        if !hook.exists() {
            return None;
        }
        let mut prefix = self.prefix.clone();
        if let Some(output) = prefix.last_mut() {
            output.push_str(".hook");
        }
        let mut command = shell(&prefix, &hook);
        command.env("ip", address.to_string()).env("interface", "wan");
        Some(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    /// Waits for the update that a daemon makes at its start; false if it makes none.
    pub fn wait_start(&self, scene: &Scene, task: &Task) -> bool {
        if self.daemon.is_none() {
            return true;
        }
        let done = scene.wait(&task.names, self.begin, Duration::ZERO, START).is_some();
        if !done {
            let lines = self.daemon.as_ref().unwrap().lines.all();
            eprintln!("no update at the start:\n{}", lines.join("\n"));
        }
        done
    }

    /// Changes the address once; returns what the client makes of it, and the CPU time of its hook.
    pub fn update(
        &self,
        scene: &mut Scene,
        task: &Task,
        patience: Duration,
    ) -> (Option<Update>, Duration) {
        let before = scene.counts();
        self.call_down();
        let event = scene.change();
        let hook = self.call_hook(scene.address());
        let mut update = scene.wait(&task.names, before, event, patience);
        let spent = hook.map_or(Duration::ZERO, |mut hook| {
            measure::wait_for_end(hook.id());
            let spent = cpu(hook.id());
            hook.wait().unwrap();
            spent
        });
        // Repeated requests and connections count, too.
        let after = scene.counts();
        if let Some(update) = &mut update {
            update.requests = after.0 - before.0;
            update.connections = after.1 - before.1;
        }
        (update, spent)
    }

    /// CPU time of the daemon so far, with that of its children.
    pub fn cpu(&self) -> Duration {
        self.daemon.as_ref().map_or(Duration::ZERO, |daemon| cpu(daemon.id()))
    }
}

impl Drop for Running {
    /// Ends what the client has started, too.
    fn drop(&mut self) {
        measure::end_others(&[self.ip]);
    }
}
