//! Parses command lines. Pure; `app` carries them out.
//!
//! The program also has the names of the programs of ddns-scripts, which LuCI and people's scripts
//! call. The name by which it is called decides how the command line is parsed.

pub mod command;
mod getopts;
pub mod helper;
pub mod service;
pub mod updater;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

pub use command::{Command, HELP, Invocation, UsageError};
use helper::Helper;
use service::Service;
use updater::Updater;

/// What `--version` prints.
pub const VERSION: &str = concat!("ddns-netlink ", env!("CARGO_PKG_VERSION"));
/// What `-V` prints under a name of ddns-scripts: LuCI of OpenWrt 24.10 shows the second word.
const SCRIPTS_VERSION: &str =
    concat!("ddns-scripts ", env!("CARGO_PKG_VERSION"), " (ddns-netlink)\n");

/// Exit codes. Scripts rely on them, so a code never changes its meaning.
pub mod exit {
    /// Done.
    pub const OK: u8 = 0;
    /// Something failed, or with `once` a section is not published.
    pub const FAILED: u8 = 1;
    /// The command line makes no sense.
    pub const USAGE: u8 = 2;
    /// The configuration has mistakes.
    pub const CONFIG: u8 = 3;
    /// No daemon is running, or it cannot be reached.
    pub const NO_DAEMON: u8 = 4;
    /// There is no such section.
    pub const NO_SECTION: u8 = 5;
    /// Another instance is running.
    pub const RUNNING: u8 = 6;
    /// The system did something unexpected.
    pub const INTERNAL: u8 = 70;

    /// Every code with its meaning, for the help text and the man page.
    pub const ALL: [(u8, &str); 8] = [
        (OK, "done"),
        (FAILED, "something failed; `once`: a section is not published"),
        (USAGE, "the command line makes no sense"),
        (CONFIG, "the configuration has mistakes"),
        (NO_DAEMON, "no daemon is running, or it cannot be reached"),
        (NO_SECTION, "there is no such section"),
        (RUNNING, "another instance is running"),
        (INTERNAL, "the system did something unexpected"),
    ];
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// A command of `ddns-netlink`.
    Own(Invocation),
    /// A command of `dynamic_dns_lucihelper.sh`.
    Helper(Helper),
    /// A command of `dynamic_dns_updater.sh`.
    Updater(Updater),
    /// `ddns service`.
    Service(Service),
    /// Print this text and end with this exit code.
    Print(String, u8),
}

/// A command line that makes no sense to the program of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The message for standard error.
    pub text: String,
    /// The exit code.
    pub code: u8,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

/// Parses the command line of the program that was called as `name`, with or without directories.
///
/// # Errors
/// If it makes no sense: with the message and the exit code of the program of that name.
pub fn parse(
    name: &OsStr,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<CommandLine, Refusal> {
    let parse_words = match Path::new(name).file_name().and_then(OsStr::to_str) {
        Some(helper::NAME) => helper::parse,
        Some(updater::NAME) => updater::parse,
        Some(service::NAME) => service::parse,
        Some(_) | None => {
            return command::parse(arguments).map(CommandLine::Own).map_err(|error| Refusal {
                text: format!("ddns-netlink: {error}\n"),
                code: exit::USAGE,
            });
        }
    };
    let mut words = Vec::new();
    for word in arguments {
        words.push(word.to_string_lossy().into_owned());
    }
    parse_words(&words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStringExt as _;

    fn parsed(name: &str, line: &str) -> Result<CommandLine, Refusal> {
        parse(OsStr::new(name), line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_name_of_the_program_decides_how_the_line_is_parsed() {
        let shows = |text: &str, code| Ok(CommandLine::Print(text.to_owned(), code));
        for directory in ["", "/usr/lib/ddns/"] {
            let name = |name: &str| format!("{directory}{name}");
            assert_eq!(parsed(&name(helper::NAME), "-V"), shows(SCRIPTS_VERSION, 255));
            assert_eq!(parsed(&name(updater::NAME), "-V"), shows(SCRIPTS_VERSION, 0));
            assert_eq!(parsed(&name(service::NAME), "-V"), shows(SCRIPTS_VERSION, 0));
            for own in ["ddns-netlink", "ddns-netlink-mips", "x"] {
                let Ok(CommandLine::Own(invocation)) = parsed(&name(own), "-V") else {
                    panic!("{own}");
                };
                assert_eq!(invocation.command, Command::Version);
            }
        }
        assert!(SCRIPTS_VERSION.split(' ').nth(1) == Some(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn usage_errors_have_the_exit_code_of_the_name() {
        for (name, line, code) in [
            ("ddns-netlink", "", 2),
            (helper::NAME, "", 255),
            (updater::NAME, "", 1),
            (service::NAME, "", 1),
            (service::NAME, "service", 2),
        ] {
            let refusal = parsed(name, line).unwrap_err();
            assert_eq!(refusal.code, code, "{name} {line}");
            assert!(refusal.text.starts_with(name) && refusal.text.ends_with('\n'), "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn parse_never_panics(
            name in prop::sample::select(vec![helper::NAME, updater::NAME, service::NAME, ""]),
            words in proptest::collection::vec(any::<Vec<u8>>(), 0..6),
        ) {
            let _ = parse(OsStr::new(name), words.into_iter().map(OsString::from_vec));
        }

        #[test]
        fn options_in_any_order_and_form_never_panic(
            name in prop::sample::select(vec![helper::NAME, updater::NAME]),
            words in proptest::collection::vec("-[6dfghilnpsStuLvV]{1,3}|-- ?[a-z_]{0,6}|[a-z]", 0..6),
        ) {
            let _ = parse(OsStr::new(name), words.into_iter().map(OsString::from));
        }
    }
}
