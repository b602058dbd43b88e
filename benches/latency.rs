//! `make bench`: latency from the kernel's event to the request, cost while idle, memory. Prints,
//! never asserts.
//!
//! Everything runs in private namespaces: the daemon, an HTTP provider on the loopback, and a
//! thread that reads a netlink socket and takes the time of each event. In every second round the
//! daemon is stopped, and that thread connects and sends a request itself. This is the floor: a
//! program that does more cannot be faster.
//!
//! The last measurements use a provider with a host name. The router's resolver (dnsmasq) gets its
//! upstream server only 30 to 300 ms after the address, as on OpenWrt.
//!
//! `BENCH_ROUNDS` (100) is the number of changes of each kind, with a host name half of it.
//! `BENCH_IDLE` (60) is the number of idle seconds, `BENCH_DAEMON` another binary to measure.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench, not the daemon"
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
#[path = "../tests/support/resolver.rs"]
mod resolver;
#[path = "../tests/support/router.rs"]
mod router;
#[path = "../tests/support/skip.rs"]
mod skip;
#[path = "../tests/support/tls.rs"]
mod tls;

use std::env;
use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use daemon::{Config, Daemon, Launcher};
use events::{Change, Event, Listener};
use nix::sys::signal::Signal;
use provider::{Provider, Request, now};
use resolver::Resolver;
use router::ip_isp as ip;
use tls::{Authority, Flavour};

const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two changes. After so long without events the daemon sends at once; in a burst
/// of changes it would wait.
const PAUSE: Duration = Duration::from_millis(350);

const PROVIDER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// The provider's address and port for TLS.
const SECURE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);
/// How many hosts of the local network there are.
const HOSTS: usize = 50;
/// The provider's host name.
const HOST: &str = "dyn.example.net";

fn main() -> ExitCode {
    router::program(inside)
}

fn number(name: &str, default: u64) -> u64 {
    let text = env::var(name).unwrap_or_default();
    text.parse().unwrap_or(default)
}

fn inside() {
    router::uplink_and_wan();
    let provider = Provider::new();
    let _server = provider.listen(PROVIDER);
    let bench = Bench { watcher: Watcher::start(), provider, next: 0 };
    bench.run();
}

struct Bench {
    watcher: Watcher,
    provider: Provider,
    next: u16,
}

impl Bench {
    fn run(mut self) {
        println!("{:<44}{:>12}{:>12}", "", "median", "p99");
        let one = launcher(1);
        let first = self.add();
        let daemon = one.run();
        self.wait_all(1, first);
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for _ in 0..number("BENCH_ROUNDS", 100) {
            ours.push(self.round("s0.example.com"));
            // The stopped daemon sees the change only after SIGCONT, during the next pause.
            daemon.signal(Signal::SIGSTOP);
            self.watcher.connect(true);
            floor.push(self.round("floor"));
            self.watcher.connect(false);
            daemon.signal(Signal::SIGCONT);
            let catching_up = self.address();
            self.wait_all(1, catching_up);
        }
        show("event to first byte of the request", &mut ours);
        show("  bare program: event, connect, write", &mut floor);
        let ratio = |p| percentile(&mut ours.clone(), p) / percentile(&mut floor.clone(), p);
        let (median, p99) = (ratio(50), ratio(99));
        println!("{:<44}{median:>11.1}x{p99:>11.1}x", "  ratio");
        idle(&daemon);
        drop(daemon);
        for sections in [1, 10, 300] {
            self.many(sections);
        }
        self.hosts();
        if router::has("dnsmasq") {
            self.measure_host_name();
        } else {
            println!("with a resolver that learns its servers late: dnsmasq is not installed");
        }
    }

    /// Measures from the event to the request while the resolver refuses to resolve the provider's
    /// name until some time after the address.
    fn measure_host_name(&mut self) {
        let authority = Authority::new();
        authority.write_pem(&router::file("ca.pem"));
        let certificate = authority.server(&[HOST], Flavour::Good);
        let _tls = self.provider.listen_tls(SECURE, certificate);
        let upstream = SocketAddr::from(([127, 0, 0, 2], 53));
        let _upstream = dns::Server::start(upstream, |name, is_aaaa| match (name, is_aaaa) {
            (HOST, false) => dns::Answer::Address(PROVIDER.ip()),
            (HOST, true) => dns::Answer::NoData,
            _ => dns::Answer::NoName,
        });
        let resolver = Resolver::start(Command::new("dnsmasq"), upstream.ip());
        resolver.learn();
        self.add();
        self.add6();
        let launcher = host_name_launcher();
        let _daemon = launcher.run();
        for section in ["secure", "plain", "secure6", "plain6"] {
            self.wait_request(section, 0);
        }
        for kind in [Kind::Lease, Kind::Link, Kind::DualStack] {
            self.host_name_rounds(kind, &resolver);
        }
    }

    fn host_name_rounds(&mut self, kind: Kind, resolver: &Resolver) {
        let (what, sections): (&str, &[&str]) = match kind {
            Kind::Lease => ("another lease", &["secure", "plain"]),
            Kind::Link => ("link down and up", &["secure", "plain"]),
            Kind::DualStack => ("dual stack", &["secure", "plain", "secure6", "plain6"]),
        };
        let (mut secure, mut plain, mut after_resolver) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..number("BENCH_ROUNDS", 100).div_ceil(2) {
            thread::sleep(PAUSE);
            self.lose_addresses(kind);
            resolver.lose();
            thread::sleep(PAUSE);
            let from = self.provider.count();
            let delay = Duration::from_millis(30 + round * 53 % 271);
            let learning = resolver.learn_after(delay);
            if kind == Kind::DualStack {
                self.add6();
            }
            let address = self.add();
            let event = self.watcher.wait(address);
            for section in sections {
                let time = self.wait_request(section, from).saturating_sub(event);
                if section.starts_with("secure") {
                    secure.push(time);
                } else {
                    plain.push(time);
                    after_resolver.push(time.saturating_sub(delay));
                }
            }
            learning.join().unwrap();
        }
        show(&format!("late resolver, {what}: https"), &mut secure);
        show("  http, which has to wait for it", &mut plain);
        show("  http, since the resolver has a server", &mut after_resolver);
        let late = |times: &[Duration]| times.iter().filter(|time| time.as_millis() > 300).count();
        let (secure, plain) = (late(&secure), late(&after_resolver));
        println!("{:<44}{secure:>12}{plain:>12}", "  later than 300 ms: https, http");
    }

    fn lose_addresses(&self, kind: Kind) {
        if kind == Kind::Link {
            ip("link set wan-peer down");
        }
        ip("-4 addr flush dev wan");
        if kind == Kind::DualStack {
            ip("-6 addr flush dev wan scope global");
        }
        if kind == Kind::Link {
            ip("link set wan-peer up");
            process::wait_until("wan is up", || ip("-o link show dev wan").contains("state UP"));
        }
    }

    /// Adds a new IPv6 address to `wan`.
    fn add6(&mut self) {
        self.next += 1;
        ip(&format!("addr add 2001:db8:9::{}/128 dev wan nodad", self.next));
    }

    /// Waits for a request for the name of `section` after the first `from` requests; returns its
    /// time.
    fn wait_request(&self, section: &str, from: usize) -> Duration {
        let name = format!("{section}.example.com");
        self.provider.wait_for(&name, PATIENCE, |requests| {
            requests.iter().skip(from).find(|request| request.hostname() == name).map(|r| r.at)
        })
    }

    /// The address that `wan` has, or had last.
    fn address(&self) -> IpAddr {
        let [high, low] = self.next.to_be_bytes();
        IpAddr::from([203, 0, 112 + high, low])
    }

    /// Adds a new IPv4 address to `wan`.
    fn add(&mut self) -> IpAddr {
        self.next += 1;
        let address = self.address();
        ip(&format!("addr add {address}/32 dev wan"));
        address
    }

    /// Removes the old address and, after a pause, adds another; returns it and the time of its
    /// event.
    fn change(&mut self) -> (IpAddr, Duration) {
        thread::sleep(PAUSE);
        ip(&format!("addr del {}/32 dev wan", self.address()));
        thread::sleep(PAUSE);
        let address = self.add();
        (address, self.watcher.wait(address))
    }

    /// Makes one change; returns the time from its event to the request for `name`.
    fn round(&mut self, name: &str) -> Duration {
        let (address, event) = self.change();
        let address = address.to_string();
        let wanted = |r: &&Request| r.hostname() == name && r.myip() == address;
        let sent = self
            .provider
            .wait_for(name, PATIENCE, |requests| requests.iter().rev().find(wanted).map(|r| r.at));
        sent.saturating_sub(event)
    }

    /// Waits until a request with this address has come for each of `count` sections; returns the
    /// times of the last and the first one.
    fn wait_all(&self, count: usize, address: IpAddr) -> (Duration, Duration) {
        let address = address.to_string();
        self.provider.wait_for("all sections", PATIENCE, |requests| {
            let mine = requests.iter().rev().take(4 * count);
            let times =
                mine.filter(|r| r.myip() == address && r.hostname() != "floor").map(|r| r.at);
            let times: Vec<Duration> = times.collect();
            (times.len() >= count).then(|| (times[0], times[times.len() - 1]))
        })
    }

    /// Measures the idle cost with hosts of the local network, all of them in use: their entries in the neighbour
    /// table change ten times a second.
    fn hosts(&mut self) {
        let mac = |n: usize| format!("02:00:00:00:00:{n:02x}");
        let options = (0..HOSTS).map(|n| format!("\tlist host 'h{n}.example.com={}'\n", mac(n)));
        let options: String = options.collect();
        ip("addr add 2001:db8:5::1/64 dev wan nodad");
        let mut config = Config::new(router::file("lan-hosts"));
        let url = format!("http://{PROVIDER}/nic/update?hostname=[DOMAIN]&myip=[IP]");
        config.section(
            "hosts",
            &format!("\toption update_url '{url}'\n\toption host_network 'wan'\n{options}"),
        );
        let launcher = launcher_of(&config);
        let from = self.provider.count();
        let daemon = launcher.run();
        for n in 0..HOSTS {
            self.wait_request(&format!("h{n}"), from);
        }
        let mut batch = Command::new("ip");
        let mut batch = batch.args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = batch.stdin.take().unwrap();
        let traffic = thread::spawn(move || {
            for n in 0.. {
                let state = if n % 2 == 0 { "stale" } else { "reachable" };
                let (host, mac) = (n / 2 % HOSTS, mac(n / 2 % HOSTS));
                let entry =
                    format!("2001:db8:5::ff:fe00:{host:x} lladdr {mac} dev wan nud {state}");
                if writeln!(input, "neigh replace {entry}").is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(100));
            }
        });
        println!("{HOSTS} hosts, 10 changes of neighbours a second:");
        idle(&daemon);
        batch.kill().unwrap();
        batch.wait().unwrap();
        traffic.join().unwrap();
    }

    /// Measures memory with `count` sections, and how long they take to follow one change.
    fn many(&mut self, count: usize) {
        // A new address, so that the requests of earlier daemons are not counted.
        let (address, _) = self.change();
        let launcher = launcher(count);
        let daemon = launcher.run();
        self.wait_all(count, address);
        let memory = |key: &str| field(&process_file(&daemon, "smaps_rollup"), key);
        let text = format!("memory with {count} sections: resident, own share");
        let (resident, share) = (memory("Rss:"), memory("Pss:"));
        println!("{text:<44}{resident:>9} KiB{share:>8} KiB");
        let (address, event) = self.change();
        let (last, first) = self.wait_all(count, address);
        let text = format!("{count} sections follow one change: first, last");
        let (first, last) = (first.saturating_sub(event), last.saturating_sub(event));
        println!("{text:<44}{}{}", millis(first), millis(last));
    }
}

/// A launcher for `count` sections that follow `wan`, each with its own name, without earlier
/// state.
fn launcher(count: usize) -> Launcher {
    let dir = router::file(&format!("sections-{count}-{}", now().as_nanos()));
    let mut config = Config::new(dir);
    let url = format!("http://{PROVIDER}/nic/update?hostname=[DOMAIN]&myip=[IP]");
    for n in 0..count {
        config.section(&format!("s{n}"), &format!("\toption update_url '{url}'"));
    }
    launcher_of(&config)
}

fn launcher_of(config: &Config) -> Launcher {
    let ours = env!("CARGO_BIN_EXE_ddns-netlink");
    let binary = env::var("BENCH_DAEMON").unwrap_or_else(|_| ours.to_owned());
    Launcher::new(binary, &[], &config.write())
}

/// A kind of change on the WAN.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The address is replaced.
    Lease,
    /// The cable is pulled out and put in again.
    Link,
    /// The addresses of both families are replaced.
    DualStack,
}

/// A launcher for four sections, http and https with each family, for a provider with a host name.
fn host_name_launcher() -> Launcher {
    let mut config = Config::new(router::file("named"));
    let pem = router::file("ca.pem");
    let secure = format!("option cacert '{}'\n\toption update_url 'https://{HOST}", pem.display());
    let plain = format!("option update_url 'http://{HOST}");
    for (name, url, port, family) in [
        ("secure", &secure, SECURE.port(), 0),
        ("plain", &plain, PROVIDER.port(), 0),
        ("secure6", &secure, SECURE.port(), 1),
        ("plain6", &plain, PROVIDER.port(), 1),
    ] {
        config.section(
            name,
            &format!(
                "\toption use_ipv6 '{family}'\n\
                 \t{url}:{port}/nic/update?hostname=[DOMAIN]&myip=[IP]'"
            ),
        );
    }
    Launcher::new(env!("CARGO_BIN_EXE_ddns-netlink"), &[], &config.write())
}

/// The floor: a thread with a netlink socket, which on demand sends a request at each event.
struct Watcher {
    shared: Arc<(Mutex<Seen>, Condvar)>,
}

#[derive(Default)]
struct Seen {
    /// The time of each address's event.
    times: Vec<(IpAddr, Duration)>,
    connect: bool,
}

impl Watcher {
    fn start() -> Self {
        let shared = Arc::<(Mutex<Seen>, Condvar)>::default();
        let ours = shared.clone();
        let listener = Listener::new();
        thread::spawn(move || {
            while let Ok(events) = listener.next() {
                for Event { at, change } in events {
                    let Change::Address(address, true) = change else {
                        continue;
                    };
                    let mut seen = ours.0.lock().unwrap();
                    if seen.connect {
                        request(address);
                    }
                    seen.times.push((address, at));
                    ours.1.notify_all();
                }
            }
        });
        Self { shared }
    }

    fn connect(&self, on: bool) {
        self.shared.0.lock().unwrap().connect = on;
    }

    /// Waits for the event of this address; returns its time.
    fn wait(&self, address: IpAddr) -> Duration {
        let time = |seen: &Seen| {
            let mut times = seen.times.iter().rev();
            times.find(|(seen, _)| *seen == address).map(|(_, time)| *time)
        };
        let seen = self.shared.0.lock().unwrap();
        let waited = self.shared.1.wait_timeout_while(seen, PATIENCE, |seen| time(seen).is_none());
        time(&waited.unwrap().0).unwrap()
    }
}

fn request(address: IpAddr) {
    let mut stream = TcpStream::connect(PROVIDER).unwrap();
    let text = format!("GET /nic/update?hostname=floor&myip={address} HTTP/1.1\r\n\r\n");
    stream.write_all(text.as_bytes()).unwrap();
}

/// Measures context switches and CPU time while nothing happens.
fn idle(daemon: &Daemon<'_>) {
    let seconds = number("BENCH_IDLE", 60);
    // Wait until the daemon has finished with the last change.
    thread::sleep(Duration::from_secs(seconds.min(10)));
    // The threads that served the last request end within ten seconds; their counts would disappear
    // with them.
    while tasks(daemon) > 1 {
        thread::sleep(Duration::from_millis(100));
    }
    let before = effort(daemon);
    thread::sleep(Duration::from_secs(seconds));
    let after = effort(daemon);
    let text = format!("{seconds} s idle: context switches, CPU");
    let (switches, cpu) = (after.0 - before.0, after.1.saturating_sub(before.1));
    println!("{text:<44}{switches:>12}{}", millis(cpu));
}

fn tasks(daemon: &Daemon<'_>) -> usize {
    fs::read_dir(format!("/proc/{}/task", daemon.process.id())).unwrap().count()
}

/// Context switches and CPU time of all threads since they started.
fn effort(daemon: &Daemon<'_>) -> (u64, Duration) {
    let tasks = fs::read_dir(format!("/proc/{}/task", daemon.process.id())).unwrap();
    let (mut switches, mut cpu) = (0, Duration::ZERO);
    for task in tasks.flatten() {
        let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
        let status = read("status");
        switches += field(&status, "voluntary_ctxt_switches:");
        switches += field(&status, "nonvoluntary_ctxt_switches:");
        let nanos = read("schedstat");
        let nanos = nanos.split_whitespace().next().and_then(|n| n.parse().ok());
        cpu += Duration::from_nanos(nanos.unwrap_or(0));
    }
    (switches, cpu)
}

fn process_file(daemon: &Daemon<'_>, name: &str) -> String {
    fs::read_to_string(format!("/proc/{}/{name}", daemon.process.id())).unwrap_or_default()
}

/// The number after `key` at the beginning of a line.
fn field(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|l| l.strip_prefix(key));
    let word = line.and_then(|l| l.split_whitespace().next());
    word.and_then(|w| w.parse().ok()).unwrap_or(0)
}

fn show(what: &str, samples: &mut [Duration]) {
    let [median, p99] = [50, 99].map(|p| Duration::from_secs_f64(percentile(samples, p)));
    println!("{what:<44}{}{}", millis(median), millis(p99));
}

/// The percentile of the samples, in seconds.
fn percentile(samples: &mut [Duration], percent: usize) -> f64 {
    samples.sort();
    let index = (samples.len() * percent / 100).min(samples.len().saturating_sub(1));
    samples.get(index).map_or(0.0, Duration::as_secs_f64)
}

fn millis(time: Duration) -> String {
    format!("{:>9.3} ms", time.as_secs_f64() * 1000.0)
}
