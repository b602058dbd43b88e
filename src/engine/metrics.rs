//! The state of sections and records as metrics, in both text formats that Prometheus reads: OpenMetrics, and its
//! own older format, which textfile collectors want. The formats differ in what a counter is called, and in the
//! last line.
//!
//! Times are those of events and not ages, so the text stays the same while nothing happens. Addresses are no
//! labels: each new address would be a new time series.

use std::fmt::Write;

use super::status::{RecordStatus, SectionStatus, Snapshot, in_seconds};
use crate::model::json::Json;
use crate::state::PastChange;
use crate::time::UnixSeconds;

/// A format of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' text format, version 0.0.4.
    Prometheus,
}

/// A metric: its samples have one name, and one line each.
struct Metric {
    /// The name of its samples. That of a counter ends with [`TOTAL`].
    name: &'static str,
    /// One sentence for people.
    help: &'static str,
    samples: Samples,
}

/// The samples of a metric, and where their values come from. There is no sample where the value is `null`.
enum Samples {
    /// One sample: the version of the program.
    Version,
    /// One for each section: 1 if it runs, 0 if it cannot.
    Runs,
    /// One of the value 1 for each section that runs, with the provider as a label.
    Provider,
    /// One for each section that runs.
    Section(fn(&SectionStatus) -> Json),
    /// One for each record.
    Record(fn(&RecordStatus) -> Json),
    /// One of the value 1 for each record, with the state as a label.
    State,
    /// One for each record: its latest change in the history.
    Changed,
}

/// The end of the name of a counter's samples.
const TOTAL: &str = "_total";

const METRICS: [Metric; 13] = [
    metric("ddns_build_info", "The version of ddns-netlink.", Samples::Version),
    metric(
        "ddns_section_up",
        "Whether the section runs (1), or has a mistake in the configuration (0).",
        Samples::Runs,
    ),
    metric("ddns_section_info", "The provider of the section.", Samples::Provider),
    metric(
        "ddns_updates_accepted_total",
        "Updates of records of the section that the provider has accepted.",
        Samples::Section(|section| section.results.accepted.into()),
    ),
    metric(
        "ddns_updates_failed_total",
        "Updates of records of the section that have failed, or got no answer.",
        Samples::Section(|section| section.results.failed.into()),
    ),
    metric(
        "ddns_updates_refused_total",
        "Updates of records of the section that the provider has refused.",
        Samples::Section(|section| section.results.refused.into()),
    ),
    metric(
        "ddns_record_published",
        "1 if the provider has the right address, or another router publishes it; else 0.",
        Samples::Record(|record| u64::from(record.wait.is_published()).into()),
    ),
    metric("ddns_record_state", "The state of the record, as `status` shows it.", Samples::State),
    metric(
        "ddns_record_accepted_timestamp_seconds",
        "When the provider accepted the address last.",
        Samples::Record(|record| record.since.into()),
    ),
    metric(
        "ddns_record_changed_timestamp_seconds",
        "When the provider accepted another address than before.",
        Samples::Changed,
    ),
    metric(
        "ddns_record_failing_since_timestamp_seconds",
        "Since when requests for the record have failed.",
        Samples::Record(|record| record.failing_since.into()),
    ),
    metric(
        "ddns_record_update_duration_seconds",
        "How long after its event the provider accepted the latest change.",
        Samples::Record(update_duration),
    ),
    metric(
        "ddns_record_foreign",
        "1 if somebody else writes the record, so that it is left alone; else 0.",
        Samples::Record(|record| u64::from(record.foreign.is_some()).into()),
    ),
];

const fn metric(name: &'static str, help: &'static str, samples: Samples) -> Metric {
    Metric { name, help, samples }
}

fn update_duration(record: &RecordStatus) -> Json {
    let accepted = record.timeline.accepted;
    accepted.map(|at| in_seconds(at.saturating_sub(record.timeline.event))).into()
}

/// The metrics of `status` as text. `history` has the latest changes of addresses, the oldest first.
pub fn text(status: &Snapshot, history: &[PastChange], format: Format) -> String {
    let mut text = String::new();
    for metric in &METRICS {
        metric.write(status, history, format, &mut text);
    }
    if format == Format::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

impl Metric {
    fn write(&self, status: &Snapshot, history: &[PastChange], format: Format, text: &mut String) {
        let (kind, short) = match self.name.strip_suffix(TOTAL) {
            Some(short) => ("counter", short),
            None => ("gauge", self.name),
        };
        // In OpenMetrics a counter has one name, and its samples have another.
        let name = if format == Format::OpenMetrics { short } else { self.name };
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", self.help);
        self.write_samples(status, history, text);
    }

    /// Adds the samples.
    fn write_samples(&self, status: &Snapshot, history: &[PastChange], text: &mut String) {
        if let Samples::Version = self.samples {
            self.sample(text, &[("version", env!("CARGO_PKG_VERSION"))], &one());
        }
        for section in &status.sections {
            let name = ("section", section.name.as_str());
            match self.samples {
                Samples::Version => {}
                Samples::Runs => self.sample(text, &[name], &one()),
                Samples::Provider => {
                    self.sample(text, &[name, ("provider", &section.provider)], &one());
                }
                Samples::Section(value) => self.sample(text, &[name], &value(section)),
                Samples::Record(_) | Samples::State | Samples::Changed => {
                    for record in &section.records {
                        let labels = labels(section, record);
                        let [apart @ .., _] = &labels;
                        match self.samples {
                            Samples::Record(value) => self.sample(text, apart, &value(record)),
                            Samples::Changed => {
                                let at = changed_at(&section.name, record, history);
                                self.sample(text, apart, &at.into());
                            }
                            Samples::State => self.sample(text, &labels, &one()),
                            Samples::Version
                            | Samples::Runs
                            | Samples::Provider
                            | Samples::Section(_) => {}
                        }
                    }
                }
            }
        }
        if let Samples::Runs = self.samples {
            for (name, _) in &status.broken {
                self.sample(text, &[("section", name)], &0_u64.into());
            }
        }
    }

    /// Adds a line, unless `value` is `null`.
    fn sample(&self, text: &mut String, labels: &[(&str, &str)], value: &Json) {
        if value.is_null() {
            return;
        }
        text.push_str(self.name);
        let mut separator = '{';
        for (name, value) in labels {
            let _ = write!(text, "{separator}{name}=\"{}\"", escaped(value));
            separator = ',';
        }
        let _ = writeln!(text, "}} {value}");
    }
}

fn one() -> Json {
    1_u64.into()
}

/// The labels of a record of `section`. The first three tell records apart.
fn labels<'a>(
    section: &'a SectionStatus,
    record: &'a RecordStatus,
) -> [(&'static str, &'a str); 4] {
    [
        ("section", &section.name),
        ("name", record.name.as_str()),
        ("type", record.family.record_type()),
        ("state", record.wait.word()),
    ]
}

/// When the address of `record` changed last, as far as the history goes back and the clock was set.
fn changed_at(section: &str, record: &RecordStatus, history: &[PastChange]) -> Option<UnixSeconds> {
    let mut latest = history.iter().rev();
    let of_record = latest.find(|change| {
        (&change.name, change.family) == (&record.name, record.family) && change.section == section
    });
    of_record?.accepted_at
}

/// The value of a label, in which both formats have three characters escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}
