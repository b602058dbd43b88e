//! What the user asked for: `/etc/config/ddns` as checked types.
//!
//! Two steps, and only the second is visible to the rest of the program. [`uci`] reads the grammar
//! and keeps positions; [`check`] turns options into the types below, collects every mistake with
//! its `file:line`, and leaves sound sections usable beside broken ones.

pub mod check;
pub mod definition;
#[cfg(test)]
pub(crate) mod fixture;
pub mod listing;
pub mod mistake;
pub mod options;
pub mod uci;

use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Family, HostPort, Hostname, RecordOptions, Transport, Url};
use crate::provider::{Provider, Template};
use definition::Downloads;
pub use mistake::{Mistake, Severity};

/// `ddns_rundir` unless it is set, as in ddns-scripts.
pub const DEFAULT_RUNDIR: &str = "/var/run/ddns";

/// The whole checked configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `config ddns 'global'`.
    pub global: Global,
    /// The enabled `config service` sections that are sound, in file order.
    pub sections: Vec<Section>,
    /// Names of `config service` sections that are not enabled, in file order.
    pub disabled: Vec<String>,
    /// Names of enabled sections that cannot run, each with the first reason (`file:line: …`).
    pub broken: Vec<(String, String)>,
    /// Whether the end of the file was not understood, so that sections may be missing.
    pub cut: bool,
}

/// Options of `config ddns 'global'` (openwrt `net/ddns-scripts`, `/etc/config/ddns`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// `ddns_dateformat`: strftime format of dates in the log.
    pub dateformat: String,
    /// `ddns_rundir`: where run files and the control socket live (RAM).
    pub rundir: PathBuf,
    /// `ddns_logdir`: where section logs live (RAM).
    pub logdir: PathBuf,
    /// `ddns_statedir`: where what was published survives a reboot (flash). Ours.
    pub statedir: PathBuf,
    /// `ddns_loglines`: lines kept per section log, at least 1.
    pub loglines: usize,
    /// `upd_privateip`: whether non-public addresses may be published.
    pub private_addresses: bool,
    /// `url`, `services_url` and `cacert`: where provider definitions are downloaded from.
    pub downloads: Downloads,
}

/// One enabled `config service` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The UCI section name; anonymous sections are `cfgXXXXXX` as libuci names them.
    pub name: String,
    /// Line of its `config` statement, for messages.
    pub line: usize,
    /// `domain`: the names that follow the address, at least one, without repeats.
    pub names: Vec<Hostname>,
    /// `use_ipv6` and `also_ipv6`: which records of each name, IPv4 first.
    pub families: Vec<Family>,
    /// `ip_source` and friends.
    pub source: Source,
    /// `interface`: the event network, whose changes make a `web` or `script` source worth asking.
    pub event_network: Option<String>,
    /// `lookup_host` and friends: what the world sees.
    pub lookup: Lookup,
    /// `service_name`, `update_url`, credentials: where updates go.
    pub provider: Provider,
    /// What the records are beside their address.
    pub record: RecordOptions,
    /// How requests of this section travel.
    pub transport: Transport,
    /// Intervals.
    pub timing: Timing,
    /// Where this section's messages go.
    pub log: Log,
    /// Whether a non-public address may be published (from the global section).
    pub private_addresses: bool,
    /// Whether a temporary (RFC 8981) IPv6 address may be published. Ours, `allow_temporary`.
    pub temporary_addresses: bool,
}

/// Where the address comes from: `ip_source`.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// `network`: a netifd logical interface per family (`ip_network`; `wan` and `wan6` unless set).
    Network {
        /// Logical interface for IPv4.
        v4: String,
        /// Logical interface for IPv6.
        v6: String,
    },
    /// `interface`: a kernel device by name (`ip_interface`), present or not.
    Device(String),
    /// `web`: a page that answers with the caller's address (`ip_url`).
    Web {
        /// Asked over IPv4.
        v4: Url,
        /// Asked over IPv6.
        v6: Url,
    },
    /// `script`: a command line for the shell (`ip_script`); its output is the address.
    Script(String),
}

/// How the registered address, the one that DNS gives, is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// `lookup_host`; the first `domain` where there is none.
    pub host: String,
    /// `dns_server`: asked instead of the zone's own name servers.
    pub server: Option<HostPort>,
    /// `force_dnstcp`: over TCP only.
    pub tcp: bool,
    /// `is_glue`: the record is a glue record, which the parent zone has.
    pub glue: bool,
}

/// Intervals of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// `check_interval`: how often a `web` or `script` source is asked. Kernel sources need none.
    pub check: Duration,
    /// `force_interval`: how often an unchanged address is sent again.
    pub force: Force,
    /// `retry_interval`: the base of the back-off after an error.
    pub retry: Duration,
    /// `retry_max_count`: attempts after an error before the record is given up until something
    /// changes; 0 = no limit.
    pub retry_max: u32,
    /// `min_interval`: least time between two requests for one record; zero = no pacing. Ours.
    pub min_interval: Duration,
    /// How many requests for one record may follow one another before `min_interval` counts; at
    /// least 1.
    pub burst: u32,
    /// `remove_after`: the record is removed when there has been no address for so long. Ours.
    pub remove_after: Option<Duration>,
}

/// `force_interval`: when an unchanged address is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// Every so often, so that the provider does not expire the name.
    Every(Duration),
    /// Not at all: `never`, `0`, or ten years.
    Never,
}

/// Where a section's messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `use_syslog` 0..4: a message of syslog level L is sent if `use_syslog + L <= 7`; 0 = none.
    pub syslog: u8,
    /// `use_logfile`: whether `<ddns_logdir>/<section>.log` is written.
    pub file: bool,
}

impl Section {
    /// The update URL for records of `family`, if the provider has one.
    pub fn template(&self, family: Family) -> Option<&Template> {
        self.provider.template(family)
    }
}

/// The program that a command line for the shell begins with.
pub fn program(line: &str) -> &str {
    let line = line.trim_start();
    let quoted =
        ['\'', '"'].into_iter().find_map(|quote| line.strip_prefix(quote)?.split_once(quote));
    let plain = || line.split_ascii_whitespace().next().unwrap_or_default();
    quoted.map_or_else(plain, |(program, _)| program)
}

/// A URL and the arguments of a script may hold a password.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Network { v4, v6 } => {
                f.debug_struct("Network").field("v4", v4).field("v6", v6).finish()
            }
            Self::Device(name) => f.debug_tuple("Device").field(name).finish(),
            Self::Web { .. } => f.write_str("Web(***)"),
            Self::Script(line) => write!(f, "Script({} ***)", program(line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_begins_with_a_program() {
        for (line, expected) in [
            ("/bin/a b|c", "/bin/a"),
            (" /bin/a", "/bin/a"),
            ("'/my bin/a' b", "/my bin/a"),
            ("\"/my bin/a\"", "/my bin/a"),
            ("'/bin/a", "'/bin/a"),
            ("", ""),
        ] {
            assert_eq!(program(line), expected, "{line}");
        }
    }

    #[test]
    fn debug_of_a_source_shows_no_secret() {
        let url = Url::parse("http://me:s3cret@ip.example/").unwrap();
        let web = Source::Web { v4: url.clone(), v6: url };
        let script = Source::Script("/bin/ip s3cret".into());
        assert_eq!(format!("{web:?} {script:?}"), "Web(***) Script(/bin/ip ***)");
        assert_eq!(format!("{:?}", Source::Device("wan".into())), "Device(\"wan\")");
    }
}
