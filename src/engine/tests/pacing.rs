//! When a change is sent: settling, one call at a time, pacing, the way to the provider.

use super::scenario::{
    HOUR, MINUTE, Scenario, WAN, address, failed, ms, refused, retry, route, secs,
};
use crate::config::RefreshPolicy;
use crate::model::Family;
use crate::proto::netlink::{Address, AddressFlags, Message};
use crate::provider::{FailureKind, Outcome, Scope, Verdict};

fn send(last: u8) -> String {
    format!("home.example.com 203.0.113.{last}")
}

#[test]
fn the_first_change_after_quiet_goes_at_once() {
    let mut s = Scenario::new().settled();
    s.lease("203.0.113.2");
    assert_eq!(s.sent(), [send(2)]);
}

#[test]
fn an_address_without_change_is_no_reason_to_settle() {
    let mut s = Scenario::new().settled().restart(MINUTE);
    s.tick(ms(10));
    s.lease("203.0.113.2");
    assert_eq!(s.sent(), [send(2)]);
}

#[test]
fn changes_that_follow_one_another_wait_for_quiet() {
    let mut s = Scenario::new().settled();
    s.lease("203.0.113.2");
    s.pass(ms(100));
    s.lease("203.0.113.3");
    s.pass(ms(100));
    s.lease("203.0.113.4");
    assert_eq!(s.word(), "settling");
    s.pass(ms(249));
    assert_eq!(s.sent(), [send(2)]);
    s.pass(ms(1));
    assert_eq!(s.sent(), [send(4)], "the latest only");
}

#[test]
fn no_flapping_delays_the_latest_beyond_the_ceiling() {
    let mut s = Scenario::new().settled();
    let start = s.now.up;
    for step in 0..30 {
        s.lease(&format!("203.0.113.{}", 10 + step));
        s.pass(ms(100));
    }
    let times: Vec<_> = s.history.iter().map(|h| (h.0 - start).as_millis()).collect();
    assert_eq!(times, [0, 2100], "the second change was at 100 ms");
}

#[test]
fn the_ceiling_counts_from_the_start_of_the_burst() {
    let mut s = Scenario::new().settled();
    let way = s.kernel.routes[0].clone();
    s.routes_down();
    s.lease("203.0.113.2");
    s.pass(MINUTE);
    s.lease("203.0.113.3");
    s.pass(ms(100));
    s.lease("203.0.113.4");
    s.route_up(way);
    assert_eq!(s.sent(), [""; 0], "the second change of a new burst settles");
    s.pass(ms(250));
    assert_eq!(s.sent(), [send(4)]);
}

#[test]
fn a_flap_back_sends_nothing() {
    let mut s = Scenario::new().settled();
    s.routes_down();
    s.lease("203.0.113.2");
    s.lease("203.0.113.1");
    s.route_up(route(WAN, "203.0.113.254"));
    s.pass(MINUTE);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn one_call_at_a_time_and_the_latest_wins() {
    let mut s = Scenario::new().settled().silent();
    for last in 2..6 {
        s.lease(&format!("203.0.113.{last}"));
        s.pass(secs(3));
    }
    assert_eq!(s.sent(), [send(2)]);
    assert_eq!(s.word(), "sending");
    s.answer(Outcome::Updated);
    assert_eq!(s.sent(), [send(5)]);
    s.answer(Outcome::Updated);
    assert_eq!(s.published().unwrap(), "203.0.113.5");
}

#[test]
fn back_to_the_old_address_during_a_flight_is_sent_after_it() {
    let mut s = Scenario::new().with(|c| c.timing.force = RefreshPolicy::Never);
    s = s.settled().silent();
    s.lease("203.0.113.2");
    s.lease("203.0.113.1");
    s.pass(secs(1));
    assert_eq!(s.sent(), [send(2)]);
    s.answer(Outcome::Updated);
    assert_eq!(s.sent(), [send(1)]);
}

#[test]
fn three_at_once_then_one_per_interval_and_always_the_latest() {
    let mut s = Scenario::new().settled();
    let start = s.now.up;
    for last in 2..8 {
        s.lease(&format!("203.0.113.{last}"));
        s.pass(secs(5));
    }
    assert_eq!(s.sent(), [send(2), send(3), send(4)]);
    assert_eq!(s.word(), "paced");
    s.pass(HOUR);
    assert_eq!(s.sent(), [send(7)]);
    let last = s.history.last().unwrap();
    assert_eq!(last.0 - start, MINUTE);
}

#[test]
fn zero_means_no_pacing() {
    let mut s = Scenario::new().with(|c| c.timing.min_interval = secs(0));
    s = s.settled();
    for last in 2..22 {
        s.lease(&format!("203.0.113.{last}"));
        s.pass(ms(300));
    }
    assert_eq!(s.sent().len(), 20);
}

#[test]
fn a_shorter_interval_after_a_reload_takes_effect() {
    let mut s = Scenario::new().with(|c| c.timing.min_interval = secs(u64::MAX));
    s = s.start();
    for last in 2..8 {
        s.lease(&format!("203.0.113.{last}"));
        s.pass(secs(5));
    }
    assert_eq!(s.word(), "paced");
    s.sent();
    s.reconfigure(|c| c.timing.min_interval = MINUTE);
    s.pass(MINUTE);
    assert_eq!(s.sent(), [send(7)]);
}

#[test]
fn nothing_is_sent_before_the_route_and_all_in_the_poll_it_appears_in() {
    let mut s = Scenario::new().kernel(|k| k.routes.clear()).start();
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
    assert_eq!(s.word(), "no-route");
    s.route_up(route(WAN, "203.0.113.254"));
    assert_eq!(s.sent(), [send(1)]);
}

#[test]
fn a_route_leads_nowhere_while_its_device_has_no_carrier_or_it_is_unreachable() {
    let mut dark = super::scenario::link(WAN, "wan");
    dark.carrier = false;
    let mut s = Scenario::new().kernel(|k| {
        k.links.insert(WAN, dark.clone());
    });
    s = s.start();
    assert_eq!(s.sent(), [""; 0]);
    dark.carrier = true;
    s.report(Message::NewLink(dark));
    assert_eq!(s.sent(), [send(1)]);
    let mut s = Scenario::new().kernel(|k| k.routes[0].usable = false).start();
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn a_forced_family_or_device_needs_a_route_of_its_own() {
    let v6 = Scenario::new().with(|c| c.transport.family = Some(Family::V6));
    let mut s = v6.start();
    assert_eq!(s.sent(), [""; 0]);
    s.route_up(route(WAN, "fe80::ff"));
    assert_eq!(s.sent(), [""; 0], "there is no address to send from");
    s.add(address("2001:db8::1"));
    assert_eq!(s.sent(), [send(1)]);
    let mut s = Scenario::new().with(|c| c.transport.device = Some("lte".into()));
    s = s.start();
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn an_ipv6_address_is_sent_when_detection_of_duplicates_ends() {
    let mut s = Scenario::ipv6().start();
    s.add_flagged("2001:db8::1", AddressFlags::TENTATIVE);
    s.pass(secs(2));
    assert_eq!(s.sent(), [""; 0]);
    s.add_flagged("2001:db8::1", 0);
    assert_eq!(s.sent(), ["home.example.com 2001:db8::1"]);
}

#[test]
fn during_renumbering_the_old_address_stays_until_the_new_one_is_usable() {
    let old = |preferred| Address { preferred, ..address("2001:db8:1::1") };
    for old_first in [true, false] {
        let mut s = Scenario::ipv6().kernel(|k| k.addresses.push(old(600)));
        s = s.settled();
        if old_first {
            s.add(old(0));
        }
        s.add_flagged("2001:db8:2::1", AddressFlags::TENTATIVE);
        s.pass(secs(1));
        assert_eq!(s.sent(), [""; 0]);
        assert_eq!(s.published().unwrap(), "2001:db8:1::1");
        s.add_flagged("2001:db8:2::1", 0);
        s.add(old(0));
        assert_eq!(s.sent(), ["home.example.com 2001:db8:2::1"]);
        s.remove("2001:db8:2::1");
        s.add(old(0));
        s.pass(HOUR);
        assert_eq!(s.sent(), [""; 0], "a deprecated one never comes back");
    }
}

#[test]
fn an_address_that_goes_away_leaves_the_record_as_it_is() {
    let mut s = Scenario::new().settled();
    s.remove("203.0.113.1");
    s.pass(80 * HOUR);
    assert_eq!(s.sent(), [""; 0], "not even when a refresh is due");
    assert_eq!(s.published().unwrap(), "203.0.113.1");
    s.add(address("203.0.113.1"));
    assert_eq!(s.sent(), [send(1)], "the refresh that was due");
}

#[test]
fn an_address_that_went_away_before_it_was_sent_is_not_sent() {
    for failure in [failed(), super::scenario::lost()] {
        let mut s = Scenario::new().settled();
        s.provider = Some(failure);
        s.lease("203.0.113.2");
        s.remove("203.0.113.2");
        s.sent();
        s.force();
        s.pass(HOUR);
        assert_eq!(s.sent(), [""; 0]);
        assert_eq!(s.word(), "no-address");
        s.provider = Some(Outcome::Updated);
        s.add(address("203.0.113.2"));
        assert_eq!(s.sent(), [send(2)]);
    }
}

#[test]
fn the_same_lease_again_sends_nothing() {
    let mut s = Scenario::new().settled();
    s.remove("203.0.113.1");
    s.pass(MINUTE);
    s.add(address("203.0.113.1"));
    s.add(address("203.0.113.1"));
    s.pass(MINUTE);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn each_outcome_belongs_to_its_own_record() {
    let second = crate::model::Hostname::parse("b.example.com").unwrap();
    let mut s = Scenario::new().with(|c| c.names.push(second)).silent();
    s = s.start();
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"], "an update URL names one record");
    s.answer(Outcome::Updated);
    assert_eq!(s.sent(), ["b.example.com 203.0.113.1"]);
    s.answer(refused());
    let records = s.engine.status(s.now).sections.remove(0).records;
    let words: Vec<_> = records.iter().map(|r| r.wait.word()).collect();
    assert_eq!(words, ["published", "refused"]);
}

#[test]
fn a_token_is_not_spent_where_nothing_left_the_router() {
    let mut s = Scenario::new().settled();
    s.provider = Some(retry(FailureKind::NoNetwork, None));
    s.lease("203.0.113.2");
    for _ in 0..10 {
        s.pass(MINUTE);
        s.routes_down();
        s.route_up(route(WAN, "203.0.113.254"));
    }
    s.sent();
    s.provider = Some(Outcome::Updated);
    s.routes_down();
    s.route_up(route(WAN, "203.0.113.254"));
    assert_eq!(s.sent(), [send(2)], "no waiting for min_interval");
}

#[test]
fn a_connection_that_nobody_accepts_costs_no_token_and_is_tried_again_soon() {
    let mut s = Scenario::new().with(|c| c.timing.min_interval = HOUR).settled().silent();
    for last in 2..7 {
        s.routes_down();
        s.lease(&format!("203.0.113.{last}"));
        s.route_up(route(WAN, "203.0.113.254"));
        s.pass(secs(4));
        s.fail_unsent();
    }
    s.sent();
    s.pass(secs(5));
    assert_eq!(s.sent(), [send(6)], "the provider may be there again");
    // One that stays away is left alone more and more.
    let mut tries = 0;
    for _ in 0..3600 {
        if !s.flights.is_empty() {
            s.fail_unsent();
            tries += 1;
        }
        s.pass(secs(1));
    }
    assert!((5..16).contains(&tries), "{tries}");
}

#[test]
fn what_concerns_the_account_concerns_all_its_records() {
    let second = crate::model::Hostname::parse("b.example.com").unwrap();
    let both = |refusal: Outcome, scope: Scope| {
        let mut s = Scenario::new().with(|c| c.names.push(second.clone())).silent().start();
        let verdict = Verdict { outcome: refusal, scope };
        s.answer_verdicts(vec![verdict]);
        if !s.flights.is_empty() {
            s.answer(Outcome::Updated);
        }
        let records = s.engine.status(s.now).sections.remove(0).records;
        records.iter().map(|r| r.wait.word()).collect::<Vec<_>>()
    };
    assert_eq!(both(refused(), Scope::Record), ["refused", "published"]);
    assert_eq!(both(refused(), Scope::Account), ["refused", "refused"]);
}

#[test]
fn one_name_that_has_to_wait_does_not_hold_the_others() {
    let second = crate::model::Hostname::parse("b.example.com").unwrap();
    for (scope, sent) in [(Scope::Record, 1), (Scope::Account, 0)] {
        let mut s = Scenario::new().with(|c| c.names.push(second.clone())).silent().start();
        let wait = Verdict { outcome: retry(FailureKind::Other, Some(10 * MINUTE)), scope };
        s.answer_verdicts(vec![wait]);
        assert_eq!(s.flights.len(), sent, "{scope:?}");
    }
}
