//! `dynamic_dns_updater.sh [OPTIONS] [-- COMMAND]`: what people run by hand to see what happens, and
//! what their scripts call (openwrt `net/ddns-scripts/files/usr/lib/ddns/dynamic_dns_updater.sh`, of
//! 24.10 with its commands and of later releases without).

use super::getopts::{Opt, complaint, options};
use super::{Call, Refusal, SCRIPTS_VERSION};

/// What it is called.
pub const NAME: &str = "dynamic_dns_updater.sh";

const USAGE: &str = "
Usage: dynamic_dns_updater.sh -S SECTION [-v LEVEL] [-d]
       dynamic_dns_updater.sh [-S SECTION | -n INTERFACE] -- start|stop|reload

Brings a section up to date and ends. If the daemon runs, it is asked to.

  -S SECTION    a section of /etc/config/ddns
  -n INTERFACE  the sections whose option 'interface' is this
  -v LEVEL      0: print nothing (default); 1: print what happens;
                2: the same, with a new log file
  -d            say what would be sent, send nothing
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
        /// `-v`.
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
    Of(String),
}

/// The words after the name.
///
/// # Errors
/// With 1.
pub fn parse(words: &[String]) -> Result<Call, Refusal> {
    let (found, operands) = options("hdV", "nSv", words);
    let (mut section, mut network, mut verbose, mut dry_run) = (None, None, 0, false);
    for option in found {
        match option {
            Opt::Flag('h') => return Ok(Call::Show(USAGE.into(), 0)),
            Opt::Flag('V') => return Ok(Call::Show(SCRIPTS_VERSION.into(), 0)),
            Opt::Flag(_) => dry_run = true,
            Opt::Value('S', value) => section = Some(value.to_owned()),
            Opt::Value('n', value) => network = Some(value.to_owned()),
            Opt::Value(_, value) => {
                let level = value.parse();
                verbose = level.map_err(|_| refuse(&format!("'{value}' is not a level")))?;
            }
            odd @ (Opt::Missing(_) | Opt::Invalid(_)) => return Err(refuse(&complaint(odd))),
        }
    }
    dry_run |= verbose > 2;
    let section = section.filter(|section: &String| !section.is_empty());
    if section.is_some() && network.is_some() {
        return Err(refuse("-S and -n do not go together"));
    }
    Ok(Call::Updater(match (operands.as_slice(), section, network) {
        ([] | ["start"], Some(section), _) => Updater::Round { section, verbose, dry_run },
        (["start"], None, network) => Updater::Start(network),
        (["stop"], Some(section), _) => Updater::Stop(Sections::Named(section)),
        (["stop"], None, Some(network)) => Updater::Stop(Sections::Of(network)),
        (["stop"], None, None) => Updater::Stop(Sections::All),
        (["reload"], ..) => Updater::Reload,
        ([], None, None) => return Err(refuse("option -S is missing")),
        ([], None, Some(_)) => return Err(refuse("no command is given")),
        ([other], ..) => return Err(refuse(&format!("there is no command '{other}'"))),
        ([_, extra, ..], ..) => return Err(refuse(&format!("unexpected argument '{extra}'"))),
    }))
}

fn refuse(why: &str) -> Refusal {
    Refusal { text: format!("{NAME}: {why}\n{USAGE}"), code: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(line: &str) -> Result<Call, Refusal> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn every_form_of_every_release_is_understood() {
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
            ("-n wan -- stop", Updater::Stop(Sections::Of("wan".into()))),
            ("-- reload", Updater::Reload),
        ] {
            assert_eq!(go(line), Ok(Call::Updater(expected)), "{line}");
        }
        assert_eq!(go("-h"), Ok(Call::Show(USAGE.into(), 0)));
        assert_eq!(go("-V"), Ok(Call::Show(SCRIPTS_VERSION.into(), 0)));
    }

    #[test]
    fn mistakes_are_explained() {
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
