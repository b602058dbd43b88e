use crate::provider::testing::{account, change, outcomes};

const ZONES: (&str, u16, &str) = (
    "GET https://api.nsone.net/v1/zones
     X-NSONE-Key: hunter2",
    200,
    r#"[{"zone":"example.com","id":"x","ttl":3600},{"zone":"example.net","id":"y"}]"#,
);
const FIND: &str = "GET https://api.nsone.net/v1/zones/example.com/home.example.com/A";
const POST: &str = "POST https://api.nsone.net/v1/zones/example.com/home.example.com/A";
const NONE: &str = r#"{"message":"record not found"}"#;

/// A set with these answers.
fn record(answers: &str) -> String {
    format!(
        r#"{{"zone":"example.com","domain":"home.example.com","type":"A","ttl":60,"id":"r",
            "filters":[],"answers":[{answers}]}}"#
    )
}

#[test]
fn an_update_keeps_the_other_properties_of_a_set() {
    let me = account("ns1");
    let there = record(r#"{"answer":["192.0.2.1"],"id":"a","meta":{"up":true}}"#);
    let post = format!(
        "{POST}\n{}",
        r#"{"answers":[{"answer":["192.0.2.9"],"id":"a","meta":{"up":true}}]}"#
    );
    let done = record(r#"{"answer":["192.0.2.9"],"id":"a","meta":{"up":true}}"#);
    let script = [ZONES, (FIND, 200, &there), (&post, 200, &done)];
    assert_eq!(
        outcomes(&me, &[change("home.example.com", "192.0.2.9")], &[], &script),
        ["updated"]
    );
    let same = change("home.example.com", "192.0.2.1");
    assert_eq!(outcomes(&me, &[same], &[], &[ZONES, (FIND, 200, &there)]), ["unchanged"]);
}

#[test]
fn a_missing_record_is_added() {
    let me = account("ns1.com");
    let find = "GET https://api.nsone.net/v1/zones/example.com/example.com/AAAA";
    let put = r#"PUT https://api.nsone.net/v1/zones/example.com/example.com/AAAA
        {"answers":[{"answer":["2001:db8::9"]}],"domain":"example.com","ttl":60,"type":"AAAA","zone":"example.com"}"#;
    let done = r#"{"type":"AAAA","answers":[{"answer":["2001:db8::9"]}]}"#;
    let mut new = change("@example.com", "2001:db8::9");
    new.record.ttl = Some(60);
    assert_eq!(outcomes(&me, &[new], &[], &[(find, 404, NONE), (put, 200, done)]), ["updated"]);
}

#[test]
fn of_several_records_only_ours_is_replaced() {
    let me = account("ns1");
    let there = record(r#"{"answer":["192.0.2.1"]},{"answer":["192.0.2.2"]}"#);
    let mut ours = change("home@example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let post =
        format!("{POST}\n{}", r#"{"answers":[{"answer":["192.0.2.1"]},{"answer":["192.0.2.9"]}]}"#);
    let done = record(r#"{"answer":["192.0.2.1"]},{"answer":["192.0.2.9"]}"#);
    let script = [(FIND, 200, &*there), (&post, 200, &done)];
    assert_eq!(outcomes(&me, &[ours.clone()], &[], &script), ["updated"]);
    ours.previous = None;
    let verdicts = outcomes(&me, &[ours], &[], &[(FIND, 200, &there)]);
    assert!(verdicts[0].contains("has 2 A records"), "{verdicts:?}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("ns1");
    let said = |status: u16, body: &str| {
        outcomes(&me, &[change("home@example.com", "192.0.2.9")], &[], &[(FIND, status, body)])
            .remove(0)
    };
    assert_eq!(
        said(401, r#"{"message":"Unauthorized"}"#),
        "all: no: NS1 does not accept the credentials: Unauthorized (HTTP 401); 'password' must \
         hold an API key that may manage the zone's records"
    );
    assert!(said(429, r#"{"message":"rate limit"}"#).starts_with("all: again in "));
    assert!(said(500, "").starts_with("all: again: "));
    for page in ["<html>", "{}", "[]"] {
        assert!(said(200, page).starts_with("again: "));
    }
    // Without the zone, a set can neither be read nor added.
    let put = "PUT https://api.nsone.net/v1/zones/example.com/home.example.com/A";
    let no = r#"{"message":"zone not found"}"#;
    let script = [(FIND, 404, no), (put, 404, no)];
    let verdicts = outcomes(&me, &[change("home@example.com", "192.0.2.9")], &[], &script);
    assert!(
        verdicts[0].starts_with("no: NS1 does not know the zone or the record: zone not found"),
        "{verdicts:?}"
    );
}
