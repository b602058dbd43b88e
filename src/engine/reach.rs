//! Whether a host can be reached, and over which gateways, as far as the kernel has answered.

use super::book::KernelTables;
use super::way::{Ask, Step};
use crate::model::{Family, Host};
use crate::proto::netlink::{Hop, IfIndex, NoWay, Way, WayAnswer};

impl KernelTables {
    /// Adds the questions about the ways to `host`: over `family` only, and through `device`, if they are given.
    /// Without the device there is none.
    pub fn add_asks(
        &self,
        host: &Host,
        family: Option<Family>,
        device: Option<&str>,
        asks: &mut Vec<Ask>,
    ) {
        let device = match device.map(|name| self.link(name)) {
            None => None,
            Some(Some(link)) => Some((link.name.clone(), link.index)),
            Some(None) => return,
        };
        for of in [Family::V4, Family::V6] {
            let other = matches!(host, Host::Address(address) if Family::of(*address) != of);
            if !other && family.is_none_or(|family| family == of) {
                asks.push(Ask { host: host.clone(), family: of, device: device.clone(), mark: 0 });
            }
        }
    }

    /// Whether a request to `host` can leave.
    pub fn reaches(&self, host: &Host, family: Option<Family>, device: Option<&str>) -> bool {
        self.closed(host, family, device).is_none()
    }

    /// Why no request to `host` can leave; `None` if one can.
    pub fn closed(
        &self,
        host: &Host,
        family: Option<Family>,
        device: Option<&str>,
    ) -> Option<String> {
        if !self.addresses_known() {
            return Some("the kernel's addresses are being read".into());
        }
        if let (Host::Address(address), Some(family)) = (host, family)
            && Family::of(*address) != family
        {
            return Some(format!("{address} is no {family} address"));
        }
        let mut asks = Vec::new();
        self.add_asks(host, family, device, &mut asks);
        let mut reasons = Vec::new();
        for ask in &asks {
            // `?` returns `None` for the first question with a way: one family is enough.
            reasons.push(self.obstruction(ask, family.is_some())?);
        }
        reasons.dedup();
        Some(reasons.join("; "))
    }

    /// Why there is no way; `None` if there is one. `prescribed`: whether the sentence names the family.
    fn obstruction(&self, ask: &Ask, prescribed: bool) -> Option<String> {
        let family = ask.family;
        let of_family = if prescribed { format!("{family} ") } else { String::new() };
        let Some(WayAnswer { address, way }) = self.ways.answer(ask) else {
            return Some("the kernel is being asked for a route".into());
        };
        let to = match (&ask.host, address) {
            (Host::Address(address), _) => address.to_string(),
            (Host::Name(name), Some(address)) => format!("{address} ({name})"),
            (Host::Name(name), None) if name.is_empty() => "the internet".into(),
            (Host::Name(name), None) => name.clone(),
        };
        let through = match &ask.device {
            Some((device, _)) => format!(" through {device}"),
            None => String::new(),
        };
        match way {
            Way::Here => None,
            // The kernel names only a next-hop object, of which nothing more is known.
            Way::Out(hops) if hops.is_empty() => None,
            Way::Out(hops) if hops.iter().any(|hop| self.works(hop)) => None,
            Way::Out(_) => Some(format!(
                "the {of_family}route to {to} leads through a device without a carrier"
            )),
            Way::None(NoWay::NoSource) => {
                Some(format!("there is no {family} address to send from{through}"))
            }
            Way::None(NoWay::NoRoute) => {
                Some(format!("the kernel has no {of_family}route to {to}{through}"))
            }
            Way::None(NoWay::Forbidden) => {
                Some(format!("a blackhole or prohibit route, or a rule, blocks {to}{through}"))
            }
        }
    }

    /// The usable ways of `ask`.
    pub fn steps(&self, ask: &Ask) -> Vec<Step> {
        let Some(WayAnswer { way: Way::Out(hops), .. }) = self.ways.answer(ask) else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        for hop in hops {
            if self.works(hop) {
                steps.push((ask.family, hop.link, hop.gateway));
            }
        }
        steps
    }

    /// Whether all that is missing for a way is an address to send from.
    pub fn lacks_source(&self, ask: &Ask) -> bool {
        matches!(self.ways.answer(ask), Some(WayAnswer { way: Way::None(NoWay::NoSource), .. }))
    }

    fn works(&self, hop: &Hop) -> bool {
        // The kernel keeps routes through a device without a carrier (unless `ignore_routes_with_linkdown` is set).
        hop.alive && hop.link.is_none_or(|index| self.has_carrier(index))
    }

    fn has_carrier(&self, index: IfIndex) -> bool {
        self.links().any(|link| link.index == index && link.up && link.carrier)
    }
}
