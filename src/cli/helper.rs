//! `dynamic_dns_lucihelper.sh [OPTIONS] -- COMMAND`: what LuCI asks (openwrt
//! `net/ddns-scripts/files/usr/lib/ddns/dynamic_dns_lucihelper.sh`, of 24.10 and later).

use super::getopts::{Opt, complaint, options};
use super::{Call, Refusal, SCRIPTS_VERSION};
use crate::config::uci::{RawOption, RawSection};

/// What it is called.
pub const NAME: &str = "dynamic_dns_lucihelper.sh";
/// What it ends with if nothing could be done, and after `-h` and `-V`.
pub const NOTHING: u8 = 255;

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

/// A command and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper {
    /// What to do.
    pub verb: Verb,
    /// `-S`.
    pub section: Option<String>,
    /// The other options, which stand for options of a section.
    pub options: RawSection,
}

/// What the helper can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Print the address that DNS has.
    RegisteredIp,
    /// Whether the source has an address.
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

/// The words after the name.
///
/// # Errors
/// With [`NOTHING`].
pub fn parse(words: &[String]) -> Result<Call, Refusal> {
    let (found, operands) = options("6fghtLV", "dilnpsSuv", words);
    let mut section = None;
    let mut about = RawSection {
        kind: "service".into(),
        name: "lucihelper".into(),
        anonymous: false,
        line: 1,
        options: Vec::new(),
        readable: true,
    };
    for option in found {
        match option {
            Opt::Flag('h') => return Ok(Call::Show(USAGE.into(), NOTHING)),
            Opt::Flag('V') => return Ok(Call::Show(SCRIPTS_VERSION.into(), NOTHING)),
            Opt::Flag('6') => set(&mut about, "use_ipv6", "1"),
            Opt::Flag('f') => set(&mut about, "force_ipversion", "1"),
            Opt::Flag('g') => set(&mut about, "is_glue", "1"),
            Opt::Flag('t') => set(&mut about, "force_dnstcp", "1"),
            Opt::Value('d', value) => set(&mut about, "dns_server", value),
            Opt::Value('l', value) => set(&mut about, "lookup_host", value),
            Opt::Value('p', value) => set(&mut about, "proxy", value),
            Opt::Value('S', value) => section = Some(value.to_owned()),
            Opt::Value('i', value) => source(&mut about, "interface", "ip_interface", value),
            Opt::Value('n', value) => source(&mut about, "network", "ip_network", value),
            Opt::Value('s', value) => source(&mut about, "script", "ip_script", value),
            Opt::Value('u', value) => source(&mut about, "web", "ip_url", value),
            Opt::Flag(_) | Opt::Value(..) => {}
            odd @ (Opt::Missing(_) | Opt::Invalid(_)) => return Err(refuse(&complaint(odd))),
        }
    }
    let Some(command) = operands.first() else {
        return Err(refuse("no command is given"));
    };
    let Some(verb) = verb(command) else {
        return Ok(Call::Show(String::new(), NOTHING));
    };
    let helper = Helper { verb, section, options: about };
    match helper.lacks() {
        None => Ok(Call::Helper(helper)),
        Some(option) => Err(refuse(&format!("'{command}' needs option {option}"))),
    }
}

fn verb(command: &str) -> Option<Verb> {
    Some(match command {
        "get_registered_ip" => Verb::RegisteredIp,
        "get_local_ip" => Verb::LocalIp,
        "verify_dns" => Verb::VerifyDns,
        "verify_proxy" => Verb::VerifyProxy,
        "start" => Verb::Start,
        "stop" => Verb::Stop,
        "reload" => Verb::Reload,
        "restart" => Verb::Restart,
        _ => return None,
    })
}

impl Helper {
    /// What the option `name` of `/etc/config/ddns` was set to.
    pub fn get(&self, name: &str) -> Option<&str> {
        let option = self.options.options.iter().find(|option| option.name == name)?;
        option.values.first().map(|(value, _)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The option that the command cannot do without and has not got.
    fn lacks(&self) -> Option<&'static str> {
        let (there, option) = match self.verb {
            Verb::RegisteredIp => (self.get("lookup_host").is_some(), "-l"),
            Verb::LocalIp => (self.get("ip_source").is_some(), "-i, -n, -s or -u"),
            Verb::VerifyDns => (self.get("dns_server").is_some(), "-d"),
            Verb::VerifyProxy => (self.get("proxy").is_some(), "-p"),
            Verb::Start => (self.section.is_some(), "-S"),
            Verb::Stop | Verb::Reload | Verb::Restart => return None,
        };
        (!there).then_some(option)
    }
}

fn source(section: &mut RawSection, source: &str, option: &str, value: &str) {
    set(section, "ip_source", source);
    set(section, option, value);
}

/// The last one counts, as UCI has it.
pub(crate) fn set(section: &mut RawSection, name: &str, value: &str) {
    section.options.retain(|option| option.name != name);
    section.options.push(RawOption {
        name: name.into(),
        line: 1,
        values: vec![(value.into(), 1)],
        is_list: false,
    });
}

fn refuse(why: &str) -> Refusal {
    Refusal { text: format!("{NAME}: {why}\n{USAGE}"), code: NOTHING }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(words: &[&str]) -> Result<Call, Refusal> {
        parse(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    fn helper(line: &str) -> Helper {
        let words: Vec<&str> = line.split_whitespace().collect();
        match go(&words) {
            Ok(Call::Helper(helper)) => helper,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn what_luci_asks_is_understood() {
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
    fn every_command_is_understood() {
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
        assert_eq!(go(&["-h"]), Ok(Call::Show(USAGE.into(), 255)));
        assert_eq!(go(&["-6V", "-x"]), Ok(Call::Show(SCRIPTS_VERSION.into(), 255)));
        assert_eq!(go(&["--", "frobnicate"]), Ok(Call::Show(String::new(), 255)));
    }

    #[test]
    fn what_is_missing_is_said() {
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
    fn a_password_is_not_shown() {
        let asked = helper("-p me:s3cret@a:1 -- verify_proxy");
        assert!(!format!("{asked:?}").contains("s3cret"));
    }
}
