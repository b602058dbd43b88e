//! `ddns service ACTION`: provider definitions, downloaded and removed (openwrt
//! `net/ddns-scripts/files/usr/bin/ddns.sh`).

use super::{Call, Refusal, SCRIPTS_VERSION};

/// What it is called.
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
pub enum Service {
    /// Download the list of providers.
    Update,
    /// Show that list.
    ListAvailable,
    /// Show the downloaded definitions.
    ListInstalled,
    /// Download a definition.
    Install(String),
    /// Remove a definition.
    Remove(String),
    /// Remove the list and all downloaded definitions.
    Purge,
}

/// The words after the name.
///
/// # Errors
/// 1: no such command; 2: no such action; 4: an action without its provider.
pub fn parse(words: &[String]) -> Result<Call, Refusal> {
    let mut words = words.iter().map(String::as_str);
    let (command, action, provider) = (words.next(), words.next(), words.next());
    match command {
        Some("-V" | "--version") => return Ok(Call::Show(SCRIPTS_VERSION.into(), 0)),
        Some("service") => {}
        Some(other) => return Err(refuse(1, &format!("there is no command '{other}'"))),
        None => return Err(refuse(1, "no command is given")),
    }
    let provider = provider.filter(|provider| !provider.is_empty()).map(str::to_owned);
    let needed = || refuse(4, "the name of a provider is needed");
    Ok(Call::Service(match action {
        Some("update") => Service::Update,
        Some("list-available") => Service::ListAvailable,
        Some("list-installed") => Service::ListInstalled,
        Some("install") => Service::Install(provider.ok_or_else(needed)?),
        Some("remove") => Service::Remove(provider.ok_or_else(needed)?),
        Some("purge") => Service::Purge,
        Some(other) => return Err(refuse(2, &format!("there is no action '{other}'"))),
        None => return Err(refuse(2, "no action is given")),
    }))
}

fn refuse(code: u8, why: &str) -> Refusal {
    Refusal { text: format!("{NAME}: {why}\n{USAGE}"), code }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(line: &str) -> Result<Call, Refusal> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn every_action_is_understood() {
        for (line, expected) in [
            ("service update", Service::Update),
            ("service list-available", Service::ListAvailable),
            ("service list-installed", Service::ListInstalled),
            ("service install he.net", Service::Install("he.net".into())),
            ("service remove he.net", Service::Remove("he.net".into())),
            ("service purge", Service::Purge),
        ] {
            assert_eq!(go(line), Ok(Call::Service(expected)), "{line}");
        }
        assert_eq!(go("--version"), go("-V"));
    }

    #[test]
    fn mistakes_have_the_codes_of_ddns_scripts() {
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
