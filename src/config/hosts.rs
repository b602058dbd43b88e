//! The hosts that the requests of a section connect to.

use std::net::{IpAddr, Ipv4Addr};

use super::Section;
use crate::model::sort;
use crate::model::{Family, Transport};
use crate::provider::{Mechanism, template};

/// The hosts that requests of `section` connect to: its proxy, or the host of each family's URL, in
/// lower case, addresses without brackets. Empty if none can be told; then requests are refused.
///
/// Where a script connects to nobody knows: to a host without a name, anywhere; or to the
/// `dns_server` that it updates.
pub fn hosts(section: &Section) -> Vec<String> {
    let script = section.provider.script().is_some();
    let mut hosts = match proxy_host(&section.transport) {
        Some(proxy) => vec![proxy],
        None if script => script_hosts(section),
        None => url_hosts(section),
    };
    sort::ascending(&mut hosts);
    hosts.dedup();
    hosts
}

/// The proxy that all requests go to, if there is one.
pub fn proxy_host(transport: &Transport) -> Option<String> {
    transport.proxy.as_ref().map(|proxy| proxy.host.clone())
}

fn script_hosts(section: &Section) -> Vec<String> {
    let mut hosts = vec![String::new()];
    if let Some(server) = &section.lookup.server {
        hosts.push(server.host.clone());
    }
    hosts
}

fn url_hosts(section: &Section) -> Vec<String> {
    let mut hosts = Vec::new();
    for family in section.all_families() {
        hosts.extend(host(section, family));
    }
    hosts
}

/// The host that requests for records of `family` connect to.
fn host(section: &Section, family: Family) -> Option<String> {
    if let Mechanism::Api(api) = section.provider.mechanism {
        return api.host(&section.provider.account);
    }
    let template = section.template(family)?;
    if template.host.is_some() {
        return template.host.clone();
    }
    // Placeholders are allowed in the host, and the address is never a part of it, so any address will do.
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let subject = template::Subject::new(section.records().first()?.0, any);
    let rendered = template::render(&template.url, &section.provider, subject).ok()?;
    Some(rendered.url.host().to_owned())
}
