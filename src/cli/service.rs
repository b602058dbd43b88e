//! `ddns service ACTION`: downloads and removes provider definitions (openwrt
//! `net/ddns-scripts/files/usr/bin/ddns.sh`).

use std::fmt;

use super::{CommandLine, Refusal, SCRIPTS_VERSION};

/// Name of the program.
pub const NAME: &str = "ddns";

const USAGE: &str = "
Usage: ddns service ACTION
       ddns -V

Actions:
  update          download the list of providers
  list-available  show that list
  list-installed  show the definitions that were downloaded
  install NAME    download the definition of a provider
  remove NAME     remove a definition that was downloaded
  purge           remove the list and all definitions that were downloaded
";

/// What to do with provider definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What to do.
    pub action: Action,
    /// The provider that is given. [`Action::Install`] and [`Action::Remove`] have one.
    pub provider: String,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Download the list of providers.
    Update,
    /// Show that list.
    ListAvailable,
    /// Show the downloaded definitions.
    ListInstalled,
    /// Download a definition.
    Install,
    /// Remove a definition.
    Remove,
    /// Remove the list and all downloaded definitions.
    Purge,
}

const ACTIONS: &[(&str, Action)] = &[
    ("update", Action::Update),
    ("list-available", Action::ListAvailable),
    ("list-installed", Action::ListInstalled),
    ("install", Action::Install),
    ("remove", Action::Remove),
    ("purge", Action::Purge),
];

/// Parses the arguments.
///
/// # Errors
/// With exit code 1: there is no such command; 2: no such action; 4: the action needs a provider.
// LuCI and scripts know these codes from ddns-scripts.
pub fn parse(words: &[String]) -> Result<CommandLine, Refusal> {
    let mut words = words.iter().map(String::as_str);
    match words.next() {
        Some("-V" | "--version") => return Ok(CommandLine::Print(SCRIPTS_VERSION.into(), 0)),
        Some("service") => {}
        Some(other) => return Err(refuse(1, format_args!("there is no command '{other}'"))),
        None => return Err(refuse(1, format_args!("no command is given"))),
    }
    let Some(name) = words.next() else {
        return Err(refuse(2, format_args!("no action is given")));
    };
    let Some(&(_, action)) = ACTIONS.iter().find(|(known, _)| *known == name) else {
        return Err(refuse(2, format_args!("there is no action '{name}'")));
    };
    let provider = words.next().unwrap_or_default();
    if provider.is_empty() && matches!(action, Action::Install | Action::Remove) {
        return Err(refuse(4, format_args!("the name of a provider is needed")));
    }
    Ok(CommandLine::Service(Service { action, provider: provider.to_owned() }))
}

fn refuse(code: u8, why: fmt::Arguments<'_>) -> Refusal {
    Refusal { text: format!("{NAME}: {why}\n{USAGE}"), code }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(line: &str) -> Result<CommandLine, Refusal> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn every_action_is_parsed() {
        for (line, action, provider) in [
            ("service update", Action::Update, ""),
            ("service list-available", Action::ListAvailable, ""),
            ("service list-installed", Action::ListInstalled, ""),
            ("service install he.net", Action::Install, "he.net"),
            ("service remove he.net", Action::Remove, "he.net"),
            ("service purge", Action::Purge, ""),
        ] {
            let expected = Service { action, provider: provider.into() };
            assert_eq!(go(line), Ok(CommandLine::Service(expected)), "{line}");
        }
        assert_eq!(go("--version"), go("-V"));
    }

    #[test]
    fn usage_errors_have_the_exit_codes_of_ddns_scripts() {
        for (line, code) in [
            ("", 1),
            ("frobnicate", 1),
            ("service", 2),
            ("service frobnicate", 2),
            ("service install", 4),
            ("service remove", 4),
        ] {
            let refusal = go(line).unwrap_err();
            assert_eq!(refusal.code, code, "{line}");
            assert!(refusal.text.ends_with(USAGE), "{refusal}");
        }
        let empty = ["service", "install", ""].map(str::to_owned);
        assert_eq!(parse(&empty).unwrap_err().code, 4);
    }
}
