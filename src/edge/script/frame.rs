//! What the shell is told: the options of the section as variables, the functions of ddns-scripts,
//! and which script to source (openwrt `net/ddns-scripts`, `dynamic_dns_updater.sh`, `send_update`).
//!
//! It goes to the shell's standard input, so no value is ever part of a command line.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

use super::Call;
use crate::cli::VERSION;
use crate::config::Source;
use crate::config::options::{Kind, OPTIONS, Origin};
use crate::model::Family;
use crate::model::secret::Secret;
use crate::provider::Change;
use crate::text::percent;

/// The functions; packages install them, with `outside.sh` behind them, as
/// `/usr/lib/ddns/dynamic_dns_functions.sh`, which some scripts source.
const FUNCTIONS: &str = include_str!("frame.sh");

/// What the script says goes to the pipe 7; the shell's standard output is nobody's.
const BEGIN: &str = "exec 7>&1 </dev/null >&2\ncd /\n";
/// On one line: the shell is not to look for more while the script runs.
const END: &str = ": >\"$DATFILE\" >\"$ERRFILE\"\n\
                   __update() { . \"$update_script\"; }; __update \"$__IP\"; exit\n";

/// The text for the shell. `place` is the directory of this run, `registered` the address in the
/// DNS as far as it is known.
pub(super) fn text(call: &Call, place: &Path, registered: Option<IpAddr>) -> Secret {
    let mut text = String::from(BEGIN);
    for (name, value) in variables(call, place, registered) {
        // A string takes whatever is written.
        let _ = writeln!(text, "{name}={}", one_word(&value));
    }
    text.push_str(FUNCTIONS);
    text.push_str(END);
    Secret::new(text)
}

/// All variables in order; the last of a name counts.
fn variables<'c>(
    call: &'c Call,
    place: &Path,
    registered: Option<IpAddr>,
) -> Vec<(&'c str, String)> {
    let Call { section, script, change, address, global } = call;
    let provider = &section.provider;
    let file = |name: &str| place.join(name).display().to_string();
    let of_section = |suffix: &str| {
        global.rundir.join(format!("{}{suffix}", section.name)).display().to_string()
    };
    let own = script.options.iter().filter(|(name, _)| is_free(name));
    // What is written comes after them, and counts.
    let mut all: Vec<_> = defaults().map(|(name, default)| (name, default.to_owned())).collect();
    match &section.source {
        Source::Network { v4, v6 } => all.push(("ip_network", of_family(change, v4, v6))),
        Source::Web { v4, v6 } => all.push(("ip_url", of_family(change, v4, v6))),
        Source::Device(_) | Source::Script(_) => {}
    }
    all.extend(own.map(|(name, value)| (name.as_str(), value.expose().to_owned())));
    let lookup_host = || change.name.written().replace('@', ".").trim_start_matches('.').to_owned();
    all.extend([
        ("domain", change.name.written().to_owned()),
        ("lookup_host", call.option("lookup_host").map_or_else(lookup_host, str::to_owned)),
        ("password", provider.account.password.expose().to_owned()),
        ("use_ipv6", if change.family == Family::V6 { "1" } else { "0" }.to_owned()),
        ("update_script", script.file.display().to_string()),
        ("SECTION_ID", section.name.clone()),
        ("__IP", address.to_string()),
        ("CURRENT_IP", address.to_string()),
        ("LOCAL_IP", address.to_string()),
        ("REGISTERED_IP", registered.map(expanded).unwrap_or_default()),
        ("URL_USER", percent::encode(&provider.account.username)),
        ("URL_PASS", percent::encode(provider.account.password.expose())),
        ("URL_PENC", percent::encode(provider.account.param_enc.expose())),
        ("DATFILE", file(super::ANSWER)),
        ("ERRFILE", file("err")),
        ("LOGFILE", "/proc/self/fd/7".to_owned()),
        ("PIDFILE", of_section(".pid")),
        ("UPDFILE", of_section(".update")),
        ("IPFILE", of_section(".ip")),
        ("__told", file(super::REPLY)),
        ("VERSION", VERSION.to_owned()),
        ("ddns_rundir", global.rundir.display().to_string()),
        ("ddns_logdir", global.logdir.display().to_string()),
        ("ddns_loglines", global.loglines.to_string()),
        ("ddns_dateformat", global.dateformat.clone()),
        ("upd_privateip", u8::from(section.private_addresses).to_string()),
    ]);
    all
}

/// What options of ddns-scripts mean unless they are set.
fn defaults() -> impl Iterator<Item = (&'static str, &'static str)> {
    let stock = OPTIONS.iter().filter(|it| it.kind == Kind::Service && it.origin != Origin::Ours);
    stock.filter_map(|known| Some((known.name, known.default?))).filter(|(name, _)| is_free(name))
}

fn of_family(change: &Change, v4: &str, v6: &str) -> String {
    if change.family == Family::V4 { v4 } else { v6 }.to_owned()
}

/// Whether an option may become a variable. The shell lives by some, and this frame by others.
fn is_free(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let identifier = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    // A retry_count would stand for the retry_max_count of the frame.
    let taken = ["PATH", "IFS", "ENV", "retry_count"].contains(&name) || name.starts_with("__");
    first && identifier && !taken
}

/// IPv6 as ddns-scripts compares it: eight groups of four digits.
fn expanded(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let groups = address.segments().map(|group| format!("{group:04x}"));
            groups.join(":")
        }
    }
}

/// `value` as one word of the shell, whatever is in it.
fn one_word(value: &str) -> String {
    format!("'{}'", value.replace('\0', "").replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_variables_that_nobody_lives_by_are_given() {
        for (name, free) in [
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
            assert_eq!(is_free(name), free, "{name}");
        }
    }

    #[test]
    fn options_that_are_not_set_have_their_defaults() {
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
        fn the_shell_reads_what_was_written(value in "[ -~\\n\\t\u{1}é'\\\\$`]{0,60}") {
            let text = format!("x={}; printf '%s.' \"$x\"", one_word(&value));
            let output = Command::new("/bin/sh").args(["-c", &text]).output().unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{value}."));
        }
    }
}
