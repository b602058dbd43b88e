//! `run`: follows the kernel until it is told to stop.

use super::{Daemon, Mode};
use crate::cli::VERSION;
use crate::config::Config;
use crate::edge::{clock, files};
use crate::engine::event::Action;
use crate::model::Level;
use crate::time::Now;

pub(super) struct Serve;

impl Mode for Serve {
    fn serves(&self) -> bool {
        true
    }

    /// Logs how many sections run, and begins to wait for what the others lack.
    fn config_applied(&mut self, daemon: &mut Daemon, config: &Config) {
        let sections = match config.sections.len() {
            1 => "1 section".into(),
            count => format!("{count} sections"),
        };
        let file = files::config(&daemon.config.file);
        daemon.say(Level::Info, format!("{VERSION}: {sections} of {}", file.display()));
        daemon.display.show_metrics_in(config.global.metrics_file.as_deref());
        daemon.config.recheck.begin(&config.broken, clock::now());
    }

    fn screen(&mut self, _: &Action) -> bool {
        true
    }

    fn end(&mut self, _: &mut Daemon, _: Now) -> Option<u8> {
        None
    }
}
