use serde_json::{Value, json};

use crate::model::secret::Secret;
use crate::provider::testing::{account, change, outcomes, removal};

const DONE: &str = r#"{"code":200,"msg":"success","body":{"record_id":9}}"#;
/// `md5sum` of the password, `hunter2`.
const KEY: &str = "2ab96390c7dbe3439de74d0c9b0b1767";

/// The request of a form, with the credentials of the account.
fn form(text: &str) -> String {
    format!(
        "POST https://api.west.cn/API/v2/domain/dns/
         Content-Type: application/x-www-form-urlencoded
         act=dnsrec.{text}&username=me&apikey={KEY}"
    )
}

fn list(zone: &str, page: u8) -> String {
    form(&format!("list&domain={zone}&limit=100&pageno={page}"))
}

fn record(id: u64, host: &str, kind: &str, value: &str) -> Value {
    json!({"record_id": id, "hostname": host, "record_type": kind, "record_value": value,
        "record_mx": 10, "record_ttl": 900, "record_line": "LTEL", "pause": 0})
}

fn found(records: &[Value], pages: usize) -> String {
    json!({"code": 200, "msg": "success", "body": {"pageno": 1, "limit": 100, "total": records.len(),
        "pagecount": pages, "items": records}})
    .to_string()
}

fn present() -> String {
    found(
        &[
            record(7, "home", "A", "192.0.2.1"),
            record(8, "@", "AAAA", "2001:db8::1"),
            record(6, "www", "CNAME", "example.com"),
        ],
        1,
    )
}

const MISSING: &str = r#"{"code":404,"msg":"domain is not yours","body":""}"#;

#[test]
fn records_are_changed_and_added_in_the_zone_that_has_them() {
    let me = account("west.cn");
    let modify = form(
        "modify&domain=example.com&record_id=7&hostname=home&record_type=A&record_value=192.0.2.9\
         &record_ttl=900&record_line=LTEL",
    );
    let add = form(
        "add&domain=example.com&hostname=a.b&record_type=AAAA&record_value=2001%3adb8%3a%3a9&record_ttl=600",
    );
    let script = [
        (&*list("example.com", 1), 200, &*present()),
        (&*list("b.example.com", 1), 200, MISSING),
        (&*list("example.com", 1), 200, &*present()),
        (&*modify, 200, DONE),
        (&*add, 200, DONE),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "2001:db8::1"),
        change("a.b.example.com", "2001:db8::9"),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
}

#[test]
fn all_pages_are_read() {
    let me = account("westcn");
    let other = found(&[record(1, "other", "A", "192.0.2.7")], 2);
    let remove = form("remove&domain=example.com&record_id=7");
    let script = [
        (&*list("example.com", 1), 200, &*other),
        (&*list("example.com", 2), 200, &*present()),
        (&*remove, 200, DONE),
    ];
    assert_eq!(
        outcomes(&me, &[removal("home@example.com", "192.0.2.1")], &[], &script),
        ["updated"]
    );
    let others = [removal("home@example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &others, &[], &script[..2]), ["unchanged"]);
}

#[test]
fn a_key_is_used_as_it_is() {
    let list = "act=dnsrec.list&domain=example.com&limit=100&pageno=1";
    let home = [change("home@example.com", "192.0.2.1")];
    let me = account("westcn").with(|account| account.password = Secret::new(KEY));
    let of_account = format!("{list}&username=me&apikey={KEY}");
    assert_eq!(outcomes(&me, &home, &[], &[(&of_account, 200, &present())]), ["unchanged"]);
    let me = me.with(|account| account.username.clear());
    let of_domain = format!("{list}&apidomainkey={KEY}");
    assert_eq!(outcomes(&me, &home, &[], &[(&of_domain, 200, &present())]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("westcn");
    let new = [change("new@example.com", "192.0.2.9")];
    let list = list("example.com", 1);
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(&list, status, body)]).remove(0);
    assert!(
        said(200, r#"{"code":500,"msg":"wrong key","body":""}"#)
            .starts_with("no: West.cn refuses the request: wrong key (HTTP 200)")
    );
    // The key is as good as the password, so it is not shown either.
    let echo = json!({"code": 500, "msg": format!("wrong key {KEY}"), "body": ""}).to_string();
    assert!(
        said(200, &echo).starts_with("no: West.cn refuses the request: wrong key *** (HTTP 200)")
    );
    assert!(said(200, "{}").starts_with("again: West.cn sends what is not understood"));
    assert!(said(200, "<html>").starts_with("again: West.cn sends a web page"));
    assert!(said(503, "").starts_with("all: again: West.cn has a problem"));
    // A zone without records.
    let none = r#"{"code":500,"msg":"no records","body":""}"#;
    let add = form(
        "add&domain=example.com&hostname=new&record_type=A&record_value=192.0.2.9&record_ttl=600",
    );
    assert_eq!(outcomes(&me, &new, &[], &[(&list, 200, none), (&add, 200, DONE)]), ["updated"]);
    let alias = found(&[record(7, "new", "CNAME", "example.net")], 1);
    assert!(said(200, &alias).starts_with("no: new.example.com is an alias (CNAME) at West.cn"));
}
