//! `dynamic_dns_lucihelper.sh [OPTIONS] -- COMMAND`, which LuCI calls (openwrt
//! `net/ddns-scripts/files/usr/lib/ddns/dynamic_dns_lucihelper.sh`, of 24.10 and later).

use std::fmt;

use super::getopts::{Opt, getopts, option_error};
use super::{CommandLine, Refusal, SCRIPTS_VERSION};

/// Name of the program.
pub const NAME: &str = "dynamic_dns_lucihelper.sh";
/// Exit code of a command that cannot be carried out, and of `-h` and `-V`.
pub const NOT_DONE: u8 = 255;

const USAGE: &str = "
Usage: dynamic_dns_lucihelper.sh [OPTIONS] -- COMMAND

Commands:
  get_registered_ip  print the address that DNS has for a name (-l)
  get_local_ip       whether a source (-i, -n, -s or -u) has an address
  verify_dns         whether a name server (-d) can be reached
  verify_proxy       whether a proxy (-p) can be reached
  start              start a section (-S), or have it sent
  stop               stop a section (-S), or all
  reload             have the configuration read again
  restart            stop and start all sections

Options:
  -6                 IPv6, not IPv4
  -d SERVER          a name server
  -f                 use no other IP version than that
  -g                 the name is that of a glue record
  -i DEVICE          the address of a device
  -l NAME            a host name
  -n INTERFACE       the address of a logical interface
  -p PROXY           [user:password@]host:port
  -s COMMAND         the address that a program prints
  -S SECTION         a section of /etc/config/ddns
  -t                 ask name servers over TCP
  -u URL             the address that a web page shows
  -h                 show this text
  -V                 show the version
  -L, -v LEVEL       accepted and without effect
";

/// A command with its options. `Debug` omits their values, because a proxy may have a password in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Helper {
    /// What to do.
    pub verb: Verb,
    /// The section that `-S` names.
    pub section: Option<String>,
    /// The options of a section for which the other options stand, each once, with their values.
    pub options: Vec<(&'static str, String)>,
}

impl fmt::Debug for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.options.iter().map(|(name, _)| name).collect::<Vec<_>>();
        f.debug_tuple("Helper").field(&self.verb).field(&self.section).field(&names).finish()
    }
}

/// What LuCI wants done or known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `get_registered_ip`: print the address that DNS has for a name.
    RegisteredIp,
    /// `get_local_ip`: whether the source has an address.
    LocalIp,
    /// Whether the name server can be reached.
    VerifyDns,
    /// Whether the proxy can be reached.
    VerifyProxy,
    /// Start the section.
    Start,
    /// Stop the section, or all.
    Stop,
    /// Read the configuration again.
    Reload,
    /// Stop and start all.
    Restart,
}

/// Parses the arguments.
///
/// # Errors
/// If they make no sense; the exit code is [`NOT_DONE`].
pub fn parse(words: &[String]) -> Result<CommandLine, Refusal> {
    let (found, operands) = getopts("6fghtLV", "dilnpsSuv", words);
    let mut helper = Helper { verb: Verb::Restart, section: None, options: Vec::new() };
    for option in found {
        match option {
            Opt::Flag('h') => return Ok(CommandLine::Print(USAGE.into(), NOT_DONE)),
            Opt::Flag('V') => return Ok(CommandLine::Print(SCRIPTS_VERSION.into(), NOT_DONE)),
            Opt::Value('S', value) => helper.section = Some(value.to_owned()),
            Opt::Flag(letter) => helper.set_meaning(letter, "1"),
            Opt::Value(letter, value) => helper.set_meaning(letter, value),
            bad @ (Opt::Missing(_) | Opt::Invalid(_)) => {
                return Err(refuse(format_args!("{}", option_error(bad))));
            }
        }
    }
    let Some(command) = operands.first() else {
        return Err(refuse(format_args!("no command is given")));
    };
    let Some((_, verb, need)) = VERBS.iter().find(|(name, ..)| name == command) else {
        // The script prints nothing about a command that it does not know, either.
        return Ok(CommandLine::Print(String::new(), NOT_DONE));
    };
    helper.verb = *verb;
    let missing = match need {
        Need::Section if helper.section.is_none() => "-S",
        Need::Option(name, letters) if helper.get(name).is_none() => letters,
        Need::Nothing | Need::Section | Need::Option(..) => return Ok(CommandLine::Helper(helper)),
    };
    Err(refuse(format_args!("'{command}' needs option {missing}")))
}

/// What must be given with a command.
enum Need {
    Nothing,
    /// `-S`.
    Section,
    /// An option of a section, and the letters that stand for it.
    Option(&'static str, &'static str),
}

/// The commands.
const VERBS: &[(&str, Verb, Need)] = &[
    ("get_registered_ip", Verb::RegisteredIp, Need::Option("lookup_host", "-l")),
    ("get_local_ip", Verb::LocalIp, Need::Option("ip_source", "-i, -n, -s or -u")),
    ("verify_dns", Verb::VerifyDns, Need::Option("dns_server", "-d")),
    ("verify_proxy", Verb::VerifyProxy, Need::Option("proxy", "-p")),
    ("start", Verb::Start, Need::Section),
    ("stop", Verb::Stop, Need::Nothing),
    ("reload", Verb::Reload, Need::Nothing),
    ("restart", Verb::Restart, Need::Nothing),
];

/// The option of a section for which each letter stands, and the `ip_source` that it goes with. The letters `L` and
/// `v`, which are about the log of ddns-scripts, mean nothing here.
const MEANINGS: &[(char, &str, &str)] = &[
    ('6', "use_ipv6", ""),
    ('f', "force_ipversion", ""),
    ('g', "is_glue", ""),
    ('t', "force_dnstcp", ""),
    ('d', "dns_server", ""),
    ('l', "lookup_host", ""),
    ('p', "proxy", ""),
    ('i', "ip_interface", "interface"),
    ('n', "ip_network", "network"),
    ('s', "ip_script", "script"),
    ('u', "ip_url", "web"),
];

impl Helper {
    /// The value of the option `name` of a section; `None` if it is missing or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.options.iter().find(|(option, _)| *option == name)?;
        if value.is_empty() { None } else { Some(value) }
    }

    /// Sets what the option `letter` of the command line stands for.
    fn set_meaning(&mut self, letter: char, value: &str) {
        if let Some((_, option, source)) = MEANINGS.iter().find(|(known, ..)| *known == letter) {
            if !source.is_empty() {
                self.set("ip_source", source);
            }
            self.set(option, value);
        }
    }

    /// Sets an option of a section; of several values the last counts.
    // In UCI and in the shell of ddns-scripts, too, a later value replaces the one before.
    fn set(&mut self, name: &'static str, value: &str) {
        self.options.retain(|(option, _)| *option != name);
        self.options.push((name, value.to_owned()));
    }
}

fn refuse(why: fmt::Arguments<'_>) -> Refusal {
    Refusal { text: format!("{NAME}: {why}\n{USAGE}"), code: NOT_DONE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(words: &[&str]) -> Result<CommandLine, Refusal> {
        parse(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    fn helper(line: &str) -> Helper {
        let words: Vec<&str> = line.split_whitespace().collect();
        match go(&words) {
            Ok(CommandLine::Helper(helper)) => helper,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_command_lines_of_luci_are_parsed() {
        let long = "-6 -f -t -l host.example -S myddns_ipv6 -d 192.0.2.1 -- get_registered_ip";
        let asked = helper(long);
        assert_eq!(asked.verb, Verb::RegisteredIp);
        assert_eq!(asked.section.as_deref(), Some("myddns_ipv6"));
        for (option, value) in [
            ("use_ipv6", "1"),
            ("force_ipversion", "1"),
            ("force_dnstcp", "1"),
            ("lookup_host", "host.example"),
            ("dns_server", "192.0.2.1"),
        ] {
            assert_eq!(asked.get(option), Some(value), "{option}");
        }
        // As 24.10 passes it.
        let one_word = go(&["-l", "host.example", "-S", "a", "-- get_registered_ip"]);
        assert_eq!(one_word, go(&["-l", "host.example", "-S", "a", "--", "get_registered_ip"]));
    }

    #[test]
    fn every_command_is_parsed() {
        for (line, verb) in [
            ("-n wan -- get_local_ip", Verb::LocalIp),
            ("-d 192.0.2.1 verify_dns", Verb::VerifyDns),
            ("-p a:1 -- verify_proxy", Verb::VerifyProxy),
            ("-S a -v 0 -- start", Verb::Start),
            ("-S a -L -- stop", Verb::Stop),
            ("stop", Verb::Stop),
            ("reload", Verb::Reload),
            ("-- restart", Verb::Restart),
        ] {
            assert_eq!(helper(line).verb, verb, "{line}");
        }
    }

    #[test]
    fn the_last_source_counts() {
        for (line, source, option, value) in [
            ("-i eth0", "interface", "ip_interface", "eth0"),
            ("-n wan", "network", "ip_network", "wan"),
            ("-s /x", "script", "ip_script", "/x"),
            ("-n wan -u http://a/", "web", "ip_url", "http://a/"),
        ] {
            let asked = helper(&format!("{line} -- get_local_ip"));
            assert_eq!((asked.get("ip_source"), asked.get(option)), (Some(source), Some(value)));
        }
    }

    #[test]
    fn help_version_and_unknown_commands_end_with_255() {
        assert_eq!(go(&["-h"]), Ok(CommandLine::Print(USAGE.into(), 255)));
        assert_eq!(go(&["-6V", "-x"]), Ok(CommandLine::Print(SCRIPTS_VERSION.into(), 255)));
        assert_eq!(go(&["--", "frobnicate"]), Ok(CommandLine::Print(String::new(), 255)));
    }

    #[test]
    fn usage_errors_name_what_is_missing() {
        for (line, text) in [
            ("", "no command is given"),
            ("-6", "no command is given"),
            ("-d", "option -d needs a value"),
            ("-x -V", "there is no option -x"),
            ("get_registered_ip", "'get_registered_ip' needs option -l"),
            ("-- get_local_ip", "'get_local_ip' needs option -i, -n, -s or -u"),
            ("-- verify_dns", "'verify_dns' needs option -d"),
            ("-- verify_proxy", "'verify_proxy' needs option -p"),
            ("-- start", "'start' needs option -S"),
        ] {
            let words: Vec<&str> = line.split_whitespace().collect();
            let refusal = go(&words).unwrap_err();
            assert_eq!(refusal.code, 255, "{line}");
            assert_eq!(refusal.text, format!("{NAME}: {text}\n{USAGE}"), "{line}");
        }
    }

    #[test]
    fn debug_output_hides_the_password() {
        let asked = helper("-p me:s3cret@a:1 -- verify_proxy");
        assert!(!format!("{asked:?}").contains("s3cret"));
    }
}
