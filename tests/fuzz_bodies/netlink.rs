//! Datagrams of the kernel.

use std::net::IpAddr;

use ddns_netlink::proto::netlink::decode::{Incoming, Payload, datagram};
use ddns_netlink::proto::netlink::{Message, Route};

use super::Target;

/// The seeds are dumps that Linux gave on a little-endian machine: two devices, addresses of both
/// families with a peer and with lifetimes, routes with several next hops, with a source and
/// without a way.
pub(super) const TARGET: Target = Target {
    name: "netlink_decode",
    body: netlink_decode,
    seeds: &[
        include_bytes!("../data/netlink/links.bin"),
        include_bytes!("../data/netlink/addresses.bin"),
        include_bytes!("../data/netlink/routes.bin"),
    ],
    words: &["\0", "\0\0\0\0", "\u{1}\0", "\u{8}\0\u{1}\0", "\u{10}\0\0\0", "\u{14}\0\0\0"],
};

/// Length of a `struct nlmsghdr`.
const HEADER: usize = 16;

/// Any datagram is decoded to its end, the same wherever it lies in memory, and whoever uses a fact
/// need not doubt it.
pub(crate) fn netlink_decode(bytes: &[u8]) {
    let limit = bytes.len() / HEADER + 1;
    let messages: Vec<Incoming> = datagram(bytes).take(limit + 1).collect();
    assert!(messages.len() <= limit, "more messages than headers fit in");
    for (at, message) in messages.iter().enumerate() {
        let last = at + 1 == messages.len();
        assert!(last || message.payload != Payload::Garbled, "nothing can follow a bad length");
        if let Payload::Message(fact) = &message.payload {
            check(fact);
        }
    }
    let shifted = [&[0], bytes].concat();
    assert!(datagram(&shifted[1..]).eq(messages), "the alignment matters");
}

fn check(fact: &Message) {
    match fact {
        Message::NewLink(link) => {
            assert!(link.index != 0 && !link.name.contains('\0'), "{link:?}");
        }
        Message::DelLink(index) => assert_ne!(*index, 0),
        Message::NewAddress(address) | Message::DelAddress(address) => {
            assert_ne!(address.link, 0);
            assert_fits(address.address, address.prefix_len);
        }
        Message::Route(route) => check_route(route),
        Message::Policy => {}
    }
}

fn check_route(route: &Route) {
    assert_fits(route.destination, route.prefix_len);
    assert!(route.hops.iter().all(|hop| hop.link != Some(0)), "{route:?}");
}

fn assert_fits(address: IpAddr, prefix_len: u8) {
    let most = if address.is_ipv4() { 32 } else { 128 };
    assert!(prefix_len <= most, "{address}/{prefix_len}");
}
