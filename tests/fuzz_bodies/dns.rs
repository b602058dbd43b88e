//! DNS messages, and a look-up that gets the same reply to every query.

use ddns_netlink::dns::lookup::{DnsLookup, LookupStep, Plan};
use ddns_netlink::dns::message::{AA, Message, QR};
use ddns_netlink::dns::name::Name;
use ddns_netlink::model::Family;

use super::Target;

/// An input is an octet that chooses the look-up, and a message.
pub(super) const TARGET: Target = Target {
    name: "dns_message",
    body: dns_message,
    seeds: &[
        b"\0\x12\x34\x85\x80\0\x01\0\x01\0\x01\0\x01\x01a\x01b\x01c\0\0\x01\0\x01\
          \xc0\x0c\0\x05\0\x01\0\0\x01\x2c\0\x04\x01x\xc0\x0e\
          \xc0\x0e\0\x02\0\x01\0\0\x01\x2c\0\x02\xc0\x0c\
          \xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04\xcb\0\x71\x05",
        b"\x01\x12\x34\x80\0\0\x01\0\0\0\x01\0\x01\x01a\x01b\x01c\0\0\x01\0\x01\
          \xc0\x0e\0\x06\0\x01\0\0\x01\x2c\0\x18\xc0\x0e\xc0\x0c1234567890abcdefghij\
          \0\0\x29\x04\xd0\0\0\0\0\0\0",
        b"\x02\x12\x34\x85\x03\0\x01\0\x02\0\0\0\0\x01a\x01b\x01c\0\0\x1c\0\x01\
          \xc0\x0e\0\x02\0\x01\0\0\x01\x2c\0\x02\xc0\x0c\
          \xc0\x0c\0\x1c\0\x01\0\0\x01\x2c\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05",
    ],
    words: &[
        "\u{1}a\u{1}b\u{1}c\0",
        "\0\u{1}\0\u{1}",
        "\0\u{6}\0\u{1}",
        "\0\u{2}\0\u{1}",
        "\0\u{4}",
    ],
};

pub(crate) fn dns_message(bytes: &[u8]) {
    let Some((choices, wire)) = bytes.split_first() else {
        return;
    };
    let Ok(message) = Message::decode(wire) else {
        return;
    };
    // Fails if the message is too long without compression.
    if let Ok(written) = message.encode() {
        assert_eq!(Message::decode(&written), Ok(message.clone()));
    }
    for flags in [message.flags, QR, QR | AA, QR | AA | 3] {
        assert_ends(*choices, &Message { flags, ..message.clone() });
    }
}

/// A look-up ends, although the reply to every query is this one.
#[allow(clippy::unwrap_used, reason = "only tests and the fuzzer run this")]
fn assert_ends(choices: u8, reply: &Message) {
    let server = "192.0.2.1:53".parse().unwrap();
    let mut lookup = DnsLookup::new(Plan {
        expected: if choices & 8 == 0 { None } else { "192.0.2.7".parse().ok() },
        host: Name::parse("a.b.c").unwrap(),
        family: if choices & 2 == 0 { Family::V4 } else { Family::V6 },
        glue: choices & 1 != 0,
        resolvers: vec![server],
        servers: if choices & 4 == 0 { vec![] } else { vec![server] },
        over: None,
    });
    let mut step = lookup.start();
    let mut asked = 0;
    while let LookupStep::Ask(_) = step {
        asked += 1;
        assert!(asked < 100, "more than 100 queries: {reply:?}");
        step = lookup.step(Ok(reply.clone()));
    }
    if let LookupStep::Done(Ok(found)) = step {
        assert!(found.addresses.is_sorted());
    }
}
