//! What a reload keeps, and what it may not mix up.

use super::scenario::{HOUR, MINUTE, Scenario, WAN, ip, lost, refused, route, secs, section};
use crate::config::Source;
use crate::engine::event::Event;
use crate::model::{Family, Hostname, Url};
use crate::proto::netlink::Table;
use crate::provider::Outcome;

const SENT: [&str; 1] = ["home.example.com 203.0.113.1"];

fn name(text: &str) -> Hostname {
    Hostname::parse(text).unwrap()
}

#[test]
fn a_reload_without_change_does_nothing_but_look() {
    let mut s = Scenario::new().settled();
    s.reload();
    let dumps = Table::ALL.map(|table| format!("dump {table:?}"));
    assert_eq!(s.actions(), dumps);
}

#[test]
fn a_reload_keeps_the_back_off_and_the_pacing() {
    let mut s = Scenario::new().settled();
    s.provider = Some(lost());
    s.lease("203.0.113.2");
    s.sent();
    s.provider = Some(Outcome::Updated);
    s.reload();
    s.pass(secs(59));
    assert_eq!(s.sent(), [""; 0]);
    s.pass(secs(61));
    assert_eq!(s.sent().len(), 1);
}

#[test]
fn other_credentials_mean_that_nothing_is_known() {
    let mut s = Scenario::new().settled();
    s.reconfigure(|c| c.provider.account.username = "new".into());
    assert_eq!(s.sent(), SENT);
    s.reload();
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn other_credentials_do_not_bring_back_an_address_that_is_gone() {
    let mut s = Scenario::new().settled();
    s.remove("203.0.113.1");
    s.reconfigure(|c| c.provider.account.username = "new".into());
    s.force();
    s.pass(80 * HOUR);
    assert_eq!(s.sent(), [""; 0]);
    assert_eq!(s.word(), "no-address");
}

#[test]
fn other_credentials_wait_for_the_request_that_is_on_its_way() {
    let mut s = Scenario::new().silent().start();
    s.sent();
    s.reconfigure(|c| c.provider.account.username = "new".into());
    s.pass(secs(5));
    assert_eq!(s.sent(), [""; 0]);
    s.answer(refused());
    assert_eq!(s.sent(), SENT, "the refusal was for the old account");
    s.answer(Outcome::Updated);
    assert_eq!(s.word(), "published");
}

#[test]
fn another_device_is_followed_and_the_old_ones_address_is_not_sent() {
    let mut s = Scenario::new().settled();
    s.provider = Some(lost());
    s.lease("203.0.113.2");
    s.sent();
    s.reconfigure(|c| c.source = Source::Device("wan2".into()));
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn outcomes_find_their_names_after_a_reload_changed_the_order() {
    let names = ["a.example.com", "b.example.com"];
    for (left, refused_word) in [(vec![1, 0], "a"), (vec![0], "a")] {
        let mut s = Scenario::new().with(|c| c.names = names.map(name).to_vec());
        s = s.silent().start();
        s.reconfigure(|c| c.names = left.into_iter().map(|i| name(names[i])).collect());
        s.answer(refused());
        let records = s.engine.status(s.now).sections.remove(0).records;
        for record in records {
            let expected = record.name.as_str().starts_with(refused_word);
            assert_eq!(record.wait.word() == "refused", expected, "{}", record.name);
        }
    }
}

#[test]
fn a_name_that_comes_back_waits_for_its_request() {
    let mut s = Scenario::new().silent().start();
    s.sent();
    s.reconfigure(|c| c.names = vec![name("other.example.com")]);
    // The first request of an account is not waited for any longer.
    s.pass(secs(5));
    s.reconfigure(|c| c.names = vec![name("home.example.com")]);
    let sections = std::mem::take(&mut s.config.sections);
    s.reload();
    s.config.sections = sections;
    s.reload();
    assert_eq!(s.sent(), ["other.example.com 203.0.113.1"]);
    s.answer(Outcome::Updated);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn a_section_that_is_renamed_waits_for_its_request() {
    let mut s = Scenario::new().silent().start();
    s.sent();
    s.reconfigure(|c| c.name = "renamed".into());
    s.lease("203.0.113.2");
    s.pass(MINUTE);
    assert_eq!(s.sent(), [""; 0], "the older of two requests could be carried out last");
    s.answer(Outcome::Updated);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
}

#[test]
fn another_spelling_is_tried() {
    let mut s = Scenario::new().with(|c| c.names = vec![name("Home.example.com")]).silent().start();
    s.answer(refused());
    s.sent();
    s.reconfigure(|c| c.names = vec![name("home.example.com")]);
    assert_eq!(s.sent(), SENT);
    assert_eq!(s.jobs.last().unwrap().changes[0].name.written(), "home.example.com");
}

#[test]
fn a_corrected_way_is_tried_at_once() {
    let mut s = Scenario::new().with(|c| c.timing.retry = HOUR).start();
    s.provider = Some(super::scenario::failed());
    s.lease("203.0.113.2");
    s.pass(secs(1));
    s.sent();
    assert_eq!(s.word(), "back-off");
    s.reconfigure(|c| c.transport.user_agent = "other".into());
    assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
}

#[test]
fn an_answer_to_a_question_of_before_counts_for_nothing() {
    let page = |host| Source::Web { v4: Url::http(host), v6: Url::http(host) };
    let mut s = Scenario::new().with(|c| c.source = page("one.example")).start();
    let sections = std::mem::take(&mut s.config.sections);
    s.reload();
    s.config.sections = sections;
    s.config.sections[0].source = page("two.example");
    s.reload();
    s.sent();
    s.event(Event::Detected {
        question: 0,
        section: "home".into(),
        family: Family::V4,
        result: Ok((ip("198.51.100.1"), String::new())),
    });
    assert_eq!(s.sent(), [""; 0]);
    s.detected(Family::V4, Ok("198.51.100.2"));
    assert_eq!(s.sent(), ["home.example.com 198.51.100.2"]);
    // Over another proxy the page may see another address.
    s.logged("ask ");
    s.reconfigure(|c| c.transport.user_agent = "other".into());
    s.pass(MINUTE);
    assert_eq!(s.logged("ask "), ["home IPv4"]);
}

#[test]
fn a_removed_section_is_forgotten_and_a_disabled_one_is_not() {
    for (disabled, sends) in [(true, 0), (false, 1)] {
        let mut s = Scenario::new().settled();
        s.config.sections.clear();
        if disabled {
            s.config.disabled.push("home".into());
        }
        s.reload();
        assert_eq!(s.disk.records.len(), usize::from(disabled));
        s.config.sections.push(section());
        let mut s = s.restart(MINUTE);
        assert_eq!(s.sent().len(), sends, "{disabled}");
    }
}

#[test]
fn a_broken_section_keeps_what_is_known() {
    let mut s = Scenario::new().settled();
    s.config.sections.clear();
    s.config.broken.push(("home".into(), "ddns:3: ?".into()));
    s.reload();
    s.config.sections.push(section());
    s.reload();
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn a_reload_that_comes_before_the_save_loses_nothing() {
    let mut s = Scenario::new().silent().start();
    let mut unseen = s.clone();
    s.answer(Outcome::Updated);
    let saved = s.disk.clone();
    // The same, but nobody polls between the answer and the reload.
    let flight = unseen.flights.pop_front().unwrap();
    unseen.engine.handle(flight.accepted(), unseen.now);
    unseen.reload();
    assert_eq!(unseen.disk, saved);
}

#[test]
fn a_new_name_follows_the_address_that_the_others_hold() {
    let mut s = Scenario::ipv6().settled();
    s.add(super::scenario::address("2001:db8::5"));
    s.add(super::scenario::address("2001:db8::1"));
    s.sent();
    s.reconfigure(|c| c.names.insert(0, name("a.example.com")));
    assert_eq!(s.sent(), ["a.example.com 2001:db8::5"]);
}

#[test]
fn a_literal_provider_address_needs_a_route_that_covers_it() {
    let url = "http://198.51.100.7:8080/u?ip=[IP]";
    let mut s = Scenario::new().kernel(|k| k.routes.clear()).with(|c| {
        c.provider.mechanism = crate::config::fixture::url(url, None);
    });
    s = s.start();
    let mut to_provider = route(WAN, "203.0.113.254");
    to_provider.prefix_len = 24;
    to_provider.destination = ip("192.0.2.0");
    s.route_up(to_provider.clone());
    assert_eq!(s.sent(), [""; 0]);
    to_provider.destination = ip("198.51.100.0");
    s.route_up(to_provider);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn names_in_the_hosts_file_are_reached_at_their_address() {
    let mut s = Scenario::new().kernel(|k| k.routes.clear());
    let hosts = [("dyn.example.net".to_owned(), vec![ip("198.51.100.7")])];
    s = s.start();
    s.hosts = hosts.into_iter().collect();
    s.reload();
    let mut to_provider = route(WAN, "203.0.113.254");
    to_provider.prefix_len = 32;
    to_provider.destination = ip("198.51.100.7");
    s.route_up(to_provider);
    assert_eq!(s.sent(), SENT);
}
