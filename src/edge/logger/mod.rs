//! Writes messages to standard error or the system log, and to the log file of their section.

mod file;
pub mod line;
mod stderr;
mod system;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use crate::config::{Config, Log};
use crate::edge::clock;
use crate::edge::localtime::LocalClock;
use crate::model::name::is_file_name;
use crate::model::sorted::{Map, Set};
use crate::model::{Level, Notice};
use crate::time::UnixSeconds;
use crate::time::strftime::strftime;
use stderr::LossyStderr;
use system::SystemLog;

/// The log settings of a section whose configuration has mistakes: the defaults of ddns-scripts.
const DEFAULT_LOG: Log = Log { syslog: 2, file: true };

/// Where all messages go, beside the log file of their section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard error.
    Stderr,
    /// The system log, on this socket or on one of the usual ones. If no log daemon listens, messages
    /// go to standard error.
    Syslog(Option<PathBuf>),
}

impl Destination {
    /// Standard error if it is a terminal or `stderr_wanted`, else the system log.
    pub fn choose(stderr_wanted: bool) -> Self {
        if stderr_wanted || io::stderr().is_terminal() { Self::Stderr } else { Self::Syslog(None) }
    }
}

/// Writes messages. It never fails: if a log file cannot be written, a warning goes to the other log,
/// once.
pub struct Logger {
    system: Option<SystemLog>,
    stderr: Box<dyn io::Write + Send>,
    clock: LocalClock,
    settings: Settings,
    /// Sections whose log file could not be written at the last message.
    unwritable: Set<String>,
}

/// The options about logging.
struct Settings {
    dateformat: String,
    logdir: PathBuf,
    loglines: usize,
    sections: Map<String, Log>,
}

impl Logger {
    /// A logger without log files. [`Logger::configure`] adds them.
    pub fn new(destination: Destination) -> Self {
        Self::with_stderr(destination, Box::new(LossyStderr::new(io::stderr())))
    }

    fn with_stderr(destination: Destination, stderr: Box<dyn io::Write + Send>) -> Self {
        Self {
            system: match destination {
                Destination::Stderr => None,
                Destination::Syslog(socket) => Some(SystemLog::new(socket)),
            },
            stderr,
            clock: LocalClock::system(),
            settings: Settings {
                dateformat: "%F %R".into(),
                logdir: PathBuf::new(),
                loglines: 1,
                sections: Map::new(),
            },
            unwritable: Set::new(),
        }
    }

    /// Applies the options of `config`. A section with mistakes is logged with `DEFAULT_LOG`, so
    /// that its log file explains why it does not run.
    pub fn configure(&mut self, config: &Config) {
        let mut sections = Map::new();
        for (name, _) in &config.broken {
            sections.insert(name.clone(), DEFAULT_LOG);
        }
        for section in &config.sections {
            sections.insert(section.name.clone(), section.log.clone());
        }
        self.settings = Settings {
            dateformat: config.global.dateformat.clone(),
            logdir: config.global.logdir.clone(),
            loglines: config.global.loglines,
            sections,
        };
        self.unwritable = Set::new();
    }

    /// Writes `notice` to every log that it belongs to.
    pub fn say(&mut self, notice: &Notice) {
        self.say_at(notice, clock::now().wall);
    }

    /// `wall` in the format of `ddns_dateformat`.
    pub fn date(&mut self, wall: UnixSeconds) -> String {
        strftime(&self.settings.dateformat, &self.clock.at(wall))
    }

    /// The log file of `section`, if there is such a section. It may not exist.
    pub fn file_of(&self, section: &str) -> Option<PathBuf> {
        if self.settings.sections.get(section).is_none() || !is_file_name(section) {
            return None;
        }
        Some(self.settings.logdir.join(format!("{section}.log")))
    }

    fn say_at(&mut self, notice: &Notice, wall: UnixSeconds) {
        let Some(section) = &notice.section else {
            self.write_common(notice, wall);
            return;
        };
        let log = self.settings.sections.get(section).cloned();
        let passes = line::passes(notice.level, log.as_ref().unwrap_or(&DEFAULT_LOG));
        // Standard error has a reader who watches, so use_syslog does not filter there. Debugging
        // details are for the log file only.
        if passes || self.system.is_none() && notice.level < Level::Debug {
            self.write_common(notice, wall);
        }
        if let Some(Log { file: true, .. }) = log {
            self.write_file(section, notice, wall);
        }
    }

    /// Writes to the system log, or to standard error.
    fn write_common(&mut self, notice: &Notice, wall: UnixSeconds) {
        // Without a log daemon the message goes to standard error: procd and systemd keep what a service writes there.
        if let Some(system) = &mut self.system
            && system.send(notice.level, &line::system(notice))
        {
            return;
        }
        let mut text = line::terminal(notice, &self.clock.at(wall));
        text.push('\n');
        // One write per line, so that lines of several processes do not mix. If this fails, no log
        // is left that could report it.
        let _ = self.stderr.write_all(text.as_bytes());
    }

    fn write_file(&mut self, section: &str, notice: &Notice, wall: UnixSeconds) {
        let path = self.settings.logdir.join(format!("{section}.log"));
        let text = line::file(notice, &self.clock.at(wall));
        let written = if is_file_name(section) {
            file::append(&path, &text, self.settings.loglines)
        } else {
            Err(io::Error::other("the section's name is not a file name"))
        };
        match written {
            Ok(()) => {
                self.unwritable.remove(section);
            }
            Err(error) => {
                if self.unwritable.insert(section.to_owned()) {
                    let text = format!("cannot write the log file {}: {error}", path.display());
                    let warning = Notice::about(section, Level::Warning, text);
                    self.write_common(&warning, wall);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Global, Section, fixture};
    use crate::scratch::Scratch;
    use std::fs;
    use std::os::unix::net::UnixDatagram;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    /// Stands for standard error and keeps what is written.
    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shown {
        /// What was written since the last call, without the times.
        fn take(&self) -> Vec<String> {
            let bytes = std::mem::take(&mut *self.0.lock().unwrap());
            let text = String::from_utf8(bytes).unwrap();
            text.lines().map(|line| line[9..].to_owned()).collect()
        }
    }

    fn section(name: &str, log: Log) -> Section {
        Section { name: name.into(), log, ..fixture::section() }
    }

    fn config(logdir: &Path, sections: &[(&str, u8, bool)]) -> Config {
        let mut built = Vec::new();
        for &(name, syslog, file) in sections {
            built.push(section(name, Log { syslog, file }));
        }
        Config {
            cut: false,
            global: Global {
                dateformat: "%F %R".into(),
                rundir: PathBuf::new(),
                logdir: logdir.into(),
                statedir: PathBuf::new(),
                loglines: 2,
                private_addresses: false,
                hook: None,
                failing_after: crate::time::Duration::from_secs(600),
                metrics_file: None,
                downloads: Default::default(),
            },
            sections: built,
            disabled: vec!["off".into()],
            broken: vec![("broken".into(), "ddns:1: no".into())],
        }
    }

    fn notice(section: &str, level: Level, text: &str) -> Notice {
        let section = if section.is_empty() { None } else { Some(section.to_owned()) };
        Notice { section, ..Notice::general(level, text.into()) }
    }

    fn lines(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| line[8..].to_owned()).collect()
    }

    #[test]
    fn each_section_has_its_own_filter_and_file() {
        let scratch = Scratch::new("logger-sections");
        let logdir = scratch.path().join("log");
        let socket = scratch.path().join("dev-log");
        let daemon = UnixDatagram::bind(&socket).unwrap();
        daemon.set_nonblocking(true).unwrap();
        let shown = Shown::default();
        let destination = Destination::Syslog(Some(socket));
        let mut logger = Logger::with_stderr(destination, Box::new(shown.clone()));
        logger.configure(&config(&logdir, &[("quiet", 0, true), ("nofile", 1, false)]));
        for section in ["", "quiet", "nofile", "broken", "off"] {
            for level in [Level::Critical, Level::Notice, Level::Info] {
                logger.say(&notice(section, level, "x"));
            }
        }
        let mut buffer = [0; 4096];
        let mut received = Vec::new();
        while let Ok(size) = daemon.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..size]).into_owned();
            let (start, text) = text.split_once(": ").unwrap();
            received.push(format!("{} {text}", start.split('d').next().unwrap()));
        }
        assert_eq!(
            received,
            [
                "<10> x",
                "<13> x",
                "<14> x",
                "<10> quiet: x",
                "<10> nofile: x",
                "<13> nofile: x",
                "<14> nofile: x",
                "<10> broken: x",
                "<13> broken: x",
                "<10> off: x",
                "<13> off: x",
            ]
        );
        assert!(shown.take().is_empty());
        for section in ["quiet", "broken"] {
            let path = logdir.join(format!("{section}.log"));
            assert_eq!(lines(&path), [" note : x", " info : x"]);
        }
        assert_eq!(fs::read_dir(logdir).unwrap().count(), 2);
    }

    #[test]
    fn standard_error_is_not_filtered_by_use_syslog() {
        let scratch = Scratch::new("logger-terminal");
        let shown = Shown::default();
        let mut logger = Logger::with_stderr(Destination::Stderr, Box::new(shown.clone()));
        logger.configure(&config(scratch.path(), &[("quiet", 0, false)]));
        logger.say(&notice("quiet", Level::Info, "x"));
        logger.say(&notice("", Level::Error, "y"));
        assert_eq!(shown.take(), ["quiet: x", "error: y"]);
    }

    #[test]
    fn without_a_log_daemon_messages_go_to_standard_error() {
        let scratch = Scratch::new("logger-fallback");
        let shown = Shown::default();
        let socket = scratch.path().join("none");
        let destination = Destination::Syslog(Some(socket));
        let mut logger = Logger::with_stderr(destination, Box::new(shown.clone()));
        logger.say(&notice("", Level::Notice, "x"));
        assert_eq!(shown.take(), ["x"]);
    }

    #[test]
    fn a_log_file_that_cannot_be_written_is_reported_once() {
        let scratch = Scratch::new("logger-once");
        let shown = Shown::default();
        let blocked = scratch.path().join("blocked");
        fs::write(&blocked, "").unwrap();
        let mut logger = Logger::with_stderr(Destination::Stderr, Box::new(shown.clone()));
        logger.configure(&config(&blocked, &[("home", 2, true), ("../up", 2, true)]));
        for _ in 0..3 {
            logger.say(&notice("home", Level::Notice, "x"));
        }
        let lines = shown.take();
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[1].starts_with("home: warning: cannot write the log file "));
        fs::remove_file(&blocked).unwrap();
        logger.say(&notice("home", Level::Notice, "x"));
        assert_eq!(shown.take().len(), 1);
        logger.say(&notice("../up", Level::Notice, "x"));
        assert!(shown.take()[1].contains("is not a file name"));
    }

    #[test]
    fn the_default_date_format_is_iso_8601_to_the_minute() {
        let mut logger = Logger::new(Destination::Stderr);
        logger.clock = LocalClock::utc();
        assert_eq!(logger.date(0), "1970-01-01 00:00");
    }
}
