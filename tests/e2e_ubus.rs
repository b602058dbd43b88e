//! The daemon on ubus: logical interfaces of netifd, and the object `ddns`. The kernel is real,
//! netifd is a stand-in, ubusd a small one or the one that `DDNS_NETLINK_UBUSD` names.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use support::daemon::Daemon;
use support::provider;
use support::router::{file, isolated};
use support::scene::{LIMIT, Scene, skip_under_emulator};
use support::ubus::{Client, Netifd, OLD_SOCKET, SOCKET, Ubusd, down, up};

/// Options of a section that follows the logical interface `wan`.
const NETWORK: &str = "option ip_source 'network'\noption ip_network 'wan'";

/// A DSA router: the port `wan` has an address, and the interface `wan` is PPPoE over it.
fn pppoe(options: &str) -> Scene {
    let scene = Scene::new(&format!("{NETWORK}\n{options}"));
    scene.wan.ip("addr add 203.0.113.5/24 dev wan");
    scene.wan.dial("pppoe-wan", "192.0.2.7", "192.0.2.1");
    scene
}

/// The address of request number `n` (from 0).
fn nth(scene: &Scene, n: usize) -> String {
    scene.provider.wait_nth(n, LIMIT).myip().to_owned()
}

fn reason(record: &Value) -> &str {
    record["reason"].as_str().unwrap_or_default()
}

#[test]
fn the_device_of_an_interface_comes_from_netifd() {
    isolated(&[], || {
        let scene = pppoe("");
        let _bus = Ubusd::start();
        let netifd = Netifd::start(&[up("wan", "pppoe-wan", &["192.0.2.7"]), up("lan", "br", &[])]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        assert_eq!(nth(&scene, 0), "192.0.2.7");
        daemon.wait_published("home", "192.0.2.7");

        // The interface changes to DHCP on the port itself.
        netifd.set(&down("wan", "wan"));
        daemon.wait_record("home", LIMIT, |r| reason(r).contains("'wan' is down"));
        netifd.set(&up("wan", "wan", &["203.0.113.5"]));
        assert_eq!(nth(&scene, 1), "203.0.113.5");
        daemon.wait_published("home", "203.0.113.5");

        // The kernel's event alone triggers an update.
        scene.wan.ip_batch("addr del 203.0.113.5/24 dev wan\naddr add 203.0.113.6/24 dev wan\n");
        assert_eq!(nth(&scene, 2), "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(netifd.dumps(), 1, "netifd notifies of changes");
    });
}

#[test]
fn an_interface_can_be_named_in_every_spelling() {
    isolated(&[], || {
        let mut scene = Scene::bare();
        scene.wan.ip("addr add 203.0.113.5/24 dev wan");
        scene.wan.dial("pppoe-wan", "192.0.2.7", "192.0.2.1");
        for (section, options) in [
            ("logical", "option ip_source 'network'\noption ip_network 'wan'"),
            ("alias", "option ip_source 'network'\noption ip_network '@wan'"),
            ("plain", "option ip_source 'network'\noption ip_network 'pppoe-wan'"),
            ("usual", "option ip_source 'network'"),
            ("aliased", "option ip_source 'interface'\noption ip_interface '@wan'"),
            ("device", "option ip_source 'interface'\noption ip_interface 'pppoe-wan'"),
        ] {
            scene.config.section(section, options);
        }
        let _bus = Ubusd::start();
        let _netifd = Netifd::start(&[up("wan", "pppoe-wan", &["192.0.2.7"])]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        for section in ["logical", "alias", "plain", "usual", "aliased", "device"] {
            daemon.wait_published(section, "192.0.2.7");
        }
    });
}

#[test]
fn at_boot_an_interface_waits_for_netifd_and_the_update_for_nothing_else() {
    isolated(&[], || {
        let scene = pppoe("");
        let _bus = Ubusd::start();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let waits = "netifd is being asked for the device of 'wan'";
        daemon.wait_record("home", LIMIT, |r| r["state"] == "unknown" && reason(r).contains(waits));
        // netifd starts, but the interface is not up yet.
        let netifd = Netifd::start(&[down("wan", "wan")]);
        netifd.wait_asked();
        daemon.wait_record("home", LIMIT, |r| reason(r).contains("'wan' is down"));
        assert_eq!(scene.provider.attempts(), 0, "the address of port wan was sent");
        let start = provider::now();
        netifd.set(&up("wan", "pppoe-wan", &["192.0.2.7"]));
        let request = scene.provider.wait_nth(0, LIMIT);
        assert_eq!(request.myip(), "192.0.2.7");
        let took = request.at.saturating_sub(start);
        assert!(took < Duration::from_secs(1), "{took:?}");
    });
}

#[test]
fn updates_go_on_without_netifd_and_after_its_restart() {
    isolated(&[], || {
        let scene = pppoe("");
        let _bus = Ubusd::start();
        let netifd = Netifd::start(&[up("wan", "pppoe-wan", &["192.0.2.7"])]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "192.0.2.7");
        drop(netifd);
        Client::connect().wait_for("ddns");
        scene.wan.hang_up("pppoe-wan");
        scene.wan.dial("pppoe-wan", "192.0.2.8", "192.0.2.1");
        assert_eq!(nth(&scene, 1), "192.0.2.8", "the kernel's event alone triggers an update");
        let netifd = Netifd::start(&[down("wan", "wan")]);
        daemon.wait_record("home", LIMIT, |r| reason(r).contains("'wan' is down"));
        netifd.set(&up("wan", "wan", &["203.0.113.5"]));
        assert_eq!(nth(&scene, 2), "203.0.113.5");
    });
}

#[test]
fn the_daemon_reconnects_after_ubusd_restarted() {
    isolated(&[], || {
        let scene = pppoe("");
        let bus = Ubusd::start();
        let netifd = Netifd::start(&[up("wan", "pppoe-wan", &["192.0.2.7"])]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "192.0.2.7");
        drop((bus, netifd));
        assert_eq!(launcher.code(&["update"]), Some(0));
        assert_eq!(nth(&scene, 1), "192.0.2.7", "updates go on without ubusd");
        let _bus = Ubusd::start();
        Client::connect().wait_for("ddns");
        let netifd = Netifd::start(&[up("wan", "pppoe-wan", &["192.0.2.7"])]);
        netifd.wait_asked();
        netifd.set(&up("wan", "wan", &["203.0.113.5"]));
        assert_eq!(nth(&scene, 2), "203.0.113.5");
        drop(daemon);
    });
}

/// Without ubus `wan` is a device; once ubusd listens at `path`, it is an interface.
fn ubusd_starts_later(path: &str) {
    let scene = pppoe("");
    let launcher = scene.launcher();
    let daemon = launcher.run();
    daemon.wait_published("home", "203.0.113.5");
    let _bus = Ubusd::start_at(path);
    Client::connect().wait_for("ddns");
    let _netifd = Netifd::start(&[up("wan", "pppoe-wan", &["192.0.2.7"])]);
    assert_eq!(nth(&scene, 1), "192.0.2.7");
    assert!(!launcher.log().contains("ubus"), "{}", launcher.log());
}

#[test]
fn ubusd_may_start_after_the_daemon() {
    isolated(&[], || ubusd_starts_later(SOCKET));
}

#[test]
fn ubusd_may_listen_at_the_path_of_old_releases() {
    isolated(&[], || ubusd_starts_later(OLD_SOCKET));
}

#[test]
fn a_socket_that_nobody_listens_on_is_tried_again() {
    isolated(&[], || {
        let scene = pppoe("");
        drop(Ubusd::start());
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_state("home", "unknown");
        let _bus = Ubusd::start();
        let _netifd = Netifd::start(&[up("wan", "pppoe-wan", &["192.0.2.7"])]);
        assert_eq!(nth(&scene, 0), "192.0.2.7");
    });
}

#[test]
fn a_server_that_is_not_ubusd_is_logged_once_and_left() {
    isolated(&[], || {
        let scene = pppoe("");
        fs::create_dir_all("/var/run/ubus").unwrap();
        let impostor = UnixListener::bind(SOCKET).unwrap();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        for _ in 0..4 {
            let (mut stream, _) = impostor.accept().unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        }
        let logged = || launcher.log().matches("received invalid data").count();
        daemon.wait_line(LIMIT, |line| line.contains("received invalid data"));
        assert_eq!(logged(), 1, "{}", launcher.log());
        drop(impostor);
        let _bus = Ubusd::start();
        let _netifd = Netifd::start(&[up("wan", "pppoe-wan", &["192.0.2.7"])]);
        assert_eq!(nth(&scene, 0), "192.0.2.7");
        assert_eq!(logged(), 1, "{}", launcher.log());
    });
}

#[test]
fn a_lan_publishes_its_address_from_the_delegated_prefix() {
    isolated(&[], || {
        let options = "option ip_network 'lan'\noption use_ipv6 '1'";
        let scene = Scene::new(&format!("option ip_source 'network'\n{options}"));
        scene.wan.set_address("203.0.113.5");
        scene.wan.ip_batch(
            "link add br-lan type veth peer name lan1\nlink set br-lan up\nlink set lan1 up\n",
        );
        for address in ["fd00:1::1/64", "2001:db8:7::1/64", "2001:db8:f::1/64"] {
            scene.wan.ip(&format!("addr add {address} dev br-lan nodad"));
        }
        let _bus = Ubusd::start();
        let mut lan = up("lan", "br-lan", &["192.168.1.1"]);
        let prefix = |prefix: &str| {
            let local = json!({ "address": format!("{prefix}1"), "mask": 64 });
            json!({ "address": prefix, "mask": 64, "local-address": local })
        };
        lan["ipv6-prefix-assignment"] = json!([prefix("fd00:1::"), prefix("2001:db8:f::")]);
        let netifd = Netifd::start(&[lan.clone()]);
        let launcher = scene.launcher();
        let _daemon = launcher.run();
        assert_eq!(nth(&scene, 0), "2001:db8:f::1");
        // The ISP delegates another prefix; the kernel keeps the old one for a while.
        lan["ipv6-prefix-assignment"] = json!([prefix("fd00:1::"), prefix("2001:db8:8::")]);
        scene.wan.ip("addr add 2001:db8:8::1/64 dev br-lan nodad");
        scene.wan.ip("addr change 2001:db8:f::1/64 dev br-lan preferred_lft 0");
        netifd.set(&lan);
        assert_eq!(nth(&scene, 1), "2001:db8:8::1");
    });
}

#[test]
fn once_asks_netifd_and_waits_only_briefly_for_its_answer() {
    isolated(&[], || {
        let scene = pppoe("");
        let launcher = scene.launcher();
        assert!(launcher.stdout(&["once", "--dry-run"]).contains(" 203.0.113.5:"), "no ubus");
        let _bus = Ubusd::start();
        let netifd = Netifd::start(&[up("wan", "pppoe-wan", &["192.0.2.7"])]);
        assert!(launcher.stdout(&["once", "--dry-run"]).contains(" 192.0.2.7:"));
        drop(netifd);
        let start = provider::now();
        assert!(launcher.stdout(&["once", "--dry-run"]).contains(" 203.0.113.5:"));
        let silent = Netifd::silent();
        assert!(launcher.stdout(&["once", "--dry-run"]).contains(" 203.0.113.5:"));
        assert_eq!(silent.dumps(), 1);
        assert!(provider::now() - start < Duration::from_secs(15));
    });
}

#[test]
fn the_ubus_object_answers_as_the_command_line_does() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.config.section("off", "\toption enabled '0'");
        scene.wan.set_address("203.0.113.5");
        let _bus = Ubusd::start();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let mut client = Client::connect();
        client.wait_for("ddns");
        let mut call = |method: &str, data: &Value| client.call("ddns", method, data);

        let status = call("status", &json!({})).unwrap();
        let printed = daemon.status().unwrap();
        let without_time = |mut status: Value| {
            let record = &mut status["sections"][0]["records"][0];
            assert!(record["seen_at"].as_u64().unwrap() > 1_700_000_000, "{record}");
            for member in ["next_in", "seen_at"] {
                record[member] = Value::Null;
            }
            status
        };
        // Through text, as the other status: reading a text may lose the last bit of a number.
        let read = serde_json::from_str(&status.to_string()).unwrap();
        assert_eq!(without_time(read), without_time(printed));
        assert_eq!(status["disabled"], json!(["off"]));
        let home = json!({ "section": "home" });
        let one = call("get", &home).unwrap();
        assert_eq!(one["records"][0]["published"], "203.0.113.5");
        let why = call("why", &home).unwrap();
        let text = why["text"].as_str().unwrap();
        assert!(text.contains("203.0.113.5: chosen") && !text.contains("secret"), "{text}");

        let sent = call("update", &home).unwrap();
        assert!(sent["text"].as_str().unwrap().starts_with("home: home.example.com A:"), "{sent}");
        scene.provider.wait_nth(1, LIMIT);
        daemon.wait_published("home", "203.0.113.5");
        call("update", &json!({})).unwrap();
        scene.provider.wait_nth(2, LIMIT);

        for method in ["get", "why", "update"] {
            assert_eq!(call(method, &json!({ "section": "nowhere" })), Err(4), "{method}");
        }
        assert_eq!(call("why", &json!({})), Err(2));
        assert_eq!(call("format", &json!({})), Err(3));
    });
}

#[test]
fn a_form_learns_of_providers_logs_mistakes_and_what_would_be_sent() {
    if skip_under_emulator("the daemon starts /proc/PID/exe again, which is the emulator") {
        return;
    }
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let _bus = Ubusd::start();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let mut client = Client::connect();
        client.wait_for("ddns");
        let mut call = |method: &str, data: &Value| client.call("ddns", method, data);

        let providers = call("providers", &json!({})).unwrap();
        let providers = providers["providers"].as_array().unwrap();
        let named = |name: &str| {
            let mut all = providers.iter();
            all.find(|row| row["names"].as_array().unwrap().contains(&json!(name))).unwrap()
        };
        assert!(named("dyndns.org")["title"] == "Dyn" && providers.len() > 100);
        assert_eq!(named("dyn.com")["needs"]["password"], "the updater client key");
        assert_eq!(named("cloudflare")["records"], "IPv4+IPv6");

        let log = call("log", &json!({ "section": "home" })).unwrap();
        assert!(log["text"].as_str().unwrap().contains("203.0.113.5"), "{log}");
        assert_eq!(call("log", &json!({ "section": "../home" })), Err(4));

        let text = "config service 'new'\n\toption enabled '1'\n\toption retry_interval 'soon'\n";
        let mistakes = call("check", &json!({ "text": text })).unwrap();
        let mistakes = mistakes["mistakes"].as_array().unwrap();
        let soon = mistakes.iter().find(|mistake| mistake["line"] == 3).unwrap();
        assert!(
            soon["error"] == true && soon["text"].as_str().unwrap().contains("'retry_interval'")
        );

        // What is tested is not what the file has, and nothing is sent or saved.
        let text = scene.config.text().replace("home.example.com", "new.example.com");
        let test = call("test", &json!({ "text": text })).unwrap();
        let test = test["text"].as_str().unwrap();
        assert!(test.contains("new.example.com") && test.contains("203.0.113.5"), "{test}");
        let left = fs::read_dir(file("run")).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("test")).collect();
        assert!(left.is_empty(), "they hold a password: {left:?}");
        let wrong = call("test", &json!({ "text": "config" })).unwrap();
        assert!(wrong["text"].as_str().unwrap().contains("test.2:1: "), "{wrong}");
        assert_eq!(scene.provider.count(), 1);
    });
}

#[test]
fn subscribers_are_notified_when_a_record_changes() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let _bus = Ubusd::start();
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let mut client = Client::connect();
        client.subscribe("ddns");
        let (sender, notifications) = std::sync::mpsc::channel();
        thread::spawn(move || {
            loop {
                sender.send(client.notified()).unwrap();
            }
        });
        // No event shows when the subscription is in force: change the address until a notification
        // comes.
        let mut last = 5;
        let (name, data) = loop {
            let (old, new) = (format!("203.0.113.{last}"), format!("203.0.113.{}", last + 1));
            scene.wan.change_address(&old, &new);
            last += 1;
            daemon.wait_published("home", &new);
            if let Ok(notification) = notifications.recv_timeout(Duration::from_millis(500)) {
                break notification;
            }
        };
        assert_eq!(name, "record.update");
        assert_eq!((&data["section"], &data["name"]), (&json!("home"), &json!("home.example.com")));
        assert_eq!(data["type"], "A");
        let address = format!("203.0.113.{last}");
        let published =
            |data: &Value| data["state"] == "published" && data["published"] == address.as_str();
        let mut data = data;
        while !published(&data) {
            data = notifications.recv_timeout(LIMIT).unwrap().1;
        }
    });
}

/// How often the daemon has given the CPU up to wait.
fn wait_count(daemon: &Daemon<'_>) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn neither_ubus_nor_its_absence_wakes_the_daemon() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let assert_idle = |daemon: &Daemon<'_>| {
            let still = |_: &u32| {
                let before = wait_count(daemon);
                thread::sleep(Duration::from_millis(700));
                wait_count(daemon) == before
            };
            assert!((0..20).find(still).is_some(), "the daemon keeps waking up");
        };
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        assert_idle(&daemon);
        let _bus = Ubusd::start();
        let _netifd = Netifd::start(&[up("wan", "wan", &["203.0.113.5"])]);
        Client::connect().wait_for("ddns");
        assert_idle(&daemon);
    });
}
