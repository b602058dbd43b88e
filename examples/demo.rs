//! `make demo`: a router and a provider in network namespaces, with the real daemon on the router. The line
//! changes its address six times. The demo prints how long DNS took to follow each change.
//!
//! Usage: `demo PATH-OF-ddns-netlink`. No root, no account, no configuration.
#![expect(clippy::print_stdout, reason = "printing is its purpose")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a demonstration, not the daemon"
)]

#[path = "../tests/support/daemon.rs"]
mod daemon;
#[path = "../tests/support/dns.rs"]
mod dns;
#[path = "../tests/support/events.rs"]
mod events;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/provider.rs"]
mod provider;
#[path = "../tests/support/router.rs"]
mod router;
#[path = "../tests/support/skip.rs"]
mod skip;

use std::env;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use daemon::{Config, Daemon, Launcher};
use process::Process;
use provider::{Provider, now};
use router::{PROVIDER, Wan};

/// If DNS does not have the new address within this time, the change counts as failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause before and after each change. The daemon waits 250 ms when changes follow one another; the demo
/// shows changes that stand alone, as on a real line.
const QUIET: Duration = Duration::from_millis(600);

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--events"] => print_events(),
        ["--inside", binary] => inside(binary.into()),
        [binary] => outside(binary),
        _ => {
            eprintln!("usage: demo PATH-OF-ddns-netlink");
            ExitCode::from(2)
        }
    }
}

/// Starts the demo again, as `--inside`, in new namespaces.
fn outside(binary: &str) -> ExitCode {
    for (tool, package) in [("ip", "iproute2"), ("unshare", "util-linux")] {
        if !router::has(tool) {
            eprintln!("The demo needs the program {tool}. Debian has it in {package}.");
            return ExitCode::FAILURE;
        }
    }
    let flags = match router::spaces() {
        Ok(flags) => flags,
        Err(reason) => {
            eprintln!("The demo needs private network namespaces, and this system gives none:");
            eprintln!("  {reason}");
            if !nix::unistd::geteuid().is_root() {
                eprintln!("Unprivileged user namespaces are switched on by one of");
                eprintln!("  sysctl kernel.unprivileged_userns_clone=1");
                eprintln!("  sysctl kernel.apparmor_restrict_unprivileged_userns=0");
                eprintln!("or run the demo as root.");
            }
            eprintln!("In a chroot and in most containers there are none.");
            return ExitCode::FAILURE;
        }
    };
    let binary = match std::fs::canonicalize(binary) {
        Ok(path) => path,
        Err(error) => {
            eprintln!("cannot find the daemon at {binary}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let status = Command::new("unshare")
        .args(flags)
        .arg(env::current_exe().unwrap())
        .arg("--inside")
        .arg(binary)
        .env("PATH", router::search_path())
        .status()
        .unwrap();
    ExitCode::from(u8::from(!status.success()))
}

/// Prints the kernel's events with their times. Runs as a process in the router's namespace.
fn print_events() -> ExitCode {
    let listener = events::Listener::new();
    println!("0 ready");
    while let Ok(seen) = listener.next() {
        for event in seen {
            println!("{}", events::print(&event));
        }
    }
    ExitCode::FAILURE
}

/// How long it took until DNS had the new address.
enum Took {
    Time(Duration),
    /// The process that listens to the kernel was woken after DNS had the address.
    NotMeasured,
    /// DNS did not have the address within [`PATIENCE`].
    TooLong,
}

/// The parts of the demo, and how long each change took so far.
struct Stage<'a> {
    wan: Wan,
    provider: Provider,
    resolver: dns::Client,
    kernel: Process,
    daemon: Daemon<'a>,
    results: Vec<(&'static str, Took)>,
}

fn inside(binary: PathBuf) -> ExitCode {
    router::prepare();
    let wan = Wan::new();
    let provider = Provider::new();
    provider.require("user", "secret");
    let address: IpAddr = PROVIDER.parse().unwrap();
    let _http = provider.listen((address, 80));
    let records = provider.clone();
    let names = dns::Server::start(SocketAddr::new(address, 53), move |name, v6| {
        match records.record(name, v6) {
            Some((address, _)) => dns::Answer::Address(address),
            None if records.knows(name) => dns::Answer::NoData,
            None => dns::Answer::NoName,
        }
    });
    let config = configuration();
    let launcher =
        Launcher::new(binary, &["nsenter", "--net=/run/netns/router", "--"], &config.write());
    let mut listener = wan.command(env::current_exe().unwrap());
    let kernel = Process::start(listener.arg("--events"));
    kernel.lines.wait_line(PATIENCE, |l| l == "0 ready");
    introduce(&config);
    let daemon = launcher.run();
    let ready = |status: &serde_json::Value| !status["sections"].is_null();
    daemon.wait_status("the daemon answers", PATIENCE, ready);
    let mut stage = Stage {
        resolver: dns::Client::new(names.address()),
        wan,
        provider,
        kernel,
        daemon,
        results: Vec::new(),
    };
    stage.play();
    let took = stage.daemon.stop().1;
    println!("\nSIGTERM: the daemon ended after {}", millis(took));
    conclude(&stage.results)
}

fn configuration() -> Config {
    let mut config = Config::new(router::DIR);
    // The section is printed, so it is written in a form that LuCI's form accepts.
    config.section(
        "home",
        "\toption use_ipv6 '0'\n\toption also_ipv6 '1'\n\
         \toption force_interval '3650'\n\toption force_unit 'days'",
    );
    config.section("dsl", "\toption ip_interface 'ppp0'");
    config
}

fn introduce(config: &Config) {
    println!("A router (device wan, later ppp0) and a provider ({PROVIDER}), in private");
    println!("namespaces. The provider takes updates over HTTP and serves the names over DNS.");
    println!("One section of the router's configuration:\n");
    let section = config.text().split("\n\n").nth(1).unwrap_or_default();
    for line in section.trim().lines() {
        println!("    {}", line.trim_end());
    }
}

impl Stage<'_> {
    fn play(&mut self) {
        let (home, dsl) = ("home.example.com", "dsl.example.com");
        self.act("The first lease", home, "203.0.113.20", |wan| {
            wan.set_address("203.0.113.20");
        });
        self.act("Another lease (DHCP)", home, "203.0.113.99", |wan| {
            wan.change_address("203.0.113.20", "203.0.113.99");
        });
        self.wan.ip("-4 addr flush dev wan");
        self.act("Dial-in (PPPoE)", dsl, "192.0.2.7", |wan| {
            wan.dial("ppp0", "192.0.2.7", "192.0.2.1");
        });
        self.act("Redial: a new ppp0", dsl, "192.0.2.150", |wan| {
            wan.hang_up("ppp0");
            wan.dial("ppp0", "192.0.2.150", "192.0.2.1");
        });
        self.act("The first IPv6 prefix", home, "2001:db8:1::5", |wan| {
            wan.ip("addr add 2001:db8:1::5/64 dev wan");
        });
        self.act("IPv6 renumbering", home, "2001:db8:2::5", |wan| {
            wan.ip_batch(
                "addr change 2001:db8:1::5/64 dev wan preferred_lft 0 valid_lft 7200\n\
                 addr add 2001:db8:2::5/64 dev wan\n",
            );
        });
    }

    /// Makes one change to the line and prints what follows from it, until DNS has `address` for `name`.
    fn act(&mut self, title: &'static str, name: &str, address: &str, change: impl Fn(&Wan)) {
        let wanted: IpAddr = address.parse().unwrap();
        let (kernel_seen, logged) = (self.kernel.lines.len(), self.daemon.process.lines.len());
        let requests = self.provider.count();
        println!("\n{}. {title}", self.results.len() + 1);
        std::thread::sleep(QUIET);
        change(&self.wan);
        let resolved = self.until_resolved(name, wanted);
        // DNS may have the address before the other process has printed the kernel's events.
        std::thread::sleep(QUIET);
        let events = self.kernel_events(kernel_seen, &format!("address {address}"));
        // The last of these events makes the address publishable: it is usable and has a route.
        let start = events.last().map(|(at, _)| *at);
        let mut timeline: Vec<(Duration, String)> =
            events.into_iter().map(|(at, words)| (at, format!("kernel    {words}"))).collect();
        for request in &self.provider.requests()[requests..] {
            let what = format!("{} {}", request.hostname(), request.myip());
            timeline.push((request.at, format!("provider  asked for {what}")));
        }
        if let Some(at) = resolved {
            timeline.push((at, format!("resolver  {name} is {address}")));
        }
        timeline.sort();
        for (at, text) in timeline {
            println!("  {:>12}  {text}", offset(at, start.unwrap_or(at)));
        }
        self.show_daemon(name, address, logged);
        if resolved.is_none() {
            println!("  {name} did not follow within {PATIENCE:?}");
        }
        let took = match (resolved, start) {
            (Some(resolved), Some(start)) if start < resolved => Took::Time(resolved - start),
            (Some(_), _) => Took::NotMeasured,
            (None, _) => Took::TooLong,
        };
        self.results.push((title, took));
    }

    /// Asks DNS for the name until it has the address `wanted`; the time of that answer.
    fn until_resolved(&self, name: &str, wanted: IpAddr) -> Option<Duration> {
        let end = now() + PATIENCE;
        while now() < end {
            if self.resolver.ask(name, wanted.is_ipv6()) == Some(wanted) {
                return Some(now());
            }
        }
        None
    }

    /// The events since line `from` that begin with `address` or are about a default route.
    fn kernel_events(&self, from: usize, address: &str) -> Vec<(Duration, String)> {
        let lines = self.kernel.lines.all();
        let events = lines.iter().skip(from).filter_map(|l| events::parse(l));
        events.filter(|(_, words)| words.starts_with(address) || words == "default route").collect()
    }

    /// Prints the times in the daemon's status, and its log lines since line `logged`.
    fn show_daemon(&self, name: &str, address: &str, logged: usize) {
        let status = self.daemon.status().unwrap_or_default();
        let sections = status["sections"].as_array().cloned().unwrap_or_default();
        let records =
            sections.iter().flat_map(|s| s["records"].as_array().cloned().unwrap_or_default());
        for record in records.filter(|r| r["name"] == name && r["published"] == address) {
            let figure = |key: &str| record[key].as_f64().map(|ms| format!("{ms:.1} ms"));
            let sent = figure("request_after_ms").unwrap_or_default();
            let accepted = figure("accepted_after_ms").unwrap_or_default();
            println!("  {:>12}  status    request {sent}, accepted {accepted}", "");
        }
        for line in self.daemon.process.lines.all().iter().skip(logged) {
            println!("  {:>12}  log       {line}", "");
        }
    }
}

fn conclude(results: &[(&'static str, Took)]) -> ExitCode {
    println!("\nFrom the kernel's event to the new address in DNS:\n");
    for (title, took) in results {
        let took = match took {
            Took::Time(time) => millis(*time),
            Took::NotMeasured => "not measured".to_owned(),
            Took::TooLong => "did not follow".to_owned(),
        };
        println!("  {title:<28} {took:>14}");
    }
    let lost = results.iter().any(|(_, took)| matches!(took, Took::TooLong));
    ExitCode::from(u8::from(lost))
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

fn offset(at: Duration, start: Duration) -> String {
    match at.checked_sub(start) {
        Some(after) => format!("+{}", millis(after)),
        None => format!("-{}", millis(start.saturating_sub(at))),
    }
}
