//! `dynamic_dns_lucihelper.sh`: what LuCI asks.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{block_on, init, rundir, told};
use crate::cli::exit;
use crate::cli::helper::{Helper, NOTHING, Verb, set};
use crate::config::Lookup;
use crate::config::uci::{Document, RawSection};
use crate::daemon;
use crate::dns::resolv::PORT;
use crate::edge::console::{complain, show};
use crate::edge::control;
use crate::edge::dns::{self, DnsTransport};
use crate::edge::files;
use crate::edge::http::{self, Unreachable};
use crate::edge::load::{self, load};
use crate::edge::script::process;
use crate::model::name::is_file_name;
use crate::model::{Family, HostPort, Proxy};

/// DNS has no address for the name, as ddns-scripts says it.
const NO_ADDRESS: u8 = 127;
/// Most time for a look-up: rpcd waits for it.
const LOOK_UP: Duration = Duration::from_secs(10);
/// Most time for a page or a program, as in ddns-scripts.
const DETECT: Duration = Duration::from_secs(3);

/// Does it; returns the exit code.
pub(super) fn run(helper: &Helper) -> u8 {
    let file = files::default_config();
    let section = helper.section.as_slice();
    match helper.verb {
        Verb::RegisteredIp => registered(helper, &file),
        Verb::LocalIp => local(helper),
        Verb::VerifyDns => {
            let server = HostPort::parse(helper.get("dns_server").unwrap_or_default());
            let place = server.map(|server| (server.host, server.port.unwrap_or(PORT)));
            verify(place, forced(helper))
        }
        Verb::VerifyProxy => {
            let proxy = Proxy::parse(helper.get("proxy").unwrap_or_default());
            verify(proxy.map(|proxy| (proxy.host, proxy.port)), forced(helper))
        }
        Verb::Start => {
            let started = told(&file, "start", section);
            // Nobody looks at more than whether it could be called.
            let _ = started.unwrap_or_else(|_| init::run(&["start"]));
            exit::OK
        }
        Verb::Stop if section.is_empty() => init::run(&["stop"]),
        Verb::Stop => {
            let _ = told(&file, "stop", section);
            exit::OK
        }
        Verb::Reload => init::run(&["reload"]),
        Verb::Restart => init::run(&["restart"]),
    }
}

/// `-6`.
fn family(helper: &Helper) -> Family {
    if helper.get("use_ipv6").is_some() { Family::V6 } else { Family::V4 }
}

/// `-f`: over this family only.
fn forced(helper: &Helper) -> Option<Family> {
    helper.get("force_ipversion").map(|_| family(helper))
}

/// Whether a server or proxy takes connections; returns the code of ddns-scripts for the reason why not.
fn verify(place: Result<(String, u16), impl ToString>, family: Option<Family>) -> u8 {
    let (host, port) = match place {
        Ok(place) => place,
        Err(why) => return complain(5, &why.to_string()),
    };
    match http::connects(&host, port, family) {
        Ok(()) => exit::OK,
        Err(Unreachable::Unresolved(why)) => complain(2, &why),
        Err(Unreachable::NoConnection(why)) => complain(3, &why),
        Err(Unreachable::WrongFamily(why)) => complain(4, &why),
    }
}

/// Prints the registered address. What the daemon knows of a section is as good as DNS, and nearer.
fn registered(helper: &Helper, file: &Path) -> u8 {
    let host = helper.get("lookup_host").unwrap_or_default();
    let family = family(helper);
    let rundir = rundir(file);
    let section = helper.section.as_deref().filter(|name| is_file_name(name));
    let known = section.and_then(|name| known(&rundir, name));
    let of_family = |address: &&IpAddr| Family::of(**address) == family;
    let near: Vec<IpAddr> = known.iter().flatten().filter(of_family).copied().collect();
    let found = if !near.is_empty() && section.is_some_and(|name| looks_up(file, name, host)) {
        Ok(near)
    } else {
        look_up(helper, host, family)
    };
    let shown = found.as_ref().map(|found| lines(found)).unwrap_or_default();
    if let Some(name) = section {
        // The run file of a daemon is the daemon's.
        let kept = known.filter(|known| !known.is_empty());
        let kept = kept.map_or_else(|| shown.clone(), |known| lines(&known));
        let _ = keep(&rundir, name, &kept);
    }
    match found {
        Ok(found) if found.is_empty() => NO_ADDRESS,
        Ok(_) => show(&shown),
        Err(why) => complain(exit::FAILED, &why),
    }
}

fn look_up(helper: &Helper, host: &str, family: Family) -> Result<Vec<IpAddr>, String> {
    let server = helper.get("dns_server").map(HostPort::parse).transpose();
    let lookup = Lookup {
        host: host.into(),
        server: server.map_err(|why| why.to_string())?,
        tcp: helper.get("force_dnstcp").is_some(),
        glue: helper.get("is_glue").is_some(),
    };
    let way = DnsTransport { device: None, family: forced(helper) };
    dns::look_up(&lookup, family, &way, LOOK_UP).map(|found| found.addresses)
}

/// The addresses that a daemon says are in DNS for the section `name`; `None` if none serves it.
fn known(rundir: &Path, name: &str) -> Option<Vec<IpAddr>> {
    let reply = control::ask(rundir, &["get", name]).ok().filter(|reply| reply.ok)?;
    let section: Value = serde_json::from_str(&reply.text).ok()?;
    let addresses = section["in_dns"].as_array()?.iter();
    Some(addresses.filter_map(|address| address.as_str()?.parse().ok()).collect())
}

/// Whether `host` is what the section `name` looks up.
fn looks_up(file: &Path, name: &str, host: &str) -> bool {
    let sections = load(file).map_or_else(|_| vec![], |loaded| loaded.checked.config.sections);
    sections.iter().any(|section| section.name == name && section.lookup.host == host)
}

/// Writes the run file, as LuCI hopes when it finds none.
fn keep(rundir: &Path, name: &str, shown: &str) -> io::Result<()> {
    files::owner::make_directory(rundir, 0o755)?;
    files::replace(
        &rundir.join(format!("{name}.ip")),
        format!("{shown}\n").as_bytes(),
        0o644,
        files::Medium::Ram,
    )
}

fn lines(addresses: &[IpAddr]) -> String {
    addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join("\n")
}

/// Whether the source has an address: a section is made of it, and followed until that is known.
fn local(helper: &Helper) -> u8 {
    let mut section = helper.options.clone();
    set(&mut section, "enabled", "1");
    set(&mut section, "domain", "localhost");
    set(&mut section, "update_url", "http://localhost/");
    let mut global = RawSection { kind: "ddns".into(), name: "global".into(), ..section.clone() };
    global.options.clear();
    set(&mut global, "upd_privateip", "1");
    let mut loaded = load::check(&Document { sections: vec![global, section], cut: false });
    if let Some(mistake) = loaded.checked.errors().next() {
        return complain(NOTHING, &mistake.text);
    }
    loaded.checked.mistakes.clear();
    let slow = matches!(helper.get("ip_source"), Some("web" | "script"));
    let limit = if slow { DETECT } else { Duration::MAX };
    block_on(Box::pin(async move {
        let code = tokio::time::timeout(limit, daemon::detect(loaded)).await;
        process::kill_all();
        code.unwrap_or(exit::FAILED)
    }))
}
