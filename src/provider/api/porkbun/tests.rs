use crate::provider::testing::{account, change, outcomes};

const ZONES: (&str, u16, &str) = (
    r#"POST https://api.porkbun.com/api/json/v3/domain/listAll
     {"apikey":"me","secretapikey":"hunter2","start":"0"}"#,
    200,
    r#"{"status":"SUCCESS","domains":[{"domain":"example.com","status":"ACTIVE","tld":"com"}]}"#,
);
const LOOK: &str = r#"POST https://api.porkbun.com/api/json/v3/dns/retrieveByNameType/example.com/A/home
     {"apikey":"me","secretapikey":"hunter2"}"#;
const FOUND: &str = r#"{"status":"SUCCESS","cloudflare":"enabled","records":[{"id":"106926652",
    "name":"home.example.com","type":"A","content":"192.0.2.1","ttl":"600","prio":"0","notes":""}]}"#;
const NONE: &str = r#"{"status":"SUCCESS","records":[]}"#;
const EDIT: &str = r#"POST https://api.porkbun.com/api/json/v3/dns/edit/example.com/106926652
    {"apikey":"me","content":"192.0.2.9","name":"home","secretapikey":"hunter2","ttl":"600","type":"A"}"#;

#[test]
fn a_record_is_read_before_it_is_edited_and_keeps_its_other_properties() {
    let me = account("porkbun");
    let home = [change("home.example.com", "192.0.2.9")];
    let script = [ZONES, (LOOK, 200, FOUND), (EDIT, 200, r#"{"status":"SUCCESS"}"#)];
    assert_eq!(outcomes(&me, &home, &[], &script), ["updated"]);
    // The zone is learned; the record is read again.
    let learned = [("zone example.com", "example.com")];
    assert_eq!(outcomes(&me, &home, &learned, &script[1..]), ["updated"]);
    let same = [change("home.example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &learned, &[(LOOK, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn addresses_are_compared_by_value_not_by_spelling() {
    let look = "POST https://api.porkbun.com/api/json/v3/dns/retrieveByNameType/example.com/AAAA";
    let long = r#"{"status":"SUCCESS","records":[{"id":"1","name":"example.com","type":"AAAA",
        "content":"2001:0db8:0000:0000:0000:0000:0000:0001","ttl":"600"}]}"#;
    let apex = [change("@example.com", "2001:db8::1")];
    assert_eq!(outcomes(&account("porkbun"), &apex, &[], &[(look, 200, long)]), ["unchanged"]);
    let create = r#"POST https://api.porkbun.com/api/json/v3/dns/create/example.com
        {"apikey":"me","content":"2001:db8::1","name":"","secretapikey":"hunter2","ttl":"600","type":"AAAA"}"#;
    let script = [(look, 200, NONE), (create, 200, r#"{"status":"SUCCESS","id":"106926659"}"#)];
    assert_eq!(outcomes(&account("porkbun"), &apex, &[], &script), ["updated"]);
}

#[test]
fn the_record_named_by_record_id_is_edited() {
    let mut home = change("home@example.com", "192.0.2.9");
    home.record.id = Some("106926652".into());
    let script = [(LOOK, 200, FOUND), (EDIT, 200, r#"{"status":"SUCCESS"}"#)];
    assert_eq!(outcomes(&account("porkbun"), &[home.clone()], &[], &script), ["updated"]);
    assert_eq!(
        outcomes(&account("porkbun"), &[home], &[], &[(LOOK, 200, NONE)]),
        [
            "no: home.example.com has no A record with the id 106926652; correct option 'record_id', \
          or remove it"
        ]
    );
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home@example.com", "192.0.2.9")];
    let verdicts_for = |status, message: &str| {
        let body = format!(r#"{{"status":"ERROR","message":"{message}"}}"#);
        outcomes(&account("porkbun"), &home, &[], &[(LOOK, status, &body)])
    };
    assert_eq!(
        verdicts_for(400, "Invalid API key. (002)"),
        ["all: no: Porkbun does not accept the credentials: Invalid API key. (002) (HTTP 400); \
          'username' must hold the API key (pk1_...), and 'password' must hold the secret key \
          (sk1_...)"]
    );
    assert_eq!(
        verdicts_for(400, "Domain is not opted in to API access."),
        [
            "no: Porkbun does not allow the request: Domain is not opted in to API access. (HTTP 400); switch \
          on API ACCESS for the domain, in its details at Porkbun"
        ]
    );
    assert_eq!(
        verdicts_for(200, "Edit error: We were unable to edit the DNS record."),
        ["all: again: Porkbun has a problem: Edit error: We were unable to edit the DNS record. \
          (HTTP 200)"]
    );
    let alias = verdicts_for(400, "Create error: We were unable to create the DNS record.");
    assert!(alias[0].starts_with("no: Porkbun refuses the request: Create error"), "{alias:?}");
    assert!(
        alias[0]
            .ends_with("delete the ALIAS or CNAME record of this name at Porkbun, if it has one")
    );
    let invalid = verdicts_for(400, "Invalid domain.");
    assert!(
        invalid[0].starts_with("no: Porkbun refuses the request: Invalid domain."),
        "{invalid:?}"
    );
    let busy = verdicts_for(503, "busy");
    assert_eq!(busy, ["all: again: Porkbun has a problem: busy (HTTP 503)"]);
    for (body, what) in [
        ("", "what is not understood"),
        ("<html>", "a web page"),
        ("{}", "what is not understood: {}"),
        ("[]", "what is not understood: []"),
    ] {
        let verdicts = outcomes(&account("porkbun"), &home, &[], &[(LOOK, 200, body)]);
        let expected = format!("again: Porkbun sends {what}");
        assert!(verdicts[0].starts_with(&expected), "{verdicts:?}");
    }
    let foreign = [change("home.example.org", "192.0.2.9")];
    let verdicts = outcomes(&account("porkbun"), &foreign, &[], &[ZONES]);
    assert!(
        verdicts[0].starts_with("no: Porkbun has no zone for home.example.org"),
        "{verdicts:?}"
    );
}
