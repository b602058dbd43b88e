use crate::model::secret::Secret;
use crate::provider::Outcome;
use crate::provider::testing::{account, apply, change, job, outcomes, play};

const ZONES: (&str, u16, &str) = (
    "GET https://api.hetzner.cloud/v1/zones?per_page=50&page=1
     Authorization: Bearer hunter2",
    200,
    r#"{"zones":[{"id":42,"name":"example.com","mode":"primary","ttl":3600}],
        "meta":{"pagination":{"page":1,"per_page":50,"next_page":null}}}"#,
);
const LOOK: &str = "GET https://api.hetzner.cloud/v1/zones/example.com/rrsets/home/A";
const FOUND: &str = r#"{"rrset":{"id":"home/A","name":"home","type":"A","ttl":300,"labels":{},
    "protection":{"change":false},"records":[{"value":"192.0.2.1","comment":""}],"zone":42}}"#;
const MISSING: &str =
    r#"{"error":{"code":"not_found","message":"rrset not found","details":null}}"#;
const SET: &str = r#"POST https://api.hetzner.cloud/v1/zones/example.com/rrsets/home/A/actions/set_records
    {"records":[{"comment":"","value":"192.0.2.9"}]}"#;
const RUNNING: &str = r#"{"action":{"id":1,"command":"set_rrset_records","status":"running",
    "progress":50,"started":"2016-01-30T23:55:00Z","finished":null,"error":null}}"#;
const SUCCESS: &str = r#"{"action":{"id":1,"status":"success","progress":100,"error":null}}"#;
const ASK: &str = "GET https://api.hetzner.cloud/v1/actions/1";
const KNOWN: [(&str, &str); 1] = [("zone example.com", "example.com")];

#[test]
fn a_zone_is_learned_and_an_action_is_polled_until_it_is_done() {
    let me = account("hetzner.cloud");
    let home = change("home.example.com", "192.0.2.9");
    let script =
        [ZONES, (LOOK, 200, FOUND), (SET, 201, RUNNING), (ASK, 200, RUNNING), (ASK, 200, SUCCESS)];
    let (verdicts, learned) = play(&me, job(vec![home.clone()]), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let mut next = job(vec![home]);
    next.learned = apply(learned);
    let script = [(LOOK, 200, FOUND), (SET, 201, SUCCESS)];
    assert_eq!(play(&me, next, &script).0, [Outcome::Updated.into()]);
}

#[test]
fn an_action_that_does_not_end_is_retried_and_the_set_read_again() {
    let home = change("home.example.com", "192.0.2.9");
    let mut first = job(vec![home.clone()]);
    first.learned = KNOWN.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let mut script = vec![(LOOK, 200, FOUND), (SET, 201, RUNNING)];
    script.extend([(ASK, 200, RUNNING); 4]);
    let me = account("hetzner");
    let (verdicts, learned) = play(&me, first.clone(), &script);
    let Outcome::Retry { reason, .. } = &verdicts[0].outcome else { panic!("{verdicts:?}") };
    assert_eq!(
        reason,
        "Hetzner took the request, but has not changed the record: it is still under way"
    );
    assert_eq!(learned, [("record home.example.com A".into(), None)]);
    let now = FOUND.replace("192.0.2.1", "192.0.2.9");
    assert_eq!(outcomes(&me, &first.changes, &KNOWN, &[(LOOK, 200, &now)]), ["unchanged"]);
    let failed = r#"{"action":{"id":1,"status":"error","error":{"code":"action_failed",
        "message":"Action failed"}}}"#;
    let script = [(LOOK, 200, FOUND), (SET, 201, RUNNING), (ASK, 200, failed)];
    assert_eq!(
        outcomes(&me, &[home], &KNOWN, &script),
        ["again: Hetzner took the request, but has not changed the record: Action failed"]
    );
}

#[test]
fn a_new_set_gets_a_ttl_and_a_changed_ttl_is_a_request_of_its_own() {
    let me = account("hetzner");
    let look = "GET https://api.hetzner.cloud/v1/zones/example.com/rrsets/@/AAAA";
    let post = r#"POST https://api.hetzner.cloud/v1/zones/example.com/rrsets
        {"name":"@","records":[{"value":"2001:db8::9"}],"ttl":60,"type":"AAAA"}"#;
    let mut apex = change("example.com", "2001:db8::9");
    apex.record.ttl = Some(60);
    let made = r#"{"rrset":{"id":"@/AAAA"},"action":{"id":1,"status":"success"}}"#;
    let script = [ZONES, (look, 404, MISSING), (post, 201, made)];
    assert_eq!(outcomes(&me, &[apex], &[], &script), ["updated"]);
    let mut home = change("home.example.com", "192.0.2.9");
    home.record.ttl = Some(60);
    let retime = r#"POST https://api.hetzner.cloud/v1/zones/example.com/rrsets/home/A/actions/change_ttl
        {"ttl":60}"#;
    let script = [(LOOK, 200, FOUND), (SET, 201, SUCCESS), (retime, 201, SUCCESS)];
    assert_eq!(outcomes(&me, &[home.clone()], &KNOWN, &script), ["updated"]);
    home.record.ttl = Some(300);
    assert_eq!(outcomes(&me, &[home], &KNOWN, &script[..2]), ["updated"]);
}

#[test]
fn other_values_and_their_comments_are_kept() {
    let me = account("hetzner");
    let two = r#"{"rrset":{"ttl":null,"records":[{"value":"192.0.2.7","comment":"office"},
        {"value":"192.0.2.1","comment":"home"}]}}"#;
    let set = r#"POST https://api.hetzner.cloud/v1/zones/example.com/rrsets/home/A/actions/set_records
        {"records":[{"comment":"office","value":"192.0.2.7"},{"comment":"home","value":"192.0.2.9"}]}"#;
    let mut home = change("home@example.com", "192.0.2.9");
    home.previous = Some("192.0.2.1".parse().unwrap());
    let (verdicts, learned) =
        play(&me, job(vec![home.clone()]), &[(LOOK, 200, two), (set, 201, SUCCESS)]);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    assert_eq!(learned, [], "the set is read again next time");
    home.previous = None;
    let verdicts = outcomes(&me, &[home.clone()], &[], &[(LOOK, 200, two)]);
    assert!(verdicts[0].starts_with("no: home.example.com has 2 A records"), "{verdicts:?}");
    // The comment of a single value is kept, too.
    let one = r#"{"rrset":{"ttl":60,"records":[{"value":"192.0.2.1","comment":"home"}]}}"#;
    let set = r#"POST https://api.hetzner.cloud/v1/zones/example.com/rrsets/home/A/actions/set_records
        {"records":[{"comment":"home","value":"192.0.2.9"}]}"#;
    let (_, learned) = play(&me, job(vec![home]), &[(LOOK, 200, one), (set, 201, SUCCESS)]);
    assert_eq!(learned, []);
}

#[test]
fn provider_errors_map_to_verdicts() {
    let home = [change("home.example.com", "192.0.2.9")];
    let verdicts_for = |status, code: &str| {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"because {code}"}}}}"#);
        outcomes(&account("hetzner"), &home, &KNOWN, &[(LOOK, 200, FOUND), (SET, status, &body)])
    };
    let need = "'password' must hold an API token with read and write access to the zone's project \
                in the Hetzner Console";
    assert_eq!(
        verdicts_for(401, "unauthorized"),
        [format!(
            "all: no: Hetzner does not accept the credentials: because unauthorized (HTTP 401); {need}"
        )]
    );
    for (status, code, expected) in [
        (409, "conflict", "all: again: Hetzner has a problem: because conflict (HTTP 409)"),
        (423, "locked", "all: again: Hetzner has a problem: because locked (HTTP 423)"),
        (503, "maintenance", "all: again: Hetzner has a problem: because maintenance (HTTP 503)"),
        (
            429,
            "rate_limit_exceeded",
            "all: again in 300 s: Hetzner limits requests: because rate_limit_exceeded (HTTP 429)",
        ),
    ] {
        assert_eq!(verdicts_for(status, code), [expected]);
    }
    let read_only = r#"{"error":{"code":"token_readonly","message":"token is only allowed to perform GET requests"}}"#;
    let script = [ZONES, (LOOK, 200, FOUND), (SET, 403, read_only)];
    assert_eq!(
        outcomes(&account("hetzner"), &home, &[], &script),
        [format!(
            "no: Hetzner does not allow the request: token is only allowed to perform GET requests (HTTP 403); {need}"
        )]
    );
    let mut old = account("hetzner");
    old.account.password = Secret::new("0123456789abcdef0123456789abcdef");
    let (list, ..) = ZONES;
    let list = list.lines().next().unwrap();
    let no = r#"{"error":{"code":"unauthorized","message":"unable to authenticate"}}"#;
    let verdicts = outcomes(&old, &home, &[], &[(list, 401, no)]);
    assert!(verdicts[0].contains("; this looks like a token of the DNS Console"), "{verdicts:?}");
    for (body, what) in [
        ("", "what is not understood"),
        ("{}", "what is not understood: {}"),
        ("<html>", "a web page"),
        (r#"{"action":{"status":"new"}}"#, "what is not understood: {"),
    ] {
        let verdicts =
            outcomes(&account("hetzner"), &home, &KNOWN, &[(LOOK, 200, FOUND), (SET, 201, body)]);
        let expected = format!("again: Hetzner sends {what}");
        assert!(verdicts[0].starts_with(&expected), "{verdicts:?}");
    }
    let foreign = [change("home.example.org", "192.0.2.9")];
    let verdicts = outcomes(&account("hetzner"), &foreign, &[], &[ZONES]);
    assert!(
        verdicts[0].starts_with("no: Hetzner has no zone for home.example.org"),
        "{verdicts:?}"
    );
}
