//! Messages of gateways and STUN servers.

use std::net::Ipv4Addr;

use ddns_netlink::proto::gateway::dialogue::{Dialogue, Step};
use ddns_netlink::proto::gateway::pcp::Mapping;
use ddns_netlink::proto::gateway::{announcement, nat_pmp, stun, upnp};

use super::Target;

/// The seeds are an announcement of NAT-PMP, PCP's response to the mapping below, a STUN response, and an
/// answer to a search of UPnP with a description and an address.
pub(super) const TARGET: Target = Target {
    name: "gateway_message",
    body: gateway_message,
    seeds: &[
        b"\0\x80\0\0\0\0\0\x05\x51\x02\x45\x0a",
        b"\x02\x81\0\0\0\0\0\x3c\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0nnnnnnnnnnnn\x11\0\0\0\0\x09\0\x09\
          \0\0\0\0\0\0\0\0\0\0\xff\xff\x51\x02\x45\x0a",
        b"\x01\x01\0\x0c\x21\x12\xa4\x42nnnnnnnnnnnn\0\x20\0\x08\0\x01\xa1\x47\xe1\x12\xa6\x43",
        b"HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1:5000/d.xml\r\n\r\n<service><serviceType>\
          urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>/c</controlURL></service>\
          <NewExternalIPAddress>81.2.69.10</NewExternalIPAddress>",
    ],
    words: &["\0", "\u{1}", "<service>", "</service>", "http://", "192.168.1.1", "://", "@", "\r\n"],
};

const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const NONCE: [u8; 12] = *b"nnnnnnnnnnnn";

/// Reading any message ends, what is read is consistent, and no URL leads to another host than the gateway.
pub(crate) fn gateway_message(bytes: &[u8]) {
    if let Some(answer) = nat_pmp::answer(bytes) {
        let announced = announcement::announcement(bytes).map(|announced| announced.epoch);
        assert_eq!(announced, Some(answer.epoch));
    }
    let _ = stun::answer(bytes, NONCE);
    let mut dialogue = Dialogue::new(Mapping { client: Ipv4Addr::LOCALHOST, nonce: NONCE });
    let mut asked = 0;
    while let Step::Ask(..) = dialogue.step() {
        dialogue.receive(bytes);
        asked += 1;
    }
    assert!(asked <= 6, "the dialogue does not end");
    let text = String::from_utf8_lossy(bytes);
    let root = format!("http://{GATEWAY}");
    let location = upnp::location(&text, GATEWAY).unwrap_or("http://192.168.1.1/");
    assert!(location.starts_with(&root), "{location}");
    for service in upnp::services(&text, location, GATEWAY) {
        let rest = service.url.strip_prefix(&root).unwrap_or("elsewhere");
        assert!(rest.is_empty() || rest.starts_with([':', '/']), "{}", service.url);
        assert!(!service.question().0.contains(['\r', '\n']));
    }
    let _ = upnp::answer(&text);
}
