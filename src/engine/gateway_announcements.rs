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
            let Some((active, view)) = self.section_and_view(place) else { continue };
            if view.answers.gateway().is_some_and(|known| known.address == gateway)
                // IPv6 is not translated, so only the IPv4 address is the gateway's.
                && let Some(detector) = active.detector_mut(Family::V4)
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
            if let Some(gateway) = view.answers.gateway() {
                gateways.insert(gateway.clone());
            }
        }
        if gateways != self.facts.gateways {
            self.facts.gateways = gateways;
            let mut followed = Vec::new();
            for gateway in self.facts.gateways.iter() {
                followed.push(gateway.clone());
            }
            self.actions.push(Action::Listen(followed));
        }
    }
}
