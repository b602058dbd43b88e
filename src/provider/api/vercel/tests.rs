use crate::model::secret::Secret;
use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.vercel.com";
const FOUND: &str = r#"{"records":[
    {"id":"rec_1","slug":"","name":"home","type":"A","value":"192.0.2.1","ttl":60},
    {"id":"rec_2","slug":"","name":"","type":"AAAA","value":"2001:db8::1","ttl":60},
    {"id":"rec_3","slug":"","name":"","type":"ALIAS","value":"cname.vercel-dns.com"}],
    "pagination":{"count":3,"next":null,"prev":null}}"#;

fn list() -> String {
    format!("GET {BASE}/v5/domains/example.com/records?limit=100")
}

#[test]
fn records_are_changed_by_their_ids_and_added() {
    let me = account("vercel");
    let zones = format!("GET {BASE}/v5/domains?limit=100\nAuthorization: Bearer hunter2");
    let more = format!("GET {BASE}/v5/domains?limit=100&until=1500000000000");
    let patch = format!("PATCH {BASE}/v1/domains/records/rec_1\n{}", r#"{"value":"192.0.2.9"}"#);
    let post = format!(
        "POST {BASE}/v2/domains/example.com/records\n{}",
        r#"{"name":"*","ttl":300,"type":"AAAA","value":"2001:db8::9"}"#
    );
    let script = [
        (
            &*zones,
            200,
            r#"{"domains":[{"name":"example.net"}],"pagination":{"next":1500000000000}}"#,
        ),
        (&*more, 200, r#"{"domains":[{"name":"example.com"}],"pagination":{"next":null}}"#),
        (&*list(), 200, FOUND),
        (&*patch, 200, r#"{"id":"rec_1","name":"home","recordType":"A","value":"192.0.2.9"}"#),
        (&*post, 200, r#"{"uid":"rec_9","updated":1}"#),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "2001:db8::1"),
        change("*.example.com", "2001:db8::9"),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
}

#[test]
fn requests_name_the_team() {
    let me = account("vercel.com").with(|account| account.param_opt = Secret::new("team_1"));
    let list = list() + "&teamId=team_1";
    let delete = format!("DELETE {BASE}/v2/domains/example.com/records/rec_1?teamId=team_1");
    let gone = [removal("home@example.com", "192.0.2.1")];
    let script = [(&*list, 200, FOUND), (&*delete, 200, "{}")];
    assert_eq!(outcomes(&me, &gone, &[], &script), ["updated"]);
    let other = [removal("home@example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &other, &[], &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("vercel");
    let new = [change("new@example.com", "192.0.2.9")];
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(&list(), status, body)]).remove(0);
    assert!(
        said(401, r#"{"error":{"code":"unauthorized","message":"Not authorized"}}"#).starts_with(
            "all: no: Vercel does not accept the credentials: Not authorized (HTTP 401)"
        )
    );
    assert!(
        said(403, r#"{"error":{"code":"forbidden","message":"Wrong team"}}"#)
            .starts_with("no: Vercel does not allow the request: Wrong team")
    );
    assert!(said(404, "{}").starts_with("no: Vercel does not know the zone"));
    assert!(
        said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: Vercel limits requests")
    );
    assert!(said(200, "{}").starts_with("again: Vercel sends what is not understood"));
    let post = format!("POST {BASE}/v2/domains/example.com/records");
    let answer = |status: u16, answer: &str| {
        outcomes(&me, &new, &[], &[(&list(), 200, FOUND), (&post, status, answer)]).remove(0)
    };
    assert!(
        answer(400, r#"{"error":{"message":"bad"}}"#)
            .starts_with("no: Vercel refuses the request: bad")
    );
    assert!(answer(200, "<html>").starts_with("again: Vercel sends a web page"));
}
