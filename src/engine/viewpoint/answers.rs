//! What the network answers to the questions of sections.

use std::net::IpAddr;

use crate::engine::gate::Standing;
use crate::engine::gateway::{Gateway, Uplink};
use crate::engine::host::LanAnswers;
use crate::engine::no_address::{Desired, SendBlock};
use crate::engine::way::Step;
use crate::model::Family;
use crate::model::sorted::Set;

/// The answers for one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyAnswer {
    /// The address of the device or logical interface; `Unknown` for sources that are asked.
    pub desired: Desired,
    /// The device that a request for a record must leave through, `None` if any will do; or the reason that
    /// keeps the request from leaving.
    pub way: Result<Option<String>, SendBlock>,
    /// Whether the source can be asked: a script always, a page if a way leads to its host, a gateway if there is
    /// a default route.
    pub can_ask: bool,
    /// Why the source cannot be asked; `None` while the kernel or netifd has not answered everything.
    pub cannot_ask: Option<String>,
}

/// All answers to one section's questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    pub(super) v4: FamilyAnswer,
    pub(super) v6: FamilyAnswer,
    /// The device of `bind_network`, which requests must leave through; `None` if the option is not set.
    pub bound: Result<Option<String>, SendBlock>,
    /// Whether this router is the one that publishes. `Unknown` changes nothing.
    pub standing: Standing,
    /// Whether name servers can be reached.
    pub reaches_dns: bool,
    /// Whether the kernel and netifd have answered everything.
    pub is_complete: bool,
    /// The usable ways to the hosts when the kernel had last answered every question.
    pub steps: Option<Set<Step>>,
    /// The device and the addresses of the event network; `None` if there is none, or while it is unknown.
    pub event_network: Option<(Option<String>, Set<IpAddr>)>,
    /// The addresses of hosts in the local network.
    pub lan: LanAnswers,
    /// The uplink of a `gateway` source; `None` for other sources, or while it is unknown.
    pub uplink: Option<Uplink>,
}

impl FamilyAnswer {
    pub(super) fn unknown() -> Self {
        Self {
            desired: Desired::Unknown,
            way: Err(SendBlock::no_route("the kernel's addresses are being read")),
            can_ask: false,
            cannot_ask: None,
        }
    }

    /// The device that a request for a record must leave through; `None` if any will do, or if none can leave.
    pub fn device(&self) -> Option<String> {
        self.way.as_ref().ok()?.clone()
    }
}

impl Answers {
    /// The device of `bind_network`; `None` if the option is not set, or if there is no such device.
    pub fn bound_device(&self) -> Option<String> {
        self.bound.as_ref().ok()?.clone()
    }

    /// The gateway of the default route, for a `gateway` source.
    pub fn gateway(&self) -> Option<&Gateway> {
        self.uplink.as_ref()?.gateway.as_ref()
    }

    /// The answers before the first report of the kernel.
    pub(super) fn unknown() -> Self {
        Self {
            v4: FamilyAnswer::unknown(),
            v6: FamilyAnswer::unknown(),
            bound: Ok(None),
            standing: Standing::Unknown,
            reaches_dns: false,
            is_complete: false,
            steps: None,
            event_network: None,
            lan: LanAnswers::unknown(),
            uplink: None,
        }
    }

    /// The answers for `family`.
    pub fn of(&self, family: Family) -> &FamilyAnswer {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// The reason that keeps requests for all of `families` from leaving; `None` if one can leave.
    pub fn block(&self, families: &[Family]) -> Option<&SendBlock> {
        let mut found = None;
        for &family in families {
            found = Some(self.of(family).way.as_ref().err()?);
        }
        found
    }
}
