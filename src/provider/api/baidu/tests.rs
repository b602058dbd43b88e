use serde_json::{Value, json};

use crate::provider::Outcome;
use crate::provider::testing::{account, change, job, outcomes, play, removal};

const ZONE: &str = "https://dns.baidubce.com/v1/dns/zone";

fn find(host: &str) -> String {
    format!("GET {ZONE}/example.com/record?maxKeys=1000&rr={host}")
}

fn found(records: &[Value]) -> String {
    json!({"marker": "", "isTruncated": false, "maxKeys": 1000, "records": records}).to_string()
}

fn record(id: &str, host: &str, kind: &str, value: &str) -> Value {
    json!({"id": id, "rr": host, "status": "running", "type": kind, "value": value, "ttl": 300,
        "line": "default", "description": "mine"})
}

/// The signature is that of Baidu's algorithm, as Python's hmac computes it.
#[test]
fn requests_are_signed() {
    let mut one = job(vec![change("home.example.com", "192.0.2.1")]);
    one.wall = Some(1_440_938_160);
    let zones = format!(
        "GET {ZONE}?maxKeys=1000
         Authorization: bce-auth-v1/me/2015-08-30T12:36:00Z/1800/host/18c0ef5115b7424079c0edbd6922c7cecdac50ee1f5057ed5630820517cedd66"
    );
    let list = r#"{"isTruncated":false,"zones":[{"id":"zone-1","name":"example.com"}]}"#;
    let there =
        found(&[record("r0", "myhome", "A", "192.0.2.7"), record("r1", "home", "A", "192.0.2.1")]);
    let script = [(&*zones, 200, list), (&*find("home"), 200, &*there)];
    let (verdicts, _) = play(&account("baidu"), one, &script);
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
}

#[test]
fn records_are_changed_added_and_removed() {
    let me = account("baidu");
    let there =
        found(&[record("r1", "home", "A", "192.0.2.1"), record("r2", "home", "A", "192.0.2.2")]);
    let put = format!(
        "PUT {ZONE}/example.com/record/r2\n{}",
        json!({"rr": "home", "type": "A", "value": "192.0.2.9", "ttl": 300, "description": "mine"})
    );
    let mut ours = change("home@example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let script = [(&*find("home"), 200, &*there), (&*put, 200, "")];
    assert_eq!(outcomes(&me, &[ours], &[], &script), ["updated"]);

    let none = found(&[]);
    let post = format!(
        "POST {ZONE}/example.com/record\n{}",
        json!({"rr": "@", "type": "AAAA", "value": "2001:db8::9", "ttl": 300})
    );
    let script = [(&*find("%40"), 200, &*none), (&*post, 200, "")];
    let new = [change("@example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &new, &[], &script), ["updated"]);

    let delete = format!("DELETE {ZONE}/example.com/record/r1");
    let script = [(&*find("home"), 200, &*there), (&*delete, 200, "")];
    let ours = [removal("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("baidu");
    let one = [change("home@example.com", "192.0.2.9")];
    let said = |status: u16, code: &str| {
        let body = json!({"requestId": "x", "code": code, "message": "because"}).to_string();
        outcomes(&me, &one, &[], &[(&find("home"), status, &body)]).remove(0)
    };
    assert!(
        said(403, "InvalidAccessKeyId")
            .starts_with("all: no: Baidu Cloud does not accept the credentials: because")
    );
    assert!(said(400, "RequestExpired").contains("finds the clock wrong: because"));
    assert!(said(403, "AccessDenied").starts_with("no: Baidu Cloud does not allow"));
    assert!(said(404, "NoSuchZone").starts_with("no: Baidu Cloud does not know"));
    assert!(said(400, "InvalidParam").starts_with("no: Baidu Cloud refuses the request: because"));
    assert!(said(429, "RateLimit").starts_with("all: again in "));
    assert!(said(500, "InternalError").starts_with("all: again: "));
    let strange = outcomes(&me, &one, &[], &[(&find("home"), 200, "{}")]);
    assert!(strange[0].starts_with("again: "), "{strange:?}");
}
