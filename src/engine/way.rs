//! Ways to hosts: the questions that the kernel is asked, and its answers (RTM_GETROUTE).

use std::net::IpAddr;

use crate::model::sorted::Map;
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

/// All questions and answers.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    known: Map<Ask, Asked>,
    /// How many questions have no answer yet.
    awaited: usize,
}

/// A question that was asked.
#[derive(Clone, Debug, Default)]
struct Asked {
    /// Whether an answer is on its way.
    is_awaited: bool,
    /// The last answer.
    told: Option<WayAnswer>,
}

impl Ways {
    /// The kernel's answer to `ask`, if there is one.
    pub fn answer(&self, ask: &Ask) -> Option<&WayAnswer> {
        self.known.get(ask)?.told.as_ref()
    }

    /// Whether the kernel has answered every question.
    pub fn is_complete(&self) -> bool {
        self.awaited == 0
    }

    /// Asks `asks`, all of them, and forgets the answers to other questions.
    pub fn ask(&mut self, asks: Vec<Ask>) {
        let mut before = std::mem::take(&mut self.known);
        for ask in asks {
            // The last answer stays until the next one, so that an answer that is the same is no news.
            let told = before.remove(&ask).and_then(|asked| asked.told);
            let asked = self.known.get_or_insert(ask, Asked::default());
            asked.is_awaited = true;
            asked.told = asked.told.take().or(told);
        }
        self.awaited = self.known.len();
    }

    /// The questions, each once.
    pub fn asks(&self) -> impl Iterator<Item = &Ask> {
        self.known.keys()
    }

    /// Takes in the kernel's answer. Returns whether it differs from the one before.
    pub fn told(&mut self, ask: &Ask, told: WayAnswer) -> bool {
        let Some(asked) = self.known.get_mut(ask) else { return false };
        if std::mem::replace(&mut asked.is_awaited, false) {
            self.awaited -= 1;
        }
        let told = Some(told);
        let is_news = asked.told != told;
        asked.told = told;
        is_news
    }

    /// Whether an answer may be another one now that `route` came, went or changed: `route` leads to an address
    /// that was asked about, or a host had no way.
    pub fn depend_on(&self, route: &Route) -> bool {
        let mut told = self.known.values().filter_map(|asked| asked.told.as_ref());
        told.any(|told| match (&told.way, told.address) {
            // Any route may be the one that was missing, or may lead to a host whose address is not known.
            (Way::None(_), _) | (_, None) => true,
            (Way::Here | Way::Out(_), Some(address)) => covers(route, address),
        })
    }
}

/// Whether the destination of `route` contains `address`.
fn covers(route: &Route, address: IpAddr) -> bool {
    match (route.destination, address) {
        (IpAddr::V4(net), IpAddr::V4(a)) => {
            // A default route has the length 0. A shift by all bits overflows, and then the mask is 0.
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
