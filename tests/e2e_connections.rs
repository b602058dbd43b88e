//! How many connections the updates of a change need, and what becomes of them when the provider closes one.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use support::daemon::Daemon;
use support::process::wait_until;
use support::provider::{Reply, Server, now};
use support::router::{PROVIDER, file, hosts, isolated};
use support::scene::{LIMIT, Scene, endpoint};
use support::tls::{Authority, Flavour};

const NAMES: usize = 20;
const URL: &str = "dyn.example.net/nic/update?hostname=[DOMAIN]&myip=[IP]";

/// A scene with twenty names at one URL provider.
fn many(scheme: &str) -> Scene {
    hosts(&format!("{PROVIDER} dyn.example.net"));
    let mut scene = Scene::bare();
    for number in 0..NAMES {
        let options =
            format!("option update_url '{scheme}://{URL}'\noption cacert '/run/t/ca.pem'");
        scene.config.section(&format!("n{number}"), &options);
    }
    scene
}

fn wait_all_published(daemon: &Daemon<'_>, address: &str) {
    for number in 0..NAMES {
        daemon.wait_published(&format!("n{number}"), address);
    }
}

/// How many names the requests from number `from` on were for, and how many requests that were.
fn names_and_requests(scene: &Scene, from: usize) -> (usize, usize) {
    let requests = scene.provider.requests().split_off(from);
    let names: BTreeSet<&str> = requests.iter().map(|request| request.hostname()).collect();
    (names.len(), requests.len())
}

/// The provider's server for https.
fn listen_tls(scene: &Scene) -> Server {
    let authority = Authority::new();
    authority.write_pem(&file("ca.pem"));
    let certificate = authority.server(&["dyn.example.net"], Flavour::Good);
    scene.provider.listen_tls(endpoint(PROVIDER, 443), certificate)
}

fn many_names_share_one_connection(scheme: &str) {
    let mut scene = many(scheme);
    let tls = listen_tls(&scene);
    scene.wan.set_address("203.0.113.5");
    let launcher = scene.launcher();
    let daemon = launcher.run();
    wait_all_published(&daemon, "203.0.113.5");
    let plain = scene.server.take().unwrap();
    let wait_idle = || {
        wait_until("an idle daemon has no connection", || {
            tls.open_connections() + plain.open_connections() == 0
        });
    };
    // The server would not be told the end of a connection whose address is gone.
    wait_idle();
    let (requests, connections) = (scene.provider.count(), scene.provider.attempts());
    scene.wan.change_address("203.0.113.5", "203.0.113.6");
    wait_all_published(&daemon, "203.0.113.6");
    assert_eq!(names_and_requests(&scene, requests), (NAMES, NAMES));
    assert_eq!(scene.provider.attempts() - connections, 1, "{scheme}");
    wait_idle();
}

#[test]
fn many_names_share_one_connection_over_http() {
    isolated(&[], || many_names_share_one_connection("http"));
}

#[test]
fn many_names_share_one_connection_over_https() {
    isolated(&[], || many_names_share_one_connection("https"));
}

#[test]
fn an_update_that_hangs_does_not_delay_the_other_names_of_its_host() {
    isolated(&[], || {
        let scene = many("http");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        wait_all_published(&daemon, "203.0.113.5");
        let before = (scene.provider.count(), scene.provider.attempts());
        scene.provider.next([Reply::Hang]);
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        let last = scene.provider.wait_nth(before.0 + NAMES - 1, LIMIT);
        assert_eq!(names_and_requests(&scene, before.0), (NAMES, NAMES));
        let hangs = &scene.provider.requests()[before.0];
        let waited = last.at.saturating_sub(hangs.at);
        assert!(waited < Duration::from_secs(3), "{waited:?}");
        let connections = scene.provider.attempts() - before.1;
        assert!((2..=3).contains(&connections), "{connections} connections");
    });
}

#[test]
fn names_at_several_hosts_do_not_wait_for_each_other() {
    isolated(&[], || {
        hosts(&format!("{PROVIDER} a.example.net b.example.net c.example.net"));
        let mut scene = Scene::bare();
        for host in ["a", "b", "c"] {
            let url = format!("http://{host}.example.net/{host}?hostname=[DOMAIN]&myip=[IP]");
            scene.config.section(host, &format!("option update_url '{url}'"));
            scene.provider.for_path(&format!("/{host}"), Reply::Hang);
        }
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let _daemon = launcher.run();
        let (first, last) = (scene.provider.wait_nth(0, LIMIT), scene.provider.wait_nth(2, LIMIT));
        let waited = last.at.saturating_sub(first.at);
        assert!(waited < Duration::from_millis(500), "{waited:?}");
        assert_eq!(scene.provider.attempts(), 3);
    });
}

#[test]
fn both_families_of_a_name_share_one_connection() {
    isolated(&[], || {
        let scene = Scene::new("option also_ipv6 '1'");
        scene.wan.set_address("203.0.113.5");
        scene.wan.set_address6("2001:db8:7::5");
        let launcher = scene.launcher();
        let _daemon = launcher.run();
        scene.provider.wait_record("home.example.com", "203.0.113.5", LIMIT);
        scene.provider.wait_record("home.example.com", "2001:db8:7::5", LIMIT);
        assert_eq!((scene.provider.count(), scene.provider.attempts()), (2, 1));
    });
}

fn no_update_is_lost_or_doubled(scheme: &str, patience: Duration) {
    let scene = many(scheme);
    let _tls = listen_tls(&scene);
    scene.provider.close_idle(patience);
    scene.wan.set_address("203.0.113.5");
    let launcher = scene.launcher();
    let daemon = launcher.run();
    wait_all_published(&daemon, "203.0.113.5");
    assert_eq!(names_and_requests(&scene, 0), (NAMES, NAMES), "{scheme}");
    let log = launcher.log();
    assert!(!log.contains("closed before the answer"), "{log}");
}

#[test]
fn no_update_is_lost_or_doubled_if_the_server_closes_after_every_answer_over_http() {
    isolated(&[], || no_update_is_lost_or_doubled("http", Duration::ZERO));
}

#[test]
fn no_update_is_lost_or_doubled_if_the_server_closes_after_every_answer_over_https() {
    isolated(&[], || no_update_is_lost_or_doubled("https", Duration::ZERO));
}

#[test]
fn no_update_is_lost_or_doubled_if_the_server_closes_at_any_time() {
    isolated(&[], || no_update_is_lost_or_doubled("http", Duration::from_millis(1)));
}

#[test]
fn an_update_on_a_kept_connection_that_the_server_closes_is_sent_once_more() {
    isolated(&[], || {
        let scene = many("http");
        scene.provider.next_reusing([Reply::Close, Reply::UpdateThenClose]);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        wait_all_published(&daemon, "203.0.113.5");
        assert_eq!(names_and_requests(&scene, 0), (NAMES, NAMES + 2));
        let log = launcher.log();
        assert!(!log.contains("closed before the answer"), "{log}");
    });
}

/// A scene with a section at PowerDNS, whose interface the provider plays.
fn powerdns() -> Scene {
    let options = format!("option service_name 'powerdns'\noption param_opt 'http://{PROVIDER}'");
    let scene = Scene::new(&options);
    scene.wan.set_address("203.0.113.5");
    scene
}

/// The list of zones and the records of the zone.
fn zone() -> [Reply; 2] {
    [r#"[{"name":"example.com."}]"#, r#"{"rrsets":[]}"#].map(Reply::body)
}

#[test]
fn a_conversation_with_an_interface_is_one_connection() {
    isolated(&[], || {
        let scene = powerdns();
        scene.provider.next(zone());
        scene.provider.next([Reply::status(204)]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        assert_eq!((scene.provider.count(), scene.provider.attempts()), (3, 1));
    });
}

#[test]
fn a_connection_that_the_server_closes_during_a_wait_is_replaced() {
    isolated(&[], || {
        let scene = powerdns();
        scene.provider.close_idle(Duration::from_millis(300));
        scene.provider.next(zone());
        scene.provider.next([Reply::too_many(2), Reply::status(204)]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        // The change itself is a PATCH, which must not arrive twice.
        assert_eq!((scene.provider.count(), scene.provider.attempts()), (4, 2));
    });
}

#[test]
fn a_wait_before_a_request_ends_when_the_address_goes() {
    isolated(&[], || {
        let scene = powerdns();
        scene.provider.next(zone());
        scene.provider.next([Reply::too_many(9)]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let limited = scene.provider.wait_nth(2, LIMIT);
        let answered = now();
        scene.provider.next([Reply::body(r#"{"rrsets":[]}"#), Reply::status(204)]);
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        let took = now().saturating_sub(answered);
        assert!(took < Duration::from_secs(6), "{took:?}");
        assert!(limited.at < answered);
    });
}
