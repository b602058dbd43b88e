//! Ways to hosts: the questions that the kernel is asked, and its answers (RTM_GETROUTE).

use std::net::IpAddr;

use crate::model::sorted::{Map, Set};
use crate::model::{Family, Host};
use crate::proto::netlink::{IfIndex, Route, Way, WayAnswer};

/// A question: which way do packets of `family` take to `host`?
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// The host. An empty name stands for any host of the internet.
    pub host: Host,
    /// The family of the packets.
    pub family: Family,
    /// The device that they must leave through.
    pub device: Option<(String, IfIndex)>,
    /// Their mark (fwmark), which rules may look at; 0 for none. Only a question about any host of the internet
    /// has one.
    pub mark: u32,
}

/// One next hop: the family, the device and the gateway. Two ways differ if their steps do.
pub type Step = (Family, Option<IfIndex>, Option<IpAddr>);

/// All answers.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    told: Map<Ask, WayAnswer>,
    /// The questions without an answer yet.
    pub asked: Set<Ask>,
}

impl Ways {
    /// The kernel's answer to `ask`, if there is one.
    pub fn answer(&self, ask: &Ask) -> Option<&WayAnswer> {
        self.told.get(ask)
    }

    /// Asks `asks`, all of them, and forgets the answers to other questions.
    pub fn ask(&mut self, asks: Set<Ask>) {
        self.told.retain(|ask, _| asks.contains(ask));
        self.asked = asks;
    }

    /// Takes in the kernel's answer. Returns whether it differs from the one before.
    pub fn told(&mut self, ask: Ask, told: WayAnswer) -> bool {
        self.asked.remove(&ask);
        let news = self.told.get(&ask) != Some(&told);
        self.told.insert(ask, told);
        news
    }

    /// Whether an answer may be another one now that `route` came, went or changed: `route` leads to an address
    /// that was asked about, or a host had no way.
    pub fn depend_on(&self, route: &Route) -> bool {
        self.told.values().any(|told| match (&told.way, told.address) {
            (Way::None(_), _) | (_, None) => true,
            (Way::Here | Way::Out(_), Some(address)) => covers(route, address),
        })
    }
}

/// Whether the destination of `route` contains `address`.
fn covers(route: &Route, address: IpAddr) -> bool {
    match (route.destination, address) {
        (IpAddr::V4(net), IpAddr::V4(a)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(route.prefix_len)).unwrap_or(0);
            (u32::from(net) ^ u32::from(a)) & mask == 0
        }
        (IpAddr::V6(net), IpAddr::V6(a)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(route.prefix_len)).unwrap_or(0);
            (u128::from(net) ^ u128::from(a)) & mask == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}
