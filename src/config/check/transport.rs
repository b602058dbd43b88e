//! Reads how requests are sent, and where messages are logged.

use std::path::Path;

use super::PathKind;
use super::reader::Reader;
use super::secret;
use super::source::device_name;
use crate::config::Log;
use crate::dns::Protocol;
use crate::model::{Family, Proxy, Transport, Trust, USER_AGENT};
use crate::provider::Provider;
use crate::provider::template;
use crate::text::quoted::quoted;

/// Reads the transport of a section.
pub(super) fn read(reader: &mut Reader<'_>, families: &[Family], provider: &Provider) -> Transport {
    Transport {
        // The option counts for a provider without TLS, too, which may redirect to one with TLS.
        trust: trust(reader),
        proxy: proxy(reader),
        device: device(reader),
        source: None,
        family: forced_family(reader, families).or_else(|| seen_family(families, provider)),
        user_agent: user_agent(reader),
    }
}

fn proxy(reader: &mut Reader<'_>) -> Option<Proxy> {
    let text = secret::read(reader, "proxy");
    if text.is_empty() {
        return None;
    }
    let option = if secret::has_file(reader, "proxy") { "proxy_file" } else { "proxy" };
    reader.sound(option, Proxy::parse(text.expose()))
}

/// Reads how messages travel to `dns_server`.
pub(super) fn protocol(reader: &mut Reader<'_>) -> Protocol {
    let tcp = reader.flag("force_dnstcp", false);
    match reader.flag("dns_tls", false) {
        true => Protocol::Tls,
        false if tcp => Protocol::Tcp,
        false => Protocol::Udp,
    }
}

/// Reads where the messages of a section are logged.
pub(super) fn log(reader: &mut Reader<'_>) -> Log {
    let syslog = reader.number("use_syslog", 0, 4);
    Log { syslog: syslog.unwrap_or(2) as u8, file: reader.flag("use_logfile", true) }
}

fn trust(reader: &mut Reader<'_>) -> Trust {
    let path = match reader.text("cacert") {
        None => return Trust::System,
        Some("IGNORE") => {
            let text = format_args!(
                "IGNORE: certificates are not checked, anybody on the way can read the password and \
                 answer in the provider's place"
            );
            reader.warn("cacert", text);
            return Trust::Nothing;
        }
        Some(path) => path,
    };
    trust_of_path(reader, path)
}

/// The certificates at the path in `cacert`.
fn trust_of_path(reader: &mut Reader<'_>, path: &str) -> Trust {
    match reader.env.path_kind(Path::new(path)) {
        PathKind::File => {
            reader.pass_on("cacert", reader.env.certificate_warning(Path::new(path)));
            Trust::File(path.into())
        }
        PathKind::Directory => Trust::Directory(path.into()),
        PathKind::Missing => {
            let why = "is neither a file nor a directory nor IGNORE";
            // ddns-scripts ignores cacert without use_https.
            if reader.flag("use_https", false) {
                reader.refuse("cacert", path, why);
            } else {
                let path = quoted(path);
                let text = format_args!("{path} {why}; the system's certificates are used");
                reader.warn("cacert", text);
            }
            Trust::System
        }
    }
}

/// The device to send through. Without `bind_network`, the routing table chooses it.
// ddns-scripts uses `ip_network` then. Where IPv4 has a tunnel device of its own (DS-Lite), the requests of a section
// for IPv6 could not leave over IPv4, and would hang.
fn device(reader: &mut Reader<'_>) -> Option<String> {
    let name = device_name(reader, "bind_network")?;
    Some(name.strip_prefix('@').unwrap_or(name).into())
}

fn forced_family(reader: &mut Reader<'_>, families: &[Family]) -> Option<Family> {
    if !reader.flag("force_ipversion", false) {
        return None;
    }
    match families {
        [family] => Some(*family),
        _ => {
            let text = format_args!("has no effect in a section with both records");
            reader.warn("force_ipversion", text);
            None
        }
    }
}

/// The family of requests to a provider that stores the address that a request comes from. In a section
/// with both families, each request has its own.
fn seen_family(families: &[Family], provider: &Provider) -> Option<Family> {
    let [family] = families else { return None };
    let url = &provider.template(*family)?.url;
    if template::names_address(url) || provider.known_row().is_none() {
        return None;
    }
    Some(*family)
}

/// `user_agent` with spaces in place of control characters and quotes.
fn user_agent(reader: &mut Reader<'_>) -> String {
    let mut agent = String::new();
    // A control character could end the header. ddns-scripts replaces quotes.
    for c in reader.text("user_agent").unwrap_or(USER_AGENT).chars() {
        agent.push(if c.is_control() || matches!(c, '"' | '\'') { ' ' } else { c });
    }
    agent
}
