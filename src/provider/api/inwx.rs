//! INWX's API (<https://www.inwx.com/en/help/apidoc>): JSON-RPC.
//!
//! The credentials are in each request, because a session would need a cookie. No document says that INWX
//! accepts them there. Other programs send them so.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{NameForm, RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "inwx",
    aliases: &["inwx.com-api"],
    title: "INWX",
    base: Base::Https("api.domrobot.com/jsonrpc"),
    needs: &[
        Need::new(
            "username",
            "the user name of an account or sub-account without two-factor log-in",
        ),
        Need::new("password", "its password"),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "an account with two-factor log-in needs a sub-account without it, or 'inwx.com'",
    publish: Publishing::Interface(&Interface {
        codes: Codes {
            // The HTTP status is always 200.
            success: Success::Is("/code", "1000"),
            code: &["/code"],
            meanings: &[
                ("2200", Meaning::Credentials, ""),
                ("2201", Meaning::Forbidden, ""),
                ("2303", Meaning::NotFound, ""),
                // The codes are those of EPP (RFC 5730 section 3): 24xx and 25xx are failures of the server.
                ("24", Meaning::Problem, ""),
                ("25", Meaning::Problem, ""),
            ],
        },
        zones: ZoneSource::List {
            list: List::numbered(
                r#"POST / {"method":"nameserver.list","params":{"user":<username>,"pass":<password>,"page":<page>,"pagelimit":100}}"#,
                "/resData/domains",
                100,
            ),
            name: "/domain",
            id: "/domain",
        },
        model: RecordModel::ByIdReadFirst,
        read: Reading::Zone(List::whole(
            r#"POST / {"method":"nameserver.info","params":{"user":<username>,"pass":<password>,"domain":<domain>}}"#,
            "/resData/record",
        )),
        form: RecordForm { names: NameForm::Complete, ..RECORD },
        write: Writing::Each(Calls {
            create: r#"POST / {"method":"nameserver.createRecord","params":{"user":<username>,"pass":<password>,"domain":<domain>,"type":<type>,"name":<fqdn>,"content":<address>,"ttl":<ttl>}}"#,
            update: r#"POST / {"method":"nameserver.updateRecord","params":{"user":<username>,"pass":<password>,"id":"<id>","content":<address>,"ttl":<set_ttl>}}"#,
            remove: r#"POST / {"method":"nameserver.deleteRecord","params":{"user":<username>,"pass":<password>,"id":"<id>"}}"#,
            shows: Shows::Nothing,
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
