//! `once`: brings every section up to date and ends.

use super::{Daemon, Mode};
use crate::cli::exit;
use crate::edge::console::show;
use crate::edge::logger::Logger;
use crate::engine::event::Action;
use crate::engine::status::Snapshot;
use crate::model::{Level, Notice};
use crate::time::{Duration, Now};

/// Time that the state may take to reach flash: nobody waits for the end.
const FLUSH: Duration = Duration::from_secs(30);

pub(super) struct Once {
    interactive: bool,
    /// Warnings and errors, if the status is printed at the end: those about records that are not up
    /// to date then are not logged, because the status gives the reason.
    withheld: Vec<Notice>,
}

impl Once {
    pub(super) fn new(interactive: bool) -> Self {
        Self { interactive, withheld: Vec::new() }
    }

    fn log_withheld(&mut self, logger: &mut Logger, status: &Snapshot) {
        for notice in self.withheld.drain(..) {
            if !notice.record.as_ref().is_some_and(|record| status.has_failed(record)) {
                logger.say(&notice);
            }
        }
    }
}

impl Mode for Once {
    fn screen(&mut self, action: &Action) -> bool {
        match action {
            // What DNS holds is only for `status` and for the next start of a daemon. An announcement tells of a later
            // change.
            Action::LookUp { .. } | Action::Listen(_) => false,
            // The owner sees what happens.
            Action::TellHooks(_) => false,
            Action::Say(notice) if self.interactive && notice.level <= Level::Warning => {
                self.withheld.push(notice.clone());
                false
            }
            Action::Dump(_)
            | Action::FindWay(_)
            | Action::WatchFiles(_)
            | Action::FollowNeighbours(_)
            | Action::ProbeNeighbour(_)
            | Action::AskLeases
            | Action::Cut(_)
            | Action::Publish { .. }
            | Action::Detect { .. }
            | Action::Save(_)
            | Action::Say(_) => true,
        }
    }

    fn end(&mut self, daemon: &mut Daemon, now: Now) -> Option<u8> {
        if !daemon.engine.at_rest(now) {
            return None;
        }
        let status = daemon.engine.status(now);
        self.log_withheld(&mut daemon.logger, &status);
        if self.interactive {
            show(&daemon.status_text(now));
        }
        daemon.withdraw();
        let saved = daemon.flush(FLUSH);
        Some(if saved { daemon.exit_code(&status) } else { exit::FAILED })
    }
}
