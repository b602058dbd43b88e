use crate::provider::testing::{account, change, outcomes};

mod v3;

const ZONES: (&str, u16, &str) = (
    "GET https://api.godaddy.com/v1/domains?statuses=ACTIVE&limit=100
     Authorization: sso-key me:hunter2",
    200,
    r#"[{"domain":"example.com","domainId":1,"status":"ACTIVE"}]"#,
);
const PLACE: &str = "https://api.godaddy.com/v1/domains/example.com/records/A/home";
const FOUND: &str = r#"[{"data":"192.0.2.1","name":"home","ttl":600,"type":"A"}]"#;

#[test]
fn a_set_is_read_before_it_is_replaced() {
    let me = account("godaddy.com-v1");
    let (get, put) =
        (format!("GET {PLACE}"), format!("PUT {PLACE}\n[{}]", r#"{"data":"192.0.2.9","ttl":600}"#));
    let home = [change("home.example.com", "192.0.2.9")];
    let script = [ZONES, (&*get, 200, FOUND), (&*put, 200, "")];
    assert_eq!(outcomes(&me, &home, &[], &script), ["updated"]);
    let learned = [("zone example.com", "example.com"), ("record home.example.com A", "600")];
    let mut next = home.clone();
    next[0].previous = Some("192.0.2.1".parse().unwrap());
    let now = FOUND.replace(']', r#",{"data":"192.0.2.77","name":"home","ttl":600,"type":"A"}]"#);
    let put = put.replace(']', r#",{"data":"192.0.2.77","ttl":600}]"#);
    let script = [(&*get, 200, &*now), (&*put, 200, "")];
    assert_eq!(outcomes(&me, &next, &learned, &script), ["updated"]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &[], &[(&get, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn a_new_set_may_be_at_the_apex_and_other_values_are_kept() {
    let me = account("godaddy");
    let apex = "https://api.godaddy.com/v1/domains/example.com/records/AAAA/@";
    let (get, put) =
        (format!("GET {apex}"), format!("PUT {apex}\n[{}]", r#"{"data":"2001:db8::9","ttl":600}"#));
    let new = [change("@example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &new, &[], &[(&get, 200, "[]"), (&put, 200, "")]), ["updated"]);
    let two = r#"[{"data":"192.0.2.7","name":"home","ttl":3600,"type":"A"},
        {"data":"192.0.2.1","name":"home","ttl":3600,"type":"A"}]"#;
    let get = format!("GET {PLACE}");
    let put = format!(
        "PUT {PLACE}\n[{}]",
        r#"{"data":"192.0.2.7","ttl":3600},{"data":"192.0.2.9","ttl":3600}"#
    );
    let mut home = change("home@example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    assert_eq!(outcomes(&me, &[home], &[], &[(&get, 200, two), (&put, 200, "")]), ["updated"]);
}

#[test]
fn all_pages_of_a_list_are_read() {
    let list = |from: usize, to: usize| {
        let zones: Vec<_> = (from..to).map(|i| format!(r#"{{"domain":"z{i}.example"}}"#)).collect();
        format!("[{}]", zones.join(","))
    };
    let more = format!("{}&marker=z99.example", ZONES.0.lines().next().unwrap());
    let get = format!("GET {}", PLACE.replace("example.com", "z100.example"));
    let script =
        [(ZONES.0, 200, &*list(0, 100)), (&*more, 200, &*list(100, 101)), (&*get, 200, FOUND)];
    let one = [change("home.z100.example", "192.0.2.1")];
    assert_eq!(outcomes(&account("godaddy"), &one, &[], &script), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home@example.com", "192.0.2.9")];
    let get = format!("GET {PLACE}");
    let verdicts =
        |status, body| outcomes(&account("godaddy"), &home, &[], &[(&get, status, body)]);
    assert_eq!(
        verdicts(
            403,
            r#"{"code":"ACCESS_DENIED","message":"Authenticated user is not allowed access"}"#
        ),
        [
            "no: GoDaddy does not allow the request: Authenticated user is not allowed access (HTTP 403); API \
             keys end with 2026, and many accounts may not use them; make a personal access token with the \
             scopes domains.domain:read and domains.dns:update, put it into 'password', and remove 'username'"
        ]
    );
    let wrong = verdicts(
        401,
        r#"{"code":"UNABLE_TO_AUTHENTICATE","message":"Unauthorized : Could not authenticate API key/secret"}"#,
    );
    assert!(wrong[0].starts_with("all: no: GoDaddy does not accept the credentials"), "{wrong:?}");
    assert_eq!(
        verdicts(
            429,
            r#"{"code":"TOO_MANY_REQUESTS","message":"Too many requests","retryAfterSec":30}"#
        ),
        ["all: again in 30 s: GoDaddy limits requests: Too many requests (HTTP 429)"]
    );
    let unknown = verdicts(
        404,
        r#"{"code":"UNKNOWN_DOMAIN","message":"The given domain is not registered"}"#,
    );
    assert!(
        unknown[0].starts_with("no: GoDaddy does not know the zone or the record"),
        "{unknown:?}"
    );
    assert_eq!(verdicts(200, "{}"), ["again: GoDaddy sends what is not understood: {}"]);
    let put = format!("PUT {PLACE}");
    let low = r#"{"code":"INVALID_BODY","fields":[{"code":"INVALID_VALUE","message":"Invalid ttl",
        "path":"records[0].ttl"}],"message":"Request body doesn't fulfill schema"}"#;
    let script = [(&*get, 200, "[]"), (&*put, 422, low)];
    assert_eq!(
        outcomes(&account("godaddy"), &home, &[], &script),
        ["no: GoDaddy refuses the request: Invalid ttl (HTTP 422); correct the options"]
    );
    // GoDaddy says so of a name with a CNAME record.
    let alias = r#"{"code":"DUPLICATE_RECORD","message":"Another record with the same attributes already exists"}"#;
    let said =
        outcomes(&account("godaddy"), &home, &[], &[(&*get, 200, "[]"), (&*put, 422, alias)]);
    assert!(
        said[0].ends_with("delete the CNAME record of this name, or choose another name"),
        "{said:?}"
    );
    let script = [(&*get, 200, "[]"), (&*put, 200, "<html>")];
    assert_eq!(
        outcomes(&account("godaddy"), &home, &[], &script),
        ["again: GoDaddy sends a web page, perhaps of a captive portal"]
    );
}
