//! The text that the shell reads: the options of the section as variables, the functions of ddns-scripts,
//! and the command that sources the script (openwrt `net/ddns-scripts`, `send_update` in
//! `dynamic_dns_updater.sh`).
//!
//! It goes to the shell's standard input, so that no value is part of a command line, which every user
//! can see.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

use super::ScriptUpdate;
use crate::cli::VERSION;
use crate::config::Source;
use crate::config::options::{OPTIONS, OptionOrigin, SectionKind};
use crate::model::Family;
use crate::model::secret::Secret;
use crate::provider::Change;
use crate::text::percent;

/// The functions of ddns-scripts. Packages install this text, followed by `outside.sh`, as
/// `/usr/lib/ddns/dynamic_dns_functions.sh`, because some scripts source that file.
const FUNCTIONS: &str = include_str!("frame.sh");

/// Moves the pipe for messages from standard output to descriptor 7. The script's own standard output
/// goes to standard error.
const BEGIN: &str = "exec 7>&1 </dev/null >&2\ncd /\n";
/// Sources the script. `exit` is on the same line, so that the shell reads no further line from the pipe
/// after the script.
const END: &str = ": >\"$DATFILE\" >\"$ERRFILE\"\n\
                   __update() { . \"$update_script\"; }; __update \"$__IP\"; exit\n";

/// The text for the shell. `directory` is the scratch directory of this run. `registered` is the address
/// that is registered in DNS, if it is known.
pub(super) fn text(update: &ScriptUpdate, directory: &Path, registered: Option<IpAddr>) -> Secret {
    let mut text = String::from(BEGIN);
    for (name, value) in variables(update, directory, registered) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}={}", quoted_for_shell(&value));
    }
    text.push_str(FUNCTIONS);
    text.push_str(END);
    Secret::new(text)
}

/// All variables, in the order of their assignments. A later one replaces an earlier one of the same
/// name.
fn variables<'u>(
    update: &'u ScriptUpdate,
    directory: &Path,
    registered: Option<IpAddr>,
) -> Vec<(&'u str, String)> {
    let mut all = option_variables(update);
    all.extend(section_variables(update));
    all.extend(address_variables(update, registered));
    all.extend(run_variables(update, directory));
    all
}

/// The options of the section as they are written, over their defaults.
fn option_variables(update: &ScriptUpdate) -> Vec<(&str, String)> {
    let mut all: Vec<_> = defaults().map(|(name, default)| (name, default.to_owned())).collect();
    match &update.section.source {
        Source::Network { v4, v6 } => all.push(("ip_network", of_family(&update.change, v4, v6))),
        Source::Web { v4, v6 } => {
            all.push(("ip_url", of_family(&update.change, &v4.expose(), &v6.expose())));
        }
        Source::Lines(_)
        | Source::Route { .. }
        | Source::Device(_)
        | Source::Script(_)
        | Source::Gateway { .. } => {}
    }
    for (name, value) in &update.script.options {
        if may_be_variable(name) {
            all.push((name, value.expose().to_owned()));
        }
    }
    all
}

/// The variables that ddns-scripts makes from the options of a section.
fn section_variables(update: &ScriptUpdate) -> [(&'static str, String); 10] {
    let ScriptUpdate { section, script, change, .. } = update;
    let account = &section.provider.account;
    let name = change.name.written();
    let lookup_host = match update.option("lookup_host") {
        Some(host) => host.to_owned(),
        // The '@' separates host and zone: 'host@example.com' is host.example.com.
        None => name.replace('@', ".").trim_start_matches('.').to_owned(),
    };
    [
        ("domain", name.to_owned()),
        ("lookup_host", lookup_host),
        ("password", account.password.expose().to_owned()),
        ("use_ipv6", if change.family == Family::V6 { "1" } else { "0" }.to_owned()),
        ("update_script", script.file.display().to_string()),
        ("SECTION_ID", section.name.clone()),
        ("URL_USER", percent::encode(&account.username)),
        ("URL_PASS", percent::encode(account.password.expose())),
        ("URL_PENC", percent::encode(account.param_enc.expose())),
        ("upd_privateip", u8::from(section.private_addresses).to_string()),
    ]
}

fn address_variables(
    update: &ScriptUpdate,
    registered: Option<IpAddr>,
) -> [(&'static str, String); 4] {
    let address = update.address.to_string();
    [
        ("__IP", address.clone()),
        ("CURRENT_IP", address.clone()),
        ("LOCAL_IP", address),
        ("REGISTERED_IP", registered.map(expanded).unwrap_or_default()),
    ]
}

/// Files of this run, and the options of `config ddns 'global'`.
fn run_variables(update: &ScriptUpdate, directory: &Path) -> [(&'static str, String); 12] {
    let global = &update.global;
    let run_file = global.rundir.join(&update.section.name).display().to_string();
    [
        ("DATFILE", directory.join(super::ANSWER).display().to_string()),
        ("ERRFILE", directory.join("err").display().to_string()),
        // Lines that a script appends to its log file arrive on the pipe for messages.
        ("LOGFILE", "/proc/self/fd/7".to_owned()),
        ("PIDFILE", format!("{run_file}.pid")),
        ("UPDFILE", format!("{run_file}.update")),
        ("IPFILE", format!("{run_file}.ip")),
        ("__told", directory.join(super::REPLY).display().to_string()),
        ("VERSION", VERSION.to_owned()),
        ("ddns_rundir", global.rundir.display().to_string()),
        ("ddns_logdir", global.logdir.display().to_string()),
        ("ddns_loglines", global.loglines.to_string()),
        ("ddns_dateformat", global.dateformat.clone()),
    ]
}

/// The options of ddns-scripts that have a default, with that default.
fn defaults() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPTIONS
        .iter()
        .filter(|option| option.kind == SectionKind::Service && option.origin != OptionOrigin::Ours)
        .filter_map(|option| Some((option.name, option.default?)))
        .filter(|(name, _)| may_be_variable(name))
}

fn of_family(change: &Change, v4: &str, v6: &str) -> String {
    if change.family == Family::V4 { v4 } else { v6 }.to_owned()
}

/// Whether the option `name` may become a variable: it is an identifier that neither the shell nor
/// `frame.sh` uses.
fn may_be_variable(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_identifier = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    // With retry_count, scripts would ignore the retry_max_count of frame.sh.
    let is_used = ["PATH", "IFS", "ENV", "retry_count"].contains(&name) || name.starts_with("__");
    starts_well && is_identifier && !is_used
}

/// The form in which ddns-scripts compares IPv6 addresses: eight groups of four digits.
fn expanded(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let groups = address.segments().map(|group| format!("{group:04x}"));
            groups.join(":")
        }
    }
}

/// `value` in single quotes, as one word of a shell command. A NUL character is dropped, since no shell
/// variable can hold one.
fn quoted_for_shell(value: &str) -> String {
    format!("'{}'", value.replace('\0', "").replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn options_named_like_variables_of_the_shell_are_not_set() {
        for (name, expected) in [
            ("domain", true),
            ("my_Option2", true),
            ("_x", true),
            ("", false),
            ("2x", false),
            ("a-b", false),
            ("PATH", false),
            ("IFS", false),
            ("__IP", false),
        ] {
            assert_eq!(may_be_variable(name), expected, "{name}");
        }
    }

    #[test]
    fn defaults_are_those_of_ddns_scripts_only() {
        let all: Vec<_> = defaults().collect();
        for expected in [
            ("ip_source", "network"),
            ("use_syslog", "2"),
            ("check_interval", "10"),
            ("force_unit", "hours"),
            ("retry_interval", "60"),
            ("ip_interface", "eth1"),
        ] {
            assert!(all.contains(&expected), "{}", expected.0);
        }
        let absent = ["allow_temporary", "bind_network", "retry_count", "use_curl"];
        assert!(!all.iter().any(|(name, _)| absent.contains(name)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn the_shell_reads_a_quoted_value_unchanged(value in "[ -~\\n\\t\u{1}é'\\\\$`]{0,60}") {
            let text = format!("x={}; printf '%s.' \"$x\"", quoted_for_shell(&value));
            let output = Command::new("/bin/sh").args(["-c", &text]).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{value}."));
        }
    }
}
