use serde_json::{Value, json};

use crate::provider::testing::{account, change, job, outcomes, play, removal};
use crate::provider::{Change, Outcome};

const BASE: &str = "https://dns.myhuaweicloud.com";
const LEARNED: [(&str, &str); 1] = [("zone example.com", "z1")];

fn find(name: &str, kind: &str) -> String {
    format!(
        "GET {BASE}/v2.1/zones/z1/recordsets?limit=500&name={name}.&search_mode=equal&type={kind}"
    )
}

fn write(method: &str, id: &str, body: &Value) -> String {
    format!("{method} {BASE}/v2.1/zones/z1/recordsets{id}\n{body}")
}

fn set(id: &str, kind: &str, records: &[&str]) -> Value {
    json!({"id": id, "name": "home.example.com.", "type": kind, "ttl": 120, "records": records,
        "zone_id": "z1", "line": "default_view", "weight": 1, "status": "ACTIVE"})
}

fn found(sets: &[Value]) -> String {
    json!({"links": {}, "recordsets": sets, "metadata": {"total_count": sets.len()}}).to_string()
}

/// The signature is that of Huawei's algorithm, as Python's hmac and hashlib compute it.
/// The options name the zone, so that it is not looked up again after a refusal.
fn in_known_zone() -> Change {
    let mut one = change("home@example.com", "192.0.2.9");
    one.record.zone_id = Some("z1".into());
    one
}

#[test]
fn requests_are_signed() {
    let mut one = job(vec![change("home.example.com", "192.0.2.1")]);
    one.wall = Some(1_440_938_160);
    let zones = format!(
        "GET {BASE}/v2/zones?limit=500&offset=0&type=public
         X-Sdk-Date: 20150830T123600Z
         Authorization: SDK-HMAC-SHA256 Access=me, SignedHeaders=host;x-sdk-date, \
         Signature=6ccb46ba788402b78642e5ea2c15d6efb8113f23d46d836063a78680df4925af"
    );
    let list = r#"{"links":{},"zones":[{"id":"z1","name":"example.com.","zone_type":"public"}]}"#;
    let there = found(&[set("r1", "A", &["192.0.2.1"])]);
    let script = [(&*zones, 200, list), (&*find("home.example.com", "A"), 200, &*there)];
    let (verdicts, _) = play(&account("huaweicloud.com"), one, &script);
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
}

#[test]
fn of_several_addresses_only_ours_is_replaced() {
    let me = account("huaweicloud");
    let there = found(&[set("r1", "A", &["192.0.2.1", "192.0.2.2"])]);
    let put = write(
        "PUT",
        "/r1",
        &json!({"name": "home.example.com.", "type": "A", "ttl": 120,
            "records": ["192.0.2.1", "192.0.2.9"]}),
    );
    let done = set("r1", "A", &["192.0.2.1", "192.0.2.9"]).to_string();
    let mut ours = change("home.example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let script = [(&*find("home.example.com", "A"), 200, &*there), (&*put, 202, &*done)];
    assert_eq!(outcomes(&me, &[ours], &LEARNED, &script), ["updated"]);
}

#[test]
fn a_missing_set_is_added() {
    let me = account("huaweicloud");
    let none = found(&[]);
    for (name, sent) in [("example.com", "example.com"), ("*.example.com", "%2A.example.com")] {
        let post = write(
            "POST",
            "",
            &json!({"name": format!("{name}."), "type": "AAAA", "ttl": 300,
                "records": ["2001:db8::9"]}),
        );
        let script = [(&*find(sent, "AAAA"), 200, &*none), (&*post, 202, r#"{"id":"r2"}"#)];
        let new = [change(name, "2001:db8::9")];
        assert_eq!(outcomes(&me, &new, &LEARNED, &script), ["updated"]);
    }
}

#[test]
fn a_removal_keeps_the_addresses_of_others() {
    let me = account("huaweicloud");
    let find = find("home.example.com", "A");
    let alone = found(&[set("r1", "A", &["192.0.2.1"])]);
    let delete = format!("DELETE {BASE}/v2.1/zones/z1/recordsets/r1");
    let ours = [removal("home.example.com", "192.0.2.1")];
    let script = [(&*find, 200, &*alone), (&*delete, 202, r#"{"id":"r1"}"#)];
    assert_eq!(outcomes(&me, &ours, &LEARNED, &script), ["updated"]);
    let both = found(&[set("r1", "A", &["192.0.2.1", "192.0.2.2"])]);
    let put = write(
        "PUT",
        "/r1",
        &json!({"name": "home.example.com.", "type": "A", "ttl": 120, "records": ["192.0.2.2"]}),
    );
    let script = [(&*find, 200, &*both), (&*put, 202, r#"{"id":"r1"}"#)];
    assert_eq!(outcomes(&me, &ours, &LEARNED, &script), ["updated"]);
}

#[test]
fn sets_of_several_lines_are_not_written() {
    let there = found(&[set("r1", "A", &["192.0.2.1"]), set("r2", "A", &["192.0.2.2"])]);
    let one = [in_known_zone()];
    let script = [(&*find("home.example.com", "A"), 200, &*there)];
    let verdicts = outcomes(&account("huaweicloud"), &one, &[], &script);
    assert!(verdicts[0].starts_with("no: home.example.com has records for several lines"));
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("huaweicloud");
    let one = [in_known_zone()];
    let said = |status: u16, body: &str| {
        let script = [(&*find("home.example.com", "A"), status, body)];
        outcomes(&me, &one, &[], &script).remove(0)
    };
    let gateway = |code: &str, message: &str| {
        json!({"error_msg": message, "error_code": code, "request_id": "x"}).to_string()
    };
    let wrong = "Incorrect IAM authentication information: verify aksk signature fail";
    assert!(
        said(401, &gateway("APIGW.0301", wrong))
            .starts_with("all: no: Huawei Cloud DNS does not accept")
    );
    let late = "Incorrect IAM authentication information: signature expired";
    assert!(said(401, &gateway("APIGW.0301", late)).contains("finds the clock wrong"));
    assert!(said(429, &gateway("APIGW.0308", "x")).starts_with("all: again in "));
    let code = |code: &str| json!({"code": code, "message": "x"}).to_string();
    assert!(said(403, &code("DNS.0005")).starts_with("no: Huawei Cloud DNS does not allow"));
    assert!(said(404, &code("DNS.0302")).starts_with("no: Huawei Cloud DNS does not know"));
    assert!(said(400, &code("DNS.0308")).starts_with("no: Huawei Cloud DNS refuses"));
    assert!(said(500, &code("DNS.0000")).starts_with("all: again: "));
    assert!(said(200, "[]").starts_with("again: "));
}
