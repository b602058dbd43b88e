//! The record follows the address, on a real kernel: DHCP, router advertisements, PPP-like links.

mod support;

use std::time::Duration;

use nix::sys::signal::Signal;
use support::provider::{self, Reply, Request};
use support::router::{
    Advertiser, DhcpClient, DhcpServer, PROVIDER, PROVIDER6, Wan, file, hosts, isolated,
};
use support::scene::{LIMIT, Scene, endpoint};
use support::tls::{Authority, Flavour};

/// The name and address of each request, in order.
fn sent(requests: &[Request]) -> Vec<String> {
    let line = |r: &Request| format!("{} {}", r.hostname(), r.myip());
    requests.iter().map(line).collect()
}

#[test]
fn a_new_lease_is_sent_but_no_renewal_and_no_expiry() {
    isolated(&["busybox", "dnsmasq"], || {
        let scene = Scene::new("");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let server = DhcpServer::start("203.0.113.20");
        let client = DhcpClient::start(&scene.wan);
        scene.provider.wait_nth(0, LIMIT);
        daemon.wait_published("home", "203.0.113.20");

        client.renew();
        server.set("203.0.113.21");
        client.ask_renewal();
        scene.provider.wait_nth(1, LIMIT);
        daemon.wait_published("home", "203.0.113.21");

        let monitor = scene.wan.monitor();
        client.release();
        monitor.lines.wait_line(LIMIT, |l| l.contains("Deleted") && l.contains("203.0.113.21"));
        // The daemon has noticed the expiry, and keeps the record.
        daemon.wait_record("home", LIMIT, |r| {
            let reason = r["reason"].as_str().unwrap_or_default();
            r["published"] == "203.0.113.21" && reason.contains("stays published")
        });
        server.set("203.0.113.22");
        client.ask_renewal();
        scene.provider.wait_nth(2, LIMIT);
        daemon.wait_published("home", "203.0.113.22");

        let expected = [20, 21, 22].map(|n| format!("home.example.com 203.0.113.{n}"));
        assert_eq!(sent(&scene.provider.requests()), expected);
    });
}

#[test]
fn a_new_prefix_is_sent_and_a_deprecated_one_never_again() {
    isolated(&["radvd"], || {
        let scene = Scene::new("option use_ipv6 '1'");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let router = Advertiser::start(&[("2001:db8:1::", 1800)]);
        let first = scene.provider.wait_nth(0, LIMIT).myip().to_owned();
        assert!(first.starts_with("2001:db8:1:"), "{first}");

        router.set(&[("2001:db8:1::", 0), ("2001:db8:2::", 1800)]);
        let second = scene.provider.wait_nth(1, LIMIT).myip().to_owned();
        assert!(second.starts_with("2001:db8:2:"), "{second}");
        daemon.wait_published("home", &second);

        drop(router);
        scene.wan.ip(&format!("addr del {second}/64 dev wan"));
        scene.wan.ip("addr add 2001:db8:3::1/64 dev wan nodad");
        let third = scene.provider.wait_nth(2, LIMIT);
        assert_eq!(third.myip(), "2001:db8:3::1");
    });
}

#[test]
fn a_new_address_is_sent_over_https_with_a_verified_certificate() {
    isolated(&[], || {
        let authority = Authority::new();
        authority.write_pem(&file("ca.pem"));
        hosts(&format!("{PROVIDER} dyn.example.net"));
        let url = "https://dyn.example.net/nic/update?hostname=[DOMAIN]&myip=[IP]";
        let pem = file("ca.pem").display().to_string();
        let scene = Scene::new(&format!(
            "option update_url '{url}'\noption use_https '1'\noption cacert '{pem}'"
        ));
        let certificate = authority.server(&["dyn.example.net"], Flavour::Good);
        let _server = scene.provider.listen_tls(endpoint(PROVIDER, 443), certificate);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        scene.wan.set_address("203.0.113.5");
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        let requests = scene.provider.requests();
        assert!(requests.iter().all(|r| r.tls), "{requests:#?}");
        let expected = [5, 6].map(|n| format!("home.example.com 203.0.113.{n}"));
        assert_eq!(sent(&requests), expected);
    });
}

#[test]
fn without_ipv4_the_update_waits_for_duplicate_address_detection() {
    isolated(&["radvd"], || {
        let mut scene = Scene::bare();
        let url = format!("http://[{PROVIDER6}]/nic/update?hostname=[DOMAIN]&myip=[IP]");
        let options = format!("option use_ipv6 '1'\noption update_url '{url}'");
        scene.config.section("home", &options);
        let _server = scene.provider.listen(endpoint(PROVIDER6, 80));
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let _router = Advertiser::start(&[("2001:db8:1::", 1800)]);
        let request = scene.provider.wait_nth(0, LIMIT);
        assert_eq!(request.peer.to_string(), request.myip());
        daemon.wait_published("home", request.myip());
        assert_eq!(scene.provider.attempts(), 1);
    });
}

#[test]
fn the_local_address_of_a_dial_in_is_sent_after_each_redial() {
    isolated(&[], || {
        let scene = Scene::new("option ip_interface 'ppp0'");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_state("home", "no-address");
        scene.wan.dial("ppp0", "192.0.2.7", "192.0.2.1");
        assert_eq!(scene.provider.wait_nth(0, LIMIT).myip(), "192.0.2.7");
        daemon.wait_published("home", "192.0.2.7");
        scene.wan.hang_up("ppp0");
        scene.wan.dial("ppp0", "192.0.2.8", "192.0.2.1");
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "192.0.2.8");
        // The same address after another redial is no change.
        daemon.wait_published("home", "192.0.2.8");
        scene.wan.hang_up("ppp0");
        scene.wan.dial("ppp0", "192.0.2.8", "192.0.2.1");
        scene.wan.hang_up("ppp0");
        scene.wan.dial("ppp0", "192.0.2.9", "192.0.2.1");
        assert_eq!(scene.provider.wait_nth(2, LIMIT).myip(), "192.0.2.9");
    });
}

#[test]
fn the_update_waits_for_a_route_and_is_sent_with_it() {
    isolated(&[], || {
        // A failed attempt without a route would be retried only after an hour.
        let scene = Scene::new("option retry_interval '3600'");
        scene.wan.ip("addr add 203.0.113.5/24 dev wan");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_state("home", "no-route");
        assert_eq!(scene.provider.attempts(), 0);
        let start = provider::now();
        scene.wan.ip("route add default via 203.0.113.1 dev wan");
        let request = scene.provider.wait_nth(0, LIMIT);
        let took = request.at.saturating_sub(start);
        assert!(took < Duration::from_secs(1), "{took:?}");
    });
}

/// The number of events that the router's netlink sockets have lost.
fn lost_events(wan: &Wan) -> u64 {
    let table = support::process::run(wan.command("cat").arg("/proc/net/netlink"));
    let drops = |line: &str| line.split_whitespace().nth(8)?.parse::<u64>().ok();
    table.lines().filter_map(drops).sum()
}

#[test]
fn after_a_receive_overrun_the_current_address_is_sent() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        daemon.signal(Signal::SIGSTOP);
        let mut flood = String::new();
        for n in 0..4000 {
            let address = format!("10.{}.{}.1/32 dev lo\n", n / 250, n % 250);
            flood.push_str(&format!("addr add {address}addr del {address}"));
        }
        let before = lost_events(&scene.wan);
        while lost_events(&scene.wan) == before {
            scene.wan.ip_batch(&flood);
        }
        // The daemon's receive queue is full, so the kernel drops the events of this change.
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.signal(Signal::SIGCONT);
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.6");
    });
}

#[test]
fn a_private_address_is_not_sent_and_status_gives_the_reason() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.ip_batch(
            "addr add 100.64.1.2/24 dev wan\n\
             route add default via 203.0.113.1 dev wan onlink\n",
        );
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let record = daemon.wait_record("home", LIMIT, |r| {
            r["reason"].as_str().is_some_and(|t| t.contains("100.64."))
        });
        assert!(record["published"].is_null(), "{record}");
        scene.wan.set_address_only("10.1.2.3");
        scene.wan.set_address_only("203.0.113.7");
        assert_eq!(scene.provider.wait_nth(0, LIMIT).myip(), "203.0.113.7");
    });
}

#[test]
fn one_section_updates_both_families() {
    isolated(&[], || {
        let scene = Scene::new("option use_ipv6 'both'");
        scene.wan.set_address("203.0.113.5");
        scene.wan.set_address6("2001:db8:1::5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let both = |requests: &[Request]| (requests.len() == 2).then(|| sent(requests));
        let mut lines = scene.provider.wait_for("both families", LIMIT, both);
        lines.sort();
        let name = "home.example.com";
        let expected = [format!("{name} 2001:db8:1::5"), format!("{name} 203.0.113.5")];
        assert_eq!(lines, expected);
        // The answers must arrive before the address goes to which the provider sends them.
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        assert_eq!(scene.provider.wait_nth(2, LIMIT).myip(), "203.0.113.6");
    });
}

#[test]
fn one_section_updates_several_names() {
    isolated(&[], || {
        let scene = Scene::new("list domain 'www.example.com'");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        for address in ["203.0.113.5", "203.0.113.6"] {
            if address.ends_with('6') {
                scene.wan.change_address("203.0.113.5", address);
            }
            for name in ["home.example.com", "www.example.com"] {
                scene.provider.wait_record(name, address, LIMIT);
                // The answer must arrive before the address goes to which the provider sends it.
                daemon.wait_status(name, LIMIT, |status| {
                    status["sections"][0]["records"].as_array().is_some_and(|all| {
                        all.iter().any(|r| r["name"] == name && r["published"] == address)
                    })
                });
            }
        }
    });
}

#[test]
fn fifty_quick_changes_cost_few_requests_and_end_at_the_last_address() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.100");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.100");
        for n in 100..150 {
            let (old, new) = (format!("203.0.113.{n}"), format!("203.0.113.{}", n + 1));
            scene.wan.change_address(&old, &new);
        }
        daemon.wait_published("home", "203.0.113.150");
        let count = scene.provider.count();
        assert!(count < 10, "{count} requests for 50 changes");
    });
}

#[test]
fn a_request_from_a_lost_address_does_not_delay_the_new_one() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.provider.next([Reply::Hang]);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let _daemon = launcher.run();
        let first = scene.provider.wait_nth(0, LIMIT);
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        let second = scene.provider.wait_nth(1, LIMIT);
        assert_eq!(second.myip(), "203.0.113.6");
        // Far below the time-out of the first request.
        assert!(second.at - first.at < Duration::from_secs(5), "{:?}", second.at - first.at);
    });
}

/// A minute after an unanswered request the daemon sends the current address once more, in case the
/// provider has carried the old request out meanwhile.
#[test]
fn an_old_request_that_is_carried_out_late_is_corrected() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.provider.next([Reply::UpdateLater(Duration::from_secs(3))]);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        scene.provider.wait_nth(0, LIMIT);
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.6");
        daemon.wait_line(LIMIT, |line| {
            line.contains("never answered an earlier request with 203.0.113.5")
        });
        scene.provider.wait_record("home.example.com", "203.0.113.5", LIMIT);
        let corrected = scene.provider.wait_nth(2, Duration::from_secs(80));
        assert_eq!(corrected.myip(), "203.0.113.6");
        scene.provider.wait_record("home.example.com", "203.0.113.6", LIMIT);
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(scene.provider.count(), 3);
    });
}
