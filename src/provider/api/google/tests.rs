use crate::provider::Provider;
use serde_json::{Value, json};

use super::*;
use crate::provider::testing::{account, change, job, play, removal};
use crate::provider::{Change, FailureKind, Job, LearnedValues, Outcome, Scope};
use crate::time::BUILD_TIME;

const PEM: &str = include_str!("../../../../tests/data/rfc7515.pem");
const PROJECT: &str = "https://dns.googleapis.com/dns/v1/projects/home-1/managedZones";
const ASK_TOKEN: &str = "POST https://oauth2.googleapis.com/token
    Content-Type: application/x-www-form-urlencoded";
const TOKEN: &str = r#"{"access_token":"ya29.c.x...","expires_in":3599,"token_type":"Bearer"}"#;
const ASK_ZONES: &str = "GET https://dns.googleapis.com/dns/v1/projects/home-1/managedZones\
    ?maxResults=500
    Authorization: Bearer ya29.c.x...";
const ZONES: &str = r#"{"kind":"dns#managedZonesListResponse","managedZones":[
    {"kind":"dns#managedZone","name":"inside","dnsName":"example.com.","visibility":"private"},
    {"kind":"dns#managedZone","name":"example-zone","dnsName":"example.com.","visibility":"public"}
    ]}"#;
const DONE: &str = r#"{"kind":"dns#change","id":"7","status":"pending","startTime":"x"}"#;
const NONE: &str = r#"{"kind":"dns#resourceRecordSetsListResponse","rrsets":[]}"#;
const CHANGES: &str = "POST https://dns.googleapis.com/dns/v1/projects/home-1/managedZones/\
    example-zone/changes
    Content-Type: application/json\n";

fn me() -> Provider {
    let key = json!({"type": "service_account", "project_id": "home-1", "private_key": PEM,
        "client_email": "ddns@home-1.iam.gserviceaccount.com"});
    account("google").with(|account| {
        account.username = String::new();
        account.password = Secret::new(key.to_string());
    })
}

fn ask(name: &str, kind: &str) -> String {
    format!("GET {PROJECT}/example-zone/rrsets?name={name}.&type={kind}")
}

fn set(name: &str, kind: &str, ttl: u32, values: &[&str]) -> Value {
    json!({"name": format!("{name}."), "rrdatas": values, "ttl": ttl, "type": kind})
}

fn sets(sets: &[Value]) -> String {
    json!({"kind": "dns#resourceRecordSetsListResponse", "rrsets": sets}).to_string()
}

fn write(additions: &[Value], deletions: &[Value]) -> String {
    format!("{CHANGES}{}", json!({"additions": additions, "deletions": deletions}))
}

fn error(code: u16, reason: &str, message: &str) -> String {
    let errors = [json!({"domain": "global", "reason": reason, "message": message})];
    json!({"error": {"code": code, "message": message, "errors": errors}}).to_string()
}

fn within(changes: Vec<Change>) -> Job {
    let learned = [("zone example.com".into(), "example-zone".into())];
    Job { learned: LearnedValues::from_iter(learned), ..job(changes) }
}

fn reason(verdict: &Verdict) -> &str {
    let (Outcome::Refused { reason, .. } | Outcome::Retry { reason, .. }) = &verdict.outcome else {
        panic!("{verdict:?}");
    };
    reason
}

#[test]
fn a_zone_is_learned_and_a_deletion_repeats_the_present_set() {
    let there = sets(&[set("home.example.com", "A", 60, &["192.0.2.1"])]);
    let ask = ask("home.example.com", "A");
    let write = write(
        &[set("home.example.com", "A", 60, &["192.0.2.9"])],
        &[set("home.example.com", "A", 60, &["192.0.2.1"])],
    );
    let script = [
        (ASK_TOKEN, 200, TOKEN),
        (ASK_ZONES, 200, ZONES),
        (&*ask, 200, &*there),
        (&*write, 200, DONE),
    ];
    let (verdicts, learned) =
        play(&me(), job(vec![change("home.example.com", "192.0.2.9")]), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let learned: LearnedValues =
        learned.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    assert!(!learned.iter().any(|(_, value)| value.contains("ya29")), "a token is not kept");

    // The zone is learned. Another client changes the record at the same time.
    let next = Job { learned, ..job(vec![change("home.example.com", "192.0.2.10")]) };
    let gone = error(412, "conditionNotMet", "Precondition not met for 'entity.change.deletions'");
    let script = [(ASK_TOKEN, 200, TOKEN), (&*ask, 200, &*there), (CHANGES, 412, &*gone)];
    let (verdicts, _) = play(&me(), next, &script);
    assert!(reason(&verdicts[0]).contains("Precondition not met"), "{verdicts:?}");
    assert!(matches!(verdicts[0].outcome, Outcome::Retry { .. }), "{verdicts:?}");
}

#[test]
fn a_claim_has_the_service_account_and_its_lifetime() {
    let key = ServiceAccount::of(&me().account).unwrap();
    let claim = key.claim(BUILD_TIME).unwrap();
    let parts: Vec<_> = claim.split('.').collect();
    let part = |part: &str| {
        let text = part.replace('-', "+").replace('_', "/");
        serde_json::from_slice::<Value>(&base64::decode(&text).unwrap()).unwrap()
    };
    assert_eq!(part(parts[0]), json!({"alg": "RS256", "typ": "JWT"}));
    let expected = json!({
        "iss": "ddns@home-1.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/ndev.clouddns.readwrite",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": BUILD_TIME,
        "exp": BUILD_TIME + 3600,
    });
    assert_eq!(part(parts[1]), expected);
    let signature = rs256(PEM, &format!("{}.{}", parts[0], parts[1])).unwrap();
    assert_eq!(parts[2], base64::encode_url(&signature));
}

#[test]
fn the_key_may_be_json_or_pem_with_options() {
    let service_account = |username: &str, password: &str, param_enc: &str| {
        let account = account("cloud.google.com-v1").with(|account| {
            account.username = username.into();
            account.password = Secret::new(password);
            account.param_enc = Secret::new(param_enc);
        });
        ServiceAccount::of(&account.account).map(|key| (key.email, key.project))
    };
    let both = |email: &str, project: &str| Ok((email.to_owned(), project.to_owned()));
    let json = me().account.password.expose().to_owned();
    assert_eq!(
        service_account("", &json, ""),
        both("ddns@home-1.iam.gserviceaccount.com", "home-1")
    );
    assert_eq!(service_account("me@x", &json, "project=p&zone=z"), both("me@x", "p"));
    assert_eq!(service_account("me@x", PEM, "project=p&zone=z"), both("me@x", "p"));
    assert!(service_account("", PEM, "project=p").unwrap_err().contains("username"));
    assert!(service_account("me@x", PEM, "").unwrap_err().contains("project"));
    let mut odd = me();
    odd.account.password = Secret::new("{\"project_id\": \"p\", \"client_email\": \"e\"}");
    let (verdicts, _) = play(&odd, job(vec![change("home.example.com", "192.0.2.9")]), &[]);
    assert!(reason(&verdicts[0]).contains("not an RSA key"), "{verdicts:?}");
}

#[test]
fn missing_names_the_apex_and_both_families_are_one_change() {
    let mut two =
        within(vec![change("@example.com", "192.0.2.9"), change("*@example.com", "2001:db8::9")]);
    two.changes[1].record.ttl = Some(60);
    let write = write(
        &[
            set("example.com", "A", 300, &["192.0.2.9"]),
            set("*.example.com", "AAAA", 60, &["2001:db8::9"]),
        ],
        &[],
    );
    let (ask_a, ask_b) = (ask("example.com", "A"), ask("%2a.example.com", "AAAA"));
    let script =
        [(ASK_TOKEN, 200, TOKEN), (&*ask_a, 200, NONE), (&*ask_b, 200, NONE), (&*write, 200, DONE)];
    assert_eq!(play(&me(), two, &script).0, [Outcome::Updated.into(), Outcome::Updated.into()]);
}

#[test]
fn a_present_address_is_not_written() {
    let mut one = job(vec![change("home.example.com", "2001:db8::9")]);
    one.changes[0].record.zone_id = Some("example-zone".into());
    let there = sets(&[set("home.example.com", "AAAA", 60, &["2001:db8::9", "2001:db8::1"])]);
    let script = [(ASK_TOKEN, 200, TOKEN), (&*ask("home.example.com", "AAAA"), 200, &*there)];
    assert_eq!(play(&me(), one, &script).0, [Outcome::Unchanged.into()]);
}

#[test]
fn all_pages_of_a_list_are_read() {
    let names: Vec<_> = (0..9).map(|i| format!("h{i}.example.com")).collect();
    let changes = names.iter().map(|name| change(name, "192.0.2.9")).collect();
    let here = |from: usize, to: usize, value| -> Vec<Value> {
        names[from..to].iter().map(|name| set(name, "A", 60, &[value])).collect()
    };
    let first = json!({"rrsets": here(0, 5, "192.0.2.1"), "nextPageToken": "a/b"}).to_string();
    let second = sets(&here(5, 9, "192.0.2.1"));
    let path = format!("GET {PROJECT}/example-zone/rrsets?maxResults=1000");
    let more = format!("{path}&pageToken=a%2fb");
    let write = write(&here(0, 9, "192.0.2.9"), &here(0, 9, "192.0.2.1"));
    let script = [
        (ASK_TOKEN, 200, TOKEN),
        (&*path, 200, &*first),
        (&*more, 200, &*second),
        (&*write, 200, DONE),
    ];
    assert!(play(&me(), within(changes), &script).0.iter().all(Verdict::is_success));
}

#[test]
fn without_a_set_clock_no_request_is_made() {
    let mut one = within(vec![change("home.example.com", "192.0.2.9")]);
    let behind = |verdict: &Verdict| {
        matches!(verdict.outcome, Outcome::Retry { kind: FailureKind::ClockBehind, .. })
    };
    let said = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable \
                timeframe. Check your iat and exp values in the JWT claim.";
    let said = json!({"error": "invalid_grant", "error_description": said}).to_string();
    assert!(behind(&play(&me(), one.clone(), &[(ASK_TOKEN, 400, &said)]).0[0]));
    one.wall = None;
    assert!(behind(&play(&me(), one, &[]).0[0]));
}

#[test]
fn errors_of_the_token_request_map_to_verdicts() {
    let one = || within(vec![change("home.example.com", "192.0.2.9")]);
    let said = r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;
    let (verdicts, _) = play(&me(), one(), &[(ASK_TOKEN, 400, said)]);
    assert!(matches!(verdicts[0].outcome, Outcome::Refused { .. }), "{verdicts:?}");
    assert_eq!(
        reason(&verdicts[0]),
        "Google Cloud DNS does not accept the credentials: Invalid JWT Signature. (invalid_grant) \
         (HTTP 400)"
    );
    let (verdicts, _) = play(&me(), one(), &[(ASK_TOKEN, 401, "")]);
    assert_eq!(reason(&verdicts[0]), "Google Cloud DNS does not accept the credentials: HTTP 401");
    for (status, body) in [(200, "<html>"), (200, r#"{"id_token":"secret"}"#), (503, "")] {
        let (verdicts, _) = play(&me(), one(), &[(ASK_TOKEN, status, body)]);
        assert!(matches!(verdicts[0].outcome, Outcome::Retry { .. }), "{verdicts:?}");
        assert!(!reason(&verdicts[0]).contains("secret"), "{verdicts:?}");
    }
}

#[test]
fn provider_errors_map_to_verdicts() {
    let ask = ask("home.example.com", "A");
    let said = |status: u16, body: &str| {
        let mut one = job(vec![change("home.example.com", "192.0.2.9")]);
        one.changes[0].record.zone_id = Some("example-zone".into());
        play(&me(), one, &[(ASK_TOKEN, 200, TOKEN), (&ask, status, body)]).0.remove(0)
    };
    let refused = said(403, &error(403, "accessNotConfigured", "Cloud DNS API is disabled."));
    assert!(
        matches!(&refused.outcome, Outcome::Refused { advice, .. } if advice.contains("enable"))
    );
    for (status, reason) in [(403, "quotaExceeded"), (429, "rateLimitExceeded")] {
        let limited = said(status, &error(status, reason, "Quota exceeded"));
        assert!(matches!(limited.outcome, Outcome::Retry { after: Some(_), .. }), "{limited:?}");
    }
    let gone = said(404, &error(404, "notFound", "The 'parameters.managedZone' does not exist."));
    assert!(matches!(gone.outcome, Outcome::Refused { .. }), "{gone:?}");
    assert_eq!(gone.scope, Scope::Record);
    for (status, body) in [(200, "<html>"), (200, "{}"), (500, "")] {
        let verdict = said(status, body);
        assert!(matches!(verdict.outcome, Outcome::Retry { .. }), "{verdict:?}");
    }
    let policy = json!({"name": "home.example.com.", "type": "A", "ttl": 60, "routingPolicy": {}});
    assert!(reason(&said(200, &sets(&[policy]))).contains("routing policy"));
    let (verdicts, _) = play(
        &me(),
        job(vec![change("home.example.org", "192.0.2.9")]),
        &[(ASK_TOKEN, 200, TOKEN), (ASK_ZONES, 200, ZONES)],
    );
    assert!(reason(&verdicts[0]).contains("has no zone for home.example.org"), "{verdicts:?}");
}

#[test]
fn a_removal_repeats_the_present_set() {
    let there = set("home.example.com", "A", 60, &["192.0.2.1"]);
    let found = sets(std::slice::from_ref(&there));
    let (ask, write) = (ask("home.example.com", "A"), write(&[], &[there]));
    let script = [(ASK_TOKEN, 200, TOKEN), (&*ask, 200, &*found), (&*write, 200, DONE)];
    let gone = within(vec![removal("home.example.com", "192.0.2.1")]);
    assert_eq!(play(&me(), gone, &script).0, [Outcome::Updated.into()]);
}
