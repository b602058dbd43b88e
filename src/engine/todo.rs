//! What an event has left to do, until the next polls have done it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::agenda::Marks;
use super::flights::RecordId;
use crate::proto::netlink::IfIndex;

/// What is left to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Todo {
    /// What the kernel and netifd have reported.
    pub(super) news: News,
    /// Sections whose address is selected anew.
    pub(super) reselect: Marks,
    /// Records that may wait for something else now.
    pub(super) touched: Vec<RecordId>,
    /// Records that are up to date: DNS may have something else.
    pub(super) corrections: BinaryHeap<Reverse<RecordId>>,
    /// Accounts that may have something to send.
    pub(super) accounts: Marks,
    /// Sections whose requests may be kept from leaving.
    pub(super) blocks: Marks,
    /// Sections whose source may have to be asked.
    pub(super) asks: Marks,
    /// Sections for which name servers may have to be asked.
    pub(super) lookups: Marks,
    /// Records that may differ from what was given to be saved.
    pub(super) unsaved: Vec<RecordId>,
    /// Sections that may be shown in another way.
    pub(super) changed: Marks,
    /// Whether the sections are others than those that were shown.
    pub(super) is_all_changed: bool,
    /// Records of which nothing left the router when they were tried last.
    pub(super) failed_locally: Vec<RecordId>,
}

/// What was reported since addresses were selected.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// Whether anything was.
    pub(super) is_any: bool,
    /// Whether it may concern every question about the network.
    pub(super) is_about_all: bool,
    /// Devices whose addresses have changed.
    pub(super) links: Vec<IfIndex>,
    /// The ways to hosts may be others since the kernel was asked.
    pub(super) lost_way: bool,
}

impl News {
    /// Something that may concern every question.
    pub(super) fn about_all(&mut self) {
        self.is_any = true;
        self.is_about_all = true;
    }

    /// The addresses of a device.
    pub(super) fn about_link(&mut self, link: IfIndex) {
        self.is_any = true;
        if !self.links.contains(&link) {
            self.links.push(link);
        }
    }

    /// All of it is taken in. Returns what it was.
    pub(super) fn take(&mut self) -> Self {
        let lost_way = self.lost_way;
        std::mem::replace(self, Self { lost_way, ..Self::default() })
    }
}
