//! Reads the hosts of the local network: `host` and `host_network`.

use super::reader::Reader;
use super::source;
use crate::config::Severity;
use crate::config::host::{Lan, LanHost};
use crate::model::sorted::Set;
use crate::model::{Family, Hostname};
use crate::provider::{self, Mechanism, Provider};
use crate::text::quoted::quoted;

/// The network of the hosts unless the owner names another one (openwrt, `/etc/config/network`).
const NETWORK: &str = "lan";

/// Reads the hosts. Those that cannot be read are reported.
pub(super) fn read(reader: &mut Reader<'_>) -> Lan {
    let network = source::device_name(reader, "host_network").unwrap_or(NETWORK);
    let mut hosts = Vec::new();
    let mut seen: Set<Hostname> = Set::new();
    for (text, line) in reader.values("host") {
        match LanHost::parse(text) {
            Ok(host) if seen.insert(host.name.clone()) => hosts.push(host),
            Ok(host) => {
                let name = quoted(host.name.written());
                let text = format_args!("{name} is named twice; a name has one host");
                reader.about_value(Severity::Error, "host", line, text);
            }
            Err(why) => {
                reader.about_value(Severity::Error, "host", line, format_args!("{why}"));
            }
        }
    }
    Lan { network: network.into(), hosts }
}

/// Reports names that are not valid in DNS, and a provider that cannot be told the address of a host.
// In a URL and for a script, a name is only text, which DNS need not allow.
pub(super) fn check(reader: &mut Reader<'_>, lan: &Lan, provider: &Provider) {
    if lan.hosts.is_empty() {
        return;
    }
    if provider::takes_seen_address(provider, Family::V6) {
        let text = format_args!(
            "cannot be used with an update URL that names no address: the provider would store the \
             router's own"
        );
        reader.fail("host", text);
    }
    if !matches!(provider.mechanism, Mechanism::Api(_)) {
        return;
    }
    for host in &lan.hosts {
        if let Some(problem) = host.name.dns_problem() {
            reader.fail("host", format_args!("{}: {problem}", quoted(host.name.written())));
        }
    }
}
