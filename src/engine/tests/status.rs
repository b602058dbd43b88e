//! What people see.

use serde_json::json;

use super::scenario::{HOUR, Scenario, address, failed, link, refused, retry, secs};
use crate::config::Source;
use crate::engine::event::Event;
use crate::model::Family;
use crate::proto::netlink::Address;
use crate::provider::{FailureKind, Outcome};

/// A change that ended like this.
fn after(outcome: Outcome) -> Scenario {
    let mut s = Scenario::new().settled();
    s.provider = Some(outcome);
    s.lease("203.0.113.2");
    s
}

fn why(s: &Scenario) -> String {
    s.engine.why("home", s.now, &mut |at| format!("[{at}]")).unwrap()
}

#[test]
fn each_state_has_its_word_and_sentence() {
    let gone = || {
        let mut s = after(failed());
        s.remove("203.0.113.2");
        s
    };
    let routeless = Scenario::new().kernel(|k| k.routes.clear());
    let deaf = {
        let mut s = Scenario::new();
        s.deaf = true;
        s.start()
    };
    let paced = {
        let mut s = Scenario::new().with(|c| c.timing.min_interval = HOUR).settled();
        s.provider = Some(failed());
        for last in 2..5 {
            s.lease(&format!("203.0.113.{last}"));
            s.pass(3 * crate::engine::tests::scenario::MINUTE);
        }
        s
    };
    let held = retry(FailureKind::Other, Some(HOUR));
    let seeking = |ended: usize| {
        let mut s = Scenario::new().silent().start();
        let host = || "dyn.example.net".to_owned();
        (0..2).for_each(|_| s.event(Event::LookUpIsSlow(host())));
        (0..ended).for_each(|_| s.event(Event::SlowLookUpEnded(host())));
        s
    };
    let stays = {
        let mut s = Scenario::new().settled();
        s.remove("203.0.113.1");
        s
    };
    let cases = [
        (Scenario::new().settled(), "published", "up to date; sent again in 2 d 23 h"),
        (stays, "published", "stays published although 'wan' has no IPv4 address"),
        (gone(), "no-address", "'wan' has no IPv4 address"),
        (after(failed()), "back-off", "it went wrong; next try in "),
        (after(held), "held", "it went wrong; not tried again for 1 h "),
        (after(refused()), "refused", "then run 'ddns-netlink update home'"),
        (routeless.start(), "no-route", "cannot reach the provider"),
        (deaf, "unknown", "the kernel's addresses are being read"),
        (Scenario::new().silent().start(), "sending", "waiting for the provider's answer"),
        (seeking(0), "sending", "the address of dyn.example.net is being looked up"),
        (seeking(1), "sending", "the address of dyn.example.net is being looked up"),
        (seeking(2), "sending", "waiting for the provider's answer"),
        (paced, "paced", "it went wrong; next request in "),
    ];
    for (s, word, sentence) in cases {
        assert_eq!(s.word(), word);
        assert!(s.state().1.contains(sentence), "{word}: {}", s.state().1);
    }
}

#[test]
fn a_carrier_grade_nat_address_is_named() {
    let nat = |k: &mut super::scenario::Kernel| {
        k.addresses = vec![super::scenario::address("100.64.1.2")];
    };
    let (word, reason) = Scenario::new().kernel(nat).start().state();
    assert_eq!(word, "no-address");
    assert!(reason.contains("100.64.1.2, a carrier-grade NAT address"));
}

#[test]
fn json_has_the_documented_shape() {
    let mut s = Scenario::new().start();
    s.pass(secs(10));
    let since = s.now.wall - 10;
    let none: [&str; 0] = [];
    let record = json!({
        "name": "home.example.com",
        "type": "A",
        "published": "203.0.113.1",
        "since": since,
        "desired": "203.0.113.1",
        "seen_at": since,
        "foreign": none,
        "foreign_at": null,
        "dnssec": "unknown",
        "state": "published",
        "reason": "up to date; sent again in 2 d 23 h if nothing changes",
        "next_in": 259_190.0,
        "request_after_ms": 0.0,
        "accepted_after_ms": 0.0,
    });
    let section = json!({
        "name": "home",
        "provider": "custom",
        "source": "address of device wan",
        "lines": [],
        "records": [record],
        "in_dns": ["203.0.113.1"],
        "last_request": "GET https://dyn.example.net/update?ip=***",
        "last_answer": "200 good",
    });
    let status = s.engine.status(s.now).to_json();
    let version = env!("CARGO_PKG_VERSION");
    let whole =
        json!({ "version": version, "sections": [section], "disabled": none, "broken": none });
    assert_eq!(status, whole.into());
}

#[test]
fn text_says_what_is_published_and_what_is_next() {
    let s = after(failed());
    let text = s.engine.status(s.now).to_text(&mut |_| "yesterday".into());
    assert!(text.contains("home: address of device wan at custom\n"), "{text}");
    assert!(text.contains("A: 203.0.113.1 since yesterday\n"), "{text}");
    assert!(text.contains("203.0.113.2 is wanted: it went wrong"), "{text}");
}

#[test]
fn why_names_every_address_and_its_verdict() {
    let mut s = Scenario::new().settled();
    s.add(super::scenario::address("203.0.113.9"));
    s.add(super::scenario::address("10.0.0.1"));
    let text = why(&s);
    for line in [
        "203.0.113.1: chosen",
        "203.0.113.9: usable, another one is preferred",
        "10.0.0.1: refused: a private address (RFC 1918)",
        "provider can be reached: yes",
        "last request: GET https://dyn.example.net/update?ip=***",
        "last answer: 200 good",
    ] {
        assert!(text.contains(line), "{line} in:\n{text}");
    }
    assert_eq!(s.engine.why("other", s.now, &mut |_| String::new()), None);
}

#[test]
fn at_rest_means_that_only_the_world_can_help() {
    let silent = Scenario::new().silent().start();
    assert!(!silent.engine.at_rest(silent.now));
    for s in [Scenario::new().settled(), after(failed()), after(refused())] {
        assert!(s.engine.at_rest(s.now));
    }
    let asking = Scenario::new().with(|c| c.source = super::scenario::web());
    let asking = asking.start();
    assert!(!asking.engine.at_rest(asking.now));
}

/// `once` ends after one attempt.
#[test]
fn a_program_that_ends_announces_no_next_try() {
    for (outcome, announced) in [(failed(), "next try"), (refused(), "then run")] {
        let run = |ends: bool| {
            let mut s = Scenario::new().silent().start();
            if ends {
                s.engine.end_when_done();
            }
            s.answer(outcome.clone());
            (s.state().1, s.said().pop().unwrap())
        };
        let (reason, said) = run(true);
        assert!(!reason.contains(announced), "{reason}");
        assert!(!said.contains("next try"), "{said}");
        assert!(run(false).0.contains(announced), "the daemon does");
    }
}

#[test]
fn the_source_names_only_networks_of_families_that_are_published() {
    let source = |v6: &str, families: &[Family]| {
        let network = Source::Network { v4: "wan".into(), v6: v6.into() };
        let s = Scenario::new().with(|c| (c.source, c.families) = (network, families.to_vec()));
        s.start().engine.status(Scenario::new().now).sections.remove(0).source
    };
    let both = [Family::V4, Family::V6];
    assert_eq!(source("wan6", &[Family::V4]), "address of network wan");
    assert_eq!(source("wan6", &[Family::V6]), "address of network wan6");
    assert_eq!(source("wan", &both), "address of network wan");
    assert_eq!(source("wan6", &both), "address of network wan (IPv6: wan6)");
}

#[test]
fn no_message_has_a_newline_or_a_secret() {
    let mut s = Scenario::new().settled();
    for outcome in [failed(), refused(), super::scenario::lost(), Outcome::Updated] {
        s.provider = Some(outcome);
        s.force();
        s.pass(HOUR);
    }
    for text in s.logged("say ") {
        assert!(!text.contains('\n') && !text.contains("secret"), "{text}");
    }
}

/// What an event does not touch is neither looked at nor shown.
#[test]
fn an_address_of_a_device_that_no_section_names_changes_no_section() {
    let mut s = Scenario::new().kernel(|kernel| {
        kernel.links.insert(7, link(7, "other"));
    });
    s = s.settled();
    let _ = s.engine.take_changed(s.now);
    s.add(Address { link: 7, ..address("192.0.2.7") });
    assert!(!s.engine.has_changed());
    assert_eq!(s.actions(), [""; 0]);
    s.lease("203.0.113.9");
    let changed: Vec<String> =
        s.engine.take_changed(s.now).sections.into_iter().map(|section| section.name).collect();
    assert_eq!(changed, ["home"]);
}
