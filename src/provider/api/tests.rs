//! Properties of every provider with an interface of its own, whatever it answers.

mod data;
mod removal;
mod stateful;

use crate::provider::Provider;
use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::secret::Secret;
use crate::model::{HostPort, Url};
use crate::model::{RecordOptions, Target};
use crate::provider::Mechanism;
use crate::provider::testing::{
    Answering, account, change, job, outcome_text, play, request_text, verdicts_of,
};
use crate::provider::{
    Answer, Carrier, Change, Failure, FailureKind, Job, Method, Outcome, Query, Request, Scope,
    Verdict, publish,
};
use crate::time::Duration;

/// Most steps that the worker allows.
const STEPS: usize = 64;
const STEPS_PER_CHANGE: usize = 4;

/// An account with a secret in each option that may hold one.
fn secretive(api: &'static Api) -> Provider {
    let key = include_str!("../../../tests/data/rfc7515.pem");
    let key = json!({"project_id": "p", "client_email": "e", "private_key": key}).to_string();
    Provider { mechanism: Mechanism::Api(api), ..account(api.name) }.with(|account| {
        account.username = "s3cret-user".into();
        account.password = Secret::new(if api.has_key_file() { &key } else { "s3cret-pass" });
        account.param_enc = Secret::new("tenant=t subscription=s group=g");
        account.param_opt = Secret::new("service_id=7");
        account.base = Url::parse("http://192.0.2.53:8081").ok();
        account.server = Some(HostPort::parse("192.0.2.53").unwrap());
    })
}

/// Strings that interfaces use, and any others.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("example.com".into()),
        Just("home.example.com".into()),
        Just("home".into()),
        Just("@".into()),
        Just("A".into()),
        Just("AAAA".into()),
        Just("192.0.2.1".into()),
        Just("192.0.2.9".into()),
        Just("2001:db8::9".into()),
        Just("success".into()),
        Just("SUCCESS".into()),
        Just("running".into()),
        Just("s3cret-pass and s3cret-user".into()),
        "\\PC{0,8}",
    ]
}

/// Names of members that interfaces use.
fn member() -> impl Strategy<Value = String> {
    prop::sample::select(
        "result success errors code message domains domain domain_records domain_record name id \
         type data ttl ttl_sec records record content rrsets rrset rrset_values rrset_ttl fqdn \
         value action status error zones meta links next subdomain dns_zones target account user \
         creates updates patches posts minimum_ttl subname comment disabled proxied fields detail \
         errorCode fieldType subDomain responsedata dnsrecords hostname destination statuscode kind \
         dnsName rrdatas"
            .split_whitespace()
            .collect::<Vec<_>>(),
    )
    .prop_map(str::to_owned)
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(member(), inner, 0..8).prop_map(Value::from_iter),
        ]
    })
}

/// A body with all members that any of the interfaces reads.
fn plausible() -> Value {
    let record = json!({
        "id": 1, "name": "home.example.com", "type": "A", "content": "192.0.2.1", "ttl": 300,
        "data": "192.0.2.1", "target": "192.0.2.1", "subname": "home",
        "records": ["192.0.2.1"], "fqdn": "example.com", "domain": "example.com",
    });
    let zone =
        json!({"id": "z", "name": "example.com", "domain": "example.com", "account": {"id": 1}});
    json!({
        "success": true, "status": "SUCCESS", "result": [zone], "domains": [zone], "zones": [zone],
        "dns_zones": [zone], "data": [record, zone], "domain_records": [record],
        "records": [record], "rrsets": [record], "rrset": {"records": [{"value": "192.0.2.1"}]},
        "rrset_values": ["192.0.2.1"], "record": record, "domain_record": record,
        "action": {"id": 1, "status": "running"}, "access_token": "t", "kind": "dns#x",
        "managedZones": [{"name": "z", "dnsName": "example.com."}],
        "responsedata": {"apisessionid": "s", "dnsrecords": [
            {"id": "1", "hostname": "home", "type": "A", "destination": "192.0.2.1"}]},
    })
}

/// The same for the interface with XML.
const XML: &str = "<HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name></HostedZone>
    <ResourceRecordSet><Name>home.example.com.</Name><Type>A</Type><TTL>60</TTL><Value>192.0.2.1\
    </Value></ResourceRecordSet><IsTruncated>false</IsTruncated><ChangeInfo>x</ChangeInfo>";

fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => json().prop_map(|json| json.to_string()),
        2 => Just(plausible().to_string()),
        1 => Just(json!([plausible(), plausible()]).to_string()),
        1 => Just(String::new()),
        1 => Just(XML.to_owned()),
        1 => Just("1457018875".to_owned()),
        1 => "\\PC{0,40}",
    ]
}

fn reply() -> impl Strategy<Value = Result<Answer, Failure>> {
    let status = prop_oneof![
        6 => Just(200u16),
        4 => prop::sample::select(vec![201, 204, 400, 401, 403, 404, 409, 422, 423, 429, 500, 503]),
        1 => 100u16..600,
    ];
    let answer = (status, body(), prop::option::of(0u64..100))
        .prop_map(|(status, body, _)| Ok(Answer { status, body, ..Answer::default() }));
    let failure = any::<bool>().prop_map(|sent| {
        Err(Failure { kind: FailureKind::Other, sent, text: "connection lost".into() })
    });
    prop_oneof![20 => answer, 1 => failure]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let name = prop::sample::select(vec![
        "home.example.com",
        "a.b@example.com",
        "@example.com",
        "example.com",
        "*.example.com",
        "com",
        "x.example.org",
    ]);
    let address = prop::sample::select(vec!["192.0.2.9", "2001:db8::9"]);
    let text = prop::option::of("[a-z0-9.]{1,9}");
    let options = (prop::option::of(any::<u32>()), text.clone(), text.clone(), text).prop_map(
        |(ttl, zone, zone_id, id)| RecordOptions {
            zone,
            zone_id,
            id,
            ttl,
            ..RecordOptions::default()
        },
    );
    let any = (any::<bool>(), prop::bool::weighted(0.2));
    let one =
        (name, address, options, any).prop_map(|(name, address, record, (again, removes))| {
            let previous = again.then(|| "192.0.2.1".parse().unwrap());
            let change = Change { record, previous, ..change(name, address) };
            if removes { Change { target: Target::Absent, ..change } } else { change }
        });
    prop::collection::vec(one, 1..6).prop_map(|mut changes: Vec<Change>| {
        let mut seen = BTreeSet::new();
        changes.retain(|change| seen.insert((change.name.clone(), change.family)));
        changes
    })
}

/// The course of a conversation.
struct Course {
    verdicts: Vec<crate::provider::Verdict>,
    shown: String,
    /// The URLs and bodies of requests that were accepted.
    accepted: String,
}

/// Carries replies in a circle, and records what was sent.
struct Circle<'r> {
    replies: std::iter::Cycle<std::slice::Iter<'r, Result<Answer, Failure>>>,
    left: usize,
    course: Course,
}

impl Circle<'_> {
    fn reply(&mut self) -> Result<Answer, Failure> {
        self.left = self.left.checked_sub(1).expect("does not end");
        self.replies.next().unwrap().clone()
    }
}

impl Carrier for Circle<'_> {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        self.course.shown += &format!("{} {request:?}", request.shown);
        let reply = self.reply();
        if reply.as_ref().is_ok_and(|answer| (200..300).contains(&answer.status)) {
            self.course.accepted += &request.url.expose();
            // A form has colons as %3a.
            let body = request.body.as_ref().map_or("", Secret::expose);
            self.course.accepted += &crate::text::percent::decode_lossy(body);
        }
        reply
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        self.course.shown += &query.shown;
        self.reply()
    }

    fn wait(&mut self, _: Duration) {}
}

/// Plays a conversation to its end. Panics if it takes more requests than the worker allows.
fn course(account: &Provider, job: &Job, replies: &[Result<Answer, Failure>]) -> Course {
    let left = STEPS + STEPS_PER_CHANGE * job.changes.len();
    let course = Course { verdicts: vec![], shown: String::new(), accepted: String::new() };
    let mut circle = Circle { replies: replies.iter().cycle(), left, course };
    circle.course.verdicts = publish(account, job, &mut circle).verdicts;
    circle.course
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_change_gets_a_verdict_and_no_secret_is_shown(
        changes in changes(),
        replies in prop::collection::vec(reply(), 1..8),
        learned in prop::collection::btree_map(
            prop::sample::select(vec![
                "zone example.com", "zone com", "account", "record home.example.com A",
                "record a.b.example.com AAAA", "record example.com A",
            ]).prop_map(str::to_owned),
            "[a-z0-9]{0,6}",
            0..6,
        ),
    ) {
        for api in ALL {
            let learned = learned.clone().into_iter().collect();
            let job = Job { learned, ..job(changes.clone()) };
            let me = secretive(api);
            let course = course(&me, &job, &replies);
            prop_assert_eq!(course.verdicts.len(), changes.len(), "{}", api.name);
            for (change, verdict) in changes.iter().zip(&course.verdicts) {
                let text = outcome_text(verdict) + &course.shown;
                prop_assert!(!text.contains(me.account.password.expose()), "{}: {text}", api.name);
                let sent = match change.address() {
                    Some(address) => course.accepted.contains(&address.to_string()),
                    None => true,
                };
                prop_assert!(sent || verdict.outcome != Outcome::Updated, "{}: {text}", api.name);
                if let Outcome::Refused { advice, .. } = &verdict.outcome {
                    prop_assert!(!advice.is_empty(), "{}: {text}", api.name);
                }
            }
        }
    }

    #[test]
    fn an_answer_without_json_is_never_success(
        changes in changes(),
        status in 200u16..300,
        page in "<html>\\PC{0,20}",
    ) {
        for api in ALL {
            let job = job(changes.clone());
            let replies = [Ok(Answer { status, body: page.clone(), ..Answer::default() })];
            let course = course(&secretive(api), &job, &replies);
            prop_assert!(course.verdicts.iter().all(|verdict| !verdict.is_success()), "{}", api.name);
        }
    }
}

#[test]
fn the_reason_says_that_an_answer_was_cut_off() {
    let job = job(vec![change("home.example.com", "192.0.2.9")]);
    let body = r#"{"domains":[{"name":"#.into();
    let replies = [Ok(Answer { status: 200, body, cut: true, ..Answer::default() })];
    let course = course(&account("digitalocean"), &job, &replies);
    let told = outcome_text(&course.verdicts[0]);
    assert!(
        told.starts_with("again: DigitalOcean sends more than can be read at once: {"),
        "{told}"
    );
}

#[test]
fn interfaces_have_unique_names_a_title_a_host_and_credentials() {
    let mut names = BTreeSet::new();
    for api in ALL {
        for name in api.aliases.iter().chain([&api.name]) {
            assert!(names.insert(*name), "{name} is there twice");
            assert_eq!(find(name), Some(*api));
        }
        assert!(!api.title.is_empty(), "{}", api.name);
        let secret = api.needs("password") || api.needs("dns_server");
        assert!(secret, "{}", api.name);
        let host = api.host(&secretive(api).account);
        assert!(host.is_some_and(|host| !host.is_empty()), "{}", api.name);
    }
    let sorted: Vec<_> = ALL.iter().map(|api| api.name).collect();
    assert!(sorted.is_sorted());
}

#[test]
fn a_conversation_reads_a_bounded_amount_of_answers() {
    for api in of_http() {
        let one = job(vec![change("home.example.com", "192.0.2.9")]);
        let mut bytes = 0;
        verdicts_of(&secretive(api), &one, |_| {
            let body = format!("[{}0]", "0,".repeat(250_000));
            bytes += body.len();
            Ok(Answer { status: 200, body, ..Answer::default() })
        });
        assert!(bytes < 6 * 1024 * 1024, "{}: {bytes}", api.name);
    }
}

/// Pages of captive portals, with words that mean success in other answers.
const PORTALS: [&str; 4] = [
    "<!DOCTYPE html>\n<html><head><title>Hotel</title></head><body><form action=\"/login\">OK, success! \
     Your address 192.0.2.9 is updated. <input name=\"code\" value=\"200\"></form></body></html>",
    "<html><head><meta http-equiv=\"refresh\" content=\"0; url=http://portal.example/\"></head></html>",
    "<?xml version=\"1.0\"?><WISPAccessGatewayParam><Redirect><MessageType>100</MessageType>\
     <ResponseCode>0</ResponseCode></Redirect></WISPAccessGatewayParam>",
    "<?xml version=\"1.0\"?><html><body><Id>1</Id><Name>home.example.com.</Name>\
     <Status>success</Status></body></html>",
];

/// The interfaces over HTTP.
fn of_http() -> impl Iterator<Item = &'static Api> {
    ALL.iter().copied().filter(|api| api.name != "rfc2136")
}

/// Plays a conversation in which the provider answers `before` times, and then the portal answers every
/// request. Returns the outcomes if the portal has answered.
fn behind_a_portal(api: &'static Api, job: Job, before: usize, portal: &Answer) -> Vec<Outcome> {
    let mut turn = 0;
    let verdicts = verdicts_of(&secretive(api), &job, |_| {
        turn += 1;
        assert!(turn <= STEPS, "{} does not end", api.name);
        let body = if api.name == "route53" { XML.into() } else { plausible().to_string() };
        let answer = Answer { status: 200, body, ..Answer::default() };
        Ok(if turn <= before { answer } else { portal.clone() })
    });
    if turn <= before {
        return Vec::new();
    }
    verdicts.into_iter().map(|verdict| verdict.outcome).collect()
}

/// Jobs to play behind a portal, each with and without learned ids.
fn jobs_of_a_traveller() -> Vec<Job> {
    let learned = [
        ("zone example.com", "1"),
        ("account", "1"),
        ("record home.example.com A", "1"),
        ("record home.example.com AAAA", "1"),
    ];
    let learned: crate::provider::LearnedValues =
        learned.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    let update = change("home.example.com", "192.0.2.9");
    let again = Change { previous: Some("192.0.2.1".parse().unwrap()), ..update.clone() };
    let removal = Change { target: Target::Absent, ..again.clone() };
    let several = vec![again.clone(), change("home.example.com", "2001:db8::9")];
    let mut jobs = Vec::new();
    for changes in [vec![update], vec![again], vec![removal], several] {
        jobs.push(job(changes.clone()));
        jobs.push(Job { learned: learned.clone(), ..job(changes) });
    }
    jobs
}

/// Asserts that `outcomes` are neither successes nor refusals, and have a sentence as their reason.
fn assert_open(outcomes: &[Outcome], context: &str) {
    for outcome in outcomes {
        let (Outcome::Retry { reason, .. } | Outcome::Unconfirmed { reason }) = outcome else {
            panic!("{context}: {outcome:?}");
        };
        assert!(reason.split(' ').count() > 3, "{context}: {reason}");
        assert!(!reason.contains("s3cret") && !reason.contains(char::is_control), "{reason}");
    }
}

#[test]
fn a_captive_portals_page_is_neither_success_nor_refusal() {
    for api in of_http() {
        for job in jobs_of_a_traveller() {
            for page in PORTALS {
                let portal = Answer { status: 200, body: page.into(), ..Answer::default() };
                let outcomes = behind_a_portal(api, job.clone(), 0, &portal);
                assert_eq!(outcomes.len(), job.changes.len(), "{}", api.name);
                assert_open(&outcomes, &format!("{} {page} {:?}", api.name, job.changes));
            }
        }
    }
}

#[test]
fn a_web_page_with_403_is_not_a_refusal() {
    for api in of_http() {
        for job in jobs_of_a_traveller() {
            let portal = Answer { status: 403, body: PORTALS[0].into(), ..Answer::default() };
            let outcomes = behind_a_portal(api, job.clone(), 0, &portal);
            assert_eq!(outcomes.len(), job.changes.len(), "{}", api.name);
            assert_open(&outcomes, api.name);
        }
    }
}

/// The connection may change during a conversation. Only jobs of one change are played, because of
/// several some may be done by then.
#[test]
fn a_captive_portal_in_mid_conversation_is_never_success() {
    let mut reached = BTreeSet::new();
    for api in of_http() {
        for job in jobs_of_a_traveller().into_iter().filter(|job| job.changes.len() == 1) {
            for before in 1..8 {
                let portal = Answer { status: 200, body: PORTALS[0].into(), ..Answer::default() };
                let outcomes = behind_a_portal(api, job.clone(), before, &portal);
                assert_open(&outcomes, &format!("{} {before} {:?}", api.name, job.changes));
                if !outcomes.is_empty() {
                    reached.insert(api.name);
                }
            }
        }
    }
    // Not every interface makes a further request after these answers.
    assert!(reached.len() >= 5, "{reached:?}");
}

/// An answer of another host does not count, even if it looks like one of the provider.
#[test]
fn an_answer_of_another_host_is_neither_success_nor_refusal() {
    for api in of_http() {
        for job in jobs_of_a_traveller() {
            let xml = api.name == "route53";
            let likely = if xml { XML.into() } else { plausible().to_string() };
            for (status, body) in [(200, PORTALS[0]), (200, &likely), (401, "{}"), (404, "")] {
                let portal = Answer {
                    status,
                    body: body.into(),
                    redirected_to: Some("portal.example".into()),
                    ..Answer::default()
                };
                let outcomes = behind_a_portal(api, job.clone(), 0, &portal);
                assert_eq!(outcomes.len(), job.changes.len(), "{}", api.name);
                assert_open(&outcomes, &format!("{} {status} {body}", api.name));
                for outcome in outcomes {
                    let verdicts = format!("{outcome:?}");
                    assert!(verdicts.contains("portal.example"), "{}: {verdicts}", api.name);
                }
            }
        }
    }
}

/// Imitates an interface with record sets, where each name has a read and a write of its own. Names with
/// `bad` in them get `status` for every write.
fn sets(status: u16) -> impl FnMut(&Request) -> Result<Answer, Failure> {
    move |request| {
        let (url, get) = (request.url.expose(), request.method == Method::Get);
        let (status, body) = match url.ends_with("?per_page=100&page=1") {
            true => (200, r#"[{"fqdn":"example.com"}]"#),
            false if get => (404, "{}"),
            false if url.contains("bad") => (status, "{}"),
            false => (201, r#"{"message":"DNS Record Created"}"#),
        };
        Ok(Answer { status, body: body.into(), ..Answer::default() })
    }
}

fn names(names: &[&str]) -> Vec<Change> {
    names.iter().map(|name| change(&format!("{name}.example.com"), "192.0.2.9")).collect()
}

#[test]
fn a_server_error_for_one_name_does_not_keep_the_others_from_being_published() {
    for status in [400, 500] {
        let job = job(names(&["a", "bad", "c", "d"]));
        let verdicts = verdicts_of(&account("gandi"), &job, sets(status));
        let good: Vec<bool> = verdicts.iter().map(Verdict::is_success).collect();
        assert_eq!(good, [true, false, true, true], "{verdicts:?}");
        assert_eq!(verdicts[1].scope, Scope::Record, "the provider works for the others");
    }
}

#[test]
fn a_batch_with_a_name_that_gets_a_server_error_is_divided() {
    let verdicts =
        verdicts_of(&account("desec"), &job(names(&["a", "bad", "c", "d"])), |request| {
            let body = request.body.as_ref().map_or("", Secret::expose);
            let (status, answer) = match request.url.expose().rsplit_once("/domains/").unwrap().1 {
                "" => (200, r#"[{"name":"example.com"}]"#),
                "example.com/" => (200, r#"{"minimum_ttl":60}"#),
                _ if request.method == Method::Get => (200, "[]"),
                _ if body.contains("bad") => (500, ""),
                _ => (200, "[{},{}]"),
            };
            Ok(Answer { status, body: answer.into(), ..Answer::default() })
        });
    let good: Vec<bool> = verdicts.iter().map(Verdict::is_success).collect();
    assert_eq!(good, [true, false, true, true], "{verdicts:?}");
}

#[test]
fn two_server_errors_in_a_row_end_the_job_and_another_job_begins_with_another_name() {
    let mut job = job(names(&["bad1", "bad2", "c"]));
    let verdicts = verdicts_of(&account("gandi"), &job, sets(500));
    assert!(verdicts.iter().all(|verdict| verdict.scope == Scope::Account), "{verdicts:?}");
    job.seed = 2;
    assert!(verdicts_of(&account("gandi"), &job, sets(500))[2].is_success());
}

#[test]
fn each_name_is_written_before_the_next_is_read() {
    let mut answer = sets(500);
    let mut requests = 0;
    let verdicts = verdicts_of(&account("gandi"), &job(names(&["a", "b", "c"])), |request| {
        requests += 1;
        match requests {
            1..=5 => answer(request),
            _ => Ok(Answer { status: 429, ..Answer::default() }),
        }
    });
    let good: Vec<bool> = verdicts.iter().map(Verdict::is_success).collect();
    assert_eq!(good, [true, true, false], "{verdicts:?}");
}

#[test]
fn a_name_with_a_cname_record_is_refused_with_advice_and_the_others_are_published() {
    let verdicts = verdicts_of(&account("linode"), &job(names(&["a", "cn"])), |request| {
        let body = match (request.method, request.url.expose().contains("/records")) {
            (Method::Get, false) => json!({"data": [{"domain": "example.com", "id": 1}]}),
            (Method::Get, true) => {
                json!({"data": [{"id": 2, "name": "cn", "type": "CNAME", "target": "example.net"}]})
            }
            _ => json!({"id": 9, "name": "a", "type": "A", "target": "192.0.2.9"}),
        };
        Ok(Answer { status: 200, body: body.to_string(), ..Answer::default() })
    });
    let texts: Vec<String> = verdicts.iter().map(outcome_text).collect();
    let refused = "no: cn.example.com is an alias (CNAME) at Linode; delete the CNAME record of this name, or \
                   choose another name";
    assert_eq!(texts, ["updated", refused]);
}

#[test]
fn a_list_that_does_not_end_is_an_error() {
    for service in ["vultr", "linode"] {
        let mut written = false;
        let verdicts = verdicts_of(&account(service), &job(names(&["a"])), |request| {
            written |= request.method != Method::Get;
            let body = match (service, request.url.expose().contains("/records")) {
                (_, false) if service == "vultr" => json!({"domains": [{"domain": "example.com"}]}),
                (_, false) => json!({"data": [{"domain": "example.com", "id": 1}]}),
                ("vultr", true) => json!({"records": [], "meta": {"links": {"next": "x"}}}),
                (_, true) => json!({"data": [], "pages": 1000}),
            };
            Ok(Answer { status: 200, body: body.to_string(), ..Answer::default() })
        });
        let text = outcome_text(&verdicts[0]);
        assert!(!written && text.contains("longer than"), "{service}: {text}");
    }
}

/// Answers for Servercow with the zones example.com and sub.example.com, and keeps the requests that write.
fn two_zones(written: &mut String) -> impl FnMut(&Request) -> Result<Answer, Failure> {
    |request| {
        let url = request.url.expose();
        let is_zone = url.ends_with("/example.com") || url.ends_with("/sub.example.com");
        if request.method != Method::Get {
            *written += &request_text(request);
        }
        let (status, body) = match is_zone {
            true if request.method == Method::Get => (200, "[]"),
            true => (200, r#"{"message":"ok"}"#),
            false => (404, r#"{"error":"no such domain"}"#),
        };
        Ok(Answer { status, body: body.into(), ..Answer::default() })
    }
}

#[test]
fn a_name_goes_into_the_longest_of_two_zones_that_are_probed() {
    let mut written = String::new();
    let both = job(names(&["home", "www.sub"]));
    verdicts_of(&account("servercow"), &both, two_zones(&mut written));
    assert!(written.contains("/sub.example.com") && !written.contains("www.sub"), "{written}");
}

#[test]
fn a_zone_that_an_earlier_job_probed_hides_no_longer_one() {
    let mut written = String::new();
    let learned = [("zone example.com".to_owned(), "example.com".to_owned())];
    let later = Job { learned: learned.into_iter().collect(), ..job(names(&["www.sub"])) };
    verdicts_of(&account("servercow"), &later, two_zones(&mut written));
    assert!(written.contains("/sub.example.com") && !written.contains("www.sub"), "{written}");
}

/// The verdicts of a job, and how long the conversation waited.
fn waited(
    service: &str,
    changes: &[&str],
    answer: impl FnMut(&Request) -> Result<Answer, Failure>,
) -> (Vec<Verdict>, Duration) {
    let mut carrier = Answering::new(answer);
    let verdicts = publish(&account(service), &job(names(changes)), &mut carrier).verdicts;
    (verdicts, carrier.1)
}

#[test]
fn the_requests_of_a_job_keep_the_limit_of_the_provider() {
    let (verdicts, time) = waited("porkbun", &["a", "b"], |request| {
        let body = match request.url.expose().contains("listAll") {
            true => r#"{"status":"SUCCESS","domains":[{"domain":"example.com"}]}"#,
            false => r#"{"status":"SUCCESS","records":[]}"#,
        };
        Ok(Answer { status: 200, body: body.into(), ..Answer::default() })
    });
    assert!(verdicts.iter().all(Verdict::is_success), "{verdicts:?}");
    // The zones, and two requests for each name.
    assert_eq!(time, Duration::from_secs(4));
}

#[test]
fn a_job_ends_where_the_limit_asks_for_a_long_wait_and_keeps_what_is_done() {
    let (verdicts, time) = waited("dreamhost", &["a", "b", "c", "d", "e", "f"], |request| {
        let body = match request.url.expose().contains("list_records") {
            true => {
                let old: Vec<Value> = ["a", "b", "c", "d", "e", "f"].map(|name| {
                    json!({"record": format!("{name}.example.com"), "type": "A", "value": "192.0.2.1",
                        "zone": "example.com", "editable": "1"})
                }).to_vec();
                json!({"result": "success", "data": old})
            }
            false => json!({"result": "success", "data": "record_added"}),
        };
        Ok(Answer { status: 200, body: body.to_string(), ..Answer::default() })
    });
    let text: Vec<String> = verdicts.iter().map(outcome_text).collect();
    // Two lists, and two requests for each of five names.
    assert_eq!(text[..5], ["updated"; 5]);
    assert_eq!(text[5], "all: again in 300 s: dreamhost allows no more requests now");
    assert_eq!(time, Duration::ZERO);
}

#[test]
fn a_short_retry_after_is_waited_out_once() {
    for (seconds, status, success) in [(3, 429, true), (3, 503, true), (11, 429, false)] {
        let mut gandi = sets(500);
        let mut limited = false;
        let (verdicts, time) = waited("gandi", &["a"], |request| {
            if request.method != Method::Get && !std::mem::replace(&mut limited, true) {
                let retry_after = Some(Duration::from_secs(seconds));
                return Ok(Answer { status, retry_after, ..Answer::default() });
            }
            gandi(request)
        });
        assert_eq!(verdicts[0].is_success(), success, "{verdicts:?}");
        assert_eq!(time, Duration::from_secs(if success { seconds } else { 0 }));
    }
    let (verdicts, time) = waited("gandi", &["a"], |_| {
        let retry_after = Some(Duration::from_secs(2));
        Ok(Answer { status: 429, retry_after, ..Answer::default() })
    });
    assert_eq!(outcome_text(&verdicts[0]), "all: again in 2 s: Gandi limits requests: HTTP 429");
    assert_eq!(time, Duration::from_secs(2));
}
