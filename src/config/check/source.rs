//! Reads the address source: `ip_source` and the options that belong to it.

use std::path::Path;

use super::reader::Reader;
use super::{PathKind, lines};
use crate::config::{Severity, Source, WAN4, WAN6, program};
use crate::model::HostPort;
use crate::model::url::{Url, with_scheme};
use crate::text::quoted::quoted;

// The defaults of ddns-scripts (openwrt `net/ddns-scripts`, `dynamic_dns_functions.sh`).
const NETWORK: &str = "ip_network";
const DEVICE: &str = "eth1";
const PAGE4: &str = "checkip.dyndns.com";
const PAGE6: &str = "checkipv6.dyndns.com";

/// The sources, and those that use each option.
const SOURCES: &[&str] = &["network", "interface", "route", "web", "script", "gateway"];
const OPTIONS: &[(&str, &[&str])] = &[
    ("ip_network", &["network"]),
    ("ip_interface", &["interface"]),
    ("ip_url", &["web", "gateway"]),
    ("ip_script", &["script"]),
    ("route_mark", &["route"]),
    ("stun_server", &["gateway"]),
];

/// Reads the source. An option of another source is not used and gets a warning.
// It is a leftover, or the owner has forgotten to set `ip_source`.
pub(super) fn read(reader: &mut Reader<'_>) -> Source {
    let source = reader.text("ip_source").unwrap_or("network");
    for (option, users) in OPTIONS {
        let used = users.contains(&source) || !SOURCES.contains(&source);
        if !used && reader.has_values(option) {
            let users = users.join("' or '");
            let text = format_args!(
                "is ignored: it needs ip_source '{users}', and ip_source is '{source}'"
            );
            reader.warn(option, text);
        }
    }
    let read = read_source(reader);
    if !matches!(read, Source::Lines(_)) {
        lines::warn_about_unused(reader);
    }
    read
}

fn read_source(reader: &mut Reader<'_>) -> Source {
    match reader.text("ip_source") {
        None | Some("network") => network(reader),
        Some("interface") => device(reader),
        Some("web") => web(reader),
        Some("script") => script(reader),
        Some("route") => Source::Route { mark: lines::mark(reader) },
        Some("gateway") => gateway(reader),
        // The other options are still read, so that their mistakes are reported, too.
        Some(other) => {
            let why = "is not one of 'network', 'interface', 'route', 'web', 'script' or 'gateway'";
            reader.refuse("ip_source", other, why);
            network(reader)
        }
    }
}

fn network(reader: &mut Reader<'_>) -> Source {
    if reader.values(NETWORK).len() > 1 {
        // A list with the same name twice gives only one line.
        let mut networks = networks(reader);
        return match networks.pop() {
            Some(name) if networks.is_empty() => interfaces(&name, &name),
            last => {
                networks.extend(last);
                Source::Lines(lines::read(reader, networks))
            }
        };
    }
    let name = interface(reader, NETWORK);
    interfaces(name.unwrap_or(WAN4), name.unwrap_or(WAN6))
}

fn interfaces(v4: &str, v6: &str) -> Source {
    Source::Network { v4: v4.into(), v6: v6.into() }
}

/// The logical interfaces of a list, in order of preference, each once.
fn networks(reader: &mut Reader<'_>) -> Vec<String> {
    let mut networks: Vec<String> = Vec::new();
    for (value, line) in reader.values(NETWORK) {
        let Some(name) = valid_interface(reader, NETWORK, value) else { continue };
        let name = name.strip_prefix('@').unwrap_or(name);
        if networks.iter().any(|known| known == name) {
            let text = format_args!("{} is in the list already, and counts once", quoted(name));
            reader.about_value(Severity::Warning, NETWORK, line, text);
        } else {
            networks.push(name.to_owned());
        }
    }
    networks
}

/// A network device, or with `@` a logical interface: LuCI offers both in one list.
fn device(reader: &mut Reader<'_>) -> Source {
    let name = device_name(reader, "ip_interface").unwrap_or(DEVICE);
    match name.strip_prefix('@') {
        Some(logical) => interfaces(logical, logical),
        None => Source::Device(name.into()),
    }
}

/// The page of `ip_url`.
fn page(reader: &mut Reader<'_>) -> Option<Url> {
    let text = url(reader, "ip_url")?;
    reader.sound("ip_url", Url::parse(&text))
}

fn gateway(reader: &mut Reader<'_>) -> Source {
    let stun = reader.parsed("stun_server", HostPort::parse);
    Source::Gateway { stun, page: page(reader) }
}

fn web(reader: &mut Reader<'_>) -> Source {
    match page(reader) {
        Some(url) => Source::Web { v4: url.clone(), v6: url },
        None => Source::Web { v4: Url::http(PAGE4), v6: Url::http(PAGE6) },
    }
}

/// A URL. Without a scheme it gets `http:`, as curl and wget do in ddns-scripts.
pub(super) fn url(reader: &mut Reader<'_>, option: &str) -> Option<String> {
    let text = reader.text(option)?;
    let url = with_scheme(text);
    if url.len() > text.len() {
        let text = format_args!("does not begin with http:// or https://; http:// is meant");
        reader.warn(option, text);
    }
    Some(url)
}

fn script(reader: &mut Reader<'_>) -> Source {
    let Some(command) = reader.text("ip_script") else {
        if !reader.is_list("ip_script") {
            reader.lacks(format_args!("ip_source 'script' needs option 'ip_script'"));
        }
        return Source::Script(String::new());
    };
    let program = program(command);
    if !reader.env.executable(Path::new(program)) {
        reader.refuse("ip_script", program, "is not a program that can be run");
    } else if let Some(text) = reader.env.script_warning(Path::new(program)) {
        reader.warn("ip_script", format_args!("{text}"));
    } else if let Some(script) = script_of_shell(program, command) {
        check_script(reader, script);
    }
    Source::Script(command.into())
}

/// The file that the shell `program` runs, for a command line such as `/bin/sh -e /etc/ip.sh`. `None` if
/// `program` is not a shell, or if the file cannot be told without a shell.
fn script_of_shell<'a>(program: &str, command: &'a str) -> Option<&'a str> {
    let (_, name) = program.rsplit_once('/')?;
    if !SHELLS.contains(&name) {
        return None;
    }
    let (_, arguments) = command.split_once(program)?;
    let mut rest = arguments.trim_start_matches(['\'', '"']).trim_start();
    while let Some(flags) = rest.strip_prefix('-') {
        let (flags, after) = flags.split_once(' ')?;
        if !flags.chars().all(|flag| "eux".contains(flag)) {
            return None;
        }
        rest = after.trim_start();
    }
    let file = crate::config::program(rest);
    // Other characters may mean something to the outer shell, such as `$` or `*`.
    let is_plain = file.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+, ".contains(c));
    if file.is_empty() || !is_plain { None } else { Some(file) }
}

/// Programs whose first argument is the file that they run.
const SHELLS: &[&str] = &["sh", "ash", "bash", "dash", "ucode"];

fn check_script(reader: &mut Reader<'_>, script: &str) {
    let path = Path::new(script);
    if !path.is_absolute() {
        let text = format_args!(
            "{} is not an absolute path; which file that is depends on the directory where the program \
             was started",
            quoted(script)
        );
        reader.warn("ip_script", text);
    } else if reader.env.path_kind(path) != PathKind::File {
        reader.refuse("ip_script", script, "is not a file");
    } else {
        reader.pass_on("ip_script", reader.env.script_warning(path));
    }
}

/// The event network. Owners and old versions of LuCI write a device there, too.
pub(super) fn event_network(reader: &mut Reader<'_>) -> Option<String> {
    const OPTION: &str = "interface";
    let mut words = reader.text(OPTION).unwrap_or(WAN4).split_ascii_whitespace();
    let first = words.next().unwrap_or(WAN4);
    if words.next().is_some() {
        reader.warn(OPTION, format_args!("takes one interface; {} counts", quoted(first)));
    }
    let name = valid_interface(reader, OPTION, first).unwrap_or(WAN4);
    Some(name.strip_prefix('@').unwrap_or(name).into())
}

/// Longest name of a network device. The name itself has at most 15 characters, but an alternative name
/// may have 127 (linux `include/uapi/linux/if.h`: `ALTIFNAMSIZ` is 128 with the NUL).
const LONGEST_DEVICE: usize = 127;

/// The name of a network device, or with `@` of a logical interface.
pub(super) fn device_name<'a>(reader: &mut Reader<'a>, option: &str) -> Option<&'a str> {
    let name = interface(reader, option)?;
    if !name.starts_with('@') && name.len() > LONGEST_DEVICE {
        let text = format_args!(
            "{} is longer than the {LONGEST_DEVICE} characters of a device",
            quoted(name)
        );
        reader.fail(option, text);
        return None;
    }
    Some(name)
}

/// The name of a logical interface.
fn interface<'a>(reader: &mut Reader<'a>, option: &str) -> Option<&'a str> {
    let name = reader.text(option)?;
    valid_interface(reader, option, name)
}

fn valid_interface<'a>(reader: &mut Reader<'_>, option: &str, name: &'a str) -> Option<&'a str> {
    if name == "@" || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/') {
        reader.refuse(option, name, "is not the name of an interface");
        return None;
    }
    Some(name)
}
