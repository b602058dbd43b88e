//! `dynamic_dns_updater.sh [OPTIONS] [-- COMMAND]`, which people run by hand to see what happens, and
//! which their scripts call (openwrt `net/ddns-scripts/files/usr/lib/ddns/dynamic_dns_updater.sh`: that
//! of 24.10 has commands, later releases have none).

use super::getopts::{Opt, getopts, option_error};
use super::{CommandLine, Refusal, SCRIPTS_VERSION};

/// Name of the program.
pub const NAME: &str = "dynamic_dns_updater.sh";

const USAGE: &str = "
Usage: dynamic_dns_updater.sh -S SECTION [-v LEVEL] [-d]
       dynamic_dns_updater.sh [-S SECTION | -n INTERFACE] -- start|stop|reload

Brings a section up to date and ends. If the daemon runs, it is asked to.

  -S SECTION    a section of /etc/config/ddns
  -n INTERFACE  the sections whose option 'interface' is this
  -v LEVEL      0: print nothing (default); 1: print what happens;
                2: the same, with a new log file
  -d            print what would be sent, send nothing
  -h            show this text
  -V            show the version
";

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updater {
    /// Bring one section up to date.
    Round {
        /// Its name.
        section: String,
        /// The level of `-v`.
        verbose: u8,
        /// `-d`, or `-v 3`.
        dry_run: bool,
    },
    /// Start the sections of an event network, or all.
    Start(Option<String>),
    /// Stop these sections.
    Stop(Sections),
    /// Read the configuration again.
    Reload,
}

/// Which sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sections {
    /// All.
    All,
    /// The one of this name.
    Named(String),
    /// Those whose `interface` is this.
    OfNetwork(String),
}

/// Parses the arguments.
///
/// # Errors
/// If they make no sense; the exit code is 1.
pub fn parse(words: &[String]) -> Result<CommandLine, Refusal> {
    let (found, operands) = getopts("hdV", "nSv", words);
    let mut section = None;
    let mut network = None;
    let mut verbose = 0;
    let mut dry_run = false;
    for option in found {
        match option {
            Opt::Flag('h') => return Ok(CommandLine::Print(USAGE.into(), 0)),
            Opt::Flag('V') => return Ok(CommandLine::Print(SCRIPTS_VERSION.into(), 0)),
            Opt::Flag(_) => dry_run = true,
            Opt::Value('S', "") => section = None,
            Opt::Value('S', value) => section = Some(value.to_owned()),
            Opt::Value('n', value) => network = Some(value.to_owned()),
            Opt::Value(_, value) => {
                let Ok(level) = value.parse() else {
                    return Err(refuse(&format!("'{value}' is not a level")));
                };
                verbose = level;
            }
            bad @ (Opt::Missing(_) | Opt::Invalid(_)) => return Err(refuse(&option_error(bad))),
        }
    }
    dry_run |= verbose > 2;
    if section.is_some() && network.is_some() {
        return Err(refuse("-S and -n do not go together"));
    }
    if let ([] | ["start"], Some(section)) = (operands.as_slice(), &section) {
        let section = section.clone();
        return Ok(CommandLine::Updater(Updater::Round { section, verbose, dry_run }));
    }
    command(&operands, section, network).map(CommandLine::Updater)
}

/// The command in `operands` for `section`, or for the sections of `network`, or for all.
fn command(
    operands: &[&str],
    section: Option<String>,
    network: Option<String>,
) -> Result<Updater, Refusal> {
    Ok(match (operands, section, network) {
        (["start"], _, network) => Updater::Start(network),
        (["stop"], Some(section), _) => Updater::Stop(Sections::Named(section)),
        (["stop"], None, Some(network)) => Updater::Stop(Sections::OfNetwork(network)),
        (["stop"], None, None) => Updater::Stop(Sections::All),
        (["reload"], ..) => Updater::Reload,
        ([], _, None) => return Err(refuse("option -S is missing")),
        ([], _, Some(_)) => return Err(refuse("no command is given")),
        ([other], ..) => return Err(refuse(&format!("there is no command '{other}'"))),
        ([_, extra, ..], ..) => return Err(refuse(&format!("unexpected argument '{extra}'"))),
    })
}

fn refuse(why: &str) -> Refusal {
    Refusal { text: format!("{NAME}: {why}\n{USAGE}"), code: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(line: &str) -> Result<CommandLine, Refusal> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn every_form_of_every_release_is_parsed() {
        let round = |verbose, dry_run| Updater::Round { section: "a".into(), verbose, dry_run };
        for (line, expected) in [
            ("-S a", round(0, false)),
            ("-S a -v 2", round(2, false)),
            ("-Sa -v1 -d", round(1, true)),
            ("-v 3 -S a", round(3, true)),
            ("-v 2 -S a -- start", round(2, false)),
            ("-- start", Updater::Start(None)),
            ("-n wan -- start", Updater::Start(Some("wan".into()))),
            ("-- stop", Updater::Stop(Sections::All)),
            ("-S a -- stop", Updater::Stop(Sections::Named("a".into()))),
            ("-n wan -- stop", Updater::Stop(Sections::OfNetwork("wan".into()))),
            ("-- reload", Updater::Reload),
        ] {
            assert_eq!(go(line), Ok(CommandLine::Updater(expected)), "{line}");
        }
        assert_eq!(go("-h"), Ok(CommandLine::Print(USAGE.into(), 0)));
        assert_eq!(go("-V"), Ok(CommandLine::Print(SCRIPTS_VERSION.into(), 0)));
    }

    #[test]
    fn usage_errors_are_explained() {
        for (line, text) in [
            ("", "option -S is missing"),
            ("-v 1", "option -S is missing"),
            ("-S", "option -S needs a value"),
            ("-S a -v x", "'x' is not a level"),
            ("-S a -v 256", "'256' is not a level"),
            ("-x", "there is no option -x"),
            ("-n wan", "no command is given"),
            ("-n wan -S a -- start", "-S and -n do not go together"),
            ("-S a -- frobnicate", "there is no command 'frobnicate'"),
            ("-S a -- start stop", "unexpected argument 'stop'"),
        ] {
            let refusal = go(line).unwrap_err();
            assert_eq!(refusal.code, 1, "{line}");
            assert_eq!(refusal.text, format!("{NAME}: {text}\n{USAGE}"), "{line}");
        }
    }
}
