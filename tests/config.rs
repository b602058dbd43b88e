//! Reading `/etc/config/ddns`: the mistakes reported for whole files, and the value of each option.

#[cfg(test)]
#[path = "config/options.rs"]
mod options;
#[path = "fuzz_bodies/sandbox.rs"]
mod sandbox;
#[path = "config/scripts.rs"]
mod scripts;
#[cfg(test)]
#[path = "config/stock.rs"]
mod stock;
#[cfg(test)]
#[path = "config/values.rs"]
mod values;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use ddns_netlink::config::check::{self, Checked};

use sandbox::Sandbox;

/// The complete report for each `tests/data/uci/*.conf` is in the file `*.expected` beside it.
#[test]
fn the_report_for_each_file_is_the_expected_one() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/uci");
    let mut count = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "conf") {
            let expected = fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
            let name = path.file_name().unwrap().to_string_lossy();
            let bytes = fs::read(&path).unwrap();
            let checked = check::load(&name, &bytes, &Sandbox);
            assert_eq!(check::load_global(&bytes, &Sandbox), checked.config.global, "{name}");
            assert_eq!(report(&checked), expected, "\n{}", report(&checked));
            count += 1;
        }
    }
    assert!(count > 0);
}

/// The examples of the manual cause no warning, either.
#[test]
fn the_examples_of_the_manual_have_no_mistakes() {
    let manual = include_str!("../doc/ddns-netlink.5.md");
    let (_, examples) = manual.split_once("# EXAMPLES").unwrap();
    let (examples, _) = examples.split_once("# DIFFERENCES").unwrap();
    let lines = examples.lines().filter(|line| line.starts_with("    "));
    let file = lines.collect::<Vec<_>>().join("\n");
    let checked = check::load("manual", file.as_bytes(), &Sandbox);
    assert_eq!(checked.mistakes, []);
    assert_eq!(checked.config.sections.len(), file.matches("config ").count());
}

/// Each section that the manual shows outside of its list of examples, too.
#[test]
fn no_section_in_the_manual_has_a_mistake() {
    let sections = sections_of(include_str!("../doc/ddns-netlink.5.md"));
    assert!(sections.len() > 12, "{}", sections.len());
    for section in sections {
        let checked = check::load("manual", section.as_bytes(), &Sandbox);
        assert_eq!(checked.mistakes, [], "{section}");
    }
}

/// The sections in a page of the manual: a line with `config`, and the deeper ones after it.
fn sections_of(manual: &str) -> Vec<String> {
    let mut sections = Vec::new();
    let mut section = String::new();
    let mut head = usize::MAX;
    for line in manual.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if indent > head {
            section.push_str(&format!("\t{text}\n"));
        } else if text.starts_with("config ") {
            sections.push(std::mem::take(&mut section));
            section = format!("{text}\n");
            head = indent;
        } else if !text.is_empty() {
            head = usize::MAX;
        }
    }
    sections.push(section);
    sections
}

#[test]
fn an_empty_file_is_a_valid_configuration() {
    let checked = check::load("ddns", b"", &Sandbox);
    assert_eq!(checked.mistakes, []);
    assert!(checked.config.sections.is_empty());
    assert_eq!(checked.config.global.statedir, Path::new("/state"));
}

fn report(checked: &Checked) -> String {
    let mut report = String::new();
    for mistake in &checked.mistakes {
        let _ = writeln!(report, "{:?} {mistake}", mistake.severity);
    }
    let config = &checked.config;
    for section in &config.sections {
        let _ = writeln!(report, "sound: {}", section.name);
    }
    for name in &config.disabled {
        let _ = writeln!(report, "disabled: {name}");
    }
    for (name, why) in &config.broken {
        let _ = writeln!(report, "broken: {name}: {why}");
    }
    report
}
