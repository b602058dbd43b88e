//! netifd's answers, valid and not.

use serde_json::{Value as Json, json};

use super::*;
use crate::model::sorted::Set;
use crate::proto::ubus::netifd::{MAX_NETWORKS, dump, update};
use crate::proto::ubus::netifd::{Network, Networks};

fn networks(rows: &Json) -> Networks {
    with_data(&json!({ "interface": rows }), |data| dump(data).unwrap())
}

fn one(row: &Json) -> Network {
    networks(&json!([row])).into_iter().next().unwrap().1
}

fn addresses(texts: &[&str]) -> Set<std::net::IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn an_interface_has_its_device_and_its_addresses() {
    let wan = one(&json!({
        "interface": "wan", "up": true, "pending": false, "l3_device": "pppoe-wan", "proto": "pppoe",
        "device": "eth1", "metric": 0,
        "ipv4-address": [{ "address": "203.0.113.5", "mask": 32, "ptpaddress": "192.0.2.1" }],
        "ipv6-address": [{ "address": "2001:db8::5", "mask": 64, "preferred": 0 }],
        "inactive": { "ipv4-address": [{ "address": "10.9.9.9" }] }, "data": {}
    }));
    let expected = Network {
        device: Some("pppoe-wan".into()),
        addresses: addresses(&["203.0.113.5", "2001:db8::5"]),
        ..Network::default()
    };
    assert_eq!(wan, expected);
}

#[test]
fn a_lan_has_its_address_in_the_delegated_prefix() {
    let lan = one(&json!({
        "interface": "lan", "up": true, "l3_device": "br-lan",
        "ipv4-address": [{ "address": "192.168.1.1", "mask": 24 }], "ipv6-address": [],
        "ipv6-prefix-assignment": [
            { "address": "2001:db8:1::", "mask": 60,
              "local-address": { "address": "2001:db8:1::1", "mask": 60 } },
            { "address": "fd00::", "mask": 60, "local-address": {} }
        ]
    }));
    assert_eq!(lan.assigned, addresses(&["2001:db8:1::1"]));
    assert_eq!(lan.addresses, addresses(&["192.168.1.1"]));
}

#[test]
fn an_interface_that_is_not_up_has_no_device() {
    for row in [
        json!({ "interface": "wan", "up": false, "pending": true, "device": "wan" }),
        json!({ "interface": "wan", "up": false, "l3_device": "wan" }),
        json!({ "interface": "wan", "up": 1, "l3_device": "wan" }),
        json!({ "interface": "wan", "up": true, "device": "wan" }),
    ] {
        assert_eq!(one(&row).device, None, "{row}");
    }
}

#[test]
fn invalid_rows_are_skipped() {
    let rows = json!([
        {}, [], 5, null, { "interface": 7 }, { "interface": "" }, { "interface": "a\nb" },
        { "interface": "x".repeat(65) },
        { "interface": "wan", "up": true, "l3_device": "y".repeat(65),
          "ipv4-address": [{ "address": "203.0.113.300" }, { "address": 5 }, {}, "203.0.113.5"],
          "ipv6-address": "none", "ipv6-prefix-assignment": [{ "local-address": [] }, {}] }
    ]);
    let networks = networks(&rows);
    assert_eq!(networks.into_iter().collect::<Vec<_>>(), [("wan".to_owned(), Network::default())]);
}

#[test]
fn other_texts_need_not_be_utf_8() {
    let mut bytes = frame(MessageType::Data, 1, 2, |f| {
        f.data(
            &json!({ "interface": [{ "interface": "wan", "up": true, "data": { "a": "??" } }] })
                .into(),
        )
    });
    let position = bytes.windows(2).position(|pair| pair == b"??").unwrap();
    bytes[position..position + 2].copy_from_slice(&[0xff, 0xfe]);
    let networks = dump(parse(&bytes).unwrap().data).unwrap();
    assert!(networks.contains_key("wan"));
}

#[test]
fn interfaces_and_addresses_are_bounded() {
    let rows: Vec<Json> = (0..10_000).map(|n| json!({ "interface": format!("if{n}") })).collect();
    assert_eq!(networks(&rows.into()).len(), MAX_NETWORKS);
    let many: Vec<Json> = (0..10_000)
        .map(|n| json!({ "address": format!("10.0.{}.{}", n / 250, n % 250) }))
        .collect();
    let row = json!({ "interface": "wan", "up": true, "ipv4-address": many });
    assert_eq!(one(&row).addresses.len(), 64);
}

#[test]
fn a_malformed_dump_or_update_is_rejected() {
    assert!(with_data(&json!({}), |data| dump(data).is_err()));
    assert_eq!(with_data(&json!({ "interface": [] }), dump), Ok(Networks::new()));
    let rows = json!({ "interface": [{ "interface": "wan", "up": true }, { "interface": "lan" }] });
    let mut bytes = frame(MessageType::Data, 1, 2, |f| f.data(&(&rows).into()));
    let position = bytes.windows(2).position(|pair| pair == b"up").unwrap();
    // The length of the name of `up`.
    bytes[position - 1] = 0xf0;
    assert!(dump(parse(&bytes).unwrap().data).is_err());
    let row = json!({ "interface": "wan", "up": true });
    let mut bytes = frame(MessageType::Data, 1, 2, |f| f.data(&(&row).into()));
    let position = bytes.windows(2).position(|pair| pair == b"up").unwrap();
    bytes[position - 1] = 0xf0;
    assert!(update(parse(&bytes).unwrap().data).is_err());
}
