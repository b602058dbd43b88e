//! What a validating resolver on this host says about the registered address: unbound, and zones that BIND's tools
//! have signed.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::process::Command;
use std::time::Duration;

use ddns_netlink::config::Lookup;
use ddns_netlink::dns::{Dnssec, Found, Protocol};
use ddns_netlink::edge::dns::{DnsTransport, look_up};
use ddns_netlink::edge::stream::TrustCache;
use ddns_netlink::model::{Family, HostPort};
use ddns_netlink::state::State;
use support::daemon::Launcher;
use support::named::{self, Named};
use support::router::{file, isolated};
use support::scene::{LIMIT, Scene};

const TOOLS: [&str; 5] = ["named", "unbound", "dnsmasq", "dnssec-keygen", "dnssec-signzone"];

const HOME: &str = "home.example.com";

/// No change after signing.
const SOUND: (&str, &str) = ("", "");
/// What makes the signature of 203.0.113.5 wrong.
const FORGED: (&str, &str) = ("203.0.113.5", "198.51.100.7");

fn ask(host: &str, server: Option<&str>) -> Result<Found, String> {
    let server = server.map(|server| HostPort::parse(server).unwrap());
    let lookup = Lookup { host: host.into(), server, protocol: Protocol::Udp, glue: false };
    let limit = Duration::from_secs(20);
    let way = DnsTransport::default();
    look_up(&lookup, Family::V4, None, &way, &TrustCache::default(), limit.into())
}

#[test]
fn the_resolver_on_this_host_authenticates_or_refuses_an_answer() {
    isolated(&TOOLS, || {
        let mut named = Named::start("home A 203.0.113.5");
        named.set_signed("home A 203.0.113.5", SOUND);
        let address: Vec<std::net::IpAddr> = vec!["203.0.113.5".parse().unwrap()];
        let found =
            |dnssec, authoritative| Ok(Found { addresses: address.clone(), authoritative, dnssec });
        let unbound = named::unbound(Command::new("unbound"));
        assert_eq!(ask(HOME, None), found(Dnssec::Authenticated, true));
        assert_eq!(ask(HOME, Some("127.0.0.1")), found(Dnssec::Authenticated, false));
        // A name server that is not on this host is not believed.
        assert_eq!(ask(HOME, Some(named::EXAMPLE)), found(Dnssec::Unknown, true));
        drop(unbound);
        // dnsmasq shows the signatures and does not verify them.
        let dnsmasq = named::dnsmasq(Command::new("dnsmasq"));
        assert_eq!(ask(HOME, None), found(Dnssec::Signed, true));
        drop(dnsmasq);
        named.set_signed("home A 203.0.113.5", FORGED);
        let unbound = named::unbound(Command::new("unbound"));
        let bogus = Ok(Found { dnssec: Dnssec::Bogus, ..Found::default() });
        assert_eq!(ask(HOME, None), bogus);
        assert_eq!(ask(HOME, Some("127.0.0.1")), bogus);
        drop(unbound);
        let _unbound = named::unbound(Command::new("unbound"));
        assert_eq!(ask("host.net", None).unwrap().dnssec, Dnssec::Unknown, "not signed");
    });
}

/// Sets the times in the state back by an hour.
fn age_state_by_an_hour() {
    let path = file("state").join("state");
    let (mut state, _) = State::from_text(&fs::read_to_string(&path).unwrap());
    for record in &mut state.records {
        record.at = record.at.map(|at| at - 3600);
    }
    fs::write(&path, state.to_text()).unwrap();
}

/// Runs the daemon until `status --json` has this word for DNSSEC; returns its log and `why`.
fn run_until(launcher: &Launcher, word: &str) -> String {
    age_state_by_an_hour();
    let daemon = launcher.run();
    daemon.wait_record("home", LIMIT, |record| record["dnssec"] == word);
    let why = launcher.stdout(&["why", "home"]);
    daemon.stop();
    why
}

#[test]
fn nothing_follows_from_a_bogus_answer() {
    isolated(&TOOLS, || {
        let scene = Scene::new("");
        let launcher = scene.launcher();
        scene.wan.set_address("203.0.113.5");
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.5");
        daemon.stop();
        let mut named = Named::start("");
        named.set_signed("home A 203.0.113.5", SOUND);
        let unbound = named::unbound(scene.wan.command("unbound"));
        let why = run_until(&launcher, "authenticated");
        assert!(why.contains("; the resolver says authenticated"), "{why}");
        let line = "home.example.com: the resolver of this router says that its address in DNS is authenticated";
        assert_eq!(launcher.log().matches(line).count(), 1, "{}", launcher.log());
        drop(unbound);

        named.set_signed("home A 203.0.113.5", FORGED);
        let unbound = named::unbound(scene.wan.command("unbound"));
        let why = run_until(&launcher, "bogus");
        assert!(
            why.contains("the validating resolver refused the answer of home.example.com"),
            "{why}"
        );
        let line = "the validating resolver refuses the answer of home.example.com: bogus";
        assert_eq!(launcher.log().matches(line).count(), 1, "{}", launcher.log());
        assert_eq!(scene.provider.count(), 1);
        drop(unbound);

        // The same address with a right signature is corrected.
        named.set_signed("home A 198.51.100.7", SOUND);
        let _unbound = named::unbound(scene.wan.command("unbound"));
        age_state_by_an_hour();
        let _daemon = launcher.run();
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.5");
    });
}
