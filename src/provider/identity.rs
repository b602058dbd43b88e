//! Numbers that tell records and accounts apart across restarts.

use super::table;
use crate::model::{Family, HostPort, Hostname, RecordOptions};
use crate::provider::{Mechanism, Provider};

/// A number that changes when anything changes that decides where and as what a record is
/// published. It is stored, so it must stay what it is.
pub fn fingerprint(
    provider: &Provider,
    options: &RecordOptions,
    name: &Hostname,
    family: Family,
) -> u64 {
    let template = provider.template(family).filter(|_| provider.row.is_none());
    let ttl = options.ttl.map(|ttl| ttl.to_string());
    let proxied = options.proxied.map(|proxied| if proxied { "1" } else { "0" });
    let zone = [options.zone.as_deref(), options.zone_id.as_deref(), options.id.as_deref()];
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
    if server.is_some() {
        parts.push(server.as_deref());
    }
    if *options != RecordOptions::default() {
        parts.extend(zone);
        parts.extend([ttl.as_deref(), proxied]);
    }
    // Any option may mean something to a script.
    if let Some(script) = provider.script() {
        for (name, value) in &script.options {
            parts.extend([Some(name.as_str()), Some(value.expose())]);
        }
    }
    fnv(&parts)
}

/// A number that sections share whose requests go to the same account. It is stored with what was
/// learned there.
pub fn account(provider: &Provider) -> u64 {
    let own = own_name(provider);
    let url = |family| {
        let template = provider.template(family).filter(|_| own.is_none());
        template.map(|template| template.url.as_str())
    };
    let server = provider.account.server.as_ref().map(HostPort::to_string);
    fnv(&[
        own,
        url(Family::V4),
        url(Family::V6),
        Some(provider.account.username.as_str()),
        Some(provider.account.password.expose()),
        Some(provider.account.param_enc.expose()),
        Some(provider.account.param_opt.expose()),
        server.as_deref(),
    ])
}

/// What a provider is known by that stays when its URLs change: the program's own name of it, or its
/// script.
pub fn own_name(provider: &Provider) -> Option<&str> {
    match &provider.mechanism {
        Mechanism::Api(api) => Some(api.name),
        Mechanism::Url(_) => provider.row.map(table::Row::name),
        Mechanism::Script(script) => script.file.to_str(),
    }
}

/// FNV-1a with 64 bits (<https://datatracker.ietf.org/doc/draft-eastlake-fnv/>), each part ended by
/// a byte that UTF-8 does not have.
fn fnv(parts: &[Option<&str>]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.unwrap_or_default().bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
