use crate::model::secret::Secret;
use crate::provider::Provider;
use crate::provider::testing::{account, change, outcomes, removal};

const BASE: &str = "https://api.transip.nl/v6";
const AUTH: (&str, u16, &str) =
    ("POST https://api.transip.nl/v6/auth", 201, r#"{"token":"header.claims.signature"}"#);
const LIST: &str = "GET https://api.transip.nl/v6/domains/example.com/dns
    Authorization: Bearer header.claims.signature";
const FOUND: &str = r#"{"dnsEntries":[
    {"name":"home","expire":300,"type":"A","content":"192.0.2.1"},
    {"name":"home","expire":300,"type":"A","content":"192.0.2.77"},
    {"name":"@","expire":86400,"type":"AAAA","content":"2001:db8::1"},
    {"name":"@","expire":86400,"type":"MX","content":"10 mail"}]}"#;

/// An account with the key of RFC 7515.
fn me() -> Provider {
    account("transip.nl").with(|account| {
        account.password = Secret::new(include_str!("../../../../tests/data/rfc7515.pem"));
    })
}

fn entry(method: &str, name: &str, kind: &str, content: &str, expire: u32) -> String {
    format!(
        "{method} {BASE}/domains/example.com/dns\n{{\"dnsEntry\":{{\"content\":\"{content}\",\
         \"expire\":{expire},\"name\":\"{name}\",\"type\":\"{kind}\"}}}}"
    )
}

#[test]
fn a_new_record_is_added_before_the_old_one_is_removed() {
    let zones = format!("GET {BASE}/domains");
    let script = [
        AUTH,
        (&*zones, 200, r#"{"domains":[{"name":"example.com"},{"name":"example.nl"}]}"#),
        (LIST, 200, FOUND),
        (&*entry("POST", "home", "A", "192.0.2.9", 300), 201, ""),
        (&*entry("DELETE", "home", "A", "192.0.2.1", 300), 204, ""),
        (&*entry("POST", "*", "AAAA", "2001:db8::9", 300), 201, ""),
    ];
    let mut home = change("home.example.com", "192.0.2.9");
    home.previous = "192.0.2.1".parse().ok();
    let changes =
        [home, change("example.com", "2001:db8::1"), change("*.example.com", "2001:db8::9")];
    assert_eq!(outcomes(&me(), &changes, &[], &script), ["updated", "unchanged", "updated"]);
    let gone = [removal("home@example.com", "192.0.2.77")];
    let script =
        [AUTH, (LIST, 200, FOUND), (&*entry("DELETE", "home", "A", "192.0.2.77", 300), 204, "")];
    assert_eq!(outcomes(&me(), &gone, &[], &script), ["updated"]);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home@example.com", "2001:db8::9")];
    let token =
        |status: u16, body: &str| outcomes(&me(), &home, &[], &[(AUTH.0, status, body)]).remove(0);
    let wrong = token(401, r#"{"error":"Your signature is invalid"}"#);
    assert!(
        wrong.starts_with(
            "all: no: TransIP does not accept the credentials: Your signature is invalid"
        ),
        "{wrong}"
    );
    assert!(token(201, "{}").starts_with("again: TransIP sends what is not understood"));
    let said = |status: u16, body: &str| {
        outcomes(&me(), &home, &[], &[AUTH, (LIST, status, body)]).remove(0)
    };
    assert!(said(403, r#"{"error":"no"}"#).starts_with("no: TransIP does not allow the request"));
    assert!(said(404, r#"{"error":"none"}"#).starts_with("no: TransIP does not know the zone"));
    assert!(
        said(429, "Retry-After: 90\n{}").starts_with("all: again in 90 s: TransIP limits requests")
    );
    assert!(said(200, "{}").starts_with("again: TransIP sends what is not understood"));
    let write = entry("POST", "home", "AAAA", "2001:db8::9", 300);
    let script = [AUTH, (LIST, 200, FOUND), (&*write, 406, r#"{"error":"bad entry"}"#)];
    let refused = outcomes(&me(), &home, &[], &script);
    assert!(refused[0].starts_with("no: TransIP refuses the request: bad entry"), "{refused:?}");
    let no = outcomes(&account("transip"), &home, &[], &[]);
    assert!(no[0].starts_with("all: no: the private key for TransIP cannot be used"), "{no:?}");
}
