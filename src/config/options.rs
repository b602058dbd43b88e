//! The table of all options. `doc/ddns-netlink.5.md` describes them in more words; a test compares the
//! manual with this table.

use std::fmt;

use crate::text::spelling::{closest, distance};
use SectionKind::{Global, Service};

/// The kind of section that an option belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SectionKind {
    /// `config ddns 'global'`.
    Global,
    /// `config service`.
    Service,
}

impl fmt::Display for SectionKind {
    /// The section type in the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Global => "ddns",
            Service => "service",
        })
    }
}

/// Which program has an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionOrigin {
    /// openwrt `net/ddns-scripts` has it, with the same meaning.
    Stock,
    /// Only this program has it.
    Ours,
    /// openwrt `net/ddns-scripts` or one of its provider scripts has it. This program ignores it without
    /// a warning.
    Unused,
}

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownOption {
    /// The kind of section it belongs to.
    pub kind: SectionKind,
    /// Its name.
    pub name: &'static str,
    /// The value that applies if the option is not set; `None` if no value can express that.
    pub default: Option<&'static str>,
    /// Which program has it.
    pub origin: OptionOrigin,
    /// The form of its value, for the manual. Only tests read this and the next field, so release builds omit both
    /// for size.
    #[cfg(debug_assertions)]
    pub syntax: &'static str,
    /// Its description in one sentence.
    #[cfg(debug_assertions)]
    pub text: &'static str,
}

/// All options, in the order of the manual.
#[rustfmt::skip]
pub const OPTIONS: &[KnownOption] = &[
    stock(Global, "ddns_dateformat", "format", Some("%F %R"), "How dates are written in the log, as for strftime(3)."),
    stock(Global, "ddns_logdir", "directory", Some("/var/log/ddns"), "Where the log of each section is kept."),
    stock(Global, "ddns_loglines", "number", Some("250"), "How many lines the log of a section keeps, at least 1."),
    stock(Global, "ddns_rundir", "directory", Some("/var/run/ddns"), "Where run files and the control socket are kept."),
    ours(Global, "ddns_statedir", "directory", None, "Where the state file is kept."),
    ours(Global, "user", "user", None, "The user that OpenWrt's init script starts the daemon as."),
    ours(Global, "hook", "path", None, "A program that is started when something happens that an owner cares about."),
    ours(Global, "failing_after", "seconds", Some("600"), "For how long requests must fail before the hook is told."),
    ours(Global, "metrics_file", "path", None, "A file for the textfile collector of a Prometheus exporter."),
    stock(Global, "upd_privateip", "bool", Some("0"), "Whether addresses that are not public may be published."),
    stock(Global, "cacert", "IGNORE or path", None, "The certificates that the server of provider definitions is checked against."),
    stock(Global, "services_url", "url", None, "Where provider definitions are downloaded from, as LuCI writes it."),
    stock(Global, "url", "url", None, "Where provider definitions are downloaded from."),
    unused(Global, "use_curl", "bool", Some("0"), "Which program sends requests. Here the daemon sends them itself."),
    stock(Service, "enabled", "bool", Some("0"), "Whether the section is used at all."),
    stock(Service, "domain", "name", None, "The name whose record follows the address; a list for several."),
    stock(Service, "lookup_host", "name", None, "The name that is looked up in DNS; also the name to update if there is no domain."),
    stock(Service, "use_ipv6", "0, 1 or both", Some("0"), "Which record is updated: IPv4, IPv6 or both."),
    ours(Service, "also_ipv6", "bool", Some("0"), "Whether both records are updated, A and AAAA, whatever use_ipv6 says."),
    ours(Service, "host", "name=host", None, "A host of the local network and the name of its AAAA record; a list for several."),
    ours(Service, "host_network", "interface", Some("lan"), "The logical interface whose IPv6 prefix the hosts have."),
    stock(Service, "service_name", "name", None, "The provider, by its name."),
    stock(Service, "update_url", "url", None, "The URL that updates the record, at any other provider."),
    stock(Service, "update_script", "path", None, "A shell script that updates the record."),
    stock(Service, "username", "text", None, "What [USERNAME] stands for."),
    ours(Service, "username_file", "path", None, "A file whose first line is the username."),
    stock(Service, "password", "text", None, "What [PASSWORD] stands for."),
    ours(Service, "password_file", "path", None, "A file whose first line is the password."),
    stock(Service, "param_enc", "text", None, "What [PARAMENC] stands for; percent-encoded."),
    ours(Service, "param_enc_file", "path", None, "A file whose first line is param_enc."),
    stock(Service, "param_opt", "text", None, "What [PARAMOPT] stands for; inserted as it is."),
    ours(Service, "param_opt_file", "path", None, "A file whose first line is param_opt."),
    ours(Service, "zone", "name", None, "The DNS zone that holds the record, if the program is not to look for it."),
    ours(Service, "ttl", "seconds", None, "How long resolvers may cache the record."),
    ours(Service, "proxied", "bool", None, "Whether the address is reached through Cloudflare's proxy."),
    ours(Service, "share", "bool", Some("0"), "Whether other sections or routers have addresses under the same name."),
    stock(Service, "zone_id", "text", None, "What the provider calls the zone."),
    stock(Service, "record_id", "text", None, "What the provider calls the record."),
    stock(Service, "rec_id", "text", None, "Another name of record_id."),
    stock(Service, "ip_source", "network, interface, route, web, script or gateway", Some("network"), "Where the address comes from."),
    stock(Service, "ip_network", "interface", None, "The logical interface whose address is published."),
    ours(Service, "failover_after", "seconds", Some("30"), "How long a lost line is waited for before the next one is published."),
    ours(Service, "failback_after", "seconds", Some("120"), "How long a line must be usable without a break before it is published again."),
    ours(Service, "mwan3", "bool", Some("1"), "Whether lines that mwan3 does not use are passed over."),
    ours(Service, "route_mark", "number", None, "The mark of the packets whose device is published."),
    stock(Service, "ip_interface", "device", Some("eth1"), "The kernel device whose address is published."),
    stock(Service, "ip_url", "url", None, "A page that shows the address from which it is asked."),
    stock(Service, "ip_script", "command", None, "A program that prints the address."),
    ours(Service, "stun_server", "host[:port]", None, "A STUN server to ask if the gateway does not tell its address."),
    ours(Service, "remove_after", "seconds", None, "How long there may be no address before the record is removed."),
    ours(Service, "only_if_address", "address", None, "The address that this router must have to publish."),
    ours(Service, "only_if_file", "path or path=word", None, "The file whose first word must be MASTER for this router to publish."),
    ours(Service, "allow_temporary", "bool", Some("0"), "Whether a temporary IPv6 address (RFC 8981) may be published."),
    stock(Service, "use_https", "bool", Some("0"), "Whether http: at the start of the update URL becomes https:."),
    stock(Service, "cacert", "IGNORE or path", None, "What the provider's certificate is checked against."),
    stock(Service, "bind_network", "device", None, "The device that requests leave through."),
    stock(Service, "force_ipversion", "bool", Some("0"), "Whether requests travel only over the IP version of the record."),
    stock(Service, "proxy", "[user:password@]host:port", None, "An HTTP proxy for all requests of the section."),
    ours(Service, "proxy_file", "path", None, "A file whose first line is the proxy."),
    stock(Service, "user_agent", "text", None, "What the program calls itself in requests."),
    stock(Service, "check_interval", "number", Some("10"), "How often a page or program is asked for the address."),
    stock(Service, "check_unit", "unit", Some("minutes"), "The unit of check_interval and check_interval_min."),
    stock(Service, "check_interval_min", "number", None, "The lower limit of check_interval, for intervals below 5 minutes."),
    stock(Service, "force_interval", "number or never", Some("72"), "After what time an unchanged address is sent again."),
    stock(Service, "force_unit", "unit", Some("hours"), "The unit of force_interval."),
    stock(Service, "retry_interval", "number", Some("60"), "How long to wait after the first error."),
    stock(Service, "retry_unit", "unit", Some("seconds"), "The unit of retry_interval."),
    stock(Service, "retry_max_count", "number", Some("0"), "After how many errors in a row to give up; 0 for never."),
    stock(Service, "retry_count", "number", Some("0"), "The old name of retry_max_count."),
    ours(Service, "min_interval", "seconds", None, "The least time between two requests for one record."),
    stock(Service, "use_syslog", "0 to 4", Some("2"), "What the section writes to the system log."),
    stock(Service, "use_logfile", "bool", Some("1"), "Whether the section writes a log file."),
    stock(Service, "dns_server", "host", None, "The server asked for the registered address."),
    stock(Service, "force_dnstcp", "bool", Some("0"), "Whether the registered address is asked for over TCP."),
    ours(Service, "dns_tls", "bool", Some("0"), "Whether dns_server is spoken to over TLS (RFC 7858)."),
    stock(Service, "is_glue", "bool", Some("0"), "Whether the record is a glue record."),
    ours(Service, "check_foreign", "bool", Some("1"), "Whether the program asks DNS if somebody else has changed the record."),
    stock(Service, "interface", "interface", None, "The interface whose events make the program ask a page or script again."),
    unused(Service, "use_api_check", "bool", Some("0"), "Whether the registered address is read from the provider's API."),
    unused(Service, "ip_dynamic", "bool", None, "An option of the script for freedns.42.pl."),
    unused(Service, "record", "text", None, "An option of the script for freedns.42.pl."),
];

/// The option `name` of sections of `kind`.
pub fn find(kind: SectionKind, name: &str) -> Option<&'static KnownOption> {
    OPTIONS.iter().find(|option| option.kind == kind && option.name == name)
}

/// Names that old releases of ddns-scripts, other programs and providers use, and the option for each.
#[rustfmt::skip]
const OTHER_NAMES: &[(SectionKind, &str, &str)] = &[
    (Global, "date_format", "ddns_dateformat"),
    (Global, "log_lines", "ddns_loglines"),
    (Global, "log_dir", "ddns_logdir"),
    (Global, "run_dir", "ddns_rundir"),
    (Global, "state_dir", "ddns_statedir"),
    (Global, "allow_local_ip", "upd_privateip"),
    (Service, "enable", "enabled"),
    (Service, "active", "enabled"),
    (Service, "hostname", "domain"),
    (Service, "name", "domain"),
    (Service, "fqdn", "domain"),
    (Service, "user", "username"),
    (Service, "login", "username"),
    (Service, "email", "username"),
    (Service, "key", "password"),
    (Service, "apikey", "password"),
    (Service, "api_key", "password"),
    (Service, "token", "password"),
    (Service, "api_token", "password"),
    (Service, "secret", "password"),
    (Service, "pass", "password"),
    (Service, "provider", "service_name"),
    (Service, "service", "service_name"),
    (Service, "url", "update_url"),
    (Service, "script", "update_script"),
    (Service, "ipv6", "use_ipv6"),
    (Service, "https", "use_https"),
    (Service, "iface", "ip_interface"),
    (Service, "ifname", "ip_interface"),
    (Service, "device", "ip_interface"),
    (Service, "network", "ip_network"),
    (Service, "source", "ip_source"),
    (Service, "server", "dns_server"),
    (Service, "interval", "check_interval"),
    (Service, "update_interval", "check_interval"),
    (Service, "update_unit", "check_unit"),
];

/// Shortest of the [`OTHER_NAMES`] that is recognised with a typing mistake. In a shorter one, a mistake
/// makes it similar to too many words.
const MIN_LENGTH_WITH_MISTAKE: usize = 5;

/// The option of `kind` that the owner probably meant by `name`.
pub fn meant(kind: SectionKind, name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if let Some((_, option)) = other_names(kind).find(|(other, _)| *other == name) {
        return Some(option);
    }
    // One slip in an option's own name is likelier than a name of another program with a slip.
    let nearest = closest(&name, &names(kind));
    if nearest.is_some_and(|nearest| distance(&name, nearest) <= 1) {
        return nearest;
    }
    for (other, option) in other_names(kind) {
        if other.len() >= MIN_LENGTH_WITH_MISTAKE && distance(&name, other) == 1 {
            return Some(option);
        }
    }
    nearest
}

/// The names of all options of `kind`.
fn names(kind: SectionKind) -> Vec<&'static str> {
    let mut names = Vec::new();
    for option in OPTIONS {
        if option.kind == kind {
            names.push(option.name);
        }
    }
    names
}

/// The [`OTHER_NAMES`] of options of `kind`, each with its option.
fn other_names(kind: SectionKind) -> impl Iterator<Item = (&'static str, &'static str)> {
    let names = OTHER_NAMES.iter().filter(move |(of, ..)| *of == kind);
    names.map(|&(_, other, option)| (other, option))
}

#[cfg_attr(
    not(debug_assertions),
    expect(unused_variables, reason = "release builds omit what only tests read")
)]
const fn stock(
    kind: SectionKind,
    name: &'static str,
    syntax: &'static str,
    default: Option<&'static str>,
    text: &'static str,
) -> KnownOption {
    KnownOption {
        kind,
        name,
        default,
        origin: OptionOrigin::Stock,
        #[cfg(debug_assertions)]
        syntax,
        #[cfg(debug_assertions)]
        text,
    }
}

const fn ours(
    kind: SectionKind,
    name: &'static str,
    syntax: &'static str,
    default: Option<&'static str>,
    text: &'static str,
) -> KnownOption {
    KnownOption { origin: OptionOrigin::Ours, ..stock(kind, name, syntax, default, text) }
}

const fn unused(
    kind: SectionKind,
    name: &'static str,
    syntax: &'static str,
    default: Option<&'static str>,
    text: &'static str,
) -> KnownOption {
    KnownOption { origin: OptionOrigin::Unused, ..stock(kind, name, syntax, default, text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANUAL: &str = include_str!("../../doc/ddns-netlink.5.md");

    #[test]
    fn the_manual_describes_every_option_as_the_table_does() {
        for option in OPTIONS {
            let default = option.default.map(|value| format!(" (default `{value}`)"));
            let default = default.unwrap_or_default();
            let head = format!("**{}** *{}*{default}\n", option.name, option.syntax);
            assert!(MANUAL.contains(&head), "{head}");
            assert!(MANUAL.contains(option.text), "{}", option.text);
        }
    }

    #[test]
    fn no_option_is_in_the_table_twice() {
        let mut names: Vec<_> = OPTIONS.iter().map(|option| (option.kind, option.name)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), OPTIONS.len());
    }

    #[test]
    fn mistyped_options_are_recognised_and_other_words_are_not() {
        assert_eq!(meant(Service, "domian"), Some("domain"));
        assert_eq!(meant(Service, "passwd"), Some("password"));
        assert_eq!(meant(Service, "use_ip6"), Some("use_ipv6"));
        assert_eq!(meant(Service, "frobnicate"), None);
        assert_eq!(meant(Service, ""), None);
        assert_eq!(meant(Global, "domian"), None);
    }

    /// `name` with one mistake: a letter that is missing, doubled, mistyped or swapped with the next one,
    /// capital letters, or another sign or none between its words.
    fn mistyped(name: &str) -> Vec<String> {
        let mut all =
            vec![name.to_ascii_uppercase(), name.replace('_', "-"), name.replace('_', "")];
        all.push(format!("{}{}", name[..1].to_ascii_uppercase(), &name[1..]));
        for at in 0..name.len() {
            let (before, rest) = name.split_at(at);
            let (letter, after) = rest.split_at(1);
            all.push(format!("{before}{after}"));
            all.push(format!("{before}{letter}{letter}{after}"));
            all.push(format!("{before}q{after}"));
            if let Some(next) = after.get(..1) {
                all.push(format!("{before}{next}{letter}{}", &after[1..]));
            }
        }
        all.retain(|mistyped| mistyped != name);
        all
    }

    #[test]
    fn any_mistyped_option_means_that_option() {
        for option in OPTIONS.iter().filter(|option| option.origin != OptionOrigin::Unused) {
            for written in mistyped(option.name) {
                if find(option.kind, &written).is_some() {
                    continue;
                }
                let hint = meant(option.kind, &written).unwrap();
                // A short name may be as similar to another one.
                let as_near = option.name.len() < 6 && distance(&written, hint) == 1;
                assert!(hint == option.name || as_near, "{written}: {hint}, not {}", option.name);
            }
        }
    }

    #[test]
    fn a_mistyped_other_name_means_its_option() {
        for (written, option) in [
            ("intervall", "check_interval"),
            ("Interval", "check_interval"),
            ("hostnmae", "domain"),
            ("provder", "service_name"),
            ("apikeey", "password"),
            ("update_intervall", "check_interval"),
        ] {
            assert_eq!(meant(Service, written), Some(option), "{written}");
        }
    }

    #[test]
    fn other_names_are_not_options_and_mean_existing_options() {
        for &(kind, other, option) in OTHER_NAMES {
            assert!(find(kind, other).is_none(), "{other}");
            assert!(find(kind, option).is_some(), "{option}");
            assert_eq!(meant(kind, other), Some(option));
        }
    }
}
