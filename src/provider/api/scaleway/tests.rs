use crate::provider::testing::{account, change, outcomes};

const ZONES: (&str, u16, &str) = (
    "GET https://api.scaleway.com/domain/v2beta1/dns-zones?page_size=100&page=1
     X-Auth-Token: hunter2",
    200,
    r#"{"dns_zones":[{"domain":"example.com","subdomain":"","status":"active"},
        {"domain":"example.com","subdomain":"sub","status":"active"}],"total_count":2}"#,
);
const PLACE: &str = "https://api.scaleway.com/domain/v2beta1/dns-zones/example.com/records";
const FOUND: &str = r#"{"records":[{"id":"a","data":"192.0.2.1","name":"home","priority":0,
    "ttl":300,"type":"A","comment":null}],"total_count":1}"#;
const NONE: &str = r#"{"records":[],"total_count":0}"#;

fn look(name: &str, kind: &str) -> String {
    format!("GET {PLACE}?name={name}&type={kind}&page_size=100&page=1")
}

fn set(name: &str, kind: &str, ttl: u32, addresses: &[&str]) -> String {
    let record =
        |data: &&str| format!(r#"{{"data":"{data}","name":"{name}","ttl":{ttl},"type":"{kind}"}}"#);
    let records: Vec<_> = addresses.iter().map(record).collect();
    format!(
        r#"{{"set":{{"id_fields":{{"name":"{name}","type":"{kind}"}},"records":[{}]}}}}"#,
        records.join(",")
    )
}

fn patch(sets: &[String]) -> String {
    format!(
        "PATCH {PLACE}\n{{\"changes\":[{}],\"disallow_new_zone_creation\":true,\"return_all_records\":false}}",
        sets.join(",")
    )
}

#[test]
fn all_names_of_a_zone_are_one_request() {
    let me = account("scaleway.com");
    let both = [change("home.example.com", "192.0.2.9"), change("example.com", "2001:db8::9")];
    let (home, apex) = (look("home", "A"), look("", "AAAA"));
    let sets = [set("home", "A", 300, &["192.0.2.9"]), set("", "AAAA", 300, &["2001:db8::9"])];
    let all = patch(&sets);
    let script = [ZONES, (&*home, 200, FOUND), (&*apex, 200, FOUND), (&*all, 200, NONE)];
    assert_eq!(outcomes(&me, &both, &[], &script), ["updated", "updated"]);
    let learned = [("zone example.com", "example.com"), ("record home.example.com A", "300")];
    let one = patch(&sets[..1]);
    let script = [(&*home, 200, FOUND), (&*one, 200, NONE)];
    assert_eq!(outcomes(&me, &both[..1], &learned, &script), ["updated"]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &[], &[(&home, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn comments_are_kept_and_routing_policies_are_not_written() {
    let me = account("scaleway");
    let mut home = change("home@example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    let two = r#"{"records":[{"data":"192.0.2.7","name":"home","ttl":60,"type":"A",
        "comment":"office","geo_ip_config":null},{"data":"192.0.2.1","name":"home","ttl":60,"type":"A",
        "comment":null}]}"#;
    let look = look("home", "A");
    let patch = patch(&[set("home", "A", 60, &["192.0.2.7", "192.0.2.9"])]).replacen(
        r#"{"data""#,
        r#"{"comment":"office","data""#,
        1,
    );
    let script = [(&*look, 200, two), (&*patch, 200, NONE)];
    assert_eq!(outcomes(&me, &[home.clone()], &[], &script), ["updated"]);
    for policy in ["geo_ip_config", "http_service_config", "weighted_config", "view_config"] {
        let found = FOUND.replace(r#""priority":0"#, &format!(r#""{policy}":{{"default":"x"}}"#));
        assert_eq!(
            outcomes(&me, &[home.clone()], &[], &[(&look, 200, &found)]),
            [
                "no: home.example.com is no simple record in Scaleway but has a routing policy; make \
                 it a simple record, or choose another name"
            ]
        );
    }
}

#[test]
fn many_names_are_read_by_listing_their_types() {
    let names = ["a", "b", "c", "d", "e"];
    let changes = names.map(|name| change(&format!("{name}@example.com"), "192.0.2.9"));
    let record =
        |name: &str| format!(r#"{{"name":"{name}","type":"A","data":"192.0.2.9","ttl":60}}"#);
    let list = format!(r#"{{"records":[{}]}}"#, names.map(record).join(","));
    let look = format!("GET {PLACE}?type=A&page_size=100&page=1");
    assert_eq!(
        outcomes(&account("scaleway"), &changes, &[], &[(&look, 200, &list)]),
        ["unchanged"; 5]
    );
}

#[test]
fn a_subdomain_may_be_a_zone_and_other_values_are_kept() {
    let new = [change("a.sub.example.com", "192.0.2.9")];
    let look_sub = look("a", "A").replace("/example.com/", "/sub.example.com/");
    let patch_sub =
        patch(&[set("a", "A", 300, &["192.0.2.9"])]).replace("/example.com/", "/sub.example.com/");
    let script = [ZONES, (&*look_sub, 200, NONE), (&*patch_sub, 200, NONE)];
    assert_eq!(outcomes(&account("scaleway"), &new, &[], &script), ["updated"]);
    let two = r#"{"records":[{"data":"192.0.2.7","name":"home","ttl":60,"type":"A"},
        {"data":"192.0.2.1","name":"home","ttl":60,"type":"A"}]}"#;
    let mut home = change("home@example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    let (look, patch) =
        (look("home", "A"), patch(&[set("home", "A", 60, &["192.0.2.7", "192.0.2.9"])]));
    let script = [(&*look, 200, two), (&*patch, 200, NONE)];
    assert_eq!(outcomes(&account("scaleway"), &[home], &[], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home@example.com", "192.0.2.9")];
    let look = look("home", "A");
    let verdicts =
        |status, body| outcomes(&account("scaleway"), &home, &[], &[(&look, status, body)]);
    let need = "'password' must hold the secret key of an API key with DomainsDNSFullAccess in the \
                zone's project";
    let wrong = r#"{"message":"authentication is denied","method":"api_key","reason":"not_found","type":"denied_authentication"}"#;
    assert_eq!(
        verdicts(401, wrong),
        [format!(
            "all: no: Scaleway does not accept the credentials: authentication is denied (HTTP 401); {need}"
        )]
    );
    assert_eq!(
        verdicts(403, r#"{"message":"insufficient permissions","type":"permissions_denied"}"#),
        [format!(
            "no: Scaleway does not allow the request: insufficient permissions (HTTP 403); {need}"
        )]
    );
    assert_eq!(
        verdicts(404, r#"{"message":"dns zone not found","type":"not_found"}"#),
        [
            "no: Scaleway does not know the zone or the record: dns zone not found (HTTP 404); correct 'domain' or 'zone', \
          or let the token see the zone"
        ]
    );
    assert_eq!(verdicts(429, ""), ["all: again in 300 s: Scaleway limits requests: HTTP 429"]);
    assert_eq!(verdicts(200, "{}"), ["again: Scaleway sends what is not understood: {}"]);
    let patch = format!("PATCH {PLACE}");
    let bad = r#"{"message":"invalid argument(s)","type":"invalid_arguments","details":[]}"#;
    let script = [(&*look, 200, NONE), (&*patch, 400, bad)];
    assert_eq!(
        outcomes(&account("scaleway"), &home, &[], &script),
        ["no: Scaleway refuses the request: invalid argument(s) (HTTP 400); correct the options"]
    );
    let script = [(&*look, 200, NONE), (&*patch, 200, "<html>")];
    assert_eq!(
        outcomes(&account("scaleway"), &home, &[], &script),
        ["again: Scaleway sends a web page, perhaps of a captive portal"]
    );
}
