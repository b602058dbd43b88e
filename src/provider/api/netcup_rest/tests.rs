use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.netcup.com/v1/domain";
const REVISIONS: &str = "GET https://api.netcup.com/v1/domain/42/dns/revision?perPage=100&page=1";
const RECORDS: &str =
    "GET https://api.netcup.com/v1/domain/42/dns/revision/r2/record?perPage=100&page=1";
const TWO: &str = r#"{"success":true,"result":[
    {"identifier":"r2","createdAt":"2026-10-02T00:00:00Z","state":"committed","serial":2},
    {"identifier":"r1","createdAt":"2026-10-01T00:00:00Z","state":"committed","serial":1}],
    "meta":{"pagination":{"page":1,"perPage":100,"totalEntries":2,"lastPage":1}}}"#;
const FOUND: &str = r#"{"success":true,"result":[
    {"identifier":"a","name":"home","type":"A","rdata":"192.0.2.1","ttl":3600},
    {"identifier":"b","name":"home","type":"A","rdata":"192.0.2.77","ttl":3600},
    {"identifier":"c","name":"@","type":"AAAA","rdata":"2001:db8::1","ttl":300},
    {"identifier":"d","name":"@","type":"NS","rdata":"ns.netcup.com.","ttl":300,"immutable":true}]}"#;
const DONE: &str =
    r#"{"success":true,"errors":[],"result":{"identifier":"r3","state":"committed"}}"#;

fn changeset(create: &str, delete: &str) -> String {
    format!(
        "POST {BASE}/42/changeset\n{{\"autoCommit\":true,\"create\":[{create}],\"delete\":[{delete}],\"strict\":true}}"
    )
}

#[test]
fn one_request_adds_and_deletes_for_all_names_of_a_zone() {
    let me = account("netcup.com-rest");
    let ask = format!("GET {BASE}?fqdn=example.com\nAuthorization: Bearer hunter2");
    let domain =
        r#"{"success":true,"result":[{"id":42,"fqdn":"example.com","isDnsManaged":true}]}"#;
    let write = changeset(
        r#"{"name":"home","rdata":"192.0.2.9","ttl":3600,"type":"A"},{"name":"*","rdata":"2001:db8::9","ttl":300,"type":"AAAA"}"#,
        r#"{"name":"home","rdata":"192.0.2.1","ttl":3600,"type":"A"}"#,
    );
    let script =
        [(&*ask, 200, domain), (REVISIONS, 200, TWO), (RECORDS, 200, FOUND), (&*write, 201, DONE)];
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = "192.0.2.1".parse().ok();
    let changes =
        [home, change("example.com", "2001:db8::1"), change("*.example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
    let mut apex = change("example.com", "2001:db8::1");
    apex.record.ttl = Some(60);
    let again = changeset(
        r#"{"name":"@","rdata":"2001:db8::1","ttl":60,"type":"AAAA"}"#,
        r#"{"name":"@","rdata":"2001:db8::1","ttl":300,"type":"AAAA"}"#,
    );
    let learned = [("zone example.com", "42")];
    let script = [(REVISIONS, 200, TWO), (RECORDS, 200, FOUND), (&*again, 201, DONE)];
    assert_eq!(outcomes(&me, &[apex], &learned, &script), ["updated"]);
    let gone = changeset("", r#"{"name":"home","rdata":"192.0.2.77","ttl":3600,"type":"A"}"#);
    let script = [(REVISIONS, 200, TWO), (RECORDS, 200, FOUND), (&*gone, 201, DONE)];
    let removed = [removal("home.example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &removed, &learned, &script), ["updated"]);
}

#[test]
fn the_id_of_a_zone_that_the_options_give_is_asked_for() {
    let ask = format!("GET {BASE}?fqdn=example.com");
    let domain = r#"{"success":true,"result":[{"id":42,"fqdn":"example.com"}]}"#;
    let write = changeset(r#"{"name":"new","rdata":"192.0.2.9","ttl":300,"type":"A"}"#, "");
    let empty = r#"{"success":true,"result":[]}"#;
    let script = [(&*ask, 200, domain), (REVISIONS, 200, empty), (&*write, 201, DONE)];
    let new = [change("new@example.com", "192.0.2.9")];
    assert_eq!(outcomes(&account("netcup-rest"), &new, &[], &script), ["updated"]);
    // No other zone is tried.
    let gone = [change("a.b@c.example.com", "192.0.2.9")];
    let ask = format!("GET {BASE}?fqdn=c.example.com");
    let said = outcomes(&account("netcup-rest"), &gone, &[], &[(&ask, 200, empty)]);
    assert!(said[0].starts_with("no: netcup has no zone c.example.com"), "{said:?}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("netcup-rest");
    let mut new = [change("new@example.com", "192.0.2.9")];
    new[0].record.zone_id = Some("42".into());
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(REVISIONS, status, body)]).remove(0);
    let error = |code: &str, message: &str| {
        format!(
            r#"{{"success":false,"errors":[{{"code":"{code}","message":"{message}"}}],"result":null}}"#
        )
    };
    let key = said(400, &error("authenticationError", "Invalid API key"));
    assert!(
        key.starts_with(
            "all: no: netcup does not accept the credentials: Invalid API key (HTTP 400)"
        ),
        "{key}"
    );
    let none = said(200, &error("resourceDoesNotExist", "not found"));
    assert!(none.starts_with("no: netcup does not know the zone or the record"), "{none}");
    assert!(said(403, "{}").starts_with("no: netcup does not allow the request"));
    assert!(
        said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: netcup limits requests")
    );
    assert!(said(200, "{}").starts_with("again: netcup sends what is not understood"));
    assert!(said(500, "").starts_with("all: again: "));
    let write = changeset(r#"{"name":"new","rdata":"192.0.2.9","ttl":300,"type":"A"}"#, "");
    let empty = r#"{"success":true,"result":[]}"#;
    let bad = error("validationError", "ttl is too low");
    let script = [(REVISIONS, 200, empty), (&*write, 422, &*bad)];
    let refused = outcomes(&me, &new, &[], &script);
    assert!(
        refused[0].starts_with("no: netcup refuses the request: ttl is too low"),
        "{refused:?}"
    );
    let other = [change("a.example.org", "192.0.2.9")];
    let ask = |zone: &str| format!("GET {BASE}?fqdn={zone}");
    let gone = error("resourceDoesNotExist", "not found");
    let script = [(&*ask("example.org"), 200, &*gone), (&*ask("a.example.org"), 404, &*gone)];
    let no = outcomes(&me, &other, &[], &script);
    assert!(no[0].starts_with("no: netcup has no zone for a.example.org"), "{no:?}");
}
