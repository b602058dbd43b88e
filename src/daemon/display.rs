//! Shows the state of the records to LuCI, to the subscribers on ubus and to a Prometheus exporter: only what has
//! changed.

use std::net::IpAddr;
use std::path::Path;

use crate::edge::files::metrics::MetricsFile;
use crate::edge::files::run::RunFiles;
use crate::engine::Engine;
use crate::engine::metrics::Format;
use crate::engine::status::{RecordStatus, SectionStatus, Snapshot};
use crate::model::fifo::Fifo;
use crate::model::sort;
use crate::model::sorted::Map;
use crate::model::{Family, Hostname};
use crate::time::{Duration, Now, Share};

/// Most sections that are shown before requests on the control socket are answered.
const PART: usize = 16;

/// What LuCI, the subscribers on ubus and a Prometheus exporter see, as it was shown last.
#[derive(Default)]
pub(super) struct Display {
    /// The files that LuCI reads; `None` in a mode that shows nothing.
    run_files: Option<RunFiles>,
    /// Whether sections may have come or gone since all were shown.
    outdated: bool,
    /// Whether anything may have changed since it was shown.
    pending: bool,
    /// Sections of this round that have changed and are not shown yet.
    waiting: Fifo<SectionStatus>,
    /// What this round has taken so far.
    spent: Duration,
    /// When the next round may begin. A section with thousands of records takes milliseconds to show,
    /// and changes with each answer of its provider.
    share: Share,
    /// Why files could not be written, as it was logged last; `None` if they were written.
    failure: Option<String>,
    /// What the subscribers on ubus were notified of last, by section; `None` if there are none.
    last_notified: Option<Map<String, Vec<Notified>>>,
    /// The file that a Prometheus exporter reads.
    metrics: MetricsFile,
}

/// What subscribers know of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Notified {
    name: Hostname,
    family: Family,
    state: &'static str,
    published: Option<IpAddr>,
    desired: Option<IpAddr>,
}

impl Notified {
    fn new(record: &RecordStatus) -> Self {
        Self {
            name: record.name.clone(),
            family: record.family,
            state: record.wait.word(),
            published: record.published,
            desired: record.desired,
        }
    }
}

fn notified(section: &SectionStatus) -> Vec<Notified> {
    let mut notified = Vec::new();
    for record in &section.records {
        notified.push(Notified::new(record));
    }
    notified
}

impl Display {
    /// Run files are written from now on.
    pub(super) fn write_to(&mut self, files: RunFiles) {
        self.run_files = Some(files);
        self.outdated = true;
    }

    /// The file for a Prometheus exporter is `path` from now on.
    pub(super) fn show_metrics_in(&mut self, path: Option<&Path>) {
        self.metrics.set(path);
    }

    /// Brings the file up to date that a Prometheus exporter reads. Returns why it could not be written if that was
    /// not so before.
    pub(super) fn write_metrics(&mut self, engine: &Engine, now: Now) -> Option<String> {
        if !self.metrics.is_wanted() {
            return None;
        }
        self.metrics.write(&engine.metrics(Format::Prometheus, now))
    }

    /// Sections may have come or gone, so all are shown next time.
    pub(super) fn outdate(&mut self) {
        self.outdated = true;
    }

    /// Something may have changed.
    pub(super) fn change(&mut self) {
        self.pending = true;
    }

    /// When to show what has changed, since boot; `None` if nothing has, or nothing is shown.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.pending && self.run_files.is_some() { Some(self.share.next()) } else { None }
    }

    /// What is shown next: all sections after [`Display::outdate`], else a part of those that have
    /// changed.
    pub(super) fn next_part(&mut self, engine: &mut Engine, now: Now) -> Snapshot {
        if self.outdated {
            // All sections are shown, so no change is left to be shown after them.
            let _ = engine.take_changed(now);
            self.waiting = Fifo::new();
            return engine.status(now);
        }
        if self.waiting.is_empty() {
            self.waiting.extend(engine.take_changed(now).sections);
        }
        let mut sections = Vec::new();
        while sections.len() < PART
            && let Some(section) = self.waiting.pop()
        {
            sections.push(section);
        }
        Snapshot { sections, disabled: Vec::new(), broken: Vec::new() }
    }

    /// Whether nothing of this round is left to be shown.
    pub(super) fn is_last_part(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A part was shown from `begin` until `end`, since boot. Returns whether the round is complete.
    pub(super) fn shown(&mut self, begin: Duration, end: Duration) -> bool {
        self.spent += end - begin;
        if !self.is_last_part() {
            return false;
        }
        self.pending = false;
        self.share.spent(std::mem::take(&mut self.spent), end);
        true
    }

    /// Keeps whether files could be written; returns why not if that was not so before.
    pub(super) fn new_failure(&mut self, result: Result<(), String>) -> Option<String> {
        let before = std::mem::replace(&mut self.failure, result.err());
        if self.failure == before { None } else { self.failure.clone() }
    }

    /// Programs have subscribed on ubus. They are notified of what is not as in `status`.
    pub(super) fn subscribed(&mut self, status: &Snapshot) {
        let mut sections = Vec::new();
        for section in &status.sections {
            sections.push(section);
        }
        // In this order, each is added to the map at its end.
        sort::by(&mut sections, |a, b| a.name.cmp(&b.name));
        let mut last_notified = Map::new();
        for section in sections {
            last_notified.insert(section.name.clone(), notified(section));
        }
        self.last_notified = Some(last_notified);
    }

    /// There are no subscribers any more.
    pub(super) fn unsubscribed(&mut self) {
        self.last_notified = None;
    }

    /// Writes the run files of the sections in `status`: of all after [`Display::outdate`], else of those
    /// that have changed.
    ///
    /// # Errors
    /// Why one could not be written.
    pub(super) fn show(&mut self, status: &Snapshot, now: Now) -> Result<(), String> {
        let Some(files) = &mut self.run_files else {
            return Ok(());
        };
        let result = if self.outdated {
            files.show_all(status, now)
        } else {
            files.show(&status.sections, now)
        };
        // After a failure all files are tried again.
        self.outdated = result.is_err();
        result
    }

    /// The records of `sections` that subscribers are to be notified of, each with its section: those
    /// that are new, or whose state or addresses have changed since the last time.
    pub(super) fn news<'a>(
        &mut self,
        sections: &'a [SectionStatus],
    ) -> Vec<(&'a SectionStatus, &'a RecordStatus)> {
        let Some(last_notified) = &mut self.last_notified else {
            return Vec::new();
        };
        let mut news = Vec::new();
        for section in sections {
            let entry = last_notified.get_or_insert(section.name.clone(), Vec::new());
            let current = notified(section);
            let last = std::mem::replace(entry, current.clone());
            for (index, (record, new)) in section.records.iter().zip(&current).enumerate() {
                if !was_notified(&last, index, new) {
                    news.push((section, record));
                }
            }
        }
        news
    }

    /// Removes the files that only hold while the process runs, and brings the others up to date.
    pub(super) fn withdraw(&mut self, engine: &Engine, now: Now) {
        if self.pending {
            let _ = self.show(&engine.status(now), now);
        }
        if let Some(files) = &mut self.run_files {
            files.withdraw();
        }
        self.metrics.remove();
    }
}

/// Whether `new` is in `last`. Records rarely change their order, so it is looked for at its `index`.
fn was_notified(last: &[Notified], index: usize, new: &Notified) -> bool {
    match last.get(index) {
        Some(same) if same.name == new.name && same.family == new.family => same == new,
        Some(_) | None => last.contains(new),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::engine::record::Timeline;
    use crate::engine::status::UpdateTotals;
    use crate::engine::wait::Wait;
    use crate::state::State;

    fn section(name: &str, waits: &[Wait]) -> SectionStatus {
        let record = |(number, wait): (usize, &Wait)| RecordStatus {
            name: Hostname::parse(&format!("n{number}.example.com")).unwrap(),
            family: Family::V4,
            published: None,
            since: None,
            since_up: None,
            desired: None,
            seen_at: None,
            failing_since: None,
            foreign: None,
            dnssec: crate::dns::Dnssec::Unknown,
            wait: wait.clone(),
            reason: String::new(),
            next_in: Some(Duration::from_secs(waits.len() as u64)),
            timeline: Timeline::default(),
        };
        SectionStatus {
            name: name.into(),
            provider: String::new(),
            source: String::new(),
            records: waits.iter().enumerate().map(record).collect(),
            registered: Vec::new(),
            stopped: false,
            results: UpdateTotals::default(),
            lines: Vec::new(),
            asked_in: None,
            last_request: String::new(),
            last_answer: String::new(),
        }
    }

    fn names(news: &[(&SectionStatus, &RecordStatus)]) -> Vec<String> {
        news.iter().map(|(section, record)| format!("{} {}", section.name, record.name)).collect()
    }

    #[test]
    fn many_sections_are_shown_in_parts_and_the_pause_follows_the_last_part() {
        let ms = Duration::from_millis;
        let now = Now { up: Duration::ZERO, wall: 0 };
        let mut engine = Engine::new(State::default(), 1);
        let run_files = Some(RunFiles::new(PathBuf::new(), 1));
        let mut display = Display { run_files, ..Display::default() };
        let sections = (0..=PART).map(|number| section(&number.to_string(), &[]));
        display.waiting.extend(sections);
        display.change();
        assert_eq!(display.next_part(&mut engine, now).sections.len(), PART);
        assert!(!display.shown(ms(0), ms(1)));
        assert_eq!(display.due(), Some(ms(0)), "without a pause");
        assert_eq!(display.next_part(&mut engine, now).sections.len(), 1);
        assert!(display.shown(ms(10), ms(11)));
        assert_eq!(display.due(), None);
        display.change();
        assert_eq!(display.due(), Some(ms(11 + 9 * 2)));
    }

    #[test]
    fn subscribers_are_notified_of_records_that_are_new_or_changed() {
        let settled = || Wait::Settled { again_at: None, late: None };
        let mut display = Display::default();
        let home = section("home", &[settled(), settled()]);
        assert!(display.news(std::slice::from_ref(&home)).is_empty(), "nobody subscribes");
        let sections = vec![section("work", &[Wait::InFlight]), home.clone()];
        display.subscribed(&Snapshot { sections, disabled: vec![], broken: vec![] });
        assert!(display.news(std::slice::from_ref(&home)).is_empty(), "they know it");
        let changed = [section("home", &[settled(), Wait::InFlight])];
        assert_eq!(names(&display.news(&changed)), ["home n1.example.com"]);
        assert!(display.news(&changed).is_empty(), "only once");
        let mut reversed = changed.clone();
        reversed[0].records.reverse();
        assert!(display.news(&reversed).is_empty(), "in another order");
        let new = [section("new", &[Wait::InFlight])];
        assert_eq!(names(&display.news(&new)), ["new n0.example.com"]);
        display.unsubscribed();
        assert!(display.news(&[section("work", &[settled()])]).is_empty());
    }
}
