//! The netlink socket with a real kernel, each test in a network namespace of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests"
)]

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "reads the environment; prints the output of the test in its namespace"
)]
#[path = "support/netns.rs"]
mod netns;

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use ddns_netlink::edge::clock;
use ddns_netlink::edge::netlink::socket::Socket;
use ddns_netlink::edge::netlink::way::Routes;
use ddns_netlink::edge::runtime::wait;
use ddns_netlink::model::Family;
use ddns_netlink::proto::netlink::{
    Address, AddressFlags, IfIndex, Link, Message, NoWay, Report, Table, Way,
};
use netns::{index, ip, ip_batch};
use rtnetlink::sys;
use tokio::time::timeout;

/// How long a test waits for the kernel; only a very busy machine needs nearly so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `body` inside a network namespace and a runtime.
fn inside(test: &str, body: impl AsyncFnOnce()) {
    netns::run(test, || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async { timeout(PATIENCE * 3, body()).await.unwrap() });
    });
}

/// The next report, however long that takes.
async fn next_report(socket: &mut Socket) -> io::Result<Report> {
    loop {
        if let Some(report) = socket.next_report()? {
            return Ok(report);
        }
        let now = clock::uptime();
        let pause = socket.deadline().map(|deadline| deadline.saturating_sub(now));
        wait(pause, &mut |context| socket.is_ready(now, context)).await;
    }
}

async fn next(socket: &mut Socket) -> Report {
    timeout(PATIENCE, next_report(socket))
        .await
        .expect("the kernel sends a message")
        .expect("the socket works")
}

/// Waits for a message for which `wanted` returns something.
async fn wait_for<T>(socket: &mut Socket, mut wanted: impl FnMut(&Message) -> Option<T>) -> T {
    loop {
        if let Report::Message(message) = next(socket).await
            && let Some(found) = wanted(&message)
        {
            return found;
        }
    }
}

fn new_address(text: &str) -> impl Fn(&Message) -> Option<Address> + use<> {
    let wanted: IpAddr = text.parse().unwrap();
    move |message| match message {
        Message::NewAddress(address) if address.address == wanted => Some(address.clone()),
        _ => None,
    }
}

fn del_address(text: &str) -> impl Fn(&Message) -> Option<Address> + use<> {
    let wanted: IpAddr = text.parse().unwrap();
    move |message| match message {
        Message::DelAddress(address) if address.address == wanted => Some(address.clone()),
        _ => None,
    }
}

fn new_link(name: &str) -> impl Fn(&Message) -> Option<Link> + use<> {
    let wanted = name.to_owned();
    move |message| match message {
        Message::NewLink(link) if link.name == wanted => Some(link.clone()),
        _ => None,
    }
}

/// The links and addresses that a receiver has after it has followed every [`Report`]. During a
/// dump they are collected a second time; at its end those that were not dumped are dropped.
#[derive(Debug, Default)]
struct Known {
    links: BTreeSet<(IfIndex, String)>,
    addresses: BTreeSet<(IfIndex, IpAddr)>,
    marked: Option<(Table, Box<Known>)>,
    ended: Vec<Table>,
    lost: usize,
}

impl Known {
    fn take(&mut self, report: Report, socket: &mut Socket) {
        match report {
            Report::Message(message) => {
                if let Some((_, marked)) = &mut self.marked {
                    marked.apply(&message);
                }
                self.apply(&message);
            }
            Report::DumpBegin(table) => self.marked = Some((table, Box::default())),
            Report::DumpEnd(table) => {
                let (begun, marked) = self.marked.take().expect("an end has a begin");
                assert_eq!(begun, table);
                match table {
                    Table::Links => self.links = marked.links,
                    Table::Addresses => self.addresses = marked.addresses,
                }
                self.ended.push(table);
            }
            Report::Lost => {
                self.lost += 1;
                self.ended.clear();
                for table in Table::ALL {
                    socket.request_dump(table);
                }
            }
        }
    }

    fn apply(&mut self, message: &Message) {
        match message {
            Message::NewLink(link) => {
                self.links.retain(|(index, _)| *index != link.index);
                self.links.insert((link.index, link.name.clone()));
            }
            Message::DelLink(gone) => self.links.retain(|(index, _)| index != gone),
            Message::NewAddress(new) => drop(self.addresses.insert((new.link, new.address))),
            Message::DelAddress(gone) => drop(self.addresses.remove(&(gone.link, gone.address))),
            Message::Route(_) | Message::Policy => {}
        }
    }

    /// Reads reports until every table has been dumped and no more come for 300 ms.
    async fn settle(&mut self, socket: &mut Socket) {
        loop {
            let quiet = Duration::from_millis(300);
            match timeout(quiet, next_report(socket)).await {
                Ok(report) => self.take(report.unwrap(), socket),
                Err(_) if Table::ALL.iter().all(|table| self.ended.contains(table)) => return,
                Err(_) => self.take(next(socket).await, socket),
            }
        }
    }
}

async fn opened() -> (Socket, Known) {
    let mut socket = Socket::open().unwrap();
    for table in Table::ALL {
        socket.request_dump(table);
    }
    let mut known = Known::default();
    known.settle(&mut socket).await;
    (socket, known)
}

/// The addresses that `ip` lists.
fn listed() -> BTreeSet<(IfIndex, IpAddr)> {
    let links: serde_json::Value = serde_json::from_str(&ip("-j addr show")).unwrap();
    let mut found = BTreeSet::new();
    for link in links.as_array().unwrap() {
        let index = u32::try_from(link["ifindex"].as_u64().unwrap()).unwrap();
        for address in link["addr_info"].as_array().unwrap() {
            let local = address["local"].as_str().unwrap();
            found.insert((index, local.parse().unwrap()));
        }
    }
    found
}

fn v4(addresses: &BTreeSet<(IfIndex, IpAddr)>) -> BTreeSet<(IfIndex, IpAddr)> {
    let v4 = addresses.iter().filter(|(_, address)| address.is_ipv4());
    v4.copied().collect()
}

/// A device that is up and has carrier as long as its other end, `isp`, is up.
fn veth(name: &str) {
    ip(&format!("link add {name} type veth peer name isp"));
    ip("link set isp up");
    ip(&format!("link set {name} up"));
}

#[test]
fn the_first_dumps_contain_all_links_and_addresses() {
    inside("the_first_dumps_contain_all_links_and_addresses", async || {
        ip("addr add 192.0.2.1/24 dev lo");
        let (_socket, known) = opened().await;
        assert_eq!(known.ended, Table::ALL);
        assert!(known.links.contains(&(1, "lo".to_owned())));
        assert_eq!(known.addresses, listed());
        assert!(known.addresses.contains(&(1, "::1".parse().unwrap())));
        assert_eq!(known.lost, 0);
    });
}

#[test]
fn changes_before_the_first_dump_are_reported() {
    inside("changes_before_the_first_dump_are_reported", async || {
        let mut socket = Socket::open().unwrap();
        ip("addr add 192.0.2.1/24 dev lo");
        wait_for(&mut socket, new_address("192.0.2.1")).await;
    });
}

#[test]
fn added_changed_and_deleted_addresses_are_reported() {
    inside("added_changed_and_deleted_addresses_are_reported", async || {
        let (mut socket, _) = opened().await;
        ip("addr add 192.0.2.1/24 dev lo valid_lft 3600 preferred_lft 1800");
        let address = wait_for(&mut socket, new_address("192.0.2.1")).await;
        assert_eq!((address.link, address.prefix_len, address.scope), (1, 24, 0));
        assert!((1790..=1800).contains(&address.preferred));
        assert!((3590..=3600).contains(&address.valid));
        assert!(!address.flags.has(AddressFlags::PERMANENT));

        ip("addr add 192.0.2.2/24 dev lo");
        let second = wait_for(&mut socket, new_address("192.0.2.2")).await;
        assert!(second.flags.has(AddressFlags::SECONDARY_OR_TEMPORARY));
        assert!(second.flags.has(AddressFlags::PERMANENT));
        assert_eq!((second.preferred, second.valid), (u32::MAX, u32::MAX));

        ip("-6 addr add 2001:db8::1/64 dev lo valid_lft 3600 preferred_lft 1800");
        let before = wait_for(&mut socket, new_address("2001:db8::1")).await;
        assert!(!before.flags.has(AddressFlags::DEPRECATED));
        ip("-6 addr change 2001:db8::1/64 dev lo valid_lft 3600 preferred_lft 0");
        let after = loop {
            let address = wait_for(&mut socket, new_address("2001:db8::1")).await;
            if address.flags.has(AddressFlags::DEPRECATED) {
                break address;
            }
        };
        assert_eq!(after.preferred, 0);

        // Only in the 32-bit flags: IFA_F_NOPREFIXROUTE.
        ip("addr add 192.0.2.3/24 dev lo noprefixroute");
        let third = wait_for(&mut socket, new_address("192.0.2.3")).await;
        assert!(third.flags.has(0x200));

        ip("addr del 192.0.2.1/24 dev lo");
        let gone = wait_for(&mut socket, del_address("192.0.2.1")).await;
        assert_eq!((gone.link, gone.prefix_len), (1, 24));
    });
}

#[test]
fn on_a_point_to_point_link_the_local_address_is_reported() {
    inside("on_a_point_to_point_link_the_local_address_is_reported", async || {
        veth("ppp0");
        let (mut socket, _) = opened().await;
        ip("addr add 192.0.2.1 peer 198.51.100.9 dev ppp0");
        ip("addr add 2001:db8::1 peer 2001:db8::9 dev ppp0 nodad");
        let mut seen = Vec::new();
        while seen.len() < 2 {
            if let Report::Message(Message::NewAddress(address)) = next(&mut socket).await
                && address.scope == 0
            {
                seen.push(address.address.to_string());
            }
        }
        assert_eq!(seen, ["192.0.2.1", "2001:db8::1"]);
    });
}

#[test]
fn a_device_added_again_has_another_index() {
    inside("a_device_added_again_has_another_index", async || {
        veth("ppp0");
        ip("addr add 192.0.2.1 peer 198.51.100.9 dev ppp0");
        let (mut socket, mut known) = opened().await;
        let first = index("ppp0");
        ip("link del ppp0");
        veth("ppp0");
        ip("addr add 192.0.2.2 peer 198.51.100.9 dev ppp0");
        let second = index("ppp0");
        assert_ne!(first, second);
        known.settle(&mut socket).await;
        let ppp: Vec<_> = known.links.iter().filter(|(_, n)| n == "ppp0").collect();
        assert_eq!(ppp, [&(second, "ppp0".to_owned())]);
        // Without IPv6: the kernel adds link-local addresses some time later.
        assert_eq!(v4(&known.addresses), v4(&listed()));
        assert!(known.addresses.contains(&(second, [192, 0, 2, 2].into())));
    });
}

#[test]
fn link_state_carrier_and_name_are_reported() {
    inside("link_state_carrier_and_name_are_reported", async || {
        veth("wan");
        let (mut socket, _) = opened().await;
        ip("link set isp down");
        while wait_for(&mut socket, new_link("wan")).await.carrier {}
        ip("link set isp up");
        while !wait_for(&mut socket, new_link("wan")).await.carrier {}
        ip("link set wan down");
        while wait_for(&mut socket, new_link("wan")).await.up {}
        let before = index("wan");
        ip("link set wan name uplink");
        let link = wait_for(&mut socket, new_link("uplink")).await;
        assert_eq!(link.index, before);
    });
}

#[test]
fn an_ipv6_address_is_tentative_until_dad_ends() {
    inside("an_ipv6_address_is_tentative_until_dad_ends", async || {
        veth("wan");
        let (mut socket, _) = opened().await;
        ip("-6 addr add 2001:db8::1/64 dev wan");
        let mut tentative = 0;
        loop {
            let address = wait_for(&mut socket, new_address("2001:db8::1")).await;
            if !address.flags.has(AddressFlags::TENTATIVE) {
                break;
            }
            tentative += 1;
        }
        assert!(tentative > 0);
    });
}

#[test]
fn changes_of_routes_rules_and_next_hops_are_reported() {
    inside("changes_of_routes_rules_and_next_hops_are_reported", async || {
        veth("wan");
        ip("addr add 192.0.2.1/24 dev wan");
        let (mut socket, mut known) = opened().await;
        for change in [
            "route add default via 192.0.2.254 metric 10",
            "route replace default via 192.0.2.253 metric 10",
            "route del default",
            "route add blackhole default table 99",
        ] {
            ip(change);
            wait_for(&mut socket, |message| match message {
                Message::Route(route) => (route.prefix_len == 0).then_some(()),
                _ => None,
            })
            .await;
        }
        known.settle(&mut socket).await;
        for change in [
            "rule add prio 900 blackhole",
            "rule del prio 900",
            "-6 rule add prio 900 blackhole",
            "nexthop add id 7 via 192.0.2.252 dev wan",
        ] {
            ip(change);
            wait_for(&mut socket, |message| (*message == Message::Policy).then_some(())).await;
        }
    });
}

const HOST: &str = "198.51.100.7";
const HOST6: &str = "2001:db8:53::7";

/// The devices and gateways of the route to `to`, or the reason why there is none.
fn way(to: &str, device: Option<&str>) -> Result<Vec<String>, NoWay> {
    let device = device.map(|name| (name, index(name)));
    match Routes::default().ask(to.parse().unwrap(), device) {
        Way::Here => Ok(vec!["here".into()]),
        Way::Out(hops) => Ok(hops
            .iter()
            .map(|hop| {
                let gateway = hop.gateway.map_or("none".into(), |gateway| gateway.to_string());
                let dead = if hop.alive { "" } else { " dead" };
                format!("{} {gateway}{dead}", hop.link.unwrap_or_default())
            })
            .collect()),
        Way::None(why) => Err(why),
    }
}

/// Adds the devices `wan` and `lte`, each with an address of each family.
fn two_lines() {
    for (name, v4, v6) in [("wan", "192.0.2", "2001:db8:1"), ("lte", "203.0.113", "2001:db8:2")] {
        ip(&format!("link add {name} type veth peer name {name}-isp"));
        ip(&format!("link set {name}-isp up"));
        ip(&format!("link set {name} up"));
        ip(&format!("addr add {v4}.1/24 dev {name}"));
        ip(&format!("addr add {v6}::1/64 dev {name} nodad"));
    }
}

#[test]
fn every_next_hop_of_a_route_is_found() {
    inside("every_next_hop_of_a_route_is_found", async || {
        two_lines();
        assert_eq!(way(HOST, None), Err(NoWay::NoRoute));
        assert_eq!(way("192.0.2.1", None), Ok(vec!["here".into()]));
        let [wan, lte] = ["wan", "lte"].map(index);
        let both = [format!("{wan} 192.0.2.254"), format!("{lte} 203.0.113.254")];
        let multipath = "nexthop via 192.0.2.254 dev wan nexthop via 203.0.113.254 dev lte";
        ip(&format!("route add default {multipath}"));
        assert_eq!(way(HOST, None), Ok(both.to_vec()));
        assert_eq!(way(HOST, Some("wan")), Ok(vec![both[0].clone()]));
        assert_eq!(way(HOST, Some("lte")), Ok(vec![both[1].clone()]));
        ip("route del default");
        // The same routes with next-hop objects.
        ip("nexthop add id 1 via 192.0.2.254 dev wan");
        ip("nexthop add id 2 via 203.0.113.254 dev lte");
        ip("nexthop add id 10 group 1/2");
        ip("route add default nhid 10");
        for device in [None, Some("wan"), Some("lte")] {
            assert!(way(HOST, device).is_ok(), "{device:?}");
        }
        let siblings = "nexthop via fe80::1 dev wan nexthop via fe80::2 dev lte";
        ip(&format!("-6 route add default {siblings}"));
        assert_eq!(way(HOST6, None).unwrap().len(), 2);
        for device in ["wan", "lte"] {
            assert_eq!(way(HOST6, Some(device)).unwrap().len(), 1, "{device}");
        }
    });
}

#[test]
fn through_a_device_without_a_route_nothing_is_reachable() {
    inside("through_a_device_without_a_route_nothing_is_reachable", async || {
        two_lines();
        ip("route add default via 192.0.2.254");
        ip("-6 route add default via fe80::1 dev wan");
        for host in [HOST, HOST6] {
            assert!(way(host, Some("wan")).is_ok(), "{host}");
            assert_eq!(way(host, Some("lte")), Err(NoWay::NoRoute), "{host}");
        }
    });
}

#[test]
fn rules_tables_and_metrics_decide_the_route() {
    inside("rules_tables_and_metrics_decide_the_route", async || {
        two_lines();
        ip("route add default via 192.0.2.254 table 99");
        assert_eq!(way(HOST, None), Err(NoWay::NoRoute), "no rule uses the table");
        ip("rule add prio 500 lookup 99");
        assert!(way(HOST, None).is_ok());
        for refusal in ["blackhole", "prohibit"] {
            ip(&format!("rule add prio 400 {refusal}"));
            assert_eq!(way(HOST, None), Err(NoWay::Forbidden), "{refusal}");
            ip("rule del prio 400");
        }
        ip("rule add prio 400 unreachable");
        assert_eq!(way(HOST, None), Err(NoWay::NoRoute));
        ip("rule del prio 400");
        ip("route add default via 192.0.2.254 metric 100");
        ip("route add blackhole default metric 10");
        ip("rule del prio 500");
        assert_eq!(way(HOST, None), Err(NoWay::Forbidden));
        assert_eq!(
            way(HOST, Some("wan")),
            Err(NoWay::NoRoute),
            "the blackhole has the lower metric"
        );
        ip("-6 route add blackhole default metric 10");
        assert_eq!(way(HOST6, None), Err(NoWay::Forbidden));
    });
}

#[test]
fn a_route_needs_a_source_address() {
    inside("a_route_needs_a_source_address", async || {
        veth("wan");
        ip("-6 route add default via fe80::1 dev wan");
        ip("route add default dev wan");
        assert_eq!(way(HOST, None), Err(NoWay::NoSource));
        assert_eq!(way(HOST6, None), Err(NoWay::NoSource), "a link-local address is no source");
        ip("addr add 2001:db8:1::1/64 dev wan nodad");
        ip("addr add 192.0.2.1/24 dev wan");
        assert!(way(HOST6, None).is_ok() && way(HOST, None).is_ok());
        // OpenWrt's default route is only for packets from the delegated prefix.
        ip("-6 route del default");
        assert_eq!(way(HOST6, None), Err(NoWay::NoRoute));
        ip("-6 route add default from 2001:db8:1::/64 via fe80::1 dev wan");
        assert!(way(HOST6, None).is_ok());
    });
}

/// The device by which packets with this mark leave.
fn exit_of_marked(family: Family, mark: u32) -> Option<IfIndex> {
    match Routes::default().of_marked(family, mark).way {
        Way::Out(hops) => hops.first()?.link,
        Way::Here | Way::None(_) => None,
    }
}

#[test]
fn packets_with_a_mark_leave_as_its_rule_says() {
    inside("packets_with_a_mark_leave_as_its_rule_says", async || {
        two_lines();
        let [wan, lte] = ["wan", "lte"].map(index);
        ip("route add default via 192.0.2.254 dev wan");
        ip("-6 route add default via fe80::1 dev wan");
        for family in ["-4", "-6"] {
            ip(&format!("{family} rule add fwmark 0x100/0xff00 lookup 100"));
        }
        ip("route add default via 203.0.113.254 dev lte table 100");
        ip("-6 route add default via fe80::2 dev lte table 100");
        for family in [Family::V4, Family::V6] {
            assert_eq!(exit_of_marked(family, 0x100), Some(lte));
            assert_eq!(exit_of_marked(family, 0x200), Some(wan));
        }
        ip("route flush table 100");
        ip("route add unreachable default table 100");
        assert_eq!(Routes::default().of_marked(Family::V4, 0x100).way, Way::None(NoWay::NoRoute));
    });
}

/// Before a host's name has been resolved, any route to the internet counts.
#[test]
fn a_default_route_may_be_split_into_several_prefixes() {
    inside("a_default_route_may_be_split_into_several_prefixes", async || {
        two_lines();
        let mut routes = Routes::default();
        let mut open = |family| matches!(routes.find(&[], family, None).way, Way::Out(_));
        assert!(!open(Family::V4) && !open(Family::V6), "neighbours do not count as the internet");
        ip("route add 10.0.0.0/8 via 192.0.2.254");
        ip("-6 route add fd00::/8 via fe80::1 dev wan");
        assert!(
            !open(Family::V4) && !open(Family::V6),
            "private networks do not count as the internet"
        );
        for pieces in [
            &["::/3", "2000::/4", "3000::/4", "fc00::/7"][..],
            &["2000::/3"],
            &["::/1", "8000::/1"],
            &["2001:db8:53::/48"],
        ] {
            for piece in pieces {
                ip(&format!("-6 route add {piece} via fe80::1 dev wan"));
            }
            assert!(open(Family::V6), "{pieces:?}");
            for piece in pieces {
                ip(&format!("-6 route del {piece} via fe80::1 dev wan"));
            }
        }
        for piece in ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"] {
            ip(&format!("route add {piece} via 192.0.2.254"));
        }
        assert!(open(Family::V4));
        // With an address the kernel is asked for the route to it.
        ip("rule add to 198.51.100.0/24 prio 500 blackhole");
        let found = routes.find(&[HOST.parse().unwrap()], Family::V4, None);
        assert_eq!(found.way, Way::None(NoWay::Forbidden));
        assert_eq!(found.address, Some(HOST.parse().unwrap()));
    });
}

#[test]
fn a_port_that_leaves_its_bridge_stays_known() {
    inside("a_port_that_leaves_its_bridge_stays_known", async || {
        veth("wan");
        ip("link add br-lan type bridge");
        ip("link set wan master br-lan");
        let (mut socket, mut known) = opened().await;
        ip("link set wan nomaster");
        let wan = index("wan");
        let quiet = Duration::from_millis(500);
        while let Ok(report) = timeout(quiet, next_report(&mut socket)).await {
            let report = report.unwrap();
            assert_ne!(report, Report::Message(Message::DelLink(wan)));
            known.take(report, &mut socket);
        }
        assert!(known.links.contains(&(wan, "wan".to_owned())));
    });
}

/// `ip` commands that add or delete (`verb`) the addresses number `from` to `to` on `lo`.
fn addresses(from: u32, to: u32, verb: &str) -> impl Iterator<Item = String> {
    (from..to).map(move |n| format!("addr {verb} 10.9.{}.{}/32 dev lo", n / 250, n % 250 + 1))
}

#[test]
fn two_thousand_addresses_are_dumped() {
    inside("two_thousand_addresses_are_dumped", async || {
        ip_batch(addresses(0, 2000, "add"));
        let (_socket, known) = opened().await;
        assert_eq!(known.addresses.len(), 2002);
        assert_eq!(known.addresses, listed());
    });
}

#[test]
fn after_an_overrun_dumps_restore_links_and_addresses() {
    inside("after_an_overrun_dumps_restore_links_and_addresses", async || {
        let mut socket = Socket::open_with_buffer(8 << 10).unwrap();
        let mut known = Known::default();
        for table in Table::ALL {
            socket.request_dump(table);
        }
        ip_batch(addresses(0, 100, "add"));
        known.settle(&mut socket).await;
        assert_eq!(known.addresses, listed());

        // The socket is not read meanwhile, so most of these events are lost, deletions among them.
        ip_batch(addresses(0, 50, "del").chain(addresses(100, 700, "add")));
        ip_batch(addresses(300, 350, "del"));
        known.settle(&mut socket).await;
        assert!(known.lost > 0, "the buffer was too large");
        assert_eq!(known.addresses, listed());
        assert_eq!(known.addresses.len(), 602);
    });
}

/// After an overrun the kernel drops notifications without another ENOBUFS until the receive queue
/// is empty. A dump that began before that could miss a later change.
#[test]
fn after_an_overrun_the_dump_waits_until_the_queue_is_empty() {
    inside("after_an_overrun_the_dump_waits_until_the_queue_is_empty", async || {
        let mut socket = Socket::open_with_buffer(8 << 10).unwrap();
        let mut known = Known::default();
        ip_batch(addresses(0, 100, "add"));
        assert_eq!(next(&mut socket).await, Report::Lost);
        socket.request_dump(Table::Addresses);
        let mut added = 100;
        while known.ended.is_empty() {
            let report = next(&mut socket).await;
            known.take(report, &mut socket);
            if added < 180 {
                ip_batch(addresses(added, added + 1, "add"));
                added += 1;
            }
        }
        socket.request_dump(Table::Links);
        known.settle(&mut socket).await;
        assert_eq!(known.addresses, listed());
    });
}

#[test]
fn overruns_during_reading_and_dumping_lose_nothing() {
    inside("overruns_during_reading_and_dumping_lose_nothing", async || {
        let mut socket = Socket::open_with_buffer(8 << 10).unwrap();
        let mut known = Known::default();
        for table in Table::ALL {
            socket.request_dump(table);
        }
        let flood = std::thread::spawn(|| {
            for round in 0..10 {
                ip_batch(addresses(0, 200, "add"));
                ip_batch(addresses(round, 200, "del"));
                ip_batch(addresses(0, round, "del"));
            }
            ip_batch(addresses(500, 600, "add"));
        });
        while !flood.is_finished() {
            if let Ok(report) = timeout(Duration::from_millis(50), next_report(&mut socket)).await {
                known.take(report.unwrap(), &mut socket);
            }
        }
        flood.join().unwrap();
        known.settle(&mut socket).await;
        assert_eq!(known.addresses, listed());
        assert_eq!(known.addresses.len(), 102);
    });
}

#[test]
fn a_dropped_future_loses_no_report() {
    inside("a_dropped_future_loses_no_report", async || {
        let mut socket = Socket::open().unwrap();
        let mut known = Known::default();
        for table in Table::ALL {
            socket.request_dump(table);
        }
        ip_batch(addresses(0, 300, "add"));
        let flood = std::thread::spawn(|| ip_batch(addresses(300, 600, "add")));
        while !flood.is_finished() {
            tokio::select! {
                biased;
                () = tokio::task::yield_now() => {}
                report = next_report(&mut socket) => known.take(report.unwrap(), &mut socket),
            }
        }
        flood.join().unwrap();
        known.settle(&mut socket).await;
        assert_eq!((known.addresses.len(), known.lost), (602, 0));
        assert_eq!(known.ended.len(), 2);
    });
}

/// An `RTM_NEWADDR` of 192.0.2.66 on `lo`, as the kernel would send it.
fn forged() -> Vec<u8> {
    let mut bytes = 32_u32.to_ne_bytes().to_vec();
    bytes.extend(20_u16.to_ne_bytes());
    bytes.extend([0; 10]);
    bytes.extend([2, 32, 0, 0]);
    bytes.extend(1_u32.to_ne_bytes());
    bytes.extend(8_u16.to_ne_bytes());
    bytes.extend(2_u16.to_ne_bytes());
    bytes.extend([192, 0, 2, 66]);
    bytes
}

#[test]
fn forged_messages_are_ignored() {
    inside("forged_messages_are_ignored", async || {
        let (mut socket, _) = opened().await;
        let mut forger = sys::Socket::new(sys::protocols::NETLINK_ROUTE).unwrap();
        forger.bind_auto().unwrap();
        let to_us = sys::SocketAddr::new(socket.port(), 0);
        let refused = forger.send_to(&forged(), &to_us, 0).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);

        // 16 is RTMGRP_IPV4_IFADDR. The result of send_to concerns only the copy for port 0, the
        // kernel.
        let mut witness = sys::Socket::new(sys::protocols::NETLINK_ROUTE).unwrap();
        witness.bind(&sys::SocketAddr::new(0, 16)).unwrap();
        witness.set_non_blocking(true).unwrap();
        let to_group = sys::SocketAddr::new(0, 16);
        let _ = forger.send_to(&forged(), &to_group, 0);
        let (_, from) = witness.recv_from(&mut Vec::with_capacity(4096), 0).unwrap();
        assert_ne!(from.port_number(), 0, "the forged message reaches the group");

        ip("addr add 192.0.2.1/32 dev lo");
        let first = wait_for(&mut socket, |message| match message {
            Message::NewAddress(address) => Some(address.address),
            _ => None,
        });
        assert_eq!(first.await, IpAddr::from([192, 0, 2, 1]));
    });
}
