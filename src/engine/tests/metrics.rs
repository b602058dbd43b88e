//! Metrics: what Prometheus is told of sections and records.

use super::scenario::{DAY, MINUTE, Scenario, address, failed, refused, secs};
use crate::engine::metrics::{Format, text};
use crate::provider::Outcome;

/// The lines of the metrics named `name`, without the labels of the only record.
fn samples(s: &Scenario, name: &str) -> Vec<String> {
    let record = "section=\"home\",name=\"home.example.com\",type=\"A\"";
    let text = s.engine.metrics(Format::Prometheus, s.now);
    let lines = text.lines().filter(|line| line.starts_with(&format!("{name}{{")));
    lines.map(|line| line.replace(record, "")).collect()
}

fn value(s: &Scenario, name: &str) -> Option<u64> {
    samples(s, name).first()?.split(' ').nth(1)?.parse().ok()
}

fn moved(s: &mut Scenario) {
    s.add(address("203.0.113.2"));
    s.remove("203.0.113.1");
}

#[test]
fn a_published_record_has_its_time_and_how_long_it_took() {
    let mut s = Scenario::new().start();
    s.pass(MINUTE);
    assert_eq!(samples(&s, "ddns_record_published"), ["ddns_record_published{} 1"]);
    assert_eq!(samples(&s, "ddns_record_state"), ["ddns_record_state{,state=\"published\"} 1"]);
    let accepted = value(&s, "ddns_record_accepted_timestamp_seconds").unwrap();
    assert!((s.now.wall - 60..=s.now.wall).contains(&accepted), "{accepted}");
    assert_eq!(samples(&s, "ddns_record_update_duration_seconds").len(), 1);
    assert_eq!(samples(&s, "ddns_record_failing_since_timestamp_seconds"), [""; 0]);
    assert_eq!(value(&s, "ddns_record_foreign"), Some(0));
    assert_eq!(value(&s, "ddns_updates_accepted_total"), Some(1));
    assert_eq!(value(&s, "ddns_section_up"), Some(1));
}

#[test]
fn a_change_has_a_time_that_repetitions_and_restarts_keep() {
    let mut s = Scenario::new().start();
    s.pass(MINUTE);
    let first = value(&s, "ddns_record_changed_timestamp_seconds").unwrap();
    // Refreshes are accepted, and change nothing.
    s.pass(10 * DAY);
    assert_eq!(value(&s, "ddns_record_changed_timestamp_seconds"), Some(first));
    assert!(value(&s, "ddns_record_accepted_timestamp_seconds").unwrap() > first);
    moved(&mut s);
    s.pass(MINUTE);
    let second = value(&s, "ddns_record_changed_timestamp_seconds").unwrap();
    assert!(second > first);
    s = s.restart(MINUTE);
    s.pass(MINUTE);
    assert_eq!(value(&s, "ddns_record_changed_timestamp_seconds"), Some(second));
}

#[test]
fn nothing_changes_while_nothing_happens() {
    let mut s = Scenario::new().start();
    s.pass(MINUTE);
    let before = s.engine.metrics(Format::Prometheus, s.now);
    s.pass(DAY);
    assert_eq!(s.engine.metrics(Format::Prometheus, s.now), before);
}

#[test]
fn failures_are_counted_and_have_a_beginning() {
    let mut s = Scenario::new().settled();
    s.provider = Some(failed());
    moved(&mut s);
    s.pass(secs(1));
    let began = value(&s, "ddns_record_failing_since_timestamp_seconds").unwrap();
    assert!(began <= s.now.wall && began + 5 > s.now.wall, "{began}");
    s.pass(DAY);
    assert_eq!(value(&s, "ddns_record_failing_since_timestamp_seconds"), Some(began));
    assert!(value(&s, "ddns_updates_failed_total").unwrap() > 3);
    assert_eq!(value(&s, "ddns_record_published"), Some(0));
    s.provider = Some(Outcome::Updated);
    s.pass(DAY);
    assert_eq!(value(&s, "ddns_record_failing_since_timestamp_seconds"), None);
    assert_eq!(value(&s, "ddns_record_published"), Some(1));
}

#[test]
fn refusals_are_counted_and_a_reload_keeps_the_counters() {
    let mut s = Scenario::new().settled();
    s.provider = Some(refused());
    moved(&mut s);
    s.pass(MINUTE);
    s.reload();
    assert_eq!(value(&s, "ddns_updates_refused_total"), Some(1));
    assert_eq!(value(&s, "ddns_updates_failed_total"), Some(0));
    assert_eq!(samples(&s, "ddns_record_state"), ["ddns_record_state{,state=\"refused\"} 1"]);
}

#[test]
fn a_section_that_cannot_run_is_not_up_and_labels_are_escaped() {
    let s = Scenario::new().settled();
    let mut status = s.engine.status(s.now);
    status.broken.push(("o\"d\\d\nly".into(), "ddns:1: no".into()));
    let shown = text(&status, &[], Format::Prometheus);
    assert!(shown.contains("\nddns_section_up{section=\"o\\\"d\\\\d\\nly\"} 0\n"), "{shown}");
}

#[test]
fn the_manual_page_has_every_metric() {
    let page = include_str!("../../../doc/ddns-netlink.8.md");
    let status = Scenario::new().engine.status(Scenario::new().now);
    let text = text(&status, &[], Format::Prometheus);
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    for name in names {
        assert!(page.contains(&format!("\n| `{name}` |")), "{name}");
    }
}

#[test]
fn the_formats_differ_in_the_names_of_counters_and_the_end() {
    let s = Scenario::new().settled();
    let status = s.engine.status(s.now);
    let (open, old) =
        (text(&status, &[], Format::OpenMetrics), text(&status, &[], Format::Prometheus));
    assert!(open.contains("\n# TYPE ddns_updates_failed counter\nddns_updates_failed_total{"));
    assert!(old.contains("\n# TYPE ddns_updates_failed_total counter\nddns_updates_failed_total{"));
    assert!(open.ends_with("\n# EOF\n") && !old.contains("# EOF"));
    assert_eq!(open.lines().count(), old.lines().count() + 1);
}
