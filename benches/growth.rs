//! `make bench`: what a name costs when there are many, and what an event costs that concerns none of
//! them. Prints, never asserts.
//!
//! The names follow one device. They stand in a section each, with one account or with an account each,
//! or all in one section. Their provider is on the loopback and answers at once. The CPU time is that of
//! the whole process, threads that have ended included. What grows as fast as the number of names
//! shows a ratio of 1.0.
//!
//! `BENCH_NAMES` (`1 10 100 1000 10000`) is how many names, `BENCH_LIMIT` (60) after how many seconds a
//! measurement is given up, `BENCH_DAEMON` another binary to measure.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench, not the daemon"
)]

#[path = "../tests/support/daemon.rs"]
mod daemon;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/provider.rs"]
mod provider;
#[path = "../tests/support/router.rs"]
mod router;
#[path = "../tests/support/skip.rs"]
mod skip;
#[path = "../tests/support/tls.rs"]
mod tls;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use daemon::{Daemon, Launcher};
use nix::sys::signal::Signal;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use provider::{Provider, now};
use router::{file, ip_isp as ip};

const PROVIDER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// A process that uses no CPU for this long has nothing more to do.
const QUIET: Duration = Duration::from_millis(100);
/// Longer than the time without events after which the daemon sends a change at once.
const PAUSE: Duration = Duration::from_millis(350);
/// Longer than the daemon waits before it writes what has changed since it wrote files last.
const LATER: Duration = Duration::from_millis(1_100);
/// Addresses that come to and go from the device that no section uses.
const EVENTS: u32 = 10_000;
/// Where the columns begin.
const WIDTH: usize = 48;

/// How the names stand in the configuration.
#[derive(Clone, Copy)]
enum Form {
    SectionEach,
    AccountEach,
    OneSection,
}

fn main() -> ExitCode {
    router::program(inside)
}

fn inside() {
    router::uplink_and_wan();
    ip("link add other type veth peer name other-peer");
    ip("link set other up");
    let provider = Provider::new();
    let _server = provider.listen(PROVIDER);
    let mut bench = Bench { provider, next: 0 };
    // The program is in memory from here on.
    launcher(Form::OneSection, 1).output(&["--version"]);
    for form in [Form::SectionEach, Form::AccountEach, Form::OneSection] {
        bench.measure(form);
    }
}

fn sizes() -> Vec<u32> {
    let text = env::var("BENCH_NAMES").unwrap_or_else(|_| "1 10 100 1000 10000".into());
    text.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

fn limit() -> Duration {
    let text = env::var("BENCH_LIMIT").unwrap_or_default();
    Duration::from_secs(text.parse().unwrap_or(60))
}

struct Bench {
    provider: Provider,
    /// The number of the address that comes next.
    next: u16,
}

/// What one number of names costs.
#[derive(Clone, Copy, Default)]
struct Costs {
    /// CPU time for each name, in seconds: at the start, when one address changes, and at a reload.
    start: Option<f64>,
    change: Option<f64>,
    reload: Option<f64>,
    /// CPU time for each event that concerns nobody, in seconds.
    event: Option<f64>,
}

impl Bench {
    fn measure(&mut self, form: Form) {
        let title = match form {
            Form::SectionEach => "a section for each name",
            Form::AccountEach => "a section and an account for each name",
            Form::OneSection => "one section for all names",
        };
        println!("\n{title:<WIDTH$}{:>12}{:>12}{:>12}{:>12}", "CPU", "for each", "ratio", "wall");
        let mut before = Costs::default();
        let (mut event_of_first, mut count_of_first) = (None, 0);
        for count in sizes() {
            let costs = self.size(form, count, before);
            if event_of_first.is_none() {
                (event_of_first, count_of_first) = (costs.event, count);
            } else if let (Some(one), Some(many)) = (event_of_first, costs.event) {
                let ratio = many / one;
                let text = format!("  one event: {count_of_first} → {count} names");
                println!("{text:<WIDTH$}{ratio:>36.1}");
            }
            if costs.change.is_none() {
                return;
            }
            before = costs;
        }
    }

    /// Measures `count` names. `before` has the costs of the next smaller number, for the ratios.
    fn size(&mut self, form: Form, count: u32, before: Costs) -> Costs {
        self.remove_address();
        let launcher = launcher(form, count);
        let started = now();
        let daemon = launcher.run();
        let control = launcher_dir(form, count).join("run/control.sock");
        let mut costs = Costs::default();
        let names = if count == 1 { "1 name".to_owned() } else { format!("{count} names") };
        if !until(started + limit(), || control.exists()) || !calm(&daemon, Duration::ZERO) {
            println!("  {names}: the start was given up");
            return costs;
        }
        costs.start = show(&names, "start", count, cpu(&daemon), before.start, started);
        let begin = now();
        let reload = spent(&daemon, || daemon.signal(Signal::SIGHUP));
        costs.reload = show(&names, "reload without a change", count, reload, before.reload, begin);
        costs.change = self.changes(&daemon, &names, count, before.change);
        if costs.change.is_none() {
            return costs;
        }
        if count == 1 || count >= 10_000 {
            thread::sleep(LATER);
            calm(&daemon, Duration::ZERO);
            let begin = now();
            let events = spent(&daemon, addresses_that_concern_nobody);
            let name = format!("{names}, {EVENTS} events for nobody");
            costs.event = show(&name, "one event", EVENTS, events, None, begin);
        }
        if count >= 1_000 {
            self.ask_during_change(&daemon, &launcher, &names, count);
        }
        costs
    }

    /// The CPU time for each name that follows a change of the address.
    fn changes(
        &mut self,
        daemon: &Daemon<'_>,
        names: &str,
        count: u32,
        before: Option<f64>,
    ) -> Option<f64> {
        // The first one is not as the others: nothing is published yet.
        self.change(daemon, count)?;
        let rounds = (100 / count).clamp(1, 20);
        let (mut cpu, mut wall) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..rounds {
            let change = self.change(daemon, count)?;
            cpu += change.0;
            wall += change.1;
        }
        let begin = now().saturating_sub(wall / rounds);
        show(names, "change of the address", count, Some(cpu / rounds), before, begin)
    }

    /// The address is replaced: CPU time until the daemon has nothing more to do, and the time until
    /// the last of `count` requests.
    fn change(&mut self, daemon: &Daemon<'_>, count: u32) -> Option<(Duration, Duration)> {
        self.remove_address();
        if !calm(daemon, Duration::ZERO) {
            println!("  gave up: busy for {} s after the address was removed", limit().as_secs());
            return None;
        }
        thread::sleep(PAUSE);
        let (requests, used, begin) = (self.provider.count(), cpu(daemon)?, now());
        self.add_address();
        let wanted = requests + usize::try_from(count).unwrap();
        let complete = until(begin + limit(), || self.provider.count() >= wanted);
        let wall = now() - begin;
        if !complete || !calm(daemon, used) {
            let sent = self.provider.count() - requests;
            let used = (cpu(daemon)? - used).as_secs_f64();
            println!(
                "  gave up: {sent} of {count} requests after {:.0} s, {used:.1} s of CPU",
                wall.as_secs_f64()
            );
            return None;
        }
        Some((cpu(daemon)? - used, wall))
    }

    /// How long `status` takes while the names follow a change.
    fn ask_during_change(
        &mut self,
        daemon: &Daemon<'_>,
        launcher: &Launcher,
        names: &str,
        count: u32,
    ) {
        self.remove_address();
        calm(daemon, Duration::ZERO);
        thread::sleep(PAUSE);
        let wanted = self.provider.count() + usize::try_from(count).unwrap();
        let begin = now();
        self.add_address();
        let mut times = Vec::new();
        let mut unanswered = 0;
        while self.provider.count() < wanted && now() < begin + limit() {
            let asked = now();
            let answered = launcher.output(&["status"]).status.success();
            times.push(now() - asked);
            unanswered += u32::from(!answered);
        }
        times.sort();
        let (Some(worst), Some(median)) = (times.last(), times.get(times.len() / 2)) else {
            return;
        };
        let text = format!("  {names}, status during a change: median, worst");
        println!("{text:<WIDTH$}{:>12}{:>12}", millis(*median), millis(*worst));
        if unanswered > 0 {
            println!("  {unanswered} of {} were not answered", times.len());
        }
    }

    fn address(&self) -> String {
        let [high, low] = self.next.to_be_bytes();
        format!("203.0.{}.{low}/32", 112 + high)
    }

    fn remove_address(&self) {
        ip("-4 addr flush dev wan");
    }

    fn add_address(&mut self) {
        self.next += 1;
        ip(&format!("addr add {} dev wan", self.address()));
    }
}

/// Prints one line, and gives the CPU time for each of `count` in seconds.
fn show(
    names: &str,
    what: &str,
    count: u32,
    cpu: Option<Duration>,
    before: Option<f64>,
    begin: Duration,
) -> Option<f64> {
    let text = format!("  {names}: {what}");
    let wall = millis(now() - begin);
    let Some(cpu) = cpu else {
        println!("{text:<WIDTH$}gave up after {wall}");
        return None;
    };
    let each = cpu.as_secs_f64() / f64::from(count);
    let ratio = before.map_or_else(String::new, |before| format!("{:.1}", each / before));
    println!("{text:<WIDTH$}{:>12}{:>9.1} µs{ratio:>12}{wall:>12}", millis(cpu), each * 1e6);
    Some(each)
}

/// The CPU time that the daemon needs for what `trigger` causes; nothing if it takes too long.
fn spent(daemon: &Daemon<'_>, trigger: impl FnOnce()) -> Option<Duration> {
    let before = cpu(daemon)?;
    trigger();
    if !calm(daemon, before) {
        return None;
    }
    Some(cpu(daemon)? - before)
}

/// Waits until the daemon has used more than `before` and nothing more for a while; false if it goes on
/// for too long.
fn calm(daemon: &Daemon<'_>, before: Duration) -> bool {
    let end = now() + limit();
    if !until(end, || cpu(daemon) > Some(before)) {
        return false;
    }
    let mut last = cpu(daemon);
    while now() < end {
        thread::sleep(QUIET);
        let used = cpu(daemon);
        if used == last {
            return true;
        }
        last = used;
    }
    false
}

/// Asks again and again until `condition` is true; false if that is not before `end`.
fn until(end: Duration, mut condition: impl FnMut() -> bool) -> bool {
    while !condition() {
        if now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}

/// CPU time of all threads of the daemon so far.
fn cpu(daemon: &Daemon<'_>) -> Option<Duration> {
    let pid = Pid::from_raw(i32::try_from(daemon.process.id()).unwrap());
    let clock = clock_getcpuclockid(pid).ok()?;
    clock_gettime(clock).ok().map(Duration::from)
}

/// Addresses come to and go from a device that no section uses, a hundred at a time.
fn addresses_that_concern_nobody() {
    let mut commands = String::new();
    for block in 0..EVENTS / 200 {
        for action in ["add", "del"] {
            for address in 1..=100 {
                let _ = writeln!(commands, "addr {action} 198.18.{block}.{address}/32 dev other");
            }
        }
    }
    let mut batch = Command::new("ip");
    let mut child = batch.args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
    child.wait().unwrap();
}

/// Where the files of this measurement are.
fn launcher_dir(form: Form, count: u32) -> std::path::PathBuf {
    match form {
        Form::SectionEach => file(&format!("each-{count}")),
        Form::AccountEach => file(&format!("account-{count}")),
        Form::OneSection => file(&format!("one-{count}")),
    }
}

/// `count` names that follow `wan`, and no state from before.
fn launcher(form: Form, count: u32) -> Launcher {
    let path = launcher_dir(form, count);
    let dir = path.display();
    let mut text = format!(
        "config ddns 'global'\n\toption ddns_statedir '{dir}/state'\n\
         \toption ddns_rundir '{dir}/run'\n\toption ddns_logdir '{dir}/log'\n"
    );
    let names: Vec<String> = (0..count).map(|n| format!("n{n}.example.com")).collect();
    match form {
        Form::SectionEach | Form::AccountEach => {
            for (number, name) in names.iter().enumerate() {
                section(&mut text, number, std::slice::from_ref(name));
                if let Form::AccountEach = form {
                    let _ = writeln!(text, "\toption password 'p{number}'");
                }
            }
        }
        Form::OneSection => section(&mut text, 0, &names),
    }
    fs::create_dir_all(&path).unwrap();
    let config = path.join("ddns");
    fs::write(&config, text).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let ours = env!("CARGO_BIN_EXE_ddns-netlink");
    let binary = env::var("BENCH_DAEMON").unwrap_or_else(|_| ours.to_owned());
    Launcher::new(binary, &[], &config)
}

fn section(text: &mut String, number: usize, names: &[String]) {
    let _ = write!(
        text,
        "config service 's{number}'\n\
         \toption enabled '1'\n\
         \toption update_url 'http://{PROVIDER}/nic/update?hostname=[DOMAIN]&myip=[IP]'\n\
         \toption ip_source 'interface'\n\
         \toption ip_interface 'wan'\n\
         \toption min_interval '0'\n\
         \toption force_interval 'never'\n"
    );
    for name in names {
        let _ = writeln!(text, "\tlist domain '{name}'");
    }
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
