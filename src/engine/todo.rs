//! The work that events have left for the next polls.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::agenda::Marks;
use super::flights::RecordId;
use crate::proto::netlink::IfIndex;

/// The work for the next polls. [`Marks`] hold indexes of sections or accounts.
#[derive(Clone, Debug, Default)]
pub(super) struct Todo {
    /// Reports of the kernel and netifd that selections do not have yet.
    pub(super) news: News,
    /// Sections whose address is to be selected anew.
    pub(super) reselect: Marks,
    /// Records whose [`super::wait::Wait`] may have changed.
    pub(super) touched: Vec<RecordId>,
    /// Records that are up to date, but may have another address in DNS.
    pub(super) corrections: BinaryHeap<Reverse<RecordId>>,
    /// Accounts that may have a record to send.
    pub(super) accounts: Marks,
    /// Sections whose requests may have no route.
    pub(super) blocks: Marks,
    /// Sections whose source may have to be asked.
    pub(super) asks: Marks,
    /// Sections that may have a look-up due.
    pub(super) lookups: Marks,
    /// Records that may differ from their last saved form.
    pub(super) unsaved: Vec<RecordId>,
    /// Sections whose status may have changed.
    pub(super) changed: Marks,
    /// Whether the status of all sections may have changed, as after a reload.
    pub(super) is_all_changed: bool,
    /// Records whose last request did not leave the router.
    pub(super) failed_locally: Vec<RecordId>,
}

/// Reports since the last selection of addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// Whether there was any report.
    pub(super) is_any: bool,
    /// Whether the reports may concern every viewpoint.
    pub(super) is_about_all: bool,
    /// Devices whose addresses have changed.
    pub(super) links: Vec<IfIndex>,
    /// Whether ways to hosts may have changed since the kernel was asked for them.
    pub(super) lost_way: bool,
}

impl News {
    /// Notes a report that may concern every viewpoint.
    pub(super) fn about_all(&mut self) {
        self.is_any = true;
        self.is_about_all = true;
    }

    /// Notes a report about the addresses of a device.
    pub(super) fn about_link(&mut self, link: IfIndex) {
        self.is_any = true;
        // A router has few devices, so a search is cheaper than a set.
        if !self.links.contains(&link) {
            self.links.push(link);
        }
    }

    /// Takes the reports. `lost_way` stays, until the kernel is asked again.
    pub(super) fn take(&mut self) -> Self {
        // The kernel is asked for ways only when its addresses are known. That may be later than this.
        let lost_way = self.lost_way;
        std::mem::replace(self, Self { lost_way, ..Self::default() })
    }
}
