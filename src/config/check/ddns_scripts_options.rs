//! Options that a script of ddns-scripts uses in another way, for sections whose `service_name` is that
//! of the script. Their values are moved into the options that mean the same here.

use std::mem::take;

use super::reader::Reader;
use crate::model::name::strip_zone;
use crate::model::secret::Secret;
use crate::model::{Hostname, RecordOptions};
use crate::provider::api::pair;
use crate::provider::api::zone::RecordName;
use crate::provider::{Account, Mechanism, Provider};
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
    // A script gets the options as they are written, and an update URL names each in a placeholder.
    if !matches!(provider.mechanism, Mechanism::Api(_)) {
        return;
    }
    let account = &mut provider.account;
    match account.label.as_str() {
        "aliyun.com" => unless_set(&mut record.id, pair_value(&account.param_enc, "RecordId")),
        "blazingfast.io" => blazingfast(reader, names, account, record),
        "bind-nsupdate" => record.ttl = record.ttl.or(Some(NSUPDATE_TTL)),
        "cloud.google.com-v1" => google(reader, account, record),
        "cloudflare.com-v4" => cloudflare(reader, account, record),
        "digitalocean.com-v2" => digitalocean(reader, names, account, record),
        "gandi.net" | "hetzner.cloud" | "pdns" => host_in_username(reader, names, account),
        "namesilo.com-v1" => namesilo(reader, names, account, record),
        "netcup.com" => unless_set(&mut record.zone, take(&mut account.param_opt).expose()),
        "ns1.com" => unless_set(&mut record.zone, &take(&mut account.username)),
        "route53-v1" => hosted_zone(reader, names, record),
        "scaleway.com" => scaleway(reader, names, account, record),
        "transip.nl" => transip(reader, names, account, record),
        _ => {}
    }
}

/// `param_enc` has the name of the zone at Google, `param_opt` the TTL.
fn google(reader: &mut Reader<'_>, account: &mut Account, record: &mut RecordOptions) {
    unless_set(&mut record.zone_id, pair_value(&account.param_enc, "zone"));
    ttl_in_param_opt(reader, account, record);
}

/// `username` has the name in the zone, `param_opt` the id of the record.
fn digitalocean(
    reader: &mut Reader<'_>,
    names: &mut [Hostname],
    account: &mut Account,
    record: &mut RecordOptions,
) {
    host_in_username(reader, names, account);
    unless_set(&mut record.id, take(&mut account.param_opt).expose());
}

/// `username` has the name in the zone, `param_opt` the TTL among others.
fn namesilo(
    reader: &mut Reader<'_>,
    names: &mut [Hostname],
    account: &mut Account,
    record: &mut RecordOptions,
) {
    host_in_username(reader, names, account);
    ttl(reader, record, pair_value(&take(&mut account.param_opt), "ttl"));
}

/// `username` has the zone, `param_opt` the TTL.
fn scaleway(
    reader: &mut Reader<'_>,
    names: &mut [Hostname],
    account: &mut Account,
    record: &mut RecordOptions,
) {
    let zone = username(reader, account, "the zone");
    add_zone(reader, names, None, Some(&zone));
    ttl_in_param_opt(reader, account, record);
}

/// `param_enc` has the name in the zone, `param_opt` the TTL.
fn transip(
    reader: &mut Reader<'_>,
    names: &mut [Hostname],
    account: &mut Account,
    record: &mut RecordOptions,
) {
    let host = take(&mut account.param_enc);
    if !host.is_empty() {
        add_zone(reader, names, Some(host.expose()), None);
    }
    ttl_in_param_opt(reader, account, record);
}

/// The value of `key` in a text of `key=value` pairs; empty if there is none.
fn pair_value<'t>(text: &'t Secret, key: &str) -> &'t str {
    pair(text.expose(), key).unwrap_or_default()
}

/// `domain` is the zone, `username` the name in it.
fn host_in_username(reader: &mut Reader<'_>, names: &mut [Hostname], account: &mut Account) {
    let host = username(reader, account, "the name of the record in the zone, or @");
    add_zone(reader, names, Some(&host), None);
}

/// `param_opt` has the ids of zone and record, and the TTL. The script does not know the name of the zone.
fn blazingfast(
    reader: &mut Reader<'_>,
    names: &[Hostname],
    account: &Account,
    record: &mut RecordOptions,
) {
    let option = &account.param_opt;
    unless_set(&mut record.id, pair_value(option, "record_id"));
    ttl(reader, record, pair_value(option, "ttl"));
    let zone_id = pair_value(option, "zone_id");
    if zone_id.is_empty() {
        return;
    }
    unless_set(&mut record.zone_id, zone_id);
    // The script asks for no name of the zone, which an interface needs here.
    if let Some(name) = names.first() {
        unless_set(&mut record.zone, RecordName::new(name.as_str(), None).likely_zone());
    }
}

/// `param_opt` has the ids of zone and record.
fn cloudflare(reader: &mut Reader<'_>, account: &mut Account, record: &mut RecordOptions) {
    let words = take(&mut account.param_opt);
    for word in words.expose().split_ascii_whitespace() {
        match word.split_once('=') {
            Some(("zone_id", id)) => record.zone_id = Some(id.into()),
            Some(("dns_record_id", id)) => record.id = Some(id.into()),
            Some(("proxied", _)) => {
                reader.warn(
                    "param_opt",
                    format_args!("proxied= has no effect here; option 'proxied' says the same"),
                );
            }
            _ => {
                let text = format_args!("only zone_id= and dns_record_id= are known");
                reader.warn("param_opt", text);
            }
        }
    }
}

/// `domain` is the id of the zone and `lookup_host` is the name. If `domain` is a name, which an owner
/// may write who has chosen the provider from LuCI's list, nothing is moved.
fn hosted_zone(reader: &mut Reader<'_>, names: &mut [Hostname], record: &mut RecordOptions) {
    let Some(id) = reader.text("domain").filter(|id| !id.contains('.')) else {
        return;
    };
    unless_set(&mut record.zone_id, id);
    match reader.text("lookup_host") {
        Some(name) => {
            if let Some(name) = reader.sound("lookup_host", Hostname::parse(name)) {
                names.fill(name);
            }
        }
        None => reader.lacks(format_args!(
            "route53-v1 needs option 'lookup_host': the name of the record; 'domain' is the id of \
             the zone"
        )),
    }
}

fn unless_set(option: &mut Option<String>, text: &str) {
    if !text.is_empty() && option.is_none() {
        *option = Some(text.to_owned());
    }
}

/// Takes `param_opt`, which holds the TTL.
fn ttl_in_param_opt(reader: &mut Reader<'_>, account: &mut Account, record: &mut RecordOptions) {
    ttl(reader, record, take(&mut account.param_opt).expose());
}

fn ttl(reader: &mut Reader<'_>, record: &mut RecordOptions, text: &str) {
    match text.parse() {
        Ok(ttl) => record.ttl = record.ttl.or(Some(ttl)),
        Err(_) if text.is_empty() => {}
        Err(_) => reader.fail("param_opt", format_args!("is not a number of seconds")),
    }
}

/// Takes `username`, which is not a credential here but holds `holds`.
fn username(reader: &mut Reader<'_>, account: &mut Account, holds: &str) -> String {
    if account.username.is_empty() && !reader.is_list("username") {
        reader.lacks_option(&account.label, "username", Some(holds));
    }
    take(&mut account.username)
}

/// Rewrites every name without `@` as `host@zone`. What is not given of these two is the name itself.
fn add_zone(
    reader: &mut Reader<'_>,
    names: &mut [Hostname],
    host: Option<&str>,
    zone: Option<&str>,
) {
    for name in names {
        let whole = name.as_str();
        // The owner has named the zone here, so the option beside the name tells nothing new.
        if whole.trim_matches('@').contains('@') {
            continue;
        }
        let host = host.unwrap_or(whole).trim_matches('.');
        let zone = zone.unwrap_or(whole).trim_matches('.');
        // The owner may have written the host with its zone.
        let label = if host == "@" { "" } else { strip_zone(host, zone).unwrap_or(host) };
        match Hostname::parse(&format!("{label}@{zone}")) {
            Ok(full_name) => *name = full_name,
            Err(why) => {
                let text = format_args!("{} and {}: {why}", quoted(host), quoted(zone));
                reader.fail("username", text);
            }
        }
    }
}
