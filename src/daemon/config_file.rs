//! The configuration file: reading it again, and putting it in force.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::event_loop::{EventLoop, FLUSH};
use super::recheck::Recheck;
use super::{Daemon, MISTAKES, store_thread};
use crate::config::Global;
use crate::config::check::Checked;
use crate::config::mistake::{Mistake, Severity};
use crate::edge::load::{Loaded, load};
use crate::edge::store::Store;
use crate::edge::{clock, files};
use crate::engine::event::{Action, Event};
use crate::model::sort;
use crate::model::{Level, Notice};
use crate::state::{Changes, State};
use crate::time::Now;

/// The configuration file and what is in force of it.
pub(super) struct ConfigFile {
    /// As it was named on the command line; empty for the usual one.
    pub(super) file: PathBuf,
    /// The global options in force.
    pub(super) global: Arc<Global>,
    /// Whether the configuration in force has errors.
    pub(super) has_errors: bool,
    /// When the file is read again for sections that cannot run.
    pub(super) recheck: Recheck,
}

impl ConfigFile {
    pub(super) fn new(file: &Path, global: &Global) -> Self {
        Self {
            file: file.to_owned(),
            global: Arc::new(global.clone()),
            has_errors: false,
            recheck: Recheck::default(),
        }
    }
}

impl EventLoop {
    /// SIGHUP: reads the configuration again, and serves the sections that were stopped, too.
    pub(super) fn reload(&mut self) {
        self.daemon.engine.handle(Event::Start(Vec::new()), clock::now());
        self.read_again();
        if let Some(directory) = &self.daemon.run_directory
            && directory.lacks_socket()
        {
            self.daemon.use_run_directory();
        }
        self.daemon.show_state(clock::now());
    }

    /// Reads the configuration again; one that cannot be read at all changes nothing.
    pub(super) fn read_again(&mut self) {
        let daemon = &mut self.daemon;
        let file = files::config(&daemon.config.file);
        let file = file.display();
        match load(&daemon.config.file) {
            // After a power cut the file may be empty or end early. The owner has not deleted what is missing.
            Ok(loaded) if loaded.checked.config.cut => {
                daemon.log_mistakes(&loaded.checked);
                let text = format!(
                    "{file} is empty or cannot be read to its end; the configuration in force stays"
                );
                daemon.say(Level::Error, text);
            }
            Ok(loaded) => {
                // The logs are set first, so that messages about the new file are in those that it names.
                daemon.logger.configure(&loaded.checked.config);
                daemon.say(Level::Notice, format!("reading {file} again"));
                self.apply_config(loaded);
            }
            Err(error) => {
                daemon.say(Level::Error, format!("{error}; the configuration in force stays"));
            }
        }
    }

    /// Reads the configuration again if its sections, with the passwords in their files, are no longer
    /// those in force.
    pub(super) fn read_if_changed(&mut self) {
        let unchanged = load(&self.daemon.config.file)
            .is_ok_and(|loaded| self.daemon.engine.has_sections(&loaded.checked.config.sections));
        if !unchanged {
            self.read_again();
        }
    }

    /// Reads the configuration again, if that is due, for sections that cannot run. Changes and logs
    /// nothing unless other sections cannot run now, or for other reasons.
    pub(super) fn recheck_broken(&mut self, now: Now) {
        let config = &mut self.daemon.config;
        if config.recheck.due().is_none_or(|due| due > now.up) {
            return;
        }
        config.recheck.tried(now);
        let Ok(loaded) = load(&config.file) else {
            return;
        };
        let new = &loaded.checked.config;
        if !new.cut && config.recheck.is_news(&new.broken) {
            self.daemon.logger.configure(new);
            self.apply_config(loaded);
        }
    }

    /// Puts a configuration in force, and logs what is wrong with it.
    pub(super) fn apply_config(&mut self, loaded: Loaded) {
        let Loaded { checked, hosts } = loaded;
        self.change_directories(&checked);
        self.daemon.log_mistakes(&checked);
        self.daemon.config.has_errors = checked.errors().next().is_some();
        self.mode.config_applied(&mut self.daemon, &checked.config);
        let config = Box::new(checked.config);
        self.daemon.display.outdate();
        self.daemon.engine.handle(Event::Reload { config, hosts }, clock::now());
    }

    /// Puts the global options in force. Directories stay as they are if the configuration is wrong
    /// about them.
    fn change_directories(&mut self, checked: &Checked) {
        let mut global = checked.config.global.clone();
        let current = Arc::clone(&self.daemon.config.global);
        // An option with an error has its default, which the owner has not asked for.
        let wrong = checked.errors().any(names_directory);
        if wrong || !self.daemon.change_run_directory(&global.rundir) {
            global.rundir.clone_from(&current.rundir);
        }
        if wrong {
            global.statedir.clone_from(&current.statedir);
        }
        if global.statedir != current.statedir {
            self.change_state_directory(&global.statedir);
        }
        self.daemon.config.global = Arc::new(global);
    }

    /// Keeps the state in `statedir` from now on.
    fn change_state_directory(&mut self, statedir: &Path) {
        self.daemon.flush(FLUSH);
        self.daemon.store =
            store_thread(Store::open(statedir), State::default(), &self.daemon.incoming);
        let now = clock::now();
        let state = self.daemon.engine.state(now);
        // The new directory has nothing yet, so all is a change. The history is not compared, and is added here.
        let changes = Changes::between(&State::default(), &state);
        let changes = Changes { history: state.history, ..changes };
        self.carry_out(Action::Save(changes), now);
    }
}

/// Whether a mistake is in the option of a directory that this module changes.
fn names_directory(mistake: &Mistake) -> bool {
    matches!(mistake.option.as_deref(), Some("ddns_rundir" | "ddns_statedir"))
}

impl Daemon {
    /// Uses `rundir` from now on; `false` if that cannot be locked.
    fn change_run_directory(&mut self, rundir: &Path) -> bool {
        let Some(directory) = &self.run_directory else {
            return true;
        };
        if directory.is_at(rundir) {
            return true;
        }
        match directory.lock_instead(rundir.to_owned()) {
            Ok(directory) => {
                // The old directory is left only now: had the lock failed, everything would be as before.
                self.withdraw();
                self.run_directory = Some(directory);
                self.use_run_directory();
                true
            }
            Err(error) => {
                let current = self.config.global.rundir.display();
                let text = format!("{error}; {current} goes on being used");
                self.say(Level::Warning, text);
                false
            }
        }
    }

    /// Logs what is wrong with a configuration, the errors first if not all of it is logged.
    fn log_mistakes(&mut self, checked: &Checked) {
        let mut mistakes = Vec::new();
        for mistake in &checked.mistakes {
            mistakes.push(mistake);
        }
        let more = mistakes.len().saturating_sub(MISTAKES);
        if more > 0 {
            sort::by(&mut mistakes, |a, b| a.severity.cmp(&b.severity));
        }
        for mistake in mistakes.into_iter().take(MISTAKES) {
            let level = match mistake.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
            };
            let section = mistake.section.clone();
            let notice = Notice::general(level, mistake.to_string());
            self.logger.say(&Notice { section, ..notice });
        }
        if more > 0 {
            let text = format!("{more} more messages like these: 'ddns-netlink check' shows more");
            self.say(Level::Warning, text);
        }
    }
}
