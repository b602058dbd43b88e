use serde_json::{Value, json};

use crate::provider::Change;
use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.dns.la/api";
const DONE: &str = r#"{"code":200,"msg":"","data":{"id":"85371689655342080"}}"#;

fn find(host: &str, kind: u8) -> String {
    format!(
        "GET {BASE}/recordList?domain=example.com&host={host}&type={kind}&pageIndex=1&pageSize=500
         Basic me:hunter2"
    )
}

fn found(records: &[Value]) -> String {
    json!({"code": 200, "msg": "", "data": {"total": records.len(), "results": records}})
        .to_string()
}

fn record(id: &str, kind: u8, value: &str) -> Value {
    json!({"id": id, "host": "home", "type": kind, "data": value, "ttl": 120})
}

/// The options name the zone.
fn known(mut one: Change) -> Change {
    one.record.zone_id = Some("85369994254488576".into());
    one
}

#[test]
fn records_are_changed_added_and_removed() {
    let me = account("dns.la");
    let zones = format!("GET {BASE}/domainList?pageIndex=1&pageSize=100");
    let list = r#"{"code":200,"msg":"","data":{"total":1,"results":[
        {"id":"85369994254488576","domain":"example.com."}]}}"#;
    let there = found(&[record("7", 1, "192.0.2.1"), record("8", 16, "192.0.2.2")]);
    let put = format!(
        "PUT {BASE}/record\n{}",
        json!({"id": "7", "host": "home", "type": 1, "data": "192.0.2.9", "ttl": 120})
    );
    let script = [(&*zones, 200, list), (&*find("home", 1), 200, &*there), (&*put, 200, DONE)];
    let one = [change("home.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me, &one, &[], &script), ["updated"]);

    let none = found(&[]);
    let post = format!(
        "POST {BASE}/record\n{}",
        json!({"domainId": "85369994254488576", "host": "@", "type": 28, "data": "2001:db8::9",
            "ttl": 600})
    );
    let new = [known(change("@example.com", "2001:db8::9"))];
    let script = [(&*find("%40", 28), 200, &*none), (&*post, 200, DONE)];
    assert_eq!(outcomes(&me, &new, &[], &script), ["updated"]);

    let delete = format!("DELETE {BASE}/record?id=7");
    let script = [(&*find("home", 1), 200, &*there), (&*delete, 200, r#"{"code":200,"msg":""}"#)];
    let ours = [known(removal("home@example.com", "192.0.2.1"))];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("dnsla");
    let one = [known(change("home@example.com", "192.0.2.9"))];
    let said = |status: u16, body: &str| {
        outcomes(&me, &one, &[], &[(&find("home", 1), status, body)]).remove(0)
    };
    assert!(said(401, "").starts_with("all: no: DNS.LA does not accept the credentials"));
    assert!(said(200, r#"{"code":401,"msg":"x"}"#).starts_with("all: no: DNS.LA does not accept"));
    assert!(said(200, r#"{"code":404,"msg":"x"}"#).starts_with("no: DNS.LA does not know"));
    assert!(
        said(200, r#"{"code":400,"msg":"ttl"}"#).starts_with("no: DNS.LA refuses the request: ttl")
    );
    assert!(said(429, "").starts_with("all: again in "));
    assert!(said(200, r#"{"code":500,"msg":"x"}"#).starts_with("all: again: "));
    assert!(said(200, "{}").starts_with("again: "));
}
