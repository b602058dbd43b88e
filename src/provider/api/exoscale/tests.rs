use crate::model::secret::Secret;
use crate::provider::sign::hmac_sha256;
use crate::provider::testing::{account, change, first_request, job, outcomes, removal};
use crate::text::base64;

const BASE: &str = "https://api-ch-gva-2.exoscale.com/v2/dns-domain";
const FOUND: &str = r#"{"dns-domain-records":[
    {"id":"r1","name":"home","type":"A","content":"192.0.2.1","ttl":3600},
    {"id":"r2","name":"","type":"AAAA","content":"2001:db8::1","ttl":3600},
    {"id":"r3","name":"","type":"NS","content":"ns1.exoscale.com","ttl":3600,"system-record":true}]}"#;
const DONE: &str = r#"{"id":"o1","state":"success","reference":{"id":"r1"}}"#;

fn list() -> String {
    format!("GET {BASE}/z1/record")
}

#[test]
fn records_are_changed_by_their_ids_and_added() {
    let me = account("exoscale");
    let zones = format!("GET {BASE}");
    let put = format!("PUT {BASE}/z1/record/r1\n{}", r#"{"content":"192.0.2.9"}"#);
    let post = format!(
        "POST {BASE}/z1/record\n{}",
        r#"{"content":"2001:db8::9","name":"*","ttl":300,"type":"AAAA"}"#
    );
    let script = [
        (&*zones, 200, r#"{"dns-domains":[{"id":"z1","unicode-name":"example.com"}]}"#),
        (&*list(), 200, FOUND),
        (&*put, 200, DONE),
        (&*post, 200, r#"{"id":"o2","state":"pending"}"#),
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
    let me = account("exoscale");
    let learned = [("zone example.com", "z1")];
    let delete = format!("DELETE {BASE}/z1/record/r1");
    let gone = [removal("home.example.com", "192.0.2.1")];
    let script = [(&*list(), 200, FOUND), (&*delete, 200, DONE)];
    assert_eq!(outcomes(&me, &gone, &learned, &script), ["updated"]);
    let other = [removal("home.example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &other, &learned, &script[..1]), ["unchanged"]);
}

/// The second example of Exoscale's page on signatures, with a secret of ours.
#[test]
fn requests_are_signed() {
    let text = "POST /v2/security-group\n{\"name\": \"my-security-group\"}\n\n\n1599140767";
    let signature = hmac_sha256(b"Gjq2O4GmXbrVwWiwvSaXAX4pkXhJyK8Dl7zuvkJ8rIw", text);
    assert_eq!(base64::encode(&signature), "NXg7zm51sncCLHq+vWfQ6aaJC06Lvr94RrdznIh8MvM=");
    let me = account("exoscale");
    let request = first_request(&me, &job(vec![change("a.example.com", "192.0.2.1")])).unwrap();
    let expires = crate::time::BUILD_TIME + 600;
    let text = format!("GET /v2/dns-domain\n\n\n\n{expires}");
    let signature = base64::encode(&hmac_sha256(b"hunter2", &text));
    let value = format!("EXO2-HMAC-SHA256 credential=me,expires={expires},signature={signature}");
    assert!(request.headers.contains(&("Authorization", Secret::new(value))), "{request:?}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("exoscale");
    let mut new = [change("new@example.com", "192.0.2.9")];
    new[0].record.zone_id = Some("z1".into());
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(&list(), status, body)]).remove(0);
    assert!(
        said(401, r#"{"message":"Invalid signature"}"#)
            .starts_with("all: no: Exoscale does not accept the credentials: Invalid signature")
    );
    assert!(said(403, r#"{"message":"Forbidden"}"#).starts_with("no: Exoscale does not allow"));
    assert!(said(404, "{}").starts_with("no: Exoscale does not know the zone"));
    assert!(said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: Exoscale limits"));
    assert!(said(200, "{}").starts_with("again: Exoscale sends what is not understood"));
    let post = format!("POST {BASE}/z1/record");
    let answer = |answer: &str| {
        outcomes(&me, &new, &[], &[(&list(), 200, FOUND), (&post, 200, answer)]).remove(0)
    };
    let failed = r#"{"id":"o1","state":"failure","message":"bad ttl"}"#;
    assert!(answer(failed).starts_with("no: Exoscale refuses the request: bad ttl"));
    assert!(answer("{}").starts_with("again: Exoscale took the request"));
}
