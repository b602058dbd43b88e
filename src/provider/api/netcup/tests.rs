use std::slice;

use serde_json::{Value, json};

use super::*;
use crate::provider::Provider;
use crate::provider::testing::{
    account, change, job, lost, play, removal, request_text, verdicts_of,
};
use crate::provider::{Answer, Change, Outcome, Scope, Verdict};

const URL: &str = "POST https://ccp.netcup.net/run/webservice/servers/endpoint.php?JSON";
const SESSION: &str = r#"{"serverrequestid":"x","clientrequestid":"","action":"login",
    "status":"success","statuscode":2000,"shortmessage":"Login successful",
    "longmessage":"Session has been created successful.",
    "responsedata":{"apisessionid":"S3ss10n"}}"#;
const BYE: &str = r#"{"action":"logout","status":"success","statuscode":2000,"responsedata":""}"#;
const ZONE: &str = r#"{"action":"infoDnsZone","status":"success","statuscode":2000,
    "responsedata":{"name":"example.com","ttl":"86400","serial":"2026111701"}}"#;

fn me() -> Provider {
    account("netcup.com").with(|account| {
        account.username = "12345".into();
        account.param_enc = Secret::new("4p1k3y");
    })
}

/// The request for `action` with `param` in the session.
fn ask(action: &str, mut param: Value) -> String {
    param["apikey"] = "4p1k3y".into();
    param["customernumber"] = "12345".into();
    let session = if action == "login" { "apipassword" } else { "apisessionid" };
    param[session] = if action == "login" { "hunter2" } else { "S3ss10n" }.into();
    format!("{URL}\nContent-Type: application/json\n{}", json!({"action": action, "param": param}))
}

fn record(id: &str, host: &str, kind: &str, destination: &str) -> Value {
    json!({"id": id, "hostname": host, "type": kind, "priority": "0", "destination": destination,
        "deleterecord": false, "state": "yes"})
}

fn new(host: &str, kind: &str, destination: &str) -> Value {
    let mut record = record("", host, kind, destination);
    record.as_object_mut().unwrap().remove("id");
    record
}

fn answer(records: &[Value]) -> String {
    json!({"status": "success", "statuscode": 2000, "responsedata": {"dnsrecords": records}})
        .to_string()
}

fn error(code: u16, long: &str) -> String {
    json!({"action": "", "status": "error", "statuscode": code, "shortmessage": "Validation Error.",
        "longmessage": long, "responsedata": ""})
    .to_string()
}

fn update(records: &[Value]) -> String {
    let set = json!({"dnsrecords": records});
    ask("updateDnsRecords", json!({"domainname": "example.com", "dnsrecordset": set}))
}

fn info() -> String {
    ask("infoDnsRecords", json!({"domainname": "example.com"}))
}

fn within(changes: Vec<Change>) -> crate::provider::Job {
    let mut job = job(changes);
    job.changes.iter_mut().for_each(|change| change.record.zone = Some("example.com".into()));
    job
}

fn reason(verdict: &Verdict) -> &str {
    let (Outcome::Refused { reason, .. } | Outcome::Retry { reason, .. }) = &verdict.outcome else {
        panic!("{verdict:?}");
    };
    reason
}

#[test]
fn an_update_is_made_in_a_session_and_keeps_the_other_properties() {
    let login = ask("login", json!({}));
    let zone = ask("infoDnsZone", json!({"domainname": "example.com"}));
    let there = [
        record("1", "@", "A", "192.0.2.7"),
        record("2", "home", "AAAA", "2001:db8::1"),
        json!({"id": "3", "hostname": "home", "type": "A", "priority": "5",
            "destination": "192.0.2.1", "deleterecord": false, "state": "yes"}),
    ];
    let mut wanted = there[2].clone();
    wanted["destination"] = "192.0.2.9".into();
    let script = [
        (&*login, 200, SESSION),
        (&*zone, 200, ZONE),
        (&*info(), 200, &*answer(&there)),
        (&*update(&[wanted.clone()]), 200, &*answer(&[there[0].clone(), wanted])),
        (&*ask("logout", json!({})), 200, BYE),
    ];
    let (verdicts, learned) =
        play(&me(), job(vec![change("home.example.com", "192.0.2.9")]), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let learned: Vec<_> = learned.into_iter().map(|(key, _)| key).collect();
    assert_eq!(learned, ["zone example.com"]);
}

#[test]
fn many_records_are_one_request_and_missing_ones_are_added() {
    let changes = within(vec![
        change("@example.com", "192.0.2.9"),
        change("a.b.example.com", "2001:db8::9"),
        change("there.example.com", "2001:db8::9"),
    ]);
    let there = record("4", "there", "AAAA", "2001:db8::9");
    let made = [new("@", "A", "192.0.2.9"), new("a.b", "AAAA", "2001:db8::9")];
    let script = [
        (URL, 200, SESSION),
        (&*info(), 200, &*answer(&[there])),
        (&*update(&made), 200, &*answer(&made)),
        (&*ask("logout", json!({})), 200, BYE),
    ];
    let updated: Verdict = Outcome::Updated.into();
    let (verdicts, _) = play(&me(), changes, &script);
    assert_eq!(verdicts, [updated.clone(), updated, Outcome::Unchanged.into()]);
}

#[test]
fn the_zone_is_found_by_probing() {
    let try_out = |name: &str| ask("infoDnsZone", json!({"domainname": name}));
    let no =
        error(4013, "Value in field domainname does not match requirements of type: domainname.");
    let (longer, right) = (try_out("b.example.com"), try_out("example.com"));
    let there = record("1", "a.b", "A", "192.0.2.9");
    let script = [
        (URL, 200, SESSION),
        (&*longer, 200, &*no),
        (&*right, 200, ZONE),
        (&*info(), 200, &*answer(&[there])),
        (&*ask("logout", json!({})), 200, BYE),
    ];
    let (verdicts, _) = play(&me(), job(vec![change("a.b.example.com", "192.0.2.9")]), &script);
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
    for code in [2029, 2057, 5001] {
        let no = error(code, "Can not get DNS zone.");
        let there = answer(&[record("1", "a.b", "A", "192.0.2.9")]);
        let script = [
            (URL, 200, SESSION),
            (&*longer, 200, &*no),
            (&*right, 200, ZONE),
            (&*info(), 200, &*there),
            (&*ask("logout", json!({})), 200, BYE),
        ];
        let (verdicts, _) = play(&me(), job(vec![change("a.b.example.com", "192.0.2.9")]), &script);
        assert_eq!(verdicts, [Outcome::Unchanged.into()], "{code}");
    }
    let (top, whole) = (try_out("co.uk"), try_out("example.co.uk"));
    let script = [
        (URL, 200, SESSION),
        (&*top, 200, &*no),
        (&*whole, 200, &*error(5029, "Can not get DNS zone.")),
        (&*ask("logout", json!({})), 200, BYE),
    ];
    let (verdicts, _) = play(&me(), job(vec![change("example.co.uk", "192.0.2.9")]), &script);
    assert_eq!(reason(&verdicts[0]), "netcup has no zone for example.co.uk in this account");
}

#[test]
fn of_several_records_only_ours_is_replaced() {
    let several = [record("1", "home", "A", "192.0.2.1"), record("2", "home", "A", "192.0.2.2")];
    let mut ours = change("home.example.com", "192.0.2.9");
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let wanted = record("2", "home", "A", "192.0.2.9");
    let script = [
        (URL, 200, SESSION),
        (&*info(), 200, &*answer(&several)),
        (&*update(slice::from_ref(&wanted)), 200, &*answer(slice::from_ref(&wanted))),
        (&*ask("logout", json!({})), 200, BYE),
    ];
    assert_eq!(play(&me(), within(vec![ours.clone()]), &script).0, [Outcome::Updated.into()]);
    ours.previous = None;
    let script = [(URL, 200, SESSION), (&*info(), 200, &*answer(&several)), (URL, 200, BYE)];
    let (verdicts, _) = play(&me(), within(vec![ours]), &script);
    assert!(reason(&verdicts[0]).contains("has 2 A records"), "{verdicts:?}");
}

#[test]
fn only_the_bad_record_of_a_refused_batch_fails() {
    let two =
        within(vec![change("a.example.com", "192.0.2.9"), change("b.example.com", "192.0.2.9")]);
    let (a, b) = (new("a", "A", "192.0.2.9"), new("b", "A", "192.0.2.9"));
    let no = error(4013, "There is a CNAME of that name.");
    let script = [
        (URL, 200, SESSION),
        (&*info(), 200, &*answer(&[])),
        (&*update(&[a.clone(), b.clone()]), 200, &*no),
        (&*update(slice::from_ref(&a)), 200, &*answer(slice::from_ref(&a))),
        (&*update(&[b]), 200, &*no),
        (URL, 200, BYE),
    ];
    let (verdicts, _) = play(&me(), two, &script);
    assert_eq!(verdicts[0].outcome, Outcome::Updated);
    assert!(reason(&verdicts[1]).contains("There is a CNAME"), "{verdicts:?}");
}

#[test]
fn errors_of_the_login_map_to_verdicts() {
    let said = |status: u16, body: &str| {
        let one = within(vec![change("home.example.com", "192.0.2.9")]);
        play(&me(), one, &[(URL, status, body)]).0.remove(0)
    };
    let verdict = said(200, &error(4013, "Api key or password is wrong."));
    assert_eq!(verdict.scope, Scope::Account);
    assert!(matches!(&verdict.outcome, Outcome::Refused { reason, advice }
        if reason.contains("does not accept the credentials: Api key")
            && advice.contains("the customer number")));
    let limit = "More than 180 requests per minute. Please wait and retry later.";
    let limited = said(200, &error(4013, limit));
    assert!(
        matches!(limited.outcome, Outcome::Retry { after: Some(after), .. }
        if after == Duration::from_secs(60)),
        "{limited:?}"
    );
    for (status, body) in [(200, "<html>"), (200, BYE), (503, ""), (200, &*error(9999, "?"))] {
        let verdict = said(status, body);
        assert!(matches!(verdict.outcome, Outcome::Retry { .. }), "{verdict:?}");
    }
}

#[test]
fn an_unknown_session_and_an_answer_without_records_are_retried() {
    let lost = error(4001, "The session id is not in a valid format.");
    for body in [&*lost, r#"{"status":"success","statuscode":2000,"responsedata":""}"#, "{}"] {
        let one = within(vec![change("home.example.com", "192.0.2.9")]);
        let bye = ask("logout", json!({}));
        let script = [(URL, 200, SESSION), (URL, 200, body), (&*bye, 200, BYE)];
        let (verdicts, _) = play(&me(), one, &script);
        assert!(matches!(verdicts[0].outcome, Outcome::Retry { .. }), "{verdicts:?}");
    }
    // The answer does not show the written record.
    let one = within(vec![change("home.example.com", "192.0.2.9")]);
    let old = answer(&[record("1", "home", "A", "192.0.2.1")]);
    let script = [(URL, 200, SESSION), (URL, 200, &*old), (URL, 200, &*old), (URL, 200, BYE)];
    let (verdicts, _) = play(&me(), one, &script);
    assert!(reason(&verdicts[0]).contains("not understood"), "{verdicts:?}");
}

#[test]
fn a_session_is_ended_after_an_error_but_not_without_a_connection() {
    let one = || within(vec![change("home.example.com", "192.0.2.9")]);
    let limit = error(4013, "More than 180 requests per minute. Please wait and retry later.");
    let bye = ask("logout", json!({}));
    let script = [(URL, 200, SESSION), (&*info(), 200, &*limit), (&*bye, 200, BYE)];
    let (verdicts, _) = play(&me(), one(), &script);
    assert!(reason(&verdicts[0]).contains("limits requests"), "{verdicts:?}");
    let mut requests = 0;
    verdicts_of(&me(), &one(), |_| {
        requests += 1;
        match requests {
            1 => Ok(Answer { status: 200, body: SESSION.into(), ..Answer::default() }),
            _ => Err(lost(true)),
        }
    });
    assert_eq!(requests, 2);
}

#[test]
fn a_failed_logout_does_not_change_the_verdicts() {
    let one = within(vec![change("home.example.com", "192.0.2.9")]);
    let there = answer(&[record("1", "home", "A", "192.0.2.9")]);
    let mut bodies = [SESSION, &*there].into_iter();
    let verdicts = verdicts_of(&me(), &one, |request| match bodies.next() {
        Some(body) => Ok(Answer { status: 200, body: body.into(), ..Answer::default() }),
        None => {
            assert!(request_text(request).contains("logout"));
            assert!(!request.shown.contains("S3ss10n"));
            Err(lost(true))
        }
    });
    assert_eq!(verdicts, [Outcome::Unchanged.into()]);
}

#[test]
fn a_record_is_removed_after_others_were_changed() {
    let both =
        within(vec![removal("home.example.com", "192.0.2.1"), change("@example.com", "192.0.2.9")]);
    let there = [record("1", "@", "A", "192.0.2.1"), record("2", "home", "A", "192.0.2.1")];
    let (mut apex, mut gone) = (there[0].clone(), there[1].clone());
    apex["destination"] = "192.0.2.9".into();
    gone["deleterecord"] = true.into();
    let script = |left: &[Value]| {
        [
            (URL.to_owned(), SESSION.to_owned()),
            (info(), answer(&there)),
            (update(slice::from_ref(&apex)), answer(&[apex.clone(), there[1].clone()])),
            (update(slice::from_ref(&gone)), answer(left)),
            (ask("logout", json!({})), BYE.to_owned()),
        ]
    };
    let verdicts = |left: &[Value]| {
        let script = script(left);
        let script: Vec<_> = script.iter().map(|(ask, said)| (&**ask, 200, &**said)).collect();
        play(&me(), both.clone(), &script).0
    };
    assert!(verdicts(slice::from_ref(&apex)).iter().all(Verdict::is_success));
    // The record is still present.
    let verdicts = verdicts(&[apex.clone(), there[1].clone()]);
    assert!(reason(&verdicts[0]).contains("is not understood"), "{verdicts:?}");
}
