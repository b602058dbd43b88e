//! The command lines: words in, what they ask for out. Pure; `app` does it.
//!
//! The program has the names of the programs of ddns-scripts, too, which LuCI and people's scripts
//! call. Whichever name it is called by, it takes that one's command line.

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

/// For `--version`.
pub const VERSION: &str = concat!("ddns-netlink ", env!("CARGO_PKG_VERSION"));
/// For `-V` under a name of ddns-scripts: LuCI of OpenWrt 24.10 shows the second word.
const SCRIPTS_VERSION: &str =
    concat!("ddns-scripts ", env!("CARGO_PKG_VERSION"), " (ddns-netlink)\n");

/// Exit codes. Scripts rely on them: a code keeps its meaning for good.
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
pub enum Call {
    /// A command of `ddns-netlink`.
    Own(Invocation),
    /// A command of `dynamic_dns_lucihelper.sh`.
    Helper(Helper),
    /// A command of `dynamic_dns_updater.sh`.
    Updater(Updater),
    /// `ddns service`.
    Service(Service),
    /// Print this and end with this code.
    Show(String, u8),
}

/// A command line that makes no sense, under any name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For standard error.
    pub text: String,
    /// What the program ends with.
    pub code: u8,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

/// Understands the command line of the program that was called as `name`, with or without
/// directories.
///
/// # Errors
/// What makes no sense, with the code that belongs to the name.
pub fn understand(
    name: &OsStr,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Call, Refusal> {
    let parse = match Path::new(name).file_name().and_then(OsStr::to_str) {
        Some(helper::NAME) => helper::parse,
        Some(updater::NAME) => updater::parse,
        Some(service::NAME) => service::parse,
        Some(_) | None => {
            return command::parse(arguments).map(Call::Own).map_err(|error| Refusal {
                text: format!("ddns-netlink: {error}\n"),
                code: exit::USAGE,
            });
        }
    };
    let words = arguments.into_iter().map(|word| word.to_string_lossy().into_owned());
    parse(&words.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStringExt as _;

    fn call(name: &str, line: &str) -> Result<Call, Refusal> {
        understand(OsStr::new(name), line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_name_decides() {
        let shows = |text: &str, code| Ok(Call::Show(text.to_owned(), code));
        for directory in ["", "/usr/lib/ddns/"] {
            let name = |name: &str| format!("{directory}{name}");
            assert_eq!(call(&name(helper::NAME), "-V"), shows(SCRIPTS_VERSION, 255));
            assert_eq!(call(&name(updater::NAME), "-V"), shows(SCRIPTS_VERSION, 0));
            assert_eq!(call(&name(service::NAME), "-V"), shows(SCRIPTS_VERSION, 0));
            for own in ["ddns-netlink", "ddns-netlink-mips", "x"] {
                let Ok(Call::Own(invocation)) = call(&name(own), "-V") else {
                    panic!("{own}");
                };
                assert_eq!(invocation.command, Command::Version);
            }
        }
        assert!(SCRIPTS_VERSION.split(' ').nth(1) == Some(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn every_name_has_its_code_for_a_line_that_makes_no_sense() {
        for (name, line, code) in [
            ("ddns-netlink", "", 2),
            (helper::NAME, "", 255),
            (updater::NAME, "", 1),
            (service::NAME, "", 1),
            (service::NAME, "service", 2),
        ] {
            let refusal = call(name, line).unwrap_err();
            assert_eq!(refusal.code, code, "{name} {line}");
            assert!(refusal.text.starts_with(name) && refusal.text.ends_with('\n'), "{refusal}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(
            name in prop::sample::select(vec![helper::NAME, updater::NAME, service::NAME, ""]),
            words in proptest::collection::vec(any::<Vec<u8>>(), 0..6),
        ) {
            let _ = understand(OsStr::new(name), words.into_iter().map(OsString::from_vec));
        }

        #[test]
        fn options_in_any_order_and_form_make_sense_or_not(
            name in prop::sample::select(vec![helper::NAME, updater::NAME]),
            words in proptest::collection::vec("-[6dfghilnpsStuLvV]{1,3}|-- ?[a-z_]{0,6}|[a-z]", 0..6),
        ) {
            let _ = understand(OsStr::new(name), words.into_iter().map(OsString::from));
        }
    }
}
