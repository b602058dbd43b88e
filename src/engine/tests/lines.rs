//! Sections with a choice of lines: by the kernel's routes, or by the owner's order.

use super::scenario::{
    DAY, HOUR, MINUTE, Route, Scenario, WAN, address, ip, link, ms, route, secs,
};
use crate::config::{Delays, Lines, Source};
use crate::engine::event::Event;
use crate::model::Family;
use crate::proto::netlink::{Address, AddressFlags, IfIndex, Link, Message};
use crate::proto::ubus::netifd::Networks;
use crate::provider::Outcome;

/// The device of the second line.
const WANB: IfIndex = 3;
const FIRST: &str = "203.0.113.1";
const SECOND: &str = "198.51.100.9";

fn second() -> Address {
    Address { link: WANB, ..address(SECOND) }
}

fn route_b() -> Route {
    route(WANB, "198.51.100.254")
}

/// Two devices with an address; the default route uses the first.
fn two_devices(source: Source) -> Scenario {
    Scenario::new().with(|s| s.source = source).kernel(|k| {
        k.links.insert(WANB, link(WANB, "wanb"));
        k.addresses.push(second());
    })
}

/// The kernel has this default route instead of the others.
fn reroute(s: &mut Scenario, to: Route) {
    s.kernel.routes = vec![to.clone()];
    s.report(to.message());
}

fn by_route() -> Scenario {
    two_devices(Source::Route { mark: 0 })
}

fn home(address: &str) -> [String; 1] {
    [format!("home.example.com {address}")]
}

#[test]
fn the_first_device_after_the_start_is_published_at_once() {
    let mut s = by_route().start();
    assert_eq!((s.sent().as_slice(), s.word()), (home(FIRST).as_slice(), "published"));
}

#[test]
fn another_device_is_published_when_it_has_settled_for_a_second() {
    let mut s = by_route().settled();
    reroute(&mut s, route_b());
    s.pass(ms(999));
    assert_eq!((s.sent().len(), s.word()), (0, "published"));
    s.pass(ms(1));
    assert_eq!(s.sent(), home(SECOND));
    let told: Vec<_> = s.told_hooks.iter().map(|it| (it.happening.word(), it.old)).collect();
    assert_eq!(told[0], ("line", Some(FIRST.parse().unwrap())), "before its address is published");
    assert_eq!(told[1].0, "update");
    s.pass(10 * MINUTE);
    let refresh = s.engine.deadline(s.now).unwrap();
    assert!(refresh > s.now.up + 71 * HOUR, "force_interval only");
}

#[test]
fn a_burst_of_routes_publishes_once() {
    let mut s = by_route().settled();
    for _ in 0..4 {
        reroute(&mut s, route_b());
        s.pass(ms(300));
        reroute(&mut s, route(WAN, "203.0.113.254"));
        s.pass(ms(300));
    }
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0], "in the end it is the same device");
    reroute(&mut s, route_b());
    reroute(&mut s, route(WAN, "203.0.113.254"));
    reroute(&mut s, route_b());
    s.pass(secs(1));
    assert_eq!(s.sent(), home(SECOND));
}

#[test]
fn without_a_route_nothing_changes_and_the_same_device_may_return_at_once() {
    let mut s = by_route().settled();
    s.routes_down();
    s.pass(HOUR);
    let (word, reason) = s.state();
    assert_eq!(word, "published");
    assert!(reason.contains("the kernel has no IPv4 route to the internet"), "{reason}");
    s.lease("203.0.113.2");
    s.add(second());
    s.route_up(route(WAN, "203.0.113.254"));
    assert_eq!(s.sent(), home("203.0.113.2"));
}

#[test]
fn a_mark_is_followed_and_the_request_leaves_by_its_device() {
    let mut s = two_devices(Source::Route { mark: 0x100 }).kernel(|k| {
        k.marked = Some(WANB);
        k.routes.insert(0, route_b());
    });
    s.provider = Some(Outcome::Updated);
    let mut s = s.start();
    assert_eq!((s.sent().as_slice(), s.bound.as_deref()), (home(SECOND).as_slice(), Some("wanb")));
    s.kernel.marked = Some(WAN);
    s.report(Message::Policy);
    s.pass(secs(1));
    assert_eq!((s.sent().as_slice(), s.bound.as_deref()), (home(FIRST).as_slice(), Some("wan")));
}

#[test]
fn a_private_address_of_the_device_is_named_as_the_reason() {
    let mut s = by_route();
    s.kernel.addresses = vec![address("10.0.0.1")];
    let s = s.start();
    let (word, reason) = s.state();
    assert_eq!(word, "no-address");
    assert!(reason.contains("only 10.0.0.1"), "{reason}");
}

fn lines(mwan3: bool) -> Source {
    let networks = vec!["wan".into(), "wanb".into()];
    let delays = Delays { failover: secs(30), failback: secs(120) };
    Source::Lines(Lines { networks, delays, mwan3 })
}

/// Both lines work; `wan` is preferred.
fn both_lines() -> Scenario {
    let mut s = two_devices(lines(true)).kernel(|k| k.routes.insert(0, route_b()));
    let networks = [("wan", FIRST), ("wanb", SECOND)].map(|(name, address)| {
        let network = crate::proto::ubus::netifd::Network {
            device: Some(name.to_owned()),
            addresses: [ip(address)].into_iter().collect(),
            ..Default::default()
        };
        (name.to_owned(), network)
    });
    s.netifd = Some(networks.into_iter().collect::<Networks>());
    s
}

fn set_carrier(s: &mut Scenario, index: IfIndex, carrier: bool) {
    let known = s.kernel.links.get(&index).unwrap().clone();
    let new = Link { carrier, ..known };
    s.kernel.links.insert(index, new.clone());
    s.report(Message::NewLink(new));
}

fn mwan3(s: &mut Scenario, line: &str, text: &str) {
    let path = format!("/var/run/mwan3track/{line}/STATUS").into();
    s.event(Event::FileRead(path, Some(format!("{text}\n"))));
}

#[test]
fn the_first_line_is_published_and_the_request_leaves_by_it() {
    let mut s = both_lines().start();
    assert_eq!((s.sent().as_slice(), s.bound.as_deref()), (home(FIRST).as_slice(), Some("wan")));
    assert_eq!(s.engine.deadline(s.now), Some(s.now.up + secs(600)), "the look-up in DNS only");
}

#[test]
fn a_lost_line_fails_over_and_a_stable_one_fails_back() {
    let mut s = both_lines().settled();
    set_carrier(&mut s, WAN, false);
    s.pass(secs(29));
    assert_eq!(s.sent(), [""; 0], "it may be dialled again");
    s.pass(secs(1));
    assert_eq!((s.sent().as_slice(), s.bound.as_deref()), (home(SECOND).as_slice(), Some("wanb")));
    set_carrier(&mut s, WAN, true);
    s.pass(secs(119));
    assert_eq!(s.sent(), [""; 0], "it may be lost again");
    s.pass(secs(1));
    assert_eq!((s.sent().as_slice(), s.bound.as_deref()), (home(FIRST).as_slice(), Some("wan")));
}

#[test]
fn a_redial_with_a_new_address_publishes_that_and_not_the_backup() {
    let mut s = both_lines().settled();
    s.remove(FIRST);
    s.network("wan", None, &[]);
    s.pass(secs(10));
    assert_eq!(s.sent(), [""; 0]);
    s.add(address("203.0.113.2"));
    s.network("wan", Some("wan"), &["203.0.113.2"]);
    assert_eq!(s.sent(), home("203.0.113.2"));
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn while_a_line_is_waited_for_the_record_is_not_removed() {
    let mut s = both_lines().with(|s| s.timing.remove_after = Some(secs(10))).settled();
    s.remove(FIRST);
    s.network("wan", None, &[]);
    s.pass(secs(30));
    assert_eq!(s.sent(), home(SECOND));
    assert!(!s.actions().iter().any(|action| action.starts_with("remove")));
}

#[test]
fn mwan3_has_the_last_word_on_a_line_that_it_tracks() {
    let mut s = both_lines().settled();
    for word in ["online", "disconnecting", "unknown"] {
        mwan3(&mut s, "wan", word);
        s.pass(HOUR);
        assert_eq!(s.sent(), [""; 0], "{word}");
    }
    mwan3(&mut s, "wan", "offline");
    s.pass(secs(30));
    assert_eq!(s.sent(), home(SECOND));
    mwan3(&mut s, "wan", "connecting");
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
    mwan3(&mut s, "wan", "online");
    s.pass(secs(120));
    assert_eq!(s.sent(), home(FIRST));

    let mut s = both_lines().with(|s| s.source = lines(false)).settled();
    mwan3(&mut s, "wan", "offline");
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0], "the owner does not want its word");
}

#[test]
fn a_line_by_which_the_provider_cannot_be_reached_is_not_used() {
    let mut s = both_lines().settled();
    s.kernel.routes.retain(|route| route.link != Some(WAN));
    s.report(route(WAN, "203.0.113.254").message());
    s.pass(secs(30));
    assert_eq!((s.sent().as_slice(), s.bound.as_deref()), (home(SECOND).as_slice(), Some("wanb")));
}

#[test]
fn a_reload_keeps_the_line_in_use() {
    let mut s = both_lines().settled();
    set_carrier(&mut s, WAN, false);
    s.pass(secs(30));
    set_carrier(&mut s, WAN, true);
    s.pass(secs(60));
    s.sent();
    s.reload();
    assert_eq!((s.sent().len(), s.word()), (0, "published"));
    s.pass(secs(60));
    assert_eq!(s.sent(), home(FIRST), "the time before the reload counts");
}

#[test]
fn bind_network_prevails_over_the_line() {
    let mut s = both_lines().with(|s| s.transport.device = Some("wanb".into())).start();
    assert_eq!((s.sent().as_slice(), s.bound.as_deref()), (home(FIRST).as_slice(), Some("wanb")));
}

#[test]
fn a_provider_in_the_local_network_is_reached_whatever_the_line() {
    let mut s = both_lines().with(|s| {
        s.provider.mechanism = crate::config::fixture::url("http://10.0.0.5/?ip=[IP]", None);
    });
    s.kernel.routes.push(Route {
        destination: ip("10.0.0.0"),
        prefix_len: 8,
        ..route(9, "10.0.0.5")
    });
    s.kernel.links.insert(9, link(9, "lan"));
    let mut s = s.start();
    assert_eq!((s.sent().as_slice(), s.bound.as_deref()), (home(FIRST).as_slice(), None));
}

#[test]
fn each_family_has_its_line() {
    let v6 = |index, text| Address { link: index, ..address(text) };
    let mut s = both_lines().with(|s| s.families = vec![Family::V4, Family::V6]);
    s.kernel.addresses.push(v6(WANB, "2001:db8:b::1"));
    s.kernel.routes.push(route(WANB, "fe80::b"));
    let mut s = s.start();
    s.network("wanb6", Some("wanb"), &["2001:db8:b::1"]);
    s.pass(secs(30));
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1", "home.example.com 2001:db8:b::1"]);
    s.add(v6(WAN, "2001:db8:a::1"));
    s.route_up(route(WAN, "fe80::a"));
    s.network("wan_6", Some("wan"), &["2001:db8:a::1"]);
    s.pass(secs(120));
    assert_eq!(s.sent(), ["home.example.com 2001:db8:a::1"]);
}

#[test]
fn a_tentative_address_is_no_usable_line() {
    let mut s = both_lines().with(|s| s.families = vec![Family::V6]);
    s.kernel.routes.push(route(WAN, "fe80::a"));
    let mut s = s.start();
    s.network("wan6", Some("wan"), &[]);
    s.add(Address { flags: AddressFlags(AddressFlags::TENTATIVE), ..address("2001:db8::1") });
    assert_eq!(s.word(), "no-address");
    s.add(address("2001:db8::1"));
    assert_eq!(s.sent(), home("2001:db8::1"));
    s.pass(DAY);
}

#[test]
fn status_and_log_say_which_line_since_when_and_why_not_the_first() {
    let mut s = both_lines().settled();
    let lines = s.engine.status(s.now).sections[0].lines.clone();
    assert_eq!((lines[0].line.as_str(), lines[0].reason.as_str()), ("wan", ""));
    mwan3(&mut s, "wan", "offline");
    s.pass(secs(30));
    let reason = "'wan' cannot be used: mwan3 says that 'wan' is offline";
    assert!(s.said().contains(&format!("IPv4: the line wanb is published now: {reason}")));
    s.pass(secs(300));
    let text = s.engine.status(s.now).to_text(&mut |_| String::new());
    assert!(text.contains(&format!("  IPv4 line: wanb for 5 min; {reason}\n")), "{text}");
    mwan3(&mut s, "wan", "online");
    let text = s.engine.why("home", s.now, &mut |_| String::new()).unwrap();
    assert!(text.contains("'wan' is published again when it was usable for 120 s"), "{text}");
}
