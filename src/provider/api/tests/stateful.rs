//! Interfaces against imitations of their servers that keep state: whatever fails, each good name is published
//! within a few jobs and requests, and records of others stay.
//!
//! An imitation is written from the provider's documentation, and never from the program's description of the
//! same interface. It ends the test at a request that the provider does not document: another path, a member that
//! is missing or unknown, other credentials.

#![allow(clippy::wildcard_enum_match_arm, reason = "a refusal that is not named is a usual one")]

mod call;
mod clouds;
mod codes;
mod documents;
mod further;
mod ids;
mod owner;
mod server;
mod sets;
mod values;
mod zone;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use self::owner::Owner;
use self::server::{Fault, Limit, Service};
use self::zone::Refusal;

use crate::time::Duration;

/// All imitations.
fn services() -> Vec<Service> {
    [ids::ALL, codes::ALL, clouds::ALL, sets::ALL, values::ALL, documents::ALL, further::ALL]
        .concat()
}

/// Runs a scenario with each provider, and names those that fail.
fn each(scenario: impl Fn(Service)) {
    let mut failed = Vec::new();
    for service in services() {
        if catch_unwind(AssertUnwindSafe(|| scenario(service))).is_err() {
            failed.push(service.name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn each_interface_over_http_is_imitated() {
    let names: Vec<&str> = services().iter().map(|service| service.name).collect();
    for api in crate::provider::api::ALL {
        let is_http = !matches!(api.base, crate::provider::api::Base::NameServer);
        assert!(!is_http || names.contains(&api.name), "{}", api.name);
    }
}

#[test]
fn names_are_created_changed_and_removed() {
    each(|service| {
        let mut owner = Owner::new(service);
        owner.wish_good("192.0.2.9", "2001:db8::9");
        owner.publish_all(1);
        owner.wish_good("192.0.2.10", "2001:db8::a");
        owner.publish_all(1);
        // The learned ids are gone, and nothing must change.
        owner.forget();
        let writes = owner.server.writes;
        owner.wish_good("192.0.2.10", "2001:db8::a");
        owner.publish_all(1);
        assert_eq!(owner.server.writes, writes, "something was written");
        owner.remove("home", "AAAA");
        owner.remove("shared", "A");
        owner.remove("*", "A");
        owner.remove("", "A");
        owner.publish_all(1);
        // What is there now belongs to others.
        owner.wish("shared", "192.0.2.11");
        owner.wish("", "192.0.2.11");
        owner.publish_all(1);
    });
}

#[test]
fn a_bad_name_does_not_keep_good_ones() {
    each(|service| {
        for bad in [Refusal::Bad, Refusal::Server(500), Refusal::Server(503)] {
            let mut owner = Owner::new(service);
            owner.server.zone.bad = bad;
            owner.wish("bad", "192.0.2.9");
            owner.wish_good("192.0.2.9", "2001:db8::9");
            owner.wish("alias", "192.0.2.9");
            owner.publish_but(&["bad", "alias"], 4);
            owner.wish_good("192.0.2.10", "2001:db8::a");
            owner.publish_but(&["bad", "alias"], 4);
        }
    });
}

#[test]
fn a_limit_of_one_or_two_requests_at_once_is_kept() {
    each(|service| {
        let is_waited_for = matches!((service.refuse)(Refusal::Limited).0, 429 | 503);
        for burst in [1, 2] {
            let mut owner = Owner::new(service);
            let after = Duration::from_secs(2);
            // Some servers say only in the answer's body that there are too many requests. Then the job ends.
            let burst = if is_waited_for { burst } else { 7 + burst };
            owner.server.limit = Some(Limit { burst, after });
            owner.wish_good("192.0.2.9", "2001:db8::9");
            owner.publish_all(if is_waited_for { 1 } else { 24 });
        }
    });
}

#[test]
fn after_a_limit_the_rest_follows() {
    each(|service| {
        let mut owner = Owner::new(service);
        owner.server.limit = Some(Limit { burst: 8, after: Duration::from_secs(60) });
        owner.wish_good("192.0.2.9", "2001:db8::9");
        if service.name == "ovh" {
            // The last request of a job confirms all others. So with many names all are published, but it is
            // not known.
            (0..24).for_each(|_| drop(owner.publish()));
            owner.server.limit = None;
        }
        owner.publish_all(24);
    });
}

#[test]
fn a_list_in_many_pages_is_read_or_nothing_is_written() {
    each(|service| {
        for zones in [130, 1200] {
            // deSEC refuses a list of more than 500 domains, and accounts do not have as many.
            let zones = if service.name == "desec" { zones.min(400) } else { zones };
            let mut owner = Owner::new(service);
            owner.server.enlarge(zones);
            owner.wish_good("192.0.2.9", "2001:db8::9");
            let said = owner.publish();
            if owner.server.writes > 0 {
                owner.publish_all(1);
            } else {
                let is_long = |said: &String| said.contains("longer than a router can read");
                assert!(said.iter().all(is_long), "{said:?}");
            }
        }
    });
}

#[test]
fn a_write_that_is_carried_out_and_answered_with_an_error_is_not_refused_later() {
    each(|service| {
        for failed in 0..16 {
            let mut owner = Owner::new(service);
            owner.server.faults = vec![Fault::None; failed];
            owner.server.faults.push(Fault::StatusAfter(504));
            owner.wish_good("192.0.2.9", "2001:db8::9");
            owner.publish_all(3);
        }
    });
}

#[test]
fn a_write_that_is_answered_with_an_error_makes_no_record_twice() {
    each(|service| {
        for failed in 0..16 {
            let mut owner = Owner::new(service);
            owner.server.zone.takes_duplicates = true;
            owner.server.faults = vec![Fault::None; failed];
            owner.server.faults.push(Fault::StatusAfter(504));
            owner.wish_good("192.0.2.9", "2001:db8::9");
            owner.publish_all(3);
        }
    });
}

#[test]
fn a_lost_answer_leaves_only_writes_in_doubt() {
    each(|service| {
        for lost in 0..12 {
            let mut owner = Owner::new(service);
            owner.server.faults = vec![Fault::None; lost];
            owner.server.faults.push(Fault::LostAfter);
            owner.wish("home", "192.0.2.9");
            owner.wish("a", "192.0.2.9");
            let said = owner.publish();
            let is_in_doubt = said.iter().any(|said| said.starts_with("unconfirmed: "));
            // A change at Hetzner ends with questions whether it is carried out.
            let may_be_in_doubt = owner.server.has_lost_write || service.name == "hetzner";
            assert!(!is_in_doubt || may_be_in_doubt, "{lost}: {said:?}");
        }
    });
}

/// With `share`, as the engine publishes it: `home` has no address before, and `www` one of somebody else.
#[test]
fn two_owners_share_a_name_and_each_changes_only_its_own_address() {
    each(|service| {
        for account in [false, true] {
            for (host, others) in [("home", vec![]), ("www", vec!["192.0.2.1"])] {
                let with = |ours: &[&'static str]| {
                    let mut all = [&others[..], ours].concat();
                    all.sort_unstable();
                    all
                };
                let mut first = Owner::new(service);
                let mut second = Owner::new(service);
                first.wish_shared(host, "192.0.2.20", false);
                assert_eq!(first.addresses_of(host), with(&["192.0.2.20"]));
                first.hand_over(&mut second, account);
                second.wish_shared(host, "192.0.2.30", false);
                assert_eq!(second.addresses_of(host), with(&["192.0.2.20", "192.0.2.30"]));
                second.hand_over(&mut first, account);
                first.wish_shared(host, "192.0.2.21", false);
                assert_eq!(first.addresses_of(host), with(&["192.0.2.21", "192.0.2.30"]));
                first.hand_over(&mut second, account);
                second.wish_shared(host, "192.0.2.31", false);
                assert_eq!(second.addresses_of(host), with(&["192.0.2.21", "192.0.2.31"]));
                // Both have one address, and then the first gets another one.
                second.hand_over(&mut first, account);
                first.wish_shared(host, "192.0.2.31", false);
                assert_eq!(first.addresses_of(host), with(&["192.0.2.31"]));
                first.wish_shared(host, "192.0.2.22", true);
                assert_eq!(first.addresses_of(host), with(&["192.0.2.22", "192.0.2.31"]));
                first.hand_over(&mut second, account);
                second.remove(host, "A");
                assert_eq!(second.addresses_of(host), with(&["192.0.2.22"]));
                second.hand_over(&mut first, account);
                first.remove(host, "A");
                assert_eq!(first.addresses_of(host), with(&[]));
            }
        }
    });
}

#[test]
fn an_old_address_goes_also_if_the_first_answer_to_a_write_is_lost() {
    each(|service| {
        for lost in 0..6 {
            let mut owner = Owner::new(service);
            owner.server.faults = vec![Fault::None; lost];
            owner.server.faults.push(Fault::LostAfter);
            owner.wish("www", "192.0.2.9");
            owner.wish("shared", "192.0.2.9");
            owner.publish();
            owner.wish("www", "192.0.2.10");
            owner.wish("shared", "192.0.2.10");
            owner.publish_all(3);
        }
    });
}

#[test]
fn a_list_that_is_cut_is_not_taken_for_the_whole() {
    each(|service| {
        for cut in 0..8 {
            let mut owner = Owner::new(service);
            owner.server.faults = vec![Fault::None; cut];
            owner.server.faults.push(Fault::Cut);
            owner.wish_good("192.0.2.9", "2001:db8::9");
            owner.publish_all(3);
        }
    });
}

#[test]
fn wrong_credentials_stop_the_account_at_once() {
    each(|service| {
        let mut owner = Owner::new(service);
        owner.server.is_locked = true;
        owner.wish_good("192.0.2.9", "2001:db8::9");
        let said = owner.publish();
        assert!(said.iter().all(|said| said.starts_with("all: no: ")), "{said:?}");
        assert!(owner.server.requests <= 2, "{} requests", owner.server.requests);
    });
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        6 => Just(Fault::None),
        1 => prop::sample::select(vec![429, 500, 502, 503]).prop_map(Fault::Status),
        1 => prop::sample::select(vec![500, 504]).prop_map(Fault::StatusAfter),
        1 => Just(Fault::LostBefore),
        1 => Just(Fault::LostAfter),
        1 => Just(Fault::Cut),
        1 => prop::sample::select(vec![0, 1, 30]).prop_map(Fault::Limited),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_good_name_is_published_whatever_fails(
        service in prop::sample::select(services()),
        bad in prop::sample::select(vec![Refusal::Bad, Refusal::Server(500), Refusal::Server(503)]),
        faults in prop::collection::vec(fault(), 0..20),
        jobs_before_a_new_address in 0..4usize,
        removed in any::<bool>(),
        shares in any::<bool>(),
    ) {
        let mut owner = Owner::new(service);
        owner.shares = shares;
        let jobs = faults.len() + 8;
        owner.server.zone.bad = bad;
        owner.server.faults = faults;
        owner.wish("bad", "192.0.2.9");
        owner.wish_good("192.0.2.9", "2001:db8::9");
        for _ in 0..jobs_before_a_new_address {
            owner.publish();
        }
        owner.wish_good("192.0.2.10", "2001:db8::a");
        if removed {
            owner.remove("home", "A");
        }
        owner.publish_but(&["bad"], jobs);
    }
}
