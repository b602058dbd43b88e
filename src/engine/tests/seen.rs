//! Update URLs that name no address: the provider stores the one that it sees, so requests leave from
//! the address that is wanted.

use super::scenario::{MINUTE, Scenario, WAN, address, link, route, section};
use crate::config::{Section, Source, fixture};
use crate::model::Family;
use crate::proto::netlink::Address;

const VPN: u32 = 7;

/// The default route that the kernel takes leads into a VPN.
fn router() -> Scenario {
    Scenario::new().with(nameless).kernel(|k| {
        k.links.insert(VPN, link(VPN, "tun0"));
        k.addresses.push(Address { link: VPN, ..address("10.66.0.2") });
        k.routes.insert(0, route(VPN, "10.66.0.1"));
    })
}

fn nameless(section: &mut Section) {
    let url = "https://dyn.example.net/update?host=[DOMAIN]";
    section.provider.mechanism = fixture::url(url, Some(url));
}

fn way(s: &Scenario) -> (Option<&str>, Option<String>) {
    (s.bound.as_deref(), s.source.map(|source| source.to_string()))
}

#[test]
fn it_leaves_from_the_address_that_is_wanted() {
    let mut s = router().start();
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
    assert_eq!(way(&s), (Some("wan"), Some("203.0.113.1".into())));
    // A URL that names it goes as the routes have it.
    let mut s = router().with(|c| c.provider = section().provider).start();
    assert_eq!(s.sent().len(), 1);
    assert_eq!(way(&s), (None, None));
}

#[test]
fn without_a_route_there_it_waits_and_says_why() {
    let mut s = router().kernel(|k| k.routes.truncate(1)).start();
    assert_eq!(s.sent(), [""; 0]);
    let (word, reason) = s.state();
    assert_eq!(word, "no-route");
    assert!(reason.contains("through wan, and over another line"), "{reason}");
    s.pass(MINUTE);
    s.route_up(route(WAN, "203.0.113.254"));
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
}

#[test]
fn the_user_s_own_device_and_hosts_in_the_local_network_are_left_as_they_are() {
    let mut s = router().with(|c| c.transport.device = Some("tun0".into())).start();
    assert_eq!((s.sent().len(), way(&s)), (1, (Some("tun0"), None)));
    let url = "http://192.168.1.5/changed";
    let mut s = router().with(|c| c.provider.mechanism = fixture::url(url, Some(url))).start();
    assert_eq!((s.sent().len(), way(&s)), (1, (None, None)));
}

#[test]
fn an_ipv6_address_of_the_lan_is_sent_from_over_the_uplink() {
    let mut s = router().with(|c| {
        c.families = vec![Family::V6];
        c.source = Source::Device("br-lan".into());
    });
    s = s.kernel(|k| {
        k.links.insert(9, link(9, "br-lan"));
        k.addresses.push(Address { link: 9, ..address("2001:db8:1::1") });
        k.addresses.push(address("2001:db8::1"));
        k.routes.push(route(WAN, "fe80::ff"));
    });
    let mut s = s.start();
    assert_eq!(s.sent(), ["home.example.com 2001:db8:1::1"]);
    assert_eq!(way(&s), (None, Some("2001:db8:1::1".into())));
}
