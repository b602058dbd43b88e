//! Version 3.

use crate::provider::Provider;
use crate::provider::testing::{account, change, outcomes, removal};

const LIST: &str =
    "GET https://api.godaddy.com/v3/domains/zones/example.com/dns-records?pageSize=100&page=1\
                    &totalRequired=true
     Authorization: Bearer hunter2";
const FOUND: &str = r#"{"items":[
    {"recordId":"r1","type":"A","name":"home","data":"192.0.2.1","ttl":3600},
    {"recordId":"r2","type":"A","name":"home","data":"192.0.2.77","ttl":3600},
    {"recordId":"r3","type":"AAAA","name":"@","data":"2001:db8::1","ttl":600},
    {"recordId":"r4","type":"MX","name":"@","data":"mail.example.com","ttl":3600,"priority":10}],
    "totalItems":4,"totalPages":1,"links":[]}"#;

fn me() -> Provider {
    account("godaddy.com-v3").with(|account| account.username.clear())
}

fn post(body: &str) -> String {
    format!("POST https://api.godaddy.com/v3/domains/zones/example.com/dns-records\n{body}")
}

fn delete(id: &str) -> String {
    format!("DELETE https://api.godaddy.com/v3/domains/zones/example.com/dns-records/{id}")
}

#[test]
fn a_new_record_is_added_before_the_old_one_is_removed_and_nothing_is_replaced() {
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = "192.0.2.1".parse().ok();
    let apex = change("example.com", "2001:db8::1");
    let new = change("*.example.com", "2001:db8::9");
    let first = r#"{"data":"192.0.2.9","name":"home","ttl":3600,"type":"A"}"#;
    let second = r#"{"data":"2001:db8::9","name":"*","ttl":600,"type":"AAAA"}"#;
    let script = [
        (LIST, 200, FOUND),
        (LIST, 200, FOUND),
        (&*post(first), 201, first),
        (&*delete("r1"), 204, ""),
        (&*post(second), 201, second),
    ];
    let changes = [home, apex, new];
    assert_eq!(outcomes(&me(), &changes, &[], &script), ["updated", "unchanged", "updated"]);
    let learned = [("zone example.com", "example.com")];
    assert_eq!(outcomes(&me(), &changes[1..2], &learned, &script[..1]), ["unchanged"]);
}

#[test]
fn another_ttl_is_written_by_removing_and_adding_the_record() {
    let mut apex = change("@example.com", "2001:db8::1");
    apex.record.ttl = Some(900);
    let body = r#"{"data":"2001:db8::1","name":"@","ttl":900,"type":"AAAA"}"#;
    let script = [(LIST, 200, FOUND), (&*delete("r3"), 204, ""), (&*post(body), 201, body)];
    assert_eq!(outcomes(&me(), &[apex], &[], &script), ["updated"]);
}

#[test]
fn only_our_record_is_removed() {
    let gone = removal("home@example.com", "192.0.2.77");
    let script = [(LIST, 200, FOUND), (&*delete("r2"), 204, "")];
    assert_eq!(outcomes(&me(), &[gone], &[], &script), ["updated"]);
    let other = removal("home@example.com", "192.0.2.5");
    assert_eq!(outcomes(&me(), &[other], &[], &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home@example.com", "192.0.2.9")];
    let said =
        |status: u16, body: &str| outcomes(&me(), &home, &[], &[(LIST, status, body)]).remove(0);
    assert_eq!(
        said(401, r#"{"name":"UNAUTHORIZED","message":"Credential is not valid"}"#),
        "all: no: GoDaddy does not accept the credentials: Credential is not valid (HTTP 401); 'password' \
         must hold a personal access token with the scopes domains.domain:read and domains.dns:update"
    );
    assert!(said(403, r#"{"message":"no scope"}"#).starts_with("no: GoDaddy does not allow"));
    assert!(
        said(404, r#"{"message":"no zone"}"#).starts_with("no: GoDaddy does not know the zone")
    );
    assert_eq!(
        said(429, "Retry-After: 30\n{\"message\":\"Too many requests\"}"),
        "all: again in 30 s: GoDaddy limits requests: Too many requests (HTTP 429)"
    );
    assert_eq!(said(200, "{}"), "again: GoDaddy sends what is not understood: {}");
    assert!(said(503, "").starts_with("all: again: "));
    let new = [change("new@example.com", "192.0.2.9")];
    let body = r#"{"data":"192.0.2.9","name":"new","ttl":600,"type":"A"}"#;
    let write = post(body);
    let answer = |status: u16, answer: &str| {
        outcomes(&me(), &new, &[], &[(LIST, 200, FOUND), (&write, status, answer)]).remove(0)
    };
    assert!(answer(409, r#"{"message":"DUPLICATE"}"#).starts_with("no: GoDaddy refuses"));
    assert!(answer(201, r#"{"data":"192.0.2.5"}"#).starts_with("again: GoDaddy took the request"));
    assert!(answer(201, "<html>").starts_with("again: GoDaddy sends a web page"));
}

#[test]
fn a_zone_is_found_by_its_records() {
    let ask = |zone: &str| LIST.replace("example.com", zone);
    let none = r#"{"message":"Not found"}"#;
    let change = [change("a.b.example.com", "192.0.2.9")];
    let body = r#"{"data":"192.0.2.9","name":"a.b","ttl":600,"type":"A"}"#;
    let script = [
        (&*ask("b.example.com"), 404, none),
        (LIST, 200, FOUND),
        (LIST, 200, FOUND),
        (&*post(body), 201, body),
    ];
    assert_eq!(outcomes(&me(), &change, &[], &script), ["updated"]);
}
