//! Sections with a choice of lines: by which device packets leave, which line is usable, and why another is not.
//!
//! [`super::line`] decides when a line takes the place of another one. This file tells it which are usable.

use std::path::PathBuf;

use super::files::FileState;
use super::line::{Exit, Failover};
use super::network::NetworkView;
use super::no_address::{Desired, NoAddress};
use super::scope::DeviceScope;
use super::select::{self, Policy};
use super::status::LineStatus;
use super::way::Ask;
use crate::config::{Delays, Lines};
use crate::model::{Family, Host, address};
use crate::proto::netlink::{Way, WayAnswer};
use crate::time::Duration;

/// The line in use for one family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LineChoice {
    /// There is no choice.
    #[default]
    Fixed,
    /// The device by which packets leave.
    Route(Exit),
    /// One of several lines.
    Lines(Failover),
}

/// What a line must offer to be usable.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// The family of the address.
    pub family: Family,
    /// Which addresses the owner allows.
    pub policy: Policy,
    /// The hosts of the provider, if requests leave by the line; otherwise none.
    pub hosts: &'a [Host],
    /// The family of the requests, if it is prescribed.
    pub over: Option<Family>,
}

/// The question about any host of the internet: see [`Ask::host`].
pub fn anywhere() -> Host {
    Host::Name(String::new())
}

/// The question by which device packets of `family` with `mark` leave.
pub fn route_question(family: Family, mark: u32) -> Ask {
    Ask { host: anywhere(), family, device: None, mark }
}

impl LineChoice {
    /// Follows the kernel's answer: by which device packets with `mark` leave. Returns when this must be called
    /// again although nothing changes.
    pub fn follow_route(
        &mut self,
        mark: u32,
        family: Family,
        facts: &NetworkView,
        now: Duration,
    ) -> Option<Duration> {
        if !matches!(self, Self::Route(_)) {
            *self = Self::Route(Exit::default());
        }
        let Self::Route(exit) = self else { return None };
        let found = exit_device(mark, family, facts, exit.used()).ok();
        exit.update(found, now)
    }

    /// Follows which of `lines` are usable. Returns when this must be called again although nothing changes.
    pub fn follow_lines(
        &mut self,
        lines: &Lines,
        demand: Demand<'_>,
        facts: &NetworkView,
        now: Duration,
        delays: Delays,
    ) -> Option<Duration> {
        let networks = &lines.networks;
        // A reload with as many lines keeps the line in use, so that a reload alone publishes no other address.
        if !matches!(self, Self::Lines(failover) if failover.count() == networks.len()) {
            *self = Self::Lines(Failover::new(networks.len(), now));
        }
        let Self::Lines(failover) = self else { return None };
        let mut usable = Vec::new();
        for network in networks {
            usable.push(obstacle(lines, network, demand, facts).is_none());
        }
        failover.update(&usable, delays, now)
    }

    /// Whether another line is in use than `before`.
    pub fn differs_from(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::Route(now), Self::Route(before)) => {
                // The first device after the start is no change that the owner must hear of.
                before.used().is_some() && now.used() != before.used()
            }
            (Self::Lines(now), Self::Lines(before)) => now.used() != before.used(),
            (Self::Fixed | Self::Route(_) | Self::Lines(_), _) => false,
        }
    }

    /// The devices whose ways must be known: that in use, and the one that takes its place in a moment.
    pub fn exits(&self) -> Vec<&str> {
        let mut exits = Vec::new();
        if let Self::Route(exit) = self {
            exits.extend(exit.used());
            exits.extend(exit.next());
        }
        exits
    }

    /// The device by which packets with `mark` leave.
    ///
    /// # Errors
    /// Why there is none, or none yet.
    pub fn route_scope<'a>(
        &self,
        mark: u32,
        family: Family,
        facts: &'a NetworkView,
    ) -> Result<DeviceScope<'a>, NoAddress> {
        let Self::Route(exit) = self else {
            return Err(NoAddress::awaited("the kernel is being asked for a route".into()));
        };
        let found = exit_device(mark, family, facts, exit.used())?;
        match exit.used() {
            Some(used) if used == found => Ok(DeviceScope::device(found)),
            Some(_) | None => Err(NoAddress::awaited(format!(
                "packets to the internet leave by {found} now; it is published if that lasts for a second"
            ))),
        }
    }

    /// The device of the line in use.
    ///
    /// # Errors
    /// Why there is none, or why another line is about to take its place.
    pub fn line_scope<'a>(
        &self,
        lines: &Lines,
        family: Family,
        facts: &'a NetworkView,
    ) -> Result<DeviceScope<'a>, NoAddress> {
        let Self::Lines(failover) = self else {
            return Err(NoAddress::awaited("the kernel's addresses are being read".into()));
        };
        let network = lines.networks.get(failover.used()).map_or("", String::as_str);
        if let Some(next) = failover.next().and_then(|next| lines.networks.get(next)) {
            let after = lines.delays.failover.as_secs();
            return Err(NoAddress::awaited(format!(
                "'{network}' cannot be used; '{next}' is published when that lasts for {after} s \
                 (failover_after)"
            )));
        }
        scope(network, family, facts)
    }
}

/// The line of `lines` in use for the family of `demand`, and why not a preferred one.
pub fn line_status(
    lines: &Lines,
    failover: &Failover,
    demand: Demand<'_>,
    facts: &NetworkView,
    now: Duration,
) -> LineStatus {
    let mut reasons = Vec::new();
    let used = failover.used();
    for (index, network) in lines.networks.iter().enumerate().take(used + 1) {
        match obstacle(lines, network, demand, facts) {
            Some(why) => reasons.push(format!("'{network}' cannot be used: {why}")),
            None if index < used => {
                let after = lines.delays.failback.as_secs();
                reasons.push(format!(
                    "'{network}' is published again when it was usable for {after} s (failback_after)"
                ));
            }
            None => {}
        }
    }
    LineStatus {
        family: demand.family,
        line: lines.networks.get(used).cloned().unwrap_or_default(),
        used_for: now.saturating_sub(failover.since()),
        reason: reasons.join("; "),
    }
}

/// The device by which packets of `family` leave.
pub fn exit_status(exit: &Exit, family: Family, now: Duration) -> Option<LineStatus> {
    let reason = match exit.next() {
        Some(next) => {
            format!("packets leave by {next} now; it is published if that lasts for a second")
        }
        None => String::new(),
    };
    let used_for = now.saturating_sub(exit.since());
    Some(LineStatus { family, line: exit.used()?.to_owned(), used_for, reason })
}

/// The device of the line `network` with its addresses of `family`. For IPv6 netifd may have an interface of
/// its own: `NAME6`, or `NAME_6` for PPP and mobile lines.
pub fn scope<'a>(
    network: &str,
    family: Family,
    facts: &'a NetworkView,
) -> Result<DeviceScope<'a>, NoAddress> {
    match family {
        Family::V4 => facts.scope(network),
        Family::V6 => facts.scope_v6(network, &format!("{network}6")),
    }
}

/// The device by which packets of `family` with `mark` leave. `used` is the one that is in use.
fn exit_device<'a>(
    mark: u32,
    family: Family,
    facts: &'a NetworkView,
    used: Option<&str>,
) -> Result<&'a str, NoAddress> {
    let ask = route_question(family, mark);
    match (hop_device(&ask, facts, used), facts.book.ways.answer(&ask)) {
        (Some(name), _) => Ok(name),
        (None, None) => Err(NoAddress::awaited("the kernel is being asked for a route".into())),
        (None, Some(_)) => Err(NoAddress::no_exit(family)),
    }
}

/// The device of a usable way of `ask`: `used` if it is one of several, or else the first, so that the choice of the
/// kernel among next hops changes nothing.
fn hop_device<'a>(ask: &Ask, facts: &'a NetworkView, used: Option<&str>) -> Option<&'a str> {
    let mut first = None;
    for (_, index, _) in facts.book.steps(ask) {
        let link = facts.book.links().find(|link| Some(link.index) == index);
        let name = link.map(|link| link.name.as_str());
        if name.is_some() && name == used {
            return name;
        }
        first = first.or(name);
    }
    first
}

/// Why the line `network` is not usable; `None` if it is.
pub fn obstacle(
    lines: &Lines,
    network: &str,
    demand: Demand<'_>,
    facts: &NetworkView,
) -> Option<String> {
    let Demand { family, policy, .. } = demand;
    // mwan3 pings hosts beyond the line, which says more than an address and a route do.
    if lines.mwan3
        && let Some(verdict) = mwan3_obstacle(network, family, facts)
    {
        return Some(verdict);
    }
    let scope = match scope(network, family, facts) {
        Ok(scope) => scope,
        Err(why) => return Some(why.into_text()),
    };
    match select::from_device(&facts.book, &scope, family, policy, None) {
        Desired::Nothing(why) => return Some(why.into_text()),
        // While addresses are unknown, `closed` below gives that as the reason.
        Desired::Unknown | Desired::Address(_) => {}
    }
    if let Some(why) = facts.book.closed(&anywhere(), Some(family), Some(scope.device)) {
        return Some(why);
    }
    way(&devices(network, family, facts), demand, facts).err()
}

/// The devices by which a request about an address of the line may leave, the best first: an IPv6 tunnel of
/// the line may not lead to a provider that has only IPv4.
pub fn devices<'a>(network: &str, family: Family, facts: &'a NetworkView) -> Vec<&'a str> {
    let other = if family == Family::V4 { Family::V6 } else { Family::V4 };
    let mut devices = Vec::new();
    for family in [family, other] {
        if let Ok(scope) = scope(network, family, facts)
            && !devices.contains(&scope.device)
        {
            devices.push(scope.device);
        }
    }
    devices
}

/// The first of `devices` by which a host of the provider can be reached; `None` if any device will do.
///
/// # Errors
/// Why there is none.
pub fn way(
    devices: &[&str],
    demand: Demand<'_>,
    facts: &NetworkView,
) -> Result<Option<String>, String> {
    if demand.hosts.is_empty() || demand.hosts.iter().any(|host| is_local(host, facts)) {
        return Ok(None);
    }
    let mut reasons = Vec::new();
    for device in devices {
        for host in demand.hosts {
            match facts.book.closed(host, demand.over, Some(device)) {
                None => return Ok(Some((*device).to_owned())),
                Some(why) => reasons.push(why),
            }
        }
    }
    reasons.dedup();
    Err(reasons.join("; "))
}

/// Whether the host is in the local network, as far as is known: no line leads there.
fn is_local(host: &Host, facts: &NetworkView) -> bool {
    let known = |address| address::not_public(address).is_some();
    match host {
        Host::Address(address) => known(*address),
        Host::Name(_) => [Family::V4, Family::V6].into_iter().any(|family| {
            let ask = Ask { host: host.clone(), family, device: None, mark: 0 };
            match facts.book.ways.answer(&ask) {
                Some(WayAnswer { address: Some(address), way: Way::Here | Way::Out(_) }) => {
                    known(*address)
                }
                Some(_) | None => false,
            }
        }),
    }
}

/// The files in which mwan3 says whether the line `network` is online, that for `family` first (openwrt
/// `net/mwan3`, `mwan3track`).
pub fn mwan3_files(network: &str, family: Family) -> Vec<PathBuf> {
    let suffixes: &[&str] = match family {
        Family::V4 => &[""],
        // mwan3 may track the IPv6 side of a line as an interface of its own, under netifd's name of it, or not at
        // all.
        Family::V6 => &["6", "_6", ""],
    };
    let mut files = Vec::new();
    for suffix in suffixes {
        files.push(format!("/var/run/mwan3track/{network}{suffix}/STATUS").into());
    }
    files
}

/// Why mwan3 does not use the line `network`; `None` if it does, or does not know the line.
fn mwan3_obstacle(network: &str, family: Family, facts: &NetworkView) -> Option<String> {
    for path in mwan3_files(network, family) {
        let FileState::Text(text) = facts.files.state(&path) else { continue };
        let word = text.trim();
        // A line that is connecting has failed before, and one that is disconnecting is still in use.
        return match word {
            "offline" | "connecting" | "disabled" => {
                Some(format!("mwan3 says that '{network}' is {word}"))
            }
            _ => None,
        };
    }
    None
}
