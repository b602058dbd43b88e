//! What follows a refusal: it is tried again, and seldom.

use super::scenario::{DAY, HOUR, MINUTE, Scenario, address, refused, secs, section};
use crate::config::Section;
use crate::model::Hostname;
use crate::provider::{Outcome, Scope, Verdict};

const SENT: [&str; 1] = ["home.example.com 203.0.113.1"];

fn account() -> Vec<Verdict> {
    vec![Verdict { outcome: refused(), scope: Scope::Account }]
}

#[test]
fn it_is_tried_once_a_day_and_succeeds_in_the_end() {
    let mut s = Scenario::new();
    s.provider = Some(refused());
    let mut s = s.start();
    assert_eq!(s.sent(), SENT);
    for _ in 0..3 {
        s.pass(DAY - secs(1));
        assert_eq!((s.word(), s.sent().len()), ("refused", 0));
        s.pass(secs(1));
        assert_eq!(s.sent(), SENT);
    }
    s.provider = Some(Outcome::Updated);
    s.pass(DAY);
    assert_eq!((s.word(), s.sent().len()), ("published", 1));
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn it_is_tried_at_each_new_address() {
    let mut s = Scenario::new().settled();
    s.provider = Some(refused());
    for last in 2..5 {
        s.lease(&format!("203.0.113.{last}"));
        assert_eq!(s.sent(), [format!("home.example.com 203.0.113.{last}")]);
        s.pass(2 * MINUTE);
        s.remove(&format!("203.0.113.{last}"));
        s.add(address(&format!("203.0.113.{last}")));
        s.pass(HOUR);
        assert_eq!(s.sent(), [""; 0], "the same address again");
    }
    // One that came while the refused request was on its way.
    s.provider = None;
    s.lease("203.0.113.5");
    s.lease("203.0.113.6");
    s.pass(secs(1));
    s.sent();
    s.answer_verdicts(account());
    assert_eq!(s.sent(), ["home.example.com 203.0.113.6"]);
    s.answer_verdicts(account());
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn starts_do_not_add_to_it_and_say_what_is_refused() {
    let mut s = Scenario::new();
    s.provider = Some(refused());
    s = s.start();
    for hour in 1..24 {
        s = s.restart(HOUR);
        let said = s.said();
        let told = said.iter().filter(|line| line.contains("still refused: badauth."));
        assert_eq!((told.count(), s.sent().len()), (1, 0), "{hour}: {said:?}");
        assert_eq!(s.word(), "refused");
    }
    s.reload();
    assert_eq!(s.said(), [""; 0]);
    s.pass(HOUR + secs(1));
    assert_eq!(s.history.len(), 2);
    // Nobody knows when it was refused.
    s.disk.records[0].hold_until = None;
    let mut s = s.restart(HOUR);
    s.sent();
    s.pass(10 * MINUTE);
    assert_eq!(s.sent(), SENT);
    // The address is another one.
    s.kernel.addresses = vec![address("203.0.113.2")];
    let mut s = s.restart(HOUR);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
    s.force();
    assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
}

#[test]
fn an_account_that_is_accepted_again_is_so_for_all_its_names() {
    let mut s = Scenario::new();
    let names = vec![Hostname::parse("work.example.com").unwrap()];
    s.config.sections.push(Section { name: "work".into(), names, ..section() });
    let mut s = s.silent().start();
    s.answer_verdicts(account());
    s.pass(HOUR);
    assert_eq!(s.sent(), SENT, "the other one was not sent");
    s.event(crate::engine::event::Event::Update(vec!["home".into()]));
    s.answer(Outcome::Updated);
    assert_eq!(s.sent(), [SENT[0], "work.example.com 203.0.113.1"]);
}

#[test]
fn a_refusal_of_a_name_concerns_that_name() {
    let mut s = Scenario::new();
    let names = vec![Hostname::parse("work.example.com").unwrap()];
    s.config.sections.push(Section { name: "work".into(), names, ..section() });
    let mut s = s.silent().start();
    s.answer(refused());
    s.answer(Outcome::Updated);
    s.provider = Some(Outcome::Updated);
    s.sent();
    s.pass(HOUR);
    assert_eq!((s.word(), s.sent().len()), ("refused", 0));
    s.force();
    assert_eq!(s.sent().len(), 2);
}
