//! Netlink datagrams.

use std::net::IpAddr;

use ddns_netlink::proto::netlink::decode::{Incoming, Payload, datagram};
use ddns_netlink::proto::netlink::{Message, Route};

use super::Target;

/// The seeds are dumps of Linux on a little-endian machine: two devices; addresses of both
/// families, some with a peer or with lifetimes; routes with several next hops, with a source
/// prefix, and of type unreachable.
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

/// Decoding any datagram ends, does not depend on its alignment in memory, and gives only messages
/// whose fields are in range.
pub(crate) fn netlink_decode(bytes: &[u8]) {
    let limit = bytes.len() / HEADER + 1;
    let messages: Vec<Incoming> = datagram(bytes).take(limit + 1).collect();
    assert!(messages.len() <= limit, "more messages than headers fit in");
    for (index, message) in messages.iter().enumerate() {
        let last = index + 1 == messages.len();
        assert!(last || message.payload != Payload::Garbled, "decoding went on after a bad length");
        if let Payload::Message(message) = &message.payload {
            check(message);
        }
    }
    let shifted = [&[0], bytes].concat();
    assert!(datagram(&shifted[1..]).eq(messages), "another result at another alignment");
}

fn check(message: &Message) {
    match message {
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
