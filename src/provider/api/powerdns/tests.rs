use crate::model::Url;
use crate::provider::Provider;
use crate::provider::testing::{account, change, outcomes};

const PLACE: &str = "http://192.0.2.53:8081/api/v1/servers/localhost/zones";
const FOUND: &str = r#"{"name":"example.com.","rrsets":[
    {"name":"home.example.com.","type":"A","ttl":60,"comments":[],
     "records":[{"content":"192.0.2.1","disabled":false}]},
    {"name":"example.com.","type":"A","ttl":60,"records":[{"content":"192.0.2.7"}]}]}"#;

fn me(name: &str) -> Provider {
    account(name).with(|account| {
        account.base = Url::parse("http://192.0.2.53:8081/").ok();
    })
}

fn set(name: &str, kind: &str, ttl: u32, address: &str) -> String {
    format!(
        r#"{{"changetype":"REPLACE","name":"{name}.","records":[{{"content":"{address}","disabled":false}}],"ttl":{ttl},"type":"{kind}"}}"#
    )
}

#[test]
fn all_names_of_a_zone_are_one_request() {
    let list = format!("GET {PLACE}?dnssec=false\nX-API-Key: hunter2");
    let zones = r#"[{"id":"example.com.","name":"example.com.","kind":"Native"},
        {"id":"sub.example.com.","name":"sub.example.com."}]"#;
    let both = [change("home.example.com", "192.0.2.9"), change("example.com", "2001:db8::9")];
    let apex = format!("GET {PLACE}/example.com.?rrset_name=example.com.");
    let home = format!("GET {PLACE}/example.com.?rrset_name=home.example.com.");
    let patch = format!(
        "PATCH {PLACE}/example.com.\n{{\"rrsets\":[{},{}]}}",
        set("home.example.com", "A", 60, "192.0.2.9"),
        set("example.com", "AAAA", 300, "2001:db8::9"),
    );
    let script =
        [(&*list, 200, zones), (&*home, 200, FOUND), (&*apex, 200, FOUND), (&*patch, 204, "")];
    assert_eq!(outcomes(&me("pdns"), &both, &[], &script), ["updated", "updated"]);
    let learned = [("zone example.com", "example.com"), ("record home.example.com A", "60")];
    let patch = format!(
        "PATCH {PLACE}/example.com.\n{{\"rrsets\":[{}]}}",
        set("home.example.com", "A", 60, "192.0.2.9")
    );
    let script = [(&*home, 200, FOUND), (&*patch, 204, "")];
    assert_eq!(outcomes(&me("powerdns"), &both[..1], &learned, &script), ["updated"]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me("powerdns"), &same, &[], &[(&home, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn many_names_are_read_by_listing_the_zone() {
    let names = ["a", "b", "c", "d", "e"];
    let changes = names.map(|name| change(&format!("{name}@example.com"), "192.0.2.9"));
    let set = |name: &str| {
        format!(
            r#"{{"name":"{name}.example.com.","type":"A","ttl":60,"records":[
                {{"content":"192.0.2.9"}},{{"content":"192.0.2.7"}}]}}"#
        )
    };
    let zone = format!(r#"{{"rrsets":[{}]}}"#, names.map(set).join(","));
    let look = format!("GET {PLACE}/example.com.");
    assert_eq!(outcomes(&me("powerdns"), &changes, &[], &[(&look, 200, &zone)]), ["unchanged"; 5]);
}

#[test]
fn other_values_of_a_set_are_kept() {
    let two = r#"{"rrsets":[{"name":"home.example.com.","type":"A","ttl":60,"records":[
        {"content":"192.0.2.7","disabled":true,"modified_at":1},{"content":"192.0.2.1"}]}]}"#;
    let look = format!("GET {PLACE}/example.com.?rrset_name=home.example.com.");
    let patch = format!(
        "PATCH {PLACE}/example.com.\n{}",
        r#"{"rrsets":[{"changetype":"REPLACE","name":"home.example.com.","records":[{"content":"192.0.2.7","disabled":true},{"content":"192.0.2.9","disabled":false}],"ttl":60,"type":"A"}]}"#
    );
    let mut home = change("home@example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    let script = [(&*look, 200, two), (&*patch, 204, "")];
    assert_eq!(outcomes(&me("powerdns"), &[home], &[], &script), ["updated"]);
}

#[test]
fn the_url_may_name_the_server() {
    let mut me = me("powerdns");
    me.account.base = Url::parse("https://dns.example/api/v1/servers/other").ok();
    let look = "GET https://dns.example/api/v1/servers/other/zones/example.com.?rrset_name=home.example.com.";
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &[], &[(look, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home@example.com", "192.0.2.9")];
    let look = format!("GET {PLACE}/example.com.?rrset_name=home.example.com.");
    let verdicts = |status, body| outcomes(&me("powerdns"), &home, &[], &[(&look, status, body)]);
    assert_eq!(
        verdicts(401, "Unauthorized"),
        ["all: no: PowerDNS does not accept the credentials: HTTP 401; 'password' must hold the \
          server's api-key, and 'param_opt' must hold the server's URL, such as \
          http://192.0.2.1:8081"]
    );
    assert_eq!(
        verdicts(404, "Not Found"),
        [
            "no: PowerDNS does not know the zone or the record: HTTP 404; correct 'domain' or 'zone', or let the token \
          see the zone"
        ]
    );
    assert_eq!(
        verdicts(200, "<html>"),
        ["again: PowerDNS sends a web page, perhaps of a captive portal"]
    );
    assert_eq!(verdicts(429, ""), ["all: again in 300 s: PowerDNS limits requests: HTTP 429"]);
    let patch = format!("PATCH {PLACE}/example.com.");
    let no = r#"{"error":"RRset home.example.com. IN A: Conflicts with pre-existing RRset"}"#;
    let script = [(&*look, 200, FOUND), (&*patch, 422, no)];
    assert_eq!(
        outcomes(&me("powerdns"), &home, &[], &script),
        ["no: PowerDNS refuses the request: RRset home.example.com. IN A: Conflicts with \
          pre-existing RRset (HTTP 422); correct the options"]
    );
}
