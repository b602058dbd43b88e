use serde_json::{Value, json};

use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.leaseweb.com/hosting/v2/domains";

fn list(zone: &str) -> String {
    format!("GET {BASE}/{zone}/resourceRecordSets\nX-LSW-Auth: hunter2")
}

fn set(name: &str, kind: &str, content: &[&str], ttl: u32) -> Value {
    json!({"name": format!("{name}."), "type": kind, "content": content, "ttl": ttl,
        "editable": true, "_links": {}})
}

fn present() -> String {
    let mut locked = set("locked.example.com", "A", &["192.0.2.1"], 3600);
    locked["editable"] = json!(false);
    let sets = [
        set("home.example.com", "A", &["192.0.2.1", "192.0.2.77"], 3600),
        set("example.com", "AAAA", &["2001:db8::1"], 300),
        set("www.example.com", "CNAME", &["example.com."], 300),
        locked,
    ];
    json!({"_links": {}, "resourceRecordSets": sets}).to_string()
}

#[test]
fn sets_are_changed_and_added_and_others_addresses_stay() {
    let me = account("leaseweb.com");
    let put = format!(
        "PUT {BASE}/example.com/resourceRecordSets/home.example.com./A\n{}",
        json!({"content": ["192.0.2.9", "192.0.2.77"], "ttl": 3600})
    );
    let changed = set("home.example.com", "A", &["192.0.2.9", "192.0.2.77"], 3600).to_string();
    let post = format!(
        "POST {BASE}/example.com/resourceRecordSets\n{}",
        json!({"name": "example.com.", "type": "A", "content": ["192.0.2.9"], "ttl": 300})
    );
    let added = set("example.com", "A", &["192.0.2.9"], 300).to_string();
    let script = [
        (&*list("example.com"), 200, &*present()),
        (&*list("example.com"), 200, &*present()),
        (&*put, 200, &*changed),
        (&*post, 201, &*added),
    ];
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    let changes = [
        home,
        change("example.com", "2001:db8::1"),
        change("example.com", "192.0.2.9"),
        change("www.example.com", "192.0.2.9"),
        change("locked.example.com", "192.0.2.9"),
    ];
    let said = outcomes(&me, &changes, &[], &script);
    assert_eq!(said[..3], ["updated", "unchanged", "updated"]);
    assert!(said[3].starts_with("no: www.example.com is an alias (CNAME) at Leaseweb"), "{said:?}");
    assert!(
        said[4].starts_with("no: locked.example.com is a record that Leaseweb does not"),
        "{said:?}"
    );
}

#[test]
fn our_address_is_removed() {
    let me = account("leaseweb");
    let put = format!(
        "PUT {BASE}/example.com/resourceRecordSets/home.example.com./A\n{}",
        json!({"content": ["192.0.2.77"], "ttl": 3600})
    );
    let left = set("home.example.com", "A", &["192.0.2.77"], 3600).to_string();
    let delete = format!("DELETE {BASE}/example.com/resourceRecordSets/example.com./AAAA");
    let script =
        [(&*list("example.com"), 200, &*present()), (&*put, 200, &*left), (&*delete, 204, "")];
    let ours = [removal("home@example.com", "192.0.2.1"), removal("@example.com", "2001:db8::1")];
    assert_eq!(outcomes(&me, &ours, &[], &script), ["updated", "updated"]);
    let others = [removal("home@example.com", "192.0.2.5")];
    assert_eq!(outcomes(&me, &others, &[], &script[..1]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("leaseweb");
    let new = [change("new@example.com", "192.0.2.9")];
    let list = list("example.com");
    let said = |status: u16, text: &str| {
        let body = json!({"correlationId": "289346a1", "errorCode": status.to_string(),
            "errorDetails": {}, "errorMessage": text})
        .to_string();
        outcomes(&me, &new, &[], &[(&list, status, &body)]).remove(0)
    };
    assert!(
        said(401, "You are not authorized to view this resource.").starts_with(
            "all: no: Leaseweb does not accept the credentials: You are not authorized"
        )
    );
    assert!(
        said(404, "Resource not found")
            .starts_with("no: Leaseweb does not know the zone or the record: Resource not found")
    );
    assert!(said(400, "bad").starts_with("no: Leaseweb refuses the request: bad"));
    assert!(said(429, "slow").starts_with("all: again in 300 s: Leaseweb limits requests: slow"));
    assert!(said(500, "oops").starts_with("all: again: Leaseweb has a problem: oops"));
}
