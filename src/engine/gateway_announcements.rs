//! What gateways announce: the sections that depend on them ask again.

use std::net::Ipv4Addr;

use super::Engine;
use super::event::Action;
use crate::model::Family;
use crate::model::sorted::Set;
use crate::proto::gateway::announcement::Announcement;
use crate::time::Now;

impl Engine {
    /// A gateway has announced that its address or its mappings may have changed.
    pub(super) fn announced(&mut self, gateway: Ipv4Addr, announcement: Announcement, now: Now) {
        for place in 0..self.sections.len() {
            let Some(active) = self.sections.get_mut(place) else { continue };
            let view = self.viewpoints.get(active.viewpoint);
            let uplink = view.and_then(|view| view.answers.uplink.as_ref());
            let known = uplink.and_then(|uplink| uplink.gateway.as_ref());
            if known.is_some_and(|known| known.address == gateway)
                && let Some(detector) = active.detectors.get_mut(&Family::V4)
            {
                detector.announced(announcement, now);
                self.attend(place);
            }
        }
    }

    /// Listens to the announcements of the gateways that sections depend on now.
    pub(super) fn listen(&mut self) {
        // While the kernel is asked, no gateway is known. The port stays open, so that no announcement is missed.
        if !self.facts.book.complete() {
            return;
        }
        let mut gateways = Set::new();
        for view in &self.viewpoints {
            let uplink = view.answers.uplink.as_ref();
            gateways.extend(uplink.and_then(|uplink| uplink.gateway.clone()));
        }
        if gateways != self.facts.gateways {
            self.facts.gateways = gateways;
            let gateways = self.facts.gateways.iter().cloned().collect();
            self.actions.push(Action::Listen(gateways));
        }
    }
}
