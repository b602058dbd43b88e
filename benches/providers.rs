//! `make bench`: the cost of sending one new address to each kind of provider. Prints, never
//! asserts.
//!
//! The sections of one account follow one device. The table has, for each kind of provider and each
//! number of names, the requests after one change, their connections over HTTP, and the time from the
//! kernel's event until the last name is accepted. The providers are on the loopback and answer at once,
//! except one that takes 100 ms, and those that are 50 ms away. The way to these is a relay that
//! delivers every byte 25 ms later. TCP's handshake takes no time there, so the first bytes of a connection
//! are delivered 50 ms later than that. BIND is real.
//!
//! `BENCH_NAMES` (`1 20 100 1000`) are the numbers of names, `BENCH_DAEMON` is another binary to
//! measure.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench, not the daemon"
)]

#[path = "../tests/support/daemon.rs"]
mod daemon;
#[path = "../tests/support/events.rs"]
mod events;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/provider.rs"]
mod provider;
#[path = "../tests/support/relay.rs"]
mod relay;
#[path = "../tests/support/router.rs"]
mod router;
#[path = "../tests/support/skip.rs"]
mod skip;
#[path = "../tests/support/tls.rs"]
mod tls;

use std::env;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use daemon::{Config, Daemon, Launcher};
use events::{Change, Event, Listener};
use process::{Process, run};
use provider::{Provider, Reply, Server, now};
use router::{file, ip_isp as ip};

const PATIENCE: Duration = Duration::from_secs(120);
/// The pause between two changes. After so long without events the daemon sends at once; in a burst
/// of changes it would wait.
const PAUSE: Duration = Duration::from_millis(350);
const PLAIN: u16 = 8080;
/// How long the slow provider takes to answer.
const SLOW: Duration = Duration::from_millis(100);
/// Where the relay to the distant provider listens.
const DISTANT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A kind of provider: the options of its sections, and how its requests are counted.
struct Kind {
    title: &'static str,
    /// Options of every section.
    options: &'static str,
    /// A program that the measurement needs.
    tool: Option<&'static str>,
    count: fn(&World) -> usize,
}

const KINDS: [Kind; 9] = [
    Kind {
        title: "update URL, one address",
        options: "\toption update_url 'http://127.0.0.1:8080/nic/update?hostname=[DOMAIN]&myip=[IP]'",
        tool: None,
        count: |world| world.provider.count(),
    },
    Kind {
        title: "update URL, 100 ms for each answer",
        options: "\toption update_url 'http://127.0.0.1:8080/slow?hostname=[DOMAIN]&myip=[IP]'",
        tool: None,
        count: |world| world.provider.count(),
    },
    Kind {
        title: "update URL, TLS, 50 ms away",
        options: "\toption update_url 'https://distant.example/nic/update?hostname=[DOMAIN]&myip=[IP]'\n\
                  \toption cacert '/run/t/ca.pem'",
        tool: None,
        count: |world| world.provider.count(),
    },
    Kind {
        title: "update URL, both addresses",
        options: "\toption update_url 'http://127.0.0.1:8080/nic/update?hostname=[DOMAIN]&myip=[IP4],[IP6]'\n\
                  \toption also_ipv6 '1'",
        tool: None,
        count: |world| world.provider.count(),
    },
    Kind {
        title: "interface, record by record, TLS (Gandi)",
        options: "\toption service_name 'gandi'\n\toption cacert '/run/t/ca.pem'",
        tool: None,
        count: |world| world.provider.count(),
    },
    Kind {
        title: "interface, a zone at once (PowerDNS)",
        options: "\toption service_name 'powerdns'\n\toption param_opt 'http://127.0.0.1:8080'",
        tool: None,
        count: |world| world.provider.count(),
    },
    Kind {
        title: "the same, TLS, 50 ms away",
        options: "\toption service_name 'powerdns'\n\toption param_opt 'https://distant.example'\n\
                  \toption cacert '/run/t/ca.pem'",
        tool: None,
        count: |world| world.provider.count(),
    },
    Kind {
        title: "RFC 2136 (BIND)",
        options: "\toption service_name 'rfc2136'\n\toption dns_server '127.0.0.1:5353'\n\
                  \toption username 'home'\n\toption password 'c2VjcmV0c2VjcmV0c2VjcmV0'",
        tool: Some("named"),
        count: |_| serial(),
    },
    Kind {
        title: "script",
        options: "\toption update_script '/run/t/update'",
        tool: None,
        count: |_| fs::read("/run/t/updates").map_or(0, |bytes| bytes.len()),
    },
];

/// The providers, and the kernel's events.
struct World {
    provider: Provider,
    events: Receiver<Event>,
    _servers: [Server; 2],
    _bind: Option<Process>,
    address: u16,
}

/// What one change costs.
struct Cost {
    requests: usize,
    connections: usize,
    time: Duration,
}

fn main() -> ExitCode {
    router::program(inside)
}

fn inside() {
    router::uplink_and_wan();
    ip("addr add 2001:db8:7::5/64 dev wan nodad");
    ip("route add default via fe80::1 dev uplink");
    let mut world = World::start();
    let names = env::var("BENCH_NAMES").unwrap_or_else(|_| "1 20 100 1000".into());
    let names: Vec<usize> = names.split_whitespace().map(|word| word.parse().unwrap()).collect();
    println!(
        "{:<42}{:>6}{:>10}{:>13}{:>18}",
        "one new address", "names", "requests", "connections", "all accepted"
    );
    for kind in &KINDS {
        if let Some(tool) = kind.tool.filter(|tool| !router::has(tool)) {
            println!("{:<42} needs {tool}", kind.title);
            continue;
        }
        for &count in &names {
            let Cost { requests, connections, time } = world.measure(kind, count);
            let time = time.as_secs_f64() * 1000.0;
            println!("{:<42}{count:>6}{requests:>10}{connections:>13}{time:>15.1} ms", kind.title);
        }
    }
}

impl World {
    fn start() -> Self {
        let provider = Provider::new();
        provider.for_path("/slow", Reply::Late(SLOW));
        let zones = "/api/v1/servers/localhost/zones";
        provider.for_path(zones, Reply::body(r#"[{"name":"example.com."}]"#));
        let zone = r#"{"rrsets":[{"name":"example.com.","type":"NS","ttl":300,"records":[]}]}"#;
        provider.for_path(&format!("{zones}/example.com."), Reply::body(zone));
        let gandi = "/v5/livedns/domains";
        provider.for_path(gandi, Reply::body(r#"[{"fqdn":"example.com"}]"#));
        provider.below_path(gandi, Reply::body(r#"{"rrset_ttl":300,"rrset_values":[]}"#));
        let authority = tls::Authority::new();
        authority.write_pem(&file("ca.pem"));
        let config = authority.server(&["api.gandi.net", "distant.example"], tls::Flavour::Good);
        router::hosts(&format!("127.0.0.1 api.gandi.net\n{DISTANT} distant.example"));
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let servers = [provider.listen(local(PLAIN)), provider.listen_tls(local(443), config)];
        relay::start((DISTANT, 443), (Ipv4Addr::LOCALHOST, 443));
        let script = "printf . >>/run/t/updates\necho good >\"$DATFILE\"\nreturn 0\n";
        fs::write("/run/t/update", script).unwrap();
        fs::set_permissions("/run/t/update", fs::Permissions::from_mode(0o755)).unwrap();
        let bind = router::has("named").then(bind);
        Self { provider, events: events(), _servers: servers, _bind: bind, address: 0 }
    }

    /// The cost of one change for `count` names that are published already.
    fn measure(&mut self, kind: &Kind, count: usize) -> Cost {
        self.change();
        let launcher = launcher(kind, count);
        let daemon = launcher.run();
        self.wait_accepted(&daemon, count);
        let requests = (kind.count)(self);
        let connections = self.provider.attempts();
        let event = self.change();
        self.wait_accepted(&daemon, count);
        let time = now().saturating_sub(event);
        Cost {
            requests: (kind.count)(self) - requests,
            connections: self.provider.attempts() - connections,
            time,
        }
    }

    /// Replaces the IPv4 address of `wan`; returns the time of the kernel's event.
    fn change(&mut self) -> Duration {
        thread::sleep(PAUSE);
        ip("-4 addr flush dev wan");
        thread::sleep(PAUSE);
        self.address += 1;
        let address = self.address();
        ip(&format!("addr add {address}/32 dev wan"));
        let new = |event: &Event| matches!(event.change, Change::Address(a, true) if a == address);
        self.events.iter().find(new).unwrap().at
    }

    fn address(&self) -> IpAddr {
        let [high, low] = self.address.to_be_bytes();
        IpAddr::from([203, 0, 112 + high, low])
    }

    /// Waits until the daemon has logged for `count` names that the address is accepted.
    fn wait_accepted(&self, daemon: &Daemon<'_>, count: usize) {
        let address = format!(" {}: accepted", self.address());
        let end = now() + PATIENCE;
        let lines = &daemon.process.lines;
        loop {
            let seen = lines.len();
            let accepted = lines.all().iter().filter(|line| line.contains(&address)).count();
            if accepted >= count {
                return;
            }
            assert!(now() < end, "{accepted} of {count}:\n{}", lines.all().join("\n"));
            lines.wait_more(seen, PAUSE);
        }
    }
}

/// A launcher for `count` sections of this kind, each with its own name, without earlier state.
fn launcher(kind: &Kind, count: usize) -> Launcher {
    let mut config = Config::new(file(&format!("sections-{}", now().as_nanos())));
    for n in 0..count {
        config.section(&format!("s{n}"), kind.options);
    }
    let ours = env!("CARGO_BIN_EXE_ddns-netlink");
    let binary = env::var("BENCH_DAEMON").unwrap_or_else(|_| ours.to_owned());
    Launcher::new(binary, &[], &config.write())
}

/// The kernel's events, read by a thread that does nothing else.
fn events() -> Receiver<Event> {
    let (sender, receiver) = mpsc::channel();
    let listener = Listener::new();
    thread::spawn(move || {
        while let Ok(events) = listener.next() {
            events.into_iter().for_each(|event| drop(sender.send(event)));
        }
    });
    receiver
}

/// Starts a name server of `example.com` at port 5353.
fn bind() -> Process {
    let zone = "$TTL 300\n@ SOA ns x 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n";
    let config = r#"
options { directory "/run/t/dns"; pid-file none; session-keyfile none; listen-on-v6 { none; };
    listen-on port 5353 { 127.0.0.1; }; recursion no; dnssec-validation no;
    managed-keys-directory "/run/t/dns"; };
controls { };
key "home" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; };
zone "example.com" { type primary; file "zone"; update-policy { grant home zonesub A AAAA; }; };
"#;
    fs::create_dir_all(file("dns")).unwrap();
    fs::write(file("dns").join("zone"), zone).unwrap();
    fs::write(file("dns").join("config"), config).unwrap();
    let mut command = Command::new("named");
    let process = Process::start(command.args(["-g", "-n", "1", "-c", "/run/t/dns/config"]));
    process.lines.wait_line(PATIENCE, |line| line.contains("all zones loaded"));
    process
}

/// The zone's serial number, which counts updates (RFC 2136 section 3.6).
fn serial() -> usize {
    let question = ["+short", "+norecurse", "-p", "5353", "@127.0.0.1", "SOA", "example.com"];
    let soa = run(Command::new("dig").args(question));
    soa.split_whitespace().nth(2).and_then(|serial| serial.parse().ok()).unwrap_or(0)
}
