//! Texts from elsewhere: web pages with an address, definitions and lists of providers, time zones,
//! requests on the control socket, output of scripts.
#![allow(clippy::unwrap_used, reason = "only tests and the fuzzer run this")]

use ddns_netlink::config::definition;
use ddns_netlink::edge::probe::find::find_address;
use ddns_netlink::edge::script::message::{MessageReader, ScriptMessage};
use ddns_netlink::model::Family;
use ddns_netlink::proto::control::ControlRequest;
use ddns_netlink::time::timezone::TimeZone;

use super::Target;

pub(super) const ADDRESS: Target = Target {
    name: "find_address",
    body: address_in_a_page,
    seeds: &[
        b"192.0.2.1\n",
        b"<html><body>Current IP Address: 203.0.113.7</body></html>",
        b"{\"ip\":\"2001:db8::1\",\"v\":\"1.2.3.4.5\"}",
        b"<input value=\"2001:db8::2\">IPv6:2001:db8::1: ok",
    ],
    words: &[
        "192.0.2.1",
        "255.255.255.0",
        "2001:db8::1",
        "::",
        "<",
        ">",
        ".",
        ":",
        "%eth0",
        "\u{e9}",
    ],
};

pub(super) const DEFINITION: Target = Target {
    name: "provider_definition",
    body: provider_definition,
    seeds: &[
        br#"{"name":"x.example","ipv4":{"url":"http://x.example/?ip=[IP]","answer":"good|nochg"}}"#,
        br#"{"name":"y","ipv4":{"url":"update_y.sh"},"ipv6":{"url":"http://y/"}}"#,
        b"duckdns.org\nhe.net\n\n1984.is\n",
    ],
    words: &[
        "{\"",
        "\":",
        "\"ipv4\"",
        "\"url\"",
        "\"answer\"",
        "[IP]",
        "null",
        "../",
        ".sh",
        "\\u0000",
        "\u{e9}",
    ],
};

pub(super) const ZONE: Target = Target {
    name: "time_zone",
    body: time_zone,
    seeds: &[
        b"CET-1CEST,M3.5.0,M10.5.0/3",
        b"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
        b"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0UTC\0",
    ],
    words: &["TZif", ",M3.5.0", "/26", "J365", "<+00>", "\0\0\0\x01", "\nUTC0\n", "-167:59:59"],
};

pub(super) const CONTROL: Target = Target {
    name: "control_line",
    body: control_line,
    seeds: &[b"status json", b"why home", b"update home work", b"start a b c"],
    words: &[" ", "status", "json", "get", "why", "update", "stop", "start", "\t", "\u{a0}", "\0"],
};

pub(super) const SCRIPT: Target = Target {
    name: "script_message",
    body: script_message,
    seeds: &[
        b"\x014 cannot reach the provider\x02\x01Uhttp://d.example/\x02",
        b" 120000  WARN : something\n120000 ERROR : else\n",
        b"\x0114 fatal\\nin two lines\x02half",
    ],
    words: &["\u{1}", "\u{2}", "\u{1}U", "\n", " : ", "ERROR", "14 ", "\\n", "\u{e9}"],
};

/// An address that is found is of the requested family; an error is one short line.
pub(crate) fn address_in_a_page(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for family in [Family::V4, Family::V6] {
        match find_address(&text, family) {
            Ok(address) => assert_eq!(Family::of(address), family),
            Err(why) => assert!(!why.contains(char::is_control) && why.len() < 200, "{why:?}"),
        }
    }
}

/// A definition is read or rejected with one line; names in a list are plain file names.
pub(crate) fn provider_definition(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match definition::parse(&text) {
        Ok(definition) => {
            definition.block(Family::V4);
            if let Some(block) = definition.block(Family::V6) {
                block.script();
            }
        }
        Err(why) => assert!(!why.is_empty() && !why.contains(char::is_control), "{why:?}"),
    }
    if let Ok(names) = definition::list(&text) {
        for name in names {
            assert!(definition::is_provider(name) && !name.contains('/'), "{name:?}");
        }
    }
}

/// A zone that was read has an offset for any time.
pub(crate) fn time_zone(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for zone in [TimeZone::posix(&text), TimeZone::tzif(bytes)].into_iter().flatten() {
        for unix in [i64::MIN, -1, 0, 1_700_000_000, 4_102_444_800, i64::MAX] {
            zone.at(unix);
        }
    }
}

/// A request is read or rejected with one line; names of sections have no spaces.
pub(crate) fn control_line(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match ControlRequest::parse(&text) {
        Ok(request) => {
            let spaced = |word: &String| word.contains(|c: char| c.is_ascii_whitespace());
            assert!(!request.words.iter().any(spaced));
        }
        Err(why) => assert!(!why.contains(char::is_control), "{why:?}"),
    }
}

/// Reading byte by byte gives the same messages as reading all at once, and every message is
/// bounded.
pub(crate) fn script_message(bytes: &[u8]) {
    let mut whole = MessageReader::default();
    let at_once = whole.receive(bytes);
    if bytes.len() < 4096 {
        let mut piecewise = MessageReader::default();
        let by_byte: Vec<ScriptMessage> =
            bytes.chunks(1).flat_map(|byte| piecewise.receive(byte)).collect();
        assert_eq!(at_once, by_byte);
    }
    for said in at_once {
        let (ScriptMessage::Message { text, .. } | ScriptMessage::Transfer(text)) = said;
        assert!(text.len() <= 64 * 1024, "{} bytes", text.len());
    }
}
