//! Numbers by which records and accounts are recognised after a restart.

use super::table;
use crate::dns::Protocol;
use crate::model::{Family, HostPort, Hostname, RecordOptions};
use crate::provider::{Mechanism, Provider};

/// A number that changes with every option that decides where a record is published and with which
/// fields. It is stored, so the way it is computed must not change.
pub fn fingerprint(
    provider: &Provider,
    options: &RecordOptions,
    name: &Hostname,
    family: Family,
) -> u64 {
    // A row of the table stands for the same provider, also if a later version has another URL for it.
    let template = match provider.row() {
        Some(_) => None,
        None => provider.template(family),
    };
    let mut parts = vec![
        own_name(provider).or(template.map(|template| template.url.as_str())),
        template.and_then(|template| template.answer.as_deref()),
        Some(provider.account.username.as_str()),
        Some(provider.account.password.expose()),
        Some(provider.account.param_enc.expose()),
        Some(provider.account.param_opt.expose()),
        Some(name.as_str()),
        Some(family.record_type()),
    ];
    let server = provider.account.server.as_ref().map(HostPort::to_string);
    // Without a server there is no part for it, not even an empty one: that would change the stored number of
    // every other record.
    if server.is_some() {
        parts.push(server.as_deref());
    }
    let ttl = options.ttl.map(|ttl| ttl.to_string());
    let proxied = options.proxied.map(|proxied| if proxied { "1" } else { "0" });
    // Left out if all are unset, so that the fingerprint of a record without options does not depend on
    // which options there are. With `share` our record is the same as without it.
    if *options != (RecordOptions { share: options.share, ..RecordOptions::default() }) {
        parts.extend([options.zone.as_deref(), options.zone_id.as_deref()]);
        parts.extend([options.id.as_deref(), ttl.as_deref(), proxied]);
    }
    // A script may read any option of the section.
    if let Some(script) = provider.script() {
        for (name, value) in &script.options {
            parts.extend([Some(name.as_str()), Some(value.expose())]);
        }
    }
    fnv(&parts)
}

/// The fingerprint of a record of a host in the local network: another host of the same name is another record, so
/// that it does not take over an address.
pub fn fingerprint_of_host(fingerprint: u64, host: &str) -> u64 {
    fnv(&[Some(&fingerprint.to_string()), Some(host)])
}

/// A number that is the same for all sections with the same account. It is stored with the values that
/// were learned there.
pub fn account(provider: &Provider) -> u64 {
    let name = own_name(provider);
    // With a name of its own, a provider stays the same account when a later version knows another URL for it.
    let [v4, v6] = [Family::V4, Family::V6].map(|family| match name {
        Some(_) => None,
        None => provider.template(family).map(|template| template.url.as_str()),
    });
    let server = provider.account.server.as_ref().map(HostPort::to_string);
    let mut parts = vec![
        name,
        v4,
        v6,
        Some(provider.account.username.as_str()),
        Some(provider.account.password.expose()),
        Some(provider.account.param_enc.expose()),
        Some(provider.account.param_opt.expose()),
        server.as_deref(),
    ];
    // One job carries the changes of all sections of an account, so those with TLS have one of their own.
    if provider.account.protocol == Protocol::Tls {
        parts.push(Some("tls"));
    }
    fnv(&parts)
}

/// What identifies a provider even if its URLs change: the program's own name for it, or its script.
pub fn own_name(provider: &Provider) -> Option<&str> {
    match &provider.mechanism {
        Mechanism::Api(api) => Some(api.name),
        Mechanism::Url(_) => provider.row().map(table::Row::name),
        Mechanism::Script(script) => script.file.to_str(),
    }
}

/// FNV-1a with 64 bits (<https://datatracker.ietf.org/doc/draft-eastlake-fnv/>). Each part ends with a
/// byte that does not occur in UTF-8, so that moving a character from one part to the next changes the
/// number.
fn fnv(parts: &[Option<&str>]) -> u64 {
    // std's hasher may give another number in another version of Rust, and this number is stored.
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for &byte in [part.unwrap_or_default().as_bytes(), &[0xff]].concat().iter() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}
