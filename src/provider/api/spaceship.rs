//! Spaceship (<https://docs.spaceship.dev/#tag/DNS-records>, and Namecheap's own Terraform provider,
//! <https://github.com/namecheap/terraform-provider-spaceship>).
//!
//! A record has no id: its type, name and address say which it is. A PUT adds a record, or changes only its
//! TTL.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Writing, ZoneSource,
};
use super::record::{RECORD, RecordForm, Special};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "spaceship",
    aliases: &["spaceship.com"],
    title: "Spaceship",
    base: Base::Https("spaceship.dev/api/v1"),
    needs: &[
        Need::new("username", "an API key that may read domains, and read and write DNS records"),
        Need::new("password", "its secret"),
    ],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 300, seconds: 300 }),
    remark: "a change is an addition and a removal; the time to live is 60 to 3600",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-API-Key", "<username>"), ("X-API-Secret", "<password>")],
        zones: ZoneSource::List {
            list: List {
                call: "GET /domains?take=100&skip=<page>",
                at: "/items",
                pages: Pages::Offset(100),
            },
            name: "/name",
            id: "/name",
        },
        model: RecordModel::RrSet,
        read: Reading::Zone(List {
            call: "GET /dns/records/<zone>?take=500&skip=<page>",
            at: "/items",
            pages: Pages::Offset(500),
        }),
        // Spaceship's products, such as redirections, have records of their own.
        form: RecordForm {
            apex: "@",
            address: "/address",
            special: Special {
                places: &["/group/type"],
                usual: "custom",
                is: "is a record of one of Spaceship's products",
            },
            ..RECORD
        },
        write: Writing::Values(Calls {
            create: r#"PUT /dns/records/<zone> {"items":[{"type":<type>,"name":<host>,"address":<address>,"ttl":<ttl>}]}"#,
            // The address tells which of several records of a name is meant.
            remove: r#"DELETE /dns/records/<zone> [{"type":<type>,"name":<host>,"address":</address>}]"#,
            ..CALLS
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
