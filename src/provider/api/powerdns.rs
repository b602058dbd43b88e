//! `PowerDNS` Authoritative Server (<https://doc.powerdns.com/authoritative/http-api/zone.html>).
//!
//! Changes of any number of names of a zone are one request, which is carried out as a whole or not
//! at all.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Removal, Shows, Writing, ZoneSource,
};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::model::Url;
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "powerdns",
    aliases: &["pdns"],
    title: "PowerDNS",
    base: Base::ParamOpt,
    needs: &[
        Need::new("password", "the server's api-key"),
        Need::new("param_opt", "the server's URL, such as http://192.0.2.1:8081"),
    ],
    batch: Batch::Account(50),
    rate: None,
    remark: "the server needs webserver=yes, api=yes, and the router in webserver-allow-from",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-API-Key", "<password>")],
        prepare: Some(|talk, rest| {
            rest.below(zones_path(talk.account.base.as_ref()));
            Ok(())
        }),
        zones: ZoneSource::List {
            // Without `dnssec=false` the server reads the DNSSEC state of every zone, which is slow.
            list: List::whole("GET ?dnssec=false", ""),
            name: "/name",
            id: "/name",
        },
        model: RecordModel::RrSet,
        // Old servers ignore `rrset_name` and return the whole zone.
        read: Reading::NameOrZone {
            name: List::whole("GET /<domain>.?rrset_name=<fqdn>.", "/rrsets"),
            zone: List::whole("GET /<domain>.", "/rrsets"),
            most_names: 3,
        },
        form: RecordForm {
            names: NameForm::Complete,
            values: "/records",
            value: r#"{"content":</content>,"disabled":</disabled|false>}"#,
            ..RECORD
        },
        write: Writing::Together {
            update: PATCH,
            remove: Removal::OneRequest(PATCH),
            one: Calls { create: SET, update: SET, remove: SET, shows: Shows::Nothing },
            alone: None,
        },
        ..INTERFACE
    }),
};

const PATCH: &str = r#"PATCH /<domain>. {"rrsets":<changes>}"#;
// REPLACE with an empty list of records removes the set.
const SET: &str =
    r#"{"name":"<fqdn>.","type":<type>,"ttl":<ttl|300>,"changetype":"REPLACE","records":<values>}"#;

/// Where the zones of the server are, seen from the URL in `param_opt`, which may name the server.
fn zones_path(base: Option<&Url>) -> &'static str {
    match base.is_some_and(|base| base.path().contains("/api/v1/")) {
        true => "/zones",
        false => "/api/v1/servers/localhost/zones",
    }
}

#[cfg(test)]
mod tests;
