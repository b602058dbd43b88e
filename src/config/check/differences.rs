//! What a configuration made for ddns-scripts does differently here: for `check`, nobody is warned
//! about it. `doc/ddns-netlink.5.md` has the same at more length.

use std::fmt;

use super::value_syntax::parse_flag;
use crate::config::uci::{self, RawSection};
use crate::provider::api::{self, Api};
use crate::provider::table::{self, Row};
use crate::provider::template;

/// What is asked of an option before its line is printed; its value is `None` where it is not set.
type Applies = fn(&Options<'_>, Option<&str>) -> bool;

/// An option that makes a difference, when, and which.
struct Rule(&'static str, Applies, &'static str);

/// What works differently from ddns-scripts in these sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    option: &'static str,
    text: &'static str,
    /// Their names, in file order.
    sections: Vec<String>,
}

/// Most sections that a difference names.
const MOST_NAMES: usize = 8;

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.option, self.text)?;
        let shown = self.sections.iter().take(MOST_NAMES);
        write!(f, " ({}", shown.map(String::as_str).collect::<Vec<_>>().join(", "))?;
        match self.sections.len().saturating_sub(MOST_NAMES) {
            0 => f.write_str(")"),
            more => write!(f, " and {more} more)"),
        }
    }
}

const GLOBAL: &[Rule] = &[
    Rule(
        "use_curl",
        |_, value| value.is_some_and(on),
        "is not needed: the program sends requests itself, without curl",
    ),
    Rule(
        "upd_privateip",
        |_, value| value.is_some_and(|it| on(it) && it != "1"),
        "means yes; ddns-scripts understands '1' only",
    ),
    Rule(
        "services_url",
        |global, value| value.is_some() && global.get("url").is_none(),
        "says where definitions are downloaded from; ddns-scripts never reads this option of LuCI's",
    ),
];

const SERVICE: &[Rule] = &[
    Rule(
        "service_name",
        |_, value| matches!(value, Some("-" | "custom")),
        "means here that there is none; ddns-scripts ends the section with an error",
    ),
    Rule(
        "update_url",
        |section, value| {
            value.is_some() && section.is_custom() && section.get("update_script").is_none()
        },
        "the answer is checked for HTTP errors and failure words; ddns-scripts takes any answer for \
         success",
    ),
    Rule(
        "update_script",
        |section, value| value.is_some() && section.is_custom(),
        "is run anew for each update, for 120 seconds at most, and this program decides on \
         retries; in ddns-scripts the script itself does",
    ),
    Rule(
        "update_url",
        |section, value| takes_seen_address(section, value) && section.sends_from_its_address(),
        "names no address ([IP]), so the provider stores the one that it sees: requests leave from the \
         address of ip_source, or as bind_network has it",
    ),
    Rule(
        "update_url",
        |section, value| takes_seen_address(section, value) && !section.sends_from_its_address(),
        "names no address ([IP]), so the provider stores the one that it sees, whatever ip_source \
         finds",
    ),
    Rule(
        "use_https",
        |section, value| value.is_some_and(on) && section.row().is_some(),
        "is not needed: https is used wherever the provider has it",
    ),
    Rule(
        "username",
        |_, value| value.is_some_and(|value| !value.is_ascii()),
        "is sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    Rule(
        "username",
        |section, value| {
            section.get("service_name") == Some("bind-nsupdate")
                && value.is_some_and(|key| !key.contains(':'))
        },
        "names a key without its algorithm, which is hmac-sha256 then; nsupdate may take hmac-md5",
    ),
    Rule(
        "password",
        |_, value| value.is_some_and(|value| !value.is_ascii()),
        "is sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    Rule(
        "param_enc",
        |_, value| value.is_some_and(|value| !value.is_ascii()),
        "is sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    Rule(
        "param_opt",
        |section, value| value.is_some_and(|value| value.contains('&')) && section.api().is_none(),
        "has a '&', which is sent as it is; ddns-scripts sends the word [PARAMOPT] in its place",
    ),
    Rule(
        "use_ipv6",
        |section, value| value.is_some_and(on) && section.kernel_source(),
        "publishes the best of several addresses ('ddns-netlink why' tells which that is); \
         ddns-scripts publishes the first",
    ),
    Rule(
        "ip_source",
        |section, source| {
            matches!(source, None | Some("network")) && section.get("bind_network").is_none()
        },
        "requests leave by the routing table or bind_network; ddns-scripts binds them to ip_network",
    ),
    Rule(
        "ip_interface",
        |section, value| {
            section.get("ip_source") == Some("interface")
                && value.is_some_and(|it| it.starts_with('@'))
        },
        "means the logical interface of this name; ddns-scripts finds no address there",
    ),
    Rule(
        "ip_script",
        |section, _| section.get("ip_source") == Some("script"),
        "runs with an empty environment but for PATH and DDNS_FAMILY, and has failed if its exit \
         status is not 0; ddns-scripts takes what it prints",
    ),
    Rule(
        "interface",
        |section, value| {
            let (usual, six) = (Some("wan"), section.get("use_ipv6").is_some_and(on));
            let usual = if six { Some("wan6") } else { usual };
            let network = section.get("ip_network").or(usual);
            value.is_some() && section.kernel_source() && value != network
        },
        "does not start and stop the section, as in ddns-scripts: the address of ip_source is \
         followed whatever happens to this interface",
    ),
    Rule(
        "cacert",
        |section, value| value.is_some() && !section.get("use_https").is_some_and(on),
        "is used for every https request; ddns-scripts ignores it without use_https",
    ),
    Rule(
        "user_agent",
        |_, value| value.is_some(),
        "is sent with every request; ddns-scripts sends it where GNU wget is installed",
    ),
    Rule(
        "dns_server",
        |section, value| {
            value.is_some() && section.api().is_none_or(|api| !api.needs("dns_server"))
        },
        "is asked when the program starts, after updates and when LuCI asks; ddns-scripts asks it \
         at every check_interval",
    ),
    Rule(
        "use_api_check",
        |_, value| value.is_some_and(on),
        "is not needed: the program remembers what the provider accepted",
    ),
    Rule(
        "check_interval",
        |section, value| value.is_some() && section.kernel_source(),
        "is not needed: the kernel tells of a new address at once",
    ),
    Rule(
        "check_unit",
        |section, unit| {
            let set = unit.is_some_and(|unit| unit != "minutes");
            set && !section.kernel_source() && section.get("check_interval").is_none()
        },
        "is ignored without check_interval, which is 10 minutes then; ddns-scripts takes 10 of \
         this unit",
    ),
    Rule(
        "check_unit",
        |section, unit| {
            let short = section.number("check_interval").is_some_and(|seconds| seconds < 300);
            let bare = section.get("check_interval_min").is_none();
            unit == Some("seconds") && short && bare && !section.kernel_source()
        },
        "check_interval is at least 5 minutes unless check_interval_min is set; ddns-scripts uses 5 \
         seconds",
    ),
    Rule(
        "force_interval",
        |_, value| value.is_some_and(|value| value != "0" && value != "never"),
        "is counted across restarts and reboots; ddns-scripts sends again after each of them",
    ),
    Rule(
        "force_interval",
        |_, value| value == Some("0"),
        "'0' sends an address again only when it changes; ddns-scripts ends the section after one \
         update, until its interface comes up again",
    ),
    Rule(
        "retry_interval",
        |_, value| value.is_some(),
        "doubles with every further error, up to an hour; in ddns-scripts it stays the same",
    ),
    Rule(
        "retry_unit",
        |section, unit| {
            unit.is_some_and(|unit| unit != "seconds") && section.get("retry_interval").is_none()
        },
        "is ignored without retry_interval, which is 60 seconds then; ddns-scripts takes 60 of \
         this unit",
    ),
    Rule("retry_max_count", |_, value| value.is_some_and(|value| value != "0"), RESTS),
    Rule(
        "retry_count",
        |section, value| {
            value.is_some_and(|value| value != "0") && section.get("retry_max_count").is_none()
        },
        RESTS,
    ),
];

const RESTS: &str = "after so many errors in a row nothing is sent for the record until its address or \
                     the network changes; ddns-scripts ends the section for good";

/// Whether a section was made for ddns-scripts, which writes this option into every section.
fn is_migrated(section: &RawSection) -> bool {
    Options(section).get("lookup_host").is_some()
}

/// Every difference once, in the order of the sections and options that it is found in first. Sections
/// that are not enabled do nothing in either program. Elsewhere than on OpenWrt there are none, unless
/// the file itself comes from there.
pub fn differences(bytes: &[u8], on_openwrt: bool) -> Vec<Difference> {
    let (document, _) = uci::parse(bytes);
    let mut found = Vec::new();
    if !on_openwrt && !document.sections.iter().any(is_migrated) {
        return found;
    }
    for section in &document.sections {
        let options = Options(section);
        let rules = match section.kind.as_str() {
            "ddns" => GLOBAL,
            "service" if options.get("enabled").is_some_and(on) => SERVICE,
            _ => continue,
        };
        for Rule(option, applies, text) in rules {
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
    match found.iter_mut().find(|it| it.option == option && it.text == text) {
        Some(difference) => difference.sections.push(name),
        None => found.push(Difference { option, text, sections: vec![name] }),
    }
}

/// The options of a section as they are written.
struct Options<'a>(&'a RawSection);

impl<'a> Options<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let option = self.0.options.iter().find(|option| option.name == name)?;
        option.values.first().map(|(value, _)| value.as_str()).filter(|value| !value.is_empty())
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

    /// Whether requests to a provider that stores the address that it sees leave from the one that is to
    /// be published.
    fn sends_from_its_address(&self) -> bool {
        self.kernel_source() && self.get("proxy").is_none()
    }

    /// Whether the provider has no definition.
    fn is_custom(&self) -> bool {
        matches!(self.get("service_name"), None | Some("-" | "custom"))
    }
}

/// Whether `url` is the user's own and names no address.
fn takes_seen_address(section: &Options<'_>, url: Option<&str>) -> bool {
    let used = section.is_custom() && section.get("update_script").is_none();
    used && url.is_some_and(|url| !template::names_address(url))
}

fn on(value: &str) -> bool {
    parse_flag(value) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said about a section with these options; the source of its address is a page, about
    /// which nothing is said.
    fn about(options: &str) -> Vec<String> {
        let file =
            format!("config service 'a'\noption enabled 1\noption ip_source web\n{options}\n");
        let all = differences(file.as_bytes(), true);
        all.into_iter().map(|it| it.to_string()).collect()
    }

    #[test]
    fn each_option_has_its_line_and_only_where_it_makes_a_difference() {
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
    fn what_differs_about_addresses_of_the_kernel() {
        let kernel = |options: &str| {
            let bound = "option bind_network wan\n";
            about(&format!("option ip_source network\n{bound}{options}"))
        };
        for (differs, same) in [
            ("option check_interval 5", "option check_unit hours"),
            ("option use_ipv6 1", "option use_ipv6 0"),
            ("option interface lan", "option interface wan"),
            ("option interface lan", "option interface lan\noption ip_network lan"),
            ("option interface wan\noption ip_network lan", ""),
            ("option ip_source interface\noption ip_interface @wan", "option ip_interface @wan"),
        ] {
            let found = kernel(differs);
            assert_eq!(found.len(), 1, "{differs}: {found:?}");
            assert_eq!(kernel(same), [""; 0], "{same}");
        }
        assert_eq!(kernel("option use_ipv6 1\noption interface wan6").len(), 1, "the default");
        let unset = differences(b"config service 'a'\noption enabled 1\n", true);
        assert_eq!(unset.len(), 1, "requests are bound to ip_network by default: {unset:?}");
        let device = "option ip_source interface\noption ip_interface eth0";
        assert_eq!(about(device), [""; 0], "and to nothing with a device");
    }

    #[test]
    fn a_difference_is_there_once_with_its_sections() {
        let section = |number: usize| {
            format!(
                "config service 's{number}'\noption enabled 1\noption ip_source web\n\
                 option retry_interval 9\n"
            )
        };
        let file: String = (1..=2).map(section).collect();
        let all = differences(file.as_bytes(), true);
        let [one] = &all[..] else { panic!("{all:?}") };
        assert!(one.to_string().ends_with("in ddns-scripts it stays the same (s1, s2)"), "{one}");
        let file: String = (1..=10).map(section).collect();
        let text = differences(file.as_bytes(), true)[0].to_string();
        assert!(text.ends_with("(s1, s2, s3, s4, s5, s6, s7, s8 and 2 more)"), "{text}");
    }

    #[test]
    fn the_global_section_has_differences_too() {
        let global = |options: &str| {
            differences(format!("config ddns 'global'\n{options}\n").as_bytes(), true).len()
        };
        for (differs, same) in [
            ("option use_curl 1", "option use_curl 0"),
            ("option upd_privateip yes", "option upd_privateip 1"),
            (
                "option services_url http://a/",
                "option services_url http://a/\noption url http://b/",
            ),
        ] {
            assert_eq!((global(differs), global(same)), (1, 0), "{differs}");
        }
        assert_eq!(global("option cacert /x"), 0);
    }

    #[test]
    fn sections_that_are_off_and_files_that_are_broken_say_nothing() {
        assert_eq!(differences(b"config service 'a'\noption check_interval 5\n", true), []);
        assert_eq!(differences(b"\0\xff'config", true), []);
    }

    #[test]
    fn where_ddns_scripts_never_was_nothing_differs() {
        let file = "config service 'a'\noption enabled 1\noption retry_interval 9\n";
        assert_eq!(differences(file.as_bytes(), false), []);
        let moved = format!("{file}option lookup_host a.example.com\n");
        assert_eq!(differences(moved.as_bytes(), false).len(), 2);
    }
}
