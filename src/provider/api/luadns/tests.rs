use crate::provider::testing::{account, change, outcomes};

const ZONES: (&str, u16, &str) = (
    "GET https://api.luadns.com/v1/zones
     Accept: application/json
     Basic me:hunter2",
    200,
    r#"[{"id":5,"name":"example.com","synced":false},{"id":6,"name":"sub.example.com"}]"#,
);
const FIND: &str = "GET https://api.luadns.com/v1/zones/5/records";
const FOUND: &str = r#"[{"id":6683,"name":"example.com.","type":"NS","content":"ns1.luadns.net.",
    "ttl":86400,"zone_id":5},{"id":6684,"name":"home.example.com.","type":"A",
    "content":"192.0.2.1","ttl":3600,"zone_id":5}]"#;

#[test]
fn a_record_is_written_as_a_whole() {
    let me = account("luadns.com-v1");
    let put = r#"PUT https://api.luadns.com/v1/zones/5/records/6684
        {"content":"192.0.2.9","name":"home.example.com.","ttl":3600,"type":"A"}"#;
    let done =
        r#"{"id":6684,"name":"home.example.com.","type":"A","content":"192.0.2.9","ttl":3600}"#;
    let script = [ZONES, (FIND, 200, FOUND), (put, 200, done)];
    assert_eq!(
        outcomes(&me, &[change("home.example.com", "192.0.2.9")], &[], &script),
        ["updated"]
    );
    let learned = [("zone example.com", "5")];
    let same = [change("home.example.com", "192.0.2.1")];
    assert_eq!(outcomes(&me, &same, &learned, &[(FIND, 200, FOUND)]), ["unchanged"]);
}

#[test]
fn missing_records_are_added() {
    let me = account("luadns");
    let post = |name: &str, kind: &str, address: &str, ttl: u32| {
        format!(
            "POST https://api.luadns.com/v1/zones/5/records\n\
             {{\"content\":\"{address}\",\"name\":\"{name}.\",\"ttl\":{ttl},\"type\":\"{kind}\"}}"
        )
    };
    let (first, second) = (
        post("example.com", "A", "192.0.2.9", 300),
        post("a.example.com", "AAAA", "2001:db8::9", 60),
    );
    let done = |content: &str| format!(r#"{{"id":1,"content":"{content}"}}"#);
    let mut changes = [change("@example.com", "192.0.2.9"), change("a@example.com", "2001:db8::9")];
    changes[1].record.ttl = Some(60);
    let script = [
        ZONES,
        (FIND, 200, FOUND),
        (&first, 200, &done("192.0.2.9")),
        (&second, 200, &done("2001:db8::9")),
    ];
    assert_eq!(outcomes(&me, &changes, &[], &script), ["updated", "updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let me = account("luadns");
    let learned = [("zone example.com", "5")];
    let said = |status: u16, body: &str| {
        let one = [change("home.example.org", "192.0.2.9")];
        outcomes(&me, &one, &learned, &[(ZONES.0, status, body)]).remove(0)
    };
    assert_eq!(
        said(401, r#"{"status":"Unauthorized","message":"Invalid token","request_id":"x"}"#),
        "all: no: LuaDNS does not accept the credentials: Invalid token (HTTP 401); 'username' must \
         hold the e-mail address of the account, and 'password' must hold an API key, with access \
         to the API enabled"
    );
    assert!(said(200, ZONES.2).contains("has no zone for home.example.org"));
    assert!(said(429, "").starts_with("all: again in "));
    assert!(said(200, "{}").starts_with("again: "));
    let put = "PUT https://api.luadns.com/v1/zones/5/records/6684";
    let one = [change("home.example.com", "192.0.2.9")];
    // The answer does not show the address.
    let old = r#"{"id":6684,"content":"192.0.2.1"}"#;
    let verdicts = outcomes(&me, &one, &learned, &[(FIND, 200, FOUND), (put, 200, old)]);
    assert!(verdicts[0].starts_with("again: LuaDNS sends what is not understood"), "{verdicts:?}");
}
