//! Whole dialogues with ubusd, message by message.

use serde_json::{Value as Json, json};

use super::*;
use crate::proto::control::{ControlAnswer, Verb};
use crate::proto::ubus::netifd::Networks;
use crate::proto::ubus::session::{Session, UbusEvent};

const OBJECT: u32 = 0x5000_0001;
const CALLER: u32 = 0x7000_0007;

/// A session, with ubusd played by the test.
struct Dialogue(Session);

impl Dialogue {
    fn new(publish: bool) -> Self {
        Self(Session::new(publish))
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.0.receive(bytes).unwrap();
    }

    /// The sent messages, a line each: type, sequence number, peer, and attributes.
    fn sent(&mut self) -> Vec<String> {
        let output = self.0.output().to_vec();
        self.0.sent(output.len());
        let mut rest = output.as_slice();
        let mut lines = Vec::new();
        while let Some(length) = length(rest).unwrap() {
            let message = parse(&rest[..length]).unwrap();
            let mut line =
                format!("{:?} {} {:x}", message.message_type.unwrap(), message.seq, message.peer);
            let method = message.method.map(|name| String::from_utf8_lossy(name).into_owned());
            line.extend(method.map(|name| format!(" {name}")));
            line.extend(message.status.map(|status| format!(" status {status}")));
            line.extend(message.target.map(|target| format!(" of {target:x}")));
            let data = data(message.data);
            if data != json!({}) {
                line.push_str(&format!(" {data}"));
            }
            lines.push(line);
            rest = &rest[length..];
        }
        lines
    }

    fn events(&mut self) -> Vec<UbusEvent> {
        std::iter::from_fn(|| self.0.next_event()).collect()
    }

    /// netifd's interfaces, if that is the only event.
    fn networks(&mut self) -> Networks {
        let events = self.events();
        let [UbusEvent::Netifd(Some(networks))] = events.as_slice() else {
            panic!("{events:?}");
        };
        networks.clone()
    }

    fn data(&mut self, seq: u16, peer: u32, fill: impl FnOnce(Frame) -> Frame) {
        self.receive(&frame(MessageType::Data, seq, peer, fill));
    }

    fn status(&mut self, seq: u16, peer: u32, status: u32) {
        self.receive(&frame(MessageType::Status, seq, peer, |f| f.status(status)));
    }

    /// ubusd has said hello, and has registered the listener and our object.
    fn greeted(publish: bool) -> Self {
        let mut dialogue = Self::new(publish);
        dialogue.receive(&bytes(HELLO));
        dialogue.data(1, 0, |f| f.object(LISTENER));
        dialogue.status(1, 0, 0);
        if publish {
            dialogue.data(2, 0, |f| f.object(OBJECT));
            dialogue.status(2, 0, 0);
        }
        dialogue
    }

    /// Everything up to the request for a dump, which has sequence number 5.
    fn asking() -> Self {
        let mut dialogue = Self::greeted(false);
        dialogue.status(2, 1, 0);
        dialogue.data(3, 0, |f| f.object(NETIFD));
        dialogue.status(3, 0, 0);
        dialogue.status(4, 0, 0);
        dialogue.sent();
        dialogue
    }

    fn dumped(&mut self, seq: u16, netifd: u32, rows: Json) {
        self.data(seq, netifd, |f| f.object(netifd).data(&json!({ "interface": rows }).into()));
        self.status(seq, netifd, 0);
    }

    /// netifd has answered: `wan` is `pppoe-wan`.
    fn following() -> Self {
        let mut dialogue = Self::asking();
        dialogue.dumped(5, NETIFD, json!([wan("pppoe-wan")]));
        dialogue.networks();
        dialogue
    }

    fn event(&mut self, name: &str, id: u32, path: &str) {
        let data = json!({ "id": id.cast_signed(), "path": path }).into();
        self.receive(&frame(MessageType::Invoke, 9, 0, |f| {
            f.object(LISTENER).method(name).data(&data)
        }));
    }

    fn notified(&mut self, name: &str, data: &Json) {
        let fill = |f: Frame| f.no_reply().object(LISTENER).method(name).data(&data.into());
        self.receive(&frame(MessageType::Invoke, 9, CALLER, fill));
    }

    fn called(&mut self, method: &str, data: &Json) -> Vec<UbusEvent> {
        let fill = |f: Frame| f.object(OBJECT).method(method).data(&data.into());
        self.receive(&frame(MessageType::Invoke, 33, CALLER, fill));
        self.events()
    }
}

fn wan(device: &str) -> Json {
    json!({ "interface": "wan", "up": true, "l3_device": device })
}

fn device(networks: &Networks, name: &str) -> Option<String> {
    networks.get(name).unwrap().device.clone()
}

#[test]
fn a_session_registers_subscribes_and_then_dumps() {
    let mut dialogue = Dialogue::new(true);
    assert_eq!(dialogue.sent(), [""; 0], "ubusd speaks first");
    dialogue.receive(&bytes(HELLO));
    assert_eq!(dialogue.sent(), ["AddObject 1 0", "AddObject 2 0"]);
    dialogue.data(1, 0, |f| f.object(LISTENER));
    dialogue.status(1, 0, 0);
    let register =
        format!("Invoke 3 1 register {{\"object\":{LISTENER},\"pattern\":\"ubus.object.*\"}}");
    assert_eq!(dialogue.sent(), [register, "LookUp 4 0".into(), "LookUp 5 0".into()]);
    dialogue.status(3, 1, 0);
    dialogue.data(4, 0, |f| f.object(NETIFD));
    dialogue.status(4, 0, 0);
    assert_eq!(dialogue.sent(), ["Subscribe 6 0 of 85f67542", "Invoke 7 85f67542 dump"]);
    dialogue.status(5, 0, 4);
    dialogue.status(6, 0, 0);
    dialogue.dumped(7, NETIFD, json!([wan("pppoe-wan")]));
    assert_eq!(device(&dialogue.networks(), "wan"), Some("pppoe-wan".into()));
    assert_eq!(dialogue.sent(), [""; 0]);
}

#[test]
fn an_id_beyond_31_bits_is_sent_as_a_negative_number() {
    let mut dialogue = Dialogue::new(false);
    dialogue.receive(&bytes(HELLO));
    dialogue.data(1, 0, |f| f.object(0xffff_fffe));
    dialogue.status(1, 0, 0);
    assert!(dialogue.sent()[1].contains("\"object\":-2"));
}

#[test]
fn the_recorded_dump_of_netifd_is_read() {
    let mut dialogue = Dialogue::asking();
    // Number 2 in the vectors, 5 here.
    for words in [DUMP_DATA, DUMP_STATUS] {
        let mut bytes = bytes(words);
        bytes[3] = 5;
        dialogue.receive(&bytes);
    }
    let networks = dialogue.networks();
    assert_eq!(device(&networks, "wan"), Some("pppoe-wan".into()));
    assert!(networks.get("wan").unwrap().addresses.contains(&"203.0.113.5".parse().unwrap()));
    dialogue.receive(&bytes(NOTIFICATION));
    assert_eq!(device(&dialogue.networks(), "wan"), None, "it names no device");
}

#[test]
fn notifications_change_the_networks_without_a_dump() {
    let mut dialogue = Dialogue::following();
    dialogue.notified("interface.update", &wan("eth1"));
    assert_eq!(device(&dialogue.networks(), "wan"), Some("eth1".into()));
    dialogue.notified("interface.update", &wan("eth1"));
    assert!(dialogue.events().is_empty(), "nothing relevant has changed");
    dialogue.notified("interface.down", &json!({ "interface": "wan", "up": false }));
    assert_eq!(device(&dialogue.networks(), "wan"), None);
    dialogue.notified("interface.update", &json!({ "interface": "lan", "up": false }));
    assert_eq!(dialogue.networks().len(), 2);
    dialogue.notified("interface.renamed", &wan("eth7"));
    assert!(dialogue.events().is_empty());
    assert_eq!(dialogue.sent(), [""; 0]);
}

#[test]
fn a_notification_before_the_first_dump_is_ignored() {
    let mut dialogue = Dialogue::asking();
    dialogue.notified("interface.update", &wan("eth1"));
    assert!(dialogue.events().is_empty(), "one interface is not the whole list");
    dialogue.dumped(5, NETIFD, json!([wan("eth1")]));
    assert_eq!(device(&dialogue.networks(), "wan"), Some("eth1".into()));
}

#[test]
fn a_missing_netifd_is_waited_for() {
    let mut dialogue = Dialogue::greeted(false);
    dialogue.status(2, 1, 0);
    dialogue.status(3, 0, 4);
    dialogue.sent();
    dialogue.event("ubus.object.add", 5000, "network.device");
    dialogue.event("ubus.object.add", 5001, "network.interface.wan");
    assert!(dialogue.events().is_empty() && dialogue.sent().is_empty());
    dialogue.event("ubus.object.add", NETIFD, "network.interface");
    assert_eq!(dialogue.sent(), ["Subscribe 4 0 of 85f67542", "Invoke 5 85f67542 dump"]);
    dialogue.dumped(5, NETIFD, json!([]));
    assert!(dialogue.networks().is_empty());
}

#[test]
fn a_restarted_netifd_is_asked_again_and_its_networks_are_kept_meanwhile() {
    for gone in ["unsubscribe", "remove", "both"] {
        let mut dialogue = Dialogue::following();
        if gone != "remove" {
            let fill = |f: Frame| f.object(LISTENER).target(NETIFD);
            dialogue.receive(&frame(MessageType::Unsubscribe, 1, 0, fill));
        }
        if gone != "unsubscribe" {
            dialogue.event("ubus.object.remove", NETIFD, "network.interface");
        }
        assert!(dialogue.events().is_empty() && dialogue.sent().is_empty(), "{gone}");
        dialogue.event("ubus.object.add", 77, "network.interface");
        assert_eq!(dialogue.sent(), ["Subscribe 6 0 of 4d", "Invoke 7 4d dump"], "{gone}");
        dialogue.dumped(7, NETIFD, json!([wan("eth9")]));
        assert!(dialogue.events().is_empty(), "the old netifd does not count");
        dialogue.dumped(7, 77, json!([wan("eth1")]));
        assert_eq!(device(&dialogue.networks(), "wan"), Some("eth1".into()), "{gone}");
    }
}

#[test]
fn netifd_that_goes_away_during_a_dump_is_asked_again_when_it_is_back() {
    let mut dialogue = Dialogue::asking();
    dialogue.event("ubus.object.remove", NETIFD, "network.interface");
    dialogue.dumped(5, NETIFD, json!([wan("eth9")]));
    assert!(dialogue.events().is_empty());
    dialogue.event("ubus.object.add", 77, "network.interface");
    dialogue.sent();
    dialogue.dumped(7, 77, json!([wan("eth1")]));
    assert_eq!(device(&dialogue.networks(), "wan"), Some("eth1".into()));
}

#[test]
fn interfaces_that_come_and_go_cause_one_dump_at_a_time() {
    let mut dialogue = Dialogue::following();
    for n in 0..1000 {
        dialogue.event("ubus.object.add", 5000 + n, &format!("network.interface.if{n}"));
    }
    assert_eq!(dialogue.sent(), ["Invoke 6 85f67542 dump"]);
    dialogue.dumped(6, NETIFD, json!([wan("pppoe-wan"), { "interface": "if7" }]));
    assert_eq!(dialogue.networks().len(), 2);
    assert_eq!(
        dialogue.sent(),
        ["Invoke 7 85f67542 dump"],
        "the first dump may have begun too early"
    );
    dialogue.dumped(7, NETIFD, json!([wan("pppoe-wan"), { "interface": "if7" }]));
    assert!(dialogue.events().is_empty() && dialogue.sent().is_empty());
    dialogue.event("ubus.object.remove", 5007, "network.interface.if7");
    dialogue.sent();
    dialogue.dumped(8, NETIFD, json!([wan("pppoe-wan")]));
    assert_eq!(dialogue.networks().len(), 1, "an interface that is missing from the dump is gone");
}

#[test]
fn without_permission_there_are_no_networks() {
    let assert_denied = |mut dialogue: Dialogue| {
        let events = dialogue.events();
        let [UbusEvent::Trouble(_), UbusEvent::Netifd(None)] = events.as_slice() else {
            panic!("{events:?}");
        };
    };
    let mut dialogue = Dialogue::new(false);
    dialogue.receive(&bytes(HELLO));
    dialogue.status(1, 0, 6);
    assert_denied(dialogue);
    // The ACL hides the object: the look-up succeeds without an id.
    let mut dialogue = Dialogue::greeted(false);
    dialogue.status(2, 1, 0);
    dialogue.status(3, 0, 0);
    assert_denied(dialogue);
    let mut dialogue = Dialogue::asking();
    dialogue.status(5, NETIFD, 6);
    assert_denied(dialogue);
}

#[test]
fn an_unreadable_dump_is_trouble_and_not_an_empty_list() {
    for answer in [json!({}), json!({ "interface": 5, "x": 1 })] {
        let mut dialogue = Dialogue::asking();
        dialogue.data(5, NETIFD, |f| f.object(NETIFD).data(&(&answer).into()));
        dialogue.status(5, NETIFD, 0);
        let events = dialogue.events();
        assert!(matches!(events.as_slice(), [UbusEvent::Trouble(_)]), "{answer}: {events:?}");
    }
    let mut dialogue = Dialogue::asking();
    dialogue.status(5, NETIFD, 7);
    assert!(matches!(dialogue.events().as_slice(), [UbusEvent::Trouble(_)]));
}

#[test]
fn a_refused_object_or_registration_is_trouble() {
    let mut dialogue = Dialogue::new(true);
    dialogue.receive(&bytes(HELLO));
    dialogue.data(1, 0, |f| f.object(LISTENER));
    dialogue.status(1, 0, 0);
    dialogue.status(2, 0, 2);
    dialogue.sent();
    dialogue.event("ubus.object.remove", 7, "ddns");
    assert_eq!(
        dialogue.sent(),
        ["AddObject 6 0"],
        "another program had the name, perhaps our predecessor"
    );
    dialogue.data(6, 0, |f| f.object(OBJECT));
    dialogue.event("ubus.object.remove", 7, "ddns");
    assert_eq!(dialogue.sent(), [""; 0]);
    let events = dialogue.events();
    assert!(
        matches!(events.as_slice(), [UbusEvent::Trouble(text)] if text.contains("'ddns'")),
        "{events:?}"
    );
    let mut dialogue = Dialogue::greeted(false);
    dialogue.status(2, 1, 6);
    assert!(matches!(dialogue.events().as_slice(), [UbusEvent::Trouble(_)]));
}

#[test]
fn answers_events_and_notifications_of_other_senders_are_ignored() {
    let mut dialogue = Dialogue::asking();
    // Every client can send data to every other, with the id of its own object as peer.
    dialogue.dumped(5, CALLER, json!([wan("eth9")]));
    dialogue.data(4, CALLER, |f| f.object(99));
    assert!(dialogue.events().is_empty());
    dialogue.dumped(5, NETIFD, json!([wan("eth1")]));
    dialogue.networks();
    // Every client may call an object without a name. Such a call is no notification and no event.
    let forged = |f: Frame| f.object(LISTENER).method("interface.update").data(&wan("eth9").into());
    dialogue.receive(&frame(MessageType::Invoke, 1, CALLER, forged));
    let object = json!({ "id": 99, "path": "network.interface" }).into();
    let forged = |f: Frame| f.object(LISTENER).method("ubus.object.add").data(&object);
    dialogue.receive(&frame(MessageType::Invoke, 1, CALLER, forged));
    let forged =
        |f: Frame| f.object(12345).no_reply().method("interface.update").data(&wan("x").into());
    dialogue.receive(&frame(MessageType::Invoke, 1, CALLER, forged));
    assert!(dialogue.events().is_empty() && dialogue.sent().is_empty());
}

#[test]
fn calls_of_our_object_become_requests_and_are_answered() {
    let mut dialogue = Dialogue::greeted(true);
    dialogue.sent();
    for (method, data, verb, words) in [
        ("status", json!({}), Verb::StatusJson, &[][..]),
        ("status", json!({ "": "home" }), Verb::StatusJson, &[]),
        ("get", json!({ "section": "home" }), Verb::Get, &["home"]),
        ("why", json!({ "section": "home" }), Verb::Why, &["home"]),
        ("update", json!({}), Verb::Update, &[]),
        ("update", json!({ "section": "home" }), Verb::Update, &["home"]),
        ("stop", json!({ "section": "home" }), Verb::Stop, &["home"]),
        ("start", json!({ "section": "home" }), Verb::Start, &["home"]),
        ("providers", json!({}), Verb::Providers, &[]),
        ("log", json!({ "section": "home" }), Verb::Log, &["home"]),
        ("check", json!({ "text": "config" }), Verb::Check, &["config"]),
        ("test", json!({ "text": "config" }), Verb::Test, &["config"]),
        ("history", json!({}), Verb::HistoryJson, &[]),
        ("history", json!({ "name": "a.example" }), Verb::HistoryJson, &["a.example"]),
    ] {
        let events = dialogue.called(method, &data);
        let [UbusEvent::Called(call)] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!(call.request.verb, verb);
        assert_eq!(call.request.words, words);
        dialogue.0.answer(call, ControlAnswer::Json(json!({ "a": [1, null] }).into()));
        let ended = "Status 33 70000007 status 0";
        assert_eq!(dialogue.sent(), ["Data 33 70000007 {\"a\":[1,null]}", ended]);
        dialogue.0.answer(call, ControlAnswer::Text("x: y\n".into()));
        assert_eq!(dialogue.sent(), ["Data 33 70000007 {\"text\":\"x: y\\n\"}", ended]);
        dialogue.0.answer(call, ControlAnswer::NoSection("x".into()));
        assert_eq!(dialogue.sent(), ["Status 33 70000007 status 4"]);
    }
}

#[test]
fn invalid_calls_are_refused_with_a_status() {
    let mut dialogue = Dialogue::greeted(true);
    dialogue.sent();
    for (method, data, status) in [
        ("reboot", json!({}), 3),
        ("interface.update", wan("eth9"), 3),
        ("get", json!({}), 2),
        ("why", json!({ "section": 5 }), 2),
        ("update", json!({ "section": 5 }), 2),
        ("update", json!({ "section": ["home"] }), 2),
        ("stop", json!({}), 2),
        ("start", json!({}), 2),
        ("log", json!({}), 2),
        ("check", json!({ "text": 5 }), 2),
        ("test", json!({ "section": "home" }), 2),
    ] {
        assert!(dialogue.called(method, &data).is_empty());
        assert_eq!(dialogue.sent(), [format!("Status 33 70000007 status {status}")], "{method}");
    }
}

#[test]
fn too_long_an_answer_becomes_a_status_and_another_connection_gets_none() {
    let mut dialogue = Dialogue::greeted(true);
    dialogue.sent();
    let events = dialogue.called("why", &json!({ "section": "home" }));
    let [UbusEvent::Called(call)] = events.as_slice() else {
        panic!("{events:?}");
    };
    dialogue.0.answer(call, ControlAnswer::Text("x".repeat(2 << 20)));
    assert_eq!(dialogue.sent(), ["Status 33 70000007 status 11"]);
    let mut other = Session::new(true);
    other.answer(call, ControlAnswer::Text(String::new()));
    assert!(other.output().is_empty());
}

#[test]
fn subscribers_are_notified_and_ubusd_reports_whether_there_are_any() {
    let mut dialogue = Dialogue::greeted(true);
    dialogue.sent();
    for active in [true, false] {
        dialogue.receive(&frame(MessageType::Notify, 1, 0, |f| f.object(OBJECT).active(active)));
        assert!(
            matches!(dialogue.events().as_slice(), [UbusEvent::Watched(watched)] if *watched == active)
        );
    }
    dialogue.0.notify("record.update", &json!({ "a": 1 }).into());
    let sent = dialogue.sent();
    assert_eq!(sent, [format!("Notify 6 {OBJECT:x} record.update {{\"a\":1}}")]);
    let mut without = Dialogue::greeted(false);
    without.sent();
    without.0.notify("record.update", &json!({}).into());
    assert_eq!(without.sent(), [""; 0]);
}

#[test]
fn unread_output_is_bounded() {
    let mut dialogue = Dialogue::greeted(true);
    let events = dialogue.called("why", &json!({ "section": "home" }));
    let [UbusEvent::Called(call)] = events.as_slice() else {
        panic!("{events:?}");
    };
    for _ in 0..100 {
        dialogue.0.answer(call, ControlAnswer::Text("x".repeat(1_000_000)));
        dialogue.0.notify("record.update", &json!({ "text": "x".repeat(1_000_000) }).into());
    }
    assert!(dialogue.0.output().len() < 6 << 20);
}

const ODHCPD: u32 = 0x6000_0006;

/// odhcpd's leases, if that is the only event: the address of each.
fn leased(dialogue: &mut Dialogue) -> Vec<String> {
    let events = dialogue.events();
    let [UbusEvent::Leases(leases)] = events.as_slice() else { panic!("{events:?}") };
    leases.iter().map(|lease| format!("{} {} {}", lease.name, lease.duid, lease.address)).collect()
}

#[test]
fn odhcpd_is_asked_for_its_leases_and_again_when_it_has_news() {
    let mut dialogue = Dialogue::following();
    dialogue.sent();
    dialogue.0.ask_leases();
    assert_eq!(dialogue.sent(), ["LookUp 6 0"]);
    dialogue.data(6, 0, |f| f.object(ODHCPD));
    dialogue.status(6, 0, 0);
    assert_eq!(dialogue.sent(), ["Subscribe 7 0 of 60000006", "Invoke 8 60000006 ipv6leases"]);
    let leases = json!({ "device": { "br-lan": { "leases": [
        { "duid": "0004AA", "hostname": "pc", "ipv6-addr": [
            { "address": "2001:db8::1" }, { "address": "none" }, { "address": "2001:db8::2" }
        ] },
        { "duid": "0004bb", "ipv6-prefix": [{ "address": "2001:db8:1::", "prefix-length": 60 }] },
    ] } } });
    dialogue.data(8, ODHCPD, |f| f.object(ODHCPD).data(&(&leases).into()));
    dialogue.status(8, ODHCPD, 0);
    assert_eq!(leased(&mut dialogue), ["pc 0004aa 2001:db8::1", "pc 0004aa 2001:db8::2"]);
    let notify = |dialogue: &mut Dialogue, name: &str| {
        dialogue.receive(&frame(MessageType::Invoke, 1, ODHCPD, |f| {
            f.object(LISTENER).method(name).no_reply()
        }));
    };
    notify(&mut dialogue, "dhcp.lease4");
    assert_eq!(dialogue.sent(), [""; 0]);
    notify(&mut dialogue, "dhcp.lease6");
    assert_eq!(dialogue.sent(), ["Invoke 9 60000006 ipv6leases"]);
}

#[test]
fn without_odhcpd_there_are_no_leases_until_it_starts() {
    let mut dialogue = Dialogue::following();
    dialogue.sent();
    dialogue.0.ask_leases();
    dialogue.status(6, 0, 4);
    assert_eq!(leased(&mut dialogue), [""; 0]);
    dialogue.sent();
    dialogue.event("ubus.object.add", ODHCPD, "dhcp");
    assert_eq!(dialogue.sent(), ["LookUp 7 0"]);
}

#[test]
fn leases_that_are_wanted_before_the_connection_are_asked_for_after_it() {
    let mut dialogue = Dialogue::new(false);
    dialogue.0.ask_leases();
    assert_eq!(dialogue.sent(), [""; 0]);
    dialogue.receive(&bytes(HELLO));
    dialogue.data(1, 0, |f| f.object(LISTENER));
    dialogue.status(1, 0, 0);
    let sent = dialogue.sent();
    assert_eq!(sent.last().map(String::as_str), Some("LookUp 4 0"), "{sent:?}");
}

#[test]
fn hook_events_are_sent_on_ubus_and_reach_hotplug_scripts_while_procd_has_their_object() {
    const PROCD: u32 = 0x77;
    let mut dialogue = Dialogue::greeted(true);
    dialogue.sent();
    let tell = |dialogue: &mut Dialogue| {
        let data = json!({ "action": "update" }).into();
        dialogue.0.tell_hooks(&data, &["ACTION=update".into()]);
        dialogue.sent()
    };
    let event = |seq| {
        format!("Invoke {seq} 1 send {{\"data\":{{\"action\":\"update\"}},\"id\":\"ddns.event\"}}")
    };
    let call = |seq| format!("Invoke {seq} {PROCD:x} call {{\"env\":[\"ACTION=update\"]}}");
    // procd has no such directory.
    dialogue.status(5, 0, 4);
    assert_eq!(tell(&mut dialogue), [event(6)]);
    dialogue.event("ubus.object.add", PROCD, "hotplug.ddns");
    assert_eq!(tell(&mut dialogue), [event(7), call(8)]);
    dialogue.event("ubus.object.remove", PROCD, "hotplug.ddns");
    assert_eq!(tell(&mut dialogue), [event(9)]);
}

#[test]
fn hotplug_scripts_that_are_there_before_the_daemon_are_found() {
    let mut dialogue = Dialogue::greeted(true);
    dialogue.sent();
    dialogue.0.tell_hooks(&json!({}).into(), &["ACTION=lost".into()]);
    assert_eq!(dialogue.sent(), [""; 0], "ubusd has not answered yet");
    dialogue.data(5, 0, |f| f.object(0x77));
    dialogue.status(5, 0, 0);
    assert_eq!(dialogue.sent()[1], "Invoke 7 77 call {\"env\":[\"ACTION=lost\"]}");
}
