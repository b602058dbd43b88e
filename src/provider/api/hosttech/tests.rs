use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.ns1.hosttech.eu/api/user/v1/zones";
const FOUND: &str = r#"{"data":[
    {"id":10,"type":"A","name":"home","ipv4":"192.0.2.1","ttl":3600,"comment":"mine"},
    {"id":11,"type":"AAAA","name":"","ipv6":"2001:db8::1","ttl":3600,"comment":""},
    {"id":12,"type":"MX","ownername":"","name":"mail.example.com","pref":10,"ttl":3600}]}"#;

fn list() -> String {
    format!("GET {BASE}/5/records")
}

#[test]
fn records_are_changed_by_their_ids_and_added() {
    let me = account("hosttech");
    let zones = format!("GET {BASE}?limit=100&offset=0\nAuthorization: Bearer hunter2");
    let put = format!(
        "PUT {BASE}/5/records/10\n{}",
        r#"{"comment":"mine","ipv4":"192.0.2.9","name":"home","ttl":3600}"#
    );
    let post = format!(
        "POST {BASE}/5/records\n{}",
        r#"{"ipv6":"2001:db8::9","name":"*","ttl":300,"type":"AAAA"}"#
    );
    let script = [
        (&*zones, 200, r#"{"data":[{"id":5,"name":"example.com","ttl":10800}]}"#),
        (&*list(), 200, FOUND),
        (&*put, 200, r#"{"data":{"id":10}}"#),
        (&*post, 201, r#"{"data":{"id":13}}"#),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "2001:db8::1"),
        change("*.example.com", "2001:db8::9"),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
}

#[test]
fn only_our_record_is_removed() {
    let me = account("hosttech.eu");
    let learned = [("zone example.com", "5")];
    let delete = format!("DELETE {BASE}/5/records/10");
    let gone = [removal("home.example.com", "192.0.2.1")];
    let script = [(&*list(), 200, FOUND), (&*delete, 204, "")];
    assert_eq!(outcomes(&me, &gone, &learned, &script), ["updated"]);
    let other = [removal("home.example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &other, &learned, &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("hosttech");
    let mut new = [change("new@example.com", "192.0.2.9")];
    new[0].record.zone_id = Some("5".into());
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(&list(), status, body)]).remove(0);
    assert!(
        said(401, r#"{"message":"Unauthenticated."}"#)
            .starts_with("all: no: hosttech does not accept the credentials: Unauthenticated.")
    );
    assert!(said(403, "{}").starts_with("no: hosttech does not allow the request"));
    assert!(said(404, "{}").starts_with("no: hosttech does not know the zone"));
    assert!(said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: hosttech limits"));
    assert!(said(200, "{}").starts_with("again: hosttech sends what is not understood"));
    let post = format!("POST {BASE}/5/records");
    let bad = r#"{"message":"The given data was invalid.","errors":{"ttl":["too low"]}}"#;
    let script = [(&*list(), 200, FOUND), (&*post, 422, bad)];
    assert!(
        outcomes(&me, &new, &[], &script)[0]
            .starts_with("no: hosttech refuses the request: too low")
    );
    let script = [(&*list(), 200, FOUND), (&*post, 200, "{}")];
    assert!(outcomes(&me, &new, &[], &script)[0].starts_with("again: hosttech took the request"));
}
