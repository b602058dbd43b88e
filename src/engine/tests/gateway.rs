//! `gateway` sources: announcements, the slow schedule, and addresses that nobody can reach.

use std::net::Ipv4Addr;

use super::scenario::{HOUR, MINUTE, Scenario, WAN, ip, route, secs};
use crate::config::Source;
use crate::engine::event::Event;
use crate::model::Family;
use crate::proto::gateway::announcement::Announcement;
use crate::proto::netlink::Message;
use crate::provider::Failure;
use crate::time::Duration;

const GATEWAY: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 254);
const ASKED: [&str; 1] = ["home IPv4"];
const FIRST: &str = "198.51.100.1";
const SECOND: &str = "198.51.100.2";

fn section() -> Scenario {
    let source = Source::Gateway { stun: None, page: None };
    Scenario::new().with(|c| c.source = source).start()
}

/// A section whose gateway told its address a minute ago, long after the start.
fn settled() -> Scenario {
    let mut s = section();
    assert_eq!(s.logged("ask "), ASKED);
    told(&mut s, Ok(FIRST));
    assert_eq!(s.sent(), [format!("home.example.com {FIRST}")]);
    s.pass(MINUTE);
    s.actions();
    s
}

fn told(s: &mut Scenario, result: Result<&str, &str>) {
    let question = s.asked.get(&("home".into(), Family::V4)).copied().unwrap();
    let by = format!("NAT-PMP, gateway {GATEWAY}");
    let result = result.map(|text| (ip(text), by));
    let result = result.map_err(|why| Failure::of_answer(why.into()));
    s.event(Event::Detected { question, section: "home".into(), family: Family::V4, result });
}

fn announce(s: &mut Scenario, from: Ipv4Addr, epoch: u32, address: Option<&str>) {
    let address = address.map(|text| text.parse().unwrap());
    s.event(Event::Announced(from, Announcement { epoch, address }));
}

#[test]
fn the_daemon_listens_to_the_gateway_of_the_default_route() {
    let mut s = section();
    assert_eq!(s.logged("listen"), [format!(" wan {GATEWAY}")]);
    s.routes_down();
    s.route_up(route(WAN, "192.0.2.254"));
    assert_eq!(s.logged("listen"), ["", " wan 192.0.2.254"]);
    s.reload();
    assert_eq!(s.logged("listen"), [""; 0]);
    s.reconfigure(|c| c.source = Source::Device("wan".into()));
    assert_eq!(s.logged("listen"), [""]);
}

#[test]
fn an_announcement_of_the_gateway_is_followed_at_once_and_no_other() {
    let mut s = settled();
    announce(&mut s, Ipv4Addr::new(203, 0, 113, 7), 0, Some(SECOND));
    assert_eq!(s.logged("ask "), [""; 0]);
    announce(&mut s, GATEWAY, 0, Some(SECOND));
    assert_eq!(s.logged("ask "), ASKED);
    told(&mut s, Ok(SECOND));
    assert_eq!(s.sent(), [format!("home.example.com {SECOND}")]);
}

#[test]
fn a_repetition_is_no_question_but_a_gateway_that_starts_anew_is() {
    let mut s = settled();
    announce(&mut s, GATEWAY, 0, None);
    assert_eq!(s.logged("ask "), ASKED);
    told(&mut s, Ok(FIRST));
    s.pass(secs(10));
    for epoch in [10, 11] {
        announce(&mut s, GATEWAY, epoch, None);
        announce(&mut s, GATEWAY, epoch, Some(FIRST));
        s.pass(secs(1));
    }
    assert_eq!(s.logged("ask "), [""; 0]);
    s.pass(MINUTE);
    announce(&mut s, GATEWAY, 2, None);
    assert_eq!(s.logged("ask "), ASKED);
}

#[test]
fn an_announcement_while_an_answer_is_awaited_makes_one_more_question() {
    let mut s = settled();
    announce(&mut s, GATEWAY, 0, None);
    assert_eq!(s.logged("ask "), ASKED);
    announce(&mut s, GATEWAY, 0, Some(SECOND));
    told(&mut s, Err("no address for a moment"));
    assert_eq!(s.logged("ask "), ASKED);
    told(&mut s, Ok(SECOND));
    assert_eq!(s.sent(), [format!("home.example.com {SECOND}")]);
    assert_eq!(s.logged("ask "), [""; 0]);
}

#[test]
fn announcements_cannot_make_the_daemon_ask_more_often_than_twice_a_minute() {
    let mut s = settled();
    s.pass(HOUR);
    s.actions();
    let mut asked = 0;
    for second in 0..600 {
        announce(&mut s, GATEWAY, second % 2 * 100, None);
        let questions = s.logged("ask ").len();
        if questions > 0 {
            told(&mut s, Ok(FIRST));
        }
        asked += questions;
        s.pass(secs(1));
    }
    assert!(asked <= 3 + 20, "{asked}");
}

#[test]
fn a_gateway_that_announces_nothing_is_asked_less_and_less_often() {
    let mut s = section();
    s.logged("ask ");
    told(&mut s, Ok(FIRST));
    let minutes = [5, 10, 20, 40, 80, 160, 320, 360, 360];
    for pause in minutes {
        s.pass(pause * MINUTE - secs(1));
        assert_eq!(s.logged("ask "), [""; 0], "{pause} minutes");
        s.pass(secs(1));
        assert_eq!(s.logged("ask "), ASKED, "{pause} minutes");
        told(&mut s, Ok(FIRST));
    }
    announce(&mut s, GATEWAY, 0, None);
    assert_eq!(s.logged("ask "), ASKED);
    told(&mut s, Ok(FIRST));
    s.pass(5 * MINUTE);
    assert_eq!(s.logged("ask "), ASKED, "from the beginning");
}

#[test]
fn nothing_wakes_the_daemon_before_the_next_question() {
    let s = settled();
    let next = s.engine.deadline(s.now).unwrap().saturating_sub(s.now.up);
    assert_eq!(next, 4 * MINUTE);
}

#[test]
fn events_that_may_matter_make_it_ask_at_once() {
    let mut s = settled();
    s.pass(HOUR);
    told(&mut s, Ok(FIRST));
    s.actions();
    // Another lease, over the same gateway.
    s.lease("203.0.113.9");
    assert_eq!(s.logged("ask "), ASKED);
    told(&mut s, Ok(FIRST));
    // The cable to the gateway is pulled out, and put in again.
    s.pass(HOUR);
    told(&mut s, Ok(FIRST));
    s.actions();
    let link = super::scenario::link(WAN, "wan");
    s.report(Message::NewLink(crate::proto::netlink::Link { carrier: false, ..link.clone() }));
    assert_eq!(s.logged("ask "), [""; 0]);
    s.report(Message::NewLink(link));
    assert_eq!(s.logged("ask "), ASKED);
}

#[test]
fn the_first_failure_of_a_gateway_is_no_news() {
    let mut s = settled();
    announce(&mut s, GATEWAY, 0, None);
    s.actions();
    told(&mut s, Err("the gateway has no public address"));
    assert_eq!(s.said(), [""; 0]);
    assert_eq!(s.published().unwrap(), FIRST);
    s.pass(2 * MINUTE);
    assert_eq!(s.logged("ask "), ASKED);
    told(&mut s, Err("the gateway has no public address"));
    assert!(s.said()[0].contains("the gateway has no public address"));
}

#[test]
fn a_gateway_that_never_answers_is_asked_less_and_less_often_too() {
    let mut s = section();
    let mut pauses: Vec<Duration> = Vec::new();
    for _ in 0..14 {
        s.logged("ask ");
        told(&mut s, Err("silence"));
        let next = s.engine.deadline(s.now).unwrap();
        pauses.push(next.saturating_sub(s.now.up));
        s.pass(next.saturating_sub(s.now.up));
    }
    assert!(pauses[..4].iter().all(|pause| *pause <= 16 * MINUTE), "{pauses:?}");
    assert_eq!(pauses[13], 6 * HOUR, "{pauses:?}");
    // The jitter of the first ones may be larger than the step to the next.
    assert!(pauses[6..].is_sorted(), "{pauses:?}");
}

#[test]
fn an_address_that_nobody_can_reach_is_not_published_and_the_owner_is_told() {
    for (address, help) in [
        ("10.1.2.3", "another router is before that one"),
        ("100.64.1.2", "use_ipv6 '1'"),
        ("192.0.0.2", "use_ipv6 '1'"),
    ] {
        let mut s = section();
        told(&mut s, Ok(address));
        assert_eq!(s.sent(), [""; 0]);
        let (word, reason) = s.state();
        assert_eq!(word, "no-address");
        assert!(reason.contains(address) && reason.contains(help), "{reason}");
        assert!(reason.contains(&format!("(NAT-PMP, gateway {GATEWAY})")), "{reason}");
    }
}
