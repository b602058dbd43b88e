use crate::model::secret::Secret;
use crate::provider::Outcome;
use crate::provider::testing::{account, apply, change, job, outcomes, play};

const ZONES: (&str, u16, &str) = (
    "GET https://api.gandi.net/v5/livedns/domains?per_page=100&page=1
     Authorization: Bearer hunter2",
    200,
    r#"[{"fqdn":"example.com","domain_href":"https://api.gandi.net/v5/livedns/domains/example.com"}]"#,
);
const PLACE: &str = "https://api.gandi.net/v5/livedns/domains/example.com/records";
const FOUND: &str = r#"{"rrset_name":"home","rrset_type":"A","rrset_ttl":600,
    "rrset_values":["192.0.2.1"],"rrset_href":"https://api.gandi.net/…"}"#;
const MISSING: &str = r#"{"code":404,"cause":"Not Found","message":"Can't find the DNS record
    home/A","object":"dns-record"}"#;
const DONE: &str = r#"{"message":"DNS Record Created"}"#;

#[test]
fn a_set_is_replaced_with_its_ttl_and_values_added_by_others() {
    let me = account("gandi.net");
    let (get, put) = (format!("GET {PLACE}/home/A"), format!("PUT {PLACE}/home/A"));
    let put = format!("{put}\n{}", r#"{"rrset_ttl":600,"rrset_values":["192.0.2.9"]}"#);
    let home = change("home.example.com", "192.0.2.9");
    let script = [ZONES, (&*get, 200, FOUND), (&*put, 201, DONE)];
    let (verdicts, learned) = play(&me, job(vec![home.clone()]), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let mut next = job(vec![change("home.example.com", "192.0.2.10")]);
    next.learned = apply(learned);
    next.changes[0].previous = home.address();
    let now = FOUND.replace(r#"["192.0.2.1"]"#, r#"["192.0.2.9","192.0.2.77"]"#);
    let put = put.replace(r#"["192.0.2.9"]"#, r#"["192.0.2.10","192.0.2.77"]"#);
    let script = [(&*get, 200, &*now), (&*put, 201, DONE)];
    assert_eq!(play(&me, next, &script).0, [Outcome::Updated.into()]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &[], &[(&get, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn a_new_set_may_be_at_the_apex_and_other_values_are_kept() {
    let me = account("gandi");
    let (get, put) = (format!("GET {PLACE}/@/AAAA"), format!("PUT {PLACE}/@/AAAA"));
    let put = format!("{put}\n{}", r#"{"rrset_ttl":300,"rrset_values":["2001:db8::9"]}"#);
    let apex = [change("@example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me, &apex, &[], &[(&get, 404, MISSING), (&put, 201, DONE)]), ["updated"]);
    let two = r#"{"rrset_ttl":300,"rrset_values":["192.0.2.7","192.0.2.1"]}"#;
    let get = format!("GET {PLACE}/home/A");
    let put = format!("PUT {PLACE}/home/A");
    let kept = format!("{put}\n{}", r#"{"rrset_ttl":60,"rrset_values":["192.0.2.7","192.0.2.9"]}"#);
    let mut home = change("home@example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    home.record.ttl = Some(60);
    assert_eq!(outcomes(&me, &[home], &[], &[(&get, 200, two), (&kept, 201, DONE)]), ["updated"]);
    // Our old address is removed, although the new one is there.
    let mut moved = change("home@example.com", "192.0.2.7");
    moved.previous = Some("192.0.2.1".parse().unwrap());
    let rest = format!("{put}\n{}", r#"{"rrset_ttl":300,"rrset_values":["192.0.2.7"]}"#);
    assert_eq!(outcomes(&me, &[moved], &[], &[(&get, 200, two), (&rest, 201, DONE)]), ["updated"]);
}

#[test]
fn an_api_key_is_recognised_by_its_length() {
    let mut old = account("gandi.net");
    old.account.password = Secret::new("abcdefghijklmnopqrstuvwx");
    let get = format!("GET {PLACE}/home/A\nAuthorization: Apikey abcdefghijklmnopqrstuvwx");
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&old, &same, &[], &[(&get, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home@example.com", "192.0.2.9")];
    let (get, put) = (format!("GET {PLACE}/home/A"), format!("PUT {PLACE}/home/A"));
    let verdicts_for = |status, body| {
        outcomes(&account("gandi"), &home, &[], &[(&get, 404, MISSING), (&put, status, body)])
    };
    assert_eq!(
        verdicts_for(
            401,
            r#"{"code":401,"message":"The server could not verify that you authorized to access the document you requested."}"#
        ),
        ["all: no: Gandi does not accept the credentials: The server could not verify that you \
          authorized to access the document you requested. (HTTP 401); 'password' must hold a \
          personal access token that may manage the domain's DNS (it expires after a year at the \
          latest), or an API key of old"]
    );
    assert_eq!(verdicts_for(429, ""), ["all: again in 300 s: Gandi limits requests: HTTP 429"]);
    assert_eq!(
        verdicts_for(201, "<html>"),
        ["again: Gandi sends a web page, perhaps of a captive portal"]
    );
    let expired = r#"{"code":403,"message":"Access was denied to this resource."}"#;
    let script = [(&*get, 403, expired)];
    let verdicts = outcomes(&account("gandi"), &home, &[], &script);
    assert!(
        verdicts[0].starts_with("no: Gandi does not allow the request: Access was denied"),
        "{verdicts:?}"
    );
    let low = r#"{"status":"error","errors":[{"location":"body","name":"rrset_ttl","description":"60 is less than minimum value 300"}]}"#;
    let script = [(&*get, 404, MISSING), (&*put, 400, low)];
    assert_eq!(
        outcomes(&account("gandi"), &home, &[], &script),
        [
            "no: Gandi refuses the request: 60 is less than minimum value 300 (HTTP 400); correct the \
          options"
        ]
    );
    let unknown =
        r#"{"code":404,"message":"The resource could not be found.","object":"HTTPNotFound"}"#;
    let script = [(&*get, 404, unknown), (&*put, 404, unknown)];
    assert_eq!(
        outcomes(&account("gandi"), &home, &[], &script),
        [
            "no: Gandi does not know the zone or the record: The resource could not be found. (HTTP 404); correct 'domain' \
          or 'zone', or let the token see the zone"
        ]
    );
}
