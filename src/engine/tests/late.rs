//! A provider carries out an old request after a newer one that it accepted.

use super::scenario::{DAY, HOUR, MINUTE, Scenario, WAN, address, failed, ip, lost, route, secs};
use crate::config::Section;
use crate::model::Family;
use crate::provider::{Mechanism, Outcome, families};

fn send(last: u8) -> String {
    format!("home.example.com 203.0.113.{last}")
}

/// `.2` was sent and got no answer, because the address became `.3`, which was accepted at once.
fn overtaken() -> Scenario {
    let mut s = Scenario::new().settled().silent();
    s.lease("203.0.113.2");
    s.pass(secs(1));
    s.lease("203.0.113.3");
    s.answer(lost());
    s.pass(secs(1));
    assert_eq!(s.sent(), [send(2), send(3)]);
    s.answer(Outcome::Updated);
    s
}

#[test]
fn the_newer_address_is_sent_once_more_when_the_old_request_is_over() {
    let mut s = overtaken();
    let said = s.said().pop().unwrap();
    let never = "the provider never answered an earlier request with 203.0.113.2";
    assert!(said.contains(never), "{said}");
    assert_eq!(s.word(), "published");
    assert!(s.state().1.contains(never), "{}", s.state().1);
    s.pass(secs(50));
    assert_eq!(s.sent(), [""; 0]);
    s.pass(secs(10));
    assert_eq!(s.sent(), [send(3)]);
    s.answer(Outcome::Unchanged);
    assert!(!s.disk.records[0].unconfirmed);
    assert!(s.state().1.starts_with("up to date; sent again in 3 d"), "{}", s.state().1);
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0], "once is enough");
}

#[test]
fn it_is_owed_until_it_succeeds() {
    for outcome in [failed(), lost()] {
        let mut s = overtaken();
        s.pass(MINUTE);
        s.sent();
        s.answer(outcome.clone());
        s.provider = Some(Outcome::Unchanged);
        s.pass(2 * MINUTE);
        assert_eq!(s.sent(), [send(3)], "{outcome:?}");
        s.pass(DAY);
        assert_eq!(s.sent(), [""; 0], "{outcome:?}");
    }
}

#[test]
fn a_restart_and_a_kill_do_not_forget_it() {
    let mut s = overtaken().restart(secs(5));
    s.pass(secs(59));
    assert_eq!(s.sent(), [""; 0]);
    s.pass(secs(1));
    assert_eq!(s.sent(), [send(3)]);
    // Killed again before the answer: the confirmation itself is what is asked for again.
    let mut s = s.restart(secs(5));
    assert_eq!(s.sent(), [send(3)]);
    s.answer(Outcome::Unchanged);
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
    // Killed while the old request was on its way, and the address is another one then.
    let mut s = Scenario::new().settled().silent();
    s.lease("203.0.113.2");
    s.kernel.addresses = vec![address("203.0.113.3")];
    let mut s = s.restart(secs(1));
    assert_eq!(s.sent(), [send(3)]);
    s.answer(Outcome::Updated);
    s.pass(MINUTE);
    assert_eq!(s.sent(), [send(3)]);
    s.answer(Outcome::Updated);
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn the_same_address_and_what_is_long_over_need_no_confirmation() {
    let mut s = Scenario::new().settled().silent();
    s.lease("203.0.113.2");
    s.answer(lost());
    s.provider = Some(Outcome::Updated);
    s.pass(10 * MINUTE);
    assert_eq!(s.sent(), [send(2), send(2)]);
    let mut s = Scenario::new().settled().silent();
    s.lease("203.0.113.2");
    s.answer(lost());
    s.pass(secs(59));
    s.lease("203.0.113.3");
    s.provider = Some(Outcome::Updated);
    s.pass(10 * MINUTE);
    assert_eq!(s.sent(), [send(2), send(3)]);
}

#[test]
fn of_two_requests_the_one_with_another_address_counts() {
    for last in [2, 3, 4] {
        let mut s = Scenario::new().settled().silent();
        for lost_one in [2, 3] {
            s.lease(&format!("203.0.113.{lost_one}"));
            s.pass(secs(1));
            if lost_one == 3 {
                s.answer(lost());
                s.pass(secs(1));
            }
        }
        s.lease(&format!("203.0.113.{last}"));
        s.answer(lost());
        s.pass(secs(120));
        s.sent();
        s.answer(Outcome::Updated);
        s.pass(MINUTE);
        let confirmed = s.sent();
        assert!(confirmed.len() <= 1, "{confirmed:?}");
        while !s.flights.is_empty() {
            s.answer(Outcome::Updated);
        }
        s.pass(DAY);
        assert_eq!(s.sent(), [""; 0]);
        assert_eq!(s.published().unwrap(), format!("203.0.113.{last}"));
    }
}

#[test]
fn a_removal_may_be_late_too_and_an_address_after_a_removal() {
    let world = || {
        let s = Scenario::new().with(|c| c.timing.remove_after = Some(secs(5)));
        let s = s.kernel(|k| {
            k.addresses.push(address("2001:db8::1"));
            k.routes.push(route(WAN, "fe80::ff"));
        });
        s.settled().silent()
    };
    let mut s = world();
    s.remove("203.0.113.1");
    s.pass(secs(5));
    s.answer(lost());
    s.add(address("203.0.113.1"));
    s.provider = Some(Outcome::Updated);
    s.pass(10 * MINUTE);
    assert_eq!(s.sent(), [send(1)], "after the minute of the back-off the removal is over");

    let mut s = world();
    s.lease("203.0.113.2");
    s.pass(secs(1));
    s.remove("203.0.113.2");
    s.answer(lost());
    s.pass(secs(5));
    s.answer(Outcome::Updated);
    assert!(s.disk.records[0].unconfirmed);
    s.actions();
    s.pass(secs(50));
    assert_eq!(s.actions(), [""; 0]);
    s.pass(secs(10));
    assert_eq!(s.actions()[0], "remove home.example.com A");
    assert_eq!(s.jobs.last().unwrap().changes[0].tried, [ip("203.0.113.2")]);
    s.answer(Outcome::Unchanged);
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
    assert!(!s.disk.records[0].unconfirmed);
}

/// One request names both families, so an old one of the other family brings this one's old address.
#[test]
fn an_address_that_another_record_s_request_told_along_may_be_late() {
    let url = "https://dyn.example.net/?name=[DOMAIN]&myip=[IP4],[IP6]";
    let mut s = Scenario::new().kernel(|kernel| {
        kernel.addresses.push(address("2001:db8::1"));
        kernel.routes.push(route(WAN, "fe80::ff"));
    });
    let home = &mut s.config.sections[0];
    home.provider.mechanism = Mechanism::Url(families::urls(url).unwrap());
    let home6 = Section { name: "home6".into(), families: vec![Family::V6], ..home.clone() };
    s.config.sections.push(home6);
    let mut s = s.settled().silent();
    s.lease("203.0.113.2");
    assert_eq!(s.jobs.last().unwrap().kept.len(), 1);
    s.pass(secs(1));
    s.remove("2001:db8::1");
    s.add(address("2001:db8::2"));
    s.provider = Some(Outcome::Updated);
    s.answer(lost());
    s.pass(secs(5));
    let other = "home.example.com 2001:db8::2".to_owned();
    assert_eq!(s.sent(), [send(2), send(2), other.clone()]);
    s.pass(HOUR);
    assert_eq!(s.sent(), [other]);
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn a_request_of_before_a_reload_may_be_late() {
    let mut s = Scenario::new().silent().start();
    s.sent();
    s.reconfigure(|c| c.name = "renamed".into());
    s.lease("203.0.113.2");
    s.pass(secs(1));
    s.answer(lost());
    assert_eq!(s.sent(), [send(2)]);
    s.answer(Outcome::Updated);
    s.pass(MINUTE);
    assert_eq!(s.sent(), [send(2)]);
    s.answer(Outcome::Updated);
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
}
