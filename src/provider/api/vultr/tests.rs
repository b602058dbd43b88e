use crate::provider::testing::{account, change, outcomes};

const LIST: &str = "GET https://api.vultr.com/v2/domains?per_page=500
     Authorization: Bearer hunter2";
const ZONES: (&str, u16, &str) = (
    LIST,
    200,
    r#"{"domains":[{"domain":"example.com","date_created":"2020-10-10T01:56:20+00:00",
        "dns_sec":"disabled"}],"meta":{"total":1,"links":{"next":"","prev":""}}}"#,
);
const RECORDS: &str = "GET https://api.vultr.com/v2/domains/example.com/records?per_page=500";
const FOUND: &str = r#"{"records":[{"id":"cb676a46-66fd-4dfb-b839-443f2e6c0b60","type":"A",
    "name":"home","data":"192.0.2.1","priority":0,"ttl":300}],
    "meta":{"total":1,"links":{"next":"","prev":""}}}"#;
const PATCH: &str = r#"PATCH https://api.vultr.com/v2/domains/example.com/records/cb676a46-66fd-4dfb-b839-443f2e6c0b60
    {"data":"192.0.2.9"}"#;

#[test]
fn a_present_record_is_updated_and_a_missing_one_added() {
    let home = change("home.example.com", "192.0.2.9");
    let apex = change("@example.com", "2001:db8::9");
    let post = r#"POST https://api.vultr.com/v2/domains/example.com/records
        {"data":"2001:db8::9","name":"","ttl":300,"type":"AAAA"}"#;
    let made = r#"{"record":{"id":"a","type":"AAAA","name":"","data":"2001:db8::9","ttl":300}}"#;
    let script = [ZONES, (RECORDS, 200, FOUND), (PATCH, 204, ""), (post, 201, made)];
    assert_eq!(outcomes(&account("vultr"), &[home, apex], &[], &script), ["updated", "updated"]);
}

#[test]
fn learned_ids_save_requests_and_wrong_ones_are_learned_again() {
    let me = account("vultr");
    let home = [change("home.example.com", "192.0.2.9")];
    let learned = [("zone example.com", "example.com"), ("record home.example.com A", "old")];
    let old = "PATCH https://api.vultr.com/v2/domains/example.com/records/old";
    assert_eq!(outcomes(&me, &home, &learned, &[(old, 204, "")]), ["updated"]);
    let gone = r#"{"error":"Record not found","status":404}"#;
    let script = [(old, 404, gone), ZONES, (RECORDS, 200, FOUND), (PATCH, 204, "")];
    assert_eq!(outcomes(&me, &home, &learned, &script), ["updated"]);
}

#[test]
fn a_list_continues_at_the_cursor_of_the_page() {
    let first = r#"{"domains":[{"domain":"a.example"}],"meta":{"links":{"next":"bmV4dA=="}}}"#;
    let next = "GET https://api.vultr.com/v2/domains?per_page=500&cursor=bmV4dA%3d%3d";
    let (_, _, second) = ZONES;
    let same = change("home.example.com", "192.0.2.1");
    let script = [(LIST, 200, first), (next, 200, second), (RECORDS, 200, FOUND)];
    assert_eq!(outcomes(&account("vultr"), &[same], &[], &script), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home.example.com", "192.0.2.9")];
    let verdicts = |status, body| outcomes(&account("vultr"), &home, &[], &[(LIST, status, body)]);
    assert_eq!(
        verdicts(401, r#"{"error":"Unauthorized IP address: 192.0.2.1","status":401}"#),
        [
            "all: no: Vultr does not accept the credentials: Unauthorized IP address: 192.0.2.1 (HTTP \
          401); 'password' must hold an API key, which Vultr must accept from any address (Account, \
          API, Access Control)"
        ]
    );
    assert_eq!(verdicts(429, ""), ["all: again in 300 s: Vultr limits requests: HTTP 429"]);
    assert_eq!(verdicts(200, "hello"), ["again: Vultr sends what is not understood: hello"]);
    let none = outcomes(&account("vultr"), &[change("a.example.org", "192.0.2.9")], &[], &[ZONES]);
    assert!(none[0].starts_with("no: Vultr has no zone for a.example.org"), "{none:?}");
    let no = r#"{"error":"Invalid data","status":400}"#;
    assert_eq!(
        outcomes(&account("vultr"), &home, &[], &[ZONES, (RECORDS, 200, FOUND), (PATCH, 400, no)]),
        ["no: Vultr refuses the request: Invalid data (HTTP 400); correct the options"]
    );
}
