//! The run files of ddns-scripts in `ddns_rundir`, which LuCI and people's scripts read (openwrt
//! `net/ddns-scripts`, `dynamic_dns_updater.sh`; LuCI `ddns.uc`). Times in them are whole seconds
//! since boot.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Medium;
use crate::engine::status::{RecordStatus, SectionStatus, Snapshot};
use crate::model::sorted::Map;
use crate::time::Now;

/// The ends of the names of a section's files, in the order of [`Files`].
const SUFFIXES: [&str; 4] = ["ip", "update", "pid", "nextcheck"];
/// How many of these, from the first, stay when the process ends.
const LASTING: usize = 2;

/// What a file should be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    /// This.
    Text(String),
    /// This, unless it is there already: somebody else may know more.
    Default(String),
    /// Not there.
    Absent,
    /// As it is.
    Untouched,
}

impl Content {
    fn write(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Untouched => Ok(()),
            Self::Default(_) if path.exists() => Ok(()),
            Self::Text(text) | Self::Default(text) => {
                super::replace(path, text.as_bytes(), 0o644, Medium::Ram)
            }
            Self::Absent => super::remove_if_there(path),
        }
    }
}

/// The files of a section.
type Files = [Content; 4];

const UNTOUCHED: Files = [const { Content::Untouched }; 4];

/// The run files as they were written last: what has not changed is not written again.
#[derive(Debug)]
pub struct RunFiles {
    directory: PathBuf,
    pid: u32,
    /// By the names of their sections.
    written: Map<String, Files>,
}

impl RunFiles {
    /// Files of the process `pid` in `directory`, which exists.
    pub fn new(directory: PathBuf, pid: u32) -> Self {
        Self { directory, pid, written: Map::new() }
    }

    /// Writes what is new of all sections. Others are not there any more.
    ///
    /// # Errors
    /// The first file that could not be written, and why; the others are.
    pub fn show_all(&mut self, snapshot: &Snapshot, now: Now) -> Result<(), String> {
        let mut wanted: Vec<(&str, Files)> = Vec::new();
        for section in &snapshot.sections {
            wanted.push((&section.name, active(section, self.pid, now)));
        }
        // LuCI looks a name up by itself, every few seconds, where there is no file with its address.
        for name in &snapshot.disabled {
            wanted.push((name, inactive(Content::Default("\n".into()))));
        }
        for (name, why) in &snapshot.broken {
            wanted.push((name, inactive(Content::Text(mistake(why)))));
        }
        // In this order, what is new is added to `written` at its end.
        wanted.sort_unstable_by_key(|(name, _)| *name);
        let has = |name: &str| wanted.binary_search_by_key(&name, |(name, _)| *name).is_ok();
        let left: Vec<String> =
            self.written.keys().filter(|name| !has(name.as_str())).cloned().collect();
        let left = left.iter().map(|name| (name.as_str(), inactive(Content::Untouched)));
        self.write_all(left.chain(wanted))
    }

    /// Writes what is new of these sections.
    ///
    /// # Errors
    /// The first file that could not be written, and why; the others are.
    pub fn show(&mut self, sections: &[SectionStatus], now: Now) -> Result<(), String> {
        let pid = self.pid;
        self.write_all(sections.iter().map(|section| (&*section.name, active(section, pid, now))))
    }

    fn write_all<'a>(
        &mut self,
        wanted: impl Iterator<Item = (&'a str, Files)>,
    ) -> Result<(), String> {
        let mut result = Ok(());
        for (name, files) in wanted {
            result = result.and(self.write(name, files));
        }
        result
    }

    fn write(&mut self, section: &str, wanted: Files) -> Result<(), String> {
        let mut result = Ok(());
        let written = self.written.get_or_insert(section.to_owned(), UNTOUCHED);
        for ((suffix, wanted), written) in SUFFIXES.iter().zip(wanted).zip(written) {
            if *written == wanted || wanted == Content::Untouched {
                continue;
            }
            let path = self.directory.join(format!("{section}.{suffix}"));
            match wanted.write(&path) {
                Ok(()) => *written = wanted,
                Err(error) => result = result.and(Err(format!("{}: {error}", path.display()))),
            }
        }
        result
    }

    /// The process ends: its number may be another's soon, and nothing comes of its plans.
    pub fn withdraw(&mut self) {
        for name in self.written.keys() {
            for suffix in SUFFIXES.iter().skip(LASTING) {
                let _ = fs::remove_file(self.directory.join(format!("{name}.{suffix}")));
            }
        }
    }
}

/// The files of a section in force.
fn active(section: &SectionStatus, pid: u32, now: Now) -> Files {
    let next = next(section).map(|after| line(now.up.saturating_add(after)));
    [
        Content::Text(registered(section)),
        updated(section, now),
        if is_served(section) { Content::Text(format!("{pid}\n")) } else { Content::Absent },
        next.map_or(Content::Absent, Content::Text),
    ]
}

/// The files of a section that is not in force.
fn inactive(ip: Content) -> Files {
    [ip, Content::Untouched, Content::Absent, Content::Absent]
}

/// Whether the daemon would send something for the section when its address changes or a time comes.
/// LuCI shows "Not Running" for one that is stopped, refused by its provider or given up.
fn is_served(section: &SectionStatus) -> bool {
    !section.stopped && section.records.iter().any(|record| !record.wait.is_halted())
}

/// When an update was accepted last.
fn updated(section: &SectionStatus, now: Now) -> Content {
    let records = section.records.iter();
    if let Some(at) = records.clone().filter_map(|record| record.since_up).max() {
        return Content::Text(line(at));
    }
    // An earlier run published it: the file of that run is more exact, if it is still there.
    let published = records.filter(|record| record.published.is_some());
    let at = published.map(|record| accepted_before(record, now)).max();
    at.map_or(Content::Untouched, |at| Content::Default(line(at)))
}

/// When an earlier run published the record, since boot: the boot, if that was earlier or nobody
/// knows, because a file cannot say a time before it.
fn accepted_before(record: &RecordStatus, now: Now) -> Duration {
    let (Some(since), Some(wall)) = (record.since, now.trusted_wall()) else {
        return Duration::ZERO;
    };
    now.up.saturating_sub(Duration::from_secs(wall.saturating_sub(since)))
}

/// What LuCI shows in the place of the address of a section that cannot run. `why` begins with
/// `FILE:LINE: `. LuCI takes the text for HTML.
fn mistake(why: &str) -> String {
    let (place, _) = why.split_once(": ").unwrap_or_default();
    let plain = |c: &char| c.is_ascii_alphanumeric() || "/.:_-".contains(*c);
    let place: String = place.chars().filter(plain).collect();
    format!("mistake at {place} - see the log\n")
}

/// When something happens next without an event.
fn next(section: &SectionStatus) -> Option<Duration> {
    let records = section.records.iter().filter_map(|record| record.next_in);
    records.chain(section.asked_in).min()
}

/// The registered addresses, one a line; an empty line if there is none.
fn registered(section: &SectionStatus) -> String {
    let lines: Vec<String> = section.in_dns().iter().map(IpAddr::to_string).collect();
    lines.join("\n") + "\n"
}

/// A time since boot. LuCI takes 0 for no time at all.
fn line(time: Duration) -> String {
    format!("{}\n", time.as_secs().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::no_address::NoAddress;
    use crate::engine::record::Timeline;
    use crate::engine::status::RecordStatus;
    use crate::engine::wait::Wait;
    use crate::model::{Family, Hostname};
    use crate::scratch::Scratch;
    use crate::time::BUILD_TIME;

    const PUBLISHED: Wait = Wait::Settled { again_at: None, late: None };
    const NOW: Now = Now { up: Duration::from_secs(1000), wall: BUILD_TIME };

    fn record(name: &str, published: Option<&str>) -> RecordStatus {
        RecordStatus {
            name: Hostname::parse(name).unwrap(),
            family: Family::V4,
            published: published.map(|text| text.parse().unwrap()),
            since: None,
            since_up: published.map(|_| Duration::from_millis(700_900)),
            desired: None,
            wait: PUBLISHED,
            reason: String::new(),
            next_in: Some(Duration::from_secs(600)),
            timeline: Timeline::default(),
        }
    }

    fn snapshot(records: Vec<RecordStatus>) -> Snapshot {
        let section = SectionStatus {
            name: "home".into(),
            provider: String::new(),
            source: String::new(),
            records,
            registered: vec![],
            stopped: false,
            asked_in: None,
            last_request: String::new(),
            last_answer: String::new(),
        };
        Snapshot {
            sections: vec![section],
            disabled: vec!["off".into()],
            broken: vec![("bad".into(), "/etc/config/ddns:7: option '<b>': why".into())],
        }
    }

    #[test]
    fn every_file_says_what_luci_reads() {
        let scratch = Scratch::new("run-files");
        let read = |name: &str| fs::read_to_string(scratch.path().join(name)).ok();
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        files.show_all(&snapshot(vec![record("a.example", None)]), NOW).unwrap();
        assert_eq!(read("home.pid").as_deref(), Some("42\n"));
        assert_eq!(read("home.ip").as_deref(), Some("\n"), "No Data");
        assert_eq!(read("home.update"), None);
        assert_eq!(read("home.nextcheck").as_deref(), Some("1600\n"));
        let both =
            vec![record("a.example", Some("192.0.2.1")), record("a.example", Some("2001:db8::1"))];
        files.show_all(&snapshot(both), NOW).unwrap();
        assert_eq!(read("home.ip").as_deref(), Some("192.0.2.1\n2001:db8::1\n"));
        assert_eq!(read("home.update").as_deref(), Some("700\n"));
        assert_eq!(read("off.ip").as_deref(), Some("\n"));
        let mistake = "mistake at /etc/config/ddns:7 - see the log\n";
        assert_eq!(read("bad.ip").as_deref(), Some(mistake));
        assert_eq!((read("off.pid"), read("bad.pid")), (None, None));
        files.withdraw();
        assert_eq!((read("home.pid"), read("home.nextcheck")), (None, None));
        assert_eq!(read("home.update").as_deref(), Some("700\n"), "stays, as upstream");
        assert!(read("home.ip").is_some(), "stays, as upstream");
    }

    #[test]
    fn what_did_not_change_is_not_written_again_and_a_section_that_left_has_no_pid() {
        let scratch = Scratch::new("run-again");
        let path = |name: &str| scratch.path().join(name);
        fs::write(path("off.ip"), "192.0.2.9\n").unwrap();
        fs::write(path("off.pid"), "7\n").unwrap();
        fs::write(path("off.nextcheck"), "7\n").unwrap();
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        let state = snapshot(vec![record("a.example", Some("192.0.2.1"))]);
        files.show_all(&state, NOW).unwrap();
        assert_eq!(fs::read_to_string(path("off.ip")).unwrap(), "192.0.2.9\n");
        let left = [path("off.pid").exists(), path("off.nextcheck").exists()];
        assert_eq!(left, [false; 2], "a process of another time");
        fs::remove_file(path("home.update")).unwrap();
        files.show_all(&state, NOW).unwrap();
        assert!(!path("home.update").exists());
        files.show_all(&Snapshot { sections: vec![], ..state }, NOW).unwrap();
        assert!(!path("home.pid").exists() && !path("home.nextcheck").exists());
        assert!(path("home.ip").exists());
    }

    #[test]
    fn what_an_earlier_run_published_has_a_date() {
        let published = |since| RecordStatus {
            since,
            since_up: None,
            ..record("a.example", Some("192.0.2.1"))
        };
        let update = |records: Vec<RecordStatus>, there: Option<&str>| {
            let scratch = Scratch::new("run-earlier");
            let path = scratch.path().join("home.update");
            if let Some(text) = there {
                fs::write(&path, text).unwrap();
            }
            let mut files = RunFiles::new(scratch.path().to_owned(), 42);
            files.show_all(&snapshot(records), NOW).unwrap();
            fs::read_to_string(path).ok()
        };
        for (since, expected) in [
            (Some(BUILD_TIME - 300), "700\n"),
            (Some(BUILD_TIME - 86_400), "1\n"),
            (None, "1\n"),
            // The clock was ahead when it was published.
            (Some(BUILD_TIME + 300), "1000\n"),
        ] {
            assert_eq!(update(vec![published(since)], None).as_deref(), Some(expected));
        }
        let both = vec![published(None), published(Some(BUILD_TIME - 300))];
        assert_eq!(update(both, None).as_deref(), Some("700\n"));
        // The file of the earlier run, before the daemon was started again.
        let again = update(vec![published(None)], Some("650\n"));
        assert_eq!(again.as_deref(), Some("650\n"));
        assert_eq!(update(vec![record("a.example", None)], None), None, "never");
    }

    #[test]
    fn a_section_that_was_refused_or_given_up_is_not_shown_as_running() {
        let scratch = Scratch::new("run-refused");
        let pid = scratch.path().join("home.pid");
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        let refused = Wait::Refused(NOW.up);
        for (waits, running) in [
            ([PUBLISHED, PUBLISHED], true),
            ([refused.clone(), refused.clone()], false),
            ([refused.clone(), PUBLISHED], true),
            ([Wait::GivenUp(3), refused], false),
            ([Wait::BackOff(NOW.up), Wait::NoAddress(NoAddress::NotAsked)], true),
        ] {
            let records = waits
                .clone()
                .map(|wait| RecordStatus { wait, ..record("a.example", Some("192.0.2.1")) });
            files.show_all(&snapshot(records.to_vec()), NOW).unwrap();
            assert_eq!(pid.exists(), running, "{waits:?}");
        }
    }

    #[test]
    fn a_section_that_was_stopped_has_no_pid_until_it_goes_on() {
        let scratch = Scratch::new("run-stopped");
        let pid = scratch.path().join("home.pid");
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        let mut state = snapshot(vec![record("a.example", Some("192.0.2.1"))]);
        for stopped in [false, true, false] {
            state.sections[0].stopped = stopped;
            files.show_all(&state, NOW).unwrap();
            assert_eq!(pid.exists(), !stopped);
        }
    }

    #[test]
    fn files_of_other_sections_stay_as_they_are() {
        let scratch = Scratch::new("run-one");
        let read = |name: &str| fs::read_to_string(scratch.path().join(name)).ok();
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        let mut state = snapshot(vec![record("a.example", None)]);
        let other = SectionStatus { name: "other".into(), ..state.sections[0].clone() };
        state.sections.insert(0, other);
        files.show_all(&state, NOW).unwrap();
        let changed = snapshot(vec![record("a.example", Some("192.0.2.1"))]).sections;
        files.show(&changed, NOW).unwrap();
        assert_eq!(read("home.ip").as_deref(), Some("192.0.2.1\n"));
        let left = ["other.ip", "other.pid", "off.ip"].map(read);
        assert_eq!(left.map(|text| text.unwrap()), ["\n", "42\n", "\n"]);
        fs::remove_file(scratch.path().join("home.ip")).unwrap();
        files.show(&changed, NOW).unwrap();
        assert_eq!(read("home.ip"), None, "nothing is new");
    }

    #[test]
    fn a_directory_that_is_gone_is_said() {
        let scratch = Scratch::new("run-nowhere");
        let mut files = RunFiles::new(scratch.path().join("nowhere"), 42);
        let why = files.show_all(&snapshot(vec![record("a.example", None)]), NOW).unwrap_err();
        assert!(why.contains("nowhere/") && why.contains("No such file"), "{why}");
    }
}
