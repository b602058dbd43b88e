//! Routes to the provider, and the choice between several addresses, on a real kernel.

mod support;

use std::time::Duration;

use nix::sys::signal::Signal;
use support::provider::Reply;
use support::router::{GATEWAY, isolated};
use support::scene::{LIMIT, Scene, skip_under_emulator};

/// qemu-user 7.2 closes the socket at a message about a rule, and passes on some errors of routes
/// with the numbers of the host.
const RULES: &str = "qemu-user passes on no messages about routing rules";
/// qemu-user 7.2 does not swap the bytes of nested attributes.
const NESTED: &str =
    "qemu-user passes on no alternative names to a machine of the other byte order";

/// Long enough to follow an event, and shorter than any back-off after a failure.
const SOON: Duration = Duration::from_secs(3);

#[test]
fn an_address_with_two_peers_stays_until_the_second_is_removed() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.ip_batch(&format!(
            "addr add 203.0.113.5 peer 192.0.2.1/32 dev wan\n\
             addr add 203.0.113.5 peer 192.0.2.2/32 dev wan\n\
             route add default via {GATEWAY} dev wan onlink\n"
        ));
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.ip("addr del 203.0.113.5 peer 192.0.2.1/32 dev wan");
        scene.wan.ip("addr add 203.0.113.6/24 dev wan");
        scene.wan.ip("addr del 203.0.113.6/24 dev wan");
        let status = launcher.stdout(&["why", "home"]);
        assert!(status.contains("203.0.113.5: chosen"), "{status}");
        scene.wan.ip("addr del 203.0.113.5 peer 192.0.2.2/32 dev wan");
        daemon.wait_record("home", LIMIT, |record| {
            record["reason"].as_str().is_some_and(|text| text.contains("no IPv4 address"))
        });
    });
}

#[test]
fn a_leased_address_is_preferred_to_a_static_host_address() {
    isolated(&[], || {
        let scene = Scene::new("option ip_interface 'wan'");
        scene.wan.ip_batch(&format!(
            "addr add 203.0.113.5/24 dev wan valid_lft 3600 preferred_lft 3600\n\
             route add default via {GATEWAY} dev wan\n"
        ));
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.ip("addr add 203.0.113.200/32 dev wan");
        scene.wan.ip("addr change 203.0.113.5/24 dev wan valid_lft 1800 preferred_lft 1800");
        let why = launcher.stdout(&["why", "home"]);
        assert!(why.contains("203.0.113.5: chosen"), "{why}");
        drop(daemon);
        std::fs::remove_dir_all("/run/t/state").unwrap();
        launcher.run().wait_published("home", "203.0.113.5");
        assert!(scene.provider.requests().iter().all(|request| request.myip() == "203.0.113.5"));
    });
}

#[test]
fn a_device_is_found_by_its_alternative_name() {
    if skip_under_emulator(NESTED) {
        return;
    }
    isolated(&[], || {
        let scene = Scene::new("option ip_interface 'uplink-port-0-of-the-router'");
        scene.wan.ip("link property add dev wan altname uplink-port-0-of-the-router");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
    });
}

#[test]
fn an_update_that_routing_rules_block_waits_for_their_removal() {
    if skip_under_emulator(RULES) {
        return;
    }
    isolated(&[], || {
        let scene = Scene::new("option retry_max_count '1'");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        for (n, (forbid, allow)) in [
            ("rule add prio 900 blackhole", "rule del prio 900"),
            ("rule add prio 900 prohibit", "rule del prio 900"),
            ("route add blackhole 198.51.100.0/24", "route del blackhole 198.51.100.0/24"),
        ]
        .into_iter()
        .enumerate()
        {
            scene.wan.ip(forbid);
            let address = format!("203.0.113.{}", 20 + n);
            scene.wan.set_address_only(&address);
            let reason = daemon.wait_state("home", "no-route");
            assert!(reason.contains("blocks 198.51.100.53"), "{forbid}: {reason}");
            scene.wan.ip(allow);
            scene.provider.wait_record("home.example.com", &address, SOON);
            daemon.wait_published("home", &address);
        }
    });
}

#[test]
fn without_a_route_to_the_web_source_the_reason_is_reported() {
    isolated(&[], || {
        let scene = Scene::new(
            "option use_ipv6 '1'\noption ip_source 'web'\noption ip_url 'http://ip.example.net/'",
        );
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let expected = "cannot be asked: the kernel has no IPv6 route to ip.example.net";
        let daemon = launcher.run();
        daemon.wait_record("home", LIMIT, |record| {
            let reason = record["reason"].as_str().unwrap_or_default();
            record["state"] == "no-address" && reason.contains(expected)
        });
        let why = launcher.stdout(&["why", "home"]);
        assert!(why.contains(expected), "{why}");
        daemon.wait_line(LIMIT, |line| line.contains(expected));
        drop(daemon);
        let once = launcher.output(&["once"]);
        let printed = String::from_utf8_lossy(&once.stdout).into_owned();
        assert!(printed.contains(expected), "{printed}");
    });
}

/// The number of events that the router's netlink sockets have lost.
fn lost_events(scene: &Scene) -> u64 {
    let table = support::process::run(scene.wan.command("cat").arg("/proc/net/netlink"));
    let drops = |line: &str| line.split_whitespace().nth(8)?.parse::<u64>().ok();
    table.lines().filter_map(drops).sum()
}

#[test]
fn after_an_overrun_during_a_request_the_current_address_is_sent() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        scene.provider.next([Reply::Late(Duration::from_secs(4))]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        scene.provider.wait_nth(0, LIMIT);
        daemon.signal(Signal::SIGSTOP);
        let mut flood = String::new();
        for n in 0..4000 {
            let address = format!("10.{}.{}.1/32 dev lo\n", n / 250, n % 250);
            flood.push_str(&format!("addr add {address}addr del {address}"));
        }
        let before = lost_events(&scene);
        while lost_events(&scene) == before {
            scene.wan.ip_batch(&flood);
        }
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.signal(Signal::SIGCONT);
        scene.provider.wait_record("home.example.com", "203.0.113.6", LIMIT);
        daemon.wait_published("home", "203.0.113.6");
    });
}

#[test]
fn a_request_without_an_address_leaves_from_the_address_to_publish() {
    if skip_under_emulator(RULES) {
        return;
    }
    isolated(&[], || {
        let url = "http://198.51.100.53/set?hostname=[DOMAIN]";
        let scene = Scene::new(&format!("option update_url '{url}'"));
        scene.provider.for_path("/set", Reply::body("stored"));
        scene.wan.ip_batch(&format!(
            "addr add 203.0.113.5/24 dev wan\nroute add default via {GATEWAY} dev wan metric 100\n"
        ));
        scene.wan.dial("vpn0", "203.0.113.66", "192.0.2.1");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let seen = scene.provider.wait_nth(0, LIMIT).peer.to_string();
        assert_eq!(seen, "203.0.113.5", "{}", launcher.stdout(&["why", "home"]));

        scene.wan.ip_batch(
            "route del default dev wan\naddr del 203.0.113.5/24 dev wan\naddr add 203.0.113.6/24 dev wan\n",
        );
        let reason = daemon.wait_state("home", "no-route");
        assert!(reason.contains("through wan"), "{reason}");
        scene.wan.ip(&format!("route add default via {GATEWAY} dev wan metric 100"));
        let seen = scene.provider.wait_nth(1, LIMIT).peer.to_string();
        assert_eq!(seen, "203.0.113.6");
    });
}
