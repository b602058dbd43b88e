use crate::provider::testing::{account, change, outcomes, removal};

const ZONES: (&str, u16, &str) = (
    "GET https://spaceship.dev/api/v1/domains?take=100&skip=0
     X-API-Key: me
     X-API-Secret: hunter2",
    200,
    r#"{"items":[{"name":"example.com","unicodeName":"example.com"}],"total":1}"#,
);
const PLACE: &str = "https://spaceship.dev/api/v1/dns/records/example.com";
const FOUND: &str = r#"{"items":[
    {"type":"A","name":"home","address":"192.0.2.1","ttl":1800,"group":{"type":"custom"}},
    {"type":"A","name":"home","address":"192.0.2.77","ttl":1800,"group":{"type":"custom"}},
    {"type":"AAAA","name":"@","address":"2001:db8::1","ttl":300,"group":{"type":"custom"}},
    {"type":"A","name":"go","address":"192.0.2.8","ttl":300,"group":{"type":"product"}},
    {"type":"MX","name":"@","exchange":"mail.example.com","preference":10}],"total":5}"#;

fn list() -> String {
    format!("GET {PLACE}?take=500&skip=0")
}

fn put(item: &str) -> String {
    format!("PUT {PLACE}\n{{\"items\":[{item}]}}")
}

fn delete(name: &str, address: &str) -> String {
    format!("DELETE {PLACE}\n[{{\"address\":\"{address}\",\"name\":\"{name}\",\"type\":\"A\"}}]")
}

#[test]
fn a_new_record_is_added_before_the_old_one_is_removed() {
    let me = account("spaceship");
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = "192.0.2.1".parse().ok();
    let changes =
        [home, change("example.com", "2001:db8::1"), change("*.example.com", "2001:db8::9")];
    let script = [
        ZONES,
        (&*list(), 200, FOUND),
        (&*put(r#"{"address":"192.0.2.9","name":"home","ttl":1800,"type":"A"}"#), 204, ""),
        (&*delete("home", "192.0.2.1"), 204, ""),
        (&*put(r#"{"address":"2001:db8::9","name":"*","ttl":300,"type":"AAAA"}"#), 204, ""),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "unchanged", "updated"]);
    let gone = [removal("home@example.com", "192.0.2.77")];
    let script = [(&*list(), 200, FOUND), (&*delete("home", "192.0.2.77"), 204, "")];
    assert_eq!(outcomes(&me, &gone, &[], &script), ["updated"]);
}

#[test]
fn a_record_of_a_product_is_not_touched() {
    let go = [change("go@example.com", "192.0.2.9")];
    let no = outcomes(&account("spaceship.com"), &go, &[], &[(&list(), 200, FOUND)]);
    assert!(
        no[0].starts_with("no: go.example.com is a record of one of Spaceship's products"),
        "{no:?}"
    );
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("spaceship");
    let home = [change("home@example.com", "2001:db8::9")];
    let said =
        |status: u16, body: &str| outcomes(&me, &home, &[], &[(&list(), status, body)]).remove(0);
    assert!(
        said(401, r#"{"detail":"Unauthorized"}"#)
            .starts_with("all: no: Spaceship does not accept the credentials: Unauthorized")
    );
    assert!(said(403, r#"{"detail":"no scope"}"#).starts_with("no: Spaceship does not allow"));
    assert!(said(404, r#"{"detail":"none"}"#).starts_with("no: Spaceship does not know the zone"));
    assert_eq!(
        said(429, "Retry-After: 90\n{\"detail\":\"slow down\"}"),
        "all: again in 90 s: Spaceship limits requests: slow down (HTTP 429)"
    );
    assert!(said(200, "{}").starts_with("again: Spaceship sends what is not understood"));
    assert!(said(500, "").starts_with("all: again: "));
    let write = put(r#"{"address":"2001:db8::9","name":"home","ttl":300,"type":"AAAA"}"#);
    let refused = r#"{"detail":"Invalid","data":[{"field":"ttl","details":"too low"}]}"#;
    let script = [(&*list(), 200, FOUND), (&*write, 422, refused)];
    assert!(outcomes(&me, &home, &[], &script)[0].starts_with("no: Spaceship refuses the request"));
}
