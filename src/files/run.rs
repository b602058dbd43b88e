//! The run files of ddns-scripts in `ddns_rundir`, which LuCI and people's scripts read (openwrt
//! `net/ddns-scripts`, `dynamic_dns_updater.sh`; LuCI `ddns.uc`). Times in them are whole seconds
//! since boot.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Medium;
use crate::clock::Now;
use crate::engine::status::{SectionStatus, Snapshot};
use crate::sorted::Map;

/// What a file should be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    /// This.
    Text(String),
    /// This, unless it is there already: somebody else may know more.
    Default(String),
    /// Not there.
    Absent,
}

/// The run files as they were written last: what has not changed is not written again.
#[derive(Debug)]
pub struct RunFiles {
    directory: PathBuf,
    pid: u32,
    written: Map<String, Content>,
}

impl RunFiles {
    /// Files of the process `pid` in `directory`, which exists.
    pub fn new(directory: PathBuf, pid: u32) -> Self {
        Self { directory, pid, written: Map::new() }
    }

    /// Writes what is new in `snapshot`.
    ///
    /// # Errors
    /// The first file that could not be written, and why; the others are.
    pub fn show(&mut self, snapshot: &Snapshot, now: Now) -> Result<(), String> {
        let mut wanted = contents(snapshot, self.pid, now);
        for name in self.written.keys().filter(|name| name.ends_with(".pid")) {
            wanted.get_or_insert(name.clone(), Content::Absent);
        }
        let mut result = Ok(());
        for (name, content) in wanted {
            if self.written.get(&name) == Some(&content) {
                continue;
            }
            let path = self.directory.join(&name);
            let written = match &content {
                Content::Default(_) if path.exists() => Ok(()),
                Content::Text(text) | Content::Default(text) => {
                    super::replace(&path, text.as_bytes(), 0o644, Medium::Ram)
                }
                Content::Absent => super::gone(fs::remove_file(&path)),
            };
            match written {
                Ok(()) => drop(self.written.insert(name, content)),
                Err(error) => result = result.and(Err(format!("{}: {error}", path.display()))),
            }
        }
        result
    }

    /// The process ends: its number may be another's soon.
    pub fn withdraw(&mut self) {
        for name in self.written.keys().filter(|name| name.ends_with(".pid")) {
            let _ = fs::remove_file(self.directory.join(name));
        }
    }
}

/// Every run file by name.
fn contents(snapshot: &Snapshot, pid: u32, now: Now) -> Map<String, Content> {
    let mut files = Map::new();
    for section in &snapshot.sections {
        let mut set =
            |suffix: &str, content| files.insert(format!("{}.{suffix}", section.name), content);
        let pid = format!("{pid}\n");
        set("pid", if section.stopped { Content::Absent } else { Content::Text(pid) });
        set("ip", Content::Text(registered(section)));
        let next = next(section).map(|after| line(now.up.saturating_add(after)));
        set("nextcheck", next.map_or(Content::Absent, Content::Text));
        if let Some(at) = section.records.iter().filter_map(|record| record.since_up).max() {
            set("update", Content::Text(line(at)));
        }
    }
    let broken = snapshot.broken.iter().map(|(name, _)| name);
    for name in snapshot.disabled.iter().chain(broken) {
        files.insert(format!("{name}.pid"), Content::Absent);
        // LuCI looks a name up by itself, every few seconds, where there is no such file.
        files.insert(format!("{name}.ip"), Content::Default("\n".into()));
    }
    files
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

fn line(time: Duration) -> String {
    format!("{}\n", time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::BUILD_TIME;
    use crate::config::{Family, Hostname};
    use crate::engine::record::Timeline;
    use crate::engine::status::{RecordStatus, Standing};
    use crate::scratch::Scratch;

    const NOW: Now = Now { up: Duration::from_secs(1000), wall: BUILD_TIME };

    fn record(name: &str, published: Option<&str>) -> RecordStatus {
        RecordStatus {
            name: Hostname::parse(name).unwrap(),
            family: Family::V4,
            published: published.map(|text| text.parse().unwrap()),
            since: None,
            since_up: published.map(|_| Duration::from_millis(700_900)),
            desired: None,
            state: Standing::Published,
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
            broken: vec![("bad".into(), "why".into())],
        }
    }

    #[test]
    fn every_file_says_what_luci_reads() {
        let scratch = Scratch::new("run-files");
        let read = |name: &str| fs::read_to_string(scratch.path().join(name)).ok();
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        files.show(&snapshot(vec![record("a.example", None)]), NOW).unwrap();
        assert_eq!(read("home.pid").as_deref(), Some("42\n"));
        assert_eq!(read("home.ip").as_deref(), Some("\n"), "No Data");
        assert_eq!(read("home.update"), None);
        assert_eq!(read("home.nextcheck").as_deref(), Some("1600\n"));
        let both =
            vec![record("a.example", Some("192.0.2.1")), record("a.example", Some("2001:db8::1"))];
        files.show(&snapshot(both), NOW).unwrap();
        assert_eq!(read("home.ip").as_deref(), Some("192.0.2.1\n2001:db8::1\n"));
        assert_eq!(read("home.update").as_deref(), Some("700\n"));
        for name in ["off", "bad"] {
            assert_eq!(read(&format!("{name}.ip")).as_deref(), Some("\n"));
            assert_eq!(read(&format!("{name}.pid")), None);
        }
        files.withdraw();
        assert_eq!(read("home.pid"), None);
        assert!(read("home.ip").is_some(), "stays, as upstream");
    }

    #[test]
    fn what_did_not_change_is_not_written_again_and_a_section_that_left_has_no_pid() {
        let scratch = Scratch::new("run-again");
        let path = |name: &str| scratch.path().join(name);
        fs::write(path("off.ip"), "192.0.2.9\n").unwrap();
        fs::write(path("off.pid"), "7\n").unwrap();
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        let state = snapshot(vec![record("a.example", Some("192.0.2.1"))]);
        files.show(&state, NOW).unwrap();
        assert_eq!(fs::read_to_string(path("off.ip")).unwrap(), "192.0.2.9\n");
        assert!(!path("off.pid").exists(), "a process of another time");
        fs::remove_file(path("home.update")).unwrap();
        files.show(&state, NOW).unwrap();
        assert!(!path("home.update").exists());
        files.show(&Snapshot { sections: vec![], ..state }, NOW).unwrap();
        assert!(!path("home.pid").exists());
        assert!(path("home.ip").exists());
    }

    #[test]
    fn a_section_that_was_stopped_has_no_pid_until_it_goes_on() {
        let scratch = Scratch::new("run-stopped");
        let pid = scratch.path().join("home.pid");
        let mut files = RunFiles::new(scratch.path().to_owned(), 42);
        let mut state = snapshot(vec![record("a.example", Some("192.0.2.1"))]);
        for stopped in [false, true, false] {
            state.sections[0].stopped = stopped;
            files.show(&state, NOW).unwrap();
            assert_eq!(pid.exists(), !stopped);
        }
    }

    #[test]
    fn a_directory_that_is_gone_is_said() {
        let scratch = Scratch::new("run-nowhere");
        let mut files = RunFiles::new(scratch.path().join("nowhere"), 42);
        let why = files.show(&snapshot(vec![record("a.example", None)]), NOW).unwrap_err();
        assert!(why.contains("nowhere/") && why.contains("No such file"), "{why}");
    }
}
