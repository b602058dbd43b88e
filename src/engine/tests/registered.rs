//! What is done with the address that DNS gives.

use super::scenario::*;
use crate::config::Force;
use crate::dns::Found;

fn found(authoritative: bool, addresses: &[&str]) -> Option<Result<Found, String>> {
    let addresses = addresses.iter().map(|text| ip(text)).collect();
    Some(Ok(Found { addresses, authoritative }))
}

/// A restart long after everything was published, with this in DNS.
fn restart(dns: Option<Result<Found, String>>) -> Scenario {
    let mut s = Scenario::new().settled();
    s.dns = dns;
    s.lookups = 0;
    s.restart(HOUR)
}

#[test]
fn a_record_that_vanished_or_was_changed_is_sent_again_once() {
    for addresses in [&[][..], &["198.51.100.7"]] {
        let mut s = restart(found(true, addresses));
        s.pass(DAY);
        assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
        s.pass(DAY);
        assert_eq!((s.sent(), s.lookups), (vec![], 1));
    }
}

#[test]
fn a_record_that_is_right_is_left_alone() {
    for addresses in [&["203.0.113.1"][..], &["198.51.100.7", "203.0.113.1"]] {
        let mut s = restart(found(true, addresses));
        s.pass(DAY);
        assert_eq!(s.sent(), [""; 0]);
    }
}

#[test]
fn the_cache_of_a_resolver_and_a_failure_change_nothing() {
    for dns in [found(false, &[]), found(false, &["198.51.100.7"]), Some(Err("why".into()))] {
        let mut s = restart(dns);
        s.pass(DAY);
        assert_eq!(s.sent(), [""; 0]);
    }
}

#[test]
fn a_failed_look_up_is_worth_another_over_another_network() {
    let mut s = restart(Some(Err("no name server".into())));
    s.dns = found(true, &[]);
    s.pass(HOUR);
    assert_eq!(s.lookups, 1);
    s.route_up(route(WAN, "203.0.113.253"));
    assert_eq!(s.lookups, 2);
    s.pass(HOUR);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
}

#[test]
fn it_is_never_in_the_way_of_a_request() {
    let mut s = Scenario::new().silent().start();
    assert_eq!((s.sent().len(), s.lookups), (1, 0));
    s.answer(crate::provider::Outcome::Updated);
    assert_eq!(s.lookups, 1);
    let s = Scenario::new().kernel(|k| k.routes.clear()).start();
    assert_eq!(s.lookups, 0, "nobody to ask");
}

#[test]
fn a_section_that_rests_is_woken_by_it_and_one_that_was_refused_is_not() {
    let mut s = Scenario::new().with(|c| c.timing.force = Force::Once).settled();
    s.dns = found(true, &[]);
    let mut s = s.restart(HOUR);
    s.pass(DAY);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
    let mut s = Scenario::new().silent().start();
    s.sent();
    s.answer(refused());
    s.dns = found(true, &[]);
    let mut s = s.restart(HOUR);
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
}
