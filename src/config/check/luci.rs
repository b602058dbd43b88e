//! Finds sections that LuCI's form (`luci-app-ddns`, `overview.js`) would damage, for the command `check`.
//!
//! The form knows only the values 0 and 1 of `use_ipv6`. For any other value it behaves as if the user had
//! just changed the field: it hides most fields, and Save deletes the options of hidden fields.

use super::value_syntax::parse_flag;
use crate::config::mistake::{Mistake, Mistakes, Severity};
use crate::config::uci::{Document, RawSection};
use crate::text::quoted::quoted;

/// A warning for each enabled section that a Save in LuCI would damage. `openwrt`: whether LuCI may be
/// installed on this system. If not, only the value `both` gets a warning, which only this program
/// knows.
pub fn luci_damage(file_name: &str, document: &Document, openwrt: bool) -> Vec<Mistake> {
    let mut found = Mistakes::default();
    for section in document.sections.iter().filter(|section| section.kind == "service") {
        if value(section, "enabled").and_then(parse_flag) != Some(true) {
            continue;
        }
        let Some(advice) = advice(section, openwrt) else {
            continue;
        };
        let line = section.option("use_ipv6").map_or(section.line, |option| option.line);
        let text = format!(
            "section '{}': a Save in LuCI's form deletes its domain, username, password, interface \
                 and all intervals. Write {advice}",
            section.name
        );
        found.push(Mistake::new(file_name, line, Severity::Warning, text));
    }
    found.finish(file_name)
}

/// The lines that LuCI's form understands; `None` if it understands the section, or if no warning is
/// needed.
fn advice(section: &RawSection, openwrt: bool) -> Option<String> {
    match value(section, "use_ipv6") {
        Some("0" | "1") => None,
        Some("both") => Some(
            "\"option use_ipv6 '0'\" and \"option also_ipv6 '1'\" instead of use_ipv6 'both'"
                .into(),
        ),
        _ if !openwrt => None,
        Some(other) => {
            let number = if parse_flag(other) == Some(true) { '1' } else { '0' };
            Some(format!("\"option use_ipv6 '{number}'\" instead of {}", quoted(other)))
        }
        None => Some("\"option use_ipv6 '0'\"".into()),
    }
}

/// The value of an option; `None` if it is not set or empty.
fn value<'a>(section: &'a RawSection, name: &str) -> Option<&'a str> {
    let (value, _) = section.option(name)?.values.last()?;
    if value.is_empty() { None } else { Some(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::uci;

    fn luci_damage(file_name: &str, file: &[u8], openwrt: bool) -> Vec<Mistake> {
        super::luci_damage(file_name, &uci::parse(file).0, openwrt)
    }

    fn warnings(options: &str, openwrt: bool) -> Vec<String> {
        let file = format!("config service 'a'\noption enabled 1\n{options}\n");
        let all = luci_damage("ddns", file.as_bytes(), openwrt);
        all.into_iter().map(|warning| warning.to_string()).collect()
    }

    #[test]
    fn a_section_that_luci_would_damage_gets_a_warning_with_the_lines_to_write() {
        for (options, line, advice) in [
            ("option use_ipv6 both", 3, "\"option use_ipv6 '0'\" and \"option also_ipv6 '1'\""),
            ("option use_ipv6 yes", 3, "\"option use_ipv6 '1'\" instead of"),
            ("option use_ipv6 off", 3, "\"option use_ipv6 '0'\" instead of"),
            ("option domain a", 1, "Write \"option use_ipv6 '0'\""),
            ("option use_ipv6 ''", 1, "Write \"option use_ipv6 '0'\""),
        ] {
            let [warning] = &warnings(options, true)[..] else { panic!("{options}") };
            assert!(warning.starts_with(&format!("ddns:{line}: ")), "{warning}");
            assert!(warning.contains(advice) && warning.contains("LuCI's form deletes its domain"));
        }
        for options in ["option use_ipv6 0", "option use_ipv6 1\noption also_ipv6 1"] {
            assert_eq!(warnings(options, true), [""; 0], "{options}");
        }
    }

    #[test]
    fn without_luci_only_both_gets_a_warning_and_a_disabled_section_gets_none() {
        for options in ["option domain a", "option use_ipv6 yes", "option use_ipv6 0"] {
            assert_eq!(warnings(options, false), [""; 0], "{options}");
        }
        assert_eq!(warnings("option use_ipv6 both", false).len(), 1);
        assert_eq!(warnings("option use_ipv6 both\noption enabled 0", true), [""; 0]);
    }
}
