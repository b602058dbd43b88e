//! The resolver of a router, as OpenWrt runs it: dnsmasq, which refuses every question until the file
//! names a server that netifd writes when the WAN is up.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::cell::Cell;
use std::fs;
use std::net::IpAddr;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::process::{Process, run};

/// Where netifd writes the servers of the WAN.
const AUTO: &str = "/tmp/resolv.conf.d/resolv.conf.auto";

/// dnsmasq on this host, with a file of upstream servers.
pub struct Resolver {
    process: Process,
    upstream: IpAddr,
    /// Whether the file names a server.
    named: Cell<bool>,
}

impl Resolver {
    /// Without a server to ask; `command` runs dnsmasq at the right place. `/tmp/resolv.conf.d` is its own from now
    /// on.
    pub fn start(command: Command, upstream: IpAddr) -> Self {
        // Not all of /tmp: the checkout may be there.
        fs::create_dir_all("/tmp/resolv.conf.d").unwrap();
        run(Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/tmp/resolv.conf.d"]));
        fs::write(AUTO, "").unwrap();
        Self { process: listen(command), upstream, named: Cell::new(false) }
    }

    /// What netifd does when the WAN is down: nobody can be asked.
    pub fn lose(&self) {
        let seen = self.process.lines.len();
        if self.named.replace(false) {
            write("# Interface wan\n");
            self.wait(seen, "no servers found");
        }
    }

    /// What netifd does when the WAN is up.
    pub fn learn(&self) {
        let seen = self.process.lines.len();
        self.learn_after(Duration::ZERO).join().unwrap();
        self.wait(seen, "using nameserver");
    }

    /// The same after a while, and without waiting until dnsmasq has read it.
    pub fn learn_after(&self, time: Duration) -> thread::JoinHandle<()> {
        let text = format!("# Interface wan\nnameserver {}\n", self.upstream);
        self.named.set(true);
        thread::spawn(move || {
            thread::sleep(time);
            write(&text);
        })
    }

    fn wait(&self, seen: usize, words: &str) {
        let limit = Duration::from_secs(10);
        self.process.lines.wait_line_from(seen, limit, |line| line.contains(words));
    }
}

/// netifd never lets anybody see half of the file.
fn write(text: &str) {
    fs::write("/tmp/resolv.conf.d/resolv.conf.auto.tmp", text).unwrap();
    fs::rename("/tmp/resolv.conf.d/resolv.conf.auto.tmp", AUTO).unwrap();
}

fn listen(mut command: Command) -> Process {
    command.args([
        "--no-daemon",
        "--conf-file=/dev/null",
        "--user=root",
        "--pid-file=",
        "--no-hosts",
        "--cache-size=0",
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        &format!("--resolv-file={AUTO}"),
    ]);
    let process = Process::start(&mut command);
    process.lines.wait_line(Duration::from_secs(10), |line| line.contains("no servers found"));
    process
}
