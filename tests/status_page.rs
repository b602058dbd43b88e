//! The manual page documents every state and every JSON member that `status` and `watch` print.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use ddns_netlink::dns::Dnssec;
use ddns_netlink::engine::no_address::{NoAddress, SendBlock};
use ddns_netlink::engine::record::Timeline;
use ddns_netlink::engine::status::{
    LineStatus, RecordStatus, SectionStatus, Snapshot, UpdateTotals,
};
use ddns_netlink::engine::wait::Wait;
use ddns_netlink::model::{Family, Hostname, Target};
use ddns_netlink::time::Duration;
use serde_json::Value;

const PAGE: &str = include_str!("../doc/ddns-netlink.8.md");

const PUBLISHED: Wait = Wait::Settled { again_at: None, late: None };

/// Every variant; for a new one the compiler asks for an arm in [`word`].
fn waits() -> Vec<Wait> {
    let (at, address) = (Duration::from_secs(1), "192.0.2.1".parse().unwrap());
    vec![
        PUBLISHED,
        Wait::Lost { at, is_published: true },
        Wait::Lost { at, is_published: false },
        Wait::Address,
        Wait::NoAddress(NoAddress::not_asked()),
        Wait::Unknown(String::new()),
        Wait::Route(SendBlock::no_route("")),
        Wait::Settling(at),
        Wait::Pace(at),
        Wait::Account(at),
        Wait::Ready(Target::Absent),
        Wait::InFlight,
        Wait::Seen(address),
        Wait::LookUp(String::new()),
        Wait::BackOff(at),
        Wait::Hold { until: at, is_restored: false },
        Wait::Refused(at),
        Wait::GivenUp(1),
        Wait::Stopped,
        Wait::Standby,
    ]
}

/// Scripts rely on these words, so they are written out here a second time.
fn word(wait: &Wait) -> &'static str {
    match wait {
        Wait::Settled { .. } | Wait::Lost { is_published: true, .. } => "published",
        Wait::Lost { is_published: false, .. } | Wait::Address | Wait::NoAddress(_) => "no-address",
        Wait::Unknown(_) => "unknown",
        Wait::Route(_) => "no-route",
        Wait::Settling(_) => "settling",
        Wait::Pace(_) | Wait::Account(_) => "paced",
        Wait::Ready(_) | Wait::InFlight | Wait::Seen(_) | Wait::LookUp(_) => "sending",
        Wait::BackOff(_) => "back-off",
        Wait::Hold { .. } => "held",
        Wait::Refused(_) => "refused",
        Wait::GivenUp(_) => "given-up",
        Wait::Stopped => "stopped",
        Wait::Standby => "standby",
    }
}

const STATUS: [&str; 32] = [
    "broken",
    "broken[].name",
    "broken[].reason",
    "disabled",
    "sections",
    "sections[].in_dns",
    "sections[].last_answer",
    "sections[].last_request",
    "sections[].lines",
    "sections[].lines[].family",
    "sections[].lines[].line",
    "sections[].lines[].reason",
    "sections[].lines[].used_for",
    "sections[].name",
    "sections[].provider",
    "sections[].records",
    "sections[].records[].accepted_after_ms",
    "sections[].records[].desired",
    "sections[].records[].dnssec",
    "sections[].records[].foreign",
    "sections[].records[].foreign_at",
    "sections[].records[].name",
    "sections[].records[].next_in",
    "sections[].records[].published",
    "sections[].records[].reason",
    "sections[].records[].request_after_ms",
    "sections[].records[].seen_at",
    "sections[].records[].since",
    "sections[].records[].state",
    "sections[].records[].type",
    "sections[].source",
    "version",
];

const WATCH: [&str; 5] = ["device", "event", "address", "verdict", "type"];
const WATCH_EVENTS: [&str; 4] = ["added", "changed", "removed", "chosen"];

/// The section STATUS of the manual page.
fn section() -> &'static str {
    let (_, rest) = PAGE.split_once("\n## STATUS\n").unwrap();
    rest.split("\n## ").next().unwrap()
}

fn has_row(name: &str) -> bool {
    section().lines().any(|line| line.starts_with(&format!("| `{name}` |")))
}

fn snapshot() -> Snapshot {
    let address = "192.0.2.1".parse().unwrap();
    let record = RecordStatus {
        name: Hostname::parse("home.example.com").unwrap(),
        family: Family::V4,
        published: Some(address),
        since: Some(1_800_000_000),
        since_up: None,
        desired: Some(address),
        seen_at: Some(1_800_000_000),
        failing_since: None,
        foreign: None,
        dnssec: Dnssec::Unknown,
        wait: PUBLISHED,
        reason: "up to date".into(),
        next_in: Some(Duration::from_millis(1500)),
        timeline: Timeline {
            event: Duration::from_secs(1),
            sent: Some(Duration::from_millis(1250)),
            accepted: Some(Duration::from_millis(1500)),
        },
    };
    let section = SectionStatus {
        name: "home".into(),
        provider: "custom".into(),
        source: "address of device wan".into(),
        records: vec![record],
        registered: vec![],
        stopped: false,
        results: UpdateTotals::default(),
        lines: vec![LineStatus {
            family: Family::V4,
            line: "wan".into(),
            used_for: Duration::ZERO,
            reason: String::new(),
        }],
        asked_in: None,
        last_request: String::new(),
        last_answer: String::new(),
    };
    let broken = vec![("b".into(), "ddns:1: no".into())];
    Snapshot { sections: vec![section], disabled: vec!["off".into()], broken }
}

/// The status as another program reads it.
fn status() -> Value {
    serde_json::from_str(&snapshot().to_json().to_string()).unwrap()
}

fn members(value: &Value, parent: &str, found: &mut BTreeSet<String>) {
    if let Some(object) = value.as_object() {
        for (name, value) in object {
            let dot = if parent.is_empty() { "" } else { "." };
            let name = format!("{parent}{dot}{name}");
            members(value, &name, found);
            found.insert(name);
        }
    }
    for item in value.as_array().into_iter().flatten() {
        members(item, &format!("{parent}[]"), found);
    }
}

#[test]
fn every_state_is_in_the_manual() {
    for wait in waits() {
        assert_eq!(wait.word(), word(&wait));
        assert!(has_row(word(&wait)), "{}", word(&wait));
    }
    let different: BTreeSet<&str> = waits().iter().map(word).collect();
    assert_eq!(different.len(), 13);
}

#[test]
fn every_member_of_status_is_in_the_manual() {
    let mut found = BTreeSet::new();
    members(&status(), "", &mut found);
    assert!(found.iter().eq(STATUS.iter()), "{found:?}");
    for name in STATUS {
        assert!(has_row(name), "{name}");
    }
}

#[test]
fn times_have_the_units_of_the_manual() {
    let status = status();
    let record = &status["sections"][0]["records"][0];
    assert_eq!(record["since"], 1_800_000_000);
    assert_eq!(record["next_in"], 1.5);
    assert_eq!(record["request_after_ms"], 250.0);
    assert_eq!(record["accepted_after_ms"], 500.0);
}

#[test]
fn every_member_of_watch_is_in_the_manual() {
    for name in WATCH {
        assert!(has_row(name), "{name}");
    }
    for event in WATCH_EVENTS {
        assert!(section().contains(&format!("`{event}`")), "{event}");
    }
}
