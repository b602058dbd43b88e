//! Porkbun (<https://porkbun.com/api/json/v3/documentation>).
//!
//! Porkbun refuses an update that would change nothing, so each record is read first.

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::model::secret::Secret;
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "porkbun",
    aliases: &["porkbun.com-v3"],
    title: "Porkbun",
    base: Base::Https("api.porkbun.com/api/json/v3"),
    needs: &[
        Need::new("username", "the API key (pk1_...)"),
        Need::new("password", "the secret key (sk1_...)"),
    ],
    batch: Batch::Account(20),
    // Porkbun's support names this limit.
    rate: Some(Rate { requests: 1, seconds: 1 }),
    remark: "API access must be switched on for each domain",
    publish: Publishing::Interface(&Interface {
        prepare: Some(|talk, rest| {
            rest.hide(&Secret::new(&*talk.account.username));
            Ok(())
        }),
        codes: Codes {
            success: Success::Is("/status", "SUCCESS"),
            // Only the message of an error tells the cause.
            code: &["/message"],
            meanings: &[
                ("*opted in", Meaning::Forbidden, OPT_IN),
                ("*API access", Meaning::Forbidden, OPT_IN),
                ("*API key", Meaning::Credentials, ""),
                ("*unable to create the DNS record", Meaning::Refused, ALIAS),
                ("*unable to", Meaning::Problem, ""),
            ],
        },
        zones: ZoneSource::List {
            list: List {
                // Porkbun's documentation has numbers as strings.
                call: r#"POST /domain/listAll {"apikey":<username>,"secretapikey":<password>,"start":"<page>"}"#,
                at: "/domains",
                pages: Pages::Offset(1000),
            },
            name: "/domain",
            id: "/domain",
        },
        model: RecordModel::ByIdReadFirst,
        read: Reading::Name(List::whole(
            r#"POST /dns/retrieveByNameType/<domain>/<type>/<host> {"apikey":<username>,"secretapikey":<password>}"#,
            "/records",
        )),
        form: RecordForm { names: NameForm::Complete, ..RECORD },
        // An edit resets every property that it lacks.
        write: Writing::Each(Calls {
            create: r#"POST /dns/create/<domain> {"apikey":<username>,"secretapikey":<password>,"name":<host>,"type":<type>,"content":<address>,"ttl":"<ttl|600>"}"#,
            update: r#"POST /dns/edit/<domain>/<id> {"apikey":<username>,"secretapikey":<password>,"name":<host>,"type":<type>,"content":<address>,"ttl":"<ttl|600>"}"#,
            remove: r#"POST /dns/delete/<domain>/<id> {"apikey":<username>,"secretapikey":<password>}"#,
            shows: Shows::Nothing,
        }),
        // This is Porkbun's least TTL.
        new_ttl: 600,
        ..INTERFACE
    }),
};

// A new domain has both, and Porkbun's message does not name them.
const ALIAS: &str = "delete the ALIAS or CNAME record of this name at Porkbun, if it has one";
const OPT_IN: &str = "switch on API ACCESS for the domain, in its details at Porkbun";

#[cfg(test)]
mod tests;
