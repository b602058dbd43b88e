//! `dynamic_dns_lucihelper.sh`: what LuCI has done or wants to know.

use std::io;
use std::net::IpAddr;
use std::path::Path;

use super::client::{rundir, try_send_command};
use super::init;
use super::start::prepare;
use crate::cli::exit;
use crate::cli::helper::{Helper, NOT_DONE, Verb};
use crate::config::uci::{Document, RawSection};
use crate::config::{Lookup, Section};
use crate::daemon;
use crate::dns::{Dnssec, Protocol};
use crate::edge::console::{complain, show};
use crate::edge::control;
use crate::edge::dns::{self, DnsTransport};
use crate::edge::files;
use crate::edge::http::{self, Unreachable};
use crate::edge::load::{self, load, load_global};
use crate::edge::privilege;
use crate::edge::process;
use crate::edge::stream::TrustCache;
use crate::model::json::Json;
use crate::model::name::is_file_name;
use crate::model::{Family, HostPort, Proxy};
use crate::time::Duration;

/// Exit code of ddns-scripts: DNS has no address for the name.
const NO_ADDRESS: u8 = 127;
/// Exit code of ddns-scripts: the name of the server or proxy makes no sense.
const INVALID: u8 = 5;
/// Most time for a look-up, for which rpcd waits.
const LOOK_UP: Duration = Duration::from_secs(10);
/// Most time for a page or a program, as in ddns-scripts.
const DETECT: Duration = Duration::from_secs(3);

/// Carries it out; returns the exit code.
pub(super) fn run(helper: &Helper) -> u8 {
    let file = files::default_config();
    let section = helper.section.as_slice();
    if let Err(why) = give_up_root(helper, &file) {
        return complain(NOT_DONE, &why);
    }
    match helper.verb {
        Verb::RegisteredIp => registered(helper, &file),
        Verb::LocalIp => local(helper),
        Verb::VerifyDns => verify_dns(helper),
        Verb::VerifyProxy => verify_proxy(helper),
        Verb::Start => {
            if try_send_command(&file, "start", section).is_err() {
                init::run("start");
            }
            // LuCI ignores the exit code.
            exit::OK
        }
        Verb::Stop if section.is_empty() => init::run("stop"),
        // Without a daemon there is nothing to stop.
        Verb::Stop => {
            let _ = try_send_command(&file, "stop", section);
            exit::OK
        }
        Verb::Reload => init::run("reload"),
        Verb::Restart => init::run("restart"),
    }
}

/// Gives up root's rights, where the daemon has none, before the network is asked. A program that prints the
/// address may need them.
fn give_up_root(helper: &Helper, file: &Path) -> Result<(), String> {
    let asks_network = match helper.verb {
        Verb::RegisteredIp | Verb::VerifyDns | Verb::VerifyProxy => true,
        Verb::LocalIp => helper.get("ip_source") != Some("script"),
        Verb::Start | Verb::Stop | Verb::Reload | Verb::Restart => false,
    };
    if !asks_network {
        return Ok(());
    }
    load_global(file).map_or(Ok(()), |global| privilege::give_up_root(&global))
}

/// Tests whether the name server can be reached.
fn verify_dns(helper: &Helper) -> u8 {
    match HostPort::parse(helper.get("dns_server").unwrap_or_default()) {
        Ok(server) => verify(helper, &server.host, server.port.unwrap_or(dns::PORT)),
        Err(why) => complain(INVALID, &why),
    }
}

/// Tests whether the proxy can be reached.
fn verify_proxy(helper: &Helper) -> u8 {
    match Proxy::parse(helper.get("proxy").unwrap_or_default()) {
        Ok(proxy) => verify(helper, &proxy.host, proxy.port),
        Err(why) => complain(INVALID, &why),
    }
}

/// The family of the address: `-6` chooses IPv6.
fn family(helper: &Helper) -> Family {
    if helper.get("use_ipv6").is_some() { Family::V6 } else { Family::V4 }
}

/// The only family that requests may use, by `-f`.
fn forced(helper: &Helper) -> Option<Family> {
    helper.get("force_ipversion").map(|_| family(helper))
}

/// Whether a server or proxy takes connections; returns the code of ddns-scripts for the reason why not.
fn verify(helper: &Helper, host: &str, port: u16) -> u8 {
    let (code, why) = match http::connects(host, port, forced(helper)) {
        Ok(()) => return exit::OK,
        Err(Unreachable::Unresolved(why)) => (2, why),
        Err(Unreachable::NoConnection(why)) => (3, why),
        Err(Unreachable::WrongFamily(why)) => (4, why),
    };
    complain(code, &why)
}

/// Prints the address that DNS has for a name.
fn registered(helper: &Helper, file: &Path) -> u8 {
    let rundir = rundir(file);
    let section = helper.section.as_deref().filter(|name| is_file_name(name));
    let known = section.map(|name| known_to_daemon(&rundir, name)).unwrap_or_default();
    let found = in_dns(helper, file, section, &known);
    let shown = match &found {
        Ok(addresses) => lines(addresses),
        Err(_) => String::new(),
    };
    if let Some(name) = section {
        // What the daemon has written there stays: it may have both families.
        let content = if known.is_empty() { &shown } else { &lines(&known) };
        let _ = write_run_file(&rundir, name, content);
    }
    match found {
        Ok(found) if found.is_empty() => NO_ADDRESS,
        Ok(_) => show(&shown),
        Err(why) => complain(exit::FAILED, &why),
    }
}

/// The addresses that DNS has for the name. `known` are those that the daemon knows of `section`.
fn in_dns(
    helper: &Helper,
    file: &Path,
    section: Option<&str>,
    known: &[IpAddr],
) -> Result<Vec<IpAddr>, String> {
    let host = helper.get("lookup_host").unwrap_or_default();
    let mut of_family = known.to_vec();
    family(helper).keep_own(&mut of_family);
    // The section of the configuration, if it has no mistake.
    let loaded = section.and_then(|_| load(file).ok());
    let sections = loaded.as_ref().map_or(&[][..], |loaded| &loaded.checked.config.sections);
    let configured = sections.iter().find(|configured| section == Some(configured.name.as_str()));
    match configured {
        // The daemon has looked the same name up. So LuCI's poll costs no question.
        Some(section) if !of_family.is_empty() && section.lookup.host == host => Ok(of_family),
        configured => look_up(helper, host, configured),
    }
}

/// Asks DNS for the addresses of `host`.
fn look_up(
    helper: &Helper,
    host: &str,
    configured: Option<&Section>,
) -> Result<Vec<IpAddr>, String> {
    let (lookup, way) = question(helper, host, configured)?;
    let trusts = TrustCache::default();
    let found = dns::look_up(&lookup, family(helper), None, &way, &trusts, LOOK_UP)?;
    if found.dnssec == Dnssec::Bogus {
        return Err(format!("the validating resolver refuses the answer of {host}: bogus"));
    }
    Ok(found.addresses)
}

/// What is looked up, and how the questions travel.
fn question(
    helper: &Helper,
    host: &str,
    configured: Option<&Section>,
) -> Result<(Lookup, DnsTransport), String> {
    let server = helper.get("dns_server").map(HostPort::parse).transpose();
    let mut lookup = Lookup {
        host: host.into(),
        server: server.map_err(|why| why.to_string())?,
        protocol: if helper.get("force_dnstcp").is_some() { Protocol::Tcp } else { Protocol::Udp },
        glue: helper.get("is_glue").is_some(),
    };
    let mut way = DnsTransport { family: forced(helper), ..DnsTransport::default() };
    // Who calls the helper does not know 'dns_tls'. The section that is saved has it.
    if let Some(section) = configured
        && section.lookup.protocol == Protocol::Tls
        && section.lookup.server == lookup.server
    {
        lookup.protocol = Protocol::Tls;
        way.trust = section.transport.trust.clone();
    }
    Ok((lookup, way))
}

/// The addresses of the section `name` that are in DNS as far as the daemon knows; none if no daemon
/// serves it.
fn known_to_daemon(rundir: &Path, name: &str) -> Vec<IpAddr> {
    let text = match control::ask(rundir, &["get", name]) {
        Ok(reply) if reply.ok => reply.text,
        Ok(_) | Err(_) => return Vec::new(),
    };
    let section = Json::parse(&text).unwrap_or_default();
    let mut addresses = Vec::new();
    for address in section["in_dns"].elements() {
        if let Some(Ok(address)) = address.as_str().map(str::parse) {
            addresses.push(address);
        }
    }
    addresses
}

/// Writes the file with the address of the section `name`: LuCI reads it after the call.
fn write_run_file(rundir: &Path, name: &str, content: &str) -> io::Result<()> {
    files::owner::make_directory(rundir, 0o755)?;
    files::replace(
        &rundir.join(format!("{name}.ip")),
        format!("{content}\n").as_bytes(),
        0o644,
        files::Medium::Ram,
    )
}

fn lines(addresses: &[IpAddr]) -> String {
    let mut lines = String::new();
    for (index, address) in addresses.iter().enumerate() {
        let end = if index == 0 { "" } else { "\n" };
        lines.push_str(&format!("{end}{address}"));
    }
    lines
}

/// Whether a source has an address: makes a section that uses it, and runs until that is known.
fn local(helper: &Helper) -> u8 {
    let mut loaded = load::check(&document(helper));
    if let Some(mistake) = loaded.checked.errors().next() {
        return complain(NOT_DONE, &mistake.text);
    }
    loaded.checked.mistakes.clear();
    let slow = matches!(helper.get("ip_source"), Some("web" | "script"));
    let limit = if slow { DETECT } else { Duration::MAX };
    let runtime = match prepare() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let code = daemon::detect(&runtime, loaded, limit);
    process::kill_all();
    code
}

/// A configuration with one section, which has the source.
fn document(helper: &Helper) -> Document {
    let mut section = RawSection::new("service", "lucihelper", 1);
    for (option, value) in &helper.options {
        section.set(option, value);
    }
    // Nothing is sent, but a section needs a name and a provider.
    section.set("enabled", "1");
    section.set("domain", "localhost");
    section.set("update_url", "http://localhost/");
    // LuCI wants to know whether there is an address at all, as ddns-scripts tells it.
    let mut global = RawSection::new("ddns", "global", 1);
    global.set("upd_privateip", "1");
    Document { sections: vec![global, section], cut: false }
}
