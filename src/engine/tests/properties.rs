//! What holds for any order of events.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::scenario::{
    DAY, HOUR, MINUTE, Scenario, WAN, address, failed, ip, link, lost, ms, refused, retry, route,
    secs, web,
};
use crate::config::{RefreshPolicy, Timing};
use crate::engine::event::Event;
use crate::model::{Family, Hostname};
use crate::proto::netlink::{Address, AddressFlags, Message, Report, Table};
use crate::provider::{FailureKind, Outcome};
use crate::time::{BUILD_TIME, Duration};

/// Something that happens.
#[derive(Clone, Debug)]
enum Op {
    Add(u8, u32),
    Remove(u8),
    Routes(bool),
    Link(bool),
    Vanish,
    /// The same without a word of the kernel, and then the notice that something was lost.
    Hidden(u8),
    /// A dump starts, names half of it, and is given up.
    HalfDump,
    Deaf(bool),
    Answer(Outcome),
    Update,
    Stop,
    Start,
    Reload,
    Account(u8),
    Names(u8),
    Step(i64),
    Pass(u64),
    Page(u8),
}

fn text(which: u8) -> String {
    if which.is_multiple_of(2) {
        format!("203.0.113.{which}")
    } else {
        format!("2001:db8::{which:x}")
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Updated),
        1 => Just(Outcome::Unchanged),
        2 => Just(failed()),
        2 => Just(lost()),
        1 => Just(retry(FailureKind::NotResolved, None)),
        1 => Just(retry(FailureKind::NoNetwork, None)),
        1 => Just(retry(FailureKind::ClockBehind, None)),
        1 => Just(retry(FailureKind::Other, Some(10 * MINUTE))),
        1 => Just(refused()),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    use AddressFlags as F;
    let flags = prop_oneof![
        4 => Just(0),
        1 => Just(F::TENTATIVE),
        1 => Just(F::DEPRECATED),
        1 => Just(F::SECONDARY_OR_TEMPORARY),
    ];
    prop_oneof![
        6 => (0..8_u8, flags).prop_map(|(which, flags)| Op::Add(which, flags)),
        3 => (0..8_u8).prop_map(Op::Remove),
        2 => any::<bool>().prop_map(Op::Routes),
        1 => any::<bool>().prop_map(Op::Link),
        1 => Just(Op::Vanish),
        1 => (0..8_u8).prop_map(Op::Hidden),
        1 => Just(Op::HalfDump),
        1 => any::<bool>().prop_map(Op::Deaf),
        6 => outcome().prop_map(Op::Answer),
        1 => Just(Op::Update),
        1 => Just(Op::Stop),
        1 => Just(Op::Start),
        1 => Just(Op::Reload),
        1 => (0..3_u8).prop_map(Op::Account),
        1 => (0..4_u8).prop_map(Op::Names),
        1 => (-1_000_000..1_000_000_i64).prop_map(Op::Step),
        6 => prop_oneof![0..400_u64, 0..200_000_u64].prop_map(Op::Pass),
        2 => (0..8_u8).prop_map(Op::Page),
    ]
}

fn names(which: u8) -> Vec<Hostname> {
    let names: &[&str] = match which {
        0 => &["a.example.com"],
        1 => &["a.example.com", "b.example.com"],
        2 => &["b.example.com", "a.example.com"],
        _ => &["b.example.com"],
    };
    names.iter().map(|n| Hostname::parse(n).unwrap()).collect()
}

/// Both families and two names; from the device, or from a page.
fn world(from_page: bool) -> Scenario {
    let s = Scenario::new().with(|c| {
        c.names = names(1);
        c.families = vec![Family::V4, Family::V6];
        c.timing.remove_after = Some(MINUTE);
        if from_page {
            c.source = web();
        }
    });
    s.kernel(|k| k.routes.push(route(WAN, "fe80::ff"))).silent().start()
}

fn happen(s: &mut Scenario, op: Op) {
    match op {
        Op::Add(which, flags) => s.add_flagged(&text(which), flags),
        Op::Remove(which) => s.remove(&text(which)),
        Op::Routes(up) => routes(s, up),
        Op::Link(up) => {
            let mut wan = link(WAN, "wan");
            wan.up = up;
            s.kernel.links.insert(WAN, wan.clone());
            s.report(Message::NewLink(wan));
        }
        Op::Vanish => {
            s.kernel.links.clear();
            s.kernel.addresses.clear();
            s.kernel.routes.clear();
            s.report(Message::DelLink(WAN));
        }
        Op::Hidden(which) => {
            s.kernel.addresses.retain(|a| a.address != ip(&text(which)));
            s.kernel.addresses.push(address(&text(which ^ 2)));
            s.event(Event::Kernel(Report::Lost));
        }
        Op::HalfDump => {
            let begin = Event::Kernel(Report::DumpBegin(Table::Addresses));
            s.engine.handle(begin, s.now);
            s.event(Event::Kernel(Report::Lost));
        }
        Op::Deaf(deaf) => {
            s.deaf = deaf;
            s.event(Event::Kernel(Report::Lost));
        }
        Op::Answer(_) if s.flights.is_empty() => {}
        Op::Answer(outcome) => s.answer(outcome),
        Op::Update => s.force(),
        Op::Stop => s.event(Event::Stop(vec!["home".into()])),
        Op::Start => s.event(Event::Start(vec!["home".into()])),
        Op::Reload => s.reload(),
        Op::Account(which) => {
            s.reconfigure(|c| c.provider.account.username = format!("user{which}"))
        }
        Op::Names(which) => s.reconfigure(|c| c.names = names(which)),
        Op::Step(by) => {
            let wall = s.now.wall.saturating_add_signed(by);
            s.step_clock(wall);
        }
        Op::Pass(millis) => s.pass(ms(millis)),
        Op::Page(which) => s.detected(Family::of(ip(&text(which))), Ok(&text(which))),
    }
}

fn routes(s: &mut Scenario, up: bool) {
    s.routes_down();
    if up {
        s.route_up(route(WAN, "203.0.113.254"));
        s.route_up(route(WAN, "fe80::ff"));
    }
}

/// Names and families with a request on its way, and whether one has two.
fn one_call_each(s: &Scenario) -> bool {
    let flying = s.flights.iter().flat_map(|flight| {
        let changes = flight.changes.iter();
        changes.map(|c| (&flight.section, &c.name, c.family))
    });
    let all: Vec<_> = flying.collect();
    all.iter().collect::<BTreeSet<_>>().len() == all.len()
}

/// Everything works from now on: the device has one address of each family.
fn calm_down(s: &mut Scenario) {
    s.deaf = false;
    s.provider = Some(Outcome::Updated);
    s.page = Some(ip("203.0.113.200"));
    s.kernel.links.insert(WAN, link(WAN, "wan"));
    s.kernel.addresses = vec![address("203.0.113.100"), address("2001:db8::100")];
    s.kernel.routes = vec![route(WAN, "203.0.113.254"), route(WAN, "fe80::ff")];
    s.event(Event::Kernel(Report::Lost));
    while !s.flights.is_empty() {
        s.answer(Outcome::Updated);
    }
    // The answer to a question that is on its way.
    s.detected(Family::V4, Ok("203.0.113.200"));
    s.detected(Family::V6, Err("no answer"));
    if s.now.wall < BUILD_TIME {
        s.step_clock(BUILD_TIME + 1);
    }
    // Refusals wait for the user, as does a section that was stopped.
    s.event(Event::Start(Vec::new()));
    s.force();
    s.pass(2 * HOUR);
}

fn published(s: &Scenario, family: Family) -> BTreeSet<Option<String>> {
    let records = s.engine.status(s.now).sections.remove(0).records;
    let of_family = records.into_iter().filter(|r| r.family == family);
    of_family.map(|r| r.published.map(|a| a.to_string())).collect()
}

/// No more requests of one record in any window than a burst and one per interval.
fn paced(s: &Scenario, interval: Duration) -> bool {
    let keys: BTreeSet<_> = s.history.iter().map(|h| (&h.2, h.3.is_ipv4())).collect();
    keys.into_iter().all(|key| {
        let of_record = s.history.iter().filter(|h| (&h.2, h.3.is_ipv4()) == key);
        let times: Vec<Duration> = of_record.map(|h| h.0).collect();
        let window = |i: usize, j: usize| (times[j] - times[i]).as_secs() / interval.as_secs();
        (0..times.len()).all(|i| (i..times.len()).all(|j| (j - i + 1) as u64 <= 3 + window(i, j)))
    })
}

fn extreme() -> impl Strategy<Value = Timing> {
    let time = || {
        let choices = vec![0, 1, 60, u64::MAX / 2, u64::MAX];
        prop::sample::select(choices).prop_map(secs)
    };
    let force = prop_oneof![Just(RefreshPolicy::Never), time().prop_map(RefreshPolicy::Every)];
    let max = prop::sample::select(vec![0, 1, u32::MAX]);
    (time(), force, time(), max, time()).prop_map(|(check, force, retry, retry_max, min)| Timing {
        check,
        force,
        retry,
        retry_max,
        min_interval: min,
        burst: if min.is_zero() { 0 } else { 1 },
        remove_after: (retry_max > 0).then_some(retry),
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_last_desired_value_is_published_in_the_end(ops in vec(op(), 1..40)) {
        let mut s = world(false);
        for op in ops {
            happen(&mut s, op);
            prop_assert!(one_call_each(&s), "two calls for one record");
        }
        calm_down(&mut s);
        let expected = |text: &str| BTreeSet::from([Some(text.to_owned())]);
        prop_assert_eq!(published(&s, Family::V4), expected("203.0.113.100"));
        prop_assert_eq!(published(&s, Family::V6), expected("2001:db8::100"));
        s.sent();
        s.pass(12 * HOUR);
        prop_assert!(s.sent().is_empty(), "nothing more is owed");
    }

    #[test]
    fn what_a_page_says_last_is_published_in_the_end(ops in vec(op(), 1..40)) {
        let mut s = world(true);
        for op in ops {
            happen(&mut s, op);
            prop_assert!(one_call_each(&s), "two calls for one record");
        }
        calm_down(&mut s);
        let expected = BTreeSet::from([Some("203.0.113.200".to_owned())]);
        prop_assert_eq!(published(&s, Family::V4), expected);
    }

    #[test]
    fn requests_are_bounded_under_any_flapping(ops in vec(op(), 1..120)) {
        let mut s = world(false);
        s.provider = Some(Outcome::Updated);
        for op in ops {
            let other_account = matches!(op, Op::Account(_) | Op::Names(_));
            if let Op::Answer(outcome) = &op {
                let local = [FailureKind::NoNetwork, FailureKind::NotResolved];
                let is_local = local.map(|kind| retry(kind, None)).contains(outcome);
                s.provider = Some(outcome.clone()).filter(|_| !is_local).or(s.provider);
            } else if !other_account {
                happen(&mut s, op);
            }
        }
        s.pass(HOUR);
        prop_assert!(paced(&s, MINUTE), "{:?}", s.history);
    }

    #[test]
    fn waiting_is_idle(ops in vec(op(), 1..40), end in outcome()) {
        let mut s = world(false);
        for op in ops {
            happen(&mut s, op);
        }
        s.provider = Some(end);
        s.pass(MINUTE);
        let before = s.polls;
        s.pass(DAY);
        // A record that cannot be sent is tried once a minute at most, in a few steps each.
        prop_assert!(s.polls - before < 24 * 60 * 4 * 8, "{}", s.polls - before);
    }

    #[test]
    fn a_restart_at_any_moment_loses_nothing(ops in vec(op(), 1..30)) {
        let mut s = world(false);
        for op in ops {
            happen(&mut s, op);
        }
        let mut s = s.restart(secs(1));
        calm_down(&mut s);
        // A wall clock that went back makes the provider's own time last a day at most.
        s.pass(DAY);
        let expected = BTreeSet::from([Some("203.0.113.100".to_owned())]);
        prop_assert_eq!(published(&s, Family::V4), expected);
    }

    #[test]
    fn extreme_intervals_and_clocks_do_no_harm(
        timing in extreme(),
        other in extreme(),
        up in prop::sample::select(vec![0, 1, u64::from(u32::MAX)]),
        wall in prop::sample::select(vec![0, BUILD_TIME, u64::MAX]),
        ops in vec(op(), 1..30),
        from_page: bool,
    ) {
        let mut s = world(from_page).with(|c| c.timing = timing);
        s.now.up = secs(up);
        s.now.wall = wall;
        s.page = Some(ip("203.0.113.200"));
        let mut s = s.start();
        for op in ops {
            happen(&mut s, op);
        }
        s.reconfigure(|c| c.timing = other);
        for outcome in [failed(), lost(), retry(FailureKind::Other, Some(Duration::MAX))] {
            s.provider = Some(outcome);
            s.add(Address { preferred: u32::MAX - 1, ..address("203.0.113.6") });
            s.force();
            s.pass(MINUTE);
            let _ = s.engine.status(s.now).to_json();
            let far = s.now.up + 366 * DAY;
            prop_assert!(s.engine.deadline(s.now).is_none_or(|at| at < far));
        }
    }
}
