//! The examples for Prometheus in `examples/fleet`, with Prometheus' own program.

#[path = "support/skip.rs"]
mod skip;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ddns_netlink::engine::metrics::{Format, text};
use ddns_netlink::engine::status::Snapshot;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/fleet/prometheus").join(name)
}

/// Whether promtool is installed; if not, the test is skipped.
fn has_promtool() -> bool {
    let found = Command::new("promtool").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !found {
        skip::skip("promtool is not installed");
    }
    found
}

#[test]
fn promtool_accepts_the_configuration_and_the_rules_do_what_they_say() {
    if !has_promtool() {
        return;
    }
    for (words, file) in [
        (["check", "config"], "prometheus.yml"),
        (["check", "rules"], "ddns.rules.yml"),
        (["test", "rules"], "ddns.rules.test.yml"),
    ] {
        let output = Command::new("promtool").args(words).arg(example(file)).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{file}: {text}");
    }
}

#[test]
fn each_alert_is_tested_and_described_and_uses_metrics_that_there_are() {
    let rules = fs::read_to_string(example("ddns.rules.yml")).unwrap();
    let tests = fs::read_to_string(example("ddns.rules.test.yml")).unwrap();
    let page = include_str!("../doc/fleet.md");
    let alerts = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        assert!(page.contains(&format!("\n| `{alert}` |")), "{alert}");
        let tested = format!("alertname: {alert}\n        exp_alerts:\n");
        assert!(tests.contains(&tested), "{alert}");
    }
    let status = Snapshot { sections: Vec::new(), disabled: Vec::new(), broken: Vec::new() };
    let metrics = text(&status, &[], Format::Prometheus);
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    for name in rules.split(|c| !is_name(c)).filter(|name| name.starts_with("ddns_")) {
        assert!(metrics.contains(&format!("# TYPE {name} ")), "{name}");
    }
}
