//! What some options mean where `service_name` is that of a script of ddns-scripts: put into the
//! options that mean it everywhere, so that nothing else has to know.

use std::mem::take;

use super::reader::Reader;
use crate::model::name::strip_zone;
use crate::model::secret::Secret;
use crate::model::{Hostname, RecordOptions};
use crate::provider::api::pair;
use crate::provider::{Mechanism, Provider};
use crate::text::quoted::quoted;

/// Seconds that its script lets a record be cached.
const NSUPDATE_TTL: u32 = 600;

/// Puts what the options of a section mean by its `service_name` where it belongs. An own definition
/// of that name means what it says.
pub(super) fn translate(
    reader: &mut Reader<'_>,
    names: &mut [Hostname],
    provider: &mut Provider,
    record: &mut RecordOptions,
) {
    if !matches!(provider.mechanism, Mechanism::Api(_)) {
        return;
    }
    let pair = |text: &Secret, key| pair(text.expose(), key).unwrap_or_default().to_owned();
    let label = provider.account.label.clone();
    match label.as_str() {
        "aliyun.com" => unless_set(&mut record.id, pair(&provider.account.param_enc, "RecordId")),
        "bind-nsupdate" => record.ttl = record.ttl.or(Some(NSUPDATE_TTL)),
        "cloud.google.com-v1" => {
            unless_set(&mut record.zone_id, pair(&provider.account.param_enc, "zone"));
            ttl(reader, record, take(&mut provider.account.param_opt).expose());
        }
        "cloudflare.com-v4" => cloudflare(reader, provider, record),
        "digitalocean.com-v2" => {
            host_in_username(reader, names, provider);
            unless_set(&mut record.id, take(&mut provider.account.param_opt).expose().into());
        }
        "gandi.net" | "hetzner.cloud" | "pdns" => host_in_username(reader, names, provider),
        "namesilo.com-v1" => {
            host_in_username(reader, names, provider);
            ttl(reader, record, &pair(&take(&mut provider.account.param_opt), "ttl"));
        }
        "netcup.com" => {
            unless_set(&mut record.zone, take(&mut provider.account.param_opt).expose().into())
        }
        "ns1.com" => unless_set(&mut record.zone, take(&mut provider.account.username)),
        "route53-v1" => hosted_zone(reader, names, record),
        "scaleway.com" => {
            let zone = username(reader, provider, "the zone");
            place(reader, names, |host| (host, zone.clone()));
            ttl(reader, record, take(&mut provider.account.param_opt).expose());
        }
        _ => {}
    }
}

/// `domain` is the zone, `username` the name in it.
fn host_in_username(reader: &mut Reader<'_>, names: &mut [Hostname], provider: &mut Provider) {
    let host = username(reader, provider, "the name of the record in the zone, or @");
    place(reader, names, |zone| (host.clone(), zone));
}

/// Ids of zone and record in `param_opt`.
fn cloudflare(reader: &mut Reader<'_>, provider: &mut Provider, record: &mut RecordOptions) {
    let words = take(&mut provider.account.param_opt);
    for word in words.expose().split_ascii_whitespace() {
        match word.split_once('=') {
            Some(("zone_id", id)) => record.zone_id = Some(id.into()),
            Some(("dns_record_id", id)) => record.id = Some(id.into()),
            Some(("proxied", _)) => {
                reader.warn(
                    "param_opt",
                    "proxied= has no effect here; option 'proxied' says the same",
                );
            }
            _ => reader.warn("param_opt", "only zone_id= and dns_record_id= are known"),
        }
    }
}

/// `domain` is the id of the zone and `lookup_host` the name, unless `domain` is a name: who chooses
/// the provider from LuCI's list may well write that.
fn hosted_zone(reader: &mut Reader<'_>, names: &mut [Hostname], record: &mut RecordOptions) {
    let Some(id) = reader.text("domain").filter(|id| !id.contains('.')) else {
        return;
    };
    unless_set(&mut record.zone_id, id.into());
    match reader.text("lookup_host").map(Hostname::parse) {
        Some(Ok(name)) => names.iter_mut().for_each(|it| *it = name.clone()),
        Some(Err(why)) => reader.fail("lookup_host", why),
        None => reader.lacks(
            "route53-v1 needs option 'lookup_host': the name of the record; 'domain' is the id of \
             the zone",
        ),
    }
}

fn unless_set(option: &mut Option<String>, text: String) {
    if !text.is_empty() && option.is_none() {
        *option = Some(text);
    }
}

fn ttl(reader: &mut Reader<'_>, record: &mut RecordOptions, text: &str) {
    match text.parse() {
        Ok(ttl) => record.ttl = record.ttl.or(Some(ttl)),
        Err(_) if text.is_empty() => {}
        Err(_) => reader.fail("param_opt", "is not a number of seconds"),
    }
}

/// `username` where it is no credential.
fn username(reader: &mut Reader<'_>, provider: &mut Provider, holds: &str) -> String {
    if provider.account.username.is_empty() && !reader.is_list("username") {
        reader.lacks(format!("{} needs option 'username': {holds}", provider.account.label));
    }
    take(&mut provider.account.username)
}

/// Makes `host@zone` of every name that has no `@` yet.
fn place(
    reader: &mut Reader<'_>,
    names: &mut [Hostname],
    split: impl Fn(String) -> (String, String),
) {
    for name in names.iter_mut() {
        if name.as_str().trim_matches('@').contains('@') {
            continue;
        }
        let (host, zone) = split(name.as_str().to_owned());
        let (host, zone) = (host.trim_matches('.'), zone.trim_matches('.'));
        // Some write the zone behind it.
        let within = if host == "@" { "" } else { strip_zone(host, zone).unwrap_or(host) };
        match Hostname::parse(&format!("{within}@{zone}")) {
            Ok(placed) => *name = placed,
            Err(why) => {
                reader.fail("username", format!("{} and {}: {why}", quoted(host), quoted(zone)))
            }
        }
    }
}
