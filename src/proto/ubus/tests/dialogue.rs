//! Whole dialogues with ubusd, message by message.

use serde_json::{Value as Json, json};

use super::*;
use crate::proto::control::{Answer, Ask};
use crate::proto::ubus::netifd::Networks;
use crate::proto::ubus::session::{Session, Word};

const OBJECT: u32 = 0x5000_0001;
const CALLER: u32 = 0x7000_0007;

/// A session and the other end of it.
struct Talk(Session);

impl Talk {
    fn new(publish: bool) -> Self {
        Self(Session::new(publish))
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.0.receive(bytes).unwrap();
    }

    /// What is sent, a line each: kind, sequence number, peer, and what is in it.
    fn sent(&mut self) -> Vec<String> {
        let output = self.0.output().to_vec();
        self.0.sent(output.len());
        let mut rest = output.as_slice();
        let mut lines = Vec::new();
        while let Some(length) = length(rest).unwrap() {
            let message = parse(&rest[..length]).unwrap();
            let mut line =
                format!("{:?} {} {:x}", message.kind.unwrap(), message.seq, message.peer);
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

    fn words(&mut self) -> Vec<Word> {
        std::iter::from_fn(|| self.0.next_word()).collect()
    }

    /// The book, if it is the one thing that is told.
    fn book(&mut self) -> Networks {
        let words = self.words();
        let [Word::Netifd(Some(networks))] = words.as_slice() else {
            panic!("{words:?}");
        };
        networks.clone()
    }

    fn data(&mut self, seq: u16, peer: u32, fill: impl FnOnce(Frame) -> Frame) {
        self.hear(&frame(Kind::Data, seq, peer, fill));
    }

    fn status(&mut self, seq: u16, peer: u32, status: u32) {
        self.hear(&frame(Kind::Status, seq, peer, |f| f.status(status)));
    }

    /// ubusd says hello and gives an id to the object that listens, and to ours.
    fn greeted(publish: bool) -> Self {
        let mut talk = Self::new(publish);
        talk.hear(&bytes(HELLO));
        talk.data(1, 0, |f| f.object(LISTENER));
        talk.status(1, 0, 0);
        if publish {
            talk.data(2, 0, |f| f.object(OBJECT));
            talk.status(2, 0, 0);
        }
        talk
    }

    /// Everything up to the question for the book, which has number 5.
    fn asking() -> Self {
        let mut talk = Self::greeted(false);
        talk.status(2, 1, 0);
        talk.data(3, 0, |f| f.object(NETIFD));
        talk.status(3, 0, 0);
        talk.status(4, 0, 0);
        talk.sent();
        talk
    }

    fn dumped(&mut self, seq: u16, netifd: u32, rows: Json) {
        self.data(seq, netifd, |f| f.object(netifd).data(&json!({ "interface": rows })));
        self.status(seq, netifd, 0);
    }

    /// The book is there: `wan` is `pppoe-wan`.
    fn following() -> Self {
        let mut talk = Self::asking();
        talk.dumped(5, NETIFD, json!([wan("pppoe-wan")]));
        talk.book();
        talk
    }

    fn event(&mut self, name: &str, id: u32, path: &str) {
        let data = json!({ "id": id.cast_signed(), "path": path });
        self.hear(&frame(Kind::Invoke, 9, 0, |f| f.object(LISTENER).method(name).data(&data)));
    }

    fn notified(&mut self, name: &str, data: &Json) {
        let fill = |f: Frame| f.no_reply().object(LISTENER).method(name).data(data);
        self.hear(&frame(Kind::Invoke, 9, CALLER, fill));
    }

    fn called(&mut self, method: &str, data: &Json) -> Vec<Word> {
        let fill = |f: Frame| f.object(OBJECT).method(method).data(data);
        self.hear(&frame(Kind::Invoke, 33, CALLER, fill));
        self.words()
    }
}

fn wan(device: &str) -> Json {
    json!({ "interface": "wan", "up": true, "l3_device": device })
}

fn device(networks: &Networks, name: &str) -> Option<String> {
    networks.get(name).unwrap().device.clone()
}

#[test]
fn from_hello_to_the_book_in_four_steps() {
    let mut talk = Talk::new(true);
    assert_eq!(talk.sent(), [""; 0], "ubusd speaks first");
    talk.hear(&bytes(HELLO));
    assert_eq!(talk.sent(), ["AddObject 1 0", "AddObject 2 0"]);
    talk.data(1, 0, |f| f.object(LISTENER));
    talk.status(1, 0, 0);
    let register =
        format!("Invoke 3 1 register {{\"object\":{LISTENER},\"pattern\":\"ubus.object.*\"}}");
    assert_eq!(talk.sent(), [register, "LookUp 4 0".into()]);
    talk.status(3, 1, 0);
    talk.data(4, 0, |f| f.object(NETIFD));
    talk.status(4, 0, 0);
    assert_eq!(talk.sent(), ["Subscribe 5 0 of 85f67542", "Invoke 6 85f67542 dump"]);
    talk.status(5, 0, 0);
    talk.dumped(6, NETIFD, json!([wan("pppoe-wan")]));
    assert_eq!(device(&talk.book(), "wan"), Some("pppoe-wan".into()));
    assert_eq!(talk.sent(), [""; 0]);
}

#[test]
fn an_id_of_32_bits_is_registered_as_what_blobmsg_has() {
    let mut talk = Talk::new(false);
    talk.hear(&bytes(HELLO));
    talk.data(1, 0, |f| f.object(0xffff_fffe));
    talk.status(1, 0, 0);
    assert!(talk.sent()[1].contains("\"object\":-2"));
}

#[test]
fn a_book_like_netifds_is_read_from_the_vectors() {
    let mut talk = Talk::asking();
    // Number 2 in the vectors, 5 here.
    for words in [DUMP_DATA, DUMP_STATUS] {
        let mut bytes = bytes(words);
        bytes[3] = 5;
        talk.hear(&bytes);
    }
    let book = talk.book();
    assert_eq!(device(&book, "wan"), Some("pppoe-wan".into()));
    assert!(book.get("wan").unwrap().addresses.contains(&"203.0.113.5".parse().unwrap()));
    talk.hear(&bytes(NOTIFICATION));
    assert_eq!(device(&talk.book(), "wan"), None, "it names no device");
}

#[test]
fn changes_are_followed_without_asking() {
    let mut talk = Talk::following();
    talk.notified("interface.update", &wan("eth1"));
    assert_eq!(device(&talk.book(), "wan"), Some("eth1".into()));
    talk.notified("interface.update", &wan("eth1"));
    assert!(talk.words().is_empty(), "nothing that matters has changed");
    talk.notified("interface.down", &json!({ "interface": "wan", "up": false }));
    assert_eq!(device(&talk.book(), "wan"), None);
    talk.notified("interface.update", &json!({ "interface": "lan", "up": false }));
    assert_eq!(talk.book().len(), 2);
    talk.notified("interface.renamed", &wan("eth7"));
    assert!(talk.words().is_empty());
    assert_eq!(talk.sent(), [""; 0]);
}

#[test]
fn a_change_before_the_book_is_in_the_book() {
    let mut talk = Talk::asking();
    talk.notified("interface.update", &wan("eth1"));
    assert!(talk.words().is_empty(), "one interface is not the book");
    talk.dumped(5, NETIFD, json!([wan("eth1")]));
    assert_eq!(device(&talk.book(), "wan"), Some("eth1".into()));
}

#[test]
fn netifd_that_is_not_there_yet_is_waited_for() {
    let mut talk = Talk::greeted(false);
    talk.status(2, 1, 0);
    talk.status(3, 0, 4);
    talk.sent();
    talk.event("ubus.object.add", 5000, "network.device");
    talk.event("ubus.object.add", 5001, "network.interface.wan");
    assert!(talk.words().is_empty() && talk.sent().is_empty());
    talk.event("ubus.object.add", NETIFD, "network.interface");
    assert_eq!(talk.sent(), ["Subscribe 4 0 of 85f67542", "Invoke 5 85f67542 dump"]);
    talk.dumped(5, NETIFD, json!([]));
    assert!(talk.book().is_empty());
}

#[test]
fn netifd_that_starts_again_is_asked_again_and_nothing_is_forgotten_meanwhile() {
    for gone in ["unsubscribe", "remove", "both"] {
        let mut talk = Talk::following();
        if gone != "remove" {
            let fill = |f: Frame| f.object(LISTENER).target(NETIFD);
            talk.hear(&frame(Kind::Unsubscribe, 1, 0, fill));
        }
        if gone != "unsubscribe" {
            talk.event("ubus.object.remove", NETIFD, "network.interface");
        }
        assert!(talk.words().is_empty() && talk.sent().is_empty(), "{gone}");
        talk.event("ubus.object.add", 77, "network.interface");
        assert_eq!(talk.sent(), ["Subscribe 6 0 of 4d", "Invoke 7 4d dump"], "{gone}");
        talk.dumped(7, NETIFD, json!([wan("eth9")]));
        assert!(talk.words().is_empty(), "the old one has nothing to say");
        talk.dumped(7, 77, json!([wan("eth1")]));
        assert_eq!(device(&talk.book(), "wan"), Some("eth1".into()), "{gone}");
    }
}

#[test]
fn netifd_that_goes_before_it_has_answered_is_asked_when_it_is_back() {
    let mut talk = Talk::asking();
    talk.event("ubus.object.remove", NETIFD, "network.interface");
    talk.dumped(5, NETIFD, json!([wan("eth9")]));
    assert!(talk.words().is_empty());
    talk.event("ubus.object.add", 77, "network.interface");
    talk.sent();
    talk.dumped(7, 77, json!([wan("eth1")]));
    assert_eq!(device(&talk.book(), "wan"), Some("eth1".into()));
}

#[test]
fn interfaces_that_come_and_go_are_asked_for_one_dump_at_a_time() {
    let mut talk = Talk::following();
    for n in 0..1000 {
        talk.event("ubus.object.add", 5000 + n, &format!("network.interface.if{n}"));
    }
    assert_eq!(talk.sent(), ["Invoke 6 85f67542 dump"]);
    talk.dumped(6, NETIFD, json!([wan("pppoe-wan"), { "interface": "if7" }]));
    assert_eq!(talk.book().len(), 2);
    assert_eq!(talk.sent(), ["Invoke 7 85f67542 dump"], "the first may have come too early");
    talk.dumped(7, NETIFD, json!([wan("pppoe-wan"), { "interface": "if7" }]));
    assert!(talk.words().is_empty() && talk.sent().is_empty());
    talk.event("ubus.object.remove", 5007, "network.interface.if7");
    talk.sent();
    talk.dumped(8, NETIFD, json!([wan("pppoe-wan")]));
    assert_eq!(talk.book().len(), 1, "what is not in the book is no interface");
}

#[test]
fn a_user_who_may_not_ask_has_devices() {
    let may_not = |mut talk: Talk| {
        let words = talk.words();
        let [Word::Trouble(_), Word::Netifd(None)] = words.as_slice() else {
            panic!("{words:?}");
        };
    };
    let mut talk = Talk::new(false);
    talk.hear(&bytes(HELLO));
    talk.status(1, 0, 6);
    may_not(talk);
    // An object that may not be seen is found, but not shown.
    let mut talk = Talk::greeted(false);
    talk.status(2, 1, 0);
    talk.status(3, 0, 0);
    may_not(talk);
    let mut talk = Talk::asking();
    talk.status(5, NETIFD, 6);
    may_not(talk);
}

#[test]
fn a_book_that_cannot_be_read_is_trouble_and_not_an_empty_book() {
    for answer in [json!({}), json!({ "interface": 5, "x": 1 })] {
        let mut talk = Talk::asking();
        talk.data(5, NETIFD, |f| f.object(NETIFD).data(&answer));
        talk.status(5, NETIFD, 0);
        let words = talk.words();
        assert!(matches!(words.as_slice(), [Word::Trouble(_)]), "{answer}: {words:?}");
    }
    let mut talk = Talk::asking();
    talk.status(5, NETIFD, 7);
    assert!(matches!(talk.words().as_slice(), [Word::Trouble(_)]));
}

#[test]
fn what_cannot_be_had_is_said() {
    let mut talk = Talk::new(true);
    talk.hear(&bytes(HELLO));
    talk.data(1, 0, |f| f.object(LISTENER));
    talk.status(1, 0, 0);
    talk.status(2, 0, 2);
    talk.sent();
    talk.event("ubus.object.remove", 7, "ddns");
    assert_eq!(talk.sent(), ["AddObject 5 0"], "another one had the name, perhaps our predecessor");
    talk.data(5, 0, |f| f.object(OBJECT));
    talk.event("ubus.object.remove", 7, "ddns");
    assert_eq!(talk.sent(), [""; 0]);
    let words = talk.words();
    assert!(
        matches!(words.as_slice(), [Word::Trouble(text)] if text.contains("'ddns'")),
        "{words:?}"
    );
    let mut talk = Talk::greeted(false);
    talk.status(2, 1, 6);
    assert!(matches!(talk.words().as_slice(), [Word::Trouble(_)]));
}

#[test]
fn the_word_of_others_is_not_believed() {
    let mut talk = Talk::asking();
    // Anybody may send anybody data, with the number of an own object as peer.
    talk.dumped(5, CALLER, json!([wan("eth9")]));
    talk.data(4, CALLER, |f| f.object(99));
    assert!(talk.words().is_empty());
    talk.dumped(5, NETIFD, json!([wan("eth1")]));
    talk.book();
    // A call of an object without a name needs no right; it is no notification and no event.
    let forged = |f: Frame| f.object(LISTENER).method("interface.update").data(&wan("eth9"));
    talk.hear(&frame(Kind::Invoke, 1, CALLER, forged));
    let object = json!({ "id": 99, "path": "network.interface" });
    let forged = |f: Frame| f.object(LISTENER).method("ubus.object.add").data(&object);
    talk.hear(&frame(Kind::Invoke, 1, CALLER, forged));
    let forged = |f: Frame| f.object(12345).no_reply().method("interface.update").data(&wan("x"));
    talk.hear(&frame(Kind::Invoke, 1, CALLER, forged));
    assert!(talk.words().is_empty() && talk.sent().is_empty());
}

#[test]
fn calls_of_our_object_are_asked_and_answered() {
    let mut talk = Talk::greeted(true);
    talk.sent();
    for (method, data, ask) in [
        ("status", json!({}), Ask::StatusJson),
        ("get", json!({ "section": "home" }), Ask::Get("home".into())),
        ("why", json!({ "section": "home" }), Ask::Why("home".into())),
        ("update", json!({}), Ask::Update(vec![])),
        ("update", json!({ "section": "home" }), Ask::Update(vec!["home".into()])),
        ("stop", json!({ "section": "home" }), Ask::Stop(vec!["home".into()])),
        ("start", json!({ "section": "home" }), Ask::Start(vec!["home".into()])),
    ] {
        let words = talk.called(method, &data);
        let [Word::Called(call)] = words.as_slice() else {
            panic!("{words:?}");
        };
        assert_eq!(call.ask, ask);
        talk.0.answer(call, Answer::Json(json!({ "a": [1, null] })));
        let ended = "Status 33 70000007 status 0";
        assert_eq!(talk.sent(), ["Data 33 70000007 {\"a\":[1,null]}", ended]);
        talk.0.answer(call, Answer::Text("x: y\n".into()));
        assert_eq!(talk.sent(), ["Data 33 70000007 {\"text\":\"x: y\\n\"}", ended]);
        talk.0.answer(call, Answer::NoSection("x".into()));
        assert_eq!(talk.sent(), ["Status 33 70000007 status 4"]);
    }
}

#[test]
fn calls_that_make_no_sense_are_refused() {
    let mut talk = Talk::greeted(true);
    talk.sent();
    for (method, data, status) in [
        ("reboot", json!({}), 3),
        ("interface.update", wan("eth9"), 3),
        ("get", json!({}), 2),
        ("why", json!({ "section": 5 }), 2),
        ("update", json!({ "section": 5 }), 2),
        ("update", json!({ "section": ["home"] }), 2),
        ("stop", json!({}), 2),
        ("start", json!({}), 2),
    ] {
        assert!(talk.called(method, &data).is_empty());
        assert_eq!(talk.sent(), [format!("Status 33 70000007 status {status}")], "{method}");
    }
}

#[test]
fn an_answer_that_is_too_long_is_refused_and_one_of_another_connection_is_not_sent() {
    let mut talk = Talk::greeted(true);
    talk.sent();
    let words = talk.called("why", &json!({ "section": "home" }));
    let [Word::Called(call)] = words.as_slice() else {
        panic!("{words:?}");
    };
    talk.0.answer(call, Answer::Text("x".repeat(2 << 20)));
    assert_eq!(talk.sent(), ["Status 33 70000007 status 11"]);
    let mut other = Session::new(true);
    other.answer(call, Answer::Text(String::new()));
    assert!(other.output().is_empty());
}

#[test]
fn subscribers_are_told_and_ubusd_says_whether_there_are_any() {
    let mut talk = Talk::greeted(true);
    talk.sent();
    for active in [true, false] {
        talk.hear(&frame(Kind::Notify, 1, 0, |f| f.object(OBJECT).active(active)));
        assert!(matches!(talk.words().as_slice(), [Word::Watched(it)] if *it == active));
    }
    talk.0.notify("record.update", &json!({ "a": 1 }));
    let sent = talk.sent();
    assert_eq!(sent, [format!("Notify 5 {OBJECT:x} record.update {{\"a\":1}}")]);
    let mut without = Talk::greeted(false);
    without.sent();
    without.0.notify("record.update", &json!({}));
    assert_eq!(without.sent(), [""; 0]);
}

#[test]
fn a_caller_who_does_not_read_costs_a_bounded_amount() {
    let mut talk = Talk::greeted(true);
    let words = talk.called("why", &json!({ "section": "home" }));
    let [Word::Called(call)] = words.as_slice() else {
        panic!("{words:?}");
    };
    for _ in 0..100 {
        talk.0.answer(call, Answer::Text("x".repeat(1_000_000)));
        talk.0.notify("record.update", &json!({ "text": "x".repeat(1_000_000) }));
    }
    assert!(talk.0.output().len() < 6 << 20);
}
