use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.civo.com/v2/dns";
const FOUND: &str = r#"[
    {"id":"76cc107f","domain_id":"edc5dacf","name":"home","value":"192.0.2.1","type":"a","ttl":600},
    {"id":"76cc1080","domain_id":"edc5dacf","name":"@","value":"192.0.2.9","type":"A","ttl":600}]"#;

fn list() -> String {
    format!("GET {BASE}/edc5dacf/records\nAuthorization: bearer hunter2")
}

#[test]
fn records_are_changed_by_their_ids_and_added() {
    let me = account("civo.com");
    let zones = format!("GET {BASE}\nAuthorization: bearer hunter2");
    let put = format!(
        "PUT {BASE}/edc5dacf/records/76cc107f\n{}",
        r#"{"name":"home","type":"A","value":"192.0.2.9"}"#
    );
    let changed = r#"{"id":"76cc107f","name":"home","value":"192.0.2.9","type":"a","ttl":600}"#;
    let post = format!(
        "POST {BASE}/edc5dacf/records\n{}",
        r#"{"name":"new","ttl":600,"type":"A","value":"192.0.2.9"}"#
    );
    let added = r#"{"id":"76cc1081","name":"new","value":"192.0.2.9","type":"A","ttl":600}"#;
    let script = [
        (&*zones, 200, r#"[{"id":"edc5dacf","account_id":null,"name":"example.com"}]"#),
        (&*list(), 200, FOUND),
        (&*put, 200, changed),
        (&*post, 200, added),
    ];
    let changes = [
        change("home.example.com", "192.0.2.9"),
        change("example.com", "192.0.2.9"),
        change("new.example.com", "192.0.2.9"),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
    let learned = [("zone example.com", "edc5dacf"), ("record home.example.com A", "76cc107f")];
    assert_eq!(outcomes(&me, &changes[..1], &learned, &[(&put, 200, changed)]), ["updated"]);
}

#[test]
fn our_record_is_removed() {
    let me = account("civo");
    let learned = [("zone example.com", "edc5dacf")];
    let delete = format!("DELETE {BASE}/edc5dacf/records/76cc107f");
    let script = [(&*list(), 200, FOUND), (&*delete, 202, r#"{"result":"success"}"#)];
    let ours = [removal("home.example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &ours, &learned, &script), ["updated"]);
    let others = [removal("home.example.com", "192.0.2.77")];
    assert_eq!(outcomes(&me, &others, &learned, &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("civo");
    let mut new = change("new@example.com", "192.0.2.9");
    new.record.zone_id = Some("edc5dacf".into());
    let said = |status: u16, body: &str| {
        outcomes(&me, &[new.clone()], &[], &[(&list(), status, body)]).remove(0)
    };
    let body = r#"{"code":"authentication_invalid_key","reason":"The API key is invalid"}"#;
    assert!(
        said(401, body)
            .starts_with("all: no: Civo does not accept the credentials: The API key is invalid")
    );
    assert!(said(404, "{}").starts_with("no: Civo does not know the zone"));
    assert!(said(500, "").starts_with("all: again: Civo has a problem"));
}
