//! One case per sentence of the policy in [`crate::engine::select`].

use super::scenario::{WAN, address, ip, link, secs};
use crate::engine::book::KernelTables;
use crate::engine::scope::DeviceScope;
use crate::engine::select::{self, Desired, NoAddress, Policy, Rejection, candidates, from_device};
use crate::model::Family;
use crate::model::address;
use crate::proto::netlink::{Address, AddressFlags, Message, Report, Table};

const STRICT: Policy = Policy { private: false, temporary: false };
const PRIVATE: Policy = Policy { private: true, temporary: false };
const TEMPORARY: Policy = Policy { private: false, temporary: true };

fn wan() -> DeviceScope<'static> {
    DeviceScope::device("wan")
}

/// A book that knows device `wan` with these addresses.
fn book(addresses: &[Address]) -> KernelTables {
    let mut book = KernelTables::default();
    let links = [Message::NewLink(link(WAN, "wan"))];
    dump(&mut book, Table::Links, &links);
    let addresses: Vec<_> = addresses.iter().cloned().map(Message::NewAddress).collect();
    dump(&mut book, Table::Addresses, &addresses);
    book
}

fn dump(book: &mut KernelTables, table: Table, messages: &[Message]) {
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
    let ask = |book: &KernelTables| from_device(book, &wan(), Family::V4, STRICT, None);
    assert_eq!(ask(&KernelTables::default()), Desired::Unknown);
    let mut book = KernelTables::default();
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
    let ask =
        |device: &str| from_device(&book, &DeviceScope::device(device), Family::V4, STRICT, None);
    assert_eq!(ask("wan"), Desired::Address(ip("203.0.113.1")));
    let missing = NoAddress::no_device("wan2");
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
fn rule_4_a_deprecated_ipv6_address_is_never_taken_and_an_ipv4_one_last() {
    let flag = flagged("2001:db8::1", AddressFlags::DEPRECATED);
    for old in [flag, lasting("2001:db8::1", 0)] {
        assert_eq!(verdict(old.clone(), STRICT), Some(Rejection::Deprecated));
        assert_eq!(chosen(&[old], STRICT, Some("2001:db8::1")), None);
    }
    for old in [flagged("203.0.113.1", AddressFlags::DEPRECATED), lasting("203.0.113.1", 0)] {
        assert_eq!(chosen(std::slice::from_ref(&old), STRICT, None).unwrap(), "203.0.113.1");
        let both = [old, address("203.0.113.2")];
        assert_eq!(chosen(&both, STRICT, Some("203.0.113.1")).unwrap(), "203.0.113.2");
    }
}

#[test]
fn rule_5_a_temporary_address_only_if_asked_for_and_then_last() {
    let stable = lasting("2001:db8::1", 7200);
    let temporary = Address {
        flags: AddressFlags(AddressFlags::SECONDARY_OR_TEMPORARY),
        ..lasting("2001:db8::2", 9000)
    };
    assert_eq!(verdict(temporary.clone(), STRICT), Some(Rejection::Temporary));
    assert_eq!(chosen(std::slice::from_ref(&temporary), TEMPORARY, None).unwrap(), "2001:db8::2");
    let both = [stable, temporary];
    for current in [None, Some("2001:db8::2")] {
        assert_eq!(chosen(&both, STRICT, current).unwrap(), "2001:db8::1");
        assert_eq!(chosen(&both, TEMPORARY, current).unwrap(), "2001:db8::1");
    }
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
    assert!(address::never_publishable(ip("ff02::1")).is_some());
}

#[test]
fn rule_6_an_address_of_scope_host_or_link_is_for_nobody_outside() {
    for (scope, taken) in [(0, true), (200, true), (253, false), (254, false)] {
        let scoped = |text: &str| Address { scope, ..address(text) };
        let verdict = verdict(scoped("203.0.113.1"), PRIVATE);
        assert_eq!(verdict, (!taken).then_some(Rejection::Scope), "{scope}");
        // avahi-autoipd and zcip give it scope link.
        assert!(chosen(&[scoped("169.254.0.9")], PRIVATE, None).is_some());
    }
}

#[test]
fn advice_is_what_helps() {
    let refused = |text| NoAddress::refused(ip(text), Rejection::NotPublic("x")).to_string();
    for private in ["192.168.1.2", "10.0.0.1", "172.16.0.1"] {
        assert!(refused(private).contains("ip_source 'gateway'"), "{private}");
    }
    for shared in ["100.64.0.1", "192.0.0.2", "192.0.0.4"] {
        let text = refused(shared);
        assert!(text.contains("nobody can reach") && text.contains("IPv6"), "{text}");
    }
    assert!(refused("fe80::1").ends_with("it is not published"));
    assert!(refused("100.128.0.1").ends_with("it is not published"));
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
fn rule_7_the_first_address_wins_whatever_its_lifetime() {
    let lease = lasting("203.0.113.10", 3600);
    let floating = Address { prefix_len: 32, ..lasting("203.0.113.200", u32::MAX) };
    let at_start = [lease.clone(), floating.clone()];
    for current in [None, Some("203.0.113.200"), Some("203.0.113.10")] {
        assert_eq!(chosen(&at_start, STRICT, current).unwrap(), "203.0.113.10");
    }
    let mut book = book(&[lease]);
    let _ = book.apply(Report::Message(Message::NewAddress(floating)), secs(101));
    let best = from_device(&book, &wan(), Family::V4, STRICT, Some(ip("203.0.113.10")));
    assert_eq!(best, Desired::Address(ip("203.0.113.10")));
}

#[test]
fn rule_7_a_secondary_address_that_becomes_primary_is_the_last_of_those() {
    // What Linux does with promote_secondaries: 203.0.113.1 goes, .2 takes its place in the subnet.
    let secondary = flagged("203.0.113.2", AddressFlags::SECONDARY_OR_TEMPORARY);
    let mut by_events = book(&[address("203.0.113.1"), secondary, address("198.51.100.1")]);
    for message in
        [Message::DelAddress(address("203.0.113.1")), Message::NewAddress(address("203.0.113.2"))]
    {
        let _ = by_events.apply(Report::Message(message), secs(101));
    }
    let at_start = book(&[address("198.51.100.1"), address("203.0.113.2")]);
    for book in [by_events, at_start] {
        let best = from_device(&book, &wan(), Family::V4, STRICT, Some(ip("203.0.113.1")));
        assert_eq!(best, Desired::Address(ip("198.51.100.1")));
    }
}

#[test]
fn rule_7_after_a_dump_its_order_counts() {
    let mut book = book(&[address("203.0.113.1"), address("198.51.100.1")]);
    let listed = [address("198.51.100.1"), address("203.0.113.1")].map(Message::NewAddress);
    dump(&mut book, Table::Addresses, &listed);
    let best = from_device(&book, &wan(), Family::V4, STRICT, Some(ip("203.0.113.1")));
    assert_eq!(best, Desired::Address(ip("198.51.100.1")));
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
        let answer = select::from_outside(ip(text), "", policy);
        matches!(answer, Desired::Address(_))
    };
    assert!(accepts("203.0.113.1", STRICT));
    assert!(!accepts("192.168.1.1", STRICT));
    assert!(accepts("192.168.1.1", PRIVATE));
    assert!(!accepts("0.0.0.0", PRIVATE));
    assert!(!accepts("ff02::1", PRIVATE));
}
