use crate::provider::testing::{account, change, outcomes, removal};

const PLACE: &str = "https://api.gcore.com/dns/v2/zones";
const FOUND: &str = r#"{"name":"home.example.com","type":"A","ttl":120,"resource_records":[
    {"id":1,"content":["192.0.2.1"],"enabled":true,"meta":{}},
    {"id":2,"content":["192.0.2.77"],"enabled":false,"meta":{}}]}"#;

fn set(method: &str, name: &str, kind: &str) -> String {
    format!("{method} {PLACE}/example.com/{name}.example.com/{kind}")
}

#[test]
fn a_set_is_read_and_other_addresses_of_it_are_kept() {
    let me = account("gcore");
    let zones = format!("GET {PLACE}?limit=100&offset=0\nAuthorization: APIKey hunter2");
    let put = set("PUT", "home", "A")
        + "\n"
        + r#"{"resource_records":[{"content":["192.0.2.9"],"enabled":true},{"content":["192.0.2.77"],"enabled":false}],"ttl":120}"#;
    let post = set("POST", "*", "AAAA")
        + "\n"
        + r#"{"resource_records":[{"content":["2001:db8::9"]}],"ttl":300}"#;
    let script = [
        (&*zones, 200, r#"{"zones":[{"name":"example.com"}],"total_amount":1}"#),
        (&*set("GET", "home", "A"), 200, FOUND),
        (&*put, 200, "{}"),
        (&*set("GET", "*", "AAAA"), 404, r#"{"error":"record is not found"}"#),
        (&*post, 200, r#"{"ttl":300}"#),
    ];
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = "192.0.2.1".parse().ok();
    let changes = [home, change("*.example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "updated"]);
    let apex = [change("@example.com", "192.0.2.1")];
    let get = format!("GET {PLACE}/example.com/example.com/A");
    let one = r#"{"ttl":120,"resource_records":[{"content":["192.0.2.1"]}]}"#;
    assert_eq!(outcomes(&me, &apex, &[], &[(&get, 200, one)]), ["unchanged"]);
}

#[test]
fn only_our_address_is_removed() {
    let me = account("gcore.com");
    let put = set("PUT", "home", "A")
        + "\n"
        + r#"{"resource_records":[{"content":["192.0.2.77"],"enabled":false}],"ttl":120}"#;
    let gone = [removal("home@example.com", "192.0.2.1")];
    let script = [(&*set("GET", "home", "A"), 200, FOUND), (&*put, 200, "{}")];
    assert_eq!(outcomes(&me, &gone, &[], &script), ["updated"]);
    let one = r#"{"ttl":120,"resource_records":[{"content":["192.0.2.1"]}]}"#;
    let script = [(&*set("GET", "home", "A"), 200, one), (&*set("DELETE", "home", "A"), 200, "{}")];
    assert_eq!(outcomes(&me, &gone, &[], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("gcore");
    let home = [change("home@example.com", "192.0.2.1")];
    let get = set("GET", "home", "A");
    let said =
        |status: u16, body: &str| outcomes(&me, &home, &[], &[(&get, status, body)]).remove(0);
    assert!(
        said(401, r#"{"error":"unauthorized"}"#)
            .starts_with("all: no: Gcore does not accept the credentials: unauthorized")
    );
    assert!(
        said(403, r#"{"error":"forbidden"}"#).starts_with("no: Gcore does not allow the request")
    );
    assert!(
        said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: Gcore limits requests")
    );
    assert!(said(200, "{}").starts_with("again: Gcore sends what is not understood"));
    assert!(said(500, "").starts_with("all: again: "));
    let post = set("POST", "home", "A");
    let script = [(&*get, 404, "{}"), (&*post, 404, r#"{"error":"zone is not found"}"#)];
    let no = outcomes(&me, &home, &[], &script);
    assert!(no[0].starts_with("no: Gcore does not know the zone or the record: zone is"), "{no:?}");
}
