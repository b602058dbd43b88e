//! An answer that says nothing, such as the page of a captive portal.

use super::scenario::{DAY, HOUR, MINUTE, Scenario, WAN, lost, route, secs};
use crate::dns::Found;
use crate::provider::Outcome;

const NEW: &str = "203.0.113.2";

fn found(authoritative: bool, address: &str) -> Option<Result<Found, String>> {
    Some(Ok(Found { addresses: vec![address.parse().unwrap()], authoritative, ..Found::default() }))
}

/// A change was answered with a page.
fn answered_by_a_page() -> Scenario {
    let mut s = Scenario::new().settled();
    s.lookups = 0;
    s.provider = Some(lost());
    s.lease(NEW);
    s.sent();
    s
}

#[test]
fn what_the_zone_has_counts_as_accepted() {
    let mut s = answered_by_a_page();
    assert_eq!(s.word(), "back-off");
    s.dns = found(true, NEW);
    s.pass(secs(5));
    assert_eq!((s.lookups, s.word()), (1, "published"));
    let said = s.said().pop().unwrap();
    assert!(said.contains("the zone's own name servers have it"), "{said}");
    s.pass(DAY);
    assert_eq!((s.sent().len(), s.lookups), (0, 1));
    assert!(!s.disk.records[0].unconfirmed);
}

#[test]
fn the_answer_that_confirms_a_request_is_shown_and_somebody_else_is_noticed_later() {
    let mut s = answered_by_a_page();
    s.dns = found(true, NEW);
    s.pass(secs(15));
    let why = s.engine.why("home", s.now, &mut |_| String::new()).unwrap();
    assert!(why.contains("IPv4 in DNS: home.example.com has 203.0.113.2 according to"), "{why}");
    assert!(why.contains("name servers, 10 s ago"), "{why}");
    s.dns = found(true, "198.51.100.7");
    s.routes_down();
    s.route_up(route(WAN, "203.0.113.254"));
    s.pass(HOUR);
    assert!(s.sent().contains(&"home.example.com 203.0.113.2".to_owned()));
}

#[test]
fn a_zone_that_is_slow_is_asked_a_second_time() {
    let mut s = answered_by_a_page();
    s.dns = found(true, "203.0.113.1");
    s.pass(secs(20));
    assert_eq!((s.lookups, s.word()), (1, "back-off"));
    s.dns = found(true, NEW);
    s.pass(secs(25));
    assert_eq!((s.lookups, s.word()), (2, "published"));
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn without_a_word_of_the_zone_it_is_sent_again_with_back_off() {
    for dns in [found(true, "203.0.113.1"), found(false, NEW), Some(Err("silence".into())), None] {
        let mut s = answered_by_a_page();
        s.dns = dns;
        s.pass(DAY + MINUTE);
        let sent = s.sent().len();
        assert!((48..100).contains(&sent), "{sent}");
        assert!(s.lookups <= 2 * (sent + 1), "{}", s.lookups);
        s.provider = Some(Outcome::Updated);
        s.dns = found(true, NEW);
        s.pass(2 * HOUR);
        assert_eq!((s.sent().len(), s.word()), (1, "published"));
    }
}

#[test]
fn another_address_meanwhile_is_sent_and_not_looked_for() {
    let mut s = answered_by_a_page();
    s.provider = Some(Outcome::Updated);
    s.dns = found(true, NEW);
    s.lease("203.0.113.3");
    s.pass(secs(70));
    assert_eq!(s.lookups, 0);
    assert_eq!(s.published().unwrap(), "203.0.113.3");
}
