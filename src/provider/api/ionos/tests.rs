use crate::provider::testing::{account, change, outcomes};

const ZONES: (&str, u16, &str) = (
    "GET https://api.hosting.ionos.com/dns/v1/zones
     X-API-Key: hunter2",
    200,
    r#"[{"id":"11af3414-ebba-11e9-8df5-66fbe8a334b4","name":"example.com","type":"NATIVE"}]"#,
);
const ZONE: &str =
    "https://api.hosting.ionos.com/dns/v1/zones/11af3414-ebba-11e9-8df5-66fbe8a334b4";
const FOUND: &str = r#"{"id":"11af3414-ebba-11e9-8df5-66fbe8a334b4","name":"example.com",
    "type":"NATIVE","records":[{"id":"22af3414-abbe-9e11-5df5-66fbe8e334b4",
    "name":"home.example.com","rootName":"example.com","type":"A","content":"192.0.2.1",
    "changeDate":"2019-12-09T13:04:25.772Z","ttl":3600,"prio":0,"disabled":false}]}"#;
const NONE: &str = r#"{"name":"example.com","records":[]}"#;
const KNOWN: [(&str, &str); 2] = [
    ("zone example.com", "11af3414-ebba-11e9-8df5-66fbe8a334b4"),
    ("record home.example.com A", "3600"),
];

#[test]
fn all_names_of_a_zone_are_one_read_and_one_write() {
    let me = account("ionos");
    let both = [change("home.example.com", "192.0.2.9"), change("example.com", "2001:db8::9")];
    let look = format!("GET {ZONE}?recordType=A,AAAA");
    let patch = format!(
        "PATCH {ZONE}\n[{},{}]",
        r#"{"content":"192.0.2.9","disabled":false,"name":"home.example.com","ttl":3600,"type":"A"}"#,
        r#"{"content":"2001:db8::9","disabled":false,"name":"example.com","ttl":300,"type":"AAAA"}"#
    );
    let script = [ZONES, (&*look, 200, FOUND), (&*patch, 200, "")];
    assert_eq!(outcomes(&me, &both, &[], &script), ["updated", "updated"]);
    let patch = format!(
        "PATCH {ZONE}\n[{}]",
        r#"{"content":"192.0.2.9","disabled":false,"name":"home.example.com","ttl":3600,"type":"A"}"#
    );
    let one = format!("GET {ZONE}?recordType=A,AAAA&recordName=home.example.com");
    let script = [(&*one, 200, FOUND), (&*patch, 200, "")];
    assert_eq!(outcomes(&me, &both[..1], &KNOWN, &script), ["updated"]);
    let same = [change("home.example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &KNOWN[..1], &[(&one, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn other_values_of_a_set_are_kept() {
    let two = r#"{"records":[
        {"name":"home.example.com","type":"A","content":"192.0.2.7","ttl":60,"disabled":true},
        {"name":"home.example.com","type":"A","content":"192.0.2.1","ttl":60,"disabled":false},
        {"name":"home.example.com","type":"AAAA","content":"2001:db8::1","ttl":60}]}"#;
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    home.record.ttl = Some(120);
    let look = format!("GET {ZONE}?recordType=A,AAAA&recordName=home.example.com");
    let patch = format!(
        "PATCH {ZONE}\n[{},{}]",
        r#"{"content":"192.0.2.7","disabled":true,"name":"home.example.com","ttl":120,"type":"A"}"#,
        r#"{"content":"192.0.2.9","disabled":false,"name":"home.example.com","ttl":120,"type":"A"}"#
    );
    let script = [(&*look, 200, two), (&*patch, 200, "")];
    assert_eq!(outcomes(&account("ionos"), &[home], &KNOWN[..1], &script), ["updated"]);
}

#[test]
fn a_missing_learned_zone_is_learned_again() {
    let (look_old, look) = (
        "GET https://api.hosting.ionos.com/dns/v1/zones/old?recordType=A,AAAA\
         &recordName=home.example.com",
        format!("GET {ZONE}?recordType=A,AAAA&recordName=home.example.com"),
    );
    let learned = [("zone example.com", "old"), ("record home.example.com A", "60")];
    let again = format!("PATCH {ZONE}");
    let gone = r#"[{"code":"ZONE_NOT_FOUND","message":"Zone does not exist."}]"#;
    let script = [(look_old, 404, gone), ZONES, (&*look, 200, NONE), (&*again, 200, "")];
    let home = [change("home.example.com", "192.0.2.9")];
    assert_eq!(outcomes(&account("ionos"), &home, &learned, &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home.example.com", "192.0.2.9")];
    let (list, ..) = ZONES;
    let verdicts_for =
        |status, body| outcomes(&account("ionos"), &home, &[], &[(list, status, body)]);
    let no = r#"[{"code":"UNAUTHORIZED","message":"The customer is not authorized to do this operation."}]"#;
    assert_eq!(
        verdicts_for(401, no),
        [
            "all: no: IONOS does not accept the credentials: The customer is not authorized to do this \
          operation. (HTTP 401); 'password' must hold an API key in the form prefix.secret, of the \
          contract with the domain"
        ]
    );
    assert_eq!(
        verdicts_for(500, r#"[{"code":"INTERNAL_SERVER_ERROR"}]"#),
        ["all: again: IONOS has a problem: INTERNAL_SERVER_ERROR (HTTP 500)"]
    );
    assert_eq!(verdicts_for(429, ""), ["all: again in 300 s: IONOS limits requests: HTTP 429"]);
    assert_eq!(
        verdicts_for(200, "<html>"),
        ["again: IONOS sends a web page, perhaps of a captive portal"]
    );
    let none = verdicts_for(200, "[]");
    assert!(none[0].starts_with("no: IONOS has no zone for home.example.com"), "{none:?}");
    let forbidden = r#"[{"code":"FORBIDDEN_REQUEST","message":"Request not allowed."}]"#;
    let patch = format!("PATCH {ZONE}");
    let look = format!("GET {ZONE}?recordType=A,AAAA&recordName=home.example.com");
    let script = [ZONES, (&*look, 200, NONE), (&*patch, 403, forbidden)];
    let verdicts = outcomes(&account("ionos"), &home, &[], &script);
    assert!(
        verdicts[0].starts_with("no: IONOS does not allow the request: Request not"),
        "{verdicts:?}"
    );
    let bad =
        r#"[{"code":"INVALID_RECORD","message":"bad ttl","parameters":{"invalidFields":["ttl"]}}]"#;
    let script = [ZONES, (&*look, 200, NONE), (&*patch, 400, bad)];
    assert_eq!(
        outcomes(&account("ionos"), &home, &[], &script),
        ["no: IONOS refuses the request: bad ttl (HTTP 400); correct the options"]
    );
}
