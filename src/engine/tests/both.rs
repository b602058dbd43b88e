//! Providers that take both families of a name in one request, in the two sections that
//! ddns-scripts needs for them.

use std::net::IpAddr;

use super::scenario::*;
use crate::config::Section;
use crate::model::Family;
use crate::provider::{Author, Mechanism, families, table};

const URL: &str = "https://dyn.example.net/?name=[DOMAIN]&myip=[IP4],[IP6]";

/// `home` and `home6`: the same account, name and provider, a family each.
fn two_sections(change: impl Fn(&mut Section)) -> Scenario {
    let mut s = Scenario::new().kernel(|kernel| {
        kernel.addresses.push(address("2001:db8::1"));
        kernel.routes.push(route(WAN, "fe80::ff"));
    });
    let home = &mut s.config.sections[0];
    home.provider.mechanism = Mechanism::Url(families::urls(URL).unwrap());
    let mut home6 = home.clone();
    home6.name = "home6".into();
    home6.families = vec![Family::V6];
    s.config.sections.push(home6);
    s.config.sections.iter_mut().for_each(change);
    s
}

/// What the last job changed and what it kept.
fn last(s: &Scenario) -> (Vec<IpAddr>, Vec<IpAddr>) {
    let job = s.jobs.last().unwrap();
    let changed = job.changes.iter().filter_map(|change| change.address()).collect();
    (changed, job.kept.iter().map(|(_, address)| *address).collect())
}

#[test]
fn an_address_that_went_away_is_still_what_the_name_holds() {
    let mut s = two_sections(|_| ()).start();
    s.pass(MINUTE);
    assert_eq!(last(&s), (vec![ip("203.0.113.1"), ip("2001:db8::1")], vec![]));
    s.remove("203.0.113.1");
    s.remove("2001:db8::1");
    s.add(address("2001:db8::2"));
    s.pass(MINUTE);
    assert_eq!(last(&s), (vec![ip("2001:db8::2")], vec![ip("203.0.113.1")]));
}

#[test]
fn what_has_its_own_credentials_or_way_is_sent_alone_but_not_in_ignorance() {
    let mut s = two_sections(|section| {
        if section.name == "home6" {
            section.transport.user_agent = "another".into();
        }
    });
    s = s.start();
    s.pass(MINUTE);
    assert_eq!(s.jobs.len(), 2);
    assert_eq!(last(&s), (vec![ip("2001:db8::1")], vec![ip("203.0.113.1")]));
    let mut s = two_sections(|section| {
        if section.name == "home6" {
            section.provider.account.username = "another".into();
        }
    });
    s = s.start();
    s.pass(MINUTE);
    assert_eq!(last(&s), (vec![ip("2001:db8::1")], vec![]));
}

/// deSEC: two requests in two minutes, whichever section sends them.
#[test]
fn the_rate_of_the_table_is_kept_by_the_account() {
    let row = table::find("desec.io").unwrap();
    let mut s = two_sections(|section| {
        section.provider.author = Author::Table(row);
        section.provider.mechanism = Mechanism::Url(row.urls());
        section.timing.min_interval = secs(0);
    });
    s = s.start();
    s.pass(10 * MINUTE);
    s.history.clear();
    // Both families change, not quite at once: neither waits.
    s.lease("203.0.113.2");
    s.pass(secs(1));
    s.add(address("2001:db8::2"));
    s.remove("2001:db8::1");
    s.pass(secs(1));
    assert_eq!(s.history.len(), 2);
    for host in 3..12 {
        s.lease(&format!("203.0.113.{host}"));
        s.pass(secs(20));
    }
    s.pass(10 * MINUTE);
    let times: Vec<_> = s.history.iter().map(|sent| sent.0).collect();
    let crowded = |three: &[crate::time::Duration]| three[2] - three[0] < secs(119);
    assert!(times.len() >= 3 && !times.windows(3).any(crowded), "{times:?}");
    assert_eq!(s.history.last().unwrap().3, ip("203.0.113.11"));
}
