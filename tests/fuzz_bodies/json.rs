//! JSON of any sender.
#![allow(clippy::unwrap_used, reason = "only tests and the fuzzer run this")]

use ddns_netlink::model::json::Json;
use serde_json::Value;

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "json_text",
    body: json_text,
    seeds: &[
        br#"{"id":"17","name":"home.example.com","ttl":300,"proxied":false,"data":["192.0.2.1"]}"#,
        br#"[ 1, -0.5e+3, 18446744073709551616, null, true, "\u00e4\ud83d\ude00\n\"\\\/", {} ]"#,
        br#"{"b":[[[]],[{"":{}}]],"a":1,"b":2}"#,
    ],
    words: &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "null",
        "1e999",
        "-0",
        "\u{e9}",
        "[[[[[[[[[[[[[[[[",
        "]]]]]]]]]]]]]]]]",
        "\"a\":",
    ],
};

/// serde_json reads the same value, or also none. What is written is read as the same value again.
pub(crate) fn json_text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let theirs = serde_json::from_str::<Value>(&text);
    let Ok(ours) = Json::parse(&text) else {
        return assert!(theirs.is_err(), "{text}");
    };
    let written = ours.to_string();
    assert_eq!(Json::parse(&written).unwrap(), ours);
    match theirs {
        Ok(theirs) => assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), theirs),
        // It is too large for a double. Here a number is not calculated.
        Err(error) => assert!(error.to_string().contains("number out of range"), "{error}: {text}"),
    }
}
