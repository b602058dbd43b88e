use crate::model::secret::Secret;
use crate::provider::testing::{account, change, outcomes, removal};
use crate::provider::{Change, Provider};

const LOGIN: &str = "POST https://my.blazingfast.io/api/login\nusername=me&password=hunter2";
const GRANTED: (&str, u16, &str) = (LOGIN, 200, r#"{"token":"t0k3n","refresh":"r"}"#);
const BASE: &str = "https://my.blazingfast.io/api/service/7/dns";
const LIST: &str = "GET https://my.blazingfast.io/api/service/7/dns/60
    Authorization: Bearer t0k3n";
const FOUND: &str = r#"{"service_id":7,"name":"example.com","records":[
    {"id":"10","name":"home.example.com","ttl":1800,"priority":0,"content":"192.0.2.1","type":"A"},
    {"id":"11","name":"two","ttl":1800,"priority":0,"content":"2001:db8::1","type":"AAAA"}]}"#;

fn me() -> Provider {
    account("blazingfast.io").with(|account| account.param_opt = Secret::new("service_id=7"))
}

/// The options name the zone.
fn known(mut one: Change) -> Change {
    one.record.zone_id = Some("60".into());
    one
}

fn body(name: &str, kind: &str, address: &str, ttl: u32) -> String {
    format!(r#"{{"content":"{address}","name":"{name}","priority":0,"ttl":{ttl},"type":"{kind}"}}"#)
}

#[test]
fn records_are_changed_added_and_removed() {
    let zones = format!("GET {BASE}");
    let list = r#"{"service_ids":["7"],"zones":[{"domain_id":"60","name":"example.com"}]}"#;
    let put =
        format!("PUT {BASE}/60/records/10\n{}", body("home.example.com", "A", "192.0.2.9", 1800));
    let done = r#"{"record":{},"info":[["dnsrecordupdated","home"]]}"#;
    let script = [GRANTED, (&*zones, 200, list), (LIST, 200, FOUND), (&*put, 200, done)];
    let one = [change("home.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&me(), &one, &[], &script), ["updated"]);

    let same = [known(change("two@example.com", "2001:db8::1"))];
    assert_eq!(outcomes(&me(), &same, &[], &[GRANTED, (LIST, 200, FOUND)]), ["unchanged"]);

    let post =
        format!("POST {BASE}/60/records\n{}", body("example.com", "AAAA", "2001:db8::9", 300));
    let script = [GRANTED, (LIST, 200, FOUND), (&*post, 200, r#"{"info":[["dnsrecordadded"]]}"#)];
    let new = [known(change("@example.com", "2001:db8::9"))];
    assert_eq!(outcomes(&me(), &new, &[], &script), ["updated"]);

    let delete = format!("DELETE {BASE}/60/records/10");
    let script =
        [GRANTED, (LIST, 200, FOUND), (&*delete, 200, r#"{"info":[["dnsrecorddeleted"]]}"#)];
    let ours = [known(removal("home@example.com", "192.0.2.1"))];
    assert_eq!(outcomes(&me(), &ours, &[], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let one = [known(change("home@example.com", "192.0.2.9"))];
    let login =
        |status: u16, body: &str| outcomes(&me(), &one, &[], &[(LOGIN, status, body)]).remove(0);
    assert!(
        login(200, r#"{"error":["wrong login"]}"#)
            .starts_with("all: no: BlazingFast does not accept the credentials: wrong login")
    );
    assert!(login(200, "{}").starts_with("again: "));
    assert!(login(429, "{}").starts_with("all: again in "));
    assert!(login(500, "").starts_with("all: again: "));
    let said = |status: u16, body: &str| {
        outcomes(&me(), &one, &[], &[GRANTED, (LIST, status, body)]).remove(0)
    };
    assert!(
        said(200, r#"{"error":["unauthorized"]}"#).starts_with("all: no: BlazingFast does not")
    );
    assert!(said(200, r#"{"error":["nodomain"]}"#).starts_with("no: BlazingFast refuses"));
    assert!(said(404, "{}").starts_with("no: BlazingFast does not know"));
    assert!(said(200, "{}").starts_with("again: "));
    let verdicts = outcomes(&account("blazingfast"), &one, &[], &[]);
    assert!(
        verdicts[0].starts_with("all: no: option 'param_opt' lacks service_id"),
        "{verdicts:?}"
    );
}
