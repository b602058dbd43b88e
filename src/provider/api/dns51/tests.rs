use serde_json::{Value, json};

use crate::provider::md5::md5;
use crate::provider::testing::{account, change, outcomes, removal};
use crate::time::BUILD_TIME;

const DONE: &str = r#"{"code":0,"message":"","data":{"recordID":"9"}}"#;

/// A request for `path` with these parameters, which are sorted but for ours.
fn get(path: &str, before: &str, after: &str) -> String {
    let text = format!("{before}apiKey=me{after}");
    let text = text.replace("TIME", &BUILD_TIME.to_string());
    let hash = md5(&format!("{}hunter2", text.replace("%3A", ":").replace("%40", "@")));
    format!("GET https://www.51dns.com/api/{path}/?{text}&hash={hash}")
}

fn zones() -> String {
    get("domain/list", "", "&page=1&pageSize=100&timestamp=TIME")
}

fn list(page: u8) -> String {
    get("record/list", "", &format!("&domainID=5&page={page}&pageSize=100&timestamp=TIME"))
}

const ZONES: &str = r#"{"code":0,"message":"","data":{"data":[
    {"domainsID":"5","domainID":"5","domains":"example.com","state":0}],"page":1,"pageCount":1}}"#;

fn record(id: u64, host: &str, kind: &str, value: &str) -> Value {
    json!({"recordID": id, "record": host, "type": kind, "state": 0, "viewID": 3, "value": value,
        "TTL": 900})
}

fn found(records: &[Value], pages: usize) -> String {
    json!({"code": 0, "message": "", "data": {"data": records, "page": 1, "pageSize": 100,
        "pageCount": pages}})
    .to_string()
}

fn present() -> String {
    found(&[record(7, "home", "A", "192.0.2.1"), record(8, "@", "AAAA", "2001:db8::1")], 1)
}

#[test]
fn records_are_changed_and_added() {
    let me = account("51dns.com");
    let modify = get(
        "record/modify",
        "",
        "&domainID=5&newhost=home&newttl=900&newtype=A&newvalue=192.0.2.9&newviewID=3&recordID=7\
         &timestamp=TIME",
    );
    let create = get(
        "record/create",
        "TTL=600&",
        "&domainID=5&host=%40&timestamp=TIME&type=A&value=192.0.2.9&viewID=0",
    );
    let script = [
        (&*zones(), 200, ZONES),
        (&*list(1), 200, &*present()),
        (&*modify, 200, DONE),
        (&*create, 200, DONE),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "2001:db8::1"),
        change("example.com", "192.0.2.9"),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
}

#[test]
fn all_pages_are_read() {
    let me = account("51dns");
    let learned = [("zone example.com", "5")];
    let other = found(&[record(1, "other", "A", "192.0.2.7")], 2);
    let remove = get("record/remove", "", "&domainID=5&recordID=7&timestamp=TIME");
    let script = [(&*list(1), 200, &*other), (&*list(2), 200, &*present()), (&*remove, 200, DONE)];
    let ours = [removal("home.example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &ours, &learned, &script), ["updated"]);
    let others = [removal("home.example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &others, &learned, &script[..2]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("51dns");
    let mut new = change("new@example.com", "192.0.2.9");
    new.record.zone_id = Some("5".into());
    let said = |status: u16, body: &str| {
        outcomes(&me, &[new.clone()], &[], &[(&list(1), status, body)]).remove(0)
    };
    let refusal = said(200, r#"{"code":3,"message":"\u975e\u6cd5\u53c2\u6570"}"#);
    assert!(refusal.starts_with("no: 51DNS refuses the request: 非法参数 (HTTP 200)"), "{refusal}");
    assert!(said(200, "{}").starts_with("again: 51DNS sends what is not understood"));
    assert!(said(429, "").starts_with("all: again in 300 s: 51DNS limits requests"));
    assert!(said(500, "").starts_with("all: again: 51DNS has a problem"));
}
