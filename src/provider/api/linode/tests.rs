use crate::provider::testing::{account, change, outcomes};

const ZONES: (&str, u16, &str) = (
    "GET https://api.linode.com/v4/domains?page_size=500&page=1
     Authorization: Bearer hunter2",
    200,
    r#"{"data":[{"id":1234,"type":"master","domain":"example.com","status":"active"}],
        "page":1,"pages":1,"results":1}"#,
);
const LIST: &str = "GET https://api.linode.com/v4/domains/1234/records?page_size=500&page=1";
const RECORDS: &str = r#"{"data":[{"id":123456,"type":"A","name":"home","target":"192.0.2.1",
    "priority":50,"weight":50,"port":80,"ttl_sec":604800},
    {"id":7,"type":"AAAA","name":"","target":"2001:db8::1","ttl_sec":0},
    {"id":8,"type":"MX","name":"","target":"mail.example.com"}],"page":1,"pages":1,"results":3}"#;
const DONE: &str = r#"{"id":123456,"type":"A","name":"home","target":"192.0.2.9","ttl_sec":300}"#;

#[test]
fn one_list_serves_all_names_of_a_zone() {
    let mut home = change("home.example.com", "192.0.2.9");
    home.record.ttl = Some(300);
    let apex = change("example.com", "2001:db8::1");
    let new = change("*.example.com", "2001:db8::9");
    let put = r#"PUT https://api.linode.com/v4/domains/1234/records/123456
        {"target":"192.0.2.9","ttl_sec":300}"#;
    let post = r#"POST https://api.linode.com/v4/domains/1234/records
        {"name":"*","target":"2001:db8::9","ttl_sec":300,"type":"AAAA"}"#;
    let made = r#"{"id":9,"type":"AAAA","name":"*","target":"2001:db8::9","ttl_sec":0}"#;
    let script = [ZONES, (LIST, 200, RECORDS), (put, 200, DONE), (post, 200, made)];
    assert_eq!(
        outcomes(&account("linode"), &[home, apex, new], &[], &script),
        ["updated", "unchanged", "updated"]
    );
}

#[test]
fn learned_ids_save_requests_and_wrong_ones_are_learned_again() {
    let learned = [("zone example.com", "1"), ("record home.example.com A", "2")];
    let put = "PUT https://api.linode.com/v4/domains/1/records/2";
    let home = [change("home.example.com", "192.0.2.9")];
    let me = account("linode");
    assert_eq!(outcomes(&me, &home, &learned, &[(put, 200, DONE)]), ["updated"]);
    let again = "PUT https://api.linode.com/v4/domains/1234/records/123456";
    let gone = r#"{"errors":[{"reason":"Not found"}]}"#;
    let script = [(put, 404, gone), ZONES, (LIST, 200, RECORDS), (again, 200, DONE)];
    assert_eq!(outcomes(&me, &home, &learned, &script), ["updated"]);
}

#[test]
fn with_zone_id_alone_the_name_of_the_zone_is_looked_up() {
    let mut home = change("home.example.com", "192.0.2.9");
    home.record.zone_id = Some("1234".into());
    let put = "PUT https://api.linode.com/v4/domains/1234/records/123456";
    let script = [ZONES, (LIST, 200, RECORDS), (put, 200, DONE)];
    assert_eq!(outcomes(&account("linode"), &[home.clone()], &[], &script), ["updated"]);
    home.record.zone_id = Some("99".into());
    let no = outcomes(&account("linode"), &[home], &[], &[ZONES]);
    assert!(no[0].starts_with("no: Linode has no zone for home.example.com"), "{no:?}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home.example.com", "192.0.2.9")];
    let (list, ..) = ZONES;
    let verdicts_for =
        |status, body| outcomes(&account("linode"), &home, &[], &[(list, status, body)]);
    assert_eq!(
        verdicts_for(401, r#"{"errors":[{"reason":"Invalid Token"}]}"#),
        ["all: no: Linode does not accept the credentials: Invalid Token (HTTP 401); 'password' \
          must hold a personal access token that may read and write domains"]
    );
    assert_eq!(
        verdicts_for(429, "Retry-After: 60\n{\"errors\":[{\"reason\":\"Too many requests\"}]}"),
        ["all: again in 60 s: Linode limits requests: Too many requests (HTTP 429)"]
    );
    assert_eq!(verdicts_for(200, "{}"), ["again: Linode sends what is not understood: {}"]);
    assert_eq!(verdicts_for(500, ""), ["all: again: Linode has a problem: HTTP 500"]);
    let put = "PUT https://api.linode.com/v4/domains/1234/records/123456";
    let no =
        r#"{"errors":[{"reason":"Your OAuth token is not authorized to use this endpoint."}]}"#;
    let script = [ZONES, (LIST, 200, RECORDS), (put, 401, no)];
    let verdicts = outcomes(&account("linode"), &home, &[], &script);
    assert!(verdicts[0].contains("not authorized to use this endpoint"), "{verdicts:?}");
}
