//! What the owner's programs are told, and the history of addresses.

use super::scenario::{DAY, MINUTE, Scenario, WAN, address, failed, refused, retry, route, secs};
use crate::model::Hostname;
use crate::provider::FailureKind;

/// What the owner's programs were told since the last look: what, of which record, from and to.
fn told(s: &mut Scenario) -> Vec<String> {
    let all = std::mem::take(&mut s.told_hooks);
    all.iter()
        .map(|it| {
            let address = |address: Option<std::net::IpAddr>| {
                address.map_or("-".into(), |address| address.to_string())
            };
            let (old, new) = (address(it.old), address(it.new));
            format!("{} {} {old} {new}", it.happening.word(), it.name)
        })
        .collect()
}

#[test]
fn the_first_address_and_each_change_are_told_once() {
    let mut s = Scenario::new().start();
    s.pass(MINUTE);
    assert_eq!(told(&mut s), ["update home.example.com - 203.0.113.1"]);
    s.add(address("203.0.113.2"));
    s.remove("203.0.113.1");
    s.pass(MINUTE);
    assert_eq!(told(&mut s), ["update home.example.com 203.0.113.1 203.0.113.2"]);
    // Refreshes are no change.
    s.pass(30 * DAY);
    assert_eq!(told(&mut s), [""; 0]);
    s.reload();
    s = s.restart(MINUTE);
    s.pass(MINUTE);
    assert_eq!(told(&mut s), [""; 0], "a start and a reload are no change");
}

#[test]
fn numbers_grow() {
    let mut s = Scenario::new().start();
    s.pass(MINUTE);
    s.add(address("203.0.113.2"));
    s.remove("203.0.113.1");
    s.pass(MINUTE);
    let numbers: Vec<u32> = s.told_hooks.iter().map(|it| it.number).collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn a_refusal_is_told_with_advice() {
    let mut s = Scenario::new().settled();
    s.provider = Some(refused());
    s.add(address("203.0.113.2"));
    s.remove("203.0.113.1");
    s.pass(DAY + MINUTE);
    let reason = s.told_hooks[0].reason.clone();
    assert_eq!(told(&mut s), ["refused home.example.com 203.0.113.1 203.0.113.2"]);
    assert_eq!(reason, "badauth. Check username and password.");
}

#[test]
fn failures_are_told_when_they_have_lasted() {
    let mut s = Scenario::new().settled();
    s.provider = Some(failed());
    s.add(address("203.0.113.2"));
    s.remove("203.0.113.1");
    s.pass(9 * MINUTE);
    assert_eq!(told(&mut s), [""; 0]);
    s.pass(DAY);
    assert_eq!(told(&mut s), ["fail home.example.com 203.0.113.1 203.0.113.2"]);
    s.provider = Some(crate::provider::Outcome::Updated);
    s.pass(DAY);
    assert_eq!(told(&mut s), ["update home.example.com 203.0.113.1 203.0.113.2"]);
    s.provider = Some(retry(FailureKind::Other, None));
    s.add(address("203.0.113.3"));
    s.remove("203.0.113.2");
    s.pass(secs(5));
    assert_eq!(told(&mut s), [""; 0], "the time begins anew");
}

#[test]
fn a_lost_address_is_told_of_records_that_hold_one() {
    // The provider can be reached over IPv6, too.
    let mut s = Scenario::new()
        .kernel(|k| {
            k.addresses.push(address("2001:db8::1"));
            k.routes.push(route(WAN, "fe80::ff"));
        })
        .with(|c| c.timing.remove_after = Some(10 * MINUTE))
        .settled();
    s.remove("203.0.113.1");
    assert_eq!(told(&mut s), ["lost home.example.com 203.0.113.1 -"]);
    s.pass(11 * MINUTE);
    assert_eq!(told(&mut s), ["remove home.example.com 203.0.113.1 -"]);
}

#[test]
fn an_address_that_customers_share_is_told() {
    let mut s = Scenario::new().settled();
    s.add(address("100.64.0.1"));
    s.remove("203.0.113.1");
    s.pass(MINUTE);
    assert_eq!(told(&mut s), ["shared home.example.com 203.0.113.1 -"]);
}

#[test]
fn a_script_gets_the_values_in_its_environment() {
    let mut s = Scenario::new().start();
    s.pass(MINUTE);
    let event = &s.told_hooks[0];
    assert_eq!(
        event.environment(),
        [
            "ACTION=update",
            "DDNS_NUMBER=1",
            "DDNS_SECTION=home",
            "DDNS_NAME=home.example.com",
            "DDNS_TYPE=A",
            "DDNS_OLD=",
            "DDNS_NEW=203.0.113.1",
            "DDNS_REASON=",
        ]
    );
    assert_eq!(
        event.to_json().to_string(),
        "{\"action\":\"update\",\"name\":\"home.example.com\",\"new\":\"203.0.113.1\",\"number\":1,\
         \"old\":\"\",\"reason\":\"\",\"section\":\"home\",\"type\":\"A\"}"
    );
}

#[test]
fn the_history_survives_restarts_and_is_found_by_name_and_section() {
    let mut s = Scenario::new().start();
    s.pass(MINUTE);
    s.add(address("203.0.113.2"));
    s.remove("203.0.113.1");
    s.pass(MINUTE);
    s = s.restart(MINUTE);
    s.pass(MINUTE);
    let shown = |s: &Scenario, name: &str| -> Vec<String> {
        s.engine.history(name).map(|change| change.to_text(&mut |_| "now".into())).collect()
    };
    let all = shown(&s, "");
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[0].starts_with("now  home.example.com A  203.0.113.1"), "{all:?}");
    assert!(all[1].starts_with("now  home.example.com A  203.0.113.1 -> 203.0.113.2"), "{all:?}");
    assert_eq!(shown(&s, "home"), all);
    assert_eq!(shown(&s, "home.example.com"), all);
    assert_eq!(shown(&s, "other"), [""; 0]);
    assert_eq!(s.disk.history.len(), 2);
}

#[test]
fn the_history_is_bounded() {
    let mut s = Scenario::new().settled();
    s.config.sections[0].names =
        (0..150).map(|n| Hostname::parse(&format!("n{n}.example.com")).unwrap()).collect();
    s.reload();
    s.pass(DAY);
    assert_eq!(s.engine.history("").count(), crate::state::MAX_HISTORY);
    assert_eq!(s.disk.history.len(), crate::state::MAX_HISTORY);
}
