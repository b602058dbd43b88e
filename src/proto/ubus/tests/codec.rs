//! Encoding and decoding, by the recorded messages.

use serde_json::{Value as Json, json};

use super::*;
use crate::proto::ubus::blob::{Attributes, Malformed, Members};
use crate::proto::ubus::message::{LIMIT, Message};

fn read(words: &str, look: impl FnOnce(Message<'_>)) {
    let bytes = bytes(words);
    assert_eq!(length(&bytes), Ok(Some(bytes.len())));
    look(parse(&bytes).unwrap());
}

#[test]
fn requests_are_encoded_as_recorded() {
    let lookup = frame(MessageType::LookUp, 1, 0, |f| f.path("network.interface"));
    assert_eq!(lookup, bytes(LOOKUP));
    let dump = |f: Frame| f.object(NETIFD).method("dump").data(&Json::Null.into());
    assert_eq!(frame(MessageType::Invoke, 2, NETIFD, dump), bytes(DUMP));
    assert_eq!(frame(MessageType::AddObject, 5, 0, |f| f), bytes(ADD_OBJECT));
    let register = json!({ "object": LISTENER, "pattern": "network.interface" }).into();
    let register = |f: Frame| f.object(1).method("register").data(&register);
    assert_eq!(frame(MessageType::Invoke, 6, 1, register), bytes(REGISTER));
    let subscribe = frame(MessageType::Subscribe, 7, 0, |f| f.object(LISTENER).target(NETIFD));
    assert_eq!(subscribe, bytes(SUBSCRIBE));
    let status = frame(MessageType::Status, 2, NETIFD, |f| f.status(0).object(NETIFD));
    assert_eq!(status, bytes(DUMP_STATUS));
}

#[test]
fn an_object_is_registered_with_its_methods() {
    let methods = json!({ "dump": {}, "status": { "interface": 3 } }).into();
    let published = frame(MessageType::AddObject, 1, 0, |f| f.signature(&methods));
    let signature = bytes(LOOKUP_DATA)[0x34..].to_vec();
    assert_eq!(published[12..], signature);
}

#[test]
fn recorded_answers_are_decoded() {
    read(HELLO, |hello| {
        assert_eq!((hello.message_type, hello.peer), (Some(MessageType::Hello), 0x1c36_183b));
    });
    read(LOOKUP_DATA, |answer| {
        assert_eq!((answer.message_type, answer.seq, answer.peer), (Some(MessageType::Data), 1, 0));
        assert_eq!(answer.object, Some(NETIFD));
    });
    read(NOT_FOUND, |answer| {
        assert_eq!(
            (answer.message_type, answer.seq, answer.status),
            (Some(MessageType::Status), 3, Some(4))
        );
    });
    read(ADD_OBJECT_DATA, |answer| assert_eq!(answer.object, Some(LISTENER)));
    read(DUMP_STATUS, |answer| {
        assert_eq!((answer.status, answer.object, answer.peer), (Some(0), Some(NETIFD), NETIFD));
    });
    read(DUMP_DATA, |answer| {
        let address = json!({ "address": "203.0.113.5", "mask": 32 });
        let wan = json!({
            "interface": "wan", "up": true, "l3_device": "pppoe-wan", "ipv4-address": [address]
        });
        assert_eq!(data(answer.data), json!({ "interface": [wan] }));
    });
}

#[test]
fn recorded_notifications_and_events_are_decoded() {
    read(NOTIFICATION, |message| {
        assert_eq!(
            (message.message_type, message.object),
            (Some(MessageType::Invoke), Some(LISTENER))
        );
        assert_eq!(message.method, Some(&b"interface.update"[..]));
        assert_eq!(data(message.data), json!({ "interface": "wan", "up": true }));
        assert!(message.no_reply && message.peer != 0);
    });
    read(EVENT, |message| {
        assert_eq!(message.method, Some(&b"network.interface"[..]));
        assert_eq!(data(message.data), json!({ "action": "ifup", "interface": "wan" }));
        assert!(!message.no_reply && message.peer == 0);
    });
}

#[test]
fn json_values_survive_encoding_and_numbers_get_the_size_they_need() {
    let all = json!({
        "a": -1, "b": i64::from(i32::MAX), "c": i64::from(i32::MAX) + 1, "d": i64::MIN,
        "e": 1.5, "f": null, "g": false, "h": "", "i": [], "j": {}, "k": [[1], {"": [null]}]
    });
    with_data(&all, |members| {
        assert_eq!(data(members), all);
        assert_eq!(members.get("a").unwrap().unsigned(), Some(u32::MAX));
        assert_eq!(members.get("c").unwrap().unsigned(), Some(1 << 31));
        assert_eq!(members.get("d").unwrap().unsigned(), None);
        assert_eq!(members.get("h").unwrap().text(), Some(""));
        assert_eq!(members.get("l"), None);
    });
}

#[test]
fn malformed_messages_are_rejected_at_once() {
    for words in ["01000000 00000000 00000004", "00000000 00000000 00000003", "0 0 00100001"] {
        assert_eq!(length(&bytes(words)), Err(Malformed), "{words}");
    }
    assert_eq!(length(&bytes("0 0 00100000")), Ok(Some(8 + LIMIT)));
    assert_eq!(length(&bytes(HELLO)[..11]), Ok(None));
    // An attribute longer than the message, and one shorter than its own header.
    for words in ["0 0 0000000c 03000009 00000000", "0 0 0000000c 03000003 00000000"] {
        assert_eq!(parse(&bytes(words)), Err(Malformed), "{words}");
    }
}

#[test]
fn too_long_a_message_is_not_encoded() {
    let long = |length: usize| {
        let data = json!({ "text": "x".repeat(length) }).into();
        Frame::new(MessageType::Data, 1, 2).data(&data).finish()
    };
    assert!(long(LIMIT - 100).is_some());
    assert!(long(LIMIT).is_none());
    assert!(long(17 << 20).is_none());
}

#[test]
fn iteration_ends_after_a_malformed_value() {
    // A name longer than its attribute; a number of three bytes; then a valid value.
    for broken in ["85000008 00ff6100", "8500000b 00016100 00000000"] {
        let text = format!("8700000d 00016100 01000000 {broken} 8700000d 00016200 01000000");
        let bytes = bytes(&text);
        let all: Vec<_> = Members(Attributes(&bytes)).collect();
        assert!(matches!(all.as_slice(), [Ok(_), Err(Malformed)]), "{all:?}");
        assert_eq!(Members(Attributes(&bytes)).get("b"), None);
    }
}
