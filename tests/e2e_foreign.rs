//! Somebody else writes the record, or DNS only seems to have something else. With real name servers.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use ddns_netlink::state::State;
use serde_json::json;
use support::daemon::{Daemon, Launcher};
use support::named::{self, EXAMPLE, Named};
use support::process::wait_until;
use support::router::{file, isolated};
use support::scene::{LIMIT, Scene};

const TOOLS: [&str; 4] = ["named", "dnsmasq", "nsupdate", "dig"];

/// Everybody may write into the zone.
const OPEN: &str = r#"
key "user" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; };
view example { match-destinations { 192.0.2.3; 2001:db8::3; };
    zone "example.com" { type primary; file "example.com"; allow-update { any; }; };
};
"#;

/// The router sees another zone than the internet.
const INNER: &str = r#"
view inner { match-clients { 203.0.113.0/24; }; match-destinations { 192.0.2.3; 2001:db8::3; };
    zone "example.com" { type primary; file "inner"; };
};
view example { match-destinations { 192.0.2.3; 2001:db8::3; };
    zone "example.com" { type primary; file "example.com"; };
};
"#;

/// `ns2` copies the zone at its start, and not again for hours.
const SECONDARY: &str = r#"
view example { match-destinations { 192.0.2.3; 2001:db8::3; };
    zone "example.com" { type primary; file "example.com"; };
};
view second { match-destinations { 192.0.2.4; };
    zone "example.com" { type secondary; primaries { 192.0.2.3; }; file "second"; };
};
"#;

/// Sets all times in the state back by two hours.
fn two_hours_later() {
    let path = file("state").join("state");
    let (mut state, _) = State::from_text(&fs::read_to_string(&path).unwrap());
    for record in &mut state.records {
        record.at = record.at.map(|at| at - 7200);
        record.sight.corrected.iter_mut().for_each(|at| *at -= 7200);
    }
    fs::write(&path, state.to_text()).unwrap();
}

/// Whether the state file has this.
fn is_saved(text: &str) -> bool {
    fs::read_to_string(file("state").join("state")).is_ok_and(|state| state.contains(text))
}

/// What `home.example.com` has at the zone's name server.
fn dig() -> String {
    let mut command = Command::new("dig");
    command.args(["+short", "+norecurse", &format!("@{EXAMPLE}"), "home.example.com"]);
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().into()
}

/// Somebody else writes this address into the record.
fn foreign_writer(address: &str) {
    let mut writer = Command::new("nsupdate").stdin(Stdio::piped()).spawn().unwrap();
    let text = format!(
        "server {EXAMPLE}\nzone example.com\nupdate delete home.example.com A\n\
         update add home.example.com 60 A {address}\nsend\n"
    );
    writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success());
}

fn why(launcher: &Launcher, section: &str) -> String {
    launcher.stdout(&["why", section])
}

fn stop_for_two_hours(daemon: Daemon<'_>) {
    daemon.stop();
    two_hours_later();
}

/// A section that updates the zone itself, at a name server that tells of each change.
fn updating() -> Scene {
    let hook = file("hook");
    fs::write(&hook, "#!/bin/sh\necho $ACTION $DDNS_NAME $DDNS_OLD $DDNS_NEW >>/run/t/told\n")
        .unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let mut scene = Scene::bare();
    scene.config.global(&format!("\toption hook '{}'", hook.display()));
    scene.config.section(
        "home",
        "option service_name 'rfc2136'\n\toption dns_server '192.0.2.3'\n\
         \toption password 'c2VjcmV0c2VjcmV0c2VjcmV0'",
    );
    scene.wan.set_address("203.0.113.5");
    scene
}

#[test]
fn a_foreign_writer_is_corrected_twice_and_then_told_with_the_address() {
    isolated(&TOOLS, || {
        let scene = updating();
        let launcher = scene.launcher();
        let _named = Named::with(OPEN, "");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        stop_for_two_hours(daemon);
        let daemon = launcher.run();
        wait_until("DNS was seen to be right", || is_saved("alone=1"));
        stop_for_two_hours(daemon);
        for _ in 0..2 {
            foreign_writer("198.51.100.7");
            let daemon = launcher.run();
            daemon.wait_line(LIMIT, |line| {
                line.contains("have 198.51.100.7, not 203.0.113.5: sending")
            });
            wait_until("the correction", || dig() == "203.0.113.5");
            daemon.wait_published("home", "203.0.113.5");
            stop_for_two_hours(daemon);
        }
        foreign_writer("198.51.100.8");
        let daemon = launcher.run();
        let record = daemon.wait_record("home", LIMIT, |record| record["foreign_at"].is_u64());
        assert_eq!(record["foreign"], json!(["198.51.100.8"]));
        let reason = record["reason"].as_str().unwrap();
        assert!(reason.contains("somebody else writes this record"), "{reason}");
        assert!(why(&launcher, "home").contains("have 198.51.100.8, not 203.0.113.5"));
        daemon.wait_line(LIMIT, |line| line.contains("somebody else writes this record"));
        let told = "foreign home.example.com 203.0.113.5 198.51.100.8";
        let is_told = || fs::read_to_string(file("told")).is_ok_and(|text| text.contains(told));
        wait_until("the hook", is_told);
        assert_eq!(dig(), "198.51.100.8", "it is left alone");
        // The owner has found the other program, and takes the record back.
        assert_eq!(launcher.code(&["update", "home"]), Some(0));
        wait_until("the owner's update", || dig() == "203.0.113.5");
        daemon.wait_record("home", LIMIT, |record| record["foreign_at"].is_null());
    });
}

#[test]
fn an_earlier_address_of_the_router_is_told_as_such_and_corrected() {
    isolated(&TOOLS, || {
        let scene = updating();
        let launcher = scene.launcher();
        let _named = Named::with(OPEN, "");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        stop_for_two_hours(daemon);
        foreign_writer("203.0.113.5");
        let daemon = launcher.run();
        daemon.wait_line(LIMIT, |line| {
            line.contains("have 203.0.113.5, which this router had until")
        });
        wait_until("the correction", || dig() == "203.0.113.6");
        assert!(!fs::read_to_string(file("told")).unwrap().contains("foreign"));
    });
}

#[test]
fn an_address_that_a_foreign_writer_adds_is_told_and_left() {
    isolated(&TOOLS, || {
        let scene = updating();
        let launcher = scene.launcher();
        let _named = Named::with(OPEN, "");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        stop_for_two_hours(daemon);
        let daemon = launcher.run();
        wait_until("DNS was seen to be right", || is_saved("alone=1"));
        stop_for_two_hours(daemon);
        foreign_writer("203.0.113.5\nupdate add home.example.com 60 A 198.51.100.7");
        let daemon = launcher.run();
        let record = daemon.wait_record("home", LIMIT, |record| record["foreign_at"].is_u64());
        assert_eq!(record["foreign"], json!(["198.51.100.7"]));
        let reason = record["reason"].as_str().unwrap();
        assert!(reason.contains("have 198.51.100.7, beside 203.0.113.5"), "{reason}");
        assert!(dig().contains("198.51.100.7") && dig().contains("203.0.113.5"));
        let alarms = || fs::read_to_string(file("told")).unwrap().matches("foreign").count();
        wait_until("the hook", || alarms() == 1);
        wait_until("the alarm in the state", || is_saved("alarm="));
        daemon.stop();
        for _ in 0..3 {
            let daemon = launcher.run();
            daemon.wait_record("home", LIMIT, |record| record["foreign_at"].is_u64());
            daemon.stop();
        }
        assert_eq!(alarms(), 1, "a restart is no news");
    });
}

/// A scene whose provider has accepted `203.0.113.5` long ago.
fn published(options: &str) -> Scene {
    let mut scene = Scene::new(options);
    scene.config.section("second", "");
    scene.wan.set_address("203.0.113.5");
    let launcher = scene.launcher();
    let daemon = launcher.run();
    daemon.wait_published("home", "203.0.113.5");
    daemon.wait_published("second", "203.0.113.5");
    stop_for_two_hours(daemon);
    scene
}

#[test]
fn an_inner_view_of_the_zone_causes_no_request_and_no_alarm() {
    isolated(&TOOLS, || {
        let scene = published("");
        let launcher = scene.launcher();
        let sent = scene.provider.count();
        fs::create_dir_all(file("named")).unwrap();
        let inner = format!(
            "$TTL 300\n@ SOA ns x 1 3600 600 86400 60\n@ NS ns\nns A {EXAMPLE}\nhome A 192.168.1.10\n\
             second A 192.168.1.11\n"
        );
        fs::write(file("named").join("inner"), inner).unwrap();
        let _named = Named::with(INNER, "home A 203.0.113.5\nsecond A 203.0.113.5");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        for _ in 0..2 {
            let daemon = launcher.run();
            let record = daemon.wait_record("second", LIMIT, |record| {
                record["reason"].as_str().is_some_and(|reason| reason.contains("hides it"))
            });
            assert_eq!(record["foreign"], json!([]));
            daemon.wait_line(LIMIT, |line| {
                line.contains("home.example.com A: the zone's name servers have 192.168.1.10")
            });
            stop_for_two_hours(daemon);
        }
        assert_eq!(scene.provider.count(), sent);
    });
}

#[test]
fn a_secondary_that_lags_behind_causes_no_request_and_no_alarm() {
    isolated(&TOOLS, || {
        let scene = published("");
        let launcher = scene.launcher();
        let sent = scene.provider.count();
        let ns2 = "@ NS ns2\nns2 A 192.0.2.4\n";
        let of = |address: &str| format!("{ns2}home A {address}\nsecond A {address}");
        let mut named = Named::with(SECONDARY, &of("198.51.100.7"));
        named
            .lines()
            .wait_line(LIMIT, |line| line.contains("example.com/IN/second: transferred serial"));
        named.set(&of("203.0.113.5"));
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let daemon = launcher.run();
        let right = "home.example.com has 203.0.113.5 according to its zone's own name servers";
        wait_until("the look-up", || why(&launcher, "home").contains(right));
        stop_for_two_hours(daemon);
        // Now the primary has something else, and the secondary has what it had from the beginning.
        named.set(&of("198.51.100.9"));
        let daemon = launcher.run();
        let disagree = "the name servers of the zone do not agree about home.example.com";
        wait_until("the look-up", || why(&launcher, "home").contains(disagree));
        let record = daemon.record("home", "home.example.com", "A").unwrap();
        assert_eq!((&record["foreign"], &record["foreign_at"]), (&json!([]), &json!(null)));
        assert_eq!(scene.provider.count(), sent);
    });
}

#[test]
fn with_check_foreign_0_no_name_server_is_asked() {
    isolated(&TOOLS, || {
        let scene = published("option check_foreign '0'");
        let launcher = scene.launcher();
        let logged = format!("{OPEN}\nlogging {{ category queries {{ default_stderr; }}; }};\n");
        let named = Named::with(&logged, "home A 198.51.100.7\nsecond A 203.0.113.5");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let _daemon = launcher.run();
        // Look-ups run one at a time, and that of `home` would be the first.
        wait_until("the look-up of the other section", || {
            why(&launcher, "second").contains("second.example.com has 203.0.113.5 according to")
        });
        let asked = named.lines().all();
        assert!(asked.iter().any(|line| line.contains("query: second.example.com")), "{asked:#?}");
        assert!(!asked.iter().any(|line| line.contains("home.example.com")), "{asked:#?}");
    });
}
