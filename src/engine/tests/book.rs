//! The book of facts: what is forgotten when, and what a loss means.

use super::scenario::{Scenario, WAN, address, ip, link, ms, route, secs};
use crate::engine::book::KernelTables;
use crate::engine::event::Event;
use crate::engine::scope::DeviceScope;
use crate::engine::select::{Desired, Policy, from_device};
use crate::model::Family;
use crate::proto::netlink::{Address, Link, Message, Report, Table};

fn apply(book: &mut KernelTables, reports: impl IntoIterator<Item = Report>) -> bool {
    let last = reports.into_iter().map(|r| book.apply(r, secs(1))).last();
    last.unwrap_or_default()
}

fn new(text: &str) -> Report {
    Report::Message(Message::NewAddress(address(text)))
}

fn known() -> KernelTables {
    let mut book = KernelTables::default();
    for table in Table::ALL {
        let link = Report::Message(Message::NewLink(link(WAN, "wan")));
        let facts = [Report::DumpBegin(table), link, Report::DumpEnd(table)];
        let _ = apply(&mut book, facts);
    }
    book
}

fn count(book: &KernelTables) -> usize {
    book.addresses(WAN).count()
}

#[test]
fn a_dump_sweeps_away_what_it_does_not_name() {
    let mut book = known();
    let _ = apply(&mut book, [new("203.0.113.1"), new("203.0.113.2")]);
    let dump = [
        Report::DumpBegin(Table::Addresses),
        new("203.0.113.2"),
        Report::DumpEnd(Table::Addresses),
    ];
    assert!(apply(&mut book, dump));
    let left: Vec<_> = book.addresses(WAN).map(|k| k.address.address).collect();
    assert_eq!(left, [ip("203.0.113.2")]);
}

#[test]
fn one_ipv4_address_may_lead_to_several_peers() {
    let to = |peer: &str| Address { peer: ip(peer), prefix_len: 32, ..address("203.0.113.1") };
    let mut book = known();
    for peer in ["192.0.2.1", "192.0.2.2"] {
        let _ = apply(&mut book, [Report::Message(Message::NewAddress(to(peer)))]);
    }
    let _ = apply(&mut book, [Report::Message(Message::DelAddress(to("192.0.2.1")))]);
    assert_eq!(count(&book), 1);
    assert!(book.take_gone().is_empty(), "it is still there");
    let _ = apply(&mut book, [Report::Message(Message::DelAddress(to("192.0.2.2")))]);
    assert_eq!(count(&book), 0);
}

#[test]
fn an_ipv6_address_whose_peer_changes_is_still_one() {
    let mut book = known();
    for peer in ["2001:db8::1", "2001:db8::9"] {
        let new = Address { peer: ip(peer), ..address("2001:db8::1") };
        let _ = apply(&mut book, [Report::Message(Message::NewAddress(new))]);
    }
    assert_eq!(count(&book), 1);
}

#[test]
fn a_device_is_found_by_its_alternative_names_too() {
    let mut book = known();
    let other_names = vec!["enp1s0wan".to_owned(), "x".repeat(127)];
    let named = Message::NewLink(Link { other_names: other_names.clone(), ..link(WAN, "wan") });
    assert!(apply(&mut book, [Report::Message(named)]));
    for name in other_names.iter().map(String::as_str).chain(["wan"]) {
        assert_eq!(book.link(name).unwrap().name, "wan");
    }
    assert!(apply(&mut book, [Report::Message(Message::NewLink(link(WAN, "wan")))]));
    assert!(book.link("enp1s0wan").is_none());
}

#[test]
fn an_interrupted_dump_starts_again() {
    let mut book = known();
    let begin = Report::DumpBegin(Table::Addresses);
    let _ = apply(&mut book, [begin.clone(), new("203.0.113.1"), begin]);
    let end = [new("203.0.113.2"), Report::DumpEnd(Table::Addresses)];
    let _ = apply(&mut book, end);
    assert_eq!(count(&book), 1);
}

#[test]
fn a_notification_during_a_dump_is_not_swept_away() {
    let mut book = known();
    let table = Table::Addresses;
    let dump = [Report::DumpBegin(table), new("203.0.113.9"), Report::DumpEnd(table)];
    let _ = apply(&mut book, dump);
    assert_eq!(count(&book), 1);
}

#[test]
fn the_end_of_a_dump_in_which_something_was_lost_ends_no_doubt() {
    let mut book = known();
    let _ = apply(&mut book, [new("203.0.113.1")]);
    let begin = Report::DumpBegin(Table::Addresses);
    let _ = apply(&mut book, [begin, Report::Lost]);
    let end = apply(&mut book, [Report::DumpEnd(Table::Addresses)]);
    assert!(!end);
    assert!(!book.addresses_known());
    assert_eq!(count(&book), 1, "nothing is swept by half a dump");
}

#[test]
fn a_deletion_of_something_unknown_changes_nothing() {
    let mut book = known();
    let unknown = [
        Message::DelAddress(address("203.0.113.7")),
        Message::DelLink(77),
        route(WAN, "203.0.113.254").message(),
    ];
    for message in unknown {
        let changed = apply(&mut book, [Report::Message(message)]);
        assert!(!changed);
    }
}

#[test]
fn a_repeated_message_is_not_a_change() {
    let mut book = known();
    let lasting = |preferred| {
        let address = crate::proto::netlink::Address { preferred, ..address("2001:db8::1") };
        Report::Message(Message::NewAddress(address))
    };
    assert!(book.apply(lasting(600), secs(100)));
    assert!(!book.apply(lasting(590), ms(110_400)), "counted down");
    assert!(book.apply(lasting(600), secs(200)), "refreshed");
    let same = Report::Message(Message::NewLink(link(WAN, "wan")));
    assert!(!apply(&mut book, [same]));
}

#[test]
fn equal_facts_give_equal_answers_whatever_the_order() {
    let texts = ["2001:db8::3", "2001:db8::1", "2001:db8::2"];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in orders {
        let mut book = known();
        for (step, index) in (0_u64..).zip(order) {
            let address =
                crate::proto::netlink::Address { preferred: 600, ..address(texts[index]) };
            let report = Report::Message(Message::NewAddress(address));
            let _ = book.apply(report, ms(5000 + step));
        }
        let best =
            from_device(&book, &DeviceScope::device("wan"), Family::V6, Policy::default(), None);
        assert_eq!(best, Desired::Address(ip("2001:db8::1")));
    }
}

#[test]
fn a_device_that_is_renamed_is_known_by_its_new_name() {
    let mut book = known();
    let _ = apply(&mut book, [new("203.0.113.1")]);
    let renamed = Message::NewLink(link(WAN, "uplink"));
    assert!(apply(&mut book, [Report::Message(renamed)]));
    assert!(book.link("wan").is_none());
    assert_eq!(book.link("uplink").unwrap().index, WAN);
}

#[test]
fn a_device_that_returns_under_a_new_index_is_followed() {
    let mut s = Scenario::new().settled();
    s.kernel.links.clear();
    s.kernel.addresses.clear();
    s.kernel.routes.clear();
    s.report(Message::DelLink(WAN));
    s.kernel.links.insert(9, link(9, "wan"));
    s.report(Message::NewLink(link(9, "wan")));
    let mut new = address("203.0.113.5");
    new.link = 9;
    s.add(new);
    assert_eq!(s.sent(), [""; 0], "there is no route yet");
    s.route_up(route(9, "203.0.113.254"));
    assert_eq!(s.sent(), ["home.example.com 203.0.113.5"]);
}

#[test]
fn a_loss_is_answered_by_dumps_and_by_unknown() {
    let mut s = Scenario::new().settled();
    s.deaf = true;
    s.event(Event::Kernel(Report::Lost));
    assert_eq!(s.actions(), ["dump Links", "dump Addresses"]);
    s.kernel.addresses = vec![address("203.0.113.8")];
    s.force();
    assert_eq!(s.actions(), [""; 0], "nothing is sent while unknown");
    assert_eq!(s.word(), "unknown");
    s.deaf = false;
    Table::ALL.into_iter().for_each(|table| s.dump(table));
    s.run();
    assert_eq!(s.sent(), ["home.example.com 203.0.113.8"]);
}

#[test]
fn routes_that_went_without_a_word_are_noticed() {
    let mut s = Scenario::new().settled();
    s.kernel.routes.clear();
    s.lease("203.0.113.2");
    assert_eq!(s.actions(), ["cut 203.0.113.1"], "no request");
    assert_eq!(s.word(), "no-route");
    s.route_up(route(WAN, "203.0.113.254"));
    assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
}
