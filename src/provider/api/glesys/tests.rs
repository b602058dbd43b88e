use serde_json::{Value, json};

use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.glesys.com/domain";
const DELETED: &str = r#"{"response":{"status":{"code":200,"text":"OK"}}}"#;

fn post(path: &str, body: &Value) -> String {
    format!("POST {BASE}/{path}\nAccept: application/json\nBasic me:hunter2\n{body}")
}

fn list() -> String {
    post("listrecords", &json!({"domainname": "example.com"}))
}

fn record(id: u64, host: &str, kind: &str, data: &str) -> Value {
    json!({"recordid": id, "domainname": "example.com", "host": host, "type": kind, "data": data,
        "ttl": 3600})
}

fn present() -> String {
    let records = [
        record(7, "home", "A", "192.0.2.1"),
        record(8, "@", "AAAA", "2001:db8::1"),
        record(9, "www", "CNAME", "example.com."),
    ];
    json!({"response": {"status": {"code": 200, "text": "OK"}, "records": records}}).to_string()
}

fn made(record: &Value) -> String {
    json!({"response": {"status": {"code": 200, "text": "OK"}, "record": record}}).to_string()
}

#[test]
fn records_are_changed_by_their_ids_and_added() {
    let me = account("glesys.com");
    let zones = format!("GET {BASE}/list\nAccept: application/json\nBasic me:hunter2");
    let listed = r#"{"response":{"domains":[{"domainname":"example.com"}]}}"#;
    let update = post("updaterecord", &json!({"recordid": 7, "data": "192.0.2.9"}));
    let changed = made(&record(7, "home", "A", "192.0.2.9"));
    let add = post(
        "addrecord",
        &json!({"domainname": "example.com", "host": "@", "type": "A", "data": "192.0.2.9",
            "ttl": 300}),
    );
    let added = made(&record(10, "@", "A", "192.0.2.9"));
    let script = [
        (&*zones, 200, listed),
        (&*list(), 200, &*present()),
        (&*update, 200, &*changed),
        (&*add, 200, &*added),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "2001:db8::1"),
        change("example.com", "192.0.2.9"),
        change("www.example.com", "192.0.2.9"),
    ];
    let said = outcomes(&me, &changes, &[], &script);
    assert_eq!(said[..3], ["updated", "unchanged", "updated"]);
    assert!(said[3].starts_with("no: www.example.com is an alias (CNAME) at GleSYS"), "{said:?}");
    // The next time the id is known.
    let learned = [("zone example.com", "example.com"), ("record home.example.com A", "7")];
    let home = [change("home.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me, &home, &learned, &[(&update, 200, &changed)]), ["updated"]);
}

#[test]
fn our_record_is_removed() {
    let me = account("glesys");
    let delete = post("deleterecord", &json!({"recordid": 7}));
    let script = [(&*list(), 200, &*present()), (&*delete, 200, DELETED)];
    let ours = [removal("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated"]);
    let others = [removal("home@example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &others, &[], &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("glesys");
    let new = [change("new@example.com", "192.0.2.9")];
    let said =
        |status: u16, body: &str| outcomes(&me, &new, &[], &[(&list(), status, body)]).remove(0);
    let error = |code: u16, text: &str| {
        json!({"response": {"status": {"code": code, "text": text},
            "debug": {"input": {"domainname": "example.com"}}}})
        .to_string()
    };
    assert!(
        said(401, &error(401, "You need to login to access this resource"))
            .starts_with("all: no: GleSYS does not accept the credentials: You need to login")
    );
    assert!(
        said(404, &error(404, "The domain does not exist")).starts_with(
            "no: GleSYS does not know the zone or the record: The domain does not exist"
        )
    );
    assert!(said(400, &error(400, "bad")).starts_with("no: GleSYS refuses the request: bad"));
    assert!(said(500, "").starts_with("all: again: GleSYS has a problem"));
    assert!(said(200, DELETED).starts_with("again: GleSYS sends what is not understood"));
}
