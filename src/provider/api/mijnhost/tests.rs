use serde_json::{Value, json};

use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://mijn.host/api/v2/domains";
const DONE: &str = r#"{"status":200,"status_description":"DNS successfully updated"}"#;

fn get() -> String {
    format!("GET {BASE}/example.com/dns\nAPI-Key: hunter2")
}

fn record(name: &str, kind: &str, value: &str) -> Value {
    json!({"name": format!("{name}."), "type": kind, "value": value, "ttl": 900})
}

fn found(records: &[Value]) -> String {
    json!({"status": 200, "status_description": "Request successful",
        "data": {"domain": "example.com", "records": records}})
    .to_string()
}

fn put(records: &[Value]) -> String {
    format!("PUT {BASE}/example.com/dns\n{}", json!({ "records": records }))
}

/// Records of others, of which one has a member that we do not know.
fn others() -> Vec<Value> {
    let mut mail = record("example.com", "MX", "10 mail.example.com.");
    mail["locked"] = json!(1);
    vec![
        mail,
        record("home.example.com", "A", "192.0.2.77"),
        record("home.example.com", "TXT", "\"a \\\"b\\\"\""),
        record("www.example.com", "CNAME", "example.com."),
    ]
}

fn with(records: &[Value]) -> Vec<Value> {
    [&others(), records].concat()
}

#[test]
fn all_other_records_stay_as_they_are() {
    let me = account("mijn.host");
    let zones = format!("GET {BASE}\nAPI-Key: hunter2");
    let listed = r#"{"status":200,"data":{"domains":[{"id":1,"domain":"example.com"}]}}"#;
    let home = record("home.example.com", "A", "192.0.2.1");
    let apex = record("example.com", "AAAA", "2001:db8::1");
    let present = found(&with(&[home.clone(), apex.clone()]));
    // Meanwhile somebody has added a record.
    let late = record("late.example.com", "A", "192.0.2.5");
    let now = found(&with(&[home, apex.clone(), late.clone()]));
    let mut new = record("new.example.com", "A", "192.0.2.9");
    new["ttl"] = json!(300);
    let mut after = others();
    after.remove(1);
    after.extend([
        apex,
        late,
        record("home.example.com", "A", "192.0.2.77"),
        record("home.example.com", "A", "192.0.2.9"),
        new,
    ]);
    let script = [
        (&*zones, 200, listed),
        (&*get(), 200, &*present),
        (&*get(), 200, &*now),
        (&*put(&after), 200, DONE),
    ];
    let mut ours = change("home.example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.1".parse().unwrap());
    let changes = [
        ours,
        change("example.com", "2001:db8::1"),
        change("new.example.com", "192.0.2.9"),
        change("www.example.com", "192.0.2.9"),
    ];
    let said = outcomes(&me, &changes, &[], &script);
    assert_eq!(said[..3], ["updated", "unchanged", "updated"]);
    assert!(
        said[3].starts_with("no: www.example.com is an alias (CNAME) at mijn.host"),
        "{said:?}"
    );
}

#[test]
fn our_record_is_removed() {
    let me = account("mijnhost");
    let present = found(&with(&[record("example.com", "A", "192.0.2.1")]));
    let after = put(&others());
    let script = [(&*get(), 200, &*present), (&*get(), 200, &*present), (&*after, 200, DONE)];
    let ours = [removal("@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated"]);
    let other = [removal("@example.com", "192.0.2.5")];
    assert_eq!(outcomes(&me, &other, &[], &script[..1]), ["unchanged"]);
}

#[test]
fn a_list_that_is_not_whole_is_not_written() {
    let me = account("mijnhost");
    let present = found(&others());
    let new = [change("new@example.com", "192.0.2.9")];
    let cut = &present[..present.len() - 20];
    let script = [(&*get(), 200, &*present), (&*get(), 200, cut)];
    let said = outcomes(&me, &new, &[], &script).remove(0);
    assert!(said.starts_with("again: mijn.host sends what is not understood"), "{said}");
    let empty = r#"{"status":200,"status_description":"Request successful","data":{}}"#;
    let script = [(&*get(), 200, &*present), (&*get(), 200, empty)];
    let said = outcomes(&me, &new, &[], &script).remove(0);
    assert!(said.starts_with("again: mijn.host sends what is not understood"), "{said}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("mijnhost");
    let new = [change("new@example.com", "192.0.2.9")];
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(&get(), status, body)]).remove(0);
    for status in [200, 401] {
        let body = r#"{"status":401,"status_description":"Wrong API key"}"#;
        assert!(
            said(status, body)
                .starts_with("all: no: mijn.host does not accept the credentials: Wrong API key")
        );
    }
    let body = r#"{"status":400,"status_description":"DNS records not managed by mijn.host"}"#;
    assert!(
        said(400, body).starts_with("no: mijn.host refuses the request: DNS records not managed")
    );
    assert!(said(404, "{}").starts_with("no: mijn.host does not know the zone"));
    assert!(said(429, "").starts_with("all: again in 300 s: mijn.host limits requests"));
}
