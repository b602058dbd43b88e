use crate::provider::Outcome;
use crate::provider::testing::{account, apply, change, job, outcomes, play};

const ZONES: (&str, u16, &str) = (
    "GET https://developers.hostinger.com/api/domains/v1/portfolio
     Authorization: Bearer hunter2",
    200,
    r#"[{"id":13632,"domain":"example.com","type":"domain","status":"active"},
        {"id":13633,"domain":null,"type":"free_domain","status":"pending_setup"}]"#,
);
const ASK: &str = "GET https://developers.hostinger.com/api/dns/v1/zones/example.com";
const FOUND: &str = r#"[{"name":"home","type":"A","ttl":14400,
    "records":[{"content":"192.0.2.1","is_disabled":false}]},
    {"name":"@","type":"A","ttl":60,"records":[{"content":"192.0.2.1"},{"content":"192.0.2.2"}]}]"#;
const DONE: &str = r#"{"message":"Request accepted"}"#;

fn put(sets: &str) -> String {
    format!(
        "PUT https://developers.hostinger.com/api/dns/v1/zones/example.com\n\
         {{\"overwrite\":true,\"zone\":[{sets}]}}"
    )
}

#[test]
fn all_changes_of_a_zone_are_one_request() {
    let me = account("hostinger");
    let changes =
        || vec![change("home.example.com", "192.0.2.9"), change("new@example.com", "2001:db8::9")];
    let home = r#"{"name":"home","records":[{"content":"192.0.2.9"}],"ttl":14400,"type":"A"}"#;
    let new = r#"{"name":"new","records":[{"content":"2001:db8::9"}],"ttl":300,"type":"AAAA"}"#;
    let write = put(&format!("{home},{new}"));
    let script = [ZONES, (ASK, 200, FOUND), (&*write, 200, DONE)];
    let (verdicts, learned) = play(&me, job(changes()), &script);
    assert_eq!(verdicts, [Outcome::Updated.into(), Outcome::Updated.into()]);
    let mut next = job(changes());
    next.learned = apply(learned);
    let (verdicts, _) = play(&me, next, &[(ASK, 200, FOUND), (&write, 200, DONE)]);
    assert_eq!(verdicts, [Outcome::Updated.into(), Outcome::Updated.into()]);
    let same = [change("home@example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &[], &[(ASK, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn of_several_addresses_only_ours_is_replaced() {
    let me = account("hostinger");
    let mut apex = change("@example.com", "192.0.2.9");
    apex.previous = Some("192.0.2.2".parse().unwrap());
    let write = put(
        r#"{"name":"@","records":[{"content":"192.0.2.1"},{"content":"192.0.2.9"}],"ttl":60,"type":"A"}"#,
    );
    let script = [(ASK, 200, FOUND), (&*write, 200, DONE)];
    assert_eq!(outcomes(&me, &[apex], &[], &script), ["updated"]);
}

#[test]
fn a_set_with_a_disabled_address_of_others_is_not_written() {
    let me = account("hostinger");
    let mut apex = change("@example.com", "192.0.2.9");
    apex.previous = Some("192.0.2.2".parse().unwrap());
    let off = |address: &str| {
        let content = format!(r#""content":"{address}""#);
        FOUND.replace(&content, &format!(r#"{content},"is_disabled":true"#))
    };
    assert_eq!(
        outcomes(&me, &[apex.clone()], &[], &[(ASK, 200, &off("192.0.2.1"))]),
        [
            "no: example.com has another address, which is off at Hostinger and would be switched on; \
             delete that, or switch it on"
        ]
    );
    // Our own disabled address is enabled.
    let write = put(
        r#"{"name":"@","records":[{"content":"192.0.2.1"},{"content":"192.0.2.9"}],"ttl":60,"type":"A"}"#,
    );
    let script = [(ASK, 200, &*off("192.0.2.2")), (&*write, 200, DONE)];
    assert_eq!(outcomes(&me, &[apex], &[], &script), ["updated"]);
}

#[test]
fn a_refused_change_does_not_affect_the_others() {
    let me = account("hostinger");
    let two = [change("a@example.com", "192.0.2.9"), change("b@example.com", "192.0.2.9")];
    let set = |name: &str| {
        format!(r#"{{"name":"{name}","records":[{{"content":"192.0.2.9"}}],"ttl":300,"type":"A"}}"#)
    };
    let no = r#"{"message":"DNS resource record is not valid or conflicts with another","errors":{},
        "correlation_id":"26a91bd9"}"#;
    let (both, a, b) = (put(&format!("{},{}", set("a"), set("b"))), put(&set("a")), put(&set("b")));
    let script = [(ASK, 200, FOUND), (&*both, 422, no), (&*a, 200, DONE), (&*b, 422, no)];
    let verdicts = outcomes(&me, &two, &[], &script);
    assert_eq!(verdicts[0], "updated");
    assert!(
        verdicts[1].starts_with("no: Hostinger refuses the request: DNS resource"),
        "{verdicts:?}"
    );
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("hostinger");
    let said = |status: u16, body: &str| {
        outcomes(&me, &[change("home@example.com", "192.0.2.9")], &[], &[(ASK, status, body)])
            .remove(0)
    };
    let no = r#"{"message":"Unauthenticated","correlation_id":"26a91bd9"}"#;
    assert_eq!(
        said(401, no),
        "all: no: Hostinger does not accept the credentials: Unauthenticated (HTTP 401); 'password' \
         must hold an API token"
    );
    assert!(said(429, "").starts_with("all: again in "));
    assert!(said(500, no).starts_with("all: again: "));
    assert!(said(200, "{}").starts_with("again: "));
    let one = [change("home.example.org", "192.0.2.9")];
    let verdicts = outcomes(&me, &one, &[], &[ZONES]);
    assert!(verdicts[0].contains("has no zone for home.example.org"), "{verdicts:?}");
}
