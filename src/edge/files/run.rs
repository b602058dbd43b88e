//! Writes the run files of ddns-scripts in `ddns_rundir`, which LuCI and owners' scripts read (openwrt
//! `net/ddns-scripts`, `dynamic_dns_updater.sh`; LuCI `ddns.uc`). Times in them are whole seconds since
//! boot.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::Medium;
use crate::engine::status::{RecordStatus, SectionStatus, Snapshot};
use crate::model::sort;
use crate::model::sorted::Map;
use crate::time::{Duration, Now};

/// The suffixes of a section's files, in the order of [`Files`].
const SUFFIXES: [&str; 4] = ["ip", "update", "pid", "nextcheck"];
/// How many of [`SUFFIXES`], from the first one, stay when the process ends.
const LASTING: usize = 2;

/// The content that a file is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    /// This text.
    Text(String),
    /// This text, unless the file exists: an earlier run may have written a more exact one.
    Default(String),
    /// The file is to be removed.
    Absent,
    /// The file is to stay as it is.
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

/// The run files, with their last content: a file that has not changed is not written again.
#[derive(Debug)]
pub struct RunFiles {
    directory: PathBuf,
    pid: u32,
    /// The content that was written, by the name of the section.
    written: Map<String, Files>,
}

impl RunFiles {
    /// The run files of the process `pid` in `directory`, which must exist.
    pub fn new(directory: PathBuf, pid: u32) -> Self {
        Self { directory, pid, written: Map::new() }
    }

    /// Writes the files of all sections that have changed. Sections that are not in `snapshot` exist no
    /// more.
    ///
    /// # Errors
    /// The first file that could not be written, and why. The other files are written in spite of it.
    pub fn show_all(&mut self, snapshot: &Snapshot, now: Now) -> Result<(), String> {
        let wanted = self.wanted(snapshot, now);
        let mut gone: Vec<String> = Vec::new();
        for name in self.written.keys() {
            if wanted.binary_search_by_key(&name.as_str(), |(name, _)| *name).is_err() {
                gone.push(name.clone());
            }
        }
        let mut result = Ok(());
        for name in &gone {
            result = result.and(self.write(name, inactive(Content::Untouched)));
        }
        for (name, files) in wanted {
            result = result.and(self.write(name, files));
        }
        result
    }

    /// The files of every section, by name.
    fn wanted<'s>(&self, snapshot: &'s Snapshot, now: Now) -> Vec<(&'s str, Files)> {
        let mut wanted: Vec<(&str, Files)> = Vec::new();
        for section in &snapshot.sections {
            wanted.push((&section.name, active(section, self.pid, now)));
        }
        // Without a file with an address, LuCI itself looks the name up every few seconds.
        for name in &snapshot.disabled {
            wanted.push((name, inactive(Content::Default("\n".into()))));
        }
        for (name, reason) in &snapshot.broken {
            wanted.push((name, inactive(Content::Text(mistake(reason)))));
        }
        // In the order of names, each new entry is appended to the sorted map `written`.
        sort::by(&mut wanted, |(a, _), (b, _)| a.cmp(b));
        wanted
    }

    /// Writes the files of these sections that have changed.
    ///
    /// # Errors
    /// The first file that could not be written, and why. The other files are written in spite of it.
    pub fn show(&mut self, sections: &[SectionStatus], now: Now) -> Result<(), String> {
        let mut result = Ok(());
        for section in sections {
            result = result.and(self.write(&section.name, active(section, self.pid, now)));
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

    /// Removes the files that mean that the process runs, because it ends.
    pub fn withdraw(&mut self) {
        for name in self.written.keys() {
            for suffix in SUFFIXES.iter().skip(LASTING) {
                let _ = fs::remove_file(self.directory.join(format!("{name}.{suffix}")));
            }
        }
    }
}

/// The files of a section that runs.
fn active(section: &SectionStatus, pid: u32, now: Now) -> Files {
    [
        Content::Text(registered(section)),
        updated(section, now),
        if is_served(section) { Content::Text(format!("{pid}\n")) } else { Content::Absent },
        match next(section) {
            Some(delay) => Content::Text(line(now.up.saturating_add(delay))),
            None => Content::Absent,
        },
    ]
}

/// The files of a section that does not run.
fn inactive(ip: Content) -> Files {
    [ip, Content::Untouched, Content::Absent, Content::Absent]
}

/// Whether the daemon will send a request for the section when its address changes or after some time.
/// LuCI shows "Not Running" for other sections: they are stopped, refused by the provider, or given up.
fn is_served(section: &SectionStatus) -> bool {
    !section.stopped && section.records.iter().any(|record| !record.wait.is_halted())
}

/// The file with the time of the last accepted update.
fn updated(section: &SectionStatus, now: Now) -> Content {
    let records = section.records.iter();
    if let Some(time) = records.clone().filter_map(|record| record.since_up).max() {
        return Content::Text(line(time));
    }
    // An earlier run has published the address. If its file still exists, it is more exact.
    let published = records.filter(|record| record.published.is_some());
    match published.map(|record| accepted_before(record, now)).max() {
        Some(time) => Content::Default(line(time)),
        None => Content::Untouched,
    }
}

/// When an earlier run published the record, since boot. It is the time of the boot if the record was
/// published before or the time is unknown, since a file cannot express an earlier time.
fn accepted_before(record: &RecordStatus, now: Now) -> Duration {
    let (Some(since), Some(wall)) = (record.since, now.trusted_wall()) else {
        return Duration::ZERO;
    };
    now.up.saturating_sub(Duration::from_secs(wall.saturating_sub(since)))
}

/// The text that LuCI shows in place of the address of a section that cannot run. `reason` begins with
/// `FILE:LINE: `. LuCI interprets the text as HTML, so only harmless characters are kept.
fn mistake(reason: &str) -> String {
    let (place, _) = reason.split_once(": ").unwrap_or_default();
    let mut place = place.to_owned();
    place.retain(|c| c.is_ascii_alphanumeric() || "/.:_-".contains(c));
    format!("mistake at {place} - see the log\n")
}

/// How long until something happens in the section without an event.
fn next(section: &SectionStatus) -> Option<Duration> {
    let records = section.records.iter().filter_map(|record| record.next_in);
    records.chain(section.asked_in).min()
}

/// The registered addresses, one in each line; an empty line if there is none.
fn registered(section: &SectionStatus) -> String {
    // LuCI shows the lines of the file below each other.
    let lines: Vec<String> = section.in_dns().iter().map(IpAddr::to_string).collect();
    lines.join("\n") + "\n"
}

/// A time since boot in seconds. It is at least 1, because 0 means "never" to LuCI.
fn line(time: Duration) -> String {
    format!("{}\n", time.as_secs().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::no_address::NoAddress;
    use crate::engine::record::Timeline;
    use crate::engine::status::{RecordStatus, UpdateTotals};
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
            seen_at: None,
            failing_since: None,
            foreign: None,
            dnssec: crate::dns::Dnssec::Unknown,
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
            results: UpdateTotals::default(),
            lines: Vec::new(),
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

    fn read(scratch: &Scratch, name: &str) -> Option<String> {
        fs::read_to_string(scratch.path().join(name)).ok()
    }

    #[test]
    fn each_file_has_the_content_that_luci_expects() {
        let scratch = Scratch::new("run-files");
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        files.show_all(&snapshot(vec![record("a.example", None)]), NOW).unwrap();
        assert_eq!(read(&scratch, "home.pid").as_deref(), Some("42\n"));
        assert_eq!(read(&scratch, "home.ip").as_deref(), Some("\n"), "No Data");
        assert_eq!(read(&scratch, "home.update"), None);
        assert_eq!(read(&scratch, "home.nextcheck").as_deref(), Some("1600\n"));
        let both =
            vec![record("a.example", Some("192.0.2.1")), record("a.example", Some("2001:db8::1"))];
        files.show_all(&snapshot(both), NOW).unwrap();
        assert_eq!(read(&scratch, "home.ip").as_deref(), Some("192.0.2.1\n2001:db8::1\n"));
        assert_eq!(read(&scratch, "home.update").as_deref(), Some("700\n"));
        assert_eq!(read(&scratch, "off.ip").as_deref(), Some("\n"));
        let mistake = "mistake at /etc/config/ddns:7 - see the log\n";
        assert_eq!(read(&scratch, "bad.ip").as_deref(), Some(mistake));
        assert_eq!((read(&scratch, "off.pid"), read(&scratch, "bad.pid")), (None, None));
        files.withdraw();
        assert_eq!((read(&scratch, "home.pid"), read(&scratch, "home.nextcheck")), (None, None));
        assert_eq!(
            read(&scratch, "home.update").as_deref(),
            Some("700\n"),
            "stays, as in ddns-scripts"
        );
        assert!(read(&scratch, "home.ip").is_some(), "stays, as in ddns-scripts");
    }

    #[test]
    fn an_unchanged_file_is_not_written_again_and_a_removed_section_has_no_pid() {
        let scratch = Scratch::new("run-again");
        let directory = scratch.path();
        fs::write(directory.join("off.ip"), "192.0.2.9\n").unwrap();
        fs::write(directory.join("off.pid"), "7\n").unwrap();
        fs::write(directory.join("off.nextcheck"), "7\n").unwrap();
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        let state = snapshot(vec![record("a.example", Some("192.0.2.1"))]);
        files.show_all(&state, NOW).unwrap();
        assert_eq!(fs::read_to_string(directory.join("off.ip")).unwrap(), "192.0.2.9\n");
        let left = [directory.join("off.pid").exists(), directory.join("off.nextcheck").exists()];
        assert_eq!(left, [false; 2], "files of an earlier process");
        fs::remove_file(directory.join("home.update")).unwrap();
        files.show_all(&state, NOW).unwrap();
        assert!(!directory.join("home.update").exists());
        files.show_all(&Snapshot { sections: vec![], ..state }, NOW).unwrap();
        assert!(!directory.join("home.pid").exists() && !directory.join("home.nextcheck").exists());
        assert!(directory.join("home.ip").exists());
    }

    #[test]
    fn the_update_time_of_an_earlier_run_is_kept_or_estimated() {
        for (since, expected) in [
            (Some(BUILD_TIME - 300), "700\n"),
            (Some(BUILD_TIME - 86_400), "1\n"),
            (None, "1\n"),
            // The clock was ahead when the address was published.
            (Some(BUILD_TIME + 300), "1000\n"),
        ] {
            let file = update_file(vec![published_before(since)], None);
            assert_eq!(file.as_deref(), Some(expected));
        }
        let both = vec![published_before(None), published_before(Some(BUILD_TIME - 300))];
        assert_eq!(update_file(both, None).as_deref(), Some("700\n"));
        // The file of the earlier run still exists.
        let kept = update_file(vec![published_before(None)], Some("650\n"));
        assert_eq!(kept.as_deref(), Some("650\n"));
        assert_eq!(update_file(vec![record("a.example", None)], None), None, "never");
    }

    /// A record that an earlier run has published.
    fn published_before(since: Option<u64>) -> RecordStatus {
        RecordStatus { since, since_up: None, ..record("a.example", Some("192.0.2.1")) }
    }

    /// The file `home.update` of these records, after it had the content `before`.
    fn update_file(records: Vec<RecordStatus>, before: Option<&str>) -> Option<String> {
        let scratch = Scratch::new("run-earlier");
        let path = scratch.path().join("home.update");
        if let Some(text) = before {
            fs::write(&path, text).unwrap();
        }
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        files.show_all(&snapshot(records), NOW).unwrap();
        fs::read_to_string(path).ok()
    }

    #[test]
    fn a_section_that_was_refused_or_given_up_has_no_pid() {
        let scratch = Scratch::new("run-refused");
        let pid = scratch.path().join("home.pid");
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        let refused = Wait::Refused(NOW.up);
        for (waits, running) in [
            ([PUBLISHED, PUBLISHED], true),
            ([refused.clone(), refused.clone()], false),
            ([refused.clone(), PUBLISHED], true),
            ([Wait::GivenUp(3), refused], false),
            ([Wait::BackOff(NOW.up), Wait::NoAddress(NoAddress::not_asked())], true),
        ] {
            let records = waits
                .clone()
                .map(|wait| RecordStatus { wait, ..record("a.example", Some("192.0.2.1")) });
            files.show_all(&snapshot(records.to_vec()), NOW).unwrap();
            assert_eq!(pid.exists(), running, "{waits:?}");
        }
    }

    #[test]
    fn a_stopped_section_has_no_pid_until_it_is_started() {
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
    fn show_writes_only_the_given_sections() {
        let scratch = Scratch::new("run-one");
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        let mut state = snapshot(vec![record("a.example", None)]);
        let other = SectionStatus { name: "other".into(), ..state.sections[0].clone() };
        state.sections.insert(0, other);
        files.show_all(&state, NOW).unwrap();
        let changed = snapshot(vec![record("a.example", Some("192.0.2.1"))]).sections;
        files.show(&changed, NOW).unwrap();
        assert_eq!(read(&scratch, "home.ip").as_deref(), Some("192.0.2.1\n"));
        let left = ["other.ip", "other.pid", "off.ip"].map(|name| read(&scratch, name));
        assert_eq!(left.map(|text| text.unwrap()), ["\n", "42\n", "\n"]);
        fs::remove_file(scratch.path().join("home.ip")).unwrap();
        files.show(&changed, NOW).unwrap();
        assert_eq!(read(&scratch, "home.ip"), None, "the content has not changed");
    }

    #[test]
    fn the_error_for_a_missing_directory_names_the_file() {
        let scratch = Scratch::new("run-nowhere");
        let mut files = RunFiles::new(scratch.path().join("nowhere"), 42);
        let error = files.show_all(&snapshot(vec![record("a.example", None)]), NOW).unwrap_err();
        assert!(error.contains("nowhere/") && error.contains("No such file"), "{error}");
    }
}
