//! One case per sentence of the policy in [`crate::engine::select`].

use super::scenario::{WAN, address, ip, link, secs};
use crate::config::Family;
use crate::engine::book::Book;
use crate::engine::select::{Desired, Lack, Place, Policy, Rejection, candidates, from_device};
use crate::engine::{addr, select};
use crate::netlink::{Address, AddressFlags, Message, Report, Table};

const STRICT: Policy = Policy { private: false, temporary: false };
const PRIVATE: Policy = Policy { private: true, temporary: false };
const TEMPORARY: Policy = Policy { private: false, temporary: true };

fn wan() -> Place {
    Place::device("wan")
}

/// A book that knows device `wan` with these addresses.
fn book(addresses: &[Address]) -> Book {
    let mut book = Book::default();
    let links = [Message::NewLink(link(WAN, "wan"))];
    dump(&mut book, Table::Links, &links);
    let addresses: Vec<_> = addresses.iter().cloned().map(Message::NewAddress).collect();
    dump(&mut book, Table::Addresses, &addresses);
    book
}

fn dump(book: &mut Book, table: Table, messages: &[Message]) {
    let messages = messages.iter().cloned().map(Report::Message);
    let begin = std::iter::once(Report::DumpBegin(table));
    for report in begin.chain(messages).chain([Report::DumpEnd(table)]) {
        let _ = book.apply(report, secs(100));
    }
}

fn flagged(text: &str, flags: u32) -> Address {
    Address { flags: AddressFlags(flags), ..address(text) }
}

fn lasting(text: &str, preferred: u32) -> Address {
    Address { preferred, flags: AddressFlags(0), ..address(text) }
}

fn chosen(addresses: &[Address], policy: Policy, current: Option<&str>) -> Option<String> {
    let family = Family::of(addresses[0].address);
    match from_device(&book(addresses), &wan(), family, policy, current.map(ip)) {
        Desired::Address(address) => Some(address.to_string()),
        Desired::Nothing(_) => None,
        Desired::Unknown => panic!("everything is known"),
    }
}

fn verdict(address: Address, policy: Policy) -> Option<Rejection> {
    let family = Family::of(address.address);
    candidates(&book(&[address]), &wan(), family, policy)[0].rejection
}

#[test]
fn rule_1_unknown_until_the_answer_is_complete() {
    let ask = |book: &Book| from_device(book, &wan(), Family::V4, STRICT, None);
    assert_eq!(ask(&Book::default()), Desired::Unknown);
    let mut book = Book::default();
    dump(&mut book, Table::Links, &[]);
    assert_eq!(ask(&book), Desired::Unknown);
    dump(&mut book, Table::Addresses, &[]);
    assert!(matches!(ask(&book), Desired::Nothing(_)));
    let _ = book.apply(Report::Lost, secs(100));
    assert_eq!(ask(&book), Desired::Unknown);
}

#[test]
fn rule_2_a_device_is_found_by_name() {
    let book = book(&[address("203.0.113.1")]);
    let ask = |device: &str| from_device(&book, &Place::device(device), Family::V4, STRICT, None);
    assert_eq!(ask("wan"), Desired::Address(ip("203.0.113.1")));
    let missing = Lack::NoDevice("wan2".into());
    assert_eq!(ask("wan2"), Desired::Nothing(missing));
}

#[test]
fn rule_3_tentative_and_failed_addresses_are_never_taken() {
    use AddressFlags as F;
    let cases = [
        (F::TENTATIVE, Rejection::Tentative),
        (F::TENTATIVE | F::OPTIMISTIC, Rejection::Tentative),
        (F::DADFAILED, Rejection::DadFailed),
        (F::DADFAILED | F::TENTATIVE, Rejection::DadFailed),
    ];
    for (flags, why) in cases {
        assert_eq!(verdict(flagged("2001:db8::1", flags), TEMPORARY), Some(why));
    }
}

#[test]
fn rule_4_a_deprecated_address_is_never_taken() {
    let flag = flagged("2001:db8::1", AddressFlags::DEPRECATED);
    for old in [flag, lasting("2001:db8::1", 0)] {
        assert_eq!(verdict(old.clone(), STRICT), Some(Rejection::Deprecated));
        assert_eq!(chosen(&[old], STRICT, Some("2001:db8::1")), None);
    }
}

#[test]
fn rule_5_a_temporary_address_only_if_asked_for_and_then_first() {
    let stable = lasting("2001:db8::1", 7200);
    let temporary = Address {
        flags: AddressFlags(AddressFlags::SECONDARY_OR_TEMPORARY),
        ..lasting("2001:db8::2", 600)
    };
    assert_eq!(verdict(temporary.clone(), STRICT), Some(Rejection::Temporary));
    let both = [stable, temporary];
    assert_eq!(chosen(&both, STRICT, None).unwrap(), "2001:db8::1");
    assert_eq!(chosen(&both, TEMPORARY, None).unwrap(), "2001:db8::2");
}

#[test]
fn rule_6_private_addresses_only_if_allowed_and_then_last() {
    for private in ["192.168.1.2", "100.64.0.1", "127.0.0.1", "169.254.0.9"] {
        assert_eq!(chosen(&[address(private)], STRICT, None), None);
        let allowed = chosen(&[address(private)], PRIVATE, None);
        assert_eq!(allowed.unwrap(), private);
        let both = [address(private), address("203.0.113.1")];
        assert_eq!(chosen(&both, PRIVATE, Some(private)).unwrap(), "203.0.113.1");
    }
    for private in ["fd00::1", "fe80::1", "::1"] {
        assert_eq!(chosen(&[address(private)], STRICT, None), None);
    }
    assert_eq!(chosen(&[address("fe80::1")], PRIVATE, None), None, "whatever is allowed");
    assert!(addr::never_publishable(ip("ff02::1")).is_some());
    let refused = |text| Lack::Refused(ip(text), Rejection::NotPublic("x")).to_string();
    assert!(refused("192.168.1.2").ends_with("(upd_privateip '1' would)"));
    assert!(refused("fe80::1").ends_with("it is not published"));
}

#[test]
fn rule_7_a_primary_address_wins_over_a_secondary_one() {
    let secondary = flagged("203.0.113.1", AddressFlags::SECONDARY_OR_TEMPORARY);
    let primary = lasting("203.0.113.2", 600);
    let both = [secondary, primary];
    for current in [None, Some("203.0.113.1"), Some("203.0.113.2")] {
        assert_eq!(chosen(&both, STRICT, current).unwrap(), "203.0.113.2");
    }
}

#[test]
fn rule_8_the_longest_preferred_lifetime_wins() {
    let both = [lasting("2001:db8::1", 600), lasting("2001:db8::2", 7200)];
    assert_eq!(chosen(&both, STRICT, None).unwrap(), "2001:db8::2");
    let for_ever = [both[1].clone(), lasting("2001:db8::3", u32::MAX)];
    assert_eq!(chosen(&for_ever, STRICT, None).unwrap(), "2001:db8::3");
}

#[test]
fn rule_9_the_kernels_order_for_ipv4_the_lower_address_for_ipv6() {
    let v4 = [address("203.0.113.9"), address("203.0.113.1")];
    assert_eq!(chosen(&v4, STRICT, None).unwrap(), "203.0.113.9");
    let v6 = [address("2001:db8::9"), address("2001:db8::1")];
    assert_eq!(chosen(&v6, STRICT, None).unwrap(), "2001:db8::1");
}

#[test]
fn rule_10_the_published_address_stays_until_another_lasts_much_longer() {
    let held = Some("2001:db8::1");
    for (other, expected) in [(1100, 1), (1200, 1), (1201, 2), (u32::MAX, 2)] {
        let both = [lasting("2001:db8::1", 600), lasting("2001:db8::2", other)];
        let best = chosen(&both, STRICT, held).unwrap();
        assert_eq!(best, format!("2001:db8::{expected}"), "{other}");
    }
}

#[test]
fn rule_10_an_address_that_appears_with_a_longer_life_takes_over() {
    let mut book = book(&[lasting("2001:db8::1", 600)]);
    let new = Message::NewAddress(lasting("2001:db8::2", 700));
    let _ = book.apply(Report::Message(new), secs(101));
    let best = from_device(&book, &wan(), Family::V6, STRICT, Some(ip("2001:db8::1")));
    assert_eq!(best, Desired::Address(ip("2001:db8::2")));
}

#[test]
fn addresses_of_one_advertisement_last_equally_long() {
    // The messages come in turn, and the kernel counts in whole seconds.
    let mut book = book(&[]);
    for (text, at) in [("2001:db8::1", 100_000), ("2001:db8::2", 100_900)] {
        let new = Report::Message(Message::NewAddress(lasting(text, 600)));
        let _ = book.apply(new, super::scenario::ms(at));
    }
    let held = Some(ip("2001:db8::1"));
    let best = from_device(&book, &wan(), Family::V6, STRICT, held);
    assert_eq!(best, Desired::Address(ip("2001:db8::1")));
}

#[test]
fn an_address_from_outside_is_judged_too() {
    let accepts = |text: &str, policy| {
        let answer = select::from_outside(ip(text), policy);
        matches!(answer, Desired::Address(_))
    };
    assert!(accepts("203.0.113.1", STRICT));
    assert!(!accepts("192.168.1.1", STRICT));
    assert!(accepts("192.168.1.1", PRIVATE));
    assert!(!accepts("0.0.0.0", PRIVATE));
    assert!(!accepts("ff02::1", PRIVATE));
}
