//! Bytes from ubusd.

use ddns_netlink::proto::control::ControlAnswer;
use ddns_netlink::proto::leases::MAX_LEASES;
use ddns_netlink::proto::ubus::message::{self, LIMIT};
use ddns_netlink::proto::ubus::netifd::MAX_NETWORKS;
use ddns_netlink::proto::ubus::session::{Session, UbusEvent};

use super::Target;

/// The seeds are what ubusd sends on two connections: on the first netifd has two interfaces, one
/// changes, and the object `ddns` is called; on the second netifd starts and stops.
pub(super) const TARGET: Target = Target {
    name: "ubus_session",
    body: ubus_session,
    seeds: &[
        include_bytes!("../data/ubus/dialogue.bin"),
        include_bytes!("../data/ubus/restart.bin"),
    ],
    words: &[
        "\0\0\0\u{4}",
        "\0\0\0\u{8}",
        "\u{3}\0\0\u{8}",
        "\u{5}\0\0\u{8}",
        "interface",
        "l3_device",
        "ipv6-prefix-assignment",
        "local-address",
        "network.interface",
        "ubus.object.add",
        "2001:db8::1",
    ],
};

/// For any bytes in any pieces, the names of interfaces are printable, their number is bounded, and
/// the session sends only whole messages.
pub(crate) fn ubus_session(bytes: &[u8]) {
    let (whole, events) = receive(&[bytes]);
    let (first, second) = bytes.split_at(bytes.len() / 3);
    let (cut, events_again) = receive(&[first, second]);
    // After a protocol error the two may differ, because it is found earlier when all bytes are
    // there.
    if whole.is_some() {
        assert_eq!((whole, events), (cut, events_again));
    }
}

/// The bytes that the session sends (`None` after a protocol error), and its events.
fn receive(pieces: &[&[u8]]) -> (Option<Vec<u8>>, Vec<String>) {
    let mut session = Session::new(true);
    let sound = pieces.iter().all(|piece| session.receive(piece).is_ok());
    let mut events = Vec::new();
    while let Some(event) = session.next_event() {
        events.push(format!("{event:?}"));
        match event {
            UbusEvent::Netifd(Some(networks)) => {
                assert!(networks.len() <= MAX_NETWORKS);
                let devices = networks.values().filter_map(|network| network.device.as_ref());
                let mut names = networks.keys().chain(devices);
                assert!(
                    names
                        .all(|name| name.len() <= 64 && name.bytes().all(|b| b.is_ascii_graphic()))
                );
            }
            UbusEvent::Called(call) => {
                session.answer(&call, ControlAnswer::Text("yes".into()));
            }
            UbusEvent::Leases(leases) => assert!(leases.len() <= MAX_LEASES),
            UbusEvent::Netifd(None) | UbusEvent::Watched(_) | UbusEvent::Trouble(_) => {}
        }
    }
    let sent = session.output().to_vec();
    let mut rest = sent.as_slice();
    while let Ok(Some(length)) = message::length(rest) {
        assert!(length <= LIMIT && message::parse(&rest[..length]).is_ok());
        rest = &rest[length..];
    }
    assert!(rest.is_empty());
    (sound.then_some(sent), events)
}
