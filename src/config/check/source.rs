//! Where the address comes from: `ip_source` and its companions.

use std::path::Path;

use super::reader::Reader;
use super::{Environment, PathKind};
use crate::config::{Source, program};
use crate::model::url::{Url, with_scheme};
use crate::text::quoted::quoted;

const WAN4: &str = "wan";
const WAN6: &str = "wan6";
const DEVICE: &str = "eth1";
const PAGE4: &str = "checkip.dyndns.com";
const PAGE6: &str = "checkipv6.dyndns.com";

/// The option of each source.
const OPTIONS: [(&str, &str); 4] = [
    ("network", "ip_network"),
    ("interface", "ip_interface"),
    ("web", "ip_url"),
    ("script", "ip_script"),
];

/// Reads the source. Options of the sources that are not in use are left behind by some, and the only
/// sign of what others meant: they are warned about and not looked at.
pub(super) fn read(reader: &mut Reader<'_>, env: &impl Environment) -> Source {
    let source = reader.text("ip_source").unwrap_or("network");
    for (other, option) in OPTIONS {
        let used = source == other || !OPTIONS.iter().any(|(known, _)| *known == source);
        if !used && !reader.values(option).is_empty() {
            let text =
                format!("is ignored: it needs ip_source '{other}', and ip_source is '{source}'");
            reader.warn(option, text);
        }
    }
    match reader.text("ip_source") {
        None | Some("network") => network(reader),
        Some("interface") => device(reader),
        Some("web") => web(reader),
        Some("script") => script(reader, env),
        Some(other) => {
            let wanted = "'network', 'interface', 'web' or 'script'";
            reader.fail("ip_source", format!("{} is not one of {wanted}", quoted(other)));
            network(reader)
        }
    }
}

fn network(reader: &mut Reader<'_>) -> Source {
    let name = interface(reader, "ip_network");
    Source::Network { v4: name.unwrap_or(WAN4).into(), v6: name.unwrap_or(WAN6).into() }
}

/// A kernel device, or with `@` a logical interface: LuCI offers those beside the devices.
fn device(reader: &mut Reader<'_>) -> Source {
    let name = device_name(reader, "ip_interface").unwrap_or(DEVICE);
    match name.strip_prefix('@') {
        Some(logical) => Source::Network { v4: logical.into(), v6: logical.into() },
        None => Source::Device(name.into()),
    }
}

fn web(reader: &mut Reader<'_>) -> Source {
    let page = url(reader, "ip_url").and_then(|text| match Url::parse(&text) {
        Ok(url) => Some(url),
        Err(why) => {
            reader.fail("ip_url", why.to_string());
            None
        }
    });
    let or = |known: &str| page.clone().unwrap_or_else(|| Url::http(known));
    Source::Web { v4: or(PAGE4), v6: or(PAGE6) }
}

/// A URL; without a scheme it is one of `http:`, as the programs of ddns-scripts take it.
pub(super) fn url(reader: &mut Reader<'_>, option: &str) -> Option<String> {
    let text = reader.text(option)?;
    let url = with_scheme(text);
    if url.len() > text.len() {
        reader.warn(option, "does not begin with http:// or https://; http:// is meant");
    }
    Some(url)
}

fn script(reader: &mut Reader<'_>, env: &impl Environment) -> Source {
    let Some(command) = reader.text("ip_script") else {
        if !reader.is_list("ip_script") {
            reader.lacks("ip_source 'script' needs option 'ip_script'");
        }
        return Source::Script(String::new());
    };
    let program = program(command);
    if !env.executable(Path::new(program)) {
        let why = format!("{} is not a program that can be run", quoted(program));
        reader.fail("ip_script", why);
    } else if let Some(text) = env.script_warning(Path::new(program)) {
        reader.warn("ip_script", text);
    } else if let Some(script) = script_of_shell(program, command) {
        check_script(reader, env, script);
    }
    Source::Script(command.into())
}

/// The file that `command` has `program`, which it begins with, run; `None` if `program` is no shell, or
/// if only a shell could tell which file that is.
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
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+, ".contains(c);
    (!file.is_empty() && file.chars().all(is_plain)).then_some(file)
}

/// Programs that run the file that is their first argument.
const SHELLS: [&str; 5] = ["sh", "ash", "bash", "dash", "ucode"];

fn check_script(reader: &mut Reader<'_>, env: &impl Environment, script: &str) {
    let path = Path::new(script);
    if !path.is_absolute() {
        let text = format!(
            "{} is not an absolute path; which file that is depends on the directory where the program \
             was started",
            quoted(script)
        );
        reader.warn("ip_script", text);
    } else if env.path_kind(path) != PathKind::File {
        reader.fail("ip_script", format!("{} is not a file", quoted(script)));
    } else if let Some(text) = env.script_warning(path) {
        reader.warn("ip_script", text);
    }
}

/// The event network. Users and old versions of LuCI put a device there as well.
pub(super) fn event_network(reader: &mut Reader<'_>) -> Option<String> {
    const OPTION: &str = "interface";
    let mut words = reader.text(OPTION).unwrap_or(WAN4).split_ascii_whitespace();
    let first = words.next().unwrap_or(WAN4);
    if words.next().is_some() {
        reader.warn(OPTION, format!("takes one interface; {} counts", quoted(first)));
    }
    let name = valid_interface(reader, OPTION, first).unwrap_or(WAN4);
    Some(name.strip_prefix('@').unwrap_or(name).into())
}

/// Longest name of a kernel device: 15 characters, but an alternative name may have more (linux
/// `include/uapi/linux/if.h`, `ALTIFNAMSIZ` with its NUL).
const LONGEST_DEVICE: usize = 127;

/// The name of a kernel device, or with `@` of a logical interface.
pub(super) fn device_name<'a>(reader: &mut Reader<'a>, option: &str) -> Option<&'a str> {
    let name = interface(reader, option)?;
    if !name.starts_with('@') && name.len() > LONGEST_DEVICE {
        let text =
            format!("{} is longer than the {LONGEST_DEVICE} characters of a device", quoted(name));
        reader.fail(option, text);
        return None;
    }
    Some(name)
}

/// The name of a network interface.
fn interface<'a>(reader: &mut Reader<'a>, option: &str) -> Option<&'a str> {
    let name = reader.text(option)?;
    valid_interface(reader, option, name)
}

fn valid_interface<'a>(reader: &mut Reader<'_>, option: &str, name: &'a str) -> Option<&'a str> {
    let valid = |c: char| !c.is_whitespace() && !c.is_control() && c != '/';
    if name == "@" || !name.chars().all(valid) {
        reader.fail(option, format!("{} is not the name of an interface", quoted(name)));
        return None;
    }
    Some(name)
}
