//! Gandi LiveDNS (<https://api.gandi.net/docs/livedns/>).

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "gandi",
    aliases: &["gandi.net"],
    title: "Gandi",
    base: Base::Https("api.gandi.net/v5/livedns/domains"),
    needs: &[Need::new(
        "password",
        "a personal access token that may manage the domain's DNS (it expires after a year \
                at the latest), or an API key of old",
    )],
    batch: Batch::Account(20),
    rate: None,
    remark: "the password is a personal access token, or an API key, which has 24 characters",
    publish: Publishing::Interface(&Interface {
        prepare: Some(|talk, rest| {
            let password = &talk.account.password;
            let scheme = if password.expose().len() == API_KEY { "Apikey" } else { "Bearer" };
            rest.token(scheme, password);
            Ok(())
        }),
        zones: ZoneSource::List {
            list: List::numbered("GET ?per_page=100&page=<page>", "", 100),
            name: "/fqdn",
            id: "/fqdn",
        },
        model: RecordModel::RrSet,
        read: Reading::Set { call: "GET /<zone>/records/<host>/<type>", at: "" },
        form: RecordForm {
            name: "",
            apex: "@",
            ttl: "/rrset_ttl",
            values: "/rrset_values",
            address: "",
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: PUT,
            update: PUT,
            remove: "DELETE /<zone>/records/<host>/<type>",
            shows: Shows::Nothing,
        }),
        ..INTERFACE
    }),
};

// The path has the type, because a PUT to the name alone replaces its records of all types.
const PUT: &str =
    r#"PUT /<zone>/records/<host>/<type> {"rrset_values":<values>,"rrset_ttl":<ttl>}"#;

/// Length of an API key, the former kind of credentials. A personal access token is longer.
const API_KEY: usize = 24;

#[cfg(test)]
mod tests;
