//! `web` and `script` sources.

use super::scenario::{HOUR, MINUTE, Scenario, WAN, failed, link, route, secs, web};
use crate::config::Source;
use crate::model::Family;
use crate::provider::Outcome;

const ASKED: [&str; 1] = ["home IPv4"];
const SENT: [&str; 1] = ["home.example.com 198.51.100.1"];

/// A section that asked its source, got `198.51.100.1` and published it.
fn settled(source: Source) -> Scenario {
    let mut s = Scenario::new().with(|c| c.source = source).start();
    assert_eq!(s.logged("ask "), ASKED);
    s.detected(Family::V4, Ok("198.51.100.1"));
    assert_eq!(s.sent(), SENT);
    s.pass(MINUTE);
    s
}

fn script() -> Source {
    Source::Script("/etc/ddns/ip.sh".into())
}

#[test]
fn a_source_is_asked_every_check_interval() {
    let mut s = settled(web());
    s.pass(secs(539));
    assert_eq!(s.logged("ask "), [""; 0]);
    s.pass(secs(1));
    assert_eq!(s.logged("ask "), ASKED);
    s.pass(HOUR);
    assert_eq!(s.logged("ask "), [""; 0], "one question at a time");
    s.detected(Family::V4, Ok("198.51.100.1"));
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn a_page_is_asked_when_there_is_a_way_and_a_script_always() {
    for (source, asked) in [(web(), 0), (script(), 1)] {
        let s = Scenario::new().with(|c| c.source = source);
        let mut s = s.kernel(|k| k.routes.clear()).start();
        assert_eq!(s.logged("ask ").len(), asked);
        s.route_up(route(WAN, "203.0.113.254"));
        assert_eq!(s.logged("ask ").len(), 1 - asked);
    }
}

#[test]
fn a_page_that_cannot_be_asked_through_the_bound_device_has_the_reason() {
    let bound = |device: &str| {
        let bind = Some(device.to_owned());
        let s = Scenario::new().with(|c| (c.source, c.transport.device) = (web(), bind));
        let mut s = s.kernel(|k| drop(k.links.insert(7, link(7, "lte")))).start();
        assert_eq!(s.logged("ask "), [""; 0], "{device}");
        let (word, reason) = s.state();
        assert_eq!(word, "no-address");
        reason
    };
    let start = "the address source cannot be asked: ";
    let no_route = bound("lte");
    assert!(no_route.starts_with(start) && no_route.contains("lte"), "{no_route}");
    let no_device = bound("lte2");
    let why = "bind_network: neither a logical interface nor a device 'lte2' is there";
    assert_eq!(no_device, format!("{start}{why}"));
}

#[test]
fn each_family_is_asked_over_its_own() {
    let families = vec![Family::V4, Family::V6];
    let s = Scenario::new().with(|c| (c.source, c.families) = (web(), families));
    let mut s = s.start();
    assert_eq!(s.logged("ask "), ASKED);
    s.add(super::scenario::address("2001:db8::1"));
    s.route_up(route(WAN, "fe80::ff"));
    assert_eq!(s.logged("ask "), ["home IPv6"]);
}

#[test]
fn another_network_makes_the_old_answer_unknown() {
    let mut s = settled(web());
    s.provider = Some(failed());
    s.routes_down();
    s.force();
    s.provider = Some(Outcome::Updated);
    s.route_up(route(WAN, "192.0.2.254"));
    assert_eq!(s.actions(), ["ask home IPv4"], "nothing is sent before");
    assert_eq!(s.word(), "unknown");
    s.detected(Family::V4, Ok("198.51.100.9"));
    assert_eq!(s.sent(), ["home.example.com 198.51.100.9"]);
}

#[test]
fn an_answer_that_was_asked_for_over_the_old_network_does_not_count() {
    let mut s = settled(web());
    s.pass(HOUR);
    s.routes_down();
    s.route_up(route(WAN, "192.0.2.254"));
    s.logged("ask ");
    s.detected(Family::V4, Ok("198.51.100.8"));
    assert_eq!(s.actions(), ["ask home IPv4"], "asked again, nothing sent");
    s.detected(Family::V4, Ok("198.51.100.9"));
    assert_eq!(s.sent(), ["home.example.com 198.51.100.9"]);
}

#[test]
fn a_private_answer_is_refused() {
    let mut s = settled(web());
    s.pass(HOUR);
    s.detected(Family::V4, Ok("10.0.0.1"));
    assert_eq!(s.sent(), [""; 0]);
    assert!(s.state().1.contains("only 10.0.0.1, a private address"));
    assert_eq!(s.published().unwrap(), "198.51.100.1");
}

#[test]
fn an_answer_of_the_other_family_is_refused() {
    let mut s = settled(web());
    s.pass(HOUR);
    s.detected(Family::V4, Ok("2001:db8::1"));
    assert_eq!(s.sent(), [""; 0]);
    assert!(s.state().1.contains("2001:db8::1 is not an IPv4 address"));
}

#[test]
fn a_source_that_fails_is_asked_less_and_less_often() {
    let mut s = Scenario::new().with(|c| c.source = web()).start();
    s.sent();
    for base in [60, 120, 240, 480] {
        s.detected(Family::V4, Err("timed out"));
        s.pass(secs(base - 1));
        assert_eq!(s.logged("ask "), [""; 0], "{base}");
        s.pass(secs(base + 1));
        assert_eq!(s.logged("ask "), ASKED);
    }
    assert!(s.state().1.contains("timed out"));
}

#[test]
fn a_source_that_nothing_was_sent_to_is_asked_again_soon() {
    let mut s = Scenario::new().with(|c| c.source = web()).start();
    for base in [2, 4, 8, 16, 32, 60, 60] {
        s.logged("ask ");
        s.not_asked();
        s.pass(secs(base - 1));
        assert_eq!(s.logged("ask "), [""; 0], "{base}");
        s.pass(secs(base + 2));
        assert_eq!(s.logged("ask "), ASKED, "{base}");
    }
    s.not_asked();
    s.pass(secs(5));
    // Some rule, though the way that is known of stays.
    s.report(crate::proto::netlink::Message::Policy);
    assert_eq!(s.logged("ask "), ASKED);
    s.not_asked();
    for _ in 0..20 {
        s.report(crate::proto::netlink::Message::Policy);
        s.pass(super::scenario::ms(40));
    }
    assert_eq!(s.logged("ask "), [""; 0], "once a second at most");
}

#[test]
fn a_failure_is_said_once() {
    let mut s = Scenario::new().with(|c| c.source = web()).start();
    s.logged("say ");
    for _ in 0..3 {
        s.detected(Family::V4, Err("timed out"));
        s.pass(HOUR + HOUR / 4);
    }
    let said = s.logged("say ");
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn nothing_is_sent_while_the_source_gives_no_address() {
    let mut s = settled(web());
    s.reconfigure(|c| c.timing.retry = 2 * HOUR);
    s.provider = Some(failed());
    s.pass(secs(540));
    s.detected(Family::V4, Ok("198.51.100.2"));
    s.pass(secs(600));
    s.provider = Some(Outcome::Updated);
    s.sent();
    s.detected(Family::V4, Err("timed out"));
    s.pass(4 * HOUR);
    assert_eq!(s.sent(), [""; 0]);
    s.detected(Family::V4, Ok("198.51.100.2"));
    assert_eq!(s.sent(), ["home.example.com 198.51.100.2"]);
}

#[test]
fn questions_that_events_ask_for_are_bounded() {
    let mut s = settled(web());
    s.logged("ask ");
    let mut asked = 0;
    for step in 0..600 {
        s.routes_down();
        s.route_up(route(WAN, &format!("192.0.2.{}", step % 200 + 1)));
        s.pass(secs(1));
        let now = s.logged("ask ").len();
        asked += now;
        if now > 0 {
            s.detected(Family::V4, Ok("198.51.100.1"));
        }
    }
    assert!((15..=600 / 30 + 4).contains(&asked), "{asked}");
}

#[test]
fn a_shorter_check_interval_takes_effect_after_a_reload() {
    let mut s = settled(web());
    s.reconfigure(|c| c.timing.check = MINUTE);
    s.pass(MINUTE);
    assert_eq!(s.logged("ask "), ASKED);
}

#[test]
fn another_source_is_asked_at_once_after_a_reload() {
    let mut s = settled(web());
    s.reconfigure(|c| c.source = script());
    assert_eq!(s.actions().last().unwrap(), "ask home IPv4");
}

#[test]
fn the_answer_of_another_source_does_not_count_after_a_reload() {
    let mut s = settled(web());
    s.pass(HOUR);
    s.reconfigure(|c| c.source = script());
    s.sent();
    s.detected(Family::V4, Ok("198.51.100.8"));
    assert_eq!(s.actions(), ["ask home IPv4"], "the script now");
    s.detected(Family::V4, Ok("198.51.100.9"));
    assert_eq!(s.sent(), ["home.example.com 198.51.100.9"]);
}

#[test]
fn force_asks_and_sends() {
    let mut s = settled(web());
    s.force();
    assert_eq!(s.actions()[..2], ["send home.example.com 198.51.100.1", "ask home IPv4"]);
}
