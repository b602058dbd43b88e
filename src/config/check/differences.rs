//! What a configuration made for ddns-scripts does differently here: for `check`, nobody is warned
//! about it. `doc/ddns-netlink.5.md` has the same at more length.

use super::words::is_flag;
use crate::config::mistake::{Mistake, Severity};
use crate::config::uci::{self, RawSection};

/// What is asked of an option before its line is printed.
type Applies = fn(&Options<'_>, &str) -> bool;

/// Options whose presence makes a difference, when, and which.
const DIFFERENCES: &[(&str, Applies, &str)] = &[
    (
        "check_interval",
        |section, _| section.kernel_source(),
        "not needed: the kernel tells of a new address at once",
    ),
    (
        "update_script",
        |_, _| true,
        "run anew for each update, for 120 seconds at most; retries are this program's, not the script's",
    ),
    ("use_api_check", |_, value| on(value), "not needed: what was published is remembered"),
    (
        "use_curl",
        |_, value| on(value),
        "not needed: requests are sent by the program itself, curl is not used",
    ),
    (
        "retry_max_count",
        |_, value| value != "0",
        "after so many errors the record rests until its address or the network changes; \
         ddns-scripts ends the section for good",
    ),
    (
        "cacert",
        |section, _| !section.get("use_https").is_some_and(on),
        "used for every https request; ddns-scripts ignores it without use_https",
    ),
    (
        "force_unit",
        |section, unit| unit != "hours" && section.get("force_interval").is_none(),
        "has no effect without force_interval, which stays 72 hours; in ddns-scripts it is 72 of them",
    ),
    (
        "dns_server",
        |_, _| true,
        "asked when the program starts and when LuCI asks, not at every check_interval",
    ),
    (
        "password",
        |_, value| !value.is_ascii(),
        "sent as UTF-8; ddns-scripts sends %00 for every character that is not ASCII",
    ),
    (
        "ip_source",
        |section, _| section.kernel_source() && section.get("bind_network").is_none(),
        "requests leave as the routing table has it; ddns-scripts binds them to ip_network \
         (bind_network does that)",
    ),
];

/// Every difference, by line. Sections that are not enabled do nothing in either program.
pub fn differences(file_name: &str, bytes: &[u8]) -> Vec<Mistake> {
    let (document, _) = uci::parse(bytes);
    let mut found = Vec::new();
    for section in &document.sections {
        let options = Options(section);
        if section.kind == "service" && !options.get("enabled").is_some_and(on) {
            continue;
        }
        for (name, applies, text) in DIFFERENCES {
            let Some(option) = section.options.iter().find(|option| option.name == *name) else {
                continue;
            };
            if options.get(name).is_some_and(|value| applies(&options, value)) {
                found.push(Mistake {
                    file: file_name.into(),
                    line: option.line,
                    severity: Severity::Difference,
                    section: None,
                    text: format!("option '{name}': {text}"),
                });
            }
        }
    }
    found.sort_by_key(|difference| difference.line);
    found
}

/// The options of a section as they are written.
struct Options<'a>(&'a RawSection);

impl<'a> Options<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let option = self.0.options.iter().find(|option| option.name == name)?;
        option.values.first().map(|(value, _)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn kernel_source(&self) -> bool {
        matches!(self.get("ip_source"), None | Some("network" | "interface"))
    }
}

fn on(value: &str) -> bool {
    is_flag(value) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(options: &str) -> Vec<String> {
        let file = format!("config service 'a'\noption enabled 1\n{options}\n");
        let all = differences("ddns", file.as_bytes());
        all.into_iter().map(|it| it.to_string()).collect()
    }

    #[test]
    fn each_option_has_its_line_and_only_where_it_makes_a_difference() {
        let cases = [
            ("option check_interval 5", "option ip_source web\noption check_interval 5"),
            ("option update_script /x.sh", ""),
            ("option use_api_check 1", "option use_api_check 0"),
            ("option retry_max_count 5", "option retry_max_count 0"),
            ("option cacert /x", "option cacert /x\noption use_https 1"),
            ("option force_unit minutes", "option force_unit minutes\noption force_interval 90"),
            ("option dns_server 9.9.9.9", ""),
            ("option password 'pässword'", "option password 'password'"),
            ("option ip_source network", "option ip_source network\noption bind_network wan"),
        ];
        for (differs, same) in cases {
            let found = about(differs);
            let name = differs.split(' ').nth(1).unwrap();
            assert_eq!(found.len(), 1, "{differs}: {found:?}");
            assert!(found[0].starts_with(&format!("ddns:3: option '{name}': ")), "{found:?}");
            assert_eq!(about(same), [""; 0], "{same}");
        }
        let curl = b"config ddns 'global'\noption use_curl 1\n";
        assert_eq!(differences("ddns", curl).len(), 1);
    }

    #[test]
    fn sections_that_are_off_and_files_that_are_broken_say_nothing() {
        assert_eq!(differences("ddns", b"config service 'a'\noption check_interval 5\n"), []);
        assert_eq!(differences("ddns", b"\0\xff'config"), []);
    }
}
