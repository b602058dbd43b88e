//! `/etc/config/ddns` as checked types.
//!
//! [`uci`] parses the file and keeps line numbers. [`check`] turns options into the types below and
//! collects every mistake with its `file:line`. A section with mistakes does not affect the others.

pub mod check;
pub mod definition;
pub mod dhcp;
#[cfg(test)]
pub(crate) mod fixture;
mod gate;
pub mod host;
mod hosts;
mod lines;
pub mod listing;
pub mod mistake;
pub mod options;
pub mod uci;

use std::path::PathBuf;

use crate::dns::Protocol;
use crate::model::{Family, HostPort, Hostname, RecordOptions, Transport, Url};
use crate::provider::{Provider, Template};
use crate::time::Duration;
use definition::Downloads;
pub use gate::Gate;
use host::Lan;
pub use hosts::{hosts, proxy_host};
pub use lines::{Delays, Lines};
pub use mistake::{Mistake, Severity};

/// The default of `ddns_rundir`, as in ddns-scripts.
pub const DEFAULT_RUNDIR: &str = "/var/run/ddns";

/// A checked configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `config ddns 'global'`.
    pub global: Global,
    /// The enabled `config service` sections without errors, in file order.
    pub sections: Vec<Section>,
    /// The names of `config service` sections that are not enabled, in file order.
    pub disabled: Vec<String>,
    /// The names of enabled sections with errors, which cannot run, each with its first error
    /// (`file:line: …`).
    pub broken: Vec<(String, String)>,
    /// Whether a part of the file could not be parsed, so that sections may be missing.
    pub cut: bool,
}

/// Options of `config ddns 'global'` (openwrt `net/ddns-scripts`, `/etc/config/ddns`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// `ddns_dateformat`: the strftime format of dates in the log.
    pub dateformat: String,
    /// `ddns_rundir`: the directory of run files and the control socket, in RAM.
    pub rundir: PathBuf,
    /// `ddns_logdir`: the directory of the sections' log files, in RAM.
    pub logdir: PathBuf,
    /// `ddns_statedir`: the directory of the state file, on flash. Not in ddns-scripts.
    pub statedir: PathBuf,
    /// `ddns_loglines`: how many lines the log file of a section keeps, at least 1.
    pub loglines: usize,
    /// `upd_privateip`: whether non-public addresses may be published.
    pub private_addresses: bool,
    /// `hook`: the program that is started when something has happened that an owner cares about. Not in
    /// ddns-scripts.
    pub hook: Option<PathBuf>,
    /// `failing_after`: after how long the hook is told that requests fail. Not in ddns-scripts.
    pub failing_after: Duration,
    /// `metrics_file`: the file that the textfile collector of a Prometheus exporter reads. Not in ddns-scripts.
    pub metrics_file: Option<PathBuf>,
    /// `url`, `services_url` and `cacert`: where provider definitions are downloaded from.
    pub downloads: Downloads,
}

/// One enabled `config service` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The name of the UCI section. Without one it is `cfgXXXXXX`, as libuci names it.
    pub name: String,
    /// The line of its `config` statement, for messages.
    pub line: usize,
    /// `domain`: the names whose records follow the address, each once; none only if there are hosts.
    pub names: Vec<Hostname>,
    /// `use_ipv6` and `also_ipv6`: the families of each name's records, IPv4 first.
    pub families: Vec<Family>,
    /// `host` and `host_network`: hosts of the local network, whose names have an AAAA record each. Not in
    /// ddns-scripts.
    pub lan: Lan,
    /// `ip_source` and the options that belong to it.
    pub source: Source,
    /// `interface`: the event network. When it changes, a source that must be asked is asked.
    pub event_network: Option<String>,
    /// `only_if_address` and `only_if_file`: unless all of them hold, another router publishes.
    pub gates: Vec<Gate>,
    /// How the registered address is looked up: `lookup_host`, `dns_server` and further options.
    pub lookup: Lookup,
    /// `check_foreign`: whether the published address is compared with DNS. Not in ddns-scripts.
    pub check_foreign: bool,
    /// Where updates are sent: `service_name`, `update_url` and the credentials.
    pub provider: Provider,
    /// The properties of the records beside their address.
    pub record: RecordOptions,
    /// How requests of this section are sent.
    pub transport: Transport,
    /// Intervals and limits.
    pub timing: Timing,
    /// Where messages of this section are logged.
    pub log: Log,
    /// Whether a non-public address may be published (from the global section).
    pub private_addresses: bool,
    /// `allow_temporary`: whether a temporary IPv6 address (RFC 8981) may be published. Not in
    /// ddns-scripts.
    pub temporary_addresses: bool,
}

/// Where the address comes from: `ip_source`.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// `network`: a logical interface of netifd for each family (`ip_network`).
    Network {
        /// The interface for IPv4, by default `wan`.
        v4: String,
        /// The interface for IPv6, by default `wan6`.
        v6: String,
    },
    /// `network` with several logical interfaces (`list ip_network`): one of them is published.
    Lines(Lines),
    /// `route`: the device by which packets to the internet leave.
    Route {
        /// `route_mark`: the mark of these packets; 0 for packets without one.
        mark: u32,
    },
    /// `interface`: the name of a network device (`ip_interface`). The device need not exist.
    Device(String),
    /// `web`: a page that shows the address of the client (`ip_url`).
    Web {
        /// The URL that is requested over IPv4.
        v4: Url,
        /// The URL that is requested over IPv6.
        v6: Url,
    },
    /// `script`: a command line for the shell that prints the address (`ip_script`).
    Script(String),
    /// `gateway`: for IPv4 the router before this one, which is asked for its public address. Not in
    /// ddns-scripts.
    Gateway {
        /// `stun_server`: asked if the gateway does not answer.
        stun: Option<HostPort>,
        /// `ip_url`: asked if that does not answer either.
        page: Option<Url>,
    },
}

/// The logical interface of the internet, as OpenWrt names it, for IPv4.
pub const WAN4: &str = "wan";
/// The same for IPv6.
pub const WAN6: &str = "wan6";

/// How the registered address, which is the address in DNS, is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// `lookup_host`, or else the first `domain`.
    pub host: String,
    /// `dns_server`: the server that is asked instead of the zone's name servers.
    pub server: Option<HostPort>,
    /// `force_dnstcp` and `dns_tls`: how questions travel. Over TLS only if there is a `server`.
    pub protocol: Protocol,
    /// `is_glue`: whether the record is a glue record, which is in the parent zone.
    pub glue: bool,
}

/// Intervals and limits of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// `check_interval`: how often a `web` or `script` source is asked. Not used for a gateway, nor for sources of the
    /// kernel.
    pub check: Duration,
    /// `force_interval`: how often an unchanged address is sent again.
    pub force: RefreshPolicy,
    /// `retry_interval`: the first back-off after an error.
    pub retry: Duration,
    /// `retry_max_count`: after how many errors in a row the record is given up until its address or
    /// the network changes; 0 for no limit.
    pub retry_max: u32,
    /// `min_interval`: the least time between two requests for one record; zero for no pacing. Not in
    /// ddns-scripts.
    pub min_interval: Duration,
    /// How many requests for one record may be sent at once before `min_interval` applies, which is the
    /// size of the token bucket; at least 1.
    pub burst: u32,
    /// `remove_after`: how long there may be no address before the record is removed; `None` to keep it.
    /// Not in ddns-scripts.
    pub remove_after: Option<Duration>,
}

/// `force_interval`: when an unchanged address is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshPolicy {
    /// Once per this time, so that the provider does not expire the name.
    Every(Duration),
    /// Not at all: `never`, `0`, or ten years and more.
    Never,
}

/// Where messages of a section are logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `use_syslog`, 0 to 4. A message of syslog level L is sent if `use_syslog + L <= 7`. With 0, only
    /// messages of level critical are sent.
    pub syslog: u8,
    /// `use_logfile`: whether `<ddns_logdir>/<section>.log` is written.
    pub file: bool,
}

impl Config {
    /// The names of all enabled sections, also of those that cannot run.
    fn enabled(&self) -> Vec<String> {
        let mut names = Vec::new();
        for section in &self.sections {
            names.push(section.name.clone());
        }
        for (name, _) in &self.broken {
            names.push(name.clone());
        }
        names
    }
}

impl Source {
    /// Whether the address of `family` must be asked for, because neither the kernel nor netifd reports it.
    pub fn is_asked(&self, family: Family) -> bool {
        match self {
            Self::Web { .. } | Self::Script(_) => true,
            // IPv6 is not translated, so the kernel has that address.
            Self::Gateway { .. } => family == Family::V4,
            Self::Network { .. } | Self::Lines(_) | Self::Route { .. } | Self::Device(_) => false,
        }
    }
}

impl Section {
    /// Every record: its name and family, those of hosts last. If a name of `domain` is also that of a host,
    /// its AAAA record is the host's.
    pub fn records(&self) -> Vec<(&Hostname, Family)> {
        let mut records = Vec::new();
        for name in &self.names {
            for &family in &self.families {
                if family == Family::V4 || self.lan.hosts.iter().all(|host| host.name != *name) {
                    records.push((name, family));
                }
            }
        }
        for host in &self.lan.hosts {
            records.push((&host.name, Family::V6));
        }
        records
    }

    /// The families of the records, those of hosts included, IPv4 first.
    pub fn all_families(&self) -> Vec<Family> {
        let mut families = self.families.clone();
        if !self.lan.hosts.is_empty() && !families.contains(&Family::V6) {
            families.push(Family::V6);
        }
        families
    }

    /// The update URL for records of `family`, if the provider has one.
    pub fn template(&self, family: Family) -> Option<&Template> {
        self.provider.template(family)
    }
}

/// The program of a command line for the shell, which is its first word.
pub fn program(line: &str) -> &str {
    let line = line.trim_start();
    // A path with a blank in it is quoted, as the shell wants it.
    for quote in ['\'', '"'] {
        if let Some(rest) = line.strip_prefix(quote)
            && let Some((program, _)) = rest.split_once(quote)
        {
            return program;
        }
    }
    line.split_ascii_whitespace().next().unwrap_or_default()
}

/// Omits URLs and the arguments of scripts, because they may contain passwords.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Network { v4, v6 } => {
                f.debug_struct("Network").field("v4", v4).field("v6", v6).finish()
            }
            Self::Lines(lines) => lines.fmt(f),
            Self::Route { mark } => write!(f, "Route({mark})"),
            Self::Device(name) => f.debug_tuple("Device").field(name).finish(),
            Self::Web { .. } => f.write_str("Web(***)"),
            Self::Script(line) => write!(f, "Script({} ***)", program(line)),
            Self::Gateway { .. } => f.write_str("Gateway(***)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_first_word_also_in_quotes() {
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
    fn debug_of_a_source_omits_urls_and_arguments() {
        let url = Url::parse("http://me:s3cret@ip.example/").unwrap();
        let web = Source::Web { v4: url.clone(), v6: url };
        let script = Source::Script("/bin/ip s3cret".into());
        assert_eq!(format!("{web:?} {script:?}"), "Web(***) Script(/bin/ip ***)");
        assert_eq!(format!("{:?}", Source::Device("wan".into())), "Device(\"wan\")");
    }
}
