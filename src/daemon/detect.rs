//! Finds out whether there is an address, as LuCI's helper asks (`get_local_ip`).

use super::{Daemon, Mode};
use crate::cli::exit;
use crate::engine::event::Action;
use crate::time::{Duration, Now};

pub(super) struct Detect {
    /// When to give up, since boot.
    pub(super) deadline: Duration,
}

impl Mode for Detect {
    fn screen(&mut self, action: &Action) -> bool {
        match action {
            Action::Dump(_)
            | Action::FindWay(_)
            | Action::WatchFiles(_)
            | Action::FollowNeighbours(_)
            | Action::ProbeNeighbour(_)
            | Action::AskLeases
            | Action::Detect { .. }
            | Action::Cut(_) => true,
            Action::Publish { .. }
            | Action::Listen(_)
            | Action::LookUp { .. }
            | Action::Save(_)
            | Action::TellHooks(_)
            | Action::Say(_) => false,
        }
    }

    fn deadline(&self) -> Option<Duration> {
        Some(self.deadline)
    }

    fn end(&mut self, daemon: &mut Daemon, now: Now) -> Option<u8> {
        if daemon.engine.status(now).has_addresses() {
            Some(exit::OK)
        } else if daemon.engine.at_rest(now) || self.deadline <= now.up {
            Some(exit::FAILED)
        } else {
            None
        }
    }
}
