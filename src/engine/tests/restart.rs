//! What survives a restart, by which clock.

use super::scenario::{DAY, HOUR, MINUTE, Scenario, address, failed, lost, refused, retry, secs};
use crate::config::RefreshPolicy;
use crate::engine::Engine;
use crate::engine::event::Action;
use crate::proto::netlink::Table;
use crate::provider::{FailureKind, Outcome};
use crate::time::BUILD_TIME;

const SENT: [&str; 1] = ["home.example.com 203.0.113.1"];

#[test]
fn a_restart_without_change_does_nothing_but_look() {
    let mut s = Scenario::new().settled().restart(MINUTE);
    let dumps = Table::ALL.map(|table| format!("dump {table:?}"));
    assert_eq!(s.actions(), dumps);
    s.pass(HOUR);
    assert_eq!(s.actions(), [""; 0]);
}

#[test]
fn an_address_that_is_accepted_just_before_the_end_is_saved() {
    let mut s = Scenario::new().settled().silent();
    s.lease("203.0.113.2");
    // The daemon is told to end before it has carried out what follows from the provider's answer.
    let accepted = s.flights[0].accepted();
    s.engine.handle(accepted, s.now);
    while let Some(action) = s.engine.unsaved(s.now) {
        assert!(matches!(action, Action::Save(_)), "{action:?}");
        s.perform(action);
    }
    assert!(!s.disk.records[0].unconfirmed);
    assert_eq!(s.restart(MINUTE).sent(), [""; 0]);
}

#[test]
fn a_change_while_away_is_sent() {
    let mut s = Scenario::new().settled();
    s.kernel.addresses = vec![address("203.0.113.2")];
    let mut s = s.restart(MINUTE);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
}

#[test]
fn killed_in_the_middle_of_a_request_sends_again_even_the_old_address() {
    let mut s = Scenario::new().settled().silent();
    s.lease("203.0.113.2");
    assert!(s.disk.records[0].unconfirmed);
    s.kernel.addresses = vec![address("203.0.113.1")];
    let mut s = s.restart(secs(5));
    s.pass(secs(59));
    assert_eq!(s.sent(), [""; 0], "the provider may still be at the other one");
    s.pass(secs(1));
    assert_eq!(s.sent(), SENT);
    s.answer(Outcome::Unchanged);
    assert!(!s.disk.records[0].unconfirmed);
    assert_eq!(s.restart(secs(5)).sent(), [""; 0]);
}

#[test]
fn an_unconfirmed_request_is_remembered() {
    let mut s = Scenario::new().settled();
    s.provider = Some(lost());
    s.lease("203.0.113.2");
    s.kernel.addresses = vec![address("203.0.113.1")];
    let mut s = s.restart(secs(5));
    s.provider = Some(Outcome::Updated);
    s.pass(MINUTE);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn other_credentials_after_a_restart_mean_that_nothing_is_known() {
    for outcome in [Outcome::Updated, refused()] {
        let mut s = Scenario::new();
        s.provider = Some(outcome);
        s = s.start().with(|c| c.provider.account.username = "new".into());
        assert_eq!(s.restart(MINUTE).sent(), SENT);
    }
}

#[test]
fn the_providers_own_time_survives_a_restart() {
    for clock_is_good in [true, false] {
        let mut s = Scenario::new();
        s.provider = Some(retry(FailureKind::Other, Some(HOUR)));
        s = s.start();
        let wall = s.now.wall;
        s.provider = Some(Outcome::Updated);
        s.kernel.routes.clear();
        s.tick(MINUTE);
        if !clock_is_good {
            s.now.wall = 1000;
        }
        s = s.start();
        s.step_clock(wall + 60);
        s.route_up(super::scenario::route(2, "203.0.113.254"));
        s.pass(secs(3539));
        assert_eq!(s.sent(), [""; 0], "{clock_is_good}");
        s.pass(HOUR / 4 + secs(2));
        assert_eq!(s.sent(), SENT);
    }
}

/// The clock was wrong when a short waiting time was saved, or is wrong at the start.
#[test]
fn a_wrong_clock_makes_no_waiting_time_of_an_earlier_run_long() {
    let held = |wrong_by: u64, back_after: u64| {
        let mut s = Scenario::new();
        s.provider = Some(retry(FailureKind::Other, Some(MINUTE)));
        let right = s.now.wall;
        s.now.wall += wrong_by;
        s = s.start();
        s.provider = Some(Outcome::Updated);
        s.sent();
        s.now.wall = right - back_after;
        let mut s = s.restart(secs(5));
        s.step_clock(right + 5);
        s
    };
    let mut s = held(400 * 86_400, 0);
    assert!(s.state().1.starts_with("before the restart the provider asked to wait"));
    s.pass(10 * MINUTE);
    assert_eq!(s.sent(), SENT);
    let mut s = held(0, 20 * 3600);
    s.pass(MINUTE);
    assert_eq!(s.sent(), SENT, "the step of the clock shows how much is left");
    let mut s = held(20 * 3600, 0);
    s.pass(HOUR);
    assert_eq!((s.word(), s.sent().len()), ("held", 0));
    s.force();
    assert_eq!(s.sent(), SENT);
}

#[test]
fn a_refresh_is_due_by_the_wall_clock_across_restarts() {
    let mut s = Scenario::new().settled();
    for _ in 0..7 {
        s = s.restart(10 * HOUR);
        assert_eq!(s.sent(), [""; 0]);
    }
    s.pass(2 * HOUR);
    assert_eq!(s.sent(), SENT);
    s.pass(71 * HOUR);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn a_refresh_that_fell_due_while_away_goes_at_once() {
    let mut s = Scenario::new().settled().restart(100 * HOUR);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn a_clock_from_before_the_build_is_not_trusted() {
    let mut s = Scenario::new().settled();
    s.now.wall = 1000;
    let mut s = s.restart(MINUTE);
    s.pass(71 * HOUR);
    assert_eq!(s.sent(), [""; 0], "counted from the start");
    s.pass(HOUR);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn what_was_published_before_the_clock_was_set_is_dated_later() {
    let mut s = Scenario::new();
    s.now.wall = 1000;
    s = s.start();
    assert_eq!(s.disk.records[0].at, None);
    s.pass(HOUR);
    s.step_clock(BUILD_TIME + 500_000);
    assert_eq!(s.disk.records[0].at, Some(BUILD_TIME + 500_000 - 3600));
    s.sent();
    s.pass(71 * HOUR);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn a_clock_that_steps_back_delays_the_refresh_by_no_more_than_one_interval() {
    let mut s = Scenario::new().settled();
    let wall = s.now.wall;
    s.step_clock(wall - 900_000);
    s.pass(72 * HOUR);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn a_clock_that_steps_forward_refreshes_once() {
    let mut s = Scenario::new().settled();
    let wall = s.now.wall;
    s.step_clock(wall + 400 * 86_400);
    assert_eq!(s.sent(), SENT);
    s.step_clock(wall);
    s.pass(71 * HOUR);
    assert_eq!(s.sent(), [""; 0]);
    s.pass(HOUR);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn a_date_in_the_future_is_replaced() {
    let mut s = Scenario::new().settled();
    s.disk.records[0].at = Some(u64::MAX);
    let mut s = s.restart(MINUTE);
    assert_eq!(s.disk.records[0].at, Some(s.now.wall));
    s.pass(72 * HOUR);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn never_means_no_repeats_but_every_change() {
    let mut s = Scenario::new().with(|c| c.timing.force = RefreshPolicy::Never).settled();
    s.pass(365 * DAY);
    assert_eq!(s.actions(), [""; 0]);
    assert_eq!(s.engine.deadline(s.now), None);
    let mut s = s.restart(MINUTE);
    s.reload();
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
    s.lease("203.0.113.2");
    assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
}

#[test]
fn nothing_is_saved_without_a_change() {
    let mut s = Scenario::new().settled();
    for _ in 0..10 {
        s.add(address("203.0.113.1"));
        s.remove("203.0.113.1");
        s.add(address("203.0.113.1"));
        s.pass(MINUTE);
    }
    assert_eq!(s.logged("save").len(), 0);
}

#[test]
fn an_outage_does_not_wear_the_flash() {
    for kind in [FailureKind::NotResolved, FailureKind::Other] {
        let mut s = Scenario::new().settled();
        s.provider = Some(retry(kind, None));
        s.lease("203.0.113.2");
        s.pass(DAY);
        assert_eq!(s.logged("save").len(), 1, "{kind:?}: at the first attempt");
        s.provider = Some(Outcome::Updated);
        s.pass(2 * HOUR);
        assert_eq!(s.logged("save").len(), 1, "{kind:?}: when accepted");
    }
}

#[test]
fn a_failed_attempt_that_is_not_owed_any_more_is_forgotten_on_flash_too() {
    let mut s = Scenario::new().settled();
    s.provider = Some(retry(FailureKind::NoNetwork, None));
    s.lease("203.0.113.2");
    s.lease("203.0.113.1");
    assert!(!s.disk.records[0].unconfirmed);
    assert_eq!(s.restart(MINUTE).sent(), [""; 0]);
}

/// Some providers store an update and fail to say so.
#[test]
fn what_a_provider_could_not_answer_may_have_been_done() {
    let mut s = Scenario::new().settled();
    s.provider = Some(failed());
    s.lease("203.0.113.2");
    s.sent();
    s.provider = Some(Outcome::Updated);
    s.lease("203.0.113.1");
    s.pass(HOUR);
    assert_eq!(s.sent(), ["home.example.com 203.0.113.1"], "the provider may have the other one");
}

#[test]
fn an_engine_without_configuration_keeps_what_was_saved() {
    let s = Scenario::new().settled();
    let mut engine = Engine::new(s.disk.clone(), 7);
    assert!(engine.poll(s.now).is_none());
    assert_eq!(engine.deadline(s.now), None);
}
