//! Shows LuCI and the subscribers on ubus how the records stand: only what has changed.

use std::net::IpAddr;
use std::time::Duration;

use crate::edge::files::run::RunFiles;
use crate::engine::Engine;
use crate::engine::status::{RecordStatus, SectionStatus, Snapshot};
use crate::model::sorted::Map;
use crate::model::{Family, Hostname};
use crate::time::{Now, Share};

/// What LuCI and the subscribers on ubus see, as it was shown last.
#[derive(Default)]
pub(super) struct Display {
    /// The files that LuCI reads; `None` in a mode that shows nothing.
    run_files: Option<RunFiles>,
    /// Whether sections may have come or gone since all were shown.
    outdated: bool,
    /// Whether anything may have changed since it was shown.
    pending: bool,
    /// How often changes are shown.
    share: Share,
    /// Why files could not be written, as it was logged last; `None` if they were written.
    failure: Option<String>,
    /// What subscribers on ubus know, by section; `None` if there are none.
    told: Option<Map<String, Vec<Told>>>,
}

/// What a subscriber knows of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    name: Hostname,
    family: Family,
    state: &'static str,
    published: Option<IpAddr>,
    desired: Option<IpAddr>,
}

impl Told {
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

impl Display {
    /// Run files are written from now on.
    pub(super) fn write_to(&mut self, files: RunFiles) {
        self.run_files = Some(files);
        self.outdated = true;
    }

    /// Other sections may be in force: all are shown next.
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

    /// Everything was shown from `begin` until `end`, since boot.
    pub(super) fn shown(&mut self, begin: Duration, end: Duration) {
        self.pending = false;
        self.share.spent(begin, end);
    }

    /// Keeps whether files could be written; returns why not if that was not so before.
    pub(super) fn new_failure(&mut self, result: Result<(), String>) -> Option<String> {
        let before = std::mem::replace(&mut self.failure, result.err());
        if self.failure == before { None } else { self.failure.clone() }
    }

    /// Somebody subscribes on ubus, and knows what `status` has; nobody does if it is `None`.
    pub(super) fn subscribe(&mut self, status: Option<&Snapshot>) {
        self.told = status.map(|status| {
            let mut sections: Vec<&SectionStatus> = status.sections.iter().collect();
            // In this order, each is added to the map at its end.
            sections.sort_by(|a, b| a.name.cmp(&b.name));
            let told = |section: &SectionStatus| section.records.iter().map(Told::new).collect();
            sections.into_iter().map(|section| (section.name.clone(), told(section))).collect()
        });
    }

    /// Writes the run files of the sections in `status`: of those that changed, but of all after
    /// [`Display::outdate`].
    ///
    /// # Errors
    /// Why one could not be written.
    pub(super) fn show(&mut self, status: &Snapshot, now: Now) -> Result<(), String> {
        let Some(files) = &mut self.run_files else {
            return Ok(());
        };
        let shown = match self.outdated {
            true => files.show_all(status, now),
            false => files.show(&status.sections, now),
        };
        // What failed is tried again with all.
        self.outdated = shown.is_err();
        shown
    }

    /// The records of these sections that are not as subscribers know them, each with its section:
    /// those that are new, or whose state or addresses changed. Subscribers know them from now on.
    pub(super) fn news<'a>(
        &mut self,
        sections: &'a [SectionStatus],
    ) -> Vec<(&'a SectionStatus, &'a RecordStatus)> {
        let Some(told) = &mut self.told else {
            return Vec::new();
        };
        let mut news = Vec::new();
        for section in sections {
            let before = told.get_or_insert(section.name.clone(), Vec::new());
            let records: Vec<Told> = section.records.iter().map(Told::new).collect();
            let known = std::mem::replace(before, records.clone());
            for (place, (record, told)) in section.records.iter().zip(&records).enumerate() {
                if known.get(place) != Some(told) && !known.contains(told) {
                    news.push((section, record));
                }
            }
        }
        news
    }

    /// Removes the run files that only hold while the process runs, and brings the others up to date.
    pub(super) fn withdraw(&mut self, engine: &Engine, now: Now) {
        if self.pending {
            let _ = self.show(&engine.status(now), now);
        }
        if let Some(files) = &mut self.run_files {
            files.withdraw();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::record::Timeline;
    use crate::engine::wait::Wait;

    fn section(name: &str, waits: &[Wait]) -> SectionStatus {
        let record = |(number, wait): (usize, &Wait)| RecordStatus {
            name: Hostname::parse(&format!("n{number}.example.com")).unwrap(),
            family: Family::V4,
            published: None,
            since: None,
            since_up: None,
            desired: None,
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
            asked_in: None,
            last_request: String::new(),
            last_answer: String::new(),
        }
    }

    fn names(news: &[(&SectionStatus, &RecordStatus)]) -> Vec<String> {
        news.iter().map(|(section, record)| format!("{} {}", section.name, record.name)).collect()
    }

    #[test]
    fn subscribers_are_told_of_records_that_are_new_or_not_as_they_were() {
        let settled = || Wait::Settled { again_at: None, late: None };
        let mut display = Display::default();
        let home = section("home", &[settled(), settled()]);
        assert!(display.news(std::slice::from_ref(&home)).is_empty(), "nobody subscribes");
        let sections = vec![section("work", &[Wait::InFlight]), home.clone()];
        display.subscribe(Some(&Snapshot { sections, disabled: vec![], broken: vec![] }));
        assert!(display.news(std::slice::from_ref(&home)).is_empty(), "they know it");
        let changed = [section("home", &[settled(), Wait::InFlight])];
        assert_eq!(names(&display.news(&changed)), ["home n1.example.com"]);
        assert!(display.news(&changed).is_empty(), "only once");
        let mut reversed = changed.clone();
        reversed[0].records.reverse();
        assert!(display.news(&reversed).is_empty(), "in another order");
        let new = [section("new", &[Wait::InFlight])];
        assert_eq!(names(&display.news(&new)), ["new n0.example.com"]);
        display.subscribe(None);
        assert!(display.news(&[section("work", &[settled()])]).is_empty());
    }
}
