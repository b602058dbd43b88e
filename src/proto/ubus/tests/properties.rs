//! Properties for any bytes and any messages.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::proto::ubus::blob::Attributes;
use crate::proto::ubus::session::{Session, UbusEvent};

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<i8>().prop_map(Json::from),
        double().prop_map(Json::from),
        "[^\\x00]{0,9}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Json::from),
            object(inner).prop_map(Json::from),
        ]
    })
}

/// A number that is no whole one, as `status` has them.
fn double() -> impl Strategy<Value = f64> {
    (1..u64::MAX >> 24, 1..1_000_000_000_u32)
        .prop_map(|(whole, nanos)| format!("{whole}.{nanos:09}").parse().unwrap())
}

fn object(inner: impl Strategy<Value = Json>) -> impl Strategy<Value = Map<String, Json>> {
    btree_map("[a-z0-9._-]{0,9}", inner, 0..6).prop_map(|members| members.into_iter().collect())
}

/// A message as any program on the bus could send it. Ids are from a small range, so that some match.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let message_type = prop_oneof![
        Just(MessageType::Hello),
        Just(MessageType::Status),
        Just(MessageType::Data),
        Just(MessageType::Invoke),
        Just(MessageType::Unsubscribe),
        Just(MessageType::Notify),
    ];
    let method = prop_oneof![
        Just("ubus.object.add"),
        Just("ubus.object.remove"),
        Just("interface.update"),
        Just("status"),
        Just("why"),
    ];
    let path = prop_oneof![Just("network.interface"), Just("network.interface.wan"), Just("ddns")];
    let numbers = (0..8u16, 0..8u32, 0..8u32, 0..8u32, 0..8u32, any::<bool>());
    (message_type, method, path, numbers, object(json())).prop_map(
        |(message_type, method, path, (seq, peer, object, target, status, flag), mut data)| {
            data.insert("path".into(), path.into());
            data.insert("id".into(), target.into());
            data.insert("section".into(), path.into());
            data.insert("interface".into(), Json::Array(vec![]));
            let mut frame = Frame::new(message_type, seq, peer).object(object).target(target);
            if message_type == MessageType::Status {
                frame = frame.status(status);
            }
            if flag {
                frame = frame.no_reply().active(true);
            }
            frame.method(method).data(&Json::from(data).into()).finish().unwrap()
        },
    )
}

fn events(session: &mut Session) -> Vec<String> {
    let events = std::iter::from_fn(|| session.next_event());
    events.map(|event| format!("{event:?}")).collect()
}

/// The number of values, down to `depth` levels.
fn count(members: Members<'_>, depth: usize) -> usize {
    let valid = members.map_while(Result::ok);
    valid.map(|(_, value)| 1 + if depth > 0 { count(value.members(), depth - 1) } else { 0 }).sum()
}

proptest! {
    #[test]
    fn values_are_read_as_they_were_written(members in object(json())) {
        let members = Json::from(members);
        let seen = with_data(&members, data);
        // Beyond 2^53 a text holds more digits than a double.
        prop_assert_eq!(seen.to_string(), members.to_string());
    }

    #[test]
    fn decimals_become_the_nearest_double(
        whole in (0_u32..=40).prop_flat_map(|bits| 0..1_u64 << bits),
        fraction in "[0-9]{1,18}",
    ) {
        let text = format!("{whole}.{fraction}");
        let number = crate::model::json::Json::Number(text.as_str().into());
        let bytes = frame(MessageType::Data, 1, 2, |f| f.data(&crate::model::json::Json::object(&mut [("a", number)])));
        let seen = parse(&bytes).unwrap().data.get("a");
        prop_assert_eq!(seen, Some(Value::Double(text.parse().unwrap())), "{}", text);
    }

    #[test]
    fn the_number_of_values_is_bounded_by_the_bytes(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(Attributes(&bytes).count() <= bytes.len() / 4 + 1);
        prop_assert!(count(Members(Attributes(&bytes)), 8) <= bytes.len() * 2);
        let _ = (length(&bytes), parse(&bytes));
    }

    #[test]
    fn damaged_messages_never_panic(
        members in object(json()), position in any::<prop::sample::Index>(), byte: u8,
    ) {
        let mut bytes = frame(MessageType::Data, 1, 2, |f| f.object(3).data(&Json::from(members).into()));
        let position = position.index(bytes.len());
        bytes[position] = byte;
        if let Ok(message) = parse(&bytes) {
            prop_assert!(count(message.data, 8) <= bytes.len() * 2);
            let _ = crate::proto::ubus::netifd::dump(message.data);
        }
    }

    #[test]
    fn messages_may_arrive_in_any_pieces(
        messages in vec(message(), 0..20), cuts in vec(1..40usize, 1..9),
    ) {
        let stream: Vec<u8> = bytes(HELLO).into_iter().chain(messages.concat()).collect();
        let mut whole = Session::new(true);
        prop_assert!(whole.receive(&stream).is_ok());
        let mut cut = Session::new(true);
        let mut rest = stream.as_slice();
        for size in cuts.into_iter().cycle() {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            prop_assert!(cut.receive(piece).is_ok());
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(events(&mut cut), events(&mut whole));
        prop_assert_eq!(cut.output(), whole.output());
    }

    #[test]
    fn each_message_causes_few_events_and_little_output(messages in vec(message(), 0..60)) {
        let mut session = Session::new(true);
        session.receive(&bytes(HELLO)).unwrap();
        for message in messages {
            let before = session.output().len();
            session.receive(&message).unwrap();
            let mut events = 0;
            while let Some(event) = session.next_event() {
                events += 1;
                prop_assert!(!matches!(event, UbusEvent::Trouble(text) if text.contains('\n')));
            }
            prop_assert!(events <= 2 && session.output().len() - before < 400);
        }
    }

    #[test]
    fn garbage_causes_few_events(garbage in vec(any::<u8>(), 0..300)) {
        let mut session = Session::new(true);
        session.receive(&bytes(HELLO)).unwrap();
        let _ = session.receive(&garbage);
        prop_assert!(events(&mut session).len() <= garbage.len() / 12 + 1);
    }
}
