//! Several lines to the internet, and pairs of routers: the real program, kernel and keepalived.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use support::daemon::{Config, Launcher};
use support::process::{Process, run, wait_until};
use support::provider::Request;
use support::router::{GATEWAY, file, ip_isp, isolated};
use support::scene::{LIMIT, Scene, skip_under_emulator};
use support::ubus::{Netifd, Ubusd, down, up};

/// qemu-user 7.2 closes the socket at a message about a rule.
const RULES: &str = "qemu-user passes on no messages about routing rules";

/// The addresses of the two lines.
const FIRST: &str = "203.0.113.5";
const SECOND: &str = "192.0.2.66";

/// A second line `wanb`. Both have a default route; that of `wan` comes first.
fn two_lines(scene: &Scene) {
    scene.wan.dial("wanb", SECOND, "192.0.2.65");
    scene.wan.ip_batch(&format!(
        "route del default\naddr add {FIRST}/24 dev wan\n\
         route add default via {GATEWAY} dev wan metric 10\n\
         route add default dev wanb metric 20\n"
    ));
}

/// The address that request number `n` (from 0) publishes and the one that it came from.
fn nth(scene: &Scene, n: usize) -> (String, String) {
    let Request { peer, .. } = scene.provider.wait_nth(n, LIMIT);
    (scene.provider.wait_nth(n, LIMIT).myip().to_owned(), peer.to_string())
}

fn both(address: &str) -> (String, String) {
    (address.to_owned(), address.to_owned())
}

#[test]
fn the_device_by_which_packets_leave_is_published_after_metrics_and_rules() {
    if skip_under_emulator(RULES) {
        return;
    }
    isolated(&[], || {
        let mut scene = Scene::new("option ip_source 'route'");
        scene.config.section("marked", "option ip_source 'route'\noption route_mark '0x100'");
        two_lines(&scene);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", FIRST);
        daemon.wait_published("marked", FIRST);

        // A rule for packets with a mark, as pbr and mwan3 make them.
        scene.wan.ip_batch(
            "route add default dev wanb table 100\nrule add fwmark 0x100 lookup 100 prio 900\n",
        );
        assert_eq!(nth(&scene, 2), both(SECOND), "the update leaves by that line");
        daemon.wait_published("marked", SECOND);
        scene.wan.ip("rule del prio 900");
        daemon.wait_published("marked", FIRST);

        // The metric decides for all others.
        let before = scene.provider.count();
        scene.wan.ip("route add default dev wanb metric 5");
        daemon.wait_published("home", SECOND);
        daemon.wait_published("marked", SECOND);
        assert_eq!(scene.provider.count(), before + 2);

        // A burst of changes that ends as it began publishes nothing.
        for _ in 0..5 {
            scene.wan.ip("route del default dev wanb metric 5");
            scene.wan.ip("route add default dev wanb metric 5");
        }
        scene.wan.ip("route del default dev wanb metric 5");
        daemon.wait_published("home", FIRST);
        daemon.wait_published("marked", FIRST);
        assert_eq!(scene.provider.count(), before + 4, "{}", launcher.log());
    });
}

#[test]
fn a_lost_line_fails_over_and_fails_back_and_mwan3_counts() {
    isolated(&[], || {
        let hook = file("hook");
        let text = "#!/bin/sh\necho $ACTION $DDNS_NAME $DDNS_OLD: $DDNS_REASON >>/run/t/told\n";
        fs::write(&hook, text).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        let mut scene = Scene::bare();
        scene.config.global("option hook '/run/t/hook'");
        scene.config.section(
            "home",
            "option ip_source 'network'\nlist ip_network 'wan'\nlist ip_network 'wanb'\n\
             option failover_after '1'\noption failback_after '2'",
        );
        two_lines(&scene);
        let _bus = Ubusd::start();
        let netifd = Netifd::start(&[up("wan", "wan", &[FIRST]), up("wanb", "wanb", &[SECOND])]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        assert_eq!(nth(&scene, 0), both(FIRST));
        daemon.wait_published("home", FIRST);

        // A redial with a new address is over before `failover_after`.
        netifd.set(&down("wan", "wan"));
        scene.wan.ip_batch(&format!(
            "addr del {FIRST}/24 dev wan\naddr add 203.0.113.6/24 dev wan\n\
             route add default via {GATEWAY} dev wan metric 10\n"
        ));
        netifd.set(&up("wan", "wan", &["203.0.113.6"]));
        assert_eq!(nth(&scene, 1), both("203.0.113.6"));

        // The line stays down: the backup is published, and the update leaves by it.
        let lost = Instant::now();
        netifd.set(&down("wan", "wan"));
        assert_eq!(nth(&scene, 2), both(SECOND));
        assert!(lost.elapsed() >= Duration::from_secs(1), "{:?}", lost.elapsed());
        let line = "line home.example.com 203.0.113.6: IPv4: the line wanb is published now";
        let told = || fs::read_to_string(file("told")).unwrap_or_default();
        wait_until("the hook is told of the line", || told().contains(line));
        let back = Instant::now();
        netifd.set(&up("wan", "wan", &["203.0.113.6"]));
        assert_eq!(nth(&scene, 3), both("203.0.113.6"));
        assert!(back.elapsed() >= Duration::from_secs(2), "{:?}", back.elapsed());

        // The line is up, but mwan3 says that it is dead.
        let track = Path::new("/var/run/mwan3track/wan");
        fs::create_dir_all(track).unwrap();
        fs::write(track.join("STATUS"), "offline\n").unwrap();
        assert_eq!(nth(&scene, 4), both(SECOND));
        let why = launcher.stdout(&["why", "home"]);
        assert!(why.contains("mwan3 says that 'wan' is offline"), "{why}");
        fs::write(track.join("STATUS"), "online\n").unwrap();
        assert_eq!(nth(&scene, 5), both("203.0.113.6"));
        daemon.wait_published("home", "203.0.113.6");
    });
}

const ZONE: &str = "$TTL 300\n@ SOA ns x 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\n";

const BIND: &str = r#"
options { directory "/run/t/dns"; pid-file none; session-keyfile none; listen-on { 192.0.2.53; };
    listen-on-v6 { none; }; recursion no; dnssec-validation no; managed-keys-directory "/run/t/dns"; };
controls { };
key "home" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; };
zone "example.com" { type primary; file "zone"; update-policy { grant home zonesub A AAAA; }; };
"#;

/// Starts BIND, which serves `example.com` at 192.0.2.53.
fn bind() -> Process {
    ip_isp("addr add 192.0.2.53/32 dev lo");
    let dir = file("dns");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("zone"), ZONE).unwrap();
    fs::write(dir.join("config"), BIND).unwrap();
    let mut named = Command::new("named");
    let process = Process::start(named.args(["-g", "-n", "1", "-c", "/run/t/dns/config"]));
    process.lines.wait_line(LIMIT, |line| line.contains("all zones loaded"));
    process
}

/// Which router has sent each change of the zone, in order.
fn writers(bind: &Process) -> Vec<String> {
    let mut writers = Vec::new();
    for line in bind.lines.all() {
        if let Some((before, _)) = line.split_once(": updating zone 'example.com/IN': adding an RR")
        {
            let client = before.split_whitespace().find(|word| word.contains('#')).unwrap();
            writers.push(client.split('#').next().unwrap().to_owned());
        }
    }
    writers
}

/// One router of a pair: a namespace with a line to the internet and the network that both share.
struct Router {
    name: &'static str,
    /// The address of its line.
    address: &'static str,
    priority: u8,
}

const A: Router = Router { name: "a", address: "203.0.113.5", priority: 200 };
const B: Router = Router { name: "b", address: "198.51.100.130", priority: 100 };

/// The address that the pair shares.
const VIRTUAL: &str = "192.168.77.1";

impl Router {
    fn add(&self, gateway: &str) {
        let Self { name, address, .. } = self;
        ip_isp(&format!("netns add {name}"));
        ip_isp(&format!("link add isp-{name} type veth peer name wan netns {name}"));
        ip_isp(&format!("addr add {gateway}/25 dev isp-{name}"));
        ip_isp(&format!("link set isp-{name} up"));
        for line in ["link set lo up", "link set wan up", &format!("addr add {address}/25 dev wan")]
        {
            self.ip(line);
        }
        self.ip(&format!("route add default via {gateway} dev wan"));
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name)).arg("--").arg(program);
        command
    }

    fn ip(&self, words: &str) -> String {
        run(self.command("ip").args(words.split_whitespace()))
    }

    fn has_virtual(&self) -> bool {
        self.ip("-o addr show dev lan").contains(VIRTUAL)
    }

    fn keepalived(&self) -> Process {
        let Self { name, priority, .. } = self;
        let path = file(&format!("keepalived-{name}"));
        let config = format!(
            "global_defs {{ router_id {name}\n vrrp_version 3\n }}\n\
             vrrp_instance V {{\n state BACKUP\n interface lan\n virtual_router_id 51\n\
             priority {priority}\n advert_int 0.1\n virtual_ipaddress {{ {VIRTUAL}/24 dev lan }}\n}}\n"
        );
        fs::write(&path, config).unwrap();
        let pid = |what: &str| format!("/run/t/{what}-{name}.pid");
        // A process that was killed leaves them.
        for what in ["keepalived", "vrrp"] {
            let _ = fs::remove_file(pid(what));
        }
        let mut command = self.command("keepalived");
        command.args(["--dont-fork", "--log-console", "--vrrp", "--use-file"]).arg(&path);
        command.args(["--pid", &pid("keepalived"), "--vrrp_pid", &pid("vrrp")]);
        Process::start(&mut command)
    }

    fn launcher(&self, gate: &str) -> Launcher {
        let mut config = Config::new(file(&format!("daemon-{}", self.name)));
        config.section(
            "home",
            &format!(
                "option service_name 'rfc2136'\noption dns_server '192.0.2.53'\n\
                 option username 'hmac-sha256:home'\noption password 'c2VjcmV0c2VjcmV0c2VjcmV0'\n{gate}"
            ),
        );
        let netns = format!("--net=/run/netns/{}", self.name);
        let binary = env!("CARGO_BIN_EXE_ddns-netlink");
        Launcher::new(binary, &["nsenter", &netns, "--"], &config.write())
    }
}

fn home() -> String {
    let question = ["+short", "+norecurse", "@192.0.2.53", "A", "home.example.com"];
    run(Command::new("dig").args(question)).trim().to_owned()
}

/// Waits until the router has the shared address, and then until its update is in the zone. Returns the time in
/// between.
fn takes_over(router: &Router, vrrp: &Process, updates: usize, bind: &Process) -> Duration {
    vrrp.lines.wait_line_from(0, LIMIT, |line| line.contains("Entering MASTER STATE"));
    wait_until("the router has the shared address", || router.has_virtual());
    let since = Instant::now();
    wait_until("its address is in the zone", || writers(bind).len() > updates);
    let took = since.elapsed();
    assert_eq!(home(), router.address);
    took
}

#[test]
fn of_a_pair_only_the_master_publishes_and_the_other_takes_over_within_a_second() {
    isolated(&["named", "dig", "keepalived"], || {
        let bind = bind();
        A.add("203.0.113.1");
        B.add("198.51.100.129");
        ip_isp("link add lan netns a type veth peer name lan netns b");
        for (router, address) in [(&A, "192.168.77.2"), (&B, "192.168.77.3")] {
            router.ip(&format!("addr add {address}/24 dev lan"));
            router.ip("link set lan up");
        }
        let gate = format!("option only_if_address '{VIRTUAL}'");
        let (at_a, at_b) = (A.launcher(&gate), B.launcher(&gate));
        let (first, second) = (at_a.run(), at_b.run());
        // At first the addresses are not known, and neither is the reason.
        second.wait_record("home", LIMIT, |record| {
            let reason = record["reason"].as_str().unwrap_or_default();
            record["state"] == "standby" && reason.contains("does not have 192.168.77.1")
        });
        let mut vrrp_a = A.keepalived();
        wait_until("a is the master", || A.has_virtual());
        let vrrp_b = B.keepalived();
        wait_until("a's address is in the zone", || home() == A.address);
        first.wait_published("home", A.address);

        // The master dies: nothing of it runs any more.
        vrrp_a.kill();
        run(Command::new("sh").args(["-c", "kill -9 $(cat /run/t/vrrp-a.pid) || true"]));
        first.kill();
        let took = takes_over(&B, &vrrp_b, 1, &bind);
        assert!(took < Duration::from_secs(1), "{took:?}");
        second.wait_published("home", B.address);

        // It comes back, and is the master again.
        A.ip("addr flush dev lan");
        A.ip("addr add 192.168.77.2/24 dev lan");
        let first = at_a.run();
        first.wait_state("home", "standby");
        let vrrp_a = A.keepalived();
        let took = takes_over(&A, &vrrp_a, 2, &bind);
        assert!(took < Duration::from_secs(1), "{took:?}");
        second.wait_state("home", "standby");

        // It resigns: its daemon still runs, and rests.
        vrrp_a.signal(Signal::SIGTERM);
        let took = takes_over(&B, &vrrp_b, 3, &bind);
        assert!(took < Duration::from_secs(1), "{took:?}");
        first.wait_state("home", "standby");
        assert_eq!(writers(&bind), [A.address, B.address, A.address, B.address]);

        // A restart of the master's daemon finds its address in the zone, and sends nothing.
        drop(second);
        let second = at_b.run();
        second.wait_published("home", B.address);
        assert_eq!(writers(&bind).len(), 4);
    });
}

#[test]
fn a_file_of_keepalived_decides_on_openwrt() {
    isolated(&[], || {
        let path = "/var/run/keepalived/V_INSTANCE/STATUS";
        let scene = Scene::new(&format!("option only_if_file '{path}'"));
        scene.wan.set_address(FIRST);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_state("home", "standby");
        let write = |state: &str| {
            fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            fs::write(path, format!("{state}\n")).unwrap();
        };
        write("BACKUP");
        daemon.wait_record("home", LIMIT, |record| {
            record["reason"].as_str().is_some_and(|reason| reason.contains("says \"BACKUP\""))
        });
        assert_eq!(scene.provider.attempts(), 0);
        write("MASTER");
        daemon.wait_published("home", FIRST);
        write("FAULT");
        daemon.wait_state("home", "standby");
        assert_eq!(scene.provider.attempts(), 1);
    });
}
