//! What a configuration made for ddns-scripts does differently here: for `check`, nobody is warned
//! about it. `doc/ddns-netlink.5.md` has the same at more length.

use super::words::is_flag;
use crate::config::mistake::{self, Mistake, Severity};
use crate::config::uci::{self, RawSection};
use crate::provider::table::{self, Row};

/// What is asked of an option before its line is printed; its value is `None` where it is not set.
type Applies = fn(&Options<'_>, Option<&str>) -> bool;

/// An option that makes a difference, when, and which.
struct Difference(&'static str, Applies, &'static str);

const GLOBAL: &[Difference] = &[
    Difference(
        "use_curl",
        |_, value| value.is_some_and(on),
        "not needed: requests are sent by the program itself, curl is not used",
    ),
    Difference(
        "upd_privateip",
        |_, value| value.is_some_and(|it| on(it) && it != "1"),
        "means yes; ddns-scripts understands 1 only",
    ),
    Difference(
        "services_url",
        |global, value| value.is_some() && global.get("url").is_none(),
        "definitions are downloaded from there; ddns-scripts never reads this option of LuCI's",
    ),
];

const SERVICE: &[Difference] = &[
    Difference(
        "service_name",
        |_, value| matches!(value, Some("-" | "custom")),
        "means that there is none; ddns-scripts ends the section with an error",
    ),
    Difference(
        "update_url",
        |section, value| value.is_some() && section.is_custom(),
        "the answer is judged: HTTP errors and words such as badauth are failures; ddns-scripts \
         takes any answer for consent",
    ),
    Difference(
        "update_url",
        |section, value| value.is_some() && !section.is_custom(),
        "not used, because service_name is set",
    ),
    Difference(
        "update_script",
        |_, value| value.is_some(),
        "run anew for each update, for 120 seconds at most; retries are this program's, not the \
         script's",
    ),
    Difference(
        "use_https",
        |section, value| value.is_some_and(on) && section.row().is_some(),
        "not needed: https is used wherever the provider has it",
    ),
    Difference(
        "username",
        |_, value| value.is_some_and(|value| !value.is_ascii()),
        "sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    Difference(
        "username",
        |section, value| {
            section.get("service_name") == Some("bind-nsupdate")
                && value.is_some_and(|key| !key.contains(':'))
        },
        "a key without an algorithm before its name is taken for hmac-sha256; nsupdate may take \
         it for hmac-md5",
    ),
    Difference(
        "password",
        |_, value| value.is_some_and(|value| !value.is_ascii()),
        "sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    Difference(
        "param_enc",
        |_, value| value.is_some_and(|value| !value.is_ascii()),
        "sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    Difference(
        "param_opt",
        |_, value| value.is_some_and(|value| value.contains('&')),
        "'&' is sent as it is; ddns-scripts sends the word [PARAMOPT] in its place",
    ),
    Difference(
        "use_ipv6",
        |section, value| value.is_some_and(on) && section.kernel_source(),
        "of several addresses the one that lasts longest is taken, and none that is private, \
         temporary or deprecated; ddns-scripts takes the first",
    ),
    Difference(
        "ip_source",
        |section, _| section.kernel_source() && section.get("bind_network").is_none(),
        "requests leave as the routing table has it; ddns-scripts binds them to ip_network \
         (bind_network does that)",
    ),
    Difference(
        "ip_interface",
        |section, value| {
            section.get("ip_source") == Some("interface")
                && value.is_some_and(|it| it.starts_with('@'))
        },
        "the logical interface of this name; ddns-scripts finds no address there",
    ),
    Difference(
        "ip_script",
        |section, _| section.get("ip_source") == Some("script"),
        "run with a bare environment, and it has failed if its exit status is not 0",
    ),
    Difference(
        "interface",
        |section, value| {
            let (usual, six) = (Some("wan"), section.get("use_ipv6").is_some_and(on));
            let usual = if six { Some("wan6") } else { usual };
            let network = section.get("ip_network").or(usual);
            value.is_some() && section.kernel_source() && value != network
        },
        "does not start and stop the section: the address of ip_source is followed whatever \
         happens to this interface",
    ),
    Difference(
        "cacert",
        |section, value| value.is_some() && !section.get("use_https").is_some_and(on),
        "used for every https request; ddns-scripts ignores it without use_https",
    ),
    Difference(
        "user_agent",
        |_, value| value.is_some(),
        "sent with every request; ddns-scripts sends it where GNU wget is installed",
    ),
    Difference(
        "dns_server",
        |_, value| value.is_some(),
        "asked when the program starts, after updates and when LuCI asks, not at every \
         check_interval",
    ),
    Difference(
        "use_api_check",
        |_, value| value.is_some_and(on),
        "not needed: what was published is remembered",
    ),
    Difference(
        "check_interval",
        |section, value| value.is_some() && section.kernel_source(),
        "not needed: the kernel tells of a new address at once",
    ),
    Difference(
        "check_unit",
        |section, unit| {
            let set = unit.is_some_and(|unit| unit != "minutes");
            set && !section.kernel_source() && section.get("check_interval").is_none()
        },
        "has no effect without check_interval, which stays 10 minutes; in ddns-scripts it is 10 \
         of them",
    ),
    Difference(
        "check_unit",
        |section, unit| {
            let short = section.number("check_interval").is_some_and(|seconds| seconds < 300);
            let bare = section.get("check_interval_min").is_none();
            unit == Some("seconds") && short && bare && !section.kernel_source()
        },
        "a check_interval below 5 minutes is 5 minutes; in ddns-scripts it is 5 seconds then \
         (check_interval_min allows less)",
    ),
    Difference(
        "force_interval",
        |_, value| value.is_some_and(|value| value != "0" && value != "never"),
        "counted across restarts and reboots; ddns-scripts sends again after each of them",
    ),
    Difference(
        "retry_interval",
        |_, value| value.is_some(),
        "doubles with every further error, up to an hour; in ddns-scripts it stays the same",
    ),
    Difference(
        "retry_unit",
        |section, unit| {
            unit.is_some_and(|unit| unit != "seconds") && section.get("retry_interval").is_none()
        },
        "has no effect without retry_interval, which stays 60 seconds; in ddns-scripts it is 60 \
         of them",
    ),
    Difference("retry_max_count", |_, value| value.is_some_and(|value| value != "0"), RESTS),
    Difference(
        "retry_count",
        |section, value| {
            value.is_some_and(|value| value != "0") && section.get("retry_max_count").is_none()
        },
        RESTS,
    ),
];

const RESTS: &str = "after so many errors the record rests until its address or the network \
                     changes; ddns-scripts ends the section for good";

/// Every difference, by line. Sections that are not enabled do nothing in either program.
pub fn differences(file_name: &str, bytes: &[u8]) -> Vec<Mistake> {
    let (document, _) = uci::parse(bytes);
    let mut found = Vec::new();
    for section in &document.sections {
        let options = Options(section);
        let table = match section.kind.as_str() {
            "ddns" => GLOBAL,
            "service" if options.get("enabled").is_some_and(on) => SERVICE,
            _ => continue,
        };
        for Difference(name, applies, text) in table {
            if applies(&options, options.get(name)) {
                let option = section.options.iter().find(|option| option.name == *name);
                found.push(Mistake {
                    file: file_name.into(),
                    line: option.map_or(section.line, |option| option.line),
                    severity: Severity::Difference,
                    section: None,
                    text: format!("option '{name}': {text}"),
                });
            }
        }
        let differs = options.row().and_then(|row| row.get("differs"));
        if let Some(text) = differs.filter(|_| section.kind == "service") {
            let option = section.options.iter().find(|option| option.name == "service_name");
            found.push(Mistake {
                file: file_name.into(),
                line: option.map_or(section.line, |option| option.line),
                severity: Severity::Difference,
                section: None,
                text: format!("option 'service_name': {text}"),
            });
        }
    }
    mistake::sort(&mut found);
    found
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

    fn kernel_source(&self) -> bool {
        matches!(self.get("ip_source"), None | Some("network" | "interface"))
    }

    /// Whether the provider has no definition.
    fn is_custom(&self) -> bool {
        matches!(self.get("service_name"), None | Some("-" | "custom"))
    }
}

fn on(value: &str) -> bool {
    is_flag(value) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said about a section with these options; the source of its address is a page, about
    /// which nothing is said.
    fn about(options: &str) -> Vec<String> {
        let file =
            format!("config service 'a'\noption enabled 1\noption ip_source web\n{options}\n");
        let all = differences("ddns", file.as_bytes());
        all.into_iter().map(|it| it.to_string()).collect()
    }

    #[test]
    fn each_option_has_its_line_and_only_where_it_makes_a_difference() {
        let cases = [
            ("option service_name -", "option service_name x"),
            ("option service_name custom", ""),
            ("option update_url http://a/", "option service_name x"),
            ("option service_name x\noption update_url http://a/", "option service_name x"),
            ("option username 'ü'", "option username 'u'"),
            ("option service_name no-ip.com", "option service_name dyndns.org"),
            (
                "option service_name bind-nsupdate\noption username home",
                "option service_name bind-nsupdate\noption username hmac-sha256:home",
            ),
            ("option service_name dyndns.org\noption use_https 1", "option use_https 1"),
            ("option update_script /x.sh", ""),
            ("option password 'pässword'", "option password 'password'"),
            ("option param_enc 'ü'", "option param_enc 'u'"),
            ("option param_opt 'a&b'", "option param_opt 'ab'"),
            ("option cacert /x", "option cacert /x\noption use_https 1"),
            ("option user_agent x", ""),
            ("option dns_server 9.9.9.9", "option dns_server ''"),
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
            ("option force_interval 24", "option force_interval 0"),
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
            assert!(found[0].contains(&format!(": option '{name}': ")), "{found:?}");
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
        let unset = differences("ddns", b"config service 'a'\noption enabled 1\n");
        assert_eq!(unset.len(), 1, "requests are bound to ip_network by default: {unset:?}");
        assert_eq!(unset[0].line, 1);
    }

    #[test]
    fn the_global_section_has_differences_too() {
        let global = |options: &str| {
            differences("ddns", format!("config ddns 'global'\n{options}\n").as_bytes()).len()
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
        assert_eq!(differences("ddns", b"config service 'a'\noption check_interval 5\n"), []);
        assert_eq!(differences("ddns", b"\0\xff'config"), []);
    }
}
