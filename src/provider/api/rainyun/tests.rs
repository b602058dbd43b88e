use serde_json::{Value, json};

use crate::provider::Change;
use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.v2.rainyun.com/product/domain";
const LIST: &str = "GET https://api.v2.rainyun.com/product/domain/11/dns/?limit=100&page_no=1
    x-api-key: hunter2";
const DONE: &str = r#"{"code":200,"data":"ok"}"#;

fn found(records: &[Value]) -> String {
    json!({"code": 200, "data": {"TotalRecords": records.len(), "Records": records}}).to_string()
}

fn record(id: u64, value: &str) -> Value {
    json!({"record_id": id, "host": "home", "type": "A", "value": value, "line": "LTEL", "ttl": 300,
        "level": 10})
}

/// The options name the zone.
fn known(mut one: Change) -> Change {
    one.record.zone_id = Some("11".into());
    one
}

#[test]
fn records_are_changed_added_and_removed() {
    let me = account("rainyun");
    let zones = format!(
        "GET {BASE}?options=%7B%22columnFilters%22%3A%7B%7D%2C%22sort%22%3A%5B%5D%2C%22page%22%3A1\
         %2C%22perPage%22%3A100%7D"
    );
    let list =
        r#"{"code":200,"data":{"TotalRecords":1,"Records":[{"id":11,"domain":"example.com"}]}}"#;
    let there = found(&[record(7, "192.0.2.1")]);
    let patch = format!(
        "PATCH {BASE}/11/dns\n{}",
        json!({"record_id": 7, "host": "home", "type": "A", "value": "192.0.2.9", "line": "LTEL",
            "ttl": 300, "level": 10})
    );
    let script = [(&*zones, 200, list), (LIST, 200, &*there), (&*patch, 200, DONE)];
    let one = [change("home.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me, &one, &[], &script), ["updated"]);

    let post = format!(
        "POST {BASE}/11/dns\n{}",
        json!({"record_id": 0, "host": "@", "type": "AAAA", "value": "2001:db8::9",
            "line": "DEFAULT", "ttl": 600, "level": 10})
    );
    let new = [known(change("@example.com", "2001:db8::9"))];
    let script = [(LIST, 200, &*there), (&*post, 200, DONE)];
    assert_eq!(outcomes(&me, &new, &[], &script), ["updated"]);

    let delete = format!("DELETE {BASE}/11/dns?record_id=7");
    let script = [(LIST, 200, &*there), (&*delete, 200, DONE)];
    let ours = [known(removal("home@example.com", "192.0.2.1"))];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("rainyun");
    let one = [known(change("home@example.com", "192.0.2.9"))];
    let said =
        |status: u16, body: &str| outcomes(&me, &one, &[], &[(LIST, status, body)]).remove(0);
    assert!(said(401, "{}").starts_with("all: no: Rainyun does not accept the credentials"));
    assert!(said(403, "{}").starts_with("no: Rainyun does not allow"));
    assert!(said(404, "{}").starts_with("no: Rainyun does not know"));
    assert!(
        said(200, r#"{"code":10013,"message":"bad"}"#)
            .starts_with("no: Rainyun refuses the request: bad")
    );
    assert!(said(429, "{}").starts_with("all: again in "));
    assert!(said(500, "").starts_with("all: again: "));
    assert!(said(200, "{}").starts_with("again: "));
}
