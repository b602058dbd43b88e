use crate::model::secret::Secret;
use serde_json::json;

use super::*;
use crate::provider::Provider;
use crate::provider::testing::{account, change, job, play, removal};
use crate::provider::{Change, Job, LearnedChanges, LearnedValues, Outcome, Verdict};

const ASK_TIME: &str = "GET https://eu.api.ovh.com/1.0/auth/time";
const TIME: &str = "1457018875";
const ASK_ZONES: &str = "GET https://eu.api.ovh.com/1.0/domain/zone";
const ZONES: &str = r#"["example.com","example.net"]"#;
const RECORD: &str = "https://eu.api.ovh.com/1.0/domain/zone/example.com/record";
const REFRESH: &str = "POST https://eu.api.ovh.com/1.0/domain/zone/example.com/refresh";

fn me() -> Provider {
    account("ovh").with(|account| {
        account.username = "app".into();
        account.param_enc = Secret::new("consumer");
    })
}

fn record(id: u64, host: &str, kind: &str, target: &str) -> String {
    json!({"id": id, "zone": "example.com", "subDomain": host, "fieldType": kind,
        "target": target, "ttl": 60})
    .to_string()
}

fn find(host: &str, kind: &str) -> String {
    format!("GET {RECORD}?fieldType={kind}&subDomain={host}")
}

fn error(code: &str, message: &str) -> String {
    json!({"class": "Client::Forbidden", "errorCode": code, "message": message,
        "httpCode": "403 Forbidden", "queryId": "EU.ext-1"})
    .to_string()
}

fn learned(pairs: &[(&str, &str)]) -> LearnedValues {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn after(before: &LearnedValues, learned: LearnedChanges) -> LearnedValues {
    let mut values = before.clone();
    for (key, value) in learned {
        match value {
            Some(value) => drop(values.insert(key, value)),
            None => drop(values.remove(&key)),
        }
    }
    values
}

fn reason(verdict: &Verdict) -> &str {
    let (Outcome::Refused { reason, .. } | Outcome::Retry { reason, .. }) = &verdict.outcome else {
        panic!("{verdict:?}");
    };
    reason
}

#[test]
fn a_record_is_read_changed_and_published_and_its_id_learned() {
    let (find, get) = (find("home", "A"), format!("GET {RECORD}/7"));
    // The signatures of python-ovh.
    let find = format!(
        "{find}
        X-Ovh-Application: app
        X-Ovh-Consumer: consumer
        X-Ovh-Timestamp: 1457018875
        X-Ovh-Signature: $1$d79facf7b8ff7e768dc7f03fe5a9a0406994d1b2"
    );
    let put = format!(
        "PUT {RECORD}/7
        X-Ovh-Signature: $1$f81d9bb1e0db6ed957be80a51629a921fe8233d3
        {{\"target\":\"192.0.2.9\"}}"
    );
    let there = record(7, "home", "A", "192.0.2.1");
    let script = [
        (ASK_TIME, 200, TIME),
        (ASK_ZONES, 200, ZONES),
        (&*find, 200, "[7]"),
        (&*get, 200, &*there),
        (&*put, 200, "null"),
        (REFRESH, 200, "null"),
    ];
    let (verdicts, learned) =
        play(&me(), job(vec![change("home.example.com", "192.0.2.9")]), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let learned = after(&LearnedValues::default(), learned);
    assert!(!learned.keys().any(|key| key.starts_with(REFRESH_DUE)), "{learned:?}");

    // Our clock is not used.
    let next = Job { learned, wall: None, ..job(vec![change("home.example.com", "192.0.2.10")]) };
    let put = format!("PUT {RECORD}/7\n{{\"target\":\"192.0.2.10\"}}");
    let script = [(ASK_TIME, 200, TIME), (&*put, 200, "null"), (REFRESH, 200, "null")];
    assert_eq!(play(&me(), next, &script).0, [Outcome::Updated.into()]);
}

#[test]
fn missing_records_are_added_and_the_zone_is_published_once() {
    let mut two =
        job(vec![change("@example.com", "192.0.2.9"), change("a@example.com", "2001:db8::9")]);
    two.changes[1].record.ttl = Some(60);
    let (find_4, find_6) = (find("", "A"), find("a", "AAAA"));
    let make = |body: &str| format!("POST {RECORD}\nContent-Type: application/json\n{body}");
    let make_4 = make(r#"{"fieldType":"A","subDomain":"","target":"192.0.2.9","ttl":300}"#);
    let make_6 = make(r#"{"fieldType":"AAAA","subDomain":"a","target":"2001:db8::9","ttl":60}"#);
    let (made_4, made_6) = (record(8, "", "A", "192.0.2.9"), record(9, "a", "AAAA", "2001:db8::9"));
    let script = [
        (ASK_TIME, 200, TIME),
        (&*find_4, 200, "[]"),
        (&*make_4, 200, &*made_4),
        (&*find_6, 200, "[]"),
        (&*make_6, 200, &*made_6),
        (REFRESH, 200, "null"),
    ];
    let (verdicts, learned) = play(&me(), two, &script);
    assert_eq!(verdicts, [Outcome::Updated.into(), Outcome::Updated.into()]);
    let learned = after(&LearnedValues::default(), learned);
    assert_eq!(learned.get("record example.com A").unwrap(), "8");
    assert_eq!(learned.get("record a.example.com AAAA").unwrap(), "9");
}

#[test]
fn without_a_refresh_no_change_is_a_success() {
    let one = || Job {
        learned: learned(&[
            ("zone example.com", "example.com"),
            ("record home.example.com A", "7"),
        ]),
        ..job(vec![change("home.example.com", "192.0.2.9")])
    };
    let put = format!("PUT {RECORD}/7");
    let script = [(ASK_TIME, 200, TIME), (&*put, 200, "null"), (REFRESH, 500, "")];
    let (verdicts, learned) = play(&me(), one(), &script);
    assert!(matches!(verdicts[0].outcome, Outcome::Retry { .. }), "{verdicts:?}");
    // The refresh is made before the next change, whichever that is.
    let mut next = one();
    next.learned = after(&next.learned, learned);
    next.changes[0].name = crate::model::Hostname::parse("b@example.net").unwrap();
    let net = "https://eu.api.ovh.com/1.0/domain/zone/example.net";
    let (find, get) =
        (format!("GET {net}/record?fieldType=A&subDomain=b"), format!("GET {net}/record/1"));
    let there = record(1, "b", "A", "192.0.2.9");
    let refresh = format!("POST {net}/refresh");
    let script = [
        (ASK_TIME, 200, TIME),
        (REFRESH, 200, "null"),
        (&*find, 200, "[1]"),
        (&*get, 200, &*there),
        (&*refresh, 200, "null"),
    ];
    let (verdicts, _) = play(&me(), next, &script);
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
}

#[test]
fn of_several_records_only_ours_is_replaced() {
    let mut one: Change = change("home@example.com", "192.0.2.9");
    one.previous = Some("192.0.2.2".parse().unwrap());
    let (first, second) =
        (record(1, "home", "A", "192.0.2.1"), record(2, "home", "A", "192.0.2.2"));
    let (get_1, get_2) = (format!("GET {RECORD}/1"), format!("GET {RECORD}/2"));
    let put = format!("PUT {RECORD}/2");
    let script = [
        (ASK_TIME, 200, TIME),
        (&*find("home", "A"), 200, "[1,2]"),
        (&*get_1, 200, &*first),
        (&*get_2, 200, &*second),
        (&*put, 200, "null"),
        (REFRESH, 200, "null"),
    ];
    assert_eq!(play(&me(), job(vec![one]), &script).0, [Outcome::Updated.into()]);
}

#[test]
fn a_refused_change_does_not_affect_the_others() {
    let both = Job {
        learned: learned(&[("zone example.com", "example.com"), ("record a.example.com A", "1")]),
        ..job(vec![change("a.example.com", "192.0.2.9"), change("b.example.com", "192.0.2.9")])
    };
    let (put, make, find) = (format!("PUT {RECORD}/1"), format!("POST {RECORD}"), find("b", "A"));
    let no = error("", "Conflict with an existing CNAME record");
    let script = [
        (ASK_TIME, 200, TIME),
        (&*put, 200, "null"),
        (&*find, 200, "[]"),
        (&*make, 409, &*no),
        (REFRESH, 200, "null"),
        // A learned id may be wrong.
        (ASK_TIME, 200, TIME),
        (ASK_ZONES, 200, ZONES),
        (&*find, 200, "[]"),
        (&*make, 409, &*no),
        (REFRESH, 200, "null"),
    ];
    let (verdicts, _) = play(&me(), both, &script);
    assert_eq!(verdicts[0].outcome, Outcome::Updated);
    assert!(reason(&verdicts[1]).contains("existing CNAME"), "{verdicts:?}");
}

#[test]
fn provider_errors_map_to_verdicts() {
    let said = |status: u16, body: &str| {
        let one = job(vec![change("home@example.com", "192.0.2.9")]);
        let find = find("home", "A");
        play(&me(), one, &[(ASK_TIME, 200, TIME), (&find, status, body)]).0.remove(0)
    };
    for (status, code) in [(400, "INVALID_SIGNATURE"), (403, "INVALID_CREDENTIAL")] {
        let verdict = said(status, &error(code, "This credential is not valid"));
        assert!(reason(&verdict).contains("does not accept the credentials: This cred"));
        assert!(matches!(&verdict.outcome, Outcome::Refused { advice, .. }
            if advice.contains("'param_enc' must hold the consumer key")));
    }
    let verdict = said(403, &error("NOT_GRANTED_CALL", "This call has not been granted"));
    assert!(matches!(&verdict.outcome, Outcome::Refused { advice, .. }
        if advice.contains("/domain/zone/*")));
    let verdict = said(404, &error("", "This service does not exist"));
    assert!(matches!(verdict.outcome, Outcome::Refused { .. }), "{verdict:?}");
    let late = error("QUERY_TIME_OUT", "Query out of time");
    for (status, body) in [(400, &*late), (429, ""), (500, ""), (200, "<html>"), (200, "{}")] {
        let verdict = said(status, body);
        assert!(matches!(verdict.outcome, Outcome::Retry { .. }), "{verdict:?}");
    }
    let one = job(vec![change("home@example.com", "192.0.2.9")]);
    let (verdicts, _) = play(&me(), one, &[(ASK_TIME, 200, "<html>")]);
    assert!(matches!(verdicts[0].outcome, Outcome::Retry { .. }), "{verdicts:?}");
    // An answer of a wrong form is not a success.
    let learned =
        learned(&[("zone example.com", "example.com"), ("record home.example.com A", "7")]);
    let one = Job { learned, ..job(vec![change("home.example.com", "192.0.2.9")]) };
    let put = format!("PUT {RECORD}/7");
    let (verdicts, _) = play(&me(), one, &[(ASK_TIME, 200, TIME), (&put, 200, "<html>")]);
    assert!(matches!(verdicts[0].outcome, Outcome::Retry { .. }), "{verdicts:?}");
}

#[test]
fn param_opt_selects_the_region() {
    let mut there = me();
    there.account.param_opt = Secret::new("ovh-ca");
    assert_eq!(API.host(&there.account).as_deref(), Some("ca.api.ovh.com"));
    let one = job(vec![change("home.example.com", "192.0.2.9")]);
    let script = [
        ("GET https://ca.api.ovh.com/1.0/auth/time", 200, TIME),
        ("GET https://ca.api.ovh.com/1.0/domain/zone", 200, "[]"),
    ];
    let (verdicts, _) = play(&there, one, &script);
    assert!(reason(&verdicts[0]).contains("has no zone for home.example.com"), "{verdicts:?}");
}

#[test]
fn a_removal_is_published() {
    let (find, get) = (find("home", "A"), format!("GET {RECORD}/7"));
    let delete = format!("DELETE {RECORD}/7");
    let there = record(7, "home", "A", "192.0.2.1");
    let script = [
        (ASK_TIME, 200, TIME),
        (&*find, 200, "[7]"),
        (&*get, 200, &*there),
        (&*delete, 200, "null"),
        (REFRESH, 200, "null"),
    ];
    let learned =
        learned(&[("zone example.com", "example.com"), ("record home.example.com A", "7")]);
    let gone = vec![removal("home.example.com", "192.0.2.1")];
    let (verdicts, changes) = play(&me(), Job { learned: learned.clone(), ..job(gone) }, &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let learned = after(&learned, changes);
    assert_eq!(learned.keys().collect::<Vec<_>>(), ["zone example.com"]);
}
