use crate::provider::testing::{account, change, outcomes, removal};

const PLACE: &str = "https://api.netlify.com/api/v1/dns_zones";
const FOUND: &str = r#"[
    {"id":"a1","hostname":"home.example.com","type":"A","value":"192.0.2.1","ttl":3600,"managed":false},
    {"id":"a2","hostname":"home.example.com","type":"A","value":"192.0.2.77","ttl":3600,"managed":false},
    {"id":"a3","hostname":"example.com","type":"AAAA","value":"2001:db8::1","ttl":300,"managed":false},
    {"id":"a4","hostname":"www.example.com","type":"NETLIFY","value":"x.netlify.app","managed":true}]"#;

fn list() -> String {
    format!("GET {PLACE}/z1/dns_records")
}

fn post(body: &str) -> String {
    format!("POST {PLACE}/z1/dns_records\n{body}")
}

#[test]
fn a_new_record_is_added_before_the_old_one_is_removed() {
    let me = account("netlify");
    let zones = format!("GET {PLACE}\nAuthorization: Bearer hunter2");
    let first = r#"{"hostname":"home.example.com","ttl":3600,"type":"A","value":"192.0.2.9"}"#;
    let second = r#"{"hostname":"*.example.com","ttl":300,"type":"AAAA","value":"2001:db8::9"}"#;
    let delete = format!("DELETE {PLACE}/z1/dns_records/a1");
    let script = [
        (&*zones, 200, r#"[{"id":"z1","name":"example.com"},{"id":"z2","name":"example.net"}]"#),
        (&*list(), 200, FOUND),
        (&*post(first), 201, first),
        (&*delete, 204, ""),
        (&*post(second), 201, second),
    ];
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = "192.0.2.1".parse().ok();
    let changes =
        [home, change("example.com", "2001:db8::1"), change("*.example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
    let learned = [("zone example.com", "z1")];
    let gone = [removal("home.example.com", "192.0.2.77")];
    let delete = format!("DELETE {PLACE}/z1/dns_records/a2");
    let script = [(&*list(), 200, FOUND), (&*delete, 204, "")];
    assert_eq!(outcomes(&me, &gone, &learned, &script), ["updated"]);
    // Somebody else was faster.
    let script = [(&*list(), 200, FOUND), (&*delete, 404, r#"{"code":404,"message":"Not Found"}"#)];
    assert_eq!(outcomes(&me, &gone, &learned, &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("netlify.com");
    let mut new = [change("new@example.com", "192.0.2.9")];
    new[0].record.zone_id = Some("z1".into());
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(&list(), status, body)]).remove(0);
    assert!(
        said(401, r#"{"code":401,"message":"Access Denied"}"#)
            .starts_with("all: no: Netlify does not accept the credentials: Access Denied")
    );
    assert!(said(403, r#"{"message":"Forbidden"}"#).starts_with("no: Netlify does not allow"));
    assert!(
        said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: Netlify limits requests")
    );
    assert!(said(200, "{}").starts_with("again: Netlify sends what is not understood"));
    let body = r#"{"hostname":"new.example.com","ttl":300,"type":"A","value":"192.0.2.9"}"#;
    let answer = |status: u16, answer: &str| {
        let script = [(&*list(), 200, FOUND), (&*post(body), status, answer)];
        outcomes(&me, &new, &[], &script).remove(0)
    };
    assert!(
        answer(422, r#"{"errors":{"ttl":["bad"]}}"#)
            .starts_with("no: Netlify refuses the request: bad")
    );
    assert!(answer(201, "[]").starts_with("again: Netlify took the request"));
}
