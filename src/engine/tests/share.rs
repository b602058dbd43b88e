//! Sections that share a name (`share`): each has an address of its own under it.

use super::scenario::{HOUR, MINUTE, Scenario, WAN, address, ip, link, lost, route, secs, section};
use crate::config::{Section, Source};
use crate::dns::Found;
use crate::proto::netlink::Address;
use crate::provider::api::{Api, Base, Publishing};
use crate::provider::{Batch, Change, Mechanism, Outcome};

static SETS: Api = Api {
    name: "sets",
    aliases: &[],
    title: "Sets",
    base: Base::Https("api.example.net"),
    needs: &[],
    batch: Batch::Account(3),
    rate: None,
    remark: "",
    publish: Publishing::CodeTogether(|_| Ok(())),
};

fn sharing(name: &str, device: &str) -> Section {
    let mut section =
        Section { name: name.into(), source: Source::Device(device.into()), ..section() };
    section.provider.mechanism = Mechanism::Api(&SETS);
    section.record.share = true;
    section.timing.remove_after = Some(MINUTE);
    section
}

fn on_second(text: &str) -> Address {
    Address { link: WAN + 1, ..address(text) }
}

/// Sections `a` at 203.0.113.1 and `b` at the address of `wan2`, published long ago.
fn settled(second: &str) -> Scenario {
    let mut s = Scenario::new().kernel(|kernel| {
        kernel.links.insert(WAN + 1, link(WAN + 1, "wan2"));
        kernel.addresses.push(on_second(second));
        kernel.routes.push(route(WAN + 1, "203.0.113.254"));
    });
    s.config.sections = vec![sharing("a", "wan"), sharing("b", "wan2")];
    let mut s = s.start();
    s.pass(10 * MINUTE);
    s.jobs.clear();
    s
}

fn last(s: &Scenario) -> &Change {
    &s.jobs.last().unwrap().changes[0]
}

#[test]
fn each_replaces_and_removes_only_its_own_address() {
    let mut s = settled("203.0.113.2");
    s.remove("203.0.113.1");
    s.add(address("203.0.113.3"));
    s.pass(secs(30));
    let change = last(&s);
    assert_eq!(change.address(), Some(ip("203.0.113.3")));
    assert_eq!(change.previous, Some(ip("203.0.113.1")));
    assert!(change.anew, "what else is there belongs to others");
    s.remove("203.0.113.2");
    s.pass(2 * MINUTE);
    let change = last(&s);
    assert!(change.removes());
    assert_eq!(change.previous, Some(ip("203.0.113.2")));
    assert_eq!(s.jobs.len(), 2);
}

#[test]
fn the_first_address_of_a_section_replaces_nothing() {
    let mut s = Scenario::new();
    s.config.sections = vec![sharing("a", "wan")];
    let s = s.start();
    assert!(last(&s).anew);
    assert_eq!((last(&s).previous, last(&s).tried.len()), (None, 0));
}

#[test]
fn an_address_stays_while_another_section_has_it() {
    let mut s = settled("203.0.113.1");
    // wan2 keeps it.
    s.report(crate::proto::netlink::Message::DelAddress(address("203.0.113.1")));
    s.add(address("203.0.113.3"));
    s.pass(secs(30));
    let change = last(&s);
    assert_eq!((change.address(), change.previous), (Some(ip("203.0.113.3")), None));
    // Now it is only that of wan2.
    s.report(crate::proto::netlink::Message::DelAddress(on_second("203.0.113.1")));
    s.pass(2 * MINUTE);
    assert!(last(&s).removes());
    assert_eq!(last(&s).previous, Some(ip("203.0.113.1")));
}

/// A provider that writes all addresses of a name at once writes those back that it had.
#[test]
fn a_request_without_an_answer_may_bring_the_address_of_another_section_back() {
    let mut s = settled("203.0.113.2");
    s.provider = Some(lost());
    s.remove("203.0.113.1");
    s.add(address("203.0.113.3"));
    s.pass(secs(1));
    s.provider = Some(Outcome::Updated);
    s.remove("203.0.113.2");
    s.add(on_second("203.0.113.4"));
    s.pass(10 * MINUTE);
    let second: Vec<_> =
        s.history.iter().filter(|sent| sent.3 == ip("203.0.113.4")).map(|sent| sent.0).collect();
    assert_eq!(second.len(), 2, "{:?}", s.history);
    assert_eq!(
        last(&s).tried.contains(&ip("203.0.113.2")),
        last(&s).address() == Some(ip("203.0.113.4"))
    );
}

#[test]
fn dns_with_other_addresses_too_is_right() {
    let mut s = settled("203.0.113.2");
    let addresses = ["203.0.113.1", "203.0.113.2", "192.0.2.7"].map(ip).to_vec();
    s.dns = Some(Ok(Found { addresses, authoritative: true, ..Found::default() }));
    let mut s = s.restart(MINUTE);
    s.jobs.clear();
    s.pass(HOUR);
    assert_eq!(s.jobs.len(), 0);
}
