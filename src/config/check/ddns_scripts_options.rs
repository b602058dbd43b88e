//! Options that a script of ddns-scripts uses in another way, for sections whose `service_name` is that
//! of the script. Their values are moved into the options that mean the same here.

use std::mem::take;

use super::reader::Reader;
use crate::model::name::strip_zone;
use crate::model::secret::Secret;
use crate::model::{Hostname, RecordOptions};
use crate::provider::api::pair;
use crate::provider::api::zone::RecordName;
use crate::provider::{Mechanism, Provider};
use crate::text::quoted::quoted;

/// The TTL in seconds that `update_nsupdate.sh` of ddns-scripts sets.
const NSUPDATE_TTL: u32 = 600;

/// Moves the values of options according to `service_name`. An owner's definition of the same name is
/// not affected.
pub(super) fn translate(
    reader: &mut Reader<'_>,
    names: &mut [Hostname],
    provider: &mut Provider,
    record: &mut RecordOptions,
) {
    if !matches!(provider.mechanism, Mechanism::Api(_)) {
        return;
    }
    let label = provider.account.label.clone();
    match label.as_str() {
        "aliyun.com" => {
            unless_set(&mut record.id, pair_value(&provider.account.param_enc, "RecordId"));
        }
        "blazingfast.io" => blazingfast(reader, names, provider, record),
        "bind-nsupdate" => record.ttl = record.ttl.or(Some(NSUPDATE_TTL)),
        "cloud.google.com-v1" => {
            unless_set(&mut record.zone_id, pair_value(&provider.account.param_enc, "zone"));
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
            ttl(reader, record, &pair_value(&take(&mut provider.account.param_opt), "ttl"));
        }
        "netcup.com" => {
            unless_set(&mut record.zone, take(&mut provider.account.param_opt).expose().into())
        }
        "ns1.com" => unless_set(&mut record.zone, take(&mut provider.account.username)),
        "route53-v1" => hosted_zone(reader, names, record),
        "scaleway.com" => {
            let zone = username(reader, provider, "the zone");
            add_zone(reader, names, |host| (host, zone.clone()));
            ttl(reader, record, take(&mut provider.account.param_opt).expose());
        }
        "transip.nl" => {
            let host = take(&mut provider.account.param_enc).expose().to_owned();
            if !host.is_empty() {
                add_zone(reader, names, |zone| (host.clone(), zone));
            }
            ttl(reader, record, take(&mut provider.account.param_opt).expose());
        }
        _ => {}
    }
}

/// The value of `key` in a text of `key=value` pairs; empty if there is none.
fn pair_value(text: &Secret, key: &str) -> String {
    pair(text.expose(), key).unwrap_or_default().to_owned()
}

/// `domain` is the zone, `username` the name in it.
fn host_in_username(reader: &mut Reader<'_>, names: &mut [Hostname], provider: &mut Provider) {
    let host = username(reader, provider, "the name of the record in the zone, or @");
    add_zone(reader, names, |zone| (host.clone(), zone));
}

/// `param_opt` has the ids of zone and record, and the TTL. The script does not know the name of the zone.
fn blazingfast(
    reader: &mut Reader<'_>,
    names: &[Hostname],
    provider: &Provider,
    record: &mut RecordOptions,
) {
    let option = &provider.account.param_opt;
    unless_set(&mut record.id, pair_value(option, "record_id"));
    ttl(reader, record, &pair_value(option, "ttl"));
    let zone_id = pair_value(option, "zone_id");
    if zone_id.is_empty() {
        return;
    }
    unless_set(&mut record.zone_id, zone_id);
    if let Some(name) = names.first() {
        unless_set(&mut record.zone, RecordName::new(name.as_str(), None).likely_zone().into());
    }
}

/// `param_opt` has the ids of zone and record.
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

/// `domain` is the id of the zone and `lookup_host` is the name. If `domain` is a name, which an owner
/// may write who has chosen the provider from LuCI's list, nothing is moved.
fn hosted_zone(reader: &mut Reader<'_>, names: &mut [Hostname], record: &mut RecordOptions) {
    let Some(id) = reader.text("domain").filter(|id| !id.contains('.')) else {
        return;
    };
    unless_set(&mut record.zone_id, id.into());
    match reader.text("lookup_host").map(Hostname::parse) {
        Some(Ok(name)) => names.fill(name),
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

/// Takes `username`, which is not a credential here but holds `holds`.
fn username(reader: &mut Reader<'_>, provider: &mut Provider, holds: &str) -> String {
    if provider.account.username.is_empty() && !reader.is_list("username") {
        reader.lacks(format!("{} needs option 'username': {holds}", provider.account.label));
    }
    take(&mut provider.account.username)
}

/// Rewrites every name without `@` as `host@zone`. `split` gives host and zone of a name.
fn add_zone(
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
        // The owner may have written the host with its zone.
        let label = if host == "@" { "" } else { strip_zone(host, zone).unwrap_or(host) };
        match Hostname::parse(&format!("{label}@{zone}")) {
            Ok(full_name) => *name = full_name,
            Err(why) => {
                reader.fail("username", format!("{} and {}: {why}", quoted(host), quoted(zone)))
            }
        }
    }
}
