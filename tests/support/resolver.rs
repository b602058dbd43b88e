//! dnsmasq as the resolver of a router, as OpenWrt runs it: its upstream servers are in a file that
//! netifd writes when the WAN is up, and until then dnsmasq refuses every question.
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

/// The file to which netifd writes the name servers of the WAN.
const AUTO: &str = "/tmp/resolv.conf.d/resolv.conf.auto";

/// dnsmasq at 127.0.0.1, with its file of upstream servers.
pub struct Resolver {
    process: Process,
    upstream: IpAddr,
    /// Whether the file has a server.
    has_upstream: Cell<bool>,
}

impl Resolver {
    /// Starts dnsmasq without an upstream server; `command` runs it in the right namespace. Mounts
    /// a tmpfs over `/tmp/resolv.conf.d`.
    pub fn start(command: Command, upstream: IpAddr) -> Self {
        // Not over all of /tmp, which may hold the checkout.
        fs::create_dir_all("/tmp/resolv.conf.d").unwrap();
        run(Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/tmp/resolv.conf.d"]));
        fs::write(AUTO, "").unwrap();
        Self { process: start_dnsmasq(command), upstream, has_upstream: Cell::new(false) }
    }

    /// Removes the server from the file, as netifd does when the WAN goes down.
    pub fn lose(&self) {
        let seen = self.process.lines.len();
        if self.has_upstream.replace(false) {
            write("# Interface wan\n");
            self.wait(seen, "no servers found");
        }
    }

    /// Writes the server to the file, as netifd does when the WAN comes up; waits until dnsmasq has
    /// read it.
    pub fn learn(&self) {
        let seen = self.process.lines.len();
        self.learn_after(Duration::ZERO).join().unwrap();
        self.wait(seen, "using nameserver");
    }

    /// Writes the server to the file after `time`; does not wait until dnsmasq has read it.
    pub fn learn_after(&self, time: Duration) -> thread::JoinHandle<()> {
        let text = format!("# Interface wan\nnameserver {}\n", self.upstream);
        self.has_upstream.set(true);
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

/// Replaces the file in one step, as netifd does: no reader sees half of it.
fn write(text: &str) {
    fs::write("/tmp/resolv.conf.d/resolv.conf.auto.tmp", text).unwrap();
    fs::rename("/tmp/resolv.conf.d/resolv.conf.auto.tmp", AUTO).unwrap();
}

fn start_dnsmasq(mut command: Command) -> Process {
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
