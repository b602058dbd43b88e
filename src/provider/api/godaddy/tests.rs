use crate::provider::testing::{account, change, told};

const ZONES: (&str, u16, &str) = (
    "GET https://api.godaddy.com/v1/domains?statuses=ACTIVE&limit=100
     Authorization: sso-key me:hunter2",
    200,
    r#"[{"domain":"example.com","domainId":1,"status":"ACTIVE"}]"#,
);
const PLACE: &str = "https://api.godaddy.com/v1/domains/example.com/records/A/home";
const FOUND: &str = r#"[{"data":"192.0.2.1","name":"home","ttl":600,"type":"A"}]"#;

#[test]
fn a_set_is_read_and_then_put() {
    let me = account("godaddy.com-v1");
    let (get, put) =
        (format!("GET {PLACE}"), format!("PUT {PLACE}\n[{}]", r#"{"data":"192.0.2.9","ttl":600}"#));
    let home = [change("home.example.com", "192.0.2.9")];
    let script = [ZONES, (&*get, 200, FOUND), (&*put, 200, "")];
    assert_eq!(told(&me, &home, &[], &script), ["updated"]);
    let known = [("zone example.com", "example.com"), ("record home.example.com A", "600")];
    let mut next = home.clone();
    next[0].previous = Some("192.0.2.1".parse().unwrap());
    let now = FOUND.replace(']', r#",{"data":"192.0.2.77","name":"home","ttl":600,"type":"A"}]"#);
    let put = put.replace(']', r#",{"data":"192.0.2.77","ttl":600}]"#);
    let script = [(&*get, 200, &*now), (&*put, 200, "")];
    assert_eq!(told(&me, &next, &known, &script), ["updated"]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(told(&me, &same, &[], &[(&get, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn a_new_set_at_the_apex_and_values_that_stay() {
    let me = account("godaddy");
    let apex = "https://api.godaddy.com/v1/domains/example.com/records/AAAA/@";
    let (get, put) =
        (format!("GET {apex}"), format!("PUT {apex}\n[{}]", r#"{"data":"2001:db8::9","ttl":600}"#));
    let new = [change("@example.com", "2001:db8::9")];
    assert_eq!(told(&me, &new, &[], &[(&get, 200, "[]"), (&put, 200, "")]), ["updated"]);
    let two = r#"[{"data":"192.0.2.7","name":"home","ttl":3600,"type":"A"},
        {"data":"192.0.2.1","name":"home","ttl":3600,"type":"A"}]"#;
    let get = format!("GET {PLACE}");
    let put = format!(
        "PUT {PLACE}\n[{}]",
        r#"{"data":"192.0.2.7","ttl":3600},{"data":"192.0.2.9","ttl":3600}"#
    );
    let mut home = change("home@example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    assert_eq!(told(&me, &[home], &[], &[(&get, 200, two), (&put, 200, "")]), ["updated"]);
}

#[test]
fn a_list_of_several_pages() {
    let list = |from: usize, to: usize| {
        let zones: Vec<_> = (from..to).map(|i| format!(r#"{{"domain":"z{i}.example"}}"#)).collect();
        format!("[{}]", zones.join(","))
    };
    let more = format!("{}&marker=z99.example", ZONES.0.lines().next().unwrap());
    let get = format!("GET {}", PLACE.replace("example.com", "z100.example"));
    let script =
        [(ZONES.0, 200, &*list(0, 100)), (&*more, 200, &*list(100, 101)), (&*get, 200, FOUND)];
    let one = [change("home.z100.example", "192.0.2.1")];
    assert_eq!(told(&account("godaddy"), &one, &[], &script), ["unchanged"]);
}

#[test]
fn what_does_not_work_is_explained() {
    let home = [change("home@example.com", "192.0.2.9")];
    let get = format!("GET {PLACE}");
    let of = |status, body| told(&account("godaddy"), &home, &[], &[(&get, status, body)]);
    assert_eq!(
        of(403, r#"{"code":"ACCESS_DENIED","message":"Authenticated user is not allowed access"}"#),
        [
            "no: GoDaddy does not allow the request: Authenticated user is not allowed access (HTTP 403); since \
          May 2024 GoDaddy opens its interface only to accounts with ten domains or more, or with a \
          Discount Domain Club plan; move the zone to another DNS provider, or the domain"
        ]
    );
    let wrong = of(
        401,
        r#"{"code":"UNABLE_TO_AUTHENTICATE","message":"Unauthorized : Could not authenticate API key/secret"}"#,
    );
    assert!(wrong[0].starts_with("all: no: GoDaddy does not accept the credentials"), "{wrong:?}");
    assert_eq!(
        of(429, r#"{"code":"TOO_MANY_REQUESTS","message":"Too many requests","retryAfterSec":30}"#),
        ["all: again in 30 s: GoDaddy limits requests: Too many requests (HTTP 429)"]
    );
    let unknown =
        of(404, r#"{"code":"UNKNOWN_DOMAIN","message":"The given domain is not registered"}"#);
    assert!(
        unknown[0].starts_with("no: GoDaddy does not know the zone or the record"),
        "{unknown:?}"
    );
    assert_eq!(of(200, "{}"), ["again: GoDaddy sends what is not understood: {}"]);
    let put = format!("PUT {PLACE}");
    let low = r#"{"code":"INVALID_BODY","fields":[{"code":"INVALID_VALUE","message":"Invalid ttl",
        "path":"records[0].ttl"}],"message":"Request body doesn't fulfill schema"}"#;
    let script = [(&*get, 200, "[]"), (&*put, 422, low)];
    assert_eq!(
        told(&account("godaddy"), &home, &[], &script),
        ["no: GoDaddy refuses the request: Invalid ttl (HTTP 422); correct the options"]
    );
    let script = [(&*get, 200, "[]"), (&*put, 200, "<html>")];
    assert_eq!(
        told(&account("godaddy"), &home, &[], &script),
        ["again: GoDaddy sends a web page, perhaps of a captive portal"]
    );
}
