//! `dynamic_dns_updater.sh [OPTIONS] [-- COMMAND]`, which people run by hand to see what happens, and
//! which their scripts call (openwrt `net/ddns-scripts/files/usr/lib/ddns/dynamic_dns_updater.sh`: that
//! of 24.10 has commands, later releases have none).

use std::fmt;

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

/// A command with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updater {
    /// What to do.
    pub verb: Verb,
    /// `-S`: only the section of this name. [`Verb::Round`] always has one.
    pub section: Option<String>,
    /// `-n`: only the sections whose `interface` is this.
    pub network: Option<String>,
    /// The level of `-v`.
    pub verbose: u8,
    /// `-d`, or `-v 3`.
    pub dry_run: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Bring one section up to date.
    Round,
    /// Start the sections.
    Start,
    /// Stop the sections.
    Stop,
    /// Read the configuration again.
    Reload,
}

/// Parses the arguments.
///
/// # Errors
/// If they make no sense; the exit code is 1.
pub fn parse(words: &[String]) -> Result<CommandLine, Refusal> {
    let (found, operands) = getopts("hdV", "nSv", words);
    let mut updater =
        Updater { verb: Verb::Round, section: None, network: None, verbose: 0, dry_run: false };
    for option in found {
        match option {
            Opt::Flag('h') => return Ok(CommandLine::Print(USAGE.into(), 0)),
            Opt::Flag('V') => return Ok(CommandLine::Print(SCRIPTS_VERSION.into(), 0)),
            Opt::Flag(_) => updater.dry_run = true,
            // To the shell of ddns-scripts an empty value is the same as none.
            Opt::Value('S', "") => updater.section = None,
            Opt::Value('S', value) => updater.section = Some(value.to_owned()),
            Opt::Value('n', value) => updater.network = Some(value.to_owned()),
            Opt::Value(_, value) => match value.parse() {
                Ok(level) => updater.verbose = level,
                Err(_) => return Err(refuse(format_args!("'{value}' is not a level"))),
            },
            bad @ (Opt::Missing(_) | Opt::Invalid(_)) => {
                return Err(refuse(format_args!("{}", option_error(bad))));
            }
        }
    }
    // As in ddns-scripts, a level above 2 sends nothing.
    updater.dry_run |= updater.verbose > 2;
    updater.verb = updater.verb_of(&operands)?;
    Ok(CommandLine::Updater(updater))
}

impl Updater {
    /// What the words after the options want.
    fn verb_of(&self, operands: &[&str]) -> Result<Verb, Refusal> {
        let (has_section, has_network) = (self.section.is_some(), self.network.is_some());
        if has_section && has_network {
            return Err(refuse(format_args!("-S and -n do not go together")));
        }
        // Releases after 24.10 have no commands: `-S SECTION` alone means what `start` meant.
        Ok(match operands {
            [] | ["start"] if has_section => Verb::Round,
            ["start"] => Verb::Start,
            ["stop"] => Verb::Stop,
            ["reload"] => Verb::Reload,
            [] if has_network => return Err(refuse(format_args!("no command is given"))),
            [] => return Err(refuse(format_args!("option -S is missing"))),
            [other] => return Err(refuse(format_args!("there is no command '{other}'"))),
            [_, extra, ..] => return Err(refuse(format_args!("unexpected argument '{extra}'"))),
        })
    }
}

fn refuse(why: fmt::Arguments<'_>) -> Refusal {
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
        let all = |verb| Updater { verb, section: None, network: None, verbose: 0, dry_run: false };
        let of_a = |verb| Updater { section: Some("a".into()), ..all(verb) };
        let of_wan = |verb| Updater { network: Some("wan".into()), ..all(verb) };
        let round = |verbose, dry_run| Updater { verbose, dry_run, ..of_a(Verb::Round) };
        for (line, expected) in [
            ("-S a", round(0, false)),
            ("-S a -v 2", round(2, false)),
            ("-Sa -v1 -d", round(1, true)),
            ("-v 3 -S a", round(3, true)),
            ("-v 2 -S a -- start", round(2, false)),
            ("-- start", all(Verb::Start)),
            ("-n wan -- start", of_wan(Verb::Start)),
            ("-- stop", all(Verb::Stop)),
            ("-S a -- stop", of_a(Verb::Stop)),
            ("-n wan -- stop", of_wan(Verb::Stop)),
            ("-- reload", all(Verb::Reload)),
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
