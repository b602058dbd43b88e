//! Somebody else writes the record, or DNS only seems to have something else.

use proptest::prelude::*;

use super::scenario::{DAY, HOUR, MINUTE, Scenario, WAN, ip, route, secs};
use crate::config::RefreshPolicy;
use crate::dns::Found;
use crate::model::Hostname;
use crate::time::BUILD_TIME;

const OURS: &str = "203.0.113.1";
const THEIRS: &str = "198.51.100.7";
const SENT: [&str; 1] = ["home.example.com 203.0.113.1"];
const NOTHING: [&str; 0] = [];

fn found(addresses: &[&str]) -> Option<Result<Found, String>> {
    let addresses = addresses.iter().map(|text| ip(text)).collect();
    Some(Ok(Found { addresses, authoritative: true, ..Found::default() }))
}

fn world() -> Scenario {
    Scenario::new().with(|c| c.timing.force = RefreshPolicy::Never)
}

/// The name servers have what was published, and were asked.
fn seen() -> Scenario {
    let mut s = world();
    s.dns = found(&[OURS]);
    let mut s = s.settled();
    s.pass(HOUR);
    s.actions();
    s
}

/// The line comes back after an outage.
fn line_back(s: &mut Scenario) {
    s.routes_down();
    s.route_up(route(WAN, "203.0.113.254"));
}

/// Somebody else has written the record again after each of two corrections.
fn alarmed() -> Scenario {
    let mut s = seen();
    s.dns = found(&[THEIRS]);
    line_back(&mut s);
    s.pass(2 * HOUR);
    assert_eq!(s.history.len(), 2);
    s.actions();
    s
}

/// The addresses of somebody else in `status`, and when they were found.
fn foreign(s: &Scenario) -> Option<(String, u64)> {
    let record = s.engine.status(s.now).sections[0].records[0].to_json();
    let at = record.get("foreign_at")?.as_u64()?;
    Some((record.pointer("/foreign/0")?.as_str()?.to_owned(), at))
}

/// What the owner's programs were told: the word, from and to.
fn told(s: &mut Scenario) -> Vec<String> {
    let all = std::mem::take(&mut s.told_hooks);
    all.iter().map(|it| format!("{} {:?} {:?}", it.happening.word(), it.old, it.new)).collect()
}

#[test]
fn a_foreign_address_is_corrected_at_once_then_after_an_hour_and_then_left_alone() {
    let mut s = seen();
    s.dns = found(&[THEIRS]);
    assert_eq!(s.engine.deadline(s.now), None, "nobody asks while nothing happens");
    line_back(&mut s);
    assert_eq!(s.sent(), SENT);
    s.pass(HOUR - secs(1));
    assert_eq!(s.sent(), NOTHING);
    let reason = s.state().1;
    assert!(reason.contains("have 198.51.100.7, not 203.0.113.1: asked again in 1 s"), "{reason}");
    s.pass(secs(1));
    assert_eq!((s.sent(), foreign(&s)), (SENT.map(str::to_owned).to_vec(), None));
    assert_eq!(told(&mut s), NOTHING, "what is corrected is no news");
    s.pass(10 * MINUTE);
    let at = s.now.wall;
    assert!(
        s.said().last().unwrap().contains("198.51.100.7, not 203.0.113.1, after 2 corrections")
    );
    s.pass(3 * DAY);
    assert_eq!((s.sent(), s.engine.deadline(s.now)), (vec![], None));
    assert_eq!(foreign(&s), Some((THEIRS.into(), at)));
    assert_eq!(told(&mut s), ["foreign Some(203.0.113.1) Some(198.51.100.7)"]);
    let reason = s.state().1;
    assert!(reason.contains("somebody else writes this record"), "{reason}");
    assert!(
        reason.ends_with(
            "'ddns-netlink update home' sends the address again (difference found 3 d 0 h ago)"
        ),
        "{reason}"
    );
}

#[test]
fn a_record_that_was_deleted_again_and_again_is_left_alone_too() {
    let mut s = seen();
    s.dns = found(&[]);
    line_back(&mut s);
    s.pass(DAY);
    assert_eq!(s.history.len(), 2);
    assert_eq!(told(&mut s), ["foreign Some(203.0.113.1) None"]);
}

#[test]
fn the_alarm_ends_when_the_record_is_right() {
    let mut s = alarmed();
    s.dns = found(&[OURS]);
    line_back(&mut s);
    s.pass(HOUR);
    assert_eq!((s.sent(), foreign(&s)), (vec![], None));
    assert!(s.state().1.starts_with("up to date"), "{}", s.state().1);
}

#[test]
fn the_alarm_ends_when_the_owner_runs_update() {
    let mut s = alarmed();
    s.force();
    assert_eq!((s.sent().len(), foreign(&s)), (1, None));
    s.dns = found(&[OURS]);
    s.pass(HOUR);
    s.dns = found(&[THEIRS]);
    line_back(&mut s);
    s.pass(DAY);
    assert_eq!(s.sent().len(), 2, "the count begins anew");
}

#[test]
fn after_a_reload_dns_is_asked_again() {
    for (dns, is_foreign) in [(THEIRS, true), (OURS, false)] {
        let mut s = alarmed();
        s.dns = found(&[dns]);
        s.lookups = 0;
        told(&mut s);
        s.reload();
        assert_eq!((s.lookups, foreign(&s).is_some()), (1, is_foreign));
        assert_eq!((s.sent(), told(&mut s).len()), (vec![], usize::from(is_foreign)));
    }
}

#[test]
fn another_address_of_ours_is_published_in_spite_of_the_alarm() {
    let mut s = alarmed();
    s.lease("203.0.113.2");
    assert_eq!((s.sent().len(), foreign(&s)), (1, None));
    s.pass(10 * MINUTE);
    assert!(foreign(&s).is_some(), "DNS does not have the new one either");
}

#[test]
fn a_day_later_the_next_event_corrects_it_again() {
    let mut s = alarmed();
    s.pass(DAY);
    assert_eq!(s.sent(), NOTHING);
    line_back(&mut s);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn a_router_that_starts_again_and_again_corrects_twice_a_day() {
    let mut s = seen();
    s.dns = found(&[THEIRS]);
    s.history.clear();
    for _ in 0..3 * 24 * 4 {
        s = s.restart(15 * MINUTE);
        s.pass(secs(5));
    }
    assert!((5..=7).contains(&s.history.len()), "{:?}", s.history);
}

#[test]
fn an_alarm_is_told_once_however_often_the_daemon_starts() {
    let mut added = seen();
    added.dns = found(&[THEIRS, OURS]);
    line_back(&mut added);
    for (mut s, others) in [(alarmed(), &["198.51.100.9"][..]), (added, &["198.51.100.9", OURS])] {
        assert_eq!(told(&mut s).len(), 1);
        for _ in 0..4 {
            s = s.restart(MINUTE);
            s.pass(10 * MINUTE);
            assert_eq!((told(&mut s).len(), foreign(&s).unwrap().0), (0, THEIRS.into()));
        }
        s.dns = found(others);
        let mut s = s.restart(MINUTE);
        assert_eq!(told(&mut s), ["foreign Some(203.0.113.1) Some(198.51.100.9)"]);
        // The owner has removed it, and it comes back.
        s.dns = found(&[OURS]);
        line_back(&mut s);
        s.pass(10 * MINUTE);
        assert_eq!(foreign(&s), None);
        s.dns = found(others);
        let mut s = s.restart(MINUTE);
        s.pass(10 * MINUTE);
        assert_eq!(told(&mut s).len(), 1);
    }
}

#[test]
fn a_clock_that_is_behind_at_each_start_causes_no_more_corrections() {
    let mut s = alarmed();
    s.history.clear();
    for _ in 0..10 {
        let right = s.now.wall;
        s.now.wall = BUILD_TIME + 60;
        s = s.restart(MINUTE);
        s.pass(5 * MINUTE);
        s.step_clock(right + 360);
        s.pass(HOUR);
    }
    assert_eq!(s.history, []);
}

#[test]
fn corrections_in_the_future_end_a_day_after_the_clock_was_set_right() {
    let mut s = alarmed();
    s.now.wall = BUILD_TIME + 60;
    let mut s = s.restart(MINUTE);
    for pause in [HOUR, DAY - MINUTE] {
        line_back(&mut s);
        assert_eq!(s.sent(), NOTHING);
        s.pass(pause);
    }
    line_back(&mut s);
    assert_eq!(s.sent(), NOTHING, "they count from an hour after the start");
    s.pass(HOUR);
    line_back(&mut s);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn without_the_time_nothing_is_corrected() {
    let mut s = seen();
    s.dns = found(&[THEIRS]);
    s.now.wall = 0;
    let mut s = s.restart(MINUTE);
    s.pass(DAY);
    assert_eq!(s.sent(), NOTHING);
    s.step_clock(BUILD_TIME + 2_000_000);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn an_earlier_address_of_this_router_is_stale_and_not_foreign() {
    let mut s = seen();
    s.lease("203.0.113.2");
    s.sent();
    s.dns = found(&[OURS]);
    s.pass(59 * MINUTE);
    assert_eq!(s.sent(), NOTHING, "a name server may be slow");
    s.pass(MINUTE);
    let again = ["home.example.com 203.0.113.2"];
    assert_eq!(s.sent(), again);
    told(&mut s);
    s.pass(DAY);
    assert_eq!((s.sent().len(), told(&mut s)), (1, vec![]), "nothing foreign");
    let reason = s.state().1;
    assert!(reason.contains("have 203.0.113.1, which this router had until "), "{reason}");
    assert_eq!(foreign(&s), None);
}

#[test]
fn what_dns_never_showed_is_told_once_and_never_corrected() {
    // A proxy, an alias, a wildcard, an inner view of the zone.
    for addresses in [&["104.16.0.1", "104.16.0.2"][..], &["192.168.1.10"], &[]] {
        let mut s = world();
        s.dns = found(addresses);
        let mut s = s.start();
        s.pass(HOUR);
        let hidden = |text: &String| text.contains("hides it");
        assert_eq!(s.said().iter().filter(|text| hidden(text)).count(), 1);
        for _ in 0..3 {
            s = s.restart(HOUR);
            line_back(&mut s);
            s.pass(DAY);
            assert!(!s.said().iter().any(hidden), "it was told before");
        }
        assert_eq!((s.history.len(), foreign(&s)), (1, None));
        assert_eq!(told(&mut s), ["update None Some(203.0.113.1)"]);
        assert!(hidden(&s.state().1), "{}", s.state().1);
        // The owner switches the proxy off: from now on it counts.
        s.dns = found(&[OURS]);
        line_back(&mut s);
        s.pass(HOUR);
        s.dns = found(&[THEIRS]);
        line_back(&mut s);
        s.pass(MINUTE);
        assert_eq!(s.history.len(), 2);
    }
}

#[test]
fn a_private_address_among_others_hides_the_record_also_after_a_restart() {
    let mut s = world().settled();
    s.dns = found(&["104.16.0.1", "192.168.1.10"]);
    let mut s = s.restart(HOUR);
    s.pass(DAY);
    assert_eq!(s.sent(), NOTHING);
    assert!(s.state().1.contains("hides it"), "{}", s.state().1);
}

#[test]
fn dns_is_asked_after_each_refresh_and_not_in_between() {
    let mut s = Scenario::new();
    s.dns = found(&[OURS]);
    let mut s = s.settled();
    s.pass(71 * HOUR);
    assert_eq!(s.lookups, 1);
    s.pass(HOUR);
    assert_eq!(
        (s.sent().len(), s.lookups),
        (1, 2),
        "the refresh, and ten minutes later the question"
    );
}

#[test]
fn nobody_asks_if_the_owner_does_not_want_to_know() {
    let mut s = world().with(|c| c.check_foreign = false);
    s.dns = found(&[THEIRS]);
    let mut s = s.settled().restart(HOUR);
    line_back(&mut s);
    s.pass(DAY);
    assert_eq!((s.lookups, s.sent(), s.engine.deadline(s.now)), (0, vec![], None));
}

#[test]
fn a_long_ttl_is_waited_for() {
    let mut s = world().with(|c| c.record.ttl = Some(1800)).start();
    s.dns = found(&[OURS]);
    s.pass(1800_u32 * secs(1) - secs(1));
    assert_eq!(s.lookups, 0);
    s.pass(secs(1));
    assert_eq!(s.lookups, 1);
}

#[test]
fn an_address_that_somebody_adds_is_told_and_nothing_is_sent() {
    let mut s = seen();
    s.dns = found(&[THEIRS, OURS]);
    let mut s = s.restart(HOUR);
    assert_eq!(told(&mut s).pop().unwrap(), "foreign Some(203.0.113.1) Some(198.51.100.7)");
    let reason = s.state().1;
    assert!(reason.contains("have 198.51.100.7, beside 203.0.113.1: remove it"), "{reason}");
    s.pass(DAY);
    assert_eq!((s.sent(), foreign(&s).unwrap().0), (vec![], THEIRS.into()));
    // The owner's `update` takes it for right, and so does `share`.
    let mut shared = s.clone();
    shared.reconfigure(|c| c.record.share = true);
    s.force();
    s.sent();
    for mut s in [s, shared] {
        told(&mut s);
        s.pass(DAY);
        line_back(&mut s);
        s.pass(DAY);
        assert_eq!((s.sent(), foreign(&s), told(&mut s)), (vec![], None, vec![]));
    }
}

#[test]
fn what_stood_beside_ours_from_the_beginning_is_right() {
    let mut s = world();
    s.dns = found(&[THEIRS, OURS]);
    let mut s = s.settled();
    line_back(&mut s);
    s.pass(DAY);
    assert_eq!((s.sent(), foreign(&s), told(&mut s)), (vec![], None, vec![]));
}

#[test]
fn other_addresses_of_a_shared_name_are_not_foreign_but_ours_must_be_there() {
    let mut s = world().with(|c| c.record.share = true);
    s.dns = found(&[OURS, THEIRS]);
    let mut s = s.settled();
    s.pass(DAY);
    assert_eq!((s.sent().len(), foreign(&s)), (0, None));
    s.dns = found(&[THEIRS]);
    line_back(&mut s);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn each_name_of_a_section_is_compared() {
    let mut s = world().with(|c| c.names.push(Hostname::parse("second.example.com").unwrap()));
    s.dns = found(&[OURS]);
    let mut s = s.settled();
    s.pass(HOUR);
    s.dns = found(&[THEIRS]);
    line_back(&mut s);
    assert_eq!(s.sent(), [SENT[0], "second.example.com 203.0.113.1"]);
}

/// What happens to one of two routers that publish the same name.
#[derive(Clone, Debug)]
enum Op {
    Restart,
    Line,
    Nothing,
}

fn op() -> impl Strategy<Value = (usize, Op, u64)> {
    let op = prop_oneof![Just(Op::Restart), Just(Op::Line), Just(Op::Nothing)];
    (0_usize..2, op, 0_u64..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    /// Two routers with different addresses publish the same name. Whatever happens to them, neither writes more
    /// than twice a day, and in the end both leave the record alone.
    #[test]
    fn two_routers_with_the_same_name_do_not_fight(ops in prop::collection::vec(op(), 1..30)) {
        let mut routers = vec![world().start(), world().kernel(|k| k.addresses[0] = super::scenario::address("203.0.113.2")).start()];
        let mut dns = routers[1].history[0].3;
        for (who, op, minutes) in ops.into_iter().chain([(0, Op::Nothing, 4000)]) {
            routers[who] = match (op, routers[who].clone()) {
                (Op::Restart, s) => s.restart(secs(1)),
                (Op::Line, mut s) => {
                    line_back(&mut s);
                    s
                }
                (Op::Nothing, s) => s,
            };
            for _ in 0..minutes {
                for s in &mut routers {
                    let before = s.history.len();
                    s.dns = found(&[&dns.to_string()]);
                    s.pass(MINUTE);
                    if s.history.len() > before {
                        dns = s.history[before].3;
                    }
                }
            }
        }
        for s in &routers {
            for three in s.history[1..].windows(3) {
                prop_assert!(three[2].0 - three[0].0 >= DAY - MINUTE, "{:?}", s.history);
            }
            prop_assert_eq!(s.engine.deadline(s.now), None);
        }
    }
}
