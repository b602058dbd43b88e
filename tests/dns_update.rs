//! DNS updates (RFC 2136) with TSIG (RFC 8945), sent to BIND and Knot DNS.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use support::daemon::{Config, Daemon, Launcher};
use support::process::{Process, run};
use support::router::{file, ip_isp, isolated};

const LIMIT: Duration = Duration::from_secs(20);
const SECRET: &str = "c2VjcmV0c2VjcmV0c2VjcmV0";
/// Another secret than the servers have.
const WRONG_SECRET: &str = "b3RoZXJvdGhlcm90aGVy";

const ZONE: &str = "$TTL 300\n@ SOA ns x 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n\
                    alias CNAME ns\nb A 198.51.100.1\ntwo A 198.51.100.1\ntwo A 198.51.100.2\n";

const BIND: &str = r#"
options { directory "/run/t/dns"; pid-file none; session-keyfile none; listen-on port 5353 { 127.0.0.1; };
    listen-on-v6 { none; }; recursion no; dnssec-validation no; managed-keys-directory "/run/t/dns"; };
controls { };
key "home" { algorithm hmac-sha512; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; };
key "reader" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; };
zone "example.com" { type primary; file "zone"; check-names ignore;
    update-policy { deny home name locked.example.com. ANY; grant home zonesub A AAAA; }; };
"#;

const KNOT: &str = "
server:
    rundir: /run/t/dns
    listen: 127.0.0.1@5353
log:
  - target: stderr
    any: info
database:
    storage: /run/t/dns
key:
  - id: home
    algorithm: hmac-sha512
    secret: c2VjcmV0c2VjcmV0c2VjcmV0
  - id: reader
    algorithm: hmac-sha256
    secret: c2VjcmV0c2VjcmV0c2VjcmV0
acl:
  - id: update
    key: home
    action: [update, query]
    update-type: [A, AAAA]
  - id: read
    key: reader
    action: query
zone:
  - domain: example.com
    storage: /run/t/dns
    file: zone
    acl: [update, read]
";

/// Starts a name server of `example.com` at 127.0.0.1 port 5353 and waits until it has printed
/// `ready`.
fn start(program: &str, config: &str, arguments: &[&str], ready: &str) -> Process {
    let dir = file("dns");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("zone"), ZONE).unwrap();
    fs::write(dir.join("config"), config).unwrap();
    let process = Process::start(Command::new(program).args(arguments));
    process.lines.wait_line(LIMIT, |line| line.contains(ready));
    process
}

fn bind() -> Process {
    start("named", BIND, &["-g", "-n", "1", "-c", "/run/t/dns/config"], "all zones loaded")
}

fn knot() -> Process {
    start("knotd", KNOT, &["-c", "/run/t/dns/config"], "server started")
}

/// The records of this name and type on the server.
fn dig(name: &str, kind: &str) -> Vec<String> {
    let question = ["+short", "+norecurse", "-p", "5353", "@127.0.0.1", kind, name];
    let mut answers: Vec<String> =
        run(Command::new("dig").args(question)).lines().map(str::to_owned).collect();
    answers.sort();
    answers
}

/// Runs `once` for these names with this key; returns the status that it prints.
fn once(address: &str, names: &[&str], user: &str, secret: &str, more: &str) -> String {
    let script = file("ip");
    fs::write(&script, format!("#!/bin/sh\necho {address}\n")).unwrap();
    run(Command::new("chmod").arg("755").arg(&script));
    let names: String = names.iter().map(|name| format!("\tlist domain '{name}'\n")).collect();
    let mut config = Config::new(file("once"));
    config.global("\toption upd_privateip '1'");
    config.section(
        "home",
        &format!(
            "{names}\toption service_name 'rfc2136'\n\toption dns_server '127.0.0.1:5353'\n\
             \toption username '{user}'\n\toption password '{secret}'\n\toption ip_source 'script'\n\
             \toption ip_script '{}'\n{more}\n",
            script.display()
        ),
    );
    let launcher = Launcher::new(env!("CARGO_BIN_EXE_ddns-netlink"), &[], &config.write());
    launcher.stdout(&["once"])
}

const TOOLS: [&str; 3] = ["named", "knotd", "dig"];

/// Runs `body` with BIND, then with Knot.
fn with_each(body: fn()) {
    for server in [bind, knot] {
        let _server = server();
        body();
        let _ = fs::remove_dir_all(file("once"));
        let _ = fs::remove_dir_all(file("dns"));
    }
}

const KEY: &str = "hmac-sha512:home";

#[test]
fn records_are_added_and_replaced_and_others_stay() {
    isolated(&TOOLS, || {
        with_each(|| {
            let names = ["a.example.com", "b.example.com", "two.example.com", "alias.example.com"];
            let status = once("192.0.2.1", &names, KEY, SECRET, "");
            for name in ["a.example.com", "b.example.com"] {
                assert_eq!(dig(name, "A"), ["192.0.2.1"], "{status}");
            }
            assert_eq!(dig("two.example.com", "A"), ["198.51.100.1", "198.51.100.2"]);
            assert!(status.contains("two.example.com has 2 A records"), "{status}");
            assert!(status.contains("alias.example.com is an alias"), "{status}");
            once("192.0.2.2", &names, KEY, SECRET, "");
            assert_eq!(dig("a.example.com", "A"), ["192.0.2.2"]);
            // Without state: first one of the two addresses that the name has is published, then
            // another address, which replaces only that one.
            fs::remove_dir_all(file("once")).unwrap();
            once("198.51.100.2", &["two.example.com"], KEY, SECRET, "");
            once("192.0.2.3", &["two.example.com"], KEY, SECRET, "");
            assert_eq!(dig("two.example.com", "A"), ["192.0.2.3", "198.51.100.1"]);
            once("2001:db8::7", &["a.example.com"], KEY, SECRET, "\toption use_ipv6 '1'");
            assert_eq!(dig("a.example.com", "AAAA"), ["2001:db8::7"]);
            assert_eq!(dig("a.example.com", "A"), ["192.0.2.2"]);
        });
    });
}

#[test]
fn many_names_are_updated_in_one_message_over_tcp() {
    isolated(&TOOLS, || {
        with_each(|| {
            let names: Vec<String> = (0..90).map(|i| format!("h{i}.example.com")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            once("192.0.2.1", &names, KEY, SECRET, "");
            once("192.0.2.2", &names, KEY, SECRET, "");
            for name in names {
                assert_eq!(dig(name, "A"), ["192.0.2.2"], "{name}");
            }
            let soa = dig("example.com", "SOA");
            assert!(soa[0].contains(" 3 3600 "), "two updates, two serials: {soa:?}");
        });
    });
}

#[test]
fn a_key_that_the_server_refuses_is_reported_with_the_reason() {
    isolated(&TOOLS, || {
        with_each(|| {
            let status_with = |user: &str, secret: &str| {
                once("192.0.2.1", &["c.example.com"], user, secret, "\toption force_dnstcp '1'")
            };
            let status = status_with("hmac-sha256:nobody", SECRET);
            assert!(status.contains("does not know the key"), "{status}");
            let status = status_with(KEY, WRONG_SECRET);
            assert!(
                status.contains("has another secret or algorithm for the key (BADSIG)"),
                "{status}"
            );
            let status = status_with("reader", SECRET);
            // To a key that may only read BIND answers REFUSED, Knot BADKEY.
            assert!(status.contains("(REFUSED)") || status.contains("(BADKEY)"), "{status}");
            assert_eq!(dig("c.example.com", "A"), [""; 0]);
        });
    });
}

#[test]
fn a_name_that_the_policy_forbids_stops_no_other() {
    isolated(&["named", "dig"], || {
        let _server = bind();
        let names = ["c.example.com", "locked.example.com", "d.example.com"];
        let status = once("192.0.2.1", &names, KEY, SECRET, "");
        assert!(status.contains("refuses to change example.com (REFUSED)"), "{status}");
        assert_eq!(dig("c.example.com", "A"), ["192.0.2.1"]);
        assert_eq!(dig("d.example.com", "A"), ["192.0.2.1"]);
        assert_eq!(dig("locked.example.com", "A"), [""; 0]);
        let status = once("192.0.2.1", &["host.example.org"], KEY, SECRET, "");
        assert!(status.contains("names no zone that holds host.example.org"), "{status}");
    });
}

/// Waits until the server has exactly these records of `home.example.com`.
fn wait_dig(kind: &str, expected: &[&str], daemon: &Daemon) {
    wait_dig_of("home.example.com", kind, expected, daemon);
}

/// Waits until the server has exactly these records.
fn wait_dig_of(name: &str, kind: &str, expected: &[&str], daemon: &Daemon) {
    let end = Instant::now() + LIMIT;
    loop {
        let answer = dig(name, kind);
        if answer == expected {
            return;
        }
        let log = || daemon.process.lines.all().join("\n");
        assert!(Instant::now() < end, "{kind}: {answer:?}\n{}", log());
        daemon.process.lines.wait_more(usize::MAX, Duration::from_millis(50));
    }
}

#[test]
fn a_record_is_removed_with_its_address_and_added_again_with_it() {
    isolated(&TOOLS, || {
        for server in [bind, knot] {
            let _server = server();
            for words in [
                "link add wan type veth peer name isp0",
                "link set isp0 up",
                "link set wan up",
                "addr add 203.0.113.5/24 dev wan",
                "addr add 2001:db8:7::5/64 dev wan nodad",
            ] {
                ip_isp(words);
            }
            let mut config = Config::new(file("daemon"));
            config.section(
                "home",
                &format!(
                    "\toption domain 'home.example.com'\n\toption service_name 'rfc2136'\n\
                     \toption dns_server '127.0.0.1:5353'\n\toption username '{KEY}'\n\
                     \toption password '{SECRET}'\n\toption use_ipv6 'both'\n\
                     \toption remove_after '1'\n"
                ),
            );
            let launcher = Launcher::new(env!("CARGO_BIN_EXE_ddns-netlink"), &[], &config.write());
            let daemon = launcher.run();
            wait_dig("A", &["203.0.113.5"], &daemon);
            wait_dig("AAAA", &["2001:db8:7::5"], &daemon);
            ip_isp("addr del 2001:db8:7::5/64 dev wan");
            wait_dig("AAAA", &[], &daemon);
            daemon.wait_line(LIMIT, |line| {
                line.contains(
                    "home.example.com AAAA: removed, because there is no address any more",
                )
            });
            assert_eq!(dig("home.example.com", "A"), ["203.0.113.5"]);
            ip_isp("addr add 2001:db8:7::6/64 dev wan nodad");
            wait_dig("AAAA", &["2001:db8:7::6"], &daemon);
            daemon.wait_line(LIMIT, |line| line.contains("AAAA 2001:db8:7::6: accepted"));

            // The address goes while no daemon runs.
            daemon.wait_saved("2001:db8:7::6");
            daemon.kill();
            ip_isp("addr del 2001:db8:7::6/64 dev wan");
            let daemon = launcher.run();
            wait_dig("AAAA", &[], &daemon);
            assert_eq!(dig("home.example.com", "A"), ["203.0.113.5"]);
            drop(daemon);
            ip_isp("link del wan");
            let _ = fs::remove_dir_all(file("daemon"));
            let _ = fs::remove_dir_all(file("dns"));
        }
    });
}

/// Two lines under one name, and a third address that somebody else has put there.
#[test]
fn two_sections_share_a_name_and_each_keeps_its_own_address() {
    isolated(&TOOLS, || {
        for server in [bind, knot] {
            let _server = server();
            for (device, address) in [("wan", "203.0.113.5"), ("wan2", "198.51.100.5")] {
                ip_isp(&format!("link add {device} type veth peer name {device}-isp"));
                ip_isp(&format!("link set {device}-isp up"));
                ip_isp(&format!("link set {device} up"));
                ip_isp(&format!("addr add {address}/24 dev {device}"));
            }
            let mut config = Config::new(file("daemon"));
            for device in ["wan", "wan2"] {
                config.section(
                    device,
                    &format!(
                        "\toption domain 'two.example.com'\n\toption service_name 'rfc2136'\n\
                         \toption dns_server '127.0.0.1:5353'\n\toption username '{KEY}'\n\
                         \toption password '{SECRET}'\n\toption ip_source 'interface'\n\
                         \toption ip_interface '{device}'\n\toption remove_after '1'\n\
                         \toption share '1'\n"
                    ),
                );
            }
            let launcher = Launcher::new(env!("CARGO_BIN_EXE_ddns-netlink"), &[], &config.write());
            let daemon = launcher.run();
            // The zone has these two from the beginning.
            let with = |ours: &[&'static str]| {
                let mut all = [&["198.51.100.1", "198.51.100.2"], ours].concat();
                all.sort_unstable();
                all
            };
            let wait =
                |ours: &[&'static str]| wait_dig_of("two.example.com", "A", &with(ours), &daemon);
            wait(&["198.51.100.5", "203.0.113.5"]);
            ip_isp("addr del 203.0.113.5/24 dev wan");
            ip_isp("addr add 203.0.113.6/24 dev wan");
            wait(&["198.51.100.5", "203.0.113.6"]);
            ip_isp("addr flush dev wan2");
            wait(&["203.0.113.6"]);
            ip_isp("addr add 198.51.100.7/24 dev wan2");
            wait(&["198.51.100.7", "203.0.113.6"]);
            drop(daemon);
            ip_isp("link del wan");
            ip_isp("link del wan2");
            let _ = fs::remove_dir_all(file("daemon"));
            let _ = fs::remove_dir_all(file("dns"));
        }
    });
}
