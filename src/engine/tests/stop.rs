//! Sections that the user stops and starts again.

use super::scenario::{DAY, HOUR, MINUTE, Scenario, failed, refused, section, web};
use crate::config::Section;
use crate::dns::Found;
use crate::engine::event::Event;
use crate::model::Hostname;
use crate::provider::Outcome;

fn stop(s: &mut Scenario) {
    s.event(Event::Stop(vec!["home".into()]));
}

fn start(s: &mut Scenario) {
    s.event(Event::Start(vec!["home".into()]));
}

#[test]
fn a_stopped_section_sends_nothing_and_says_so() {
    let mut s = Scenario::new().settled();
    stop(&mut s);
    assert_eq!(s.said(), ["stopped, until 'ddns-netlink start home' or a reload"]);
    let (word, reason) = s.state();
    assert_eq!(word, "stopped");
    assert_eq!(reason, "until 'ddns-netlink start home', a reload or a restart");
    assert!(s.engine.status(s.now).sections[0].stopped);
    s.lease("203.0.113.2");
    s.force();
    s.pass(80 * HOUR);
    assert_eq!(s.actions().iter().filter(|a| a.starts_with("send")).count(), 0);
    assert_eq!(s.engine.deadline(s.now), None, "not a single wake-up");
    stop(&mut s);
    assert_eq!(s.said(), [""; 0], "it is stopped already");
}

#[test]
fn what_changed_meanwhile_is_sent_when_it_goes_on_and_nothing_else() {
    let mut s = Scenario::new().settled();
    stop(&mut s);
    s.lease("203.0.113.2");
    s.pass(MINUTE);
    s.lease("203.0.113.3");
    s.pass(MINUTE);
    start(&mut s);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.3"]);
    assert_eq!(s.word(), "published");
    stop(&mut s);
    start(&mut s);
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn what_failed_or_was_refused_is_tried_when_it_goes_on() {
    for outcome in [failed(), refused()] {
        let mut s = Scenario::new().settled();
        s.provider = Some(outcome);
        s.lease("203.0.113.2");
        s.provider = Some(Outcome::Updated);
        stop(&mut s);
        s.sent();
        start(&mut s);
        assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
    }
}

#[test]
fn the_start_of_a_section_that_runs_sends_it() {
    let mut s = Scenario::new().settled();
    start(&mut s);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
    s.event(Event::Start(Vec::new()));
    assert_eq!(s.sent(), [""; 0], "all that were stopped: none");
}

#[test]
fn only_the_section_that_is_named_stops() {
    let name = |text: &str| Hostname::parse(text).unwrap();
    let mut s = Scenario::new();
    let names = vec![name("work.example.com")];
    s.config.sections.push(Section { name: "work".into(), names, ..section() });
    let mut s = s.settled();
    stop(&mut s);
    s.lease("203.0.113.2");
    assert_eq!(s.sent(), ["work.example.com 203.0.113.2"]);
    s.event(Event::Start(vec!["work".into()]));
    assert_eq!(s.sent(), ["work.example.com 203.0.113.2"]);
    assert_eq!(s.word(), "stopped");
}

#[test]
fn a_section_that_is_stopped_stays_so_when_the_configuration_changes() {
    let mut s = Scenario::new().settled();
    stop(&mut s);
    s.reconfigure(|c| c.provider.account.username = "other".into());
    s.pass(MINUTE);
    assert_eq!((s.word(), s.sent()), ("stopped", vec![]));
    s.event(Event::Start(Vec::new()));
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
}

#[test]
fn a_request_on_its_way_is_waited_for() {
    let mut s = Scenario::new().silent().start();
    s.sent();
    stop(&mut s);
    assert_eq!(s.word(), "sending");
    s.answer(Outcome::Updated);
    assert_eq!((s.word(), s.published().as_deref()), ("stopped", Some("203.0.113.1")));
    s.provider = Some(Outcome::Updated);
    start(&mut s);
    assert_eq!(s.sent(), [""; 0], "its answer counted");
}

#[test]
fn its_source_is_not_asked_and_its_name_not_looked_up() {
    let mut s = Scenario::new().with(|c| c.source = web());
    s.page = Some("203.0.113.9".parse().unwrap());
    s.dns = Some(Ok(Found { addresses: vec![], authoritative: false, ..Found::default() }));
    let mut s = s.settled();
    stop(&mut s);
    s.reconfigure(|c| c.lookup.host = "other.example.com".into());
    let (questions, lookups) = (s.questions, s.lookups);
    s.pass(DAY);
    assert_eq!((s.questions, s.lookups), (questions, lookups));
    assert_eq!(s.engine.status(s.now).sections[0].asked_in, None);
    start(&mut s);
    assert_eq!((s.questions, s.lookups), (questions + 1, lookups + 1));
}
