//! Sections with a choice of lines: the questions about them, and what follows from the answers.

use std::path::PathBuf;

use super::{FamilySource, Needs, Viewpoint, of_family};
use crate::config::{Delays, Gate, Section, Source};
use crate::engine::line_choice::{self, Demand, LineChoice, anywhere};
use crate::engine::network::{NetifdState, NetworkView};
use crate::engine::no_address::SendBlock;
use crate::engine::status::LineStatus;
use crate::engine::way::Ask;
use crate::model::Family;
use crate::time::Duration;

/// The line in use for IPv4, and for IPv6.
pub type LineChoices = [LineChoice; 2];

/// The time of a question.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time, since boot.
    pub now: Duration,
    /// Whether the program ends soon, so that nothing can be waited for.
    pub is_last: bool,
}

/// What follows from a look at the lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Followed {
    /// The ways through another device must be asked for.
    pub lacks_ways: bool,
    /// Another line is in use.
    pub has_changed: bool,
    /// When to look again although nothing changes, since boot.
    pub due: Option<Duration>,
}

impl Needs {
    /// Adds the files whose text the answers depend on.
    pub fn add_files(&self, files: &mut Vec<PathBuf>) {
        for gate in &self.gates {
            if let Gate::File { path, .. } = gate {
                files.push(path.clone());
            }
        }
        for &family in &self.families {
            if let FamilySource::Lines(lines) = self.source(family)
                && lines.mwan3
            {
                for network in &lines.networks {
                    files.extend(line_choice::mwan3_files(network, family));
                }
            }
        }
    }

    /// Whether the answers depend on the addresses of all devices: those of each line, or of a gate.
    pub(super) fn depends_on_all_links(&self) -> bool {
        let has_choice =
            |from: &FamilySource| matches!(from, FamilySource::Lines(_) | FamilySource::Route(_));
        !self.gates.is_empty() || self.sources.iter().any(has_choice)
    }

    /// What a line must offer for `family`.
    pub(super) fn demand(&self, family: Family) -> Demand<'_> {
        let hosts = if self.follows_line { self.hosts.as_slice() } else { &[] };
        let over = if self.is_seen(family) { Some(family) } else { self.over };
        Demand { family, policy: self.policy, hosts, over }
    }

    /// Follows the network: which line is in use now. Returns when this must be called again although nothing
    /// changes, since boot.
    pub(super) fn follow_lines(
        &self,
        family: Family,
        choice: &mut LineChoice,
        facts: &NetworkView,
        moment: Moment,
    ) -> Option<Duration> {
        match self.source(family) {
            FamilySource::Lines(lines) => {
                // `once` ends before a delay is over, so it takes the best line there is.
                let delays = if moment.is_last { Delays::default() } else { lines.delays };
                choice.follow_lines(lines, self.demand(family), facts, moment.now, delays)
            }
            FamilySource::Route(mark) => choice.follow_route(*mark, family, facts, moment.now),
            FamilySource::Network(_)
            | FamilySource::NetworkV6 { .. }
            | FamilySource::Device(_)
            | FamilySource::Web
            | FamilySource::Script
            | FamilySource::Gateway => None,
        }
    }

    /// Adds the questions about the ways through the lines of `family`.
    pub(super) fn add_line_asks(
        &self,
        family: Family,
        facts: &NetworkView,
        choice: &LineChoice,
        asks: &mut Vec<Ask>,
    ) {
        let mut devices = Vec::new();
        match self.source(family) {
            FamilySource::Lines(lines) => {
                for network in &lines.networks {
                    // Whether a line is usable depends on its ways, so those of all lines are asked for.
                    devices.extend(line_choice::devices(network, family, facts));
                }
            }
            FamilySource::Route(mark) => {
                asks.push(line_choice::route_question(family, *mark));
                // The next device's ways are asked for before it is used, so that its address can be sent at once.
                devices = choice.exits();
            }
            FamilySource::Network(_)
            | FamilySource::NetworkV6 { .. }
            | FamilySource::Device(_)
            | FamilySource::Web
            | FamilySource::Script
            | FamilySource::Gateway => return,
        }
        let demand = self.demand(family);
        for device in devices {
            facts.book.add_asks(&anywhere(), Some(family), Some(device), asks);
            for host in demand.hosts {
                facts.book.add_asks(host, demand.over, Some(device), asks);
            }
        }
    }

    /// The device of the line in use that a request must leave through; `None` if there is no line, or if any
    /// device will do.
    pub(super) fn way_of_line(
        &self,
        family: Family,
        facts: &NetworkView,
        choice: &LineChoice,
    ) -> Option<Result<String, SendBlock>> {
        let devices = match (self.source(family), choice) {
            (FamilySource::Lines(lines), LineChoice::Lines(failover)) => {
                line_choice::devices(lines.networks.get(failover.used())?, family, facts)
            }
            (FamilySource::Route(mark), choice) => {
                vec![choice.route_scope(*mark, family, facts).ok()?.device]
            }
            _ => return None,
        };
        // A line without a device has no address either, so there is nothing to send over it.
        if devices.is_empty() {
            return None;
        }
        match line_choice::way(&devices, self.demand(family), facts) {
            Ok(device) => Some(Ok(device?)),
            Err(why) => Some(Err(SendBlock::no_route(&why))),
        }
    }
}

impl Viewpoint {
    /// The line in use for each family; nothing if there is no choice.
    pub fn lines(&self, facts: &NetworkView, now: Duration) -> Vec<LineStatus> {
        let mut lines = Vec::new();
        for &family in &self.needs.families {
            match (self.needs.source(family), of_family(&self.choices, family)) {
                (FamilySource::Lines(known), LineChoice::Lines(failover)) => {
                    let demand = self.needs.demand(family);
                    lines.push(line_choice::line_status(known, failover, demand, facts, now));
                }
                (_, LineChoice::Route(exit)) => {
                    if let Some(line) = line_choice::exit_status(exit, family, now) {
                        lines.push(line);
                    }
                }
                (_, LineChoice::Lines(_) | LineChoice::Fixed) => {}
            }
        }
        lines
    }

    /// Follows the network: which lines are in use now. Returns what follows from that; `None` while it is unknown.
    pub fn follow_lines(&mut self, facts: &NetworkView, moment: Moment) -> Option<Followed> {
        // While something is unknown, a line may only seem to be lost.
        if !facts.book.complete() || facts.netifd == NetifdState::Asking {
            return None;
        }
        let mut followed = Followed::default();
        for &family in &self.needs.families {
            let [v4, v6] = &mut self.choices;
            let choice = if family == Family::V4 { v4 } else { v6 };
            let before = choice.clone();
            let due = self.needs.follow_lines(family, choice, facts, moment);
            if due.is_some() && (followed.due.is_none() || due < followed.due) {
                followed.due = due;
            }
            // Only a route may lead to a device that was not asked about. The ways through all lines are asked for
            // anyway.
            followed.lacks_ways |= choice.exits() != before.exits();
            followed.has_changed |= choice.differs_from(&before);
        }
        Some(followed)
    }
}

/// Whether requests leave by the line that is published, unless the owner has chosen another way.
pub(super) fn follows_line(spec: &Section) -> bool {
    let has_choice = match spec.source {
        Source::Lines(_) => true,
        // Without a mark they leave by this device anyway.
        Source::Route { mark } => mark != 0,
        Source::Network { .. }
        | Source::Device(_)
        | Source::Web { .. }
        | Source::Script(_)
        | Source::Gateway { .. } => false,
    };
    has_choice && spec.transport.device.is_none()
}
