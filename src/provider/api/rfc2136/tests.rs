//! Conversations with a name server of one zone that processes updates as RFC 2136 section 3 says.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::server::{NXRRSET, REFUSED, YXRRSET};
use super::*;
use crate::dns::message::{AA, QR};
use crate::dns::tsig::TsigKey;
use crate::model::HostPort;
use crate::model::secret::Secret;
use crate::provider::Provider;
use crate::provider::testing::{account, change, removal};
use crate::provider::{
    Answer, Carrier, Failure, FailureKind, Job, LearnedChanges, LearnedValues, Query, Request,
    Scope, publish,
};
use crate::time::BUILD_TIME;
use crate::time::Duration;

const SECRET: &str = "c2VjcmV0c2VjcmV0c2VjcmV0";
const NXDOMAIN_HERE: u16 = 3;

type Data = BTreeMap<(Name, u16), Vec<Vec<u8>>>;

/// A server of `example.com`.
struct Server {
    key: Option<TsigKey>,
    now: u64,
    data: Data,
    /// A name that the key may not change.
    locked: Option<Name>,
    queries: Vec<String>,
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn addresses(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|text| rdata(text.parse().unwrap())).collect()
}

impl Server {
    fn new() -> Self {
        let key = TsigKey::parse("hmac-sha512:home", &Secret::new(SECRET)).ok();
        Self { key, now: BUILD_TIME, data: Data::new(), locked: None, queries: vec![] }
    }

    fn with(mut self, at: &str, list: &[&str]) -> Self {
        self.data.insert((name(at), 1), addresses(list));
        self
    }

    fn has(&self, at: &str) -> Vec<Vec<u8>> {
        self.data.get(&(name(at), 1)).cloned().unwrap_or_default()
    }

    fn answer(&mut self, query: &Query) -> Vec<u8> {
        self.queries.push(query.shown.clone());
        let mut message = Message::decode(&query.wire).unwrap();
        let tsig = message.additionals.pop();
        let mut response =
            Message { id: message.id, flags: message.flags | QR | AA, ..Message::default() };
        response.questions.clone_from(&message.questions);
        let rcode = if message.flags & UPDATE == UPDATE {
            self.update(&message)
        } else {
            self.look_up(&message.questions[0], &mut response)
        };
        response.flags |= rcode;
        let Some(key) = &self.key else { return response.encode().unwrap() };
        let mac = mac(&tsig.unwrap());
        key.sign_response(&response, &mac, self.now)
    }

    fn look_up(&self, question: &Question, response: &mut Message) -> u16 {
        let soa = name("example.com");
        let record = |name: &Name, kind, rdata: &[u8]| Record {
            name: name.clone(),
            kind,
            class: CLASS_IN,
            ttl: 60,
            rdata: rdata.to_vec(),
        };
        let found = self.data.get(&(question.name.clone(), question.kind));
        let found = found.into_iter().flatten();
        response.answers.extend(found.map(|rdata| record(&question.name, question.kind, rdata)));
        if response.answers.is_empty() {
            response.authorities.push(record(&soa, TYPE_SOA, &[0; 22]));
        }
        let exists = self.data.keys().any(|(name, _)| *name == question.name);
        if exists || question.name == soa { NOERROR } else { NXDOMAIN_HERE }
    }

    fn update(&mut self, message: &Message) -> u16 {
        let mut wanted = Data::new();
        for required in &message.answers {
            let key = (required.name.clone(), required.kind);
            if required.class == CLASS_NONE && self.data.contains_key(&key) {
                return YXRRSET;
            }
            if required.class == CLASS_IN {
                wanted.entry(key).or_default().push(required.rdata.clone());
            }
        }
        for (key, mut rdata) in wanted {
            let mut here = self.data.get(&key).cloned().unwrap_or_default();
            here.sort();
            rdata.sort();
            if here != rdata {
                return NXRRSET;
            }
        }
        if message.authorities.iter().any(|record| Some(&record.name) == self.locked.as_ref()) {
            return REFUSED;
        }
        for change in &message.authorities {
            let set = self.data.entry((change.name.clone(), change.kind)).or_default();
            set.retain(|rdata| *rdata != change.rdata);
            if change.class == CLASS_IN {
                set.push(change.rdata.clone());
            }
        }
        self.data.retain(|_, set| !set.is_empty());
        NOERROR
    }
}

fn mac(tsig: &Record) -> Vec<u8> {
    let (_, at) = Name::read(&tsig.rdata, 0).unwrap();
    let length = usize::from(tsig.rdata[at + 8]) << 8 | usize::from(tsig.rdata[at + 9]);
    tsig.rdata[at + 10..at + 10 + length].to_vec()
}

fn me() -> Provider {
    account("rfc2136").with(|account| {
        account.username = "hmac-sha512:home".into();
        account.password = Secret::new(SECRET);
        account.server = Some(HostPort::parse("192.0.2.53").unwrap());
    })
}

fn job(changes: Vec<Change>) -> Job {
    Job { changes, wall: Some(BUILD_TIME), seed: 0x1234_5678, ..Job::default() }
}

/// Carries queries only.
struct Queries<F>(F);

impl<F: FnMut(&Query) -> Vec<u8>> Carrier for Queries<F> {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        panic!("{request:?}");
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        Ok(Answer { message: (self.0)(query), ..Answer::default() })
    }

    fn wait(&mut self, _: Duration) {}
}

fn play(me: &Provider, job: Job, server: &mut Server) -> (Vec<Verdict>, LearnedChanges) {
    let published = publish(me, &job, &mut Queries(|query: &Query| server.answer(query)));
    (published.verdicts, published.learned)
}

fn reason(verdict: &Verdict) -> &str {
    match &verdict.outcome {
        Outcome::Refused { reason, .. } | Outcome::Retry { reason, .. } => reason,
        Outcome::Unconfirmed { reason } => reason,
        Outcome::Updated | Outcome::Unchanged => "",
    }
}

#[test]
fn a_record_is_added_then_replaced_and_the_zone_is_learned() {
    let mut server = Server::new();
    let (verdicts, learned) =
        play(&me(), job(vec![change("home.example.com", "192.0.2.1")]), &mut server);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    assert_eq!(server.has("home.example.com"), addresses(&["192.0.2.1"]));
    assert_eq!(
        server.queries,
        [
            "SOA of home.example.com, to 192.0.2.53",
            "A of home.example.com, to 192.0.2.53",
            "update of home.example.com in example.com, to 192.0.2.53",
        ]
    );
    let mut next = change("home.example.com", "192.0.2.2");
    next.previous = Some("192.0.2.1".parse().unwrap());
    let learned: LearnedValues =
        learned.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    server.queries.clear();
    let (verdicts, _) = play(&me(), Job { learned, ..job(vec![next]) }, &mut server);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    assert_eq!(server.has("home.example.com"), addresses(&["192.0.2.2"]));
    assert_eq!(server.queries.len(), 1, "the usual change is one message");
}

#[test]
fn many_names_are_one_message_and_a_locked_name_fails_alone() {
    let mut server = Server::new();
    server.locked = Some(name("h3.example.com"));
    let changes: Vec<Change> = (0..20)
        .map(|i| Change {
            previous: Some("192.0.2.1".parse().unwrap()),
            ..change(&format!("h{i}@example.com"), "192.0.2.9")
        })
        .collect();
    for i in 0..20 {
        server = server.with(&format!("h{i}.example.com"), &["192.0.2.1"]);
    }
    let (verdicts, _) = play(&me(), job(changes), &mut server);
    assert_eq!(server.queries[0], "update of 20 names in example.com, to 192.0.2.53");
    for (i, verdict) in verdicts.iter().enumerate() {
        assert_eq!(verdict.is_success(), i != 3, "{verdict:?}");
    }
    assert!(reason(&verdicts[3]).contains("REFUSED"));
    assert_eq!(server.has("h4.example.com"), addresses(&["192.0.2.9"]));
}

#[test]
fn addresses_of_others_are_kept() {
    let mut server = Server::new().with("home.example.com", &["198.51.100.7", "192.0.2.1"]);
    let mut ours = change("home@example.com", "192.0.2.2");
    let (verdicts, _) = play(&me(), job(vec![ours.clone()]), &mut server);
    assert!(reason(&verdicts[0]).starts_with("home.example.com has 2 A records"), "{verdicts:?}");
    ours.previous = Some("192.0.2.1".parse().unwrap());
    let (verdicts, _) = play(&me(), job(vec![ours.clone()]), &mut server);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
    assert_eq!(server.has("home.example.com"), addresses(&["198.51.100.7", "192.0.2.2"]));
    ours.previous = Some("192.0.2.1".parse().unwrap());
    let (verdicts, _) = play(&me(), job(vec![ours]), &mut server);
    assert_eq!(verdicts, [Outcome::Unchanged.into()], "its response was lost the first time");
}

/// The owner has added the new address by hand.
#[test]
fn our_old_address_is_removed_although_the_new_one_is_there() {
    let mut server = Server::new().with("home.example.com", &["192.0.2.2", "192.0.2.1"]);
    let mut ours = change("home@example.com", "192.0.2.2");
    ours.previous = "192.0.2.1".parse().ok();
    ours.tried.extend(ours.address());
    assert_eq!(play(&me(), job(vec![ours]), &mut server).0, [Outcome::Updated.into()]);
    assert_eq!(server.has("home.example.com"), addresses(&["192.0.2.2"]));
}

#[test]
fn a_record_is_removed_if_it_holds_what_was_published() {
    let gone = || job(vec![removal("home@example.com", "192.0.2.1")]);
    let mut server = Server::new().with("home.example.com", &["198.51.100.7", "192.0.2.1"]);
    assert_eq!(play(&me(), gone(), &mut server).0, [Outcome::Updated.into()]);
    assert_eq!(server.has("home.example.com"), addresses(&["198.51.100.7"]));
    assert_eq!(play(&me(), gone(), &mut server).0, [Outcome::Unchanged.into()]);
    assert_eq!(server.has("home.example.com"), addresses(&["198.51.100.7"]));
    // After a removal the present address is not ours.
    let next = Change { anew: true, ..change("home@example.com", "192.0.2.2") };
    assert_eq!(play(&me(), job(vec![next]), &mut server).0, [Outcome::Updated.into()]);
    assert_eq!(server.has("home.example.com"), addresses(&["198.51.100.7", "192.0.2.2"]));
    let mut server = Server::new().with("home.example.com", &["192.0.2.1"]);
    let mut both = gone();
    both.changes.push(change("a@example.com", "192.0.2.9"));
    let (verdicts, _) = play(&me(), both, &mut server);
    assert!(verdicts.iter().all(|verdict| verdict.outcome == Outcome::Updated), "{verdicts:?}");
    assert!(server.has("home.example.com").is_empty());
    assert_eq!(server.has("a.example.com"), addresses(&["192.0.2.9"]));
    assert!(server.queries.iter().any(|it| it.starts_with("update of 2 names")));
}

#[test]
fn wrong_keys_wrong_secrets_and_wrong_clocks_have_their_own_reasons() {
    let one = || job(vec![change("home@example.com", "192.0.2.2")]);
    let verdict = |me: &Provider, job: Job, server: &mut Server| play(me, job, server).0.remove(0);
    let mut late = Server::new();
    late.now += 1000;
    let verdicts = verdict(&me(), one(), &mut late);
    assert!(matches!(verdicts.outcome, Outcome::Retry { kind: FailureKind::ClockBehind, .. }));
    let unset = Job { wall: None, ..one() };
    let verdicts = verdict(&me(), unset, &mut Server::new());
    assert!(matches!(verdicts.outcome, Outcome::Retry { kind: FailureKind::ClockBehind, .. }));
    let mut silent = Server::new();
    silent.key = TsigKey::parse("hmac-sha512:home", &Secret::new("b3RoZXI=")).ok();
    let verdicts = verdict(&me(), one(), &mut silent);
    let is_read = |outcome: &Outcome| {
        matches!(outcome, Outcome::Retry { kind: FailureKind::NothingWritten, .. })
    };
    assert!(is_read(&verdicts.outcome), "{verdicts:?}");
    let mut odd = me();
    odd.account.username = "hmac-md5:home".into();
    let verdicts = verdict(&odd, one(), &mut Server::new());
    assert_eq!(verdicts.scope, Scope::Account);
    assert!(reason(&verdicts).contains("hmac-md5"), "{verdicts:?}");
    odd.account.username = "home".into();
    odd.account.password = Secret::new("hunter2 is not base64!");
    let verdicts = verdict(&odd, one(), &mut Server::new());
    assert!(
        !reason(&verdicts).contains("hunter2") && reason(&verdicts).contains("base64"),
        "{verdicts:?}"
    );
}

#[test]
fn without_a_key_messages_are_not_signed() {
    let mut open = Server { key: None, ..Server::new() };
    let nobody = me().with(|account| {
        account.username = String::new();
    });
    let mut v6 = change("home@example.com", "2001:db8::1");
    v6.record.ttl = Some(300);
    // The server takes the last additional record for the signature. An unsigned message has none.
    let (verdicts, _) = play(&nobody, job(vec![v6]), &mut open);
    assert_eq!(verdicts, [Outcome::Updated.into()]);
}

/// Something that is no name server answers, or a server that has nothing to say.
#[test]
fn an_answer_that_is_no_dns_message_is_told_as_such() {
    let mut nobody = me();
    nobody.account.username = String::new();
    for provider in [me(), nobody] {
        for reply in [Vec::new(), b"HTTP/1.1 400 Bad Request".to_vec()] {
            let job = job(vec![change("home@example.com", "192.0.2.2")]);
            let published = publish(&provider, &job, &mut Queries(|_: &Query| reply.clone()));
            let Outcome::Retry { reason, .. } = &published.verdicts[0].outcome else { panic!() };
            assert!(reason.ends_with(" is not a DNS message"), "{reason}");
        }
    }
}

proptest! {
    /// Whatever the server answers, the conversation ends with a verdict for each change, and an unsigned
    /// answer is never a success.
    #[test]
    fn nothing_that_comes_back_is_believed_unsigned(replies: Vec<Vec<u8>>, count in 1_usize..4) {
        let changes: Vec<Change> =
            (0..count).map(|i| change(&format!("h{i}.example.com"), "192.0.2.1")).collect();
        let mut replies = replies.into_iter().cycle();
        let mut queries = 0;
        let published = publish(&me(), &job(changes), &mut Queries(|_: &Query| {
            queries += 1;
            assert!(queries < 100, "it does not end");
            replies.next().unwrap_or_default()
        }));
        prop_assert_eq!(published.verdicts.len(), count);
        prop_assert!(!published.verdicts.iter().any(Verdict::is_success));
    }
}
