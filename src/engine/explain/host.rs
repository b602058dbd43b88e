//! What `why` says about hosts of the local network.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv6Addr};

use crate::config::host::{Identity, LanHost};
use crate::engine::Engine;
use crate::engine::host::{HostAnswer, Origin};
use crate::engine::network::NetifdState;
use crate::engine::no_address::Desired;
use crate::engine::section::SectionState;
use crate::engine::viewpoint::Viewpoint;
use crate::model::mac::joined;

impl Engine {
    /// The section that has a host with this name.
    pub(super) fn section_of_host(&self, name: &str) -> Option<usize> {
        self.sections.iter().position(|active| has_host(active, name))
    }

    /// Adds the prefix, and the address of each host with its source. If only one host is `asked` for, adds only that one,
    /// and the rule by which the firewall lets others reach the host.
    pub(super) fn write_hosts(
        &self,
        text: &mut String,
        active: &SectionState,
        view: &Viewpoint,
        asked: Option<&str>,
    ) {
        let lan = &active.spec.lan;
        if lan.hosts.is_empty() {
            return;
        }
        let answers = &view.answers.lan;
        let _ = match &answers.prefix {
            Ok(prefix) => {
                let (device, router, length) = (&prefix.device, prefix.router, prefix.length);
                let network = joined(router, Ipv6Addr::UNSPECIFIED, length);
                writeln!(text, "  prefix of the hosts: {network}/{length} ({device} has {router})")
            }
            Err(Desired::Nothing(why)) => writeln!(text, "  prefix of the hosts: none: {why}"),
            Err(_) => writeln!(text, "  prefix of the hosts: being read"),
        };
        for (host, answer) in lan.hosts.iter().zip(&answers.hosts) {
            let is_asked = asked == Some(host.name.as_str());
            if asked.is_none() || is_asked {
                let _ = writeln!(text, "  {}: {}", host.name, Found(answer));
            }
            // Only OpenWrt has netifd and this firewall.
            if is_asked && matches!(self.facts.netifd, NetifdState::Known(_)) {
                write_rule(text, host, answer, &lan.network);
            }
        }
    }
}

/// A rule of OpenWrt's firewall (openwrt fw4, `fw4.uc`): a negative mask compares the end of an address, so that
/// the rule stays right in each prefix.
fn write_rule(text: &mut String, host: &LanHost, answer: &HostAnswer, network: &str) {
    let Desired::Address(IpAddr::V6(address)) = answer.desired else { return };
    let length = match host.identity {
        Identity::Suffix { prefix_len, .. } => prefix_len,
        Identity::Mac(_) | Identity::Dhcp(_) => 64,
    };
    let end = joined(Ipv6Addr::UNSPECIFIED, address, length);
    let zone = network.strip_prefix('@').unwrap_or(network);
    let name = &host.name;
    let _ = writeln!(
        text,
        "  a rule for /etc/config/firewall that lets others reach it:\n\
         \x20   config rule\n            option name '{name}'\n            option family 'ipv6'\n\
         \x20           option src 'wan'\n            option dest '{zone}'\n\
         \x20           option dest_ip '{end}/-{length}'\n            option target 'ACCEPT'"
    );
}

/// The address of a host and where it comes from, or why there is none.
struct Found<'a>(&'a HostAnswer);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.desired {
            Desired::Unknown => f.write_str("being read"),
            Desired::Nothing(why) => write!(f, "none: {why}"),
            Desired::Address(address) => {
                let source = match self.0.origin {
                    Some(Origin::Suffix) | None => "the prefix, and the end that the owner gave",
                    Some(Origin::SeenEui64) => {
                        "made of the hardware address, and seen in the neighbour table"
                    }
                    Some(Origin::Lease) => "from a lease",
                    Some(Origin::Neighbour) => "seen in the neighbour table",
                    Some(Origin::Eui64) => {
                        "made of the hardware address; nothing was seen of the host yet"
                    }
                };
                write!(f, "{address}, {source}")
            }
        }
    }
}

/// Whether the section keeps the record of the host `name`.
fn has_host(active: &SectionState, name: &str) -> bool {
    active.spec.lan.hosts.iter().any(|host| host.name.as_str() == name)
}
