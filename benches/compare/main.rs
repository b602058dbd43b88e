//! `make compare`: this project beside other clients, and beside the floor. Prints Markdown, never asserts.
//!
//! All clients run in the same private namespaces, at the same provider (dyndns2, HTTP and HTTPS), and are told of a
//! change as early as they can be: this project listens to the kernel, the others are called by a hook that runs right
//! at the kernel's event. So what a DHCP client needs before it runs its script is left out, which favours them.
//! `peers/README.md` says how a client is added.
//!
//! It is in Rust, because the floor uses the daemon's own TLS library and the provider of the tests takes the time of
//! the first byte; a script could not time half a millisecond.
//!
//! `COMPARE_ROUNDS` (20) is the number of changes, `COMPARE_FLOOR_ROUNDS` (100) that beside the floor,
//! `COMPARE_COLD_ROUNDS` (20) that after ten idle seconds, `COMPARE_IDLE` (60) the idle seconds,
//! `COMPARE_NAMES` (`1 10 100`) the numbers of names, `COMPARE_CLIENTS` more files like those of `peers/`,
//! `COMPARE_ONLY` a word of the one to measure,
//! `COMPARE_PARTS` (`floor clients names mips`) the parts to measure, `COMPARE_MIPS` the program for mipsel,
//! `COMPARE_TOOLS` the directory of `fetch.sh`, and `BENCH_DAEMON` another binary to measure.
//! `COMPARE_DDNS_SCRIPTS` names an OpenWrt file tree with ddns-scripts, which Debian does not have. `peers/README.md`
//! says what must be in it. Without that variable, ddns-scripts is missing in the result.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench, not the daemon"
)]

#[path = "../../tests/support/dns.rs"]
mod dns;
#[path = "../../tests/support/events.rs"]
mod events;
#[path = "../../tests/support/process.rs"]
mod process;
#[path = "../../tests/support/provider.rs"]
mod provider;
#[path = "../../tests/support/relay.rs"]
mod relay;
#[path = "../../tests/support/router.rs"]
mod router;
#[path = "../../tests/support/skip.rs"]
mod skip;
#[path = "../../tests/support/tls.rs"]
mod tls;

mod client;
mod measure;
mod mips;
mod scene;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use client::{Client, Running, Task};
use measure::{Sampler, Trace};
use router::{file, has};
use scene::{FULL, Floor, PLAIN, PLAIN_AWAY, Scene, TLS, TLS_AWAY};

const PATIENCE: Duration = Duration::from_secs(30);
/// How long many names may take.
const LONG_PATIENCE: Duration = Duration::from_secs(180);

fn main() -> ExitCode {
    router::program(inside)
}

fn text(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

fn number(name: &str, default: u64) -> u64 {
    text(name, "").parse().unwrap_or(default)
}

fn inside() {
    let ours = text("BENCH_DAEMON", env!("CARGO_BIN_EXE_ddns-netlink"));
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/compare/peers");
    let tools = PathBuf::from(text("COMPARE_TOOLS", "target/compare"));
    let mut scene = Scene::new();
    println!("Kernel {}, {} CPUs.", kernel(), thread::available_parallelism().unwrap());
    let clients = find_clients(&peers, &ours, &tools);
    let parts = text("COMPARE_PARTS", "floor clients names mips");
    let wanted = |part: &str| parts.split_whitespace().any(|p| p == part);
    if wanted("floor")
        && let Some(client) = clients.first()
    {
        measure_floor(&mut scene, client);
    }
    if wanted("clients") {
        measure_clients(&mut scene, &clients);
    }
    if wanted("names") {
        measure_names(&mut scene, &clients);
    }
    if wanted("mips") {
        let program = text("COMPARE_MIPS", "dist/ddns-netlink-mipsel-unknown-linux-musl");
        mips::measure(&mut scene, Path::new(&program), &peers.join("ddns-netlink.sh"), &tools);
    }
}

fn kernel() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// This project first, then the others. Names those that are missing.
fn find_clients(peers: &Path, ours: &str, tools: &Path) -> Vec<Client> {
    println!("\n## Clients\n");
    let own = ["ddns-netlink.sh", "udhcpc-curl.sh", "inadyn.sh", "ddclient.sh", "ddns-scripts.sh"]
        .map(|p| peers.join(p));
    let more = text("COMPARE_CLIENTS", "");
    let more = more.split(':').filter(|path| !path.is_empty()).map(PathBuf::from);
    let only = text("COMPARE_ONLY", "");
    let mut clients = Vec::new();
    for script in own.into_iter().chain(more) {
        match Client::find(&script, ours, "", tools) {
            Ok(client) => {
                println!("* {}", client.version);
                if client.version.contains(&only) {
                    clients.push(client);
                }
            }
            Err(reason) => println!("* missing: {} ({reason})", script.display()),
        }
    }
    clients
}

/// Times in the order in which they were measured.
pub struct Samples(pub Vec<Duration>);

impl Samples {
    fn percentile(&self, percent: usize) -> Duration {
        let mut times = self.0.clone();
        times.sort();
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default()
    }

    /// The median; zero without any.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// Each time less this one.
    pub fn minus(&self, base: Duration) -> Self {
        Self(self.0.iter().map(|time| time.saturating_sub(base)).collect())
    }

    /// Median, lowest and highest.
    pub fn show(&self) -> String {
        if self.0.is_empty() {
            return "failed".to_owned();
        }
        let [low, median, high] = [0, 50, 100].map(|p| millis(self.percentile(p)));
        format!("{median} ({low} to {high}) ms")
    }
}

/// Milliseconds with three digits that count.
fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    let digits = if millis < 10.0 { 2 } else { usize::from(millis < 100.0) };
    format!("{millis:.digits$}")
}

/// This project's daemon and the floor, by turns.
fn measure_floor(scene: &mut Scene, client: &Client) {
    let rounds = number("COMPARE_FLOOR_ROUNDS", 100);
    println!("\n## The floor\n");
    println!(
        "From the kernel's event to the first byte of the request. The ratio is that of medians and of p99.\n"
    );
    println!("| | changes | {} | p99 | floor | p99 | ratio |", client.version);
    println!("|---|---|---|---|---|---|---|");
    let config = scene::client_config(&scene.authority);
    for (title, port, floor) in [
        ("HTTP", PLAIN, Floor::Plain),
        ("HTTPS, session resumed", TLS, Floor::Tls(config.clone(), TLS)),
        ("HTTPS, full handshake", FULL, Floor::Tls(config.clone(), FULL)),
    ] {
        let task = Task::new(port, 1);
        let running = client.start(scene, &task);
        if !running.wait_start(scene, &task) {
            println!("| {title} | failed |");
            continue;
        }
        let (mut ours, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (update, _) = running.update(scene, &task, PATIENCE);
            ours.extend(update.map(|update| update.first));
            floors.push(stopped(scene, &running, &task, &floor));
        }
        show_floor(title, &Samples(ours), &Samples(floors));
    }
    let rounds = number("COMPARE_COLD_ROUNDS", 20);
    for (title, port, cacert) in [
        ("HTTP, after idle seconds", PLAIN, file("ca.pem")),
        ("HTTPS, full handshake, after idle seconds", FULL, file("ca.pem")),
        ("… with all authorities of the system", FULL, scene.bundle()),
    ] {
        let floor = if port == PLAIN { Floor::Plain } else { Floor::Tls(config.clone(), FULL) };
        let floors = (0..rounds).map(|_| scene.floor_round(&floor)).collect();
        let task = Task { cacert, ..Task::new(port, 1) };
        let running = client.start(scene, &task);
        let mut ours = Vec::new();
        if running.wait_start(scene, &task) {
            for _ in 0..rounds {
                wait_idle(&running);
                let (update, _) = running.update(scene, &task, PATIENCE);
                ours.extend(update.map(|update| update.first));
            }
        }
        show_floor(title, &Samples(ours), &Samples(floors));
    }
}

/// A round of the floor while the daemon is stopped. The daemon sees the change only afterwards.
fn stopped(scene: &mut Scene, running: &Running, task: &Task, floor: &Floor) -> Duration {
    let daemon = running.daemon.as_ref().unwrap();
    daemon.signal(nix::sys::signal::Signal::SIGSTOP);
    let time = scene.floor_round(floor);
    let before = scene.counts();
    daemon.signal(nix::sys::signal::Signal::SIGCONT);
    let _ = scene.wait(&task.names, before, Duration::ZERO, PATIENCE);
    time
}

/// Waits until the threads that served the last request have ended: the usual state before a change.
fn wait_idle(running: &Running) {
    while measure::tasks(running.daemon.as_ref().unwrap().id()) > 1 {
        thread::sleep(Duration::from_millis(100));
    }
}

fn show_floor(title: &str, ours: &Samples, floor: &Samples) {
    let ratio =
        |percent| ours.percentile(percent).as_secs_f64() / floor.percentile(percent).as_secs_f64();
    println!(
        "| {title} | {} | {} ms | {} ms | {} ms | {} ms | {:.1}, {:.1} |",
        ours.0.len(),
        millis(ours.median()),
        millis(ours.percentile(99)),
        millis(floor.median()),
        millis(floor.percentile(99)),
        ratio(50),
        ratio(99)
    );
}

fn measure_clients(scene: &mut Scene, clients: &[Client]) {
    let rounds = number("COMPARE_ROUNDS", 20);
    println!("\n## One name, one change\n");
    println!("Median (lowest to highest) of {rounds} changes, and CPU time for each.\n");
    println!("| client | HTTP | HTTPS | CPU, HTTP | CPU, HTTPS | polling instead (computed) |");
    println!("|---|---|---|---|---|---|");
    for client in clients {
        let [plain, tls] = [PLAIN, TLS].map(|port| follow(scene, client, port, rounds));
        let polling = client.interval().map_or("–".to_owned(), |seconds| {
            format!("every {seconds} s, {} s on average", seconds / 2)
        });
        println!(
            "| {} | {} | {} | {} | {} | {polling} |",
            client.version, plain.0, tls.0, plain.1, tls.1
        );
    }
    let seconds = number("COMPARE_IDLE", 60);
    println!("\n## What it takes\n");
    println!(
        "Memory in KiB: resident, and the share of pages that others use, too. The peak is the highest of one \
              update over HTTPS, looked at every millisecond. Processes, programs and threads are those that one \
              update starts, the hook's shell included. Bytes are those of programs, libraries and modules that a \
              start and an update open, without libc and busybox.\n"
    );
    println!(
        "| client | idle | peak | context switches in {seconds} s | processes, programs, threads | bytes | files |"
    );
    println!("|---|---|---|---|---|---|---|");
    for client in clients {
        let (idle, switches) = rest(scene, client, seconds);
        let peak = peak(scene, client);
        let trace = trace(scene, client);
        println!("| {} | {idle} | {peak} | {switches} | {trace} |", client.version);
    }
}

/// The time from the event to the request, and the CPU time of each change.
fn follow(scene: &mut Scene, client: &Client, port: u16, rounds: u64) -> (String, String) {
    let task = Task::new(port, 1);
    let running = client.start(scene, &task);
    if !running.wait_start(scene, &task) {
        return ("failed".to_owned(), "–".to_owned());
    }
    let (mut times, mut hooks, before) = (Vec::new(), Duration::ZERO, running.cpu());
    for _ in 0..rounds {
        let (update, hook) = running.update(scene, &task, PATIENCE);
        times.extend(update.map(|update| update.first));
        hooks += hook;
    }
    let spent = (running.cpu().saturating_sub(before) + hooks) / u32::try_from(rounds).unwrap();
    let failed = usize::try_from(rounds).unwrap() - times.len();
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    (Samples(times).show() + &failed, format!("{} ms", millis(spent)))
}

/// Memory and context switches while nothing happens.
fn rest(scene: &mut Scene, client: &Client, seconds: u64) -> (String, String) {
    let task = Task::new(TLS, 1);
    let running = client.start(scene, &task);
    if running.daemon.is_none() {
        return ("no process".to_owned(), "0".to_owned());
    }
    if !running.wait_start(scene, &task) {
        return ("failed".to_owned(), "–".to_owned());
    }
    running.update(scene, &task, PATIENCE);
    // Threads that served a request end within ten seconds.
    thread::sleep(Duration::from_secs(seconds.min(12)));
    let ids = measure::others(&[scene.ip_process()]);
    let count = || ids.iter().map(|id| measure::switches(*id)).sum::<u64>();
    let before = count();
    thread::sleep(Duration::from_secs(seconds));
    let switches = count() - before;
    let memory = measure::memory(&ids);
    (format!("{}, {}", memory.resident, memory.share), switches.to_string())
}

/// The most memory during updates over HTTPS.
fn peak(scene: &mut Scene, client: &Client) -> String {
    let task = Task::new(TLS, 1);
    let running = client.start(scene, &task);
    if !running.wait_start(scene, &task) {
        return "failed".to_owned();
    }
    let sampler = Sampler::start(vec![scene.ip_process()]);
    for _ in 0..5 {
        running.update(scene, &task, PATIENCE);
    }
    let peak = sampler.peak();
    format!("{}, {}", peak.resident, peak.share)
}

/// What an update starts and opens.
fn trace(scene: &mut Scene, client: &Client) -> String {
    if !has("strace") {
        return "strace is not installed | – | –".to_owned();
    }
    let task = Task::new(TLS, 1);
    let output = file(&format!("trace-{}", provider::now().as_nanos()));
    let running = client.start_under(scene, &task, &measure::strace(&output));
    let started = running.wait_start(scene, &task);
    // What a client does after its request is part of the update.
    let rest = Duration::from_secs(2);
    thread::sleep(rest);
    let lines = std::fs::read_to_string(&output).map_or(0, |text| text.lines().count());
    let (update, _) = running.update(scene, &task, PATIENCE);
    thread::sleep(rest);
    let root = running.root();
    // This ends what strace has started, too.
    drop(running);
    if !started || update.is_none() {
        return "failed | – | –".to_owned();
    }
    let hook = Trace::read(&output.with_extension("hook"), 0, &root);
    let one = Trace::read(&output, lines, &root).with(&hook);
    let all = Trace::read(&output, 0, &root).with(&hook);
    // The hook's shell itself.
    let shell = usize::from(hook.programs > 0);
    format!(
        "{}, {}, {} | {} | {}",
        one.processes + shell,
        one.programs,
        one.threads,
        all.bytes(),
        all.files()
    )
}

/// Requests, connections and time when many names follow one change.
fn measure_names(scene: &mut Scene, clients: &[Client]) {
    println!("\n## Many names\n");
    println!(
        "Requests, connections (with HTTPS each has a handshake), and the time from the event to the last \
              request: the median of three changes, with 100 names of one.\n"
    );
    println!("| client | names | HTTP | HTTPS | HTTP, 50 ms away | HTTPS, 50 ms away |");
    println!("|---|---|---|---|---|---|");
    for client in clients {
        for count in text("COMPARE_NAMES", "1 10 100").split_whitespace() {
            let count = count.parse().unwrap();
            let cells =
                [PLAIN, TLS, PLAIN_AWAY, TLS_AWAY].map(|port| names(scene, client, port, count));
            println!("| {} | {count} | {} |", client.version, cells.join(" | "));
        }
    }
}

fn names(scene: &mut Scene, client: &Client, port: u16, count: usize) -> String {
    let task = Task::new(port, count);
    let running = client.start(scene, &task);
    if !running.wait_start(scene, &task) {
        return "failed".to_owned();
    }
    let rounds = if count < 100 { 3 } else { 1 };
    let updates: Vec<_> =
        (0..rounds).filter_map(|_| running.update(scene, &task, LONG_PATIENCE).0).collect();
    let Some(last) = updates.last() else {
        return "failed".to_owned();
    };
    let time = Samples(updates.iter().map(|update| update.last).collect()).median();
    format!("{}, {}, {} ms", last.requests, last.connections, millis(time))
}
