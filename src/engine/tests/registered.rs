//! What is done with the address that DNS gives.

use proptest::prelude::*;

use super::scenario::*;
use crate::config::RefreshPolicy;
use crate::dns::{Dnssec, Found, Protocol};
use crate::engine::event::Event;
use crate::model::{Family, HostPort, Hostname};
use crate::provider::Outcome;

const SENT: [&str; 1] = ["home.example.com 203.0.113.1"];
const NOTHING: [&str; 0] = [];

fn found(authoritative: bool, addresses: &[&str]) -> Option<Result<Found, String>> {
    let addresses = addresses.iter().map(|text| ip(text)).collect();
    Some(Ok(Found { addresses, authoritative, ..Found::default() }))
}

fn failed_look_up() -> Option<Result<Found, String>> {
    Some(Err("no name server answers".into()))
}

/// The usual section, never sent without a reason.
fn world() -> Scenario {
    Scenario::new().with(|c| c.timing.force = RefreshPolicy::Never)
}

/// A restart long after everything was published, with this in DNS.
fn restart(dns: Option<Result<Found, String>>) -> Scenario {
    let mut s = world().settled();
    s.dns = dns;
    again(s)
}

fn again(s: Scenario) -> Scenario {
    let mut s = s.restart(HOUR);
    s.pass(DAY);
    s
}

/// What `why` says about DNS.
fn why(s: &Scenario) -> String {
    let text = s.engine.why("home", s.now, &mut |_| String::new()).unwrap();
    text.lines().find(|line| line.contains("in DNS")).unwrap().trim().into()
}

#[test]
fn a_record_that_vanished_or_was_changed_is_sent_again_once() {
    for addresses in [&[][..], &["198.51.100.7"]] {
        let mut s = restart(found(true, addresses));
        assert_eq!(s.sent(), SENT);
        s.pass(DAY);
        assert_eq!(s.sent(), NOTHING);
    }
}

#[test]
fn a_record_that_is_right_is_left_alone() {
    for addresses in [&["203.0.113.1"][..], &["198.51.100.7", "203.0.113.1"]] {
        let mut s = restart(found(true, addresses));
        assert_eq!(s.sent(), NOTHING);
    }
}

#[test]
fn the_cache_of_a_resolver_and_a_failure_change_nothing() {
    for dns in [found(false, &[]), found(false, &["198.51.100.7"]), failed_look_up()] {
        let mut s = restart(dns);
        assert_eq!(s.sent(), NOTHING);
    }
}

/// The answer of the zone's name servers as a resolver on this host judges it.
fn judged(dnssec: Dnssec) -> Option<Result<Found, String>> {
    if dnssec == Dnssec::Bogus {
        return Some(Ok(Found { dnssec, ..Found::default() }));
    }
    found(true, &["203.0.113.1"]).map(|found| found.map(|found| Found { dnssec, ..found }))
}

/// What the log says since the last look about the resolver on this host.
fn told(s: &mut Scenario) -> Vec<String> {
    let mut lines = s.said();
    lines.retain(|line| line.contains("resolver"));
    lines
}

#[test]
fn a_bogus_answer_is_told_once_and_changes_nothing() {
    let mut s = restart(judged(Dnssec::Bogus));
    let lines = told(&mut s);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("refuses the answer of home.example.com: bogus"), "{lines:?}");
    assert!(s.lookups > 2, "it may pass");
    assert!(why(&s).contains("refused the answer of home.example.com"), "{}", why(&s));
    assert!(restart(judged(Dnssec::Bogus)).sent().is_empty());
}

#[test]
fn only_a_change_of_what_the_resolver_says_is_told() {
    let mut s = restart(judged(Dnssec::Authenticated));
    assert_eq!(told(&mut s).len(), 1);
    assert!(why(&s).ends_with("; the resolver says authenticated"), "{}", why(&s));
    for (dnssec, lines) in [
        (Dnssec::Authenticated, 0),
        (Dnssec::Signed, 1),
        (Dnssec::Unknown, 0),
        (Dnssec::Authenticated, 1),
    ] {
        s.dns = judged(dnssec);
        s.routes_down();
        s.route_up(route(WAN, "203.0.113.254"));
        s.pass(DAY);
        assert_eq!(told(&mut s).len(), lines, "{dnssec:?}");
    }
}

#[test]
fn it_is_looked_up_once_and_after_a_contradiction_once_more() {
    let mut s = world().settled();
    s.lookups = 0;
    s.dns = found(true, &["203.0.113.1"]);
    let mut s = again(s);
    assert_eq!(s.lookups, 1);
    s.dns = found(true, &[]);
    let mut s = s.restart(HOUR);
    s.dns = found(true, &["203.0.113.1"]);
    s.pass(10 * MINUTE - secs(1));
    assert_eq!((s.sent().len(), s.lookups), (1, 2));
    s.pass(DAY);
    assert_eq!((s.sent().len(), s.lookups), (0, 3));
}

#[test]
fn what_sending_again_does_not_change_is_not_sent_again_after_any_restart() {
    // A proxied record; another host that holds the same name; a name server of another world.
    let mut s = restart(found(true, &["104.16.0.1", "104.16.0.2"]));
    assert_eq!(s.sent(), SENT);
    for _ in 0..3 {
        s = again(s);
        assert_eq!(s.sent(), NOTHING);
    }
    // The address changes, the proxy stays.
    s.lease("203.0.113.9");
    assert_eq!(s.sent(), ["home.example.com 203.0.113.9"]);
    assert_eq!(again(s).sent(), NOTHING);
}

#[test]
fn a_proxy_that_is_asked_for_hides_the_address_but_not_that_the_record_is_gone() {
    let proxied = |addresses: &[&str]| {
        let mut s = world().with(|c| c.record.proxied = Some(true)).settled();
        s.dns = found(true, addresses);
        again(s).sent()
    };
    assert_eq!(proxied(&["104.16.0.1"]), NOTHING);
    assert_eq!(proxied(&[]), SENT);
}

#[test]
fn where_sending_again_helped_the_next_change_by_somebody_else_counts() {
    let mut s = world().settled();
    for _ in 0..3 {
        s.dns = found(true, &["198.51.100.7"]);
        s = s.restart(HOUR);
        assert_eq!(s.sent(), SENT);
        s.dns = found(true, &["203.0.113.1"]);
        s.pass(DAY);
        assert_eq!(s.sent(), NOTHING);
    }
}

#[test]
fn what_was_accepted_in_this_run_is_not_contradicted() {
    let mut s = world();
    s.dns = found(true, &["198.51.100.7"]);
    let mut s = s.start();
    assert_eq!(s.sent(), SENT);
    s.pass(DAY);
    assert_eq!((s.sent().len(), s.lookups), (0, 2), "after ten minutes, and after an hour");
    s.reconfigure(|c| c.lookup.host = "other.example.com".into());
    s.pass(DAY);
    assert_eq!((s.sent().len(), s.lookups), (0, 3), "new options, a new look-up");
    // Sent while the look-up was on its way.
    let mut s = world().settled();
    s = s.restart(HOUR);
    let lookup = s.config.sections[0].lookup.clone();
    s.force();
    assert_eq!(s.sent(), SENT);
    let result = found(true, &[]).unwrap();
    s.event(Event::LookedUp { section: "home".into(), lookup, family: Family::V4, result });
    assert_eq!(s.sent(), NOTHING);
}

#[test]
fn what_was_published_just_before_a_restart_has_time_to_reach_the_name_servers() {
    let mut s = world().start();
    s.dns = found(true, &["198.51.100.7"]);
    let mut s = s.restart(MINUTE);
    s.pass(9 * MINUTE - secs(1));
    assert_eq!((s.sent().len(), s.lookups), (0, 0));
    assert_eq!(why(&s), "IPv4 in DNS: not looked up yet");
    s.pass(MINUTE);
    assert_eq!(s.sent(), SENT, "it had the time");
}

#[test]
fn the_answer_to_another_question_does_not_count() {
    let mut s = world().settled().restart(HOUR);
    let lookup = s.config.sections[0].lookup.clone();
    s.reconfigure(|c| c.lookup.server = Some(HostPort::parse("192.0.2.53").unwrap()));
    let result = found(true, &[]).unwrap();
    s.event(Event::LookedUp { section: "home".into(), lookup, family: Family::V4, result });
    assert_eq!(s.sent(), NOTHING);
    assert_eq!(why(&s), "IPv4 in DNS: being looked up");
}

#[test]
fn an_answer_counts_also_when_the_address_is_known_only_after_it() {
    let web = |s: Scenario| s.with(|c| c.source = web());
    let mut s = web(world());
    s.page = Some(ip("203.0.113.1"));
    let mut s = s.settled();
    s.dns = found(true, &[]);
    s.page = None;
    s.lookups = 0;
    let mut s = s.restart(HOUR);
    assert_eq!((s.sent().len(), s.lookups), (0, 1));
    s.detected(Family::V4, Ok("203.0.113.1"));
    assert_eq!(s.sent(), SENT);
}

#[test]
fn a_failed_look_up_is_tried_again_a_few_times_and_over_another_network() {
    let mut s = world().settled();
    s.dns = failed_look_up();
    s.lookups = 0;
    let mut s = s.restart(HOUR);
    s.pass(secs(59));
    assert_eq!(s.lookups, 1);
    assert_eq!(why(&s), "IPv4 in DNS: could not be looked up 59 s ago: no name server answers");
    s.pass(secs(61));
    assert_eq!(s.lookups, 2);
    s.pass(DAY);
    assert_eq!((s.sent().len(), s.lookups), (0, 5));
    s.dns = found(true, &[]);
    s.route_up(route(WAN, "203.0.113.253"));
    s.pass(HOUR);
    assert_eq!(s.sent(), SENT);
}

#[test]
fn it_is_never_in_the_way_of_a_request() {
    let mut s = world().silent().start();
    s.pass(HOUR);
    assert_eq!((s.sent().len(), s.lookups), (1, 0));
    s.answer(failed());
    assert_eq!(s.lookups, 1);
    let mut s = world().kernel(|k| k.routes.clear()).start();
    s.pass(HOUR);
    assert_eq!(s.lookups, 0, "nobody to ask");
}

#[test]
fn one_that_was_refused_is_not_sent_for_it() {
    let mut s = world().silent().start();
    s.sent();
    s.answer(refused());
    s.dns = found(true, &[]);
    let mut s = s.restart(HOUR);
    s.pass(22 * HOUR);
    assert_eq!(s.sent(), NOTHING);
}

#[test]
fn each_of_several_names_is_looked_up_unless_lookup_host_is_none_of_them() {
    let names = |names: &[&str]| names.iter().map(|n| Hostname::parse(n).unwrap()).collect();
    let several = |host: &str, list: &[&str]| {
        let s = world().with(|c| {
            c.names = names(list);
            c.lookup.host = host.into();
        });
        let mut s = s.settled();
        s.dns = found(true, &[]);
        s.lookups = 0;
        let mut s = s.restart(HOUR);
        (s.sent(), s.lookups)
    };
    let list = ["a@example.com", "b.example.com"];
    let both =
        ["a@example.com 203.0.113.1", "b.example.com 203.0.113.1"].map(str::to_owned).to_vec();
    assert_eq!(several("a.example.com", &list), (both.clone(), 2));
    assert_eq!(several("group.example.net", &list), (both, 1));
    // Two spellings of one name in DNS are two records.
    let spellings = ["c@example.com", "c.example.com"];
    let both = spellings.map(|name| format!("{name} 203.0.113.1")).to_vec();
    assert_eq!(several("c.example.com", &spellings), (both, 2));
}

#[test]
fn each_answer_is_for_the_record_whose_question_came_first() {
    let mut s = world().with(|c| {
        c.names = ["c@example.com", "c.example.com"].map(|n| Hostname::parse(n).unwrap()).to_vec();
        c.lookup.host = "c.example.com".into();
    });
    s = s.settled().restart(HOUR);
    let lookup = s.config.sections[0].lookup.clone();
    let mut answer = |addresses: &[&str]| {
        let (section, lookup) = ("home".into(), lookup.clone());
        let result = found(true, addresses).unwrap();
        s.event(Event::LookedUp { section, lookup, family: Family::V4, result });
        s.sent()
    };
    assert_eq!(answer(&[]), ["c@example.com 203.0.113.1"]);
    assert_eq!(answer(&["203.0.113.1"]), NOTHING);
}

#[test]
fn two_lines_that_hold_the_same_name_in_turn_do_not_fight() {
    let mut s = world();
    let mut second = s.config.sections[0].clone();
    second.name = "second".into();
    second.source = crate::config::Source::Device("wan2".into());
    s.config.sections.push(second);
    let mut s = s.kernel(|k| {
        k.links.insert(3, link(3, "wan2"));
        k.addresses.push(crate::proto::netlink::Address { link: 3, ..address("203.0.113.2") });
    });
    s = s.settled();
    for _ in 0..4 {
        s.dns = found(true, &["203.0.113.2"]);
        s = s.restart(HOUR);
        s.dns = found(true, &["203.0.113.1"]);
        s.pass(DAY);
        assert_eq!(s.sent(), SENT, "what the one sends is no reason for the other");
    }
}

#[test]
fn why_says_who_says_so() {
    let mut s = restart(found(true, &["203.0.113.1"]));
    let host = "IPv4 in DNS: home.example.com has";
    let own = format!("{host} 203.0.113.1 according to its zone's own name servers, 1 d 0 h ago");
    assert_eq!(why(&s), own);
    s.dns = found(false, &[]);
    s.reconfigure(|c| c.lookup.protocol = Protocol::Tcp);
    assert_eq!(why(&s), format!("{host} no address according to a resolver, 0 s ago"));
    s.reconfigure(|c| c.lookup.server = Some(HostPort::parse("ns.example:53").unwrap()));
    assert_eq!(why(&s), format!("{host} no address according to ns.example:53, 0 s ago"));
}

#[derive(Clone, Debug)]
enum Op {
    Dns(bool, bool),
    Failure,
    Restart(u64),
    Pass(u64),
    Reload,
    Options,
    Network,
    Provider(bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => any::<(bool, bool)>().prop_map(|(authority, right)| Op::Dns(authority, right)),
        1 => Just(Op::Failure),
        3 => (0..10_000_u64).prop_map(Op::Restart),
        4 => (0..10_000_u64).prop_map(Op::Pass),
        1 => Just(Op::Reload),
        1 => Just(Op::Options),
        1 => Just(Op::Network),
        1 => any::<bool>().prop_map(Op::Provider),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever DNS says, and whenever: it causes at most two accepted requests a day, and if it is never right,
    /// one in all.
    #[test]
    fn dns_makes_no_loop(ops in prop::collection::vec(op(), 0..40), may_be_right in any::<bool>()) {
        let mut s = world().settled();
        let mut accepted = Vec::new();
        for op in ops {
            match op {
                Op::Dns(authority, right) => {
                    let address = if right && may_be_right { "203.0.113.1" } else { "192.0.2.7" };
                    s.dns = found(authority, &[address]);
                }
                Op::Failure => s.dns = failed_look_up(),
                Op::Restart(seconds) => s = s.restart(secs(seconds)),
                Op::Pass(seconds) => s.pass(secs(seconds)),
                Op::Reload => s.reload(),
                Op::Options => s.reconfigure(|c| c.lookup.protocol = match c.lookup.protocol {
                    Protocol::Tcp => Protocol::Udp,
                    Protocol::Udp | Protocol::Tls => Protocol::Tcp,
                }),
                Op::Network => {
                    s.routes_down();
                    s.route_up(route(WAN, "203.0.113.254"));
                }
                Op::Provider(good) => s.provider = Some(if good { Outcome::Updated } else { refused() }),
            }
            let sent = std::mem::take(&mut s.history);
            // What is refused is tried again, once a day.
            if s.provider == Some(Outcome::Updated) {
                accepted.extend(sent.iter().map(|(at, ..)| *at));
            }
        }
        for three in accepted.windows(3) {
            prop_assert!(three[2] - three[0] >= DAY, "{accepted:?}");
        }
        prop_assert!(may_be_right || accepted.len() <= 1, "{accepted:?}");
    }
}
