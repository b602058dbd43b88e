//! Whole exchanges: requests out, answers in, outcomes.

use std::time::Duration;

use super::super::FailureKind;
use super::super::tests::section;
use super::*;
use crate::config::Section;
use crate::model::Credentials;
use crate::model::secret::Secret;
use crate::provider::testing::change;
use crate::provider::{Mechanism, Urls};

const NIC: &str = "http://[USERNAME]:[PASSWORD]@d.example/nic/update?hostname=[DOMAIN]&myip=[IP]";

fn job(records: &[(&str, &str)]) -> Job {
    let changes = records.iter().map(|(name, address)| change(name, address));
    Job { changes: changes.collect(), ..Job::default() }
}

fn without_v4(section: &mut Section) {
    if let Mechanism::Url(Urls { v4, .. }) = &mut section.provider.mechanism {
        *v4 = None;
    }
}

fn two() -> Job {
    job(&[("a.example", "192.0.2.1"), ("a.example", "2001:db8::1")])
}

/// Plays `replies` to the exchange; gives the requests as shown, and the outcomes.
fn play(
    section: &Section,
    job: &Job,
    replies: Vec<Result<Answer, Failure>>,
) -> (Vec<String>, Vec<Outcome>) {
    let mut exchange = UrlUpdate::new(&section.provider, job);
    let mut shown = Vec::new();
    let mut step = exchange.start();
    let mut replies = replies.into_iter();
    loop {
        match step {
            Step::Send(request) => {
                shown.push(request.shown);
                step = exchange.step(replies.next().expect("one more request than replies"));
            }
            Step::Ask(query) => panic!("{query:?}"),
            Step::Done(verdicts) => {
                assert!(replies.next().is_none(), "more replies than requests");
                let outcomes = verdicts.into_iter().map(|verdict| verdict.outcome);
                return (shown, outcomes.collect());
            }
        }
    }
}

fn says(body: &str) -> Result<Answer, Failure> {
    Ok(Answer { status: 200, body: body.into(), ..Answer::default() })
}

fn fails(kind: FailureKind, sent: bool) -> Result<Answer, Failure> {
    Err(Failure { kind, sent, text: "why".into() })
}

#[test]
fn every_record_has_a_request_of_its_own() {
    let section = section("dyn.example", NIC, Some("good|nochg"));
    let replies = vec![says("good 192.0.2.1"), says("nochg 2001:db8::1")];
    let (shown, outcomes) = play(&section, &two(), replies);
    assert_eq!(
        shown,
        [
            "http://me:***@d.example/nic/update?hostname=a.example&myip=192.0.2.1",
            "http://me:***@d.example/nic/update?hostname=a.example&myip=2001:db8::1",
        ]
    );
    assert_eq!(outcomes, [Outcome::Updated, Outcome::Unchanged]);
}

#[test]
fn requests_carry_credentials_and_show_none() {
    let section = section("dyn.example", NIC, None);
    let Step::Send(request) = UrlUpdate::new(&section.provider, &two()).start() else {
        panic!("nothing to send");
    };
    assert_eq!(request.method, Method::Get);
    assert_eq!(
        request.url.expose(),
        "http://d.example/nic/update?hostname=a.example&myip=192.0.2.1"
    );
    assert_eq!(
        request.url.credentials(),
        Some(&Credentials { user: "me".into(), password: Secret::new("hunter2") })
    );
    assert!(request.secrets.contains(&Secret::new("hunter2")));
    assert!(
        !format!("{request:?} {:?}", UrlUpdate::new(&section.provider, &two())).contains("hunter2")
    );
}

#[test]
fn what_concerns_the_account_stops_the_rest() {
    let section = section("dyn.example", NIC, Some("good|nochg"));
    for body in ["badauth", "badagent", "abuse", "!donator", "911", "wait 5m"] {
        let (shown, outcomes) = play(&section, &two(), vec![says(body)]);
        assert_eq!(shown.len(), 1, "{body}");
        assert!(outcomes.len() == 2 && outcomes[0] == outcomes[1], "{body}");
    }
    for body in ["nohost", "!yours", "interval", "nonsense"] {
        let (_, outcomes) = play(&section, &two(), vec![says(body), says("good")]);
        assert_eq!(outcomes[1], Outcome::Updated, "{body}");
    }
}

#[test]
fn throttling_stops_the_rest() {
    let section = section("dyn.example", NIC, Some("good|nochg"));
    let seconds = |secs| Some(Duration::from_secs(secs));
    for (status, retry_after, expected) in
        [(429, None, seconds(300)), (503, seconds(60), seconds(60))]
    {
        let answer = Answer { status, retry_after, ..Answer::default() };
        let (_, outcomes) = play(&section, &two(), vec![Ok(answer)]);
        let waits = |outcome: &Outcome| matches!(outcome, Outcome::Retry { after, .. } if *after == expected);
        assert!(outcomes.iter().all(waits), "{outcomes:?}");
    }
}

#[test]
fn a_failed_transport_stops_the_rest_but_only_one_is_in_doubt() {
    let section = section("dyn.example", NIC, None);
    for kind in [FailureKind::NoNetwork, FailureKind::ClockBehind, FailureKind::Other] {
        let (_, outcomes) = play(&section, &two(), vec![fails(kind, false)]);
        let expected = Outcome::Retry { reason: "why".into(), after: None, kind };
        assert_eq!(outcomes, [expected.clone(), expected]);
    }
    let (_, outcomes) = play(&section, &two(), vec![fails(FailureKind::Other, true)]);
    assert!(matches!(outcomes[0], Outcome::Unconfirmed { .. }));
    assert!(matches!(outcomes[1], Outcome::Retry { .. }));
}

#[test]
fn what_cannot_be_sent_is_refused_alone() {
    let mut section = section("dyn.example", NIC, None);
    without_v4(&mut section);
    let (shown, outcomes) = play(&section, &two(), vec![says("good")]);
    assert_eq!(shown.len(), 1);
    assert!(matches!(&outcomes[0], Outcome::Refused { reason, .. } if reason.contains("IPv4")));
    assert_eq!(outcomes[1], Outcome::Updated);
    // It keeps its own outcome when the exchange ends early, before or behind it.
    let turned = job(&[("a.example", "2001:db8::1"), ("a.example", "192.0.2.1")]);
    let (_, outcomes) = play(&section, &turned, vec![says("911")]);
    assert!(matches!(outcomes[0], Outcome::Retry { .. }));
    assert!(matches!(outcomes[1], Outcome::Refused { .. }));
}

#[test]
fn unusable_definitions_are_refused_without_a_request() {
    for (url, answer) in [("ftp://d.example/", None), (NIC, Some("(good")), ("x.sh", None)] {
        let section = section("dyn.example", url, answer);
        let (shown, outcomes) = play(&section, &two(), vec![]);
        assert!(shown.is_empty());
        assert!(matches!(outcomes[0], Outcome::Refused { .. }), "{url}");
    }
}

#[test]
fn an_own_server_need_not_speak_the_protocol_of_its_path() {
    let one = job(&[("a.example", "192.0.2.1")]);
    for url in
        [NIC, "https://d.example/v3/update?h=[DOMAIN]&ip=[IP]", "http://d.example/dyn.php?[IP]"]
    {
        for (body, expected) in [
            ("OK", "Updated"),
            ("", "Updated"),
            ("{\"status\":\"success\"}", "Updated"),
            ("Hello\n=> Update IP to 192.0.2.1", "Updated"),
            ("nochg 192.0.2.1", "Unchanged"),
            ("good 192.0.2.2", "Retry"),
            ("badauth", "Refused"),
            ("{\"code\":\"badauth\"}", "Refused"),
            ("{\"status\":\"fail\"}", "Retry"),
            ("Access denied", "Retry"),
            ("<html><body>Please log in</body></html>", "Unconfirmed"),
        ] {
            let (_, outcomes) = play(&section("custom", url, None), &one, vec![says(body)]);
            let shown = format!("{:?}", outcomes[0]);
            assert!(shown.starts_with(expected), "{url} {body}: {shown}");
        }
    }
    let (_, outcomes) = play(&section("dyn.example", NIC, None), &one, vec![says("OK")]);
    assert!(matches!(outcomes[0], Outcome::Retry { .. }), "a definition says what it speaks");
}

#[test]
fn an_echo_is_checked_also_where_the_url_names_no_address() {
    let one = job(&[("a.example", "192.0.2.1")]);
    let echo = || vec![says("good 192.0.2.2")];
    let (_, outcomes) = play(&section("x", NIC, Some("good")), &one, echo());
    assert!(matches!(outcomes[0], Outcome::Retry { .. }));
    let url = "http://d.example/nic/update?hostname=[DOMAIN]";
    let (_, outcomes) = play(&section("x", url, Some("good")), &one, echo());
    assert!(matches!(outcomes[0], Outcome::Retry { .. }));
    let (_, outcomes) = play(&section("x", url, Some("good")), &one, vec![says("good 192.0.2.1")]);
    assert_eq!(outcomes, [Outcome::Updated]);
}

const BOTH: &str = "http://d.example/nic/update?h=[DOMAIN]&myip=[IP4],[IP6]";

fn both(url: &str) -> Section {
    let mut section = section("dyn.example", NIC, None);
    section.provider.mechanism = Mechanism::Url(super::super::families::urls(url).unwrap());
    section
}

#[test]
fn both_families_of_a_name_share_a_request() {
    let three = job(&[
        ("a.example", "2001:db8::1"),
        ("b.example", "192.0.2.2"),
        ("a.example", "192.0.2.1"),
    ]);
    let answers = [
        ("good 192.0.2.1,2001:db8::1", [Outcome::Updated, Outcome::Updated]),
        ("nochg 192.0.2.1, 2001:db8::1", [Outcome::Unchanged, Outcome::Unchanged]),
        ("good 192.0.2.1\nnochg 2001:db8::1", [Outcome::Unchanged, Outcome::Updated]),
        ("good\nnochg", [Outcome::Updated, Outcome::Updated]),
        ("good", [Outcome::Updated, Outcome::Updated]),
    ];
    for (body, [v6, v4]) in answers {
        let (shown, outcomes) = play(&both(BOTH), &three, vec![says(body), says("good")]);
        assert_eq!(
            shown,
            [
                "http://d.example/nic/update?h=a.example&myip=192.0.2.1,2001:db8::1",
                "http://d.example/nic/update?h=b.example&myip=192.0.2.2",
            ]
        );
        assert_eq!(outcomes, [v6, Outcome::Updated, v4], "{body}");
    }
}

#[test]
fn what_was_stored_of_one_family_says_nothing_about_the_other() {
    let failed = |outcome: &Outcome| matches!(outcome, Outcome::Retry { .. });
    for (body, v4, v6) in [
        ("good 192.0.2.9,2001:db8::1", false, true),
        ("good 192.0.2.1,2001:db8::9", true, false),
        ("good 192.0.2.9\nnochg 2001:db8::9", false, false),
        ("good 192.0.2.1\n911", false, false),
        ("good 192.0.2.1 2001:db8::1 2001:db8::2", true, true),
    ] {
        let (_, outcomes) = play(&both(BOTH), &two(), vec![says(body)]);
        let failures: Vec<bool> = outcomes.iter().map(failed).collect();
        assert_eq!(failures, [!v4, !v6], "{body}: {outcomes:?}");
    }
    let (_, outcomes) = play(&both(BOTH), &two(), vec![says("nohost")]);
    assert!(outcomes.iter().all(|it| matches!(it, Outcome::Refused { .. })));
    let (_, outcomes) = play(&both(BOTH), &two(), vec![fails(FailureKind::Other, true)]);
    assert!(outcomes.iter().all(|it| matches!(it, Outcome::Unconfirmed { .. })), "{outcomes:?}");
}

#[test]
fn what_is_kept_of_the_other_family_is_told_again() {
    let name = |text: &str| crate::model::Hostname::parse(text).unwrap();
    let mut one = job(&[("a.example", "192.0.2.1")]);
    let section = both(BOTH);
    let url = |job: &Job| play(&section, job, vec![says("good")]).0[0].clone();
    let alone = "http://d.example/nic/update?h=a.example&myip=192.0.2.1";
    assert_eq!(url(&one), alone);
    one.kept = vec![(name("b.example"), "2001:db8::2".parse().unwrap())];
    assert_eq!(url(&one), alone);
    one.kept.push((name("a.example"), "2001:db8::1".parse().unwrap()));
    assert_eq!(url(&one), format!("{alone},2001:db8::1"));
    // A provider that takes one at a time is told one at a time.
    let section = super::super::tests::section("x", NIC, None);
    let (shown, _) = play(&section, &one, vec![says("good")]);
    assert!(shown[0].ends_with("myip=192.0.2.1"), "{shown:?}");
}

/// They are shown as "refused: {reason}. {advice}. …".
#[test]
fn refusals_read_well() {
    let codes = "badauth noaccess !donator notfqdn nohost !yours !active numhost numip abuse \
                 badagent badsys badrequest badparam badop badip";
    let says = |status, body: &str| Answer { status, body: body.into(), ..Answer::default() };
    let mut answers: Vec<Answer> = codes.split(' ').map(|code| says(200, code)).collect();
    answers.push(says(200, "good 127.0.0.1"));
    answers.extend([401, 403].map(|status| says(status, "No way.")));
    answers.extend([401, 403].map(|status| says(status, "")));
    answers.extend(["701", "708"].map(|code| says(200, &format!("<ERROR CODE=\"{code}\">"))));
    let one = job(&[("a.example", "192.0.2.1")]);
    let mut outcomes: Vec<Outcome> = Vec::new();
    for answer in answers {
        outcomes.extend(play(&section("x", NIC, None), &one, vec![Ok(answer)]).1);
    }
    let mut none = section("dyn.example", NIC, None);
    without_v4(&mut none);
    for broken in [none, section("x", "ftp://a/", None), section("x", NIC, Some("(good"))] {
        outcomes.extend(play(&broken, &one, vec![]).1);
    }
    assert_eq!(outcomes.len(), 26);
    for outcome in outcomes {
        let Outcome::Refused { reason, advice } = outcome else { panic!("{outcome:?}") };
        for text in [&reason, &advice] {
            assert!(!text.is_empty() && !text.ends_with(['.', ' ', ';']), "{reason}. {advice}.");
        }
        assert!(!reason.contains("the provider"), "{reason}");
        assert!(!advice.contains(". "), "{advice}");
    }
}

#[test]
fn a_wait_that_nobody_asked_for_is_not_said_to_be_asked_for() {
    let one = job(&[("a.example", "192.0.2.1")]);
    for code in ["911", "dnserr"] {
        let (_, outcomes) = play(&section("x", NIC, None), &one, vec![says(code)]);
        let Outcome::Retry { reason, after, .. } = &outcomes[0] else { panic!("{outcomes:?}") };
        let end = format!("({code}); waiting 30 minutes, as such providers ask");
        assert!(reason.ends_with(&end), "{reason}");
        assert_eq!(*after, Some(Duration::from_secs(1800)));
    }
}
