//! Logical interfaces: which device and which addresses a name of netifd means.

use super::scenario::*;
use crate::config::{Section, Source};
use crate::engine::event::Event;
use crate::proto::netlink::{Address, IfIndex};
use crate::proto::ubus::netifd::Network;

const PPP: IfIndex = 7;

fn source(v4: &str, v6: &str) -> impl Fn(&mut Section) {
    let (v4, v6) = (v4.to_owned(), v6.to_owned());
    move |section| section.source = Source::Network { v4: v4.clone(), v6: v6.clone() }
}

/// A DSA router: the port is called `wan`, the line is PPPoE over it.
fn pppoe() -> Scenario {
    Scenario::new().with(source("wan", "wan6")).kernel(|k| {
        k.links.insert(PPP, link(PPP, "pppoe-wan"));
        k.addresses = vec![Address { link: PPP, ..address("203.0.113.5") }];
        k.addresses.push(address("192.0.2.77"));
    })
}

#[test]
fn until_netifd_has_answered_a_name_means_nothing() {
    let mut s = pppoe();
    s.reload();
    assert_eq!(s.sent(), [""; 0]);
    assert_eq!(s.state(), ("unknown", "netifd is being asked for the device of 'wan'".into()));
    s.network("wan", Some("pppoe-wan"), &[]);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.5"]);
}

#[test]
fn without_netifd_a_name_is_a_device() {
    let mut s = Scenario::new().with(source("wan", "wan6")).start();
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
    let mut s = Scenario::new().with(source("uplink", "wan6")).start();
    assert_eq!(s.sent(), [""; 0]);
    let text = s.state().1;
    assert!(text.contains("neither a logical interface nor a device 'uplink'"), "{text}");
    assert!(text.ends_with("the device 'wan' has an address: option ip_network 'wan'"), "{text}");
}

#[test]
fn every_way_to_name_a_line_resolves() {
    for name in ["wan", "@wan", "pppoe-wan", "@pppoe-wan"] {
        let mut s = pppoe().with(source(name, name));
        s.reload();
        s.network("wan", Some("pppoe-wan"), &[]);
        assert_eq!(s.sent(), ["home.example.com 203.0.113.5"], "{name}");
    }
}

#[test]
fn an_interface_that_is_down_is_said_so_and_the_record_stays() {
    let mut s = pppoe();
    s.reload();
    s.network("wan", Some("pppoe-wan"), &[]);
    s.sent();
    s.network("wan", None, &[]);
    assert!(s.state().1.contains("the logical interface 'wan' is down"), "{:?}", s.state());
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn netifd_that_restarts_clears_nothing() {
    let mut s = pppoe();
    s.reload();
    s.network("wan", Some("pppoe-wan"), &[]);
    s.sent();
    s.event(Event::Netifd(None));
    s.pass(HOUR);
    assert_eq!((s.sent(), s.state().0), (vec![], "published"));
    s.add(Address { link: PPP, ..address("203.0.113.6") });
    s.remove("203.0.113.5");
    s.pass(HOUR);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.6"], "the bell rings without the book");
}

#[test]
fn an_address_behind_the_back_of_netifd_is_seen() {
    let mut s = Scenario::new().with(source("wan", "wan6")).start();
    s.network("wan", Some("wan"), &["203.0.113.1"]);
    s.sent();
    s.lease("203.0.113.9");
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.9"]);
}

#[test]
fn two_networks_on_one_device_keep_to_their_own_addresses() {
    let mut s = Scenario::new().with(source("wan2", "wan6"));
    s.kernel.addresses.push(address("203.0.113.2"));
    s.reload();
    s.network("wan", Some("wan"), &["203.0.113.1"]);
    s.sent();
    s.pass(MINUTE);
    s.network("wan2", Some("wan"), &["203.0.113.2"]);
    s.pass(10 * MINUTE);
    s.sent();
    s.remove("203.0.113.2");
    s.pass(MINUTE);
    assert_eq!(s.sent(), [""; 0], "that of the other network is not taken");
    assert!(s.state().1.contains("another network"), "{:?}", s.state());
    s.add(address("203.0.113.3"));
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.3"]);
}

#[test]
fn the_ipv6_side_may_be_another_network_of_the_same_device() {
    for v6 in ["wan6", "wan_6", "wan"] {
        let mut s = Scenario::ipv6().with(source("wan", v6));
        s.kernel.addresses.push(address("203.0.113.1"));
        s.kernel.addresses.push(address("2001:db8::1"));
        s.reload();
        s.network("wan_6", Some("wan"), &["2001:db8::1"]);
        s.network("wan", Some("wan"), &["203.0.113.1"]);
        assert_eq!(s.sent(), ["home.example.com 2001:db8::1"], "{v6}");
    }
}

#[test]
fn the_ipv6_side_of_a_network_nobody_knows_is_the_same_device() {
    let mut s = Scenario::ipv6().with(source("wan", "wan6")).start();
    s.add(address("2001:db8::1"));
    assert_eq!(s.sent(), ["home.example.com 2001:db8::1"]);
}

#[test]
fn a_line_whose_ipv6_side_netifd_made_itself_does_not_wait_for_one_that_is_down() {
    let mut s = Scenario::ipv6().with(source("wan", "wan6"));
    s.kernel.links.insert(PPP, link(PPP, "pppoe-wan"));
    s.kernel.addresses = vec![Address { link: PPP, ..address("2001:db8::1") }];
    s.reload();
    s.network("wan6", None, &[]);
    assert!(s.state().1.contains("the logical interface 'wan6' is down"), "{:?}", s.state());
    s.network("wan", Some("pppoe-wan"), &["203.0.113.5"]);
    assert_eq!(s.sent(), [""; 0], "wan6 may come up");
    s.network("wan_6", None, &[]);
    assert!(s.state().1.contains("'wan6' is down"), "{:?}", s.state());
    s.network("wan_6", Some("pppoe-wan"), &["2001:db8::1"]);
    assert_eq!(s.sent(), ["home.example.com 2001:db8::1"]);
}

#[test]
fn an_ipv6_side_that_netifd_made_and_that_is_down_is_said_so() {
    let mut s = Scenario::ipv6().with(source("wan", "wan6"));
    s.reload();
    s.network("wan", Some("wan"), &["203.0.113.5"]);
    s.network("wan_6", None, &[]);
    s.add(address("2001:db8::1"));
    assert!(s.state().1.contains("the logical interface 'wan_6' is down"), "{:?}", s.state());
    assert_eq!(s.sent(), [""; 0]);
}

/// `lan`: device `br-lan` with these addresses, of which netifd lists the first as its own and the
/// second as the router's in an assigned prefix.
fn lan(name: &str, own: &str, assigned: &str) -> Scenario {
    let mut s = Scenario::ipv6().with(source(name, name));
    s.kernel.links.insert(9, link(9, "br-lan"));
    let listed = [own, assigned].into_iter().filter(|text| !text.is_empty());
    let all = listed.chain(["2001:db8:0:f::1"]);
    s.kernel.addresses = all.map(|text| Address { link: 9, ..address(text) }).collect();
    s.reload();
    let only = |text: &str| text.parse().into_iter().collect();
    let (addresses, assigned) = (only(own), only(assigned));
    let network = Network { device: Some("br-lan".into()), addresses, assigned };
    s.netifd = Some([("lan".to_owned(), network)].into_iter().collect());
    s.event(Event::Netifd(s.netifd.clone()));
    s
}

#[test]
fn a_lan_publishes_its_part_of_the_delegated_prefix_and_not_the_ula() {
    for name in ["lan", "@lan"] {
        let mut s = lan(name, "fd00::1", "2001:db8:1::1");
        assert_eq!(s.sent(), ["home.example.com 2001:db8:1::1"], "{name}");
    }
}

#[test]
fn an_address_of_its_own_comes_before_that_in_an_assigned_prefix() {
    let mut s = lan("lan", "2001:db8:2::1", "2001:db8:1::1");
    assert_eq!(s.sent(), ["home.example.com 2001:db8:2::1"]);
    let mut s = lan("lan", "", "2001:db8:1::1");
    assert_eq!(s.sent(), ["home.example.com 2001:db8:1::1"]);
    let mut s = lan("lan", "2001:db8:2::1", "");
    assert_eq!(s.sent(), ["home.example.com 2001:db8:2::1"]);
}

#[test]
fn a_prefix_that_is_assigned_elsewhere_on_the_device_is_not_taken() {
    let mut s = lan("guest", "2001:db8:2::1", "2001:db8:1::1");
    let own = Network {
        device: Some("br-lan".into()),
        assigned: [ip("2001:db8:0:f::1")].into_iter().collect(),
        ..Network::default()
    };
    s.netifd.as_mut().unwrap().insert("guest".into(), own);
    s.event(Event::Netifd(s.netifd.clone()));
    assert_eq!(s.sent(), ["home.example.com 2001:db8:0:f::1"]);
}

#[test]
fn requests_leave_through_the_device_of_the_network_they_are_bound_to() {
    let bound = |c: &mut Section| c.transport.device = Some("wan".into());
    let mut s = pppoe().with(bound).kernel(|k| k.routes = vec![route(PPP, "203.0.113.254")]);
    s.reload();
    assert!(s.said().is_empty(), "nothing is known to be missing");
    s.network("wan", Some("pppoe-wan"), &[]);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.5"]);
    assert_eq!(s.bound, Some("pppoe-wan".into()));
}

#[test]
fn the_event_network_makes_a_page_worth_asking() {
    let event_network = |c: &mut Section| {
        c.source = web();
        c.event_network = Some("wan".into());
    };
    let mut s = Scenario::new().with(event_network);
    s.page = Some(ip("198.51.100.1"));
    let mut s = s.start();
    s.pass(MINUTE);
    s.network("wan", Some("wan"), &[]);
    s.pass(5 * MINUTE);
    s.sent();
    let asked = s.questions;
    s.pass(MINUTE);
    assert_eq!(s.questions, asked);
    s.page = Some(ip("198.51.100.2"));
    s.lease("203.0.113.77");
    s.pass(MINUTE);
    assert_eq!(s.questions, asked + 1, "the first check_interval is not over");
    assert_eq!(s.sent(), ["home.example.com 198.51.100.2"]);
}
