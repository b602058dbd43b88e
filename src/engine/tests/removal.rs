//! `remove_after`: a record whose address is lost for good.

use super::scenario::{
    DAY, HOUR, Kernel, MINUTE, Scenario, WAN, address, failed, ip, link, lost, refused, route,
    secs, web,
};
use crate::config::Source;
use crate::dns::Found;
use crate::engine::event::Event;
use crate::model::{Family, Target};
use crate::proto::netlink::{Address, AddressFlags, Message, Report};
use crate::provider::{Outcome, Scope, Verdict};
use crate::time::BUILD_TIME;

const REMOVED: &str = "remove home.example.com A";
const SENT: &str = "send home.example.com 203.0.113.1";

/// A router that reaches its provider over IPv6, too.
fn router() -> Scenario {
    Scenario::new().kernel(|k| {
        k.addresses.push(address("2001:db8::1"));
        k.routes.push(route(WAN, "fe80::ff"));
    })
}

/// Published, and to be removed ten minutes after its address went away.
fn settled() -> Scenario {
    router().with(|c| c.timing.remove_after = Some(10 * MINUTE)).settled()
}

/// What was sent since the last look, removals among it.
fn requests(s: &mut Scenario) -> Vec<String> {
    let request = |action: &String| action.starts_with("send ") || action.starts_with("remove ");
    s.actions().into_iter().filter(request).collect()
}

#[test]
fn it_is_removed_when_its_time_is_over_and_made_again_when_there_is_an_address() {
    let mut s = settled();
    s.remove("203.0.113.1");
    assert_eq!(
        s.said(),
        ["A: 'wan' has no IPv4 address; the record is removed in 10 min unless an address comes"]
    );
    s.pass(10 * MINUTE - secs(1));
    assert_eq!(requests(&mut s), [""; 0]);
    assert_eq!(s.state(), ("published", "removed in 1 s: 'wan' has no IPv4 address".into()));
    s.pass(secs(1));
    assert_eq!(s.said(), ["home.example.com A: removed, because there is no address any more"]);
    assert_eq!(s.published(), None);
    assert_eq!(s.state(), ("no-address", "'wan' has no IPv4 address".into()));
    assert_eq!(s.disk.records[0].held, Some(Target::Absent), "{:?}", s.disk.records);
    assert!(!s.disk.records[0].unconfirmed, "{:?}", s.disk.records);
    s.pass(7 * DAY);
    assert_eq!(requests(&mut s), [""; 0], "what is gone is neither removed again nor refreshed");
    // The same address is another one now.
    s.add(address("203.0.113.1"));
    s.pass(secs(1));
    assert_eq!(requests(&mut s), [SENT]);
    assert_eq!(s.published().as_deref(), Some("203.0.113.1"));
}

#[test]
fn an_address_in_time_keeps_it_and_the_time_begins_anew() {
    let mut s = settled();
    for _ in 0..5 {
        s.remove("203.0.113.1");
        s.pass(9 * MINUTE);
        s.add(address("203.0.113.1"));
    }
    s.pass(HOUR);
    assert_eq!(requests(&mut s), [""; 0]);
    s.remove("203.0.113.1");
    s.pass(9 * MINUTE);
    s.add(address("203.0.113.2"));
    s.pass(HOUR);
    assert_eq!(requests(&mut s), ["send home.example.com 203.0.113.2"]);
}

#[test]
fn without_the_option_it_stays() {
    let mut s = router().settled();
    s.remove("203.0.113.1");
    s.pass(7 * DAY);
    assert_eq!(requests(&mut s), [""; 0]);
    assert_eq!(s.published().as_deref(), Some("203.0.113.1"));
}

#[test]
fn what_was_never_published_is_not_removed() {
    let mut s = router()
        .with(|c| c.timing.remove_after = Some(MINUTE))
        .kernel(|k| k.addresses.retain(|it| it.address.is_ipv6()))
        .start();
    s.pass(DAY);
    assert_eq!(requests(&mut s), [""; 0]);
}

#[test]
fn only_what_is_certain_is_a_loss() {
    // An address that may not be published is none.
    let mut s = settled();
    s.lease("100.64.0.7");
    s.pass(10 * MINUTE);
    assert_eq!(requests(&mut s), [REMOVED]);
    // One that is about to be usable is one.
    let mut s = settled();
    s.remove("203.0.113.1");
    s.add_flagged("203.0.113.9", AddressFlags::TENTATIVE);
    s.pass(HOUR);
    assert_eq!(requests(&mut s), [""; 0]);
    // The device may go altogether, as that of a dialled line does; another one leads out.
    let mut s = settled();
    s.kernel = Kernel::default();
    s.report(Message::DelLink(WAN));
    s.kernel.links.insert(3, link(3, "lte"));
    s.kernel.addresses.push(Address { link: 3, ..address("198.51.100.7") });
    s.kernel.routes.push(route(3, "198.51.100.1"));
    s.event(Event::Kernel(Report::Lost));
    s.pass(10 * MINUTE);
    assert_eq!(requests(&mut s), [REMOVED]);
    // As long as the kernel is not known to be read, nothing is.
    let mut s = settled();
    s.remove("203.0.113.1");
    s.pass(9 * MINUTE);
    s.deaf = true;
    s.event(Event::Kernel(Report::Lost));
    s.pass(HOUR);
    assert_eq!(requests(&mut s), [""; 0]);
    s.deaf = false;
    s.event(Event::Kernel(Report::Lost));
    assert_eq!(requests(&mut s), [REMOVED], "its time was over meanwhile");
}

#[test]
fn a_page_that_does_not_answer_says_nothing() {
    let mut s = router().with(|c| {
        c.timing.remove_after = Some(MINUTE);
        c.source = web();
    });
    s.page = Some(ip("203.0.113.1"));
    let mut s = s.settled();
    s.page = None;
    s.pass(HOUR);
    s.detected(Family::V4, Err("no answer"));
    s.pass(DAY);
    assert_eq!(requests(&mut s), [""; 0]);
}

#[test]
fn a_restart_counts_anew_and_forgets_nothing() {
    let mut s = settled();
    s.remove("203.0.113.1");
    s.pass(9 * MINUTE);
    let mut s = s.restart(9 * MINUTE);
    assert_eq!(requests(&mut s), [""; 0]);
    s.pass(10 * MINUTE);
    assert_eq!(requests(&mut s), [REMOVED]);
    // Killed while it was on its way: the address that comes back is sent.
    let mut s = settled().silent();
    s.remove("203.0.113.1");
    s.pass(10 * MINUTE);
    assert_eq!(requests(&mut s), [REMOVED]);
    assert!(s.disk.records[0].unconfirmed);
    s.kernel.addresses.push(address("203.0.113.1"));
    s.provider = Some(Outcome::Updated);
    let mut s = s.restart(secs(5));
    assert_eq!(requests(&mut s), [SENT]);
}

#[test]
fn an_address_that_comes_while_it_is_removed_is_published_after_it() {
    for new in ["203.0.113.1", "203.0.113.2"] {
        let mut s = settled().silent();
        s.remove("203.0.113.1");
        s.pass(10 * MINUTE);
        s.add(address(new));
        s.pass(secs(5));
        assert_eq!(requests(&mut s), [REMOVED], "one call at most");
        s.answer(Outcome::Updated);
        s.pass(secs(5));
        assert_eq!(requests(&mut s), [format!("send home.example.com {new}")]);
    }
}

#[test]
fn a_removal_that_fails_is_tried_again_at_the_usual_pace_and_not_when_there_is_an_address() {
    for outcome in [failed(), lost()] {
        let mut s = settled();
        s.provider = Some(outcome);
        s.remove("203.0.113.1");
        s.pass(10 * MINUTE);
        assert_eq!(requests(&mut s), [REMOVED]);
        s.pass(HOUR);
        let again = requests(&mut s);
        assert!((3..10).contains(&again.len()), "{again:?}");
        assert!(again.iter().all(|it| it == REMOVED));
        s.provider = Some(Outcome::Updated);
        s.add(address("203.0.113.1"));
        s.pass(2 * HOUR);
        // Nobody knows whether it was removed.
        assert_eq!(requests(&mut s), [SENT]);
    }
}

#[test]
fn a_lost_answer_is_known_to_the_removal() {
    let mut s = settled();
    s.provider = Some(lost());
    s.lease("203.0.113.2");
    s.pass(secs(1));
    s.provider = Some(Outcome::Updated);
    s.remove("203.0.113.2");
    s.pass(HOUR);
    assert_eq!(requests(&mut s), ["send home.example.com 203.0.113.2", REMOVED]);
    let change = &s.jobs.last().unwrap().changes[0];
    assert_eq!(
        (change.previous, &change.tried),
        (Some(ip("203.0.113.1")), &vec![ip("203.0.113.2")])
    );
    // Of the first publication of all nothing else is known.
    let mut s = router().with(|c| c.timing.remove_after = Some(MINUTE));
    s.provider = Some(lost());
    let mut s = s.start();
    s.provider = Some(Outcome::Updated);
    s.remove("203.0.113.1");
    s.pass(HOUR);
    assert_eq!(requests(&mut s), [SENT, REMOVED]);
}

/// When the line comes back, its addresses do, one after the other.
#[test]
fn a_new_way_out_begins_the_time_anew() {
    for (pause, expected) in [(secs(5), vec![]), (HOUR, vec![REMOVED])] {
        let mut s = settled();
        let routes = s.kernel.routes.clone();
        s.remove("203.0.113.1");
        s.routes_down();
        s.pass(DAY);
        assert_eq!(requests(&mut s), [""; 0]);
        assert_eq!(s.word(), "no-route");
        s.route_up(routes[1].clone());
        s.pass(pause);
        assert_eq!(requests(&mut s), expected);
        s.add(address("203.0.113.1"));
        s.pass(DAY);
        assert_eq!(requests(&mut s).len(), expected.len(), "and sent again");
    }
}

/// The interface may be another one that is still dialling.
#[test]
fn another_source_begins_the_time_anew() {
    let mut s = settled();
    s.remove("203.0.113.1");
    s.pass(9 * MINUTE);
    s.reconfigure(|c| c.source = Source::Device("lte".into()));
    s.pass(9 * MINUTE);
    assert_eq!(requests(&mut s), [""; 0]);
    s.pass(MINUTE);
    assert_eq!(requests(&mut s), [REMOVED]);
}

/// netifd takes the network that it has made for the IPv6 side of a line away with the line.
#[test]
fn the_ipv6_side_of_a_line_goes_with_it() {
    let mut s = router().with(|c| {
        c.families = vec![Family::V6];
        c.source = Source::Network { v4: "wan".into(), v6: "wan6".into() };
        c.timing.remove_after = Some(10 * MINUTE);
    });
    s.network("wan", Some("wan"), &["203.0.113.1"]);
    s.network("wan_6", Some("wan"), &["2001:db8::1"]);
    let mut s = s.settled();
    assert_eq!(s.published().as_deref(), Some("2001:db8::1"));
    s.remove("2001:db8::1");
    s.netifd.as_mut().unwrap().remove("wan_6");
    s.network("wan", None, &[]);
    s.pass(10 * MINUTE);
    assert_eq!(requests(&mut s), ["remove home.example.com AAAA"]);
}

/// A token may be allowed to write and not to delete.
#[test]
fn a_refusal_of_the_removal_stops_no_address_and_is_not_kept() {
    let mut s = settled();
    s.provider = Some(refused());
    s.remove("203.0.113.1");
    s.pass(DAY);
    assert_eq!(requests(&mut s), [REMOVED]);
    assert!(s.state().1.starts_with("badauth"), "{}", s.state().1);
    assert_eq!(s.disk.records[0].refused, None);
    s.provider = Some(Outcome::Updated);
    s.add(address("203.0.113.2"));
    s.pass(secs(1));
    assert_eq!(requests(&mut s), ["send home.example.com 203.0.113.2"]);
    // One of the account counts for everything, but not for another address.
    let mut s = settled().silent();
    s.remove("203.0.113.1");
    s.pass(10 * MINUTE);
    s.answer_verdicts(vec![Verdict { outcome: refused(), scope: Scope::Account }]);
    s.add(address("203.0.113.1"));
    s.pass(HOUR);
    assert_eq!(requests(&mut s), [REMOVED]);
    s.add(address("203.0.113.2"));
    s.remove("203.0.113.1");
    s.pass(secs(1));
    assert_eq!(requests(&mut s), ["send home.example.com 203.0.113.2"]);
}

#[test]
fn what_is_there_after_a_removal_is_not_ours() {
    let mut s = settled();
    s.remove("203.0.113.1");
    s.pass(10 * MINUTE);
    let mut s = s.restart(DAY);
    s.add(address("203.0.113.2"));
    s.pass(secs(1));
    let change = s.jobs.last().unwrap().changes[0].clone();
    assert!(change.anew && change.previous.is_none(), "{change:?}");
    s.lease("203.0.113.3");
    s.pass(MINUTE);
    let change = &s.jobs.last().unwrap().changes[0];
    assert!(!change.anew && change.previous == Some(ip("203.0.113.2")), "{change:?}");
}

#[test]
fn a_lost_answer_is_known_after_a_restart() {
    let mut s = settled().silent();
    s.lease("203.0.113.2");
    s.pass(secs(1));
    s.kernel.addresses.retain(|it| it.address.is_ipv6());
    s.provider = Some(Outcome::Updated);
    let mut s = s.restart(secs(5));
    s.pass(10 * MINUTE);
    let change = &s.jobs.last().unwrap().changes[0];
    assert_eq!(change.address(), None);
    assert_eq!(
        (change.previous, &change.tried),
        (Some(ip("203.0.113.1")), &vec![ip("203.0.113.2")])
    );
}

#[test]
fn a_removal_that_was_given_up_does_not_hold_back_an_address() {
    let mut s = router().with(|c| {
        c.timing.remove_after = Some(10 * MINUTE);
        c.timing.retry_max = 1;
    });
    s = s.settled();
    s.provider = Some(failed());
    s.remove("203.0.113.1");
    s.pass(DAY);
    assert_eq!(s.word(), "given-up");
    assert_eq!(requests(&mut s), [REMOVED, REMOVED]);
    s.provider = Some(Outcome::Updated);
    s.add(address("203.0.113.1"));
    s.pass(HOUR);
    assert_eq!(requests(&mut s), [SENT]);
}

#[test]
fn what_was_looked_up_before_is_forgotten_and_looked_up_again() {
    let found = |text: &[&str]| {
        let addresses = text.iter().map(|text| ip(text)).collect();
        Some(Ok(Found { addresses, authoritative: true, ..Found::default() }))
    };
    let mut s = router().with(|c| c.timing.remove_after = Some(10 * MINUTE));
    s.dns = found(&["203.0.113.1"]);
    let mut s = s.settled();
    s.pass(MINUTE);
    let in_dns = |s: &Scenario| s.engine.status(s.now).sections[0].in_dns();
    assert_eq!((in_dns(&s), s.lookups), (vec![ip("203.0.113.1")], 1));
    s.dns = found(&[]);
    s.remove("203.0.113.1");
    s.pass(10 * MINUTE);
    assert_eq!((in_dns(&s), s.lookups), (vec![], 1));
    s.pass(DAY);
    assert_eq!((in_dns(&s), s.lookups), (vec![], 2));
    assert_eq!(requests(&mut s), [REMOVED]);
}

/// An answer of 5xx may hide a record that was made.
#[test]
fn what_may_have_been_made_is_removed() {
    let mut s = router().with(|c| c.timing.remove_after = Some(10 * MINUTE));
    s.provider = Some(failed());
    let mut s = s.start();
    s.pass(secs(1));
    s.provider = Some(Outcome::Updated);
    s.remove("203.0.113.1");
    s.pass(HOUR);
    assert_eq!(requests(&mut s), [SENT, REMOVED]);
    assert_eq!(s.jobs.last().unwrap().changes[0].tried, [ip("203.0.113.1")]);
}

#[test]
fn an_address_that_was_given_up_or_refused_does_not_keep_the_record() {
    for scope in [Scope::Address, Scope::Record] {
        let mut s = settled().silent();
        s.lease("203.0.113.2");
        s.pass(secs(5));
        s.answer_verdicts(vec![Verdict { outcome: refused(), scope }]);
        s.provider = Some(Outcome::Updated);
        s.said();
        s.remove("203.0.113.2");
        let said = s.said();
        s.pass(HOUR);
        let gone = scope == Scope::Address;
        assert_eq!(requests(&mut s).len(), usize::from(gone));
        assert_eq!(said[0].contains("is removed in 10 min"), gone, "{said:?}");
    }
    let mut s = router().with(|c| {
        c.timing.remove_after = Some(10 * MINUTE);
        c.timing.retry_max = 1;
    });
    s = s.settled();
    s.provider = Some(failed());
    s.lease("203.0.113.2");
    s.pass(HOUR);
    assert_eq!(s.word(), "given-up");
    s.provider = Some(Outcome::Updated);
    s.said();
    s.remove("203.0.113.2");
    s.pass(HOUR);
    assert_eq!(requests(&mut s), [REMOVED]);
}

#[test]
fn the_user_asks_for_an_update_of_what_is_lost() {
    let mut s = settled();
    s.remove("203.0.113.1");
    s.force();
    s.pass(9 * MINUTE);
    assert_eq!(requests(&mut s), [""; 0]);
    s.pass(MINUTE);
    assert_eq!(requests(&mut s), [REMOVED]);
    s.pass(DAY);
    assert_eq!(requests(&mut s), [""; 0]);
}

#[test]
fn each_family_for_itself() {
    let mut s = router().with(|c| {
        c.timing.remove_after = Some(MINUTE);
        c.families = vec![Family::V4, Family::V6];
    });
    s = s.settled();
    s.remove("2001:db8::1");
    s.pass(HOUR);
    assert_eq!(requests(&mut s), ["remove home.example.com AAAA"]);
    assert_eq!(s.published().as_deref(), Some("203.0.113.1"));
}

#[test]
fn who_is_stopped_removes_nothing() {
    let mut s = settled();
    s.event(Event::Stop(vec!["home".into()]));
    s.remove("203.0.113.1");
    s.pass(DAY);
    assert_eq!(requests(&mut s), [""; 0]);
    s.event(Event::Start(vec!["home".into()]));
    assert_eq!(requests(&mut s), [REMOVED]);
}

#[test]
fn a_new_configuration_counts_at_once() {
    let mut s = router().settled();
    s.remove("203.0.113.1");
    s.pass(HOUR);
    s.reconfigure(|c| c.timing.remove_after = Some(10 * MINUTE));
    assert_eq!(requests(&mut s), [REMOVED]);
}

#[test]
fn a_clock_that_is_not_set_makes_no_difference() {
    let mut s = settled();
    s.now.wall = 1000;
    s.remove("203.0.113.1");
    s.pass(10 * MINUTE);
    assert_eq!(requests(&mut s), [REMOVED]);
    s.step_clock(BUILD_TIME + 5000);
    s.pass(HOUR);
    assert_eq!(requests(&mut s), [""; 0]);
}
