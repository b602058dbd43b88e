//! What follows an answer, or the lack of one.

use super::scenario::{
    DAY, HOUR, MINUTE, Scenario, WAN, failed, ip, lost, ms, refused, retry, route, secs,
};
use crate::model::Hostname;
use crate::provider::{FailureKind, Outcome, Scope, Verdict};
use crate::time::{BUILD_TIME, Duration};

fn send(last: u8) -> String {
    format!("home.example.com 203.0.113.{last}")
}

/// A change that fails like this, and goes on failing.
fn failing(outcome: Outcome) -> Scenario {
    let mut s = Scenario::new().settled();
    s.provider = Some(outcome);
    s.lease("203.0.113.2");
    s
}

/// Times between the requests so far. Of each, up to a half is jitter.
fn pauses(s: &Scenario) -> Vec<Duration> {
    let times: Vec<_> = s.history.iter().map(|h| h.0).collect();
    times.windows(2).map(|w| w[1] - w[0]).collect()
}

#[test]
fn a_failure_is_tried_again_after_a_pause_that_doubles() {
    let mut s = failing(failed());
    s.pass(6 * HOUR);
    let expected = [60, 120, 240, 480, 900, 900, 900, 900].map(secs);
    for (pause, base) in pauses(&s).into_iter().zip(expected) {
        assert!(pause >= base && pause <= base * 2, "{pause:?} {base:?}");
    }
    assert!(s.history.len() >= 8);
}

#[test]
fn success_ends_the_back_off() {
    let mut s = failing(failed());
    s.pass(10 * MINUTE);
    s.provider = Some(Outcome::Updated);
    s.pass(HOUR / 2);
    s.sent();
    s.provider = Some(failed());
    s.lease("203.0.113.3");
    s.pass(secs(120));
    assert_eq!(s.sent(), [send(3), send(3)]);
}

#[test]
fn a_new_address_shortens_neither_the_back_off_nor_the_providers_own_time() {
    for outcome in [failed(), retry(FailureKind::Other, Some(HOUR))] {
        let mut s = failing(outcome.clone());
        s.provider = Some(Outcome::Updated);
        s.sent();
        s.lease("203.0.113.3");
        s.pass(secs(59));
        assert_eq!(s.sent(), [""; 0], "{outcome:?}");
        s.pass(2 * HOUR);
        assert_eq!(s.sent(), [send(3)]);
    }
}

#[test]
fn another_network_ends_the_back_off_but_not_the_providers_own_time() {
    for (after, expected) in [(None, 1), (Some(HOUR), 0)] {
        let mut s = failing(retry(FailureKind::Other, after));
        s.routes_down();
        s.pass(secs(10));
        s.provider = Some(Outcome::Updated);
        s.sent();
        s.route_up(route(WAN, "203.0.113.254"));
        assert_eq!(s.sent().len(), expected, "{after:?}");
    }
}

#[test]
fn force_does_not_override_the_providers_own_time() {
    let mut s = failing(retry(FailureKind::Other, Some(HOUR)));
    s.sent();
    s.force();
    assert_eq!(s.word(), "held");
    s.pass(secs(3599));
    assert_eq!(s.sent(), [""; 0]);
    s.pass(HOUR / 4);
    assert_eq!(s.sent(), [send(2)]);
}

#[test]
fn the_providers_own_time_holds_for_the_whole_account() {
    let mut s = Scenario::new().settled();
    s.provider = Some(retry(FailureKind::Other, Some(HOUR)));
    s.lease("203.0.113.2");
    s.provider = Some(Outcome::Updated);
    s.sent();
    let new = Hostname::parse("new.example.com").unwrap();
    s.reconfigure(|c| c.names.push(new));
    s.pass(secs(3500));
    assert_eq!(s.sent(), [""; 0], "a name that was just added waits too");
    s.pass(HOUR / 2);
    assert_eq!(s.sent().len(), 2);
}

#[test]
fn a_change_of_rules_ends_the_pause_after_a_failure_in_which_nothing_left() {
    let mut s = Scenario::new().settled();
    s.provider = Some(retry(FailureKind::NoNetwork, None));
    s.lease("203.0.113.2");
    s.pass(secs(5));
    assert_eq!(s.word(), "back-off");
    s.sent();
    s.provider = Some(Outcome::Updated);
    s.report(crate::proto::netlink::Message::Policy);
    assert_eq!(s.sent(), [send(2)]);
    // What the provider did is no matter of rules.
    let mut s = failing(failed());
    s.sent();
    s.pass(secs(2));
    s.report(crate::proto::netlink::Message::Policy);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn a_network_that_is_not_there_burns_nothing() {
    let mut s = Scenario::new().settled().silent();
    s.lease("203.0.113.2");
    s.routes_down();
    s.answer(retry(FailureKind::NoNetwork, None));
    s.sent();
    s.pass(HOUR);
    assert_eq!(s.word(), "no-route");
    s.route_up(route(WAN, "203.0.113.254"));
    assert_eq!(s.sent(), [send(2)]);
}

#[test]
fn a_failure_over_the_old_network_does_not_count_on_the_new_one() {
    for outcome in [lost(), retry(FailureKind::NoNetwork, None)] {
        let mut s = Scenario::new().settled().silent();
        s.lease("203.0.113.2");
        s.routes_down();
        s.lease("203.0.113.3");
        s.route_up(route(WAN, "203.0.113.254"));
        s.pass(secs(20));
        s.sent();
        s.answer(outcome.clone());
        assert_eq!(s.sent(), [send(3)], "{outcome:?}");
    }
}

#[test]
fn an_answer_counts_whatever_happens_to_addresses_meanwhile() {
    let mut s = Scenario::new().with(|c| c.timing.retry_max = 3).settled().silent();
    s.lease("203.0.113.2");
    let mut requests = 0;
    for _ in 0..300 {
        requests += s.sent().len();
        s.add(super::scenario::address("10.8.0.2"));
        s.remove("10.8.0.2");
        s.pass(secs(1));
        if !s.jobs.is_empty() {
            s.jobs.clear();
            s.answer(failed());
        }
    }
    assert!(requests <= 4, "{requests}");
}

#[test]
fn a_name_server_that_is_late_costs_seconds_and_no_attempt() {
    let mut s = Scenario::new().with(|c| c.timing.retry_max = 2).start();
    s.provider = Some(retry(FailureKind::NotResolved, None));
    s.lease("203.0.113.2");
    s.pass(2 * MINUTE);
    assert_eq!(s.word(), "back-off");
    assert!(pauses(&s).iter().skip(1).all(|pause| *pause <= secs(120)));
    s.provider = Some(failed());
    s.sent();
    while s.sent().is_empty() {
        s.pass(secs(5));
    }
    s.provider = Some(Outcome::Updated);
    s.pass(secs(120));
    assert_eq!(s.sent(), [send(2)], "the first real failure costs one base");
}

#[test]
fn a_clock_that_is_behind_is_waited_for_by_event() {
    let mut s = Scenario::new();
    s.now.wall = 1000;
    s.provider = Some(retry(FailureKind::ClockBehind, None));
    s = s.start();
    assert_eq!(s.sent(), [send(1)]);
    s.provider = Some(Outcome::Updated);
    s.pass(secs(20));
    assert_eq!(s.sent(), [""; 0]);
    s.step_clock(BUILD_TIME + 100);
    assert_eq!(s.sent(), [send(1)]);
}

#[test]
fn a_step_of_the_clock_does_not_shorten_another_back_off() {
    let mut s = failing(failed());
    s.sent();
    s.step_clock(BUILD_TIME + 2_000_000);
    s.pass(secs(59));
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn a_refusal_ends_when_credentials_or_transport_change() {
    for (user, agent, sends) in [("a", "test", 1), ("user", "new", 1), ("user", "test", 0)] {
        let mut s = failing(refused());
        s.provider = Some(Outcome::Updated);
        s.sent();
        s.reconfigure(|c| {
            c.provider.account.username = user.into();
            c.transport.user_agent = agent.into();
        });
        assert_eq!(s.sent().len(), sends, "{user} {agent}");
    }
}

#[test]
fn an_answer_that_was_lost_is_asked_for_again() {
    let mut s = failing(lost());
    s.provider = Some(Outcome::Unchanged);
    s.sent();
    s.lease("203.0.113.1");
    s.pass(secs(120));
    assert_eq!(s.sent(), [send(1)], "the provider may hold the other one");
    assert_eq!(s.published().unwrap(), "203.0.113.1");
}

#[test]
fn an_exchange_that_ends_without_outcomes_is_unconfirmed() {
    let mut s = Scenario::new().silent().start();
    s.answer_each(Vec::new());
    assert_eq!(s.word(), "back-off");
    s.pass(secs(120));
    assert_eq!(s.sent(), [send(1), send(1)]);
}

#[test]
fn given_up_after_retry_max_count_until_something_changes() {
    let give_up = || {
        let mut s = Scenario::new().with(|c| c.timing.retry_max = 1).settled();
        s.provider = Some(failed());
        s.lease("203.0.113.2");
        s.pass(DAY);
        assert_eq!((s.word(), s.sent().len()), ("given-up", 2));
        s.provider = Some(Outcome::Updated);
        s
    };
    let mut s = give_up();
    s.lease("203.0.113.3");
    assert_eq!(s.sent(), [send(3)]);
    let mut s = give_up();
    s.routes_down();
    s.route_up(route(WAN, "203.0.113.254"));
    assert_eq!(s.sent(), [send(2)]);
    let mut s = give_up();
    s.force();
    assert_eq!(s.sent(), [send(2)]);
}

#[test]
fn a_given_up_record_keeps_its_pause_when_the_address_flaps() {
    let mut s = Scenario::new().with(|c| c.timing.retry_max = 1).settled();
    s.provider = Some(failed());
    s.lease("203.0.113.2");
    s.pass(secs(120));
    assert_eq!(s.word(), "given-up");
    s.sent();
    s.lease("203.0.113.3");
    assert_eq!(s.sent(), [""; 0], "120 s after the second failure");
    s.provider = Some(Outcome::Updated);
    s.pass(secs(240));
    assert_eq!(s.sent(), [send(3)]);
}

#[test]
fn a_forced_request_that_fails_is_still_owed() {
    for outcome in [failed(), lost()] {
        let mut s = Scenario::new().settled();
        s.provider = Some(outcome);
        s.force();
        s.provider = Some(Outcome::Unchanged);
        s.pass(secs(120));
        assert_eq!(s.sent(), [send(1), send(1)]);
        s.pass(HOUR);
        assert_eq!(s.sent(), [""; 0], "once is enough");
    }
}

#[test]
fn an_address_that_is_refused_says_nothing_of_the_next() {
    let mut s = Scenario::new().settled().silent();
    s.lease("203.0.113.2");
    s.answer_verdicts(vec![Verdict { outcome: refused(), scope: Scope::Address }]);
    s.sent();
    s.pass(HOUR);
    assert_eq!((s.sent().len(), s.word()), (0, "refused"));
    s.lease("203.0.113.3");
    assert_eq!(s.sent(), [send(3)]);
    // Nor of one that came meanwhile.
    s.lease("203.0.113.4");
    s.answer_verdicts(vec![Verdict { outcome: refused(), scope: Scope::Address }]);
    s.pass(HOUR);
    assert_eq!(s.sent(), [send(4)]);
}

#[test]
fn retry_after_is_believed_for_a_day_at_most() {
    let mut s = failing(retry(FailureKind::Other, Some(Duration::MAX)));
    s.provider = Some(Outcome::Updated);
    s.sent();
    s.pass(DAY + ms(1));
    assert_eq!(s.sent(), [send(2)]);
}

#[test]
fn the_times_of_a_change_are_its_own() {
    let mut s = Scenario::new().settled().silent();
    s.lease("203.0.113.2");
    s.pass(secs(1));
    s.lease("203.0.113.3");
    s.pass(ms(40));
    s.answer(Outcome::Updated);
    s.pass(ms(10));
    s.answer(Outcome::Updated);
    let json = s.engine.status(s.now).to_json();
    let record = json.pointer("/sections/0/records/0").unwrap();
    assert_eq!(record["request_after_ms"].to_string(), "40.0");
    assert_eq!(record["accepted_after_ms"].to_string(), "50.0");
}

#[test]
fn a_refresh_is_not_timed_from_the_change_of_long_ago() {
    let mut s = Scenario::new().settled();
    s.pass(72 * HOUR);
    let said = s.logged("say ").pop().unwrap();
    assert!(said.ends_with("(request 0.0 ms, accepted 0.0 ms after the event)"), "{said}");
}

#[test]
fn a_request_from_an_address_that_is_gone_is_cut_and_the_new_address_sent_at_once() {
    let mut s = Scenario::new().silent().start();
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
    s.tick(secs(1));
    s.lease("203.0.113.2");
    assert_eq!(s.logged("cut "), ["203.0.113.1"]);
    s.answer(lost());
    assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
}

#[test]
fn tries_with_a_clock_that_is_behind_cost_no_token() {
    let mut s = Scenario::new().with(|c| c.timing.min_interval = HOUR).silent().start();
    for _ in 0..5 {
        s.answer(retry(FailureKind::ClockBehind, None));
        s.pass(30 * MINUTE);
    }
    s.answer(retry(FailureKind::ClockBehind, None));
    s.sent();
    s.step_clock(s.now.wall + 1);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"]);
}

/// The record may have the address of any request that left, also after a restart.
#[test]
fn several_lost_answers_are_known_and_so_are_they_after_a_request_that_did_not_leave() {
    let mut s = Scenario::new().settled();
    s.provider = Some(lost());
    s.lease("203.0.113.2");
    s.pass(secs(1));
    s.lease("203.0.113.3");
    s.pass(2 * MINUTE);
    s.provider = Some(retry(FailureKind::NoNetwork, None));
    s.lease("203.0.113.4");
    s.pass(10 * MINUTE);
    let mut s = s.restart(secs(5));
    s.provider = Some(Outcome::Updated);
    s.pass(HOUR);
    let tried = &s.jobs.last().unwrap().changes[0].tried;
    for address in ["203.0.113.2", "203.0.113.3"] {
        assert!(tried.contains(&ip(address)), "{tried:?}");
    }
}

/// A lost answer to a request that only reads leaves nothing in doubt.
#[test]
fn a_failure_before_anything_was_written_leaves_nothing_in_doubt() {
    let mut s = Scenario::new().settled();
    s.provider = Some(retry(FailureKind::NothingWritten, None));
    s.lease("203.0.113.2");
    s.pass(secs(5));
    s.lease("203.0.113.1");
    s.provider = Some(Outcome::Updated);
    s.sent();
    s.pass(HOUR);
    assert_eq!(s.sent(), [""; 0], "the record still has the first address");
}
