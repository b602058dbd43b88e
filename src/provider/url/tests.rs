//! Whole exchanges: the requests of a job, answers to them, and the outcomes.

use super::super::tests::section;
use super::super::{Failure, FailureKind};
use super::*;
use crate::config::Section;
use crate::model::secret::Secret;
use crate::model::{Credentials, Hostname};
use crate::provider::testing::{change, first_request, verdicts_of};
use crate::provider::{Answer, Mechanism, Outcome, Urls};
use crate::time::Duration;

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

fn job_for_both_families() -> Job {
    job(&[("a.example", "192.0.2.1"), ("a.example", "2001:db8::1")])
}

/// Runs the exchange with `replies`. Returns the requests as shown, and the outcomes.
fn play(
    section: &Section,
    job: &Job,
    replies: Vec<Result<Answer, Failure>>,
) -> (Vec<String>, Vec<Outcome>) {
    let mut shown = Vec::new();
    let mut replies = replies.into_iter();
    let verdicts = verdicts_of(&section.provider, job, |request| {
        shown.push(request.shown.clone());
        replies.next().expect("one more request than replies")
    });
    assert!(replies.next().is_none(), "more replies than requests");
    (shown, verdicts.into_iter().map(|verdict| verdict.outcome).collect())
}

fn answer(body: &str) -> Result<Answer, Failure> {
    Ok(Answer { status: 200, body: body.into(), ..Answer::default() })
}

fn failure(kind: FailureKind, sent: bool) -> Result<Answer, Failure> {
    Err(Failure { kind, sent, text: "why".into() })
}

#[test]
fn each_record_has_its_own_request() {
    let section = section("dyn.example", NIC, Some("good|nochg"));
    let replies = vec![answer("good 192.0.2.1"), answer("nochg 2001:db8::1")];
    let (shown, outcomes) = play(&section, &job_for_both_families(), replies);
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
fn requests_hold_credentials_and_show_none() {
    let section = section("dyn.example", NIC, None);
    let request = first_request(&section.provider, &job_for_both_families()).unwrap();
    assert_eq!(request.method, Method::Get);
    assert_eq!(
        request.url.expose(),
        "http://d.example/nic/update?hostname=a.example&myip=192.0.2.1"
    );
    assert_eq!(
        request.url.credentials.as_ref(),
        Some(&Credentials { user: "me".into(), password: Secret::new("hunter2") })
    );
    assert!(request.secrets.contains(&Secret::new("hunter2")));
    assert!(!format!("{request:?}").contains("hunter2"));
}

#[test]
fn verdict_about_account_ends_the_job() {
    let section = section("dyn.example", NIC, Some("good|nochg"));
    for body in ["badauth", "badagent", "abuse", "!donator", "911", "wait 5m"] {
        let (shown, outcomes) = play(&section, &job_for_both_families(), vec![answer(body)]);
        assert_eq!(shown.len(), 1, "{body}");
        assert!(outcomes.len() == 2 && outcomes[0] == outcomes[1], "{body}");
    }
    for body in ["nohost", "!yours", "interval", "nonsense"] {
        let (_, outcomes) =
            play(&section, &job_for_both_families(), vec![answer(body), answer("good")]);
        assert_eq!(outcomes[1], Outcome::Updated, "{body}");
    }
}

#[test]
fn throttling_ends_the_job() {
    let section = section("dyn.example", NIC, Some("good|nochg"));
    let minute = Duration::from_secs(60);
    for (status, retry_after, expected) in [(429, None, minute * 5), (503, Some(minute), minute)] {
        let answer = Answer { status, retry_after, ..Answer::default() };
        let (_, outcomes) = play(&section, &job_for_both_families(), vec![Ok(answer)]);
        assert_eq!(outcomes.len(), 2);
        for outcome in outcomes {
            let Outcome::Retry { after, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(after, Some(expected));
        }
    }
}

#[test]
fn failed_transport_ends_the_job_and_leaves_one_record_unconfirmed() {
    let section = section("dyn.example", NIC, None);
    for kind in [FailureKind::NoNetwork, FailureKind::ClockBehind, FailureKind::Other] {
        let (_, outcomes) = play(&section, &job_for_both_families(), vec![failure(kind, false)]);
        let expected = Outcome::Retry { reason: "why".into(), after: None, kind };
        assert_eq!(outcomes, [expected.clone(), expected]);
    }
    let (_, outcomes) =
        play(&section, &job_for_both_families(), vec![failure(FailureKind::Other, true)]);
    assert!(matches!(outcomes[0], Outcome::Unconfirmed { .. }));
    assert!(matches!(outcomes[1], Outcome::Retry { .. }));
}

#[test]
fn record_without_url_is_refused_and_others_are_sent() {
    let mut section = section("dyn.example", NIC, None);
    without_v4(&mut section);
    let (shown, outcomes) = play(&section, &job_for_both_families(), vec![answer("good")]);
    assert_eq!(shown.len(), 1);
    assert!(matches!(&outcomes[0], Outcome::Refused { reason, .. } if reason.contains("IPv4")));
    assert_eq!(outcomes[1], Outcome::Updated);
    // Its own outcome stays when the exchange ends early, before its turn or after it.
    let reversed = job(&[("a.example", "2001:db8::1"), ("a.example", "192.0.2.1")]);
    let (_, outcomes) = play(&section, &reversed, vec![answer("911")]);
    assert!(matches!(outcomes[0], Outcome::Retry { .. }));
    assert!(matches!(outcomes[1], Outcome::Refused { .. }));
}

#[test]
fn unusable_definitions_are_refused_without_a_request() {
    for (url, answer) in [("ftp://d.example/", None), (NIC, Some("(good")), ("x.sh", None)] {
        let section = section("dyn.example", url, answer);
        let (shown, outcomes) = play(&section, &job_for_both_families(), vec![]);
        assert!(shown.is_empty());
        assert!(matches!(outcomes[0], Outcome::Refused { .. }), "{url}");
    }
}

#[test]
fn own_server_with_path_of_dyndns2_may_answer_anything() {
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
            let (_, outcomes) = play(&section("custom", url, None), &one, vec![answer(body)]);
            let shown = format!("{:?}", outcomes[0]);
            assert!(shown.starts_with(expected), "{url} {body}: {shown}");
        }
    }
    let (_, outcomes) = play(&section("dyn.example", NIC, None), &one, vec![answer("OK")]);
    assert!(matches!(outcomes[0], Outcome::Retry { .. }), "a definition with that path is dyndns2");
}

#[test]
fn echoed_address_is_compared_even_if_url_names_none() {
    let one = job(&[("a.example", "192.0.2.1")]);
    let url = "http://d.example/nic/update?hostname=[DOMAIN]";
    for url in [NIC, url] {
        let echo = vec![answer("good 192.0.2.2")];
        let (_, outcomes) = play(&section("x", url, Some("good")), &one, echo);
        assert!(matches!(outcomes[0], Outcome::Retry { .. }), "{url}");
    }
    let (_, outcomes) =
        play(&section("x", url, Some("good")), &one, vec![answer("good 192.0.2.1")]);
    assert_eq!(outcomes, [Outcome::Updated]);
}

const BOTH: &str = "http://d.example/nic/update?h=[DOMAIN]&myip=[IP4],[IP6]";

/// A section with a URL for both families at once.
fn section_for_both(url: &str) -> Section {
    let mut section = section("dyn.example", NIC, None);
    section.provider.mechanism = Mechanism::Url(super::super::families::urls(url).unwrap());
    section
}

#[test]
fn both_families_of_a_name_share_one_request() {
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
        let (shown, outcomes) =
            play(&section_for_both(BOTH), &three, vec![answer(body), answer("good")]);
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
fn each_family_of_a_shared_request_has_its_own_outcome() {
    for (body, v4, v6) in [
        ("good 192.0.2.9,2001:db8::1", false, true),
        ("good 192.0.2.1,2001:db8::9", true, false),
        ("good 192.0.2.9\nnochg 2001:db8::9", false, false),
        ("good 192.0.2.1\n911", false, false),
        ("good 192.0.2.1 2001:db8::1 2001:db8::2", true, true),
    ] {
        let (_, outcomes) =
            play(&section_for_both(BOTH), &job_for_both_families(), vec![answer(body)]);
        let [for_v4, for_v6] = outcomes.as_slice() else { panic!("{outcomes:?}") };
        assert_eq!(!matches!(for_v4, Outcome::Retry { .. }), v4, "{body}: {outcomes:?}");
        assert_eq!(!matches!(for_v6, Outcome::Retry { .. }), v6, "{body}: {outcomes:?}");
    }
    let (_, outcomes) =
        play(&section_for_both(BOTH), &job_for_both_families(), vec![answer("nohost")]);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Refused { .. })));
    let (_, outcomes) = play(
        &section_for_both(BOTH),
        &job_for_both_families(),
        vec![failure(FailureKind::Other, true)],
    );
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, Outcome::Unconfirmed { .. })),
        "{outcomes:?}"
    );
}

#[test]
fn published_address_of_other_family_is_repeated() {
    let mut one = job(&[("a.example", "192.0.2.1")]);
    let section = section_for_both(BOTH);
    let alone = "http://d.example/nic/update?h=a.example&myip=192.0.2.1";
    assert_eq!(play(&section, &one, vec![answer("good")]).0, [alone]);
    one.kept = vec![published("b.example", "2001:db8::2")];
    assert_eq!(play(&section, &one, vec![answer("good")]).0, [alone]);
    one.kept.push(published("a.example", "2001:db8::1"));
    let both = format!("{alone},2001:db8::1");
    assert_eq!(play(&section, &one, vec![answer("good")]).0, [both]);
    // The URL of this provider has a place for one address only.
    let section = super::super::tests::section("x", NIC, None);
    let (shown, _) = play(&section, &one, vec![answer("good")]);
    assert!(shown[0].ends_with("myip=192.0.2.1"), "{shown:?}");
}

fn published(name: &str, address: &str) -> (Hostname, IpAddr) {
    (Hostname::parse(name).unwrap(), address.parse().unwrap())
}

/// Refusals are shown as "refused: {reason}. {advice}. …".
#[test]
fn reasons_and_advice_of_refusals_are_one_sentence_each() {
    let codes = "badauth noaccess !donator notfqdn nohost !yours !active numhost numip abuse \
                 badagent badsys badrequest badparam badop badip";
    let mut answers: Vec<_> = codes.split(' ').map(answer).collect();
    answers.push(answer("good 127.0.0.1"));
    for (status, body) in [(401, "No way."), (403, "No way."), (401, ""), (403, "")] {
        answers.push(Ok(Answer { status, body: body.into(), ..Answer::default() }));
    }
    answers.extend(["701", "708"].map(|code| answer(&format!("<ERROR CODE=\"{code}\">"))));
    let one = job(&[("a.example", "192.0.2.1")]);
    let mut outcomes: Vec<Outcome> = Vec::new();
    for answer in answers {
        outcomes.extend(play(&section("x", NIC, None), &one, vec![answer]).1);
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
fn wait_of_30_minutes_is_explained() {
    let one = job(&[("a.example", "192.0.2.1")]);
    for code in ["911", "dnserr"] {
        let (_, outcomes) = play(&section("x", NIC, None), &one, vec![answer(code)]);
        let Outcome::Retry { reason, after, .. } = &outcomes[0] else { panic!("{outcomes:?}") };
        let end = format!("({code}); waiting 30 minutes, as such providers ask");
        assert!(reason.ends_with(&end), "{reason}");
        assert_eq!(*after, Some(Duration::from_secs(1800)));
    }
}
