//! Where messages go: the terminal or the system log, and a log file per section.

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

/// What a section without a readable configuration gets: ddns-scripts' own defaults.
const DEFAULT_LOG: Log = Log { syslog: 2, file: true };

/// Where messages go that are not for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard error: every message, in a form for people.
    Stderr,
    /// The system log on this socket, or on the usual ones; standard error if there is none.
    Syslog(Option<PathBuf>),
}

impl Target {
    /// Standard error if it was asked for or is a terminal, else the system log.
    pub fn choose(stderr_asked: bool) -> Self {
        if stderr_asked || io::stderr().is_terminal() { Self::Stderr } else { Self::Syslog(None) }
    }
}

/// Writes messages down. Never fails: what cannot be written somewhere is told elsewhere, once.
pub struct Logger {
    system: Option<system::System>,
    stderr: Box<dyn io::Write + Send>,
    clock: LocalClock,
    settings: Settings,
    /// Sections whose log file could not be written last time.
    unwritable: Set<String>,
}

/// The parts of the configuration that say what is logged where.
struct Settings {
    dateformat: String,
    logdir: PathBuf,
    loglines: usize,
    sections: Map<String, Log>,
}

impl Logger {
    /// Before [`Logger::configure`], messages go to `target` alone.
    pub fn new(target: Target) -> Self {
        Self::with_stderr(target, Box::new(stderr::Patient::new(io::stderr())))
    }

    fn with_stderr(target: Target, stderr: Box<dyn io::Write + Send>) -> Self {
        Self {
            system: match target {
                Target::Stderr => None,
                Target::Syslog(socket) => Some(system::System::new(socket)),
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

    /// Takes over what `config` says about logging. Broken sections are logged as by default, so
    /// that their log says why they do not run.
    pub fn configure(&mut self, config: &Config) {
        let broken = config.broken.iter().map(|(name, _)| (name, &DEFAULT_LOG));
        let sound = config.sections.iter().map(|s| (&s.name, &s.log));
        self.settings = Settings {
            dateformat: config.global.dateformat.clone(),
            logdir: config.global.logdir.clone(),
            loglines: config.global.loglines,
            sections: broken.chain(sound).map(|(name, log)| (name.clone(), log.clone())).collect(),
        };
        self.unwritable = Set::new();
    }

    /// Writes `notice` wherever it belongs.
    pub fn say(&mut self, notice: &Notice) {
        self.say_at(notice, clock::now().wall);
    }

    /// `wall` as `ddns_dateformat` wants it.
    pub fn date(&mut self, wall: UnixSeconds) -> String {
        strftime(&self.settings.dateformat, &self.clock.at(wall))
    }

    fn say_at(&mut self, notice: &Notice, wall: UnixSeconds) {
        let log =
            notice.section.as_ref().and_then(|name| self.settings.sections.get(name)).cloned();
        let shown = notice.section.is_none()
            || line::passes(notice.level, log.as_ref().unwrap_or(&DEFAULT_LOG));
        // At a terminal someone is looking: there, nothing is filtered but what the log file is for.
        if shown || self.system.is_none() && notice.level < Level::Debug {
            self.tell(notice, wall);
        }
        if let (Some(section), Some(Log { file: true, .. })) = (&notice.section, log) {
            self.write_file(section, notice, wall);
        }
    }

    /// To the system log or the terminal.
    fn tell(&mut self, notice: &Notice, wall: UnixSeconds) {
        if let Some(system) = &mut self.system
            && system.send(notice.level, &line::system(notice))
        {
            return;
        }
        let mut text = line::terminal(notice, &self.clock.at(wall));
        text.push('\n');
        // In one piece, so that lines of several processes do not mix. With standard error gone as
        // well there is nobody left to tell.
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
                    let warning = Notice {
                        section: Some(section.to_owned()),
                        level: Level::Warning,
                        text: format!("cannot write the log file {}: {error}", path.display()),
                    };
                    self.tell(&warning, wall);
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

    /// Standard error as the tests read it.
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
        let build = |&(name, syslog, file): &(&str, u8, bool)| section(name, Log { syslog, file });
        Config {
            cut: false,
            global: Global {
                dateformat: "%F %R".into(),
                rundir: PathBuf::new(),
                logdir: logdir.into(),
                statedir: PathBuf::new(),
                loglines: 2,
                private_addresses: false,
                downloads: Default::default(),
            },
            sections: sections.iter().map(build).collect(),
            disabled: vec!["off".into()],
            broken: vec![("broken".into(), "ddns:1: no".into())],
        }
    }

    fn notice(section: &str, level: Level, text: &str) -> Notice {
        Notice { section: (!section.is_empty()).then(|| section.into()), level, text: text.into() }
    }

    fn lines(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| line[8..].to_owned()).collect()
    }

    #[test]
    fn each_section_is_filtered_and_filed_on_its_own() {
        let scratch = Scratch::new("logger-sections");
        let logdir = scratch.path().join("log");
        let socket = scratch.path().join("dev-log");
        let daemon = UnixDatagram::bind(&socket).unwrap();
        daemon.set_nonblocking(true).unwrap();
        let shown = Shown::default();
        let mut logger = Logger::with_stderr(Target::Syslog(Some(socket)), Box::new(shown.clone()));
        logger.configure(&config(&logdir, &[("quiet", 0, true), ("nofile", 1, false)]));
        for section in ["", "quiet", "nofile", "broken", "off"] {
            for level in [Level::Critical, Level::Notice, Level::Info] {
                logger.say(&notice(section, level, "x"));
            }
        }
        let mut buffer = [0; 4096];
        let mut told = Vec::new();
        while let Ok(size) = daemon.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..size]).into_owned();
            let (start, text) = text.split_once(": ").unwrap();
            told.push(format!("{} {text}", start.split('d').next().unwrap()));
        }
        assert_eq!(
            told,
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
    fn a_terminal_shows_everything() {
        let scratch = Scratch::new("logger-terminal");
        let shown = Shown::default();
        let mut logger = Logger::with_stderr(Target::Stderr, Box::new(shown.clone()));
        logger.configure(&config(scratch.path(), &[("quiet", 0, false)]));
        logger.say(&notice("quiet", Level::Info, "x"));
        logger.say(&notice("", Level::Error, "y"));
        assert_eq!(shown.take(), ["quiet: x", "error: y"]);
    }

    #[test]
    fn without_a_log_daemon_standard_error_has_it() {
        let scratch = Scratch::new("logger-fallback");
        let shown = Shown::default();
        let socket = scratch.path().join("none");
        let mut logger = Logger::with_stderr(Target::Syslog(Some(socket)), Box::new(shown.clone()));
        logger.say(&notice("", Level::Notice, "x"));
        assert_eq!(shown.take(), ["x"]);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_told_once() {
        let scratch = Scratch::new("logger-once");
        let shown = Shown::default();
        let blocked = scratch.path().join("blocked");
        fs::write(&blocked, "").unwrap();
        let mut logger = Logger::with_stderr(Target::Stderr, Box::new(shown.clone()));
        logger.configure(&config(&blocked, &[("home", 2, true), ("../up", 2, true)]));
        for _ in 0..3 {
            logger.say(&notice("home", Level::Notice, "x"));
        }
        let told = shown.take();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[1].starts_with("home: warning: cannot write the log file "));
        fs::remove_file(&blocked).unwrap();
        logger.say(&notice("home", Level::Notice, "x"));
        assert_eq!(shown.take().len(), 1);
        logger.say(&notice("../up", Level::Notice, "x"));
        assert!(shown.take()[1].contains("is not a file name"));
    }

    #[test]
    fn dates_follow_the_format() {
        let mut logger = Logger::new(Target::Stderr);
        logger.clock = LocalClock::utc();
        assert_eq!(logger.date(0), "1970-01-01 00:00");
    }
}
