//! serde_json's own values are the second opinion.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn text() -> impl Strategy<Value = String> {
    let plain = "[a-z \u{e4}\u{20ac}\u{1f600}/]{0,6}";
    prop_oneof![plain, "[\\x00-\\x20\"\\\\\\x7f]{0,4}", any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(text(), inner, 0..6).prop_map(Value::from_iter),
        ]
    })
}

/// What JSON consists of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[\\[\\]{},:\"]",
        2 => "[0-9.eE+-]{1,4}",
        1 => "[ \\n\\t\\r\\f]",
        1 => "null|true|false",
        1 => r"\\ud83d|\\ude00|\\u00e4|\\u12|\\",
        1 => "\"a\"|\"a\":|\u{e4}|\x00",
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn read(text: &str) -> Json {
    Json::parse(text).unwrap()
}

/// Parses `text`, and compares the result with that of serde_json.
fn compare(text: &str) {
    match (serde_json::from_str::<Value>(text), Json::parse(text)) {
        (Ok(theirs), Ok(ours)) => {
            let written = ours.to_string();
            assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), theirs, "{text}");
            assert_eq!(read(&written), ours, "{text}");
        }
        (Err(_), Err(_)) => {}
        // A number that is too large for a double can still be written back.
        (Err(error), Ok(_)) => assert!(error.to_string().contains("out of range"), "{text}"),
        (Ok(_), Err(error)) => panic!("{error}: {text}"),
    }
}

/// The bracket that closes an array or an object.
fn closing(open: &str) -> char {
    if open.starts_with('{') { '}' } else { ']' }
}

proptest! {
    #[test]
    fn values_are_read_and_written_as_serde_json_does(value in value()) {
        for text in [value.to_string(), format!("{value:#}\n")] {
            prop_assert_eq!(read(&text).to_string(), value.to_string());
        }
    }

    #[test]
    fn the_same_texts_are_json(text in pieces()) {
        compare(&text);
        compare(&format!("[\"{text}\"]"));
    }

    #[test]
    fn damaged_texts_never_panic(value in value(), at: prop::sample::Index, with in "[\\[\\]{},:\"\\\\0e]?") {
        let mut text: Vec<char> = value.to_string().chars().collect();
        let place = at.index(text.len());
        text.splice(place..=place, with.chars());
        compare(&text.into_iter().collect::<String>());
    }

    #[test]
    fn the_same_depth_is_too_deep(
        before in vec(prop::sample::select(vec!["[", "{\"a\":", "[0, ", " [\t"]), 120..135),
    ) {
        let after: String = before.iter().rev().map(|open| closing(open)).collect();
        compare(&format!("{}1{after}", before.concat()));
    }

    #[test]
    fn pointers_lead_where_those_of_serde_json_lead(value in value(), path in vec("[0-2a]", 0..4)) {
        let pointer: String = path.iter().map(|name| format!("/{name}")).collect();
        let found = value.pointer(&pointer).map(Json::from);
        let mut ours = Json::from(&value);
        prop_assert_eq!(ours.pointer(&pointer), found.as_ref());
        prop_assert_eq!(ours.pointer_mut(&pointer).map(Json::take), found);
    }
}

#[test]
fn numbers_stay_as_they_were_written() {
    for number in
        ["18446744073709551616", "-0", "1.50", "1E+400", "0.1000000000000000055511151231257827"]
    {
        assert_eq!(read(number), Json::Number(number.into()));
        assert_eq!(read(&format!("[ {number} ]")).to_string(), format!("[{number}]"));
    }
    assert_eq!((read("7").as_u64(), read("-7").as_i64()), (Some(7), Some(-7)));
    assert_eq!(
        (read("-7").as_u64(), read("7.0").as_i64(), read("\"7\"").as_i64()),
        (None, None, None)
    );
}

#[test]
fn characters_may_be_in_two_halves_but_not_in_one() {
    assert_eq!(read(r#""\ud83d\ude00\/\u00e4""#).as_str(), Some("\u{1f600}/\u{e4}"));
    for half in [r"\ud83d", r"\ude00", r"\ud83d\n", r"\ud83d\u0041", r"\ude00\ud83d"] {
        assert!(Json::parse(&format!("\"{half}\"")).is_err(), "{half}");
    }
}

#[test]
fn deep_texts_are_refused() {
    for (open, close) in [("[", "]"), ("{\"\":", "}"), ("[[],", "]")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert!(Json::parse(&deep).is_err());
        assert!(Json::parse(&open.repeat(100_000)).is_err());
    }
}

#[test]
fn wide_objects_are_sorted_and_the_last_of_equal_names_counts() {
    let mut text: Vec<String> = Vec::new();
    for number in (0..60_000).rev() {
        text.push(format!("\"{:05}\":{number}", number % 50_000));
    }
    let object = read(&format!("{{{}}}", text.join(",")));
    let members = object.members().unwrap();
    assert_eq!(members.len(), 50_000);
    assert!(members.keys().is_sorted());
    assert!(
        members.iter().all(|(name, value)| **name == *format!("{:05}", value.as_u64().unwrap()))
    );
}

/// An array of 512 KiB may have 262,144 elements.
#[test]
fn a_value_is_as_small_as_a_list() {
    assert_eq!(size_of::<Json>(), size_of::<Vec<Json>>());
}

#[test]
fn members_are_set_and_read_by_name() {
    let mut value = Json::object(&mut [("b", 1_u32.into()), ("a", Json::Null), ("b", true.into())]);
    value.set("c", "x".into());
    assert_eq!(value.to_string(), r#"{"a":null,"b":true,"c":"x"}"#);
    assert!(value["b"].is_true() && value["a"].is_null() && value["d"].is_null());
    assert_eq!((value.get("a"), value.get("d")), (Some(&Json::Null), None));
    let mut list: Json = vec![false.into()].into();
    assert_eq!((list.elements().len(), value.elements().len()), (1, 0));
    list.set("a", None::<u32>.into());
    assert_eq!(list.to_string(), r#"{"a":null}"#);
}

#[test]
fn decimals_have_as_many_digits_as_they_need_but_at_least_one() {
    for (whole, fraction, digits, text) in [
        (12, 345, 3, "12.345"),
        (0, 1, 9, "0.000000001"),
        (259_190, 0, 9, "259190.0"),
        (10, 500_000, 6, "10.5"),
    ] {
        assert_eq!(Json::decimal(whole, fraction, digits).to_string(), text);
    }
}
