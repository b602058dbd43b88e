//! Hosts of the local network: which prefix, which address, and what leaves when.

use proptest::prelude::*;

use super::scenario::*;
use crate::config::host::{Lan, LanHost};
use crate::config::{Section, Source};
use crate::engine::event::Event;
use crate::model::Family;
use crate::model::mac::Mac;
use crate::proto::leases::Lease;
use crate::proto::netlink::{Address, AddressFlags, IfIndex};
use crate::proto::ubus::netifd::Network;
use crate::provider::Mechanism;
use crate::provider::api::{Api, Base, Publishing};
use crate::provider::{Batch, Outcome};

pub(super) const LAN: IfIndex = 5;
const TV: &str = "02:00:00:00:00:01";

static ZONE: Api = Api {
    name: "zone",
    aliases: &[],
    title: "Zone",
    base: Base::Https("api.example.net"),
    needs: &[],
    batch: Batch::Account(100),
    rate: None,
    remark: "",
    publish: Publishing::CodeTogether(|_| Ok(())),
};

pub(super) fn hosts(list: &[&str]) -> Lan {
    let hosts = list.iter().map(|text| LanHost::parse(text).unwrap()).collect();
    Lan { network: "br-lan".into(), hosts }
}

/// An address of the router in the hosts' network, preferred for so many seconds.
pub(super) fn lan(text: &str, preferred: u32) -> Address {
    Address { link: LAN, preferred, ..address(text) }
}

/// A router whose section has these hosts and no name of its own. Its provider takes all records at once.
pub(super) fn router(list: &[&str]) -> Scenario {
    let only_hosts = |s: &mut Section| {
        s.names.clear();
        s.families.clear();
        s.lan = hosts(list);
        s.provider.mechanism = Mechanism::Api(&ZONE);
        s.timing.min_interval = secs(0);
    };
    Scenario::new().with(only_hosts).kernel(|k| {
        k.links.insert(LAN, link(LAN, "br-lan"));
    })
}

fn seen(s: &mut Scenario, mac: &str, address: &str) {
    let mac = Mac::parse(mac).unwrap();
    let seen = vec![(mac, address.parse().unwrap())];
    s.neighbours.extend(&seen);
    s.event(Event::Neighbours { seen, is_end: false });
    s.pass(MINUTE);
}

/// The address that the first host should have.
fn desired(s: &Scenario) -> String {
    let status = s.engine.status(s.now);
    status.sections[0].records[0].desired.map(|address| address.to_string()).unwrap_or_default()
}

#[test]
fn the_address_of_a_suffix_is_the_networks_prefix_and_the_suffix() {
    let list = ["nas.example.org=::cafe", "far.example.org=::7:0:0:0:1/56"];
    let mut s = router(&list).kernel(|k| k.addresses.push(lan("2001:db8:0:12::1", 600))).start();
    s.pass(MINUTE);
    assert_eq!(
        s.sent(),
        ["nas.example.org 2001:db8:0:12::cafe", "far.example.org 2001:db8:0:7::1"]
    );
}

#[test]
fn a_new_prefix_sends_all_hosts_in_one_job() {
    let list: Vec<String> = (1..=50).map(|i| format!("h{i}.example.org=::{i:x}")).collect();
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let mut s = router(&list).kernel(|k| k.addresses.push(lan("2001:db8:0:1::1", 600))).settled();
    s.jobs.clear();
    s.add(lan("2001:db8:0:1::1", 0));
    assert_eq!(s.jobs.len(), 0, "no other prefix is there yet");
    s.add(lan("2001:db8:0:2::1", 600));
    assert_eq!(s.jobs.iter().map(|job| job.changes.len()).collect::<Vec<_>>(), [50]);
    let addresses = |job: &crate::provider::Job| {
        job.changes.iter().filter_map(|c| c.address()).collect::<Vec<_>>()
    };
    assert!(addresses(&s.jobs[0]).contains(&ip("2001:db8:0:2::32")));
}

#[test]
fn the_prefix_of_the_line_to_the_provider_does_not_count() {
    let mut s = router(&["nas.example.org=::cafe"]);
    s.kernel.addresses.push(address("2001:db8:ffff::1"));
    let mut s = s.start();
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
    assert_eq!(s.word(), "no-address");
    assert!(s.state().1.contains("'br-lan' has no IPv6 address"), "{:?}", s.state());
}

#[test]
fn a_tentative_address_of_the_router_tells_the_prefix_and_a_deprecated_one_does_not() {
    let mut s = router(&["nas.example.org=::cafe"]).start();
    let tentative = AddressFlags(AddressFlags::TENTATIVE);
    s.add(Address { flags: tentative, ..lan("2001:db8:0:1::1", 600) });
    assert_eq!(s.sent(), ["nas.example.org 2001:db8:0:1::cafe"]);
    let mut s = router(&["nas.example.org=::cafe"]).start();
    s.add(lan("2001:db8:0:1::1", 0));
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
    assert!(s.state().1.contains("deprecated"), "{:?}", s.state());
}

#[test]
fn a_private_prefix_counts_only_if_allowed_and_only_without_a_public_one() {
    let ula = |allowed: bool| {
        let mut s = router(&["nas.example.org=::cafe"]).with(|s| s.private_addresses = allowed);
        s.kernel.addresses.push(lan("fd00:1::1", u32::MAX));
        s.start()
    };
    let mut s = ula(false);
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
    assert!(s.state().1.contains("unique local"), "{:?}", s.state());
    let mut s = ula(true);
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["nas.example.org fd00:1::cafe"]);
    s.add(lan("2001:db8:0:1::1", 600));
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["nas.example.org 2001:db8:0:1::cafe"]);
}

#[test]
fn of_two_prefixes_the_one_in_use_stays_until_another_is_preferred_for_much_longer() {
    let mut s = router(&["nas.example.org=::cafe"]);
    s.kernel.addresses.push(lan("2001:db8:0:2::1", 3000));
    s.kernel.addresses.push(lan("2001:db8:0:1::1", 1800));
    let mut s = s.start();
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["nas.example.org 2001:db8:0:2::cafe"]);
    for lifetime in [2000, 3000, 4000] {
        s.add(lan("2001:db8:0:1::1", lifetime));
        s.add(lan("2001:db8:0:2::1", 3000));
        s.pass(MINUTE);
    }
    assert_eq!(s.sent(), [""; 0], "two lines refresh their prefixes in turn");
    // The old line's announcement was lost: the new prefix comes beside the old one.
    s.add(lan("2001:db8:0:3::1", 5000));
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["nas.example.org 2001:db8:0:3::cafe"]);
}

#[test]
fn netifd_says_which_prefix_belongs_to_the_network() {
    let mut s = router(&["nas.example.org=::cafe"]).with(|s| s.lan.network = "lan".into());
    s.netifd = Some(Default::default());
    s.kernel.addresses.push(lan("2001:db8:0:1::1", 600));
    s.kernel.addresses.push(lan("2001:db8:0:2::1", 9000));
    s.kernel.addresses.push(lan("2001:db8:0:3::1", 9000));
    let mut s = s.start();
    let network = |own: &[&str], assigned: &[&str]| Network {
        device: Some("br-lan".into()),
        addresses: own.iter().map(|text| ip(text)).collect(),
        assigned: assigned.iter().map(|text| ip(text)).collect(),
    };
    let networks = [
        ("guest".to_owned(), network(&[], &["2001:db8:0:3::1"])),
        ("lan".to_owned(), network(&["2001:db8:0:2::1"], &["2001:db8:0:1::1"])),
    ];
    s.event(Event::Netifd(Some(networks.into_iter().collect())));
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["nas.example.org 2001:db8:0:1::cafe"]);
}

#[test]
fn a_name_of_both_kinds_has_the_routers_ipv4_address_and_the_hosts_ipv6_address() {
    let both = |s: &mut Section| {
        s.families = vec![Family::V4, Family::V6];
        s.lan = hosts(&["home.example.com=::cafe", "nas.example.org=::1"]);
    };
    let mut s = Scenario::new().with(both).kernel(|k| {
        k.links.insert(LAN, link(LAN, "br-lan"));
        k.addresses.push(address("2001:db8:ffff::1"));
        k.addresses.push(lan("2001:db8:0:1::1", 600));
    });
    s = s.start();
    s.pass(MINUTE);
    let mut sent = s.sent();
    sent.sort();
    assert_eq!(
        sent,
        [
            "home.example.com 2001:db8:0:1::cafe",
            "home.example.com 203.0.113.1",
            "nas.example.org 2001:db8:0:1::1"
        ]
    );
}

#[test]
fn a_provider_with_single_updates_gets_the_hosts_one_after_another() {
    let mut s = router(&["a.example.org=::a", "b.example.org=::b"]).with(|s| {
        s.provider.mechanism = section().provider.mechanism;
        s.source = Source::Device("wan".into());
    });
    s.kernel.addresses.push(lan("2001:db8:0:1::1", 600));
    let mut s = s.silent().start();
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["a.example.org 2001:db8:0:1::a"]);
    s.answer(Outcome::Updated);
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["b.example.org 2001:db8:0:1::b"]);
}

#[test]
fn a_prefix_that_is_lost_leaves_the_record_unless_it_is_to_be_removed() {
    let lost = |remove: bool| {
        let mut s = router(&["nas.example.org=::cafe"])
            .with(|s| s.timing.remove_after = if remove { Some(MINUTE) } else { None })
            .kernel(|k| k.addresses.push(lan("2001:db8:0:1::1", 600)))
            .settled();
        s.remove("2001:db8:0:1::1");
        let said = s.said();
        assert!(said.iter().any(|text| text.contains("'br-lan' has no IPv6 address")), "{said:?}");
        s.pass(HOUR);
        s.actions()
    };
    assert_eq!(lost(false), [""; 0]);
    assert!(lost(true).contains(&"remove nas.example.org AAAA".to_owned()));
}

fn tv() -> Scenario {
    router(&[&format!("tv.example.org={TV}")])
        .kernel(|k| k.addresses.push(lan("2001:db8:0:1::1", 600)))
        .settled()
}

#[test]
fn a_host_of_which_nothing_was_seen_has_its_eui_64_address() {
    let mut s = tv();
    assert_eq!(desired(&s), "2001:db8:0:1:0:ff:fe00:1");
    s.add(lan("2001:db8:0:1::1", 0));
    s.add(lan("2001:db8:0:2::1", 600));
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["tv.example.org 2001:db8:0:2:0:ff:fe00:1"]);
}

#[test]
fn an_address_that_was_seen_counts_more_and_the_newest_does_not() {
    let mut s = tv();
    seen(&mut s, TV, "2001:db8:0:1::aaaa");
    assert_eq!(s.sent(), ["tv.example.org 2001:db8:0:1::aaaa"]);
    for temporary in 1..20 {
        seen(&mut s, TV, &format!("2001:db8:0:1::{temporary}"));
    }
    assert_eq!(s.sent(), [""; 0]);
    seen(&mut s, TV, "2001:db8:0:1:0:ff:fe00:1");
    assert_eq!(s.sent(), ["tv.example.org 2001:db8:0:1:0:ff:fe00:1"]);
    seen(&mut s, TV, "2001:db8:0:1::bbbb");
    seen(&mut s, TV, "2001:db8:0:1::aaaa");
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn addresses_of_others_and_of_other_networks_do_not_count() {
    let mut s = tv();
    seen(&mut s, "02:00:00:00:00:02", "2001:db8:0:1::2");
    seen(&mut s, TV, "2001:db8:0:9::aaaa");
    seen(&mut s, TV, "fe80::1");
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn a_host_that_uses_its_eui_64_keeps_it_whatever_temporary_addresses_come() {
    let mut s = tv();
    seen(&mut s, TV, "2001:db8:0:1:0:ff:fe00:1");
    seen(&mut s, TV, "fd00::ff:fe00:1");
    for temporary in 1..20 {
        seen(&mut s, TV, &format!("2001:db8:0:1::{temporary}"));
        seen(&mut s, TV, &format!("fd00::{temporary}"));
    }
    assert_eq!(s.sent(), [""; 0]);
    // In a new prefix, too, a temporary address may be seen first.
    s.add(lan("2001:db8:0:1::1", 0));
    s.add(lan("2001:db8:0:2::1", 600));
    seen(&mut s, TV, "2001:db8:0:2::aaaa");
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["tv.example.org 2001:db8:0:2:0:ff:fe00:1"]);
}

#[test]
fn a_host_that_chooses_its_identifiers_is_awaited_in_a_new_prefix() {
    let mut s = tv();
    seen(&mut s, TV, "2001:db8:0:1::aaaa");
    s.sent();
    s.add(lan("2001:db8:0:1::1", 0));
    s.add(lan("2001:db8:0:2::1", 600));
    s.pass(MINUTE);
    assert_eq!(s.sent(), [""; 0], "no address is invented");
    assert!(s.state().1.contains(TV), "{:?}", s.state());
    seen(&mut s, TV, "2001:db8:0:2::bbbb");
    assert_eq!(s.sent(), ["tv.example.org 2001:db8:0:2::bbbb"]);
}

#[test]
fn the_published_address_stays_after_a_restart_although_nothing_was_seen_yet() {
    let mut s = tv();
    seen(&mut s, TV, "2001:db8:0:1::aaaa");
    let mut s = s.restart(MINUTE);
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
    seen(&mut s, TV, "2001:db8:0:1::bbbb");
    assert_eq!(s.sent(), [""; 0]);
    assert_eq!(desired(&s), "2001:db8:0:1::aaaa");
}

#[test]
fn another_host_of_the_same_name_does_not_keep_the_address() {
    let other = "tv.example.org=02:00:00:00:00:02";
    let mut s = tv();
    seen(&mut s, TV, "2001:db8:0:1::aaaa");
    s.sent();
    s.reconfigure(|section| section.lan = hosts(&[other]));
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["tv.example.org 2001:db8:0:1:0:ff:fe00:2"]);
    let mut s = tv();
    seen(&mut s, TV, "2001:db8:0:1::aaaa");
    s.config.sections[0].lan = hosts(&[other]);
    let mut s = s.restart(MINUTE);
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["tv.example.org 2001:db8:0:1:0:ff:fe00:2"]);
}

#[test]
fn why_names_the_prefix_the_source_and_the_rule_of_the_firewall() {
    let of_tv = format!("tv.example.org={TV}");
    let list = ["nas.example.org=::7:0:0:0:2/56", of_tv.as_str()];
    let mut s = router(&list).with(|s| s.lan.network = "lan".into());
    s.netifd = Some(Default::default());
    s.kernel.addresses.push(lan("2001:db8:0:1::1", 600));
    let mut s = s.start();
    s.network("lan", Some("br-lan"), &["2001:db8:0:1::1"]);
    s.pass(MINUTE);
    let why = |s: &Scenario, name: &str| s.engine.why(name, s.now, &mut |at| format!("[{at}]"));
    let text = why(&s, "nas.example.org").unwrap();
    for part in [
        "nas.example.org AAAA",
        "prefix of the hosts: 2001:db8:0:1::/64 (br-lan has 2001:db8:0:1::1)",
        "nas.example.org: 2001:db8:0:7::2, the prefix, and the end that the owner gave",
        "option dest 'lan'",
        "option dest_ip '::7:0:0:0:2/-56'",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("tv.example.org"), "{text}");
    let text = why(&s, "home").unwrap();
    assert!(text.contains("hosts of network lan"), "{text}");
    assert!(text.contains("tv.example.org: 2001:db8:0:1:0:ff:fe00:1, made of"), "{text}");
    assert!(!text.contains("config rule"), "{text}");
    seen(&mut s, TV, "2001:db8:0:1:0:ff:fe00:1");
    let text = why(&s, "tv.example.org").unwrap();
    assert!(text.contains("seen in the neighbour table"), "{text}");
    assert!(text.contains("option dest_ip '::ff:fe00:1/-64'"), "{text}");
    s.remove("2001:db8:0:1::1");
    let text = why(&s, "home").unwrap();
    assert!(text.contains("prefix of the hosts: none: 'br-lan' has no IPv6 address"), "{text}");
    assert_eq!(why(&s, "other.example.org"), None);
}

/// `/etc/config/dhcp`.
fn dhcp(s: &mut Scenario, text: &str) {
    s.files.insert("/etc/config/dhcp".into(), text.into());
}

fn lease(address: &str, name: &str, duid: &str) -> Lease {
    Lease { address: ip(address), name: name.into(), mac: None, duid: duid.into() }
}

fn pc() -> Scenario {
    router(&["pc.example.org=@pc"]).kernel(|k| k.addresses.push(lan("2001:db8:0:1::1", 600)))
}

#[test]
fn a_host_of_the_dhcp_server_has_the_suffix_that_the_owner_gave_there() {
    let mut s = pc();
    dhcp(&mut s, "config host\n\toption name 'PC'\n\toption hostid 'cafe'\n");
    let mut s = s.start();
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["pc.example.org 2001:db8:0:1::cafe"]);
    s.event(Event::FileRead(
        "/etc/config/dhcp".into(),
        Some("config host 'pc'\n\toption hostid 'beef'\n".into()),
    ));
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["pc.example.org 2001:db8:0:1::beef"]);
}

#[test]
fn a_lease_of_odhcpd_is_found_by_name_identifier_or_hardware_address() {
    for (file, name, duid) in [
        ("", "pc", "0004aa"),
        ("config host 'pc'\n\toption duid '00:04:AA%1'\n", "other", "0004aa"),
        ("config host 'pc'\n\toption mac '02:00:00:00:00:01'\n", "other", "00030001020000000001"),
    ] {
        let mut s = pc();
        dhcp(&mut s, file);
        s.leases = vec![
            lease("2001:db8:0:9::10", name, duid),
            lease("2001:db8:0:1::10", name, duid),
            lease("2001:db8:0:1::11", "laptop", "0004bb"),
        ];
        let mut s = s.start();
        s.pass(MINUTE);
        assert_eq!(s.sent(), ["pc.example.org 2001:db8:0:1::10"], "{file}");
        s.event(Event::Leases(vec![]));
        s.pass(HOUR);
        assert_eq!(s.sent(), [""; 0], "the host is off: its record stays");
        s.event(Event::Leases(vec![lease("2001:db8:0:1::12", name, duid)]));
        s.pass(MINUTE);
        assert_eq!(s.sent(), ["pc.example.org 2001:db8:0:1::12"]);
    }
}

#[test]
fn another_device_with_the_name_of_a_host_does_not_get_its_record() {
    let mut s = pc();
    dhcp(&mut s, "config host 'pc'\n\toption mac '02:00:00:00:00:01'\n");
    let mut s = s.start();
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["pc.example.org 2001:db8:0:1:0:ff:fe00:1"]);
    s.event(Event::Leases(vec![lease("2001:db8:0:1::bad", "pc", "0004bad")]));
    s.pass(MINUTE);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn a_lease_of_dnsmasq_is_found_in_its_file() {
    let mut s = pc();
    dhcp(&mut s, "config dnsmasq\n\toption leasefile '/tmp/leases'\n");
    let mut s = s.start();
    s.pass(MINUTE);
    assert_eq!(s.sent(), [""; 0]);
    assert!(s.state().1.contains("'pc'"), "{:?}", s.state());
    let mut read = |text: &str| {
        s.event(Event::FileRead("/tmp/leases".into(), Some(text.into())));
        s.pass(MINUTE);
        s.sent()
    };
    let v6 = "1732956000 12 2001:db8:0:1::10 pc 00:04:aa\n";
    assert_eq!(read(v6), ["pc.example.org 2001:db8:0:1::10"]);
    assert_eq!(read(""), [""; 0]);
}

#[test]
fn the_hardware_address_of_a_name_comes_from_its_lease_of_ipv4() {
    let mut s = pc();
    dhcp(&mut s, "config dnsmasq\n\toption leasefile '/tmp/leases'\n");
    let mut s = s.start();
    s.pass(MINUTE);
    s.neighbours.push((Mac::parse(TV).unwrap(), "2001:db8:0:1::aaaa".parse().unwrap()));
    let text = format!("1732956000 {TV} 192.0.2.9 pc *\n");
    s.event(Event::FileRead("/tmp/leases".into(), Some(text)));
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["pc.example.org 2001:db8:0:1::aaaa"]);
}

#[test]
fn nothing_is_sent_for_a_host_until_all_is_read_in_which_it_may_be_found() {
    let mut s = router(&[&format!("tv.example.org={TV}")]);
    s.kernel.addresses.push(lan("2001:db8:0:1::1", 600));
    s.neighbours.push((Mac::parse(TV).unwrap(), "2001:db8:0:1::aaaa".parse().unwrap()));
    let mut s = s.start();
    s.pass(MINUTE);
    assert_eq!(s.sent(), ["tv.example.org 2001:db8:0:1::aaaa"], "not the EUI-64 first");
}

#[test]
fn a_host_that_was_seen_with_another_address_is_asked_for_its_eui_64() {
    let mut s = tv();
    let mac = Mac::parse(TV).unwrap();
    let seen = vec![(mac, "2001:db8:0:1::aaaa".parse().unwrap())];
    s.event(Event::Neighbours { seen: seen.clone(), is_end: false });
    assert!(s.actions().contains(&"probe 2001:db8:0:1:0:ff:fe00:1".to_owned()));
    s.event(Event::Neighbours { seen, is_end: false });
    assert_eq!(s.actions(), [""; 0], "it is no news");
}

#[test]
fn suffixes_need_neither_files_nor_neighbours() {
    let mut s = router(&["nas.example.org=::cafe"]).start();
    let actions = s.actions();
    let is_watch = |action: &String| action.starts_with("watch") || action.starts_with("follow");
    assert!(!actions.iter().any(is_watch), "{actions:?}");
}

#[derive(Clone, Debug)]
enum Happening {
    Seen(u8, u8),
    Leases(Vec<(u8, u8)>),
    Prefix(u8),
    Restart,
    Time,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (1_u8..4, 0_u8..6).prop_map(|(prefix, end)| Happening::Seen(prefix, end)),
        1 => proptest::collection::vec((1_u8..4, 0_u8..3), 0..3).prop_map(Happening::Leases),
        1 => (1_u8..4).prop_map(Happening::Prefix),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Time),
    ]
}

/// An address in a prefix; end 0 is the EUI-64 of [`TV`].
fn end_in(prefix: u8, end: u8) -> String {
    match end {
        0 => format!("2001:db8:0:{prefix}:0:ff:fe00:1"),
        _ => format!("2001:db8:0:{prefix}::{end}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// In whatever order things happen: while the prefix stays, the address changes at most once for each
    /// better kind of knowledge, and it is always in the prefix.
    #[test]
    fn an_address_never_flaps(happenings in proptest::collection::vec(happening(), 1..60)) {
        let mut s = tv();
        let duid = "00030001020000000001";
        let (mut prefix, mut changes, mut leased) = (1, 0, 0);
        let mut last = desired(&s);
        for happening in happenings {
            match happening {
                Happening::Seen(prefix, end) => seen(&mut s, TV, &end_in(prefix, end)),
                Happening::Leases(list) => {
                    let list = list.iter().map(|(prefix, end)| lease(&format!("2001:db8:0:{prefix}::d{end}"), "", duid));
                    s.leases = list.collect();
                    leased += 1;
                    s.event(Event::Leases(s.leases.clone()));
                }
                Happening::Prefix(new) if new != prefix => {
                    s.add(lan(&format!("2001:db8:0:{prefix}::1"), 0));
                    s.add(lan(&format!("2001:db8:0:{new}::1"), 600));
                    (prefix, changes, leased) = (new, 0, 0);
                    s.pass(MINUTE);
                    last = desired(&s);
                }
                Happening::Prefix(_) => {}
                Happening::Restart => s = s.restart(MINUTE),
                Happening::Time => s.pass(HOUR),
            }
            s.pass(MINUTE);
            let now = desired(&s);
            // After a restart the host may be awaited.
            if now != last && !now.is_empty() {
                changes += 1;
                prop_assert!(now.starts_with(&format!("2001:db8:0:{prefix}:")), "{now}");
            }
            last = now;
            // Awaited, seen, leased, EUI-64: one step each, and one for each new lease.
            prop_assert!(changes <= 4 + leased, "{changes} changes");
        }
    }
}
