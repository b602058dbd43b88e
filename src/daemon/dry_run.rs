//! `once --dry-run`: prints what `once` would send, and the state of every other record.

use super::{Daemon, Mode};
use crate::edge::console::show;
use crate::engine::event::Action;
use crate::engine::status::Snapshot;
use crate::model::sort;
use crate::model::{Family, Hostname};
use crate::provider::Job;
use crate::time::Now;

#[derive(Default)]
pub(super) struct DryRun {
    /// The records that [`worker::DryRun`](crate::edge::worker::DryRun) prints, each with its section.
    printed: Vec<(String, Hostname, Family)>,
}

impl Mode for DryRun {
    /// Publishing goes on to the worker, which sends nothing. Nothing is saved. Messages would report
    /// updates that did not take place.
    fn screen(&mut self, action: &Action) -> bool {
        match action {
            Action::Save(_)
            | Action::TellHooks(_)
            | Action::Say(_)
            | Action::LookUp { .. }
            | Action::Listen(_) => false,
            Action::Publish { sections, job, .. } => {
                self.note_printed(sections, job);
                true
            }
            Action::Dump(_)
            | Action::FindWay(_)
            | Action::WatchFiles(_)
            | Action::FollowNeighbours(_)
            | Action::ProbeNeighbour(_)
            | Action::AskLeases
            | Action::Cut(_)
            | Action::Detect { .. } => true,
        }
    }

    fn end(&mut self, daemon: &mut Daemon, now: Now) -> Option<u8> {
        if !daemon.engine.at_rest(now) {
            return None;
        }
        let status = daemon.engine.status(now);
        let code = daemon.exit_code(&status);
        show(&self.not_printed(status).to_lines(&[]));
        Some(code)
    }
}

impl DryRun {
    fn note_printed(&mut self, sections: &[String], job: &Job) {
        for (section, change) in sections.iter().zip(&job.changes) {
            self.printed.push((section.clone(), change.name.clone(), change.family));
        }
    }

    /// What `status` has of the records for which nothing would be sent.
    fn not_printed(&mut self, mut status: Snapshot) -> Snapshot {
        sort::ascending(&mut self.printed);
        for section in &mut status.sections {
            let name = &section.name;
            section.records.retain(|record| {
                let key = (name.clone(), record.name.clone(), record.family);
                self.printed.binary_search(&key).is_err()
            });
        }
        status
    }
}
