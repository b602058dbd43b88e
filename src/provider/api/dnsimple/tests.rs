use crate::provider::testing::{account, change, outcomes};

const WHOAMI: (&str, u16, &str) = (
    "GET https://api.dnsimple.com/v2/whoami
     Authorization: Bearer hunter2",
    200,
    r#"{"data":{"user":null,"account":{"id":1010,"email":"me@example.com"}}}"#,
);
const ZONES: (&str, u16, &str) = (
    "GET https://api.dnsimple.com/v2/1010/zones?per_page=100&page=1",
    200,
    r#"{"data":[{"id":1,"account_id":1010,"name":"example.com","reverse":false}],
        "pagination":{"current_page":1,"per_page":100,"total_entries":1,"total_pages":1}}"#,
);
const HOME: &str = "GET https://api.dnsimple.com/v2/1010/zones/example.com/records\
    ?name=home&type=A&per_page=100";
const APEX: &str = "GET https://api.dnsimple.com/v2/1010/zones/example.com/records\
    ?name=&type=AAAA&per_page=100";
const FOUND: &str = r#"{"data":[{"id":67622534,"zone_id":"example.com","parent_id":null,
    "name":"home","content":"192.0.2.1","ttl":3600,"priority":null,"type":"A","regions":["global"],
    "system_record":false}],"pagination":{}}"#;
const BATCH: &str = "POST https://api.dnsimple.com/v2/1010/zones/example.com/batch";
const KNOWN: [(&str, &str); 3] = [
    ("account", "1010"),
    ("zone example.com", "example.com"),
    ("record home.example.com A", "67622534"),
];

#[test]
fn all_changes_of_a_zone_are_one_request() {
    let both = [change("home.example.com", "192.0.2.9"), change("example.com", "2001:db8::9")];
    let batch = r#"POST https://api.dnsimple.com/v2/1010/zones/example.com/batch
        {"creates":[{"content":"2001:db8::9","name":"","ttl":300,"type":"AAAA"}],"deletes":[],"updates":[{"content":"192.0.2.9","id":67622534}]}"#;
    let done = r#"{"data":{"creates":[{"id":2,"name":"","content":"2001:db8::9","type":"AAAA"}],
        "deletes":[],"updates":[{"id":67622534,"name":"home","content":"192.0.2.9","type":"A"}]}}"#;
    let script =
        [WHOAMI, ZONES, (HOME, 200, FOUND), (APEX, 200, r#"{"data":[]}"#), (batch, 200, done)];
    assert_eq!(outcomes(&account("dnsimple"), &both, &[], &script), ["updated", "updated"]);
    let one = r#"{"data":{"creates":[],"deletes":[],"updates":[{"id":67622534,"name":"home","type":"A"}]}}"#;
    assert_eq!(
        outcomes(&account("dnsimple"), &both[..1], &KNOWN, &[(BATCH, 200, one)]),
        ["updated"]
    );
}

#[test]
fn the_account_comes_from_the_option_or_the_token() {
    let same = [change("home@example.com", "192.0.2.1")];
    let user = r#"{"data":{"user":{"id":1,"email":"me@example.com"},"account":null}}"#;
    let accounts = "GET https://api.dnsimple.com/v2/accounts";
    let list = r#"{"data":[{"id":1010,"email":"me@example.com"},{"id":2}]}"#;
    let script = [(WHOAMI.0, 200, user), (accounts, 200, list), (HOME, 200, FOUND)];
    assert_eq!(outcomes(&account("dnsimple"), &same, &[], &script), ["unchanged"]);
    let mut me = account("dnsimple");
    me.account.username = "1010".into();
    assert_eq!(outcomes(&me, &same, &[], &[(HOME, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn a_refused_change_does_not_affect_the_others() {
    let three = ["a@example.com", "b@example.com", "c@example.com"];
    let three = three.map(|name| change(name, "192.0.2.9"));
    let none = r#"{"data":[]}"#;
    let find = |name| {
        format!(
            "GET https://api.dnsimple.com/v2/1010/zones/example.com/records?name={name}&type=A&per_page=100"
        )
    };
    let (a, b, c) = (find("a"), find("b"), find("c"));
    let no = r#"{"message":"Validation failed","errors":{"creates":[{"index":1,
        "message":"Validation failed","errors":{"ttl":["must be at least 60"]}}]}}"#;
    let made = |name: &str| {
        format!(
            r#"{{"data":{{"creates":[{{"id":9,"name":"{name}","type":"A"}}],"deletes":[],"updates":[]}}}}"#
        )
    };
    let script = [
        (&*a, 200, none),
        (&*b, 200, none),
        (&*c, 200, none),
        (BATCH, 400, no),
        (BATCH, 200, &made("a")),
        (BATCH, 400, no),
        (BATCH, 400, no),
        (BATCH, 200, &made("c")),
    ];
    let mut me = account("dnsimple");
    me.account.username = "1010".into();
    let verdicts = outcomes(&me, &three, &[], &script);
    assert_eq!((&*verdicts[0], &*verdicts[2]), ("updated", "updated"));
    assert!(verdicts[1].starts_with("no: DNSimple refuses the request: "), "{verdicts:?}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home.example.com", "192.0.2.9")];
    let verdicts_for =
        |status, body| outcomes(&account("dnsimple"), &home, &KNOWN, &[(BATCH, status, body)]);
    assert_eq!(
        verdicts_for(401, r#"{"message":"Authentication failed"}"#),
        ["all: no: DNSimple does not accept the credentials: Authentication failed (HTTP 401); \
          'password' must hold an API access token of the account"]
    );
    assert_eq!(
        verdicts_for(429, "Retry-After: 900\n{\"message\":\"quota exceeded\"}"),
        ["all: again in 900 s: DNSimple limits requests: quota exceeded (HTTP 429)"]
    );
    assert_eq!(verdicts_for(200, "{}"), ["again: DNSimple sends what is not understood: {}"]);
    // The learned id is wrong.
    let gone = (BATCH, 404, r#"{"message":"Zone `example.com` not found"}"#);
    let none = (ZONES.0, 200, r#"{"data":[]}"#);
    let verdicts = outcomes(&account("dnsimple"), &home, &KNOWN, &[gone, WHOAMI, none]);
    assert!(verdicts[0].starts_with("no: DNSimple has no zone for home"), "{verdicts:?}");
}

#[test]
fn of_several_records_only_ours_is_replaced() {
    let several = r#"{"data":[{"id":1,"name":"home","type":"A","content":"192.0.2.1"},
        {"id":2,"name":"home","type":"A","content":"192.0.2.2"}]}"#;
    let mut ours = change("home@example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let batch = r#"POST https://api.dnsimple.com/v2/1010/zones/example.com/batch
        {"creates":[],"deletes":[],"updates":[{"content":"192.0.2.9","id":2}]}"#;
    let done =
        r#"{"data":{"creates":[],"deletes":[],"updates":[{"id":2,"name":"home","type":"A"}]}}"#;
    let script = [(HOME, 200, several), (batch, 200, done)];
    assert_eq!(outcomes(&account("dnsimple"), &[ours], &KNOWN[..1], &script), ["updated"]);
}
