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
#[inline(never)] // so that its variables do not widen the frame of its caller
pub(super) fn text(update: &ScriptUpdate, directory: &Path, registered: Option<IpAddr>) -> Secret {
    let mut text = ShellText(String::from(BEGIN));
    text.set_options(update);
    text.set_section(update);
    text.set_addresses(update, registered);
    text.set_run(update, directory);
    Secret::new([&text.0, FUNCTIONS, END].concat())
}

/// Lines for the shell. Of two assignments to the same variable, the later one counts.
struct ShellText(String);

impl ShellText {
    #[inline(never)]
    fn set(&mut self, name: &str, value: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{name}={}", quoted_for_shell(value));
    }

    #[inline(never)]
    fn set_path(&mut self, name: &str, path: &Path) {
        self.set(name, &path.display().to_string());
    }

    /// The options of the section as they are written, over their defaults.
    fn set_options(&mut self, update: &ScriptUpdate) {
        for (name, default) in defaults() {
            self.set(name, default);
        }
        let family = update.change.family;
        match &update.section.source {
            Source::Network { v4, v6 } => {
                self.set("ip_network", if family == Family::V4 { v4 } else { v6 });
            }
            Source::Web { v4, v6 } => {
                let url = if family == Family::V4 { v4 } else { v6 };
                self.set("ip_url", &url.expose());
            }
            Source::Lines(_)
            | Source::Route { .. }
            | Source::Device(_)
            | Source::Script(_)
            | Source::Gateway { .. } => {}
        }
        for (name, value) in &update.script.options {
            if may_be_variable(name) {
                self.set(name, value.expose());
            }
        }
    }

    /// The variables that ddns-scripts makes from the options of a section.
    #[inline(never)]
    fn set_section(&mut self, update: &ScriptUpdate) {
        let ScriptUpdate { section, script, change, .. } = update;
        let account = &section.provider.account;
        let name = change.name.written();
        self.set("domain", name);
        match update.option("lookup_host") {
            Some(host) => self.set("lookup_host", host),
            // The '@' separates host and zone: 'host@example.com' is host.example.com.
            None => self.set("lookup_host", name.replace('@', ".").trim_start_matches('.')),
        }
        self.set("password", account.password.expose());
        self.set("use_ipv6", if change.family == Family::V6 { "1" } else { "0" });
        self.set_path("update_script", &script.file);
        self.set("SECTION_ID", &section.name);
        self.set("URL_USER", &percent::encode(&account.username));
        self.set("URL_PASS", &percent::encode(account.password.expose()));
        self.set("URL_PENC", &percent::encode(account.param_enc.expose()));
        self.set("upd_privateip", if section.private_addresses { "1" } else { "0" });
    }

    fn set_addresses(&mut self, update: &ScriptUpdate, registered: Option<IpAddr>) {
        let address = update.address.to_string();
        // ddns-scripts has the address under several names, and a script may read any of them.
        for name in ["__IP", "CURRENT_IP", "LOCAL_IP"] {
            self.set(name, &address);
        }
        self.set("REGISTERED_IP", &registered.map(expanded).unwrap_or_default());
    }

    /// Files of this run, and the options of `config ddns 'global'`.
    #[inline(never)]
    fn set_run(&mut self, update: &ScriptUpdate, directory: &Path) {
        let global = &update.global;
        self.set_path("DATFILE", &directory.join(super::ANSWER));
        self.set_path("ERRFILE", &directory.join("err"));
        // Lines that a script appends to its log file arrive on the pipe for messages.
        self.set("LOGFILE", "/proc/self/fd/7");
        let run_file = global.rundir.join(&update.section.name).display().to_string();
        for (name, ending) in [("PIDFILE", ".pid"), ("UPDFILE", ".update"), ("IPFILE", ".ip")] {
            self.set(name, &[&run_file, ending].concat());
        }
        self.set_path("__told", &directory.join(super::REPLY));
        self.set("VERSION", VERSION);
        self.set_path("ddns_rundir", &global.rundir);
        self.set_path("ddns_logdir", &global.logdir);
        self.set("ddns_loglines", &global.loglines.to_string());
        self.set("ddns_dateformat", &global.dateformat);
    }
}

/// The options of ddns-scripts that have a default, with that default.
fn defaults() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPTIONS
        .iter()
        .filter(|option| option.kind == SectionKind::Service && option.origin != OptionOrigin::Ours)
        .filter_map(|option| Some((option.name, option.default?)))
        .filter(|(name, _)| may_be_variable(name))
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
