//! Sections that share an account: what leaves together, and whose limits are kept together.

use proptest::prelude::*;

use super::scenario::{
    HOUR, MINUTE, Scenario, address, failed, ip, refused, retry, route, secs, section,
};
use crate::config::Section;
use crate::engine::event::{Event, Finished};
use crate::engine::pace::Bucket;
use crate::model::secret::Secret;
use crate::model::{Family, Hostname};
use crate::provider::api::{Api, Base, Publishing};
use crate::provider::{Batch, FailureKind, Outcome, Rate, Scope, Verdict};
use crate::provider::{Mechanism, Template, Urls};
use crate::time::Duration;

const BATCH: Api = Api {
    name: "batch",
    aliases: &[],
    title: "Batch",
    base: Base::Https("api.example.net"),
    needs: &[],
    batch: Batch::Account(3),
    rate: None,
    remark: "",
    publish: Publishing::CodeTogether(|_| Ok(())),
};

static FAST: Api = BATCH;
static SLOW: Api = Api { name: "slow", rate: Some(Rate { requests: 2, seconds: 120 }), ..BATCH };

/// Sections `s0`, `s1`, … of one account, a name each.
fn sections(count: usize, mechanism: &Mechanism) -> Vec<Section> {
    let named = |i| Section {
        name: format!("s{i}"),
        names: vec![Hostname::parse(&format!("h{i}.example.com")).unwrap()],
        ..section()
    };
    let with = |mut section: Section| {
        section.provider.mechanism = mechanism.clone();
        section.timing.min_interval = Duration::ZERO;
        section
    };
    (0..count).map(named).map(with).collect()
}

fn scenario(sections: Vec<Section>) -> Scenario {
    let mut s = Scenario::new();
    s.config.sections = sections;
    s.start()
}

/// All of it published long ago.
fn settled(sections: Vec<Section>) -> Scenario {
    let mut s = scenario(sections);
    s.pass(10 * MINUTE);
    s.jobs.clear();
    s.history.clear();
    s
}

fn sizes(s: &Scenario) -> Vec<usize> {
    s.jobs.iter().map(|job| job.changes.len()).collect()
}

fn both() -> Mechanism {
    let url = |url: &str| Some(Template::new(url, None));
    Mechanism::Url(Urls {
        v4: url("https://dyn.example.net/?ip=[IP]"),
        v6: url("https://dyn.example.net/?ip=[IP]"),
        both: url("https://dyn.example.net/?ip=[IP4]&ip6=[IP6]"),
    })
}

#[test]
fn what_changes_together_leaves_together_as_far_as_the_provider_takes_it() {
    assert_eq!(sizes(&scenario(sections(4, &Mechanism::Api(&FAST)))), [3, 1]);
    let mut s = settled(sections(4, &Mechanism::Api(&FAST))).silent();
    s.lease("203.0.113.2");
    assert_eq!(sizes(&s), [3], "one job of an account at a time");
    s.answer_each(vec![Outcome::Updated; 3]);
    assert_eq!(sizes(&s), [3, 1]);
    assert_eq!(s.jobs[0].changes[0].previous, Some(ip("203.0.113.1")));
}

#[test]
fn another_password_is_another_account() {
    let mut two = sections(2, &Mechanism::Api(&FAST));
    two[1].provider.account.password = crate::model::secret::Secret::new("other");
    assert_eq!(sizes(&scenario(two)), [1, 1]);
}

#[test]
fn an_account_keeps_its_limit_whatever_becomes_of_the_order_of_sections() {
    let mut all = sections(4, &Mechanism::Api(&SLOW));
    for (index, section) in all.iter_mut().enumerate() {
        section.provider.account.username = format!("u{index}");
    }
    let mut s = settled(all);
    s.sent();
    s.event(Event::Update(vec!["s2".into()]));
    assert_eq!(s.sent(), ["h2.example.com 203.0.113.1"]);
    s.config.sections.reverse();
    s.config.sections.remove(0);
    s.reload();
    s.lease("203.0.113.3");
    assert_eq!(s.sent(), ["h1.example.com 203.0.113.3", "h0.example.com 203.0.113.3"]);
    s.pass(2 * MINUTE);
    assert_eq!(s.sent(), ["h2.example.com 203.0.113.3"]);
}

#[test]
fn both_families_of_a_name_leave_together_also_from_two_sections() {
    let mut two = sections(2, &both());
    two[1].names = two[0].names.clone();
    two[1].families = vec![Family::V6];
    let mut s = Scenario::new().kernel(|kernel| {
        kernel.addresses.push(address("2001:db8::1"));
        kernel.routes.push(route(super::scenario::WAN, "fe80::ff"));
    });
    s.config.sections = two;
    let mut s = s.start();
    assert_eq!(sizes(&s), [2]);
    assert_eq!(s.history[1].1, "s1");
    s.pass(MINUTE);
    s.jobs.clear();
    s.lease("203.0.113.2");
    assert_eq!(sizes(&s), [1]);
    let name = Hostname::parse("h0.example.com").unwrap();
    assert_eq!(s.jobs[0].kept, [(name, ip("2001:db8::1"))], "what must not be wiped");
}

#[test]
fn two_requests_for_one_name_never_overlap() {
    let mut two = sections(2, &both());
    two[1].names = two[0].names.clone();
    two[1].families = vec![Family::V6];
    let mut s = Scenario::new().kernel(|k| k.routes.push(route(super::scenario::WAN, "fe80::ff")));
    s.config.sections = two;
    let mut s = s.silent().start();
    s.add(address("2001:db8::1"));
    assert_eq!(sizes(&s), [1]);
    s.answer(Outcome::Updated);
    assert_eq!(sizes(&s), [1, 1]);
}

#[test]
fn a_refusal_of_the_account_stops_all_its_sections_and_no_other() {
    let mut all = sections(4, &Mechanism::Api(&FAST));
    all[3].provider.account.username = "somebody else".into();
    let mut s = settled(all).silent();
    s.lease("203.0.113.2");
    s.answer_verdicts(vec![Verdict { outcome: refused(), scope: Scope::Account }; 3]);
    s.answer(Outcome::Updated);
    s.sent();
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0]);
    let words: Vec<_> =
        s.engine.status(s.now).sections.iter().map(|s| s.records[0].wait.word()).collect();
    assert_eq!(words, ["refused", "refused", "refused", "published"]);
}

fn url() -> Mechanism {
    let v4 = Some(Template::new("https://dyn.example.net/?ip=[IP]", None));
    Mechanism::Url(Urls { v4, v6: None, both: None })
}

#[test]
fn one_request_goes_ahead_to_an_account_that_may_not_be_accepted() {
    let mut s = scenario_silent(sections(30, &url()));
    assert_eq!(sizes(&s), [1]);
    s.answer_verdicts(vec![Verdict { outcome: refused(), scope: Scope::Account }]);
    s.pass(10 * MINUTE);
    assert_eq!(sizes(&s), [1], "a wrong password is sent once");

    let mut s = scenario_silent(sections(30, &url()));
    s.answer(Outcome::Updated);
    assert_eq!(sizes(&s).len(), 30, "once one was accepted the others go side by side");

    // One that hangs holds up nobody for long.
    let mut s = scenario_silent(sections(2, &url()));
    s.pass(secs(4));
    assert_eq!(sizes(&s).len(), 1);
    s.pass(secs(1));
    assert_eq!(sizes(&s).len(), 2);
}

/// Nobody answers.
fn scenario_silent(sections: Vec<Section>) -> Scenario {
    let mut s = Scenario::new();
    s.config.sections = sections;
    s.silent().start()
}

#[test]
fn what_the_old_account_is_told_says_nothing_of_the_new_one() {
    let wrong = || vec![Verdict { outcome: refused(), scope: Scope::Account }];
    let mut s = scenario_silent(sections(1, &url()));
    s.reconfigure(|c| c.provider.account.password = Secret::new("right"));
    s.answer_verdicts(wrong());
    assert_eq!(s.word(), "sending", "the right password is tried");
    s.answer(Outcome::Updated);
    assert_eq!(s.word(), "published");

    // A section moves to the account of another one.
    let mut two = sections(2, &url());
    two[0].provider.account.username = "somebody else".into();
    let mut s = scenario_silent(two);
    s.flights.swap(0, 1);
    s.answer(Outcome::Updated);
    let username = s.config.sections[1].provider.account.username.clone();
    s.config.sections[0].provider.account.username = username;
    s.reload();
    s.answer_verdicts(wrong());
    s.lease("203.0.113.2");
    while !s.flights.is_empty() {
        s.answer(Outcome::Updated);
    }
    let refused = |s: &Scenario| {
        let sections = s.engine.status(s.now).sections;
        sections.iter().filter(|s| s.records[0].wait.word() == "refused").count()
    };
    assert_eq!(refused(&s), 0);
}

#[test]
fn a_way_that_is_dead_does_not_hold_up_another_one() {
    let mut two = sections(2, &url());
    two[1].transport.device = Some("wan".into());
    let mut s = settled(two).silent();
    s.lease("203.0.113.2");
    s.jobs.clear();
    for _ in 0..8 {
        let failure = retry(FailureKind::Other, None);
        s.answer_verdicts(vec![Verdict { outcome: failure, scope: Scope::Account }]);
        s.pass(secs(1));
        if s.flights.front().is_some_and(|flight| flight.section == "s1") {
            s.answer(Outcome::Updated);
        }
        let status = s.engine.status(s.now).sections;
        if status[1].records[0].wait.word() == "published" {
            return;
        }
        s.pass(HOUR);
    }
    panic!("the other section was not sent");
}

#[test]
fn two_sections_of_one_name_do_not_both_make_its_record() {
    let mut two = sections(2, &Mechanism::Api(&FAST));
    two[1].names = two[0].names.clone();
    let mut s = scenario_silent(two);
    assert_eq!(sizes(&s), [1]);
    s.answer(Outcome::Updated);
    assert_eq!(sizes(&s), [1, 1]);
}

#[test]
fn a_section_that_comes_later_waits_as_long_as_the_account_must() {
    let mut s = scenario_silent(sections(1, &Mechanism::Api(&FAST)));
    let wait = retry(FailureKind::Other, Some(HOUR));
    s.answer_verdicts(vec![Verdict { outcome: wait, scope: Scope::Account }]);
    s.jobs.clear();
    s.config.sections = sections(2, &Mechanism::Api(&FAST));
    s.config.sections[0].name = "renamed".into();
    s.config.sections[1].record.ttl = Some(60);
    s.reload();
    s.pass(HOUR - MINUTE);
    assert_eq!(sizes(&s), [0; 0]);
    s.pass(MINUTE + HOUR / 4);
    assert_eq!(sizes(&s), [2]);
}

#[test]
fn every_section_of_a_refused_account_is_told_once() {
    let mut s = settled(sections(4, &Mechanism::Api(&FAST))).silent();
    s.lease("203.0.113.2");
    s.said();
    assert_eq!(sizes(&s), [3], "the fourth waits for its turn");
    s.answer_verdicts(vec![Verdict { outcome: refused(), scope: Scope::Account }; 3]);
    let said = s.said();
    assert_eq!(said.len(), 4, "{said:#?}");
    for section in 0..4 {
        let own = format!("'ddns-netlink update s{section}'");
        let told = said.iter().filter(|line| line.contains(&own));
        assert_eq!(told.count(), 1, "{said:#?}");
    }
    assert!(said.iter().all(|line| line.contains("Nothing more is sent for this account")));

    // Also where its other record was not in that request.
    let mut one = sections(1, &url());
    one[0].families = vec![Family::V4, Family::V6];
    let mut s = scenario_silent(one);
    s.said();
    s.answer_verdicts(vec![Verdict { outcome: refused(), scope: Scope::Account }]);
    let said = s.said();
    assert_eq!(said.len(), 1, "{said:#?}");
}

#[test]
fn a_waiting_time_counts_for_the_whole_account() {
    let mut s = settled(sections(4, &Mechanism::Api(&FAST))).silent();
    s.lease("203.0.113.2");
    s.jobs.clear();
    let wait = super::scenario::retry(crate::provider::FailureKind::Other, Some(10 * MINUTE));
    s.answer(wait);
    s.pass(9 * MINUTE);
    assert_eq!(sizes(&s), [0; 0], "the fourth waits, too");
    s.pass(2 * MINUTE);
    assert_eq!(sizes(&s), [3]);
}

#[test]
fn a_documented_limit_counts_for_the_whole_account_and_is_told() {
    let mut s = scenario(sections(5, &Mechanism::Api(&SLOW)));
    assert_eq!(sizes(&s), [3], "the limit is two jobs in two minutes");
    assert_eq!(s.engine.status(s.now).sections[4].records[0].wait.word(), "paced");
    s.pass(secs(119));
    assert_eq!(sizes(&s), [3]);
    s.pass(secs(1));
    assert_eq!(sizes(&s), [3, 2]);
    s.reload();
    s.lease("203.0.113.2");
    assert_eq!(sizes(&s), [3, 2], "a reload is no way around it");
}

#[test]
fn what_is_learned_survives_a_restart_and_is_forgotten_when_told() {
    let mut s = settled(sections(1, &Mechanism::Api(&FAST))).silent();
    s.lease("203.0.113.2");
    let learned = |key: &str, value: Option<&str>| (key.to_owned(), value.map(str::to_owned));
    let ended = |job, learned| {
        Event::Finished(Finished {
            job,
            verdicts: vec![Outcome::Updated.into()],
            sent_at: None,
            requests: 1,
            learned,
            request: String::new(),
            answer: String::new(),
        })
    };
    s.event(ended(1, vec![learned("zone a", Some("1")), learned("zone b", Some("2"))]));
    s = s.restart(MINUTE);
    s.lease("203.0.113.3");
    let known = &s.jobs.last().unwrap().learned;
    assert_eq!(known.get("zone a").map(String::as_str), Some("1"));
    s.event(ended(0, vec![learned("zone a", None)]));
    s.pass(MINUTE);
    s.lease("203.0.113.4");
    let known = &s.jobs.last().unwrap().learned;
    assert_eq!(known.keys().collect::<Vec<_>>(), ["zone b"]);
}

#[test]
fn a_failure_of_one_name_is_no_matter_of_the_others() {
    let mut s = settled(sections(2, &Mechanism::Api(&FAST))).silent();
    s.lease("203.0.113.2");
    s.answer_each(vec![failed(), Outcome::Updated]);
    s.pass(secs(30));
    s.sent();
    s.lease("203.0.113.3");
    assert_eq!(s.sent(), ["h1.example.com 203.0.113.3"]);
}

proptest! {
    /// Whatever is wanted when: no span of the limit's time sees more requests than it allows.
    #[test]
    fn no_sequence_of_events_exceeds_a_limit(
        requests in 1_u32..50,
        seconds in 1_u32..600,
        single in any::<bool>(),
        pauses in proptest::collection::vec(0_u64..200_000, 1..300),
    ) {
        let rate = Rate { requests, seconds };
        let mut bucket = if single { Bucket::of_single_requests(rate) } else { Bucket::of_rate(rate) };
        let (mut now, mut sent) = (Duration::from_secs(1), Vec::new());
        for pause in pauses {
            now += Duration::from_millis(pause);
            if bucket.ready_at() <= now {
                bucket.take(now);
                sent.push(now);
            }
        }
        let span = Duration::from_secs(seconds.into());
        for (i, first) in sent.iter().enumerate() {
            let within = sent[i..].iter().filter(|at| **at < *first + span).count();
            prop_assert!(within <= requests as usize, "{within} of {requests} in {seconds} s");
        }
    }
}
