use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.cloudns.net/dns";
const FOUND: &str = r#"{
    "11":{"id":"11","type":"A","host":"home","record":"192.0.2.1","ttl":"900","status":1},
    "12":{"id":"12","type":"AAAA","host":"","record":"2001:db8::1","ttl":"300","status":1},
    "13":{"id":"13","type":"MX","host":"","record":"mail.example.com","ttl":"3600","priority":"10","status":1}}"#;
const DONE: &str =
    r#"{"status":"Success","statusDescription":"The record was modified successfully."}"#;

/// A request of the user 123 for example.com.
fn post(operation: &str, more: &str) -> String {
    format!(
        "POST {BASE}/{operation}.json\nauth-id=123&auth-password=hunter2&domain-name=example.com{more}"
    )
}

fn me() -> crate::provider::Provider {
    account("cloudns").with(|account| account.username = "123".into())
}

#[test]
fn records_are_changed_by_their_ids_and_added() {
    let zones = format!(
        "POST {BASE}/list-zones.json\nauth-id=123&auth-password=hunter2&page=1&rows-per-page=100"
    );
    let script = [
        (&*zones, 200, r#"[{"name":"example.com","type":"master","zone":"domain","status":"1"}]"#),
        (&*post("records", ""), 200, FOUND),
        (&*post("mod-record", "&record-id=11&host=home&record=192.0.2.9&ttl=900"), 200, DONE),
        (
            &*post("add-record", "&record-type=AAAA&host=%2a&record=2001%3adb8%3a%3a9&ttl=300"),
            200,
            r#"{"status":"Success","statusDescription":"The record was added successfully.","data":{"id":14}}"#,
        ),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "2001:db8::1"),
        change("*.example.com", "2001:db8::9"),
    ];
    assert_eq!(outcomes(&me(), &changes, &[], &script), ["updated", "unchanged", "updated"]);
}

#[test]
fn only_our_record_is_removed() {
    let gone = [removal("home@example.com", "192.0.2.1")];
    let script = [
        (&*post("records", ""), 200, FOUND),
        (&*post("delete-record", "&record-id=11"), 200, DONE),
    ];
    assert_eq!(outcomes(&me(), &gone, &[], &script), ["updated"]);
    let other = [removal("home@example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me(), &other, &[], &script[..1]), ["unchanged"]);
    assert_eq!(outcomes(&me(), &gone, &[], &[(&post("records", ""), 200, "[]")]), ["unchanged"]);
}

#[test]
fn a_sub_user_has_a_name() {
    let ask = format!(
        "POST {BASE}/records.json\nsub-auth-user=me&auth-password=hunter2&domain-name=example.com"
    );
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&account("cloudns"), &same, &[], &[(&ask, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home@example.com", "192.0.2.9")];
    let list = post("records", "");
    let said =
        |status: u16, body: &str| outcomes(&me(), &home, &[], &[(&list, status, body)]).remove(0);
    let failed = |why: &str| format!(r#"{{"status":"Failed","statusDescription":"{why}"}}"#);
    let wrong = said(200, &failed("Invalid authentication, incorrect auth-id or auth-password."));
    assert!(
        wrong.starts_with(
            "all: no: ClouDNS does not accept the credentials: Invalid authentication, incorrect"
        ),
        "{wrong}"
    );
    let none = said(200, &failed("Missing domain-name"));
    assert!(none.starts_with("no: ClouDNS does not know the zone or the record"), "{none}");
    assert!(said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: ClouDNS limits"));
    assert!(said(403, "{}").starts_with("no: ClouDNS does not allow the request"));
    assert!(said(200, r#"{"a":1}"#).starts_with("again: ClouDNS sends what is not understood"));
    assert!(said(200, "<html>").starts_with("again: ClouDNS sends a web page"));
    let write = post("mod-record", "&record-id=11&host=home&record=192.0.2.9&ttl=900");
    let answer = |answer: &str| {
        outcomes(&me(), &home, &[], &[(&list, 200, FOUND), (&write, 200, answer)]).remove(0)
    };
    assert!(
        answer(&failed("Invalid TTL."))
            .starts_with("no: ClouDNS refuses the request: Invalid TTL.")
    );
    assert!(answer("{}").starts_with("again: ClouDNS took the request"));
}
