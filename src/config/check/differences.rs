//! What works differently from ddns-scripts in a configuration, for the command `check`. The daemon does
//! not log it. `doc/ddns-netlink.5.md` describes the same in more words.

use std::fmt;

use super::value_syntax::parse_flag;
use crate::config::uci::{Document, RawSection};
use crate::provider::api::{self, Api};
use crate::provider::table::{self, Row};
use crate::provider::template;
use crate::text::listed;

/// Whether a difference applies to a section. The second argument is the value of the option, if it is
/// set.
type Applies = fn(&Options<'_>, Option<&str>) -> bool;

/// A difference that an option makes.
struct DifferenceRule {
    option: &'static str,
    applies: Applies,
    text: &'static str,
}

const fn rule(option: &'static str, applies: Applies, text: &'static str) -> DifferenceRule {
    DifferenceRule { option, applies, text }
}

/// What works differently from ddns-scripts in some sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    option: &'static str,
    text: &'static str,
    /// The names of the sections, in file order.
    sections: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The difference is the same in all sections, and a long list of them would hide it.
        let sections = listed(&self.sections);
        write!(f, "{}: {} ({sections})", self.option, self.text)
    }
}

const GLOBAL: &[DifferenceRule] = &[
    rule(
        "use_curl",
        |_, value| value.is_some_and(on),
        "is not needed: the program sends requests itself, without curl",
    ),
    rule(
        "upd_privateip",
        |_, value| value.is_some_and(|value| on(value) && value != "1"),
        "means yes; ddns-scripts understands '1' only",
    ),
    rule(
        "services_url",
        |global, value| value.is_some() && global.get("url").is_none(),
        "is the URL that definitions are downloaded from; ddns-scripts ignores this option, which LuCI \
         writes",
    ),
];

const SERVICE: &[DifferenceRule] = &[
    rule(
        "service_name",
        |_, value| matches!(value, Some("-" | "custom")),
        "means that the section has a URL or script of its own; ddns-scripts ends the section with an \
         error",
    ),
    rule(
        "update_url",
        |section, value| {
            value.is_some() && section.is_custom() && section.get("update_script").is_none()
        },
        "the answer is checked for HTTP errors and failure words; ddns-scripts takes any answer for \
         success",
    ),
    rule(
        "update_script",
        |section, value| value.is_some() && section.is_custom(),
        // Whether the file exists is not known here. If not, the built-in provider may take its place.
        "is run anew for each update, if it exists, for 120 seconds at most; this program decides \
         on retries, not the script",
    ),
    rule(
        "update_url",
        |section, value| takes_seen_address(section, value) && section.sends_from_its_address(),
        "has no [IP], so the provider stores the address that a request comes from: requests leave from \
         the address of ip_source, or from bind_network",
    ),
    rule(
        "update_url",
        |section, value| takes_seen_address(section, value) && !section.sends_from_its_address(),
        "has no [IP], so the provider stores the address that a request comes from, also if ip_source \
         finds another",
    ),
    rule(
        "use_https",
        |section, value| value.is_some_and(on) && section.row().is_some(),
        "is not needed: https is used wherever the provider has it",
    ),
    rule(
        "username",
        |_, value| value.is_some_and(|value| !value.is_ascii()),
        "is sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    rule(
        "username",
        |section, value| {
            section.get("service_name") == Some("bind-nsupdate")
                && value.is_some_and(|key| !key.contains(':'))
        },
        "names a key without its algorithm, which is hmac-sha256 then; nsupdate may take hmac-md5",
    ),
    rule(
        "password",
        |_, value| value.is_some_and(|value| !value.is_ascii()),
        "is sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    rule(
        "param_enc",
        |_, value| value.is_some_and(|value| !value.is_ascii()),
        "is sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    rule(
        "param_opt",
        |section, value| value.is_some_and(|value| value.contains('&')) && section.api().is_none(),
        "has a '&', which is sent as it is; ddns-scripts sends the word [PARAMOPT] in its place",
    ),
    rule(
        "use_ipv6",
        |section, value| value.is_some_and(on) && section.kernel_source(),
        "publishes the best of several addresses ('ddns-netlink why' tells which that is); \
         ddns-scripts publishes the first",
    ),
    rule(
        "ip_source",
        |section, source| {
            matches!(source, None | Some("network")) && section.get("bind_network").is_none()
        },
        "requests leave by the routing table or bind_network; ddns-scripts binds them to ip_network",
    ),
    rule(
        "ip_interface",
        |section, value| {
            section.get("ip_source") == Some("interface")
                && value.is_some_and(|value| value.starts_with('@'))
        },
        "means the logical interface of this name; ddns-scripts finds no address there",
    ),
    rule(
        "ip_script",
        |section, _| section.get("ip_source") == Some("script"),
        "runs with an empty environment but for PATH and DDNS_FAMILY, and has failed if its exit \
         status is not 0; ddns-scripts takes what it prints",
    ),
    rule(
        "interface",
        |section, value| {
            let is_ipv6 = section.get("use_ipv6").is_some_and(on);
            let default = if is_ipv6 { "wan6" } else { "wan" };
            let network = section.get("ip_network").unwrap_or(default);
            section.kernel_source() && value.is_some_and(|value| value != network)
        },
        "does not start and stop the section, unlike in ddns-scripts: the address of ip_source is \
         published whatever happens to this interface",
    ),
    rule(
        "cacert",
        |section, value| value.is_some() && !section.get("use_https").is_some_and(on),
        "is used for every https request; ddns-scripts ignores it without use_https",
    ),
    rule(
        "user_agent",
        |_, value| value.is_some(),
        "is sent with every request; ddns-scripts sends it where GNU wget is installed",
    ),
    rule(
        "dns_server",
        |section, value| {
            value.is_some() && section.api().is_none_or(|api| !api.needs("dns_server"))
        },
        "is asked when the program starts, after updates and when LuCI asks; ddns-scripts asks it \
         at every check_interval",
    ),
    rule(
        "use_api_check",
        |_, value| value.is_some_and(on),
        "is not needed: the program remembers what the provider accepted",
    ),
    rule(
        "check_interval",
        |section, value| value.is_some() && section.kernel_source(),
        "is not needed: the kernel reports a new address at once",
    ),
    rule(
        "check_unit",
        |section, unit| {
            !section.kernel_source()
                && section.get("check_interval").is_none()
                && unit.is_some_and(|unit| unit != "minutes")
        },
        "is ignored without check_interval, which is 10 minutes then; ddns-scripts takes 10 of \
         this unit",
    ),
    rule(
        "check_unit",
        |section, unit| {
            !section.kernel_source()
                && unit == Some("seconds")
                && section.get("check_interval_min").is_none()
                && section.number("check_interval").is_some_and(|seconds| seconds < 300)
        },
        "check_interval is at least 5 minutes unless check_interval_min is set; ddns-scripts uses 5 \
         seconds",
    ),
    rule(
        "force_interval",
        |_, value| value.is_some_and(|value| value != "0" && value != "never"),
        "is counted across restarts and reboots; ddns-scripts sends again after each of them",
    ),
    rule(
        "force_interval",
        |_, value| value == Some("0"),
        "'0' sends an address again only when it changes; ddns-scripts ends the section after one \
         update, until its interface comes up again",
    ),
    rule(
        "retry_interval",
        |_, value| value.is_some(),
        "doubles with every further error, up to an hour; in ddns-scripts it stays the same",
    ),
    rule(
        "retry_unit",
        |section, unit| {
            unit.is_some_and(|unit| unit != "seconds") && section.get("retry_interval").is_none()
        },
        "is ignored without retry_interval, which is 60 seconds then; ddns-scripts takes 60 of \
         this unit",
    ),
    rule("retry_max_count", |_, value| value.is_some_and(|value| value != "0"), GIVES_UP),
    rule(
        "retry_count",
        |section, value| {
            value.is_some_and(|value| value != "0") && section.get("retry_max_count").is_none()
        },
        GIVES_UP,
    ),
];

const GIVES_UP: &str = "after that number of errors in a row the program sends nothing for the record until its \
                     address or the network changes; ddns-scripts ends the section for good";

/// Whether a section was used with ddns-scripts, which writes `lookup_host` into every section.
fn is_migrated(section: &RawSection) -> bool {
    section.value("lookup_host").is_some()
}

/// The differences of a file, each once, in the order in which the file has them. Sections that are not
/// enabled are skipped. On a system other than OpenWrt there are no differences, unless the file comes
/// from OpenWrt.
pub fn differences(document: &Document, on_openwrt: bool) -> Vec<Difference> {
    let mut found = Vec::new();
    if !on_openwrt && !document.sections.iter().any(is_migrated) {
        return found;
    }
    for section in &document.sections {
        let options = Options(section);
        let rules = match section.kind.as_str() {
            "ddns" => GLOBAL,
            // A section that is not enabled does nothing in either program.
            "service" if options.get("enabled").is_some_and(on) => SERVICE,
            _ => continue,
        };
        for DifferenceRule { option, applies, text } in rules {
            if applies(&options, options.get(option)) {
                add(&mut found, option, text, section);
            }
        }
        let differs = options.row().and_then(|row| row.get("differs"));
        if section.kind == "service"
            && let Some(text) = differs
        {
            add(&mut found, "service_name", text, section);
        }
    }
    found
}

fn add(
    found: &mut Vec<Difference>,
    option: &'static str,
    text: &'static str,
    section: &RawSection,
) {
    let name = section.name.clone();
    match found.iter_mut().find(|known| known.option == option && known.text == text) {
        Some(difference) => difference.sections.push(name),
        None => found.push(Difference { option, text, sections: vec![name] }),
    }
}

/// The options of a section, as the file has them.
struct Options<'a>(&'a RawSection);

impl<'a> Options<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.value(name)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    fn row(&self) -> Option<Row> {
        self.get("service_name").and_then(table::find)
    }

    fn api(&self) -> Option<&'static Api> {
        self.get("service_name").and_then(api::find)
    }

    fn kernel_source(&self) -> bool {
        matches!(self.get("ip_source"), None | Some("network" | "interface"))
    }

    /// Whether requests to a provider that stores the address that they come from leave from the address
    /// that is to be published.
    fn sends_from_its_address(&self) -> bool {
        self.kernel_source() && self.get("proxy").is_none()
    }

    /// Whether the section has a URL or script of its own.
    fn is_custom(&self) -> bool {
        matches!(self.get("service_name"), None | Some("-" | "custom"))
    }
}

/// Whether `url`, the owner's own update URL, has no placeholder for an address.
fn takes_seen_address(section: &Options<'_>, url: Option<&str>) -> bool {
    section.is_custom()
        && section.get("update_script").is_none()
        && url.is_some_and(|url| !template::names_address(url))
}

fn on(value: &str) -> bool {
    parse_flag(value) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::uci;

    fn differences(file: &[u8], on_openwrt: bool) -> Vec<Difference> {
        super::differences(&uci::parse(file).0, on_openwrt)
    }

    /// The differences of a section with these options. Its address source is a page, which makes no
    /// difference.
    fn about(options: &str) -> Vec<String> {
        let file =
            format!("config service 'a'\noption enabled 1\noption ip_source web\n{options}\n");
        let all = differences(file.as_bytes(), true);
        all.into_iter().map(|difference| difference.to_string()).collect()
    }

    #[test]
    fn an_option_is_listed_only_if_it_makes_a_difference() {
        let cases = [
            ("option service_name -", "option service_name x"),
            ("option service_name custom", ""),
            ("option update_url http://a/[IP]", "option service_name x"),
            ("option username 'ü'", "option username 'u'"),
            ("option service_name no-ip.com", "option service_name dyndns.org"),
            (
                "option service_name bind-nsupdate\noption username home",
                "option service_name bind-nsupdate\noption username hmac-sha256:home",
            ),
            ("option service_name dyndns.org\noption use_https 1", "option use_https 1"),
            ("option update_script /x.sh", "option update_script /x.sh\noption service_name x"),
            (
                "option update_url http://a/\noption update_script /x.sh",
                "option update_url http://a/\noption service_name x",
            ),
            ("option password 'pässword'", "option password 'password'"),
            ("option param_enc 'ü'", "option param_enc 'u'"),
            ("option param_opt 'a&b'", "option param_opt 'ab'"),
            ("option param_opt 'a&b'", "option service_name ovh\noption param_opt 'a&b'"),
            ("option cacert /x", "option cacert /x\noption use_https 1"),
            ("option user_agent x", ""),
            ("option dns_server 9.9.9.9", "option dns_server ''"),
            (
                "option service_name cloudflare\noption dns_server 9.9.9.9",
                "option service_name rfc2136\noption dns_server 192.0.2.53",
            ),
            ("option use_api_check 1", "option use_api_check 0"),
            ("option check_unit hours", "option check_unit hours\noption check_interval 1"),
            ("option check_unit hours", "option check_unit minutes"),
            (
                "option check_unit seconds\noption check_interval 60",
                "option check_unit seconds\noption check_interval 60\noption check_interval_min 60",
            ),
            (
                "option check_unit seconds\noption check_interval 60",
                "option check_unit seconds\noption check_interval 300",
            ),
            ("option force_interval 24", "option force_interval never"),
            ("option force_interval 0", "option force_interval never"),
            ("option retry_interval 60", ""),
            ("option retry_unit minutes", "option retry_unit seconds"),
            ("option retry_max_count 5", "option retry_max_count 0"),
            ("option retry_count 5", "option retry_count 0"),
            (
                "option ip_source script\noption ip_script /x",
                "option ip_source web\noption ip_script /x",
            ),
        ];
        for (differs, same) in cases {
            let found = about(differs);
            let name = differs.lines().last().unwrap().split(' ').nth(1).unwrap();
            let name = if differs.contains("check_unit") { "check_unit" } else { name };
            assert_eq!(found.len(), 1, "{differs}: {found:?}");
            assert!(found[0].starts_with(&format!("{name}: ")), "{found:?}");
            assert!(found[0].ends_with(" (a)"), "{found:?}");
            assert_eq!(about(same), [""; 0], "{same}");
        }
    }

    #[test]
    fn options_are_listed_that_differ_for_addresses_of_the_kernel() {
        for (differs, same) in [
            ("option check_interval 5", "option check_unit hours"),
            ("option use_ipv6 1", "option use_ipv6 0"),
            ("option interface lan", "option interface wan"),
            ("option interface lan", "option interface lan\noption ip_network lan"),
            ("option interface wan\noption ip_network lan", ""),
            ("option ip_source interface\noption ip_interface @wan", "option ip_interface @wan"),
        ] {
            let found = about_kernel_source(differs);
            assert_eq!(found.len(), 1, "{differs}: {found:?}");
            assert_eq!(about_kernel_source(same), [""; 0], "{same}");
        }
        let default = about_kernel_source("option use_ipv6 1\noption interface wan6");
        assert_eq!(default.len(), 1, "{default:?}");
        let unset = differences(b"config service 'a'\noption enabled 1\n", true);
        assert_eq!(unset.len(), 1, "requests are bound to ip_network by default: {unset:?}");
        let device = "option ip_source interface\noption ip_interface eth0";
        assert_eq!(about(device), [""; 0], "and to nothing with a device");
    }

    fn about_kernel_source(options: &str) -> Vec<String> {
        about(&format!("option ip_source network\noption bind_network wan\n{options}"))
    }

    #[test]
    fn a_difference_is_listed_once_with_its_sections() {
        let file: String = (1..=2).map(numbered_section).collect();
        let all = differences(file.as_bytes(), true);
        let [one] = &all[..] else { panic!("{all:?}") };
        assert!(one.to_string().ends_with("in ddns-scripts it stays the same (s1, s2)"), "{one}");
        let file: String = (1..=10).map(numbered_section).collect();
        let text = differences(file.as_bytes(), true)[0].to_string();
        assert!(text.ends_with("(s1, s2, s3, s4, s5, s6, s7, s8 and 2 more)"), "{text}");
    }

    fn numbered_section(number: usize) -> String {
        format!(
            "config service 's{number}'\noption enabled 1\noption ip_source web\n\
             option retry_interval 9\n"
        )
    }

    #[test]
    fn options_of_the_global_section_are_listed() {
        for (differs, same) in [
            ("option use_curl 1", "option use_curl 0"),
            ("option upd_privateip yes", "option upd_privateip 1"),
            (
                "option services_url http://a/",
                "option services_url http://a/\noption url http://b/",
            ),
        ] {
            assert_eq!((count_global(differs), count_global(same)), (1, 0), "{differs}");
        }
        assert_eq!(count_global("option cacert /x"), 0);
    }

    fn count_global(options: &str) -> usize {
        differences(format!("config ddns 'global'\n{options}\n").as_bytes(), true).len()
    }

    #[test]
    fn disabled_sections_and_invalid_files_have_no_differences() {
        assert_eq!(differences(b"config service 'a'\noption check_interval 5\n", true), []);
        assert_eq!(differences(b"\0\xff'config", true), []);
    }

    #[test]
    fn without_openwrt_only_a_file_from_ddns_scripts_has_differences() {
        let file = "config service 'a'\noption enabled 1\noption retry_interval 9\n";
        assert_eq!(differences(file.as_bytes(), false), []);
        let moved = format!("{file}option lookup_host a.example.com\n");
        assert_eq!(differences(moved.as_bytes(), false).len(), 2);
    }
}
