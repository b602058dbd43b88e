use crate::model::Target;
use crate::provider::testing::{account, change, job, play};
use crate::provider::{Change, Job, LearnedValues, Outcome, Verdict};

const ZONES: &str = r#"{"success":true,"result":[{"id":"z1","name":"example.com"},
    {"id":"z2","name":"sub.example.com"}]}"#;
const DONE: &str = r#"{"success":true,"result":{"id":"r1","name":"home.example.com","type":"A"}}"#;
const ASK_ZONES: &str = "GET https://api.cloudflare.com/client/v4/zones?per_page=50&page=1
    Authorization: Bearer hunter2";
const ASK_HOME: &str = "GET https://api.cloudflare.com/client/v4/zones/z1/dns_records\
    ?type=A&name=home.example.com&per_page=500&page=1";

fn record(id: &str, content: &str) -> String {
    format!(r#"{{"id":"{id}","name":"home.example.com","type":"A","content":"{content}"}}"#)
}

fn records(records: &[String]) -> String {
    format!(r#"{{"success":true,"result":[{}]}}"#, records.join(","))
}

fn me() -> crate::provider::Provider {
    let mut me = account("cloudflare.com-v4");
    me.account.username = "Bearer".into();
    me
}

#[test]
fn an_update_keeps_the_other_properties_of_a_record() {
    let found = records(&[record("r1", "192.0.2.1")]);
    let patch = "PATCH https://api.cloudflare.com/client/v4/zones/z1/dns_records/r1
        Content-Type: application/json
        {\"content\":\"192.0.2.9\",\"id\":\"r1\"}";
    let script = [(ASK_ZONES, 200, ZONES), (ASK_HOME, 200, &found), (patch, 200, DONE)];
    let (verdicts, learned) =
        play(&me(), job(vec![change("home.example.com", "192.0.2.9")]), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    let learned: LearnedValues =
        learned.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    // With the learned ids, the next change is one request.
    let mut next = job(vec![change("home.example.com", "192.0.2.10")]);
    next.learned = learned;
    let patch = "PATCH https://api.cloudflare.com/client/v4/zones/z1/dns_records/r1";
    let (verdicts, _) = play(&me(), next, &[(patch, 200, DONE)]);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
}

fn learned(pairs: &[(&str, &str)]) -> LearnedValues {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn reason(verdicts: &[Verdict]) -> String {
    let Outcome::Refused { reason, .. } = &verdicts[0].outcome else {
        panic!("{verdicts:?}");
    };
    reason.clone()
}

#[test]
fn a_missing_record_is_added_to_the_longest_zone_with_the_options() {
    let mut new = change("a.sub.example.com", "2001:db8::1");
    new.record.ttl = Some(60);
    new.record.proxied = Some(true);
    let find = "GET https://api.cloudflare.com/client/v4/zones/z2/dns_records\
        ?type=AAAA&name=a.sub.example.com&per_page=500&page=1";
    let create = r#"POST https://api.cloudflare.com/client/v4/zones/z2/dns_records
        {"content":"2001:db8::1","name":"a.sub.example.com","proxied":true,"ttl":60,"type":"AAAA"}"#;
    let script = [(ASK_ZONES, 200, ZONES), (find, 200, &*records(&[])), (create, 200, DONE)];
    assert_eq!(play(&me(), job(vec![new]), &script).0, [Outcome::Updated.into()]);
}

#[test]
fn a_zone_is_found_by_its_punycode_name() {
    let zones = ZONES.replace("sub.example.com", "Bücher.example");
    let find = ASK_HOME.replace("z1", "z2").replace("home.example.com", "a.xn--bcher-kva.example");
    let there =
        records(&[record("r1", "192.0.2.9").replace("home.example.com", "a.bücher.example")]);
    let one = job(vec![change("a.xn--bcher-kva.example", "192.0.2.9")]);
    let script = [(ASK_ZONES, 200, &*zones), (&*find, 200, &*there)];
    assert_eq!(play(&me(), one, &script).0, [Outcome::Unchanged.into()]);
}

#[test]
fn of_several_records_only_ours_is_replaced() {
    let several = records(&[record("r1", "192.0.2.1"), record("r2", "192.0.2.2")]);
    let mut ours = change("home@example.com", "192.0.2.9");
    let zone = learned(&[("zone example.com", "z1")]);
    let job_of = |change: &Change| Job { learned: zone.clone(), ..job(vec![change.clone()]) };
    let (verdicts, _) = play(
        &me(),
        job_of(&ours),
        &[(ASK_HOME, 200, &several), (ASK_ZONES, 200, ZONES), (ASK_HOME, 200, &several)],
    );
    assert_eq!(
        reason(&verdicts),
        "home.example.com has 2 A records, and none holds what was published last"
    );
    ours.previous = Some("192.0.2.2".parse().unwrap());
    let patch = "PATCH https://api.cloudflare.com/client/v4/zones/z1/dns_records/r2";
    let script = [(ASK_HOME, 200, &*several), (patch, 200, DONE)];
    assert_eq!(play(&me(), job_of(&ours), &script).0, [Outcome::Updated.into()]);
    ours.target = Target::Address("192.0.2.1".parse().unwrap());
    assert_eq!(
        play(&me(), job_of(&ours), &[(ASK_HOME, 200, &several)]).0,
        [Outcome::Unchanged.into()]
    );
}

#[test]
fn a_wrong_learned_id_is_learned_again() {
    let mut stale = job(vec![change("home.example.com", "192.0.2.9")]);
    stale.learned = learned(&[("zone example.com", "old"), ("record home.example.com A", "gone")]);
    let gone = r#"{"success":false,"errors":[{"code":81044,"message":"Record does not exist."}]}"#;
    let patch = "PATCH https://api.cloudflare.com/client/v4/zones/old/dns_records/gone";
    let again = "PATCH https://api.cloudflare.com/client/v4/zones/z1/dns_records/r1";
    let found = records(&[record("r1", "192.0.2.1")]);
    let script =
        [(patch, 404, gone), (ASK_ZONES, 200, ZONES), (ASK_HOME, 200, &found), (again, 200, DONE)];
    let (verdicts, learned) = play(&me(), stale, &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    assert_eq!(learned.last().unwrap().1.as_deref(), Some("r1"));
}

#[test]
fn a_renamed_record_is_not_written_again() {
    let path = "https://api.cloudflare.com/client/v4/zones/z1/dns_records";
    let pairs = [("zone example.com", "z1"), ("record home.example.com A", "r1")];
    let mut one = job(vec![change("home.example.com", "192.0.2.9")]);
    one.learned = learned(&pairs);
    let (patch, create) = (format!("PATCH {path}/r1"), format!("POST {path}"));
    let (renamed, none) = (DONE.replace("home", "old"), records(&[]));
    let made = DONE.replace("r1", "r2");
    let script = [
        (&*patch, 200, &*renamed),
        (ASK_ZONES, 200, ZONES),
        (ASK_HOME, 200, &*none),
        (&*create, 200, &*made),
    ];
    let (verdicts, learned) = play(&me(), one.clone(), &script);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    assert_eq!(learned.last().unwrap().1.as_deref(), Some("r2"));
    // In a batch, only that record is read again.
    let mut two = one.clone();
    two.changes.push(change("b@example.com", "192.0.2.9"));
    two.learned.insert("record b.example.com A".into(), "r3".into());
    let batch = format!("POST {path}/batch");
    let both = r#"{"success":true,"result":{"posts":[],"patches":[
        {"id":"r1","name":"home.example.com","type":"TXT","content":"192.0.2.9"},
        {"id":"r3","name":"b.example.com","type":"A","content":"192.0.2.9"}]}}"#;
    let script = [(&*batch, 200, both), script[1], script[2], script[3]];
    assert!(play(&me(), two, &script).0.iter().all(Verdict::is_success));
    // An id from the options is an error of the options.
    one.changes[0].record.id = Some("r1".into());
    let script = [(&*patch, 200, &*renamed), (ASK_ZONES, 200, ZONES), (ASK_HOME, 200, &*none)];
    let (verdicts, learned) = play(&me(), one.clone(), &script);
    let why = "home.example.com has no A record with the id r1";
    assert_eq!(reason(&verdicts), why);
    one.learned = learned.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let again = [(ASK_HOME, 200, &*none), (ASK_ZONES, 200, ZONES), (ASK_HOME, 200, &*none)];
    assert_eq!(reason(&play(&me(), one, &again).0), why);
}

#[test]
fn after_the_ids_are_learned_any_number_of_names_is_one_request() {
    let names: Vec<String> = (0..200).map(|i| format!("h{i}.example.com")).collect();
    let changes = |address| names.iter().map(|name| change(name, address)).collect::<Vec<_>>();
    let all = |address| {
        let entry = |(i, name)| {
            format!(r#"{{"id":"r{i}","name":"{name}","type":"A","content":"{address}"}}"#)
        };
        names.iter().enumerate().map(entry).collect::<Vec<String>>()
    };
    let list =
        "GET https://api.cloudflare.com/client/v4/zones/z1/dns_records?type=A&per_page=500&page=1";
    let batch = "POST https://api.cloudflare.com/client/v4/zones/z1/dns_records/batch";
    let done = |address| {
        let all = all(address).join(",");
        format!(r#"{{"success":true,"result":{{"patches":[{all}],"posts":[]}}}}"#)
    };
    let (there, now) = (records(&all("192.0.2.1")), done("192.0.2.9"));
    let script = [(ASK_ZONES, 200, ZONES), (list, 200, &*there), (batch, 200, &*now)];
    let (verdicts, learned) = play(&me(), job(changes("192.0.2.9")), &script);
    assert!(verdicts.len() == 200 && verdicts.iter().all(Verdict::is_success));
    let mut next = job(changes("192.0.2.10"));
    next.learned = learned.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let (verdicts, _) = play(&me(), next.clone(), &[(batch, 200, &done("192.0.2.10"))]);
    assert!(verdicts.iter().all(Verdict::is_success));
    // The answer shows another address.
    let (verdicts, learned) = play(&me(), next, &[(batch, 200, &now)]);
    assert!(
        verdicts.iter().all(|verdict| matches!(verdict.outcome, Outcome::Retry { .. })),
        "{verdicts:?}"
    );
    assert_eq!(learned.len(), 200);
}

#[test]
fn only_the_bad_record_of_a_refused_batch_fails() {
    let mut two =
        job(vec![change("a.example.com", "192.0.2.9"), change("b.example.com", "192.0.2.9")]);
    two.learned = learned(&[
        ("zone example.com", "z1"),
        ("record a.example.com A", "r1"),
        ("record b.example.com A", "r2"),
    ]);
    let no = r#"{"success":false,"errors":[{"code":1004,"message":"DNS Validation Error",
        "error_chain":[{"code":9021,"message":"TTL must be between 60 and 86400 seconds."}]}]}"#;
    let path = "https://api.cloudflare.com/client/v4/zones/z1/dns_records";
    let (batch, a, b) =
        (format!("POST {path}/batch"), format!("PATCH {path}/r1"), format!("PATCH {path}/r2"));
    let done = DONE.replace("home", "a");
    let none = records(&[]);
    let find =
        |name: &str| format!("GET {path}?type=A&name={name}.example.com&per_page=500&page=1");
    let find_b = find("b");
    let create = format!("POST {path}");
    let script = [
        (&*batch, 400, no),
        (&*a, 200, &*done),
        (&*b, 400, no),
        // A learned id may be wrong, so the failed change begins again.
        (ASK_ZONES, 200, ZONES),
        (&*find_b, 200, &*none),
        (&*create, 400, no),
    ];
    let (verdicts, _) = play(&me(), two, &script);
    assert_eq!(verdicts[0], Outcome::Updated.into());
    assert_eq!(
        reason(&verdicts[1..]),
        "Cloudflare refuses the request: TTL must be between 60 and 86400 seconds. (HTTP 400)"
    );
}

#[test]
fn provider_errors_map_to_verdicts() {
    let one = || job(vec![change("home.example.org", "192.0.2.9")]);
    let (verdicts, _) = play(&me(), one(), &[(ASK_ZONES, 200, ZONES)]);
    assert_eq!(reason(&verdicts), "Cloudflare has no zone for home.example.org in this account");
    let no = r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}"#;
    let (verdicts, _) = play(&me(), one(), &[(ASK_ZONES, 400, no)]);
    assert_eq!(
        reason(&verdicts),
        "Cloudflare does not accept the credentials: Authentication error (HTTP 400)"
    );
    let key = "GET https://api.cloudflare.com/client/v4/zones?per_page=50&page=1
        X-Auth-Email: me@example.net
        X-Auth-Key: hunter2";
    let mut global = account("cloudflare");
    global.account.username = "me@example.net".into();
    let (verdicts, _) = play(&global, one(), &[(key, 429, "{}")]);
    assert!(matches!(verdicts[0].outcome, Outcome::Retry { after: Some(_), .. }));
    let (verdicts, _) = play(&me(), one(), &[(ASK_ZONES, 200, "<html>")]);
    assert!(matches!(verdicts[0].outcome, Outcome::Retry { after: None, .. }));
}
