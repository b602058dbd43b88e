//! How the daemon uses the registered address, with real name servers.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use ddns_netlink::state::State;
use serde_json::json;
use support::daemon::Launcher;
use support::named::{self, Named};
use support::provider::{Reply, now};
use support::router::{file, isolated};
use support::scene::{LIMIT, Scene};

const TOOLS: [&str; 2] = ["named", "dnsmasq"];

/// Publishes `203.0.113.5` for `home`, and makes the state an hour old.
fn publish_an_hour_ago(scene: &Scene, launcher: &Launcher) {
    scene.wan.set_address("203.0.113.5");
    let daemon = launcher.run();
    daemon.wait_published("home", "203.0.113.5");
    daemon.stop();
    age_state_by_an_hour();
}

/// Sets the times in the state back by an hour.
fn age_state_by_an_hour() {
    let path = file("state").join("state");
    let (mut state, _) = State::from_text(&fs::read_to_string(&path).unwrap());
    for record in &mut state.records {
        record.at = record.at.map(|at| at - 3600);
        record.sight.corrected.iter_mut().for_each(|at| *at -= 3600);
    }
    fs::write(&path, state.to_text()).unwrap();
}

/// Runs `why` until its output has this text.
fn wait_why(launcher: &Launcher, text: &str) {
    let end = Instant::now() + LIMIT;
    loop {
        let why = launcher.stdout(&["why", "home"]);
        if why.contains(text) {
            return;
        }
        assert!(Instant::now() < end, "{why}\n{}", launcher.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_address_that_differs_in_dns_is_sent_again_once() {
    isolated(&TOOLS, || {
        let scene = Scene::new("");
        let launcher = scene.launcher();
        publish_an_hour_ago(&scene, &launcher);
        let mut named = Named::start("home A 198.51.100.7");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let daemon = launcher.run();
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.5");
        let line = "home.example.com A: the zone's name servers have 198.51.100.7, not 203.0.113.5";
        daemon.wait_line(LIMIT, |l| l.contains(line));
        daemon.wait_published("home", "203.0.113.5");
        daemon.stop();
        // DNS still has the other address, as for a record behind a proxy: it is not sent once
        // more.
        age_state_by_an_hour();
        let has = |address: &str| {
            format!("home.example.com has {address} according to its zone's own name servers")
        };
        let daemon = launcher.run();
        wait_why(&launcher, &has("198.51.100.7"));
        daemon.wait_record("home", LIMIT, |record| {
            let reason = record["reason"].as_str().unwrap_or_default();
            reason.contains("hides it") && record["foreign"] == json!([])
        });
        daemon.stop();
        assert_eq!(scene.provider.count(), 2);
        // Once DNS has had the right address, a new difference counts again.
        named.set("home A 203.0.113.5");
        age_state_by_an_hour();
        let daemon = launcher.run();
        wait_why(&launcher, &has("203.0.113.5"));
        daemon.stop();
        named.set("");
        age_state_by_an_hour();
        let _daemon = launcher.run();
        assert_eq!(scene.provider.wait_nth(2, LIMIT).myip(), "203.0.113.5");
    });
}

#[test]
fn an_address_that_dns_has_is_not_sent() {
    isolated(&TOOLS, || {
        let scene = Scene::new("");
        let launcher = scene.launcher();
        publish_an_hour_ago(&scene, &launcher);
        let _named = Named::start("home A 203.0.113.5\nhome A 198.51.100.7");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let _daemon = launcher.run();
        wait_why(&launcher, "has 198.51.100.7, 203.0.113.5 according to its zone's own");
        assert_eq!(scene.provider.count(), 1);
    });
}

/// A login page comes in place of the provider's answer, so the daemon cannot know whether the
/// provider got the address.
#[test]
fn after_a_captive_portal_the_zones_name_servers_decide() {
    isolated(&TOOLS, || {
        let scene = Scene::new("option retry_interval '8'");
        let launcher = scene.launcher();
        let mut named = Named::start("home A 198.51.100.7");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let page = "<!doctype html><title>Welcome</title><form action=\"/login\">Log in</form>";
        scene.provider.next([Reply::body(page)]);
        scene.wan.set_address("203.0.113.5");
        let daemon = launcher.run();
        daemon.wait_record("home", LIMIT, |record| {
            let reason = record["reason"].as_str().unwrap_or_default();
            record["published"].is_null() && reason.contains("captive portal")
        });
        // The zone has another address: the request is repeated, and this time it arrives.
        assert_eq!(scene.provider.wait_nth(1, LIMIT * 2).myip(), "203.0.113.5");
        daemon.wait_published("home", "203.0.113.5");
        // The zone has the address that was sent with the next request: that one did arrive.
        named.set("home A 203.0.113.6");
        scene.provider.next([Reply::body(page)]);
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(scene.provider.count(), 3);
    });
}

#[test]
fn dead_name_servers_delay_no_update() {
    isolated(&TOOLS, || {
        let mut scene = Scene::new("");
        scene.config.section("second", "option bind_network 'wan'");
        let launcher = scene.launcher();
        publish_an_hour_ago(&scene, &launcher);
        // The look-up waits for dnsmasq's upstream server, which is not there.
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        let daemon = launcher.run();
        wait_why(&launcher, "in DNS: being looked up");
        let start = now();
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        scene.provider.wait_record("home.example.com", "203.0.113.6", LIMIT);
        scene.provider.wait_record("second.example.com", "203.0.113.6", LIMIT);
        let took = now().saturating_sub(start);
        assert!(took < Duration::from_secs(1), "{took:?}");
        // The look-up still waits. DNS will be asked again when it can have the new address.
        wait_why(&launcher, "in DNS: not looked up yet");
        let (status, took) = daemon.stop();
        assert!(status.success() && took < Duration::from_secs(2), "{took:?}");
    });
}

#[test]
fn once_does_not_look_up_the_registered_address() {
    isolated(&TOOLS, || {
        let scene = Scene::new("");
        let launcher = scene.launcher();
        publish_an_hour_ago(&scene, &launcher);
        let _named = Named::start("home A 198.51.100.7");
        let _dnsmasq = named::dnsmasq(scene.wan.command("dnsmasq"));
        assert_eq!(launcher.code(&["once"]), Some(0));
        assert_eq!(scene.provider.count(), 1);
    });
}
