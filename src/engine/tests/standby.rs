//! Pairs of routers: one publishes, and the other one is on standby.

use std::path::PathBuf;

use super::scenario::{DAY, HOUR, Scenario, address, link, lost, ms, refused, secs, web};
use crate::config::Gate;
use crate::dns::Found;
use crate::engine::event::Event;
use crate::proto::netlink::{Address, IfIndex, Report};
use crate::provider::Outcome;

const LAN: IfIndex = 3;
/// The address of the router that publishes.
const VIRTUAL: &str = "192.0.2.1";
const OURS: &str = "203.0.113.1";
const THEIRS: &str = "198.51.100.7";

fn found(address: &str) -> Option<Result<Found, String>> {
    Some(Ok(Found {
        addresses: vec![address.parse().unwrap()],
        authoritative: true,
        ..Found::default()
    }))
}

/// A router that publishes while it has [`VIRTUAL`].
fn pair() -> Scenario {
    Scenario::new()
        .with(|s| s.gates = vec![Gate::Address(VIRTUAL.parse().unwrap())])
        .kernel(|k| _ = k.links.insert(LAN, link(LAN, "lan")))
}

/// [`VIRTUAL`] as the kernel has it on the master.
fn vip() -> Address {
    Address { link: LAN, ..address(VIRTUAL) }
}

/// The router has taken over long ago, and DNS had nothing.
fn master() -> Scenario {
    let mut s = pair().start();
    s.add(vip());
    s.pass(secs(1));
    assert_eq!((s.sent().len(), s.word()), (1, "published"));
    s.pass(HOUR);
    s.actions();
    s
}

#[test]
fn on_standby_nothing_is_sent_asked_or_looked_up() {
    for source in [None, Some(web())] {
        let mut s = pair();
        s.config.sections[0].source = source.unwrap_or(s.config.sections[0].source.clone());
        let mut s = s.start();
        assert!(s.said().iter().any(|text| text.contains("does not have 192.0.2.1")));
        s.lease("203.0.113.2");
        s.force();
        s.pass(80 * HOUR);
        let (word, reason) = s.state();
        assert_eq!(word, "standby");
        assert!(
            reason.contains("this router does not have 192.0.2.1 (only_if_address)"),
            "{reason}"
        );
        assert_eq!((s.sent().len(), s.lookups, s.questions), (0, 0, 0));
        assert_eq!(s.engine.deadline(s.now), None, "not a single wake-up");
    }
}

#[test]
fn on_take_over_nothing_is_sent_if_the_zone_has_the_address() {
    let mut s = pair().start();
    s.dns = found(OURS);
    s.add(vip());
    assert_eq!((s.sent().len(), s.lookups, s.word()), (0, 1, "published"));
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn on_take_over_the_address_is_sent_at_once_if_the_zone_has_another_one() {
    let mut s = pair().start();
    s.dns = found(THEIRS);
    s.add(vip());
    assert_eq!((s.sent(), s.word()), (vec![format!("home.example.com {OURS}")], "published"));
}

#[test]
fn what_this_router_published_before_does_not_count_on_take_over() {
    let mut s = master();
    s.remove(VIRTUAL);
    assert_eq!(s.word(), "standby");
    s.pass(HOUR);
    s.dns = found(THEIRS);
    s.add(vip());
    assert_eq!((s.sent(), s.word()), (vec![format!("home.example.com {OURS}")], "published"));
}

#[test]
fn name_servers_that_do_not_answer_delay_a_take_over_by_half_a_second() {
    for dns in [None, Some(Err("silence".into()))] {
        let mut s = pair().start();
        s.dns = dns.clone();
        s.add(vip());
        assert_eq!(s.sent().len(), usize::from(dns.is_some()), "an error is an answer");
        s.pass(ms(500));
        assert_eq!(s.word(), "published");
    }
}

#[test]
fn a_take_over_before_there_is_an_address_compares_when_it_comes() {
    let mut s = pair().kernel(|k| k.addresses.clear()).start();
    s.dns = found(OURS);
    s.add(vip());
    s.pass(HOUR);
    assert_eq!(s.word(), "no-address");
    s.lookups = 0;
    s.add(address(OURS));
    assert_eq!((s.sent().len(), s.lookups, s.word()), (0, 1, "published"));
}

#[test]
fn a_request_that_is_owed_is_dropped_with_the_address() {
    let mut s = master();
    s.provider = Some(lost());
    s.lease_beside("203.0.113.2", VIRTUAL);
    s.sent();
    s.remove(VIRTUAL);
    s.provider = Some(Outcome::Updated);
    s.pass(DAY);
    assert_eq!((s.sent().len(), s.word()), (0, "standby"));
}

#[test]
fn the_answer_to_a_request_on_its_way_does_not_count_and_is_not_repeated() {
    for outcome in [Outcome::Updated, lost()] {
        let mut s = master();
        s.provider = None;
        s.lease_beside("203.0.113.2", VIRTUAL);
        assert_eq!(s.sent().len(), 1);
        s.remove(VIRTUAL);
        s.answer(outcome);
        s.pass(HOUR);
        assert_eq!((s.sent().len(), s.word()), (0, "standby"));
        s.provider = Some(Outcome::Updated);
        s.dns = found(THEIRS);
        s.add(vip());
        assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
    }
}

#[test]
fn on_standby_nothing_is_removed() {
    let mut s = master();
    s.reconfigure(|section| section.timing.remove_after = Some(secs(60)));
    s.remove(VIRTUAL);
    s.remove(OURS);
    s.pass(DAY);
    assert_eq!((s.sent().len(), s.word()), (0, "standby"));
}

#[test]
fn after_a_restart_the_other_router_may_have_published_meanwhile() {
    let mut s = master();
    s.dns = found(THEIRS);
    let mut s = s.restart(HOUR);
    assert_eq!((s.sent().len(), s.word()), (1, "published"));
    s.dns = found(OURS);
    s.reload();
    s.pass(HOUR);
    assert_eq!((s.sent().len(), s.word()), (0, "published"), "a reload is no take-over");
}

#[test]
fn while_the_kernel_is_asked_anew_no_take_over_happens() {
    let mut s = master();
    s.deaf = true;
    s.event(Event::Kernel(Report::Lost));
    assert_eq!(s.word(), "published");
}

#[test]
fn a_file_says_whether_this_router_publishes() {
    let path = PathBuf::from("/var/run/keepalived/VI_1_INSTANCE/STATUS");
    let gate = Gate::File { path: path.clone(), word: "MASTER".into() };
    let mut s = Scenario::new().with(|s| s.gates = vec![gate]).start();
    s.dns = found(THEIRS);
    assert_eq!((s.sent().len(), s.word()), (0, "standby"));
    for (text, sent, word) in [
        (None, 0, "standby"),
        (Some("BACKUP\n"), 0, "standby"),
        (Some("MASTER\n"), 1, "published"),
        // The file is written anew.
        (Some(""), 0, "published"),
        (Some("MASTER 100"), 0, "published"),
        (Some("MASTERLY"), 0, "standby"),
    ] {
        s.event(Event::FileRead(path.clone(), text.map(str::to_owned)));
        assert_eq!((s.sent().len(), s.word()), (sent, word), "{text:?}");
    }
    let reason = s.state().1;
    assert!(reason.contains("says \"MASTERLY\", not 'MASTER' (only_if_file)"), "{reason}");
}

#[test]
fn a_late_request_of_the_other_router_is_corrected_once() {
    let mut s = pair().start();
    s.dns = found(OURS);
    s.add(vip());
    s.dns = found(THEIRS);
    s.pass(secs(600));
    assert_eq!(s.sent(), [format!("home.example.com {OURS}")]);
    s.dns = found(OURS);
    s.pass(DAY);
    assert_eq!(s.sent(), [""; 0]);
}

#[test]
fn with_a_shared_name_the_router_remembers_its_own_address() {
    let mut s = master();
    s.reconfigure(|section| section.record.share = true);
    s.pass(HOUR);
    s.sent();
    s.remove(VIRTUAL);
    s.lease("203.0.113.2");
    s.add(vip());
    assert_eq!(s.sent(), ["home.example.com 203.0.113.2"]);
    assert_eq!(s.jobs.last().unwrap().changes[0].previous, Some(OURS.parse().unwrap()));
}

#[test]
fn a_refusal_holds_over_a_restart_and_a_take_over() {
    let mut s = pair().start();
    s.provider = Some(refused());
    s.dns = found(THEIRS);
    s.add(vip());
    assert_eq!((s.sent().len(), s.word()), (1, "refused"));
    let mut s = s.restart(secs(5));
    s.pass(secs(5));
    s.remove(VIRTUAL);
    s.add(vip());
    s.pass(HOUR);
    assert_eq!((s.sent().len(), s.word()), (0, "refused"));
}

#[test]
fn a_take_over_that_sends_nothing_does_not_put_off_the_refresh() {
    let mut s = pair().start();
    s.add(vip());
    s.pass(secs(1));
    s.dns = found(OURS);
    let mut refreshes = 0;
    for _ in 0..5 {
        s = s.restart(secs(10));
        s.pass(DAY);
        refreshes += s.sent().len();
    }
    assert_eq!(refreshes, 1, "every three days");
}

#[test]
fn a_router_whose_gates_are_removed_takes_over() {
    let mut s = master();
    s.remove(VIRTUAL);
    s.dns = found(THEIRS);
    s.pass(HOUR);
    s.sent();
    s.reconfigure(|section| section.gates.clear());
    s.pass(secs(1));
    assert_eq!(s.sent(), [format!("home.example.com {OURS}")]);
}

#[test]
fn a_take_over_is_no_change_of_the_address_for_hooks_and_history() {
    let mut s = master();
    s.told_hooks.clear();
    s.dns = found(OURS);
    s.remove(VIRTUAL);
    s.add(vip());
    s.pass(HOUR);
    assert_eq!((s.word(), s.told_hooks.len(), s.engine.history("").count()), ("published", 0, 1));
    s.remove(VIRTUAL);
    s.lease("203.0.113.2");
    s.dns = found(THEIRS);
    s.add(vip());
    s.pass(HOUR);
    let [event] = &s.told_hooks[..] else { panic!("{:?}", s.told_hooks) };
    assert_eq!((event.old, event.new), (OURS.parse().ok(), "203.0.113.2".parse().ok()));
}

#[test]
fn a_start_is_no_change_of_the_address_for_hooks_although_the_router_takes_over() {
    let mut s = master();
    s.told_hooks.clear();
    s.dns = found(OURS);
    let mut s = s.restart(secs(5));
    s.pass(HOUR);
    assert_eq!((s.word(), s.told_hooks.len(), s.engine.history("").count()), ("published", 0, 1));
}
