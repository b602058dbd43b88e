//! What the user asked for: `/etc/config/ddns` as checked types.
//!
//! Two steps, and only the second is visible to the rest of the program. [`uci`] reads the grammar
//! and keeps positions; [`check`] turns options into the types below, collects every mistake with
//! its `file:line`, and leaves sound sections usable beside broken ones.

pub mod check;
pub mod definition;
#[cfg(test)]
pub(crate) mod fixture;
pub mod mistake;
pub mod name;
pub mod options;
pub mod uci;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::provider::api::Api;
use crate::provider::table::Row;
use crate::secret::Secret;
use definition::Downloads;
pub use mistake::{Mistake, Severity};
pub use name::{Family, Hostname};

/// What requests call the program, unless `user_agent` is set.
pub const USER_AGENT: &str =
    concat!("ddns-netlink/", env!("CARGO_PKG_VERSION"), " (OpenWrt; dynamic DNS client)");

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
        v4: String,
        /// Asked over IPv6.
        v6: String,
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
    pub server: Option<String>,
    /// `force_dnstcp`: over TCP only.
    pub tcp: bool,
    /// `is_glue`: the record is a glue record, which the parent zone has.
    pub glue: bool,
}

/// Where updates go and who we are there: the account.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider {
    /// `service_name`, or `custom` for `update_url` and `update_script`; for messages and `status`.
    pub label: String,
    /// How updates are sent.
    pub mechanism: Mechanism,
    /// What the program's own table says of it, if that is where the URLs are from.
    pub row: Option<Row>,
    /// `username`.
    pub username: String,
    /// `password`, or the first line of `password_file`.
    pub password: Secret,
    /// `param_enc`: inserted percent-encoded.
    pub param_enc: Secret,
    /// `param_opt`: inserted as written.
    pub param_opt: Secret,
    /// `dns_server`, where that is who takes the updates; else empty.
    pub server: String,
    /// `force_dnstcp`, where there is a `server`.
    pub tcp: bool,
}

/// How updates are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// By opening a URL (`update_url`, or the definition's `ipv4` and `ipv6` blocks).
    Url {
        /// For `A` records.
        v4: Option<Template>,
        /// For `AAAA` records.
        v6: Option<Template>,
        /// For both records of a name at once, with `[IP4]` and `[IP6]` in it.
        both: Option<Template>,
    },
    /// By the provider's own interface, which the program knows.
    Api(&'static Api),
    /// By a shell script (`update_script`, or what the definition names).
    Script(Script),
}

/// A script that updates records, made for ddns-scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Where it is.
    pub file: PathBuf,
    /// Every option of the section as it is written; a list has its values in one, separated by
    /// spaces. Yes and no are `1` and `0`.
    pub options: Vec<(String, Secret)>,
}

/// What a record is beside its name, type and address, and which of several it is. All ours but
/// `record_id`, `rec_id` and `zone_id`, which some scripts of ddns-scripts have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordOptions {
    /// `zone`: the zone that holds the record, where it need not be looked for.
    pub zone: Option<String>,
    /// `zone_id`: what the provider calls that zone.
    pub zone_id: Option<String>,
    /// `record_id`, `rec_id`: what the provider calls the record.
    pub id: Option<String>,
    /// `ttl`: seconds; a record keeps its own, and a new one gets 300 or the provider's least, if unset.
    pub ttl: Option<u32>,
    /// `proxied`: whether the provider's proxy stands before the address (Cloudflare).
    pub proxied: Option<bool>,
}

/// An update URL with placeholders and the answer that means success.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    /// The URL with placeholders ([`template`](crate::provider::template)); `http:` already turned
    /// into `https:` when `use_https` asks for it.
    pub url: String,
    /// `answer` of the definition: a POSIX extended regular expression, matched without regard to
    /// case anywhere in the body. `None`: any dyndns2 code is understood, else HTTP 2xx is enough.
    pub answer: Option<String>,
}

/// How a section's requests travel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transport {
    /// `cacert`: what server certificates are checked against.
    pub trust: Trust,
    /// `proxy`: HTTP proxy as `[user:pass@]host:port`.
    pub proxy: Option<Secret>,
    /// `bind_network`: send only through this device (`SO_BINDTODEVICE`).
    pub device: Option<String>,
    /// Send from this address. No option: the engine sets it where the provider stores the address
    /// that it sees.
    pub source: Option<IpAddr>,
    /// `force_ipversion`: connect only over this family. `Some` only when forced.
    pub family: Option<Family>,
    /// `user_agent`, or ours.
    pub user_agent: String,
}

/// What server certificates are checked against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// The system's bundle: `/etc/ssl/certs/ca-certificates.crt`, then `/etc/ssl/cert.pem`.
    System,
    /// A PEM file.
    File(PathBuf),
    /// A directory of PEM files.
    Directory(PathBuf),
    /// `IGNORE`: not checked at all; warned about at every start.
    Nothing,
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

impl Provider {
    /// The update URL for records of `family`, if updates are URLs and it has one.
    pub fn template(&self, family: Family) -> Option<&Template> {
        match (&self.mechanism, family) {
            (Mechanism::Url { v4, .. }, Family::V4) => v4.as_ref(),
            (Mechanism::Url { v6, .. }, Family::V6) => v6.as_ref(),
            (Mechanism::Api(_) | Mechanism::Script(_), _) => None,
        }
    }

    /// The script that updates the records, if one does.
    pub fn script(&self) -> Option<&Script> {
        match &self.mechanism {
            Mechanism::Script(script) => Some(script),
            Mechanism::Url { .. } | Mechanism::Api(_) => None,
        }
    }
}

/// A host that must be reachable before a request can work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// A name, of which the kernel can be asked only once its address is known.
    Name(String),
    /// A literal address, or one from `/etc/hosts`.
    Address(IpAddr),
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

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("label", &self.label).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Template(***)")
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
        let url = "http://me:s3cret@ip.example/".to_owned();
        let web = Source::Web { v4: url.clone(), v6: url };
        let script = Source::Script("/bin/ip s3cret".into());
        assert_eq!(format!("{web:?} {script:?}"), "Web(***) Script(/bin/ip ***)");
        assert_eq!(format!("{:?}", Source::Device("wan".into())), "Device(\"wan\")");
    }
}
