//! How the daemon reacts to providers that fail, refuse, hang, redirect or lose answers.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::net::IpAddr;
use std::time::Duration;

use support::daemon::Daemon;
use support::process::wait_until;
use support::provider::{Reply, Request};
use support::router::{PROVIDER, file, hosts, ip_isp, isolated};
use support::scene::{LIMIT, Scene, connection_refused, endpoint};
use support::tls::{Authority, Flavour};

/// The requests for the name of this section.
fn requests_of(section: &str, requests: &[Request]) -> Vec<Request> {
    let name = format!("{section}.example.com");
    let mine = requests.iter().filter(|r| r.hostname() == name);
    mine.cloned().collect()
}

/// Waits for request number `n` (from 0) of this section.
fn wait_nth_of(scene: &Scene, section: &str, n: usize) -> Request {
    let nth = |requests: &[Request]| requests_of(section, requests).get(n).cloned();
    scene.provider.wait_for(section, LIMIT, nth)
}

/// Waits until the status of the section's record has a reason with one of these words.
fn wait_reason(daemon: &Daemon<'_>, section: &str, words: &[&str]) {
    daemon.wait_record(section, LIMIT, |r| {
        let text = r["reason"].as_str().unwrap_or_default().to_ascii_lowercase();
        words.iter().any(|word| text.contains(word))
    });
}

#[test]
fn while_a_provider_is_down_the_update_is_retried() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.provider_down();
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        wait_reason(&daemon, "home", connection_refused());
        scene.provider_up();
        scene.provider.wait_nth(0, LIMIT);
        daemon.wait_published("home", "203.0.113.5");
    });
}

#[test]
fn a_new_route_ends_the_back_off() {
    isolated(&[], || {
        let scene = Scene::new("option retry_interval '3600'");
        scene.wan.set_address("203.0.113.5");
        scene.provider.next([Reply::status(500)]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        scene.provider.wait_nth(0, LIMIT);
        wait_reason(&daemon, "home", &["500"]);
        scene.wan.ip("route del default");
        // The daemon must have noticed the outage before it ends.
        wait_until("the daemon has noticed the outage", || {
            launcher.stdout(&["why", "home"]).contains("can be reached: no")
        });
        scene.wan.ip("route add default via 203.0.113.1 dev wan");
        scene.provider.wait_nth(1, LIMIT);
        daemon.wait_published("home", "203.0.113.5");
    });
}

#[test]
fn retry_after_also_applies_to_a_new_address() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        scene.provider.next([Reply::too_many(4)]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let first = scene.provider.wait_nth(0, LIMIT);
        // The answer must arrive before the address goes to which the provider sends it.
        daemon.wait_state("home", "held");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        let second = scene.provider.wait_nth(1, LIMIT);
        assert_eq!(second.myip(), "203.0.113.6");
        let pause = second.at.saturating_sub(first.at);
        assert!(pause >= Duration::from_secs(4), "{pause:?}");
        daemon.wait_published("home", "203.0.113.6");
    });
}

#[test]
fn a_refusal_stops_only_its_section_until_update_is_called() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        scene.config.section("work", "option password 'other'");
        scene.provider.require("user", "other");
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let reason = daemon.wait_state("home", "refused");
        assert!(reason.contains("badauth"), "{reason}");
        daemon.wait_published("work", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("work", "203.0.113.6");
        assert_eq!(
            wait_nth_of(&scene, "home", 1).myip(),
            "203.0.113.6",
            "one try with the new address"
        );
        daemon.wait_state("home", "refused");
        assert_eq!(requests_of("home", &scene.provider.requests()).len(), 2);

        scene.provider.require("user", "secret");
        assert_eq!(launcher.code(&["update", "home"]), Some(0));
        assert_eq!(wait_nth_of(&scene, "home", 2).myip(), "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
    });
}

/// Installs a definition `strict` that recognises success by `good` or `nochg`.
fn define_strict_service() {
    let url = format!("http://{PROVIDER}/nic/update?hostname=[DOMAIN]&myip=[IP]");
    let block = format!(r#"{{ "url": "{url}", "answer": "good|nochg" }}"#);
    let text = format!(r#"{{ "name": "strict", "ipv4": {block}, "ipv6": {block} }}"#);
    std::fs::write("/usr/share/ddns/custom/strict.json", text).unwrap();
}

/// Two sections, as ddns-scripts needs them, have one URL for both families.
#[test]
fn one_request_has_the_addresses_of_both_families() {
    isolated(&[], || {
        let url = format!("http://{PROVIDER}/nic/update?hostname=[DOMAIN]&myip=[IP4],[IP6]");
        let mut scene = Scene::new(&format!("option update_url '{url}'"));
        let options = "option domain 'home.example.com'\noption use_ipv6 '1'";
        scene.config.section("home6", &format!("{options}\noption update_url '{url}'"));
        scene.wan.set_address("203.0.113.5");
        scene.wan.set_address6("2001:db8:1::5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let together = scene.provider.requests().last().unwrap().myip().to_owned();
        assert_eq!(together, "203.0.113.5,2001:db8:1::5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        let kept = scene.provider.requests().last().unwrap().myip().to_owned();
        assert_eq!(kept, "203.0.113.6,2001:db8:1::5");
    });
}

#[test]
fn an_endless_body_is_cut_and_the_update_retried() {
    isolated(&[], || {
        define_strict_service();
        let scene = Scene::new("option service_name 'strict'");
        scene.wan.set_address("203.0.113.5");
        scene.provider.next([Reply::Endless]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.5");
        daemon.wait_published("home", "203.0.113.5");
    });
}

#[test]
fn a_slow_body_ends_at_the_deadline_and_delays_no_other_section() {
    isolated(&[], || {
        define_strict_service();
        let mut scene = Scene::new("option service_name 'strict'");
        scene.config.section("work", "");
        let drip = Some(Reply::Drip);
        scene.provider.for_host("home.example.com", drip);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        let first = wait_nth_of(&scene, "home", 0);
        daemon.wait_published("work", "203.0.113.5");
        scene.provider.for_host("home.example.com", None);
        let limit = Duration::from_secs(50);
        let second = scene.provider.wait_for("home again", limit, |requests| {
            requests_of("home", requests).get(1).cloned()
        });
        let pause = second.at.saturating_sub(first.at);
        assert!(pause < Duration::from_secs(45), "{pause:?}");
        daemon.wait_published("home", "203.0.113.5");
    });
}

#[test]
fn only_a_valid_certificate_of_the_authority_is_accepted() {
    isolated(&[], || {
        let authority = Authority::new();
        authority.write_pem(&file("ca.pem"));
        hosts(&format!("{PROVIDER} dyn.example.net"));
        let url = "https://dyn.example.net/nic/update?hostname=[DOMAIN]&myip=[IP]";
        let pem = file("ca.pem").display().to_string();
        let scene = Scene::new(&format!(
            "option update_url '{url}'\noption use_https '1'\noption cacert '{pem}'"
        ));
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let bad = [Flavour::SelfSigned, Flavour::Expired, Flavour::WrongName];
        for flavour in bad {
            let config = authority.server(&["dyn.example.net"], flavour);
            let _server = scene.provider.listen_tls(endpoint(PROVIDER, 443), config);
            let daemon = launcher.run();
            let from = scene.provider.attempts();
            scene.provider.wait_attempts(from + 1, LIMIT);
            wait_reason(&daemon, "home", &["certificate"]);
            assert_eq!(scene.provider.count(), 0, "{flavour:?}");
            daemon.kill();
        }
        let config = authority.server(&["dyn.example.net"], Flavour::Good);
        let _server = scene.provider.listen_tls(endpoint(PROVIDER, 443), config);
        let daemon = launcher.run();
        let request = scene.provider.wait_nth(0, LIMIT);
        assert!(request.tls);
        daemon.wait_published("home", "203.0.113.5");
    });
}

#[test]
fn providers_that_hang_do_not_delay_another_section() {
    isolated(&[], || {
        let mut scene = Scene::new("");
        for name in ["h1", "h2", "h3"] {
            scene.config.section(name, "");
            let hang = Some(Reply::Hang);
            scene.provider.for_host(&format!("{name}.example.com"), hang);
        }
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        for name in ["h1", "h2", "h3"] {
            wait_nth_of(&scene, name, 0);
        }
        daemon.wait_published("home", "203.0.113.5");
        let start = support::provider::now();
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        let took = wait_nth_of(&scene, "home", 1).at.saturating_sub(start);
        assert!(took < Duration::from_secs(3), "{took:?}");
    });
}

#[test]
fn an_update_whose_answer_was_lost_is_sent_again() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        scene.provider.next([Reply::Reset]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.5");
        daemon.wait_published("home", "203.0.113.5");
    });
}

#[test]
fn an_update_without_an_answer_is_sent_again_after_a_kill() {
    isolated(&[], || {
        let scene = Scene::new("");
        scene.wan.set_address("203.0.113.5");
        scene.provider.next([Reply::UpdateThenHang]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        scene.provider.wait_nth(0, LIMIT);
        daemon.kill();
        let daemon = launcher.run();
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.5");
        daemon.wait_published("home", "203.0.113.5");
    });
}

#[test]
fn a_redirect_to_another_host_gets_no_credentials() {
    isolated(&[], || {
        let elsewhere = "198.51.100.54";
        ip_isp(&format!("addr add {elsewhere}/32 dev lo"));
        let scene = Scene::new("");
        let _other = scene.provider.listen(endpoint(elsewhere, 80));
        let url =
            format!("http://{elsewhere}/nic/update?hostname=home.example.com&myip=203.0.113.5");
        scene.provider.next([Reply::redirect(&url)]);
        scene.wan.set_address("203.0.113.5");
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        let there: IpAddr = elsewhere.parse().unwrap();
        for request in scene.provider.requests() {
            assert!(request.local.ip() != there || request.auth.is_none());
        }
    });
}

/// The provider plays the interface of `PowerDNS`.
#[test]
fn the_zone_is_looked_up_once_even_across_a_restart() {
    isolated(&[], || {
        let scene = Scene::new(&format!(
            "option service_name 'powerdns'\n\
             option param_opt 'http://{PROVIDER}'"
        ));
        scene.wan.set_address("203.0.113.5");
        let set = |address: &str| {
            Reply::body(&format!(
                r#"{{"rrsets":[{{"name":"home.example.com.","type":"A","ttl":60,
                "records":[{{"content":"{address}","disabled":false}}]}}]}}"#
            ))
        };
        // The zone is looked up once; its records are read before each change.
        scene.provider.next([
            Reply::body(r#"[{"name":"example.com."}]"#),
            set("203.0.113.1"),
            Reply::status(204),
            set("203.0.113.5"),
            Reply::status(204),
            set("203.0.113.6"),
            Reply::status(204),
        ]);
        let launcher = scene.launcher();
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        daemon.wait_saved("203.0.113.6");
        daemon.kill();
        scene.wan.change_address("203.0.113.6", "203.0.113.7");
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.7");
        let requests = scene.provider.requests();
        let methods: Vec<_> = requests.iter().map(|request| request.method.as_str()).collect();
        assert_eq!(methods, ["GET", "GET", "PATCH", "GET", "PATCH", "GET", "PATCH"]);
        for (number, request) in requests.iter().enumerate() {
            let zone = if number == 0 { "" } else { "/example.com." };
            assert_eq!(request.path, format!("/api/v1/servers/localhost/zones{zone}"));
            assert_eq!(request.headers["x-api-key"], "secret");
        }
    });
}
