use serde_json::{Value, json};

use crate::provider::testing::{account, change, outcomes, removal};

const DONE: &str =
    r#"{"status":{"code":"1","message":"Action completed successful"},"record":{"id":"16909160"}}"#;
const LOGIN: &str = "login_token=me,hunter2&format=json";

fn ask(action: &str, more: &str) -> String {
    format!("POST https://dnsapi.cn/{action}\n{LOGIN}&{more}")
}

fn find(host: &str, kind: &str) -> String {
    ask("Record.List", &format!("domain=example.com&sub_domain={host}&record_type={kind}"))
}

fn record(id: &str, value: &str) -> Value {
    json!({"id": id, "name": "home", "line": "电信", "line_id": "10=0", "type": "A", "ttl": "120",
        "value": value, "enabled": "1"})
}

fn found(records: &[Value]) -> String {
    json!({"status": {"code": "1", "message": "Action completed successful"},
        "domain": {"id": 1, "name": "example.com"}, "records": records})
    .to_string()
}

fn error(code: &str, message: &str) -> String {
    json!({"status": {"code": code, "message": message}}).to_string()
}

#[test]
fn an_update_keeps_line_and_ttl_of_a_record() {
    let me = account("dnspod.cn");
    let zones = ask("Domain.List", "offset=0&length=500");
    let list = r#"{"status":{"code":"1","message":"x"},"domains":[{"id":1,"name":"example.com"}]}"#;
    let there = found(&[record("7", "192.0.2.1")]);
    let write = ask(
        "Record.Modify",
        "domain=example.com&record_id=7&sub_domain=home&record_type=A&record_line_id=10%3d0\
         &value=192.0.2.9&ttl=120",
    );
    let script = [(&*zones, 200, list), (&*find("home", "A"), 200, &*there), (&*write, 200, DONE)];
    let one = [change("home.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me, &one, &[], &script), ["updated"]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &[], &[(&find("home", "A"), 200, &there)]), ["unchanged"]);
}

#[test]
fn missing_records_are_added() {
    let me = account("dnspod-token");
    let none = error("10", "No records");
    let create = |host: &str, kind: &str, value: &str| {
        ask(
            "Record.Create",
            &format!(
                "domain=example.com&sub_domain={host}&record_type={kind}&record_line_id=0\
                 &value={value}&ttl=600"
            ),
        )
    };
    let changes = [change("@example.com", "2001:db8::9"), change("*@example.com", "192.0.2.9")];
    let script = [
        (&*find("%40", "AAAA"), 200, &*none),
        (&*create("%40", "AAAA", "2001%3adb8%3a%3a9"), 200, DONE),
        (&*find("%2a", "A"), 200, &*none),
        (&*create("%2a", "A", "192.0.2.9"), 200, DONE),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "updated"]);
}

#[test]
fn only_our_record_is_removed() {
    let me = account("dnspod.cn");
    let there = found(&[record("7", "192.0.2.1"), record("8", "192.0.2.2")]);
    let delete = ask("Record.Remove", "domain=example.com&record_id=8");
    let script = [(&*find("home", "A"), 200, &*there), (&*delete, 200, DONE)];
    let ours = [removal("home@example.com", "192.0.2.2")];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated"]);
    let other = [removal("home@example.com", "192.0.2.3")];
    assert_eq!(outcomes(&me, &other, &[], &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("dnspod.cn");
    let one = [change("home@example.com", "192.0.2.9")];
    let said = |code: &str, message: &str| {
        outcomes(&me, &one, &[], &[(&find("home", "A"), 200, &error(code, message))]).remove(0)
    };
    assert!(
        said("-1", "Login failed")
            .starts_with("all: no: DNSPod does not accept the credentials: Login failed")
    );
    assert!(said("-2", "API usage is limited").starts_with("all: again in 3600 s: DNSPod limits"));
    assert!(said("6", "Invalid domain").starts_with("no: DNSPod does not know the zone"));
    assert!(said("85", "x").contains("log in from any place"));
    assert!(said("3", "Unknown error").starts_with("all: again: DNSPod has a problem"));
    assert!(said("32", "TTL is out of range").starts_with("no: DNSPod refuses the request: TTL"));
    let strange = outcomes(&me, &one, &[], &[(&find("home", "A"), 200, "{}")]);
    assert!(strange[0].starts_with("again: "), "{strange:?}");
    let none = error("10", "No records");
    let exists = error("104", "Record already exists");
    let script = [(&*find("home", "A"), 200, &*none), ("", 200, &*exists)];
    assert!(!outcomes(&me, &one, &[], &script)[0].starts_with("updated"));
}
