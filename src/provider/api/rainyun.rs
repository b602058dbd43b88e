//! Rainyun (<https://s.apifox.cn/a4595cc8-44c5-4678-a2a3-eed7738dab03/api-153559362>; only the code of
//! other programs could be read: ddns-go, lego).

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneRef, ZoneSource,
};
use super::meaning::{Codes, Success};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::provider::Batch;

pub(super) const API: Api = Api {
    name: "rainyun",
    aliases: &[],
    title: "Rainyun",
    base: Base::Https("api.v2.rainyun.com/product/domain"),
    needs: &[Need::new("password", "an API key")],
    batch: Batch::Account(20),
    rate: None,
    remark: "",
    publish: Publishing::Interface(&Interface {
        headers: &[("x-api-key", "<password>")],
        codes: Codes { success: Success::Is("/code", "200"), code: &["/code"], meanings: &[] },
        zones: ZoneSource::List {
            // The options are JSON: {"columnFilters":{},"sort":[],"page":<page>,"perPage":100}.
            list: List::numbered(
                "GET ?options=%7B%22columnFilters%22%3A%7B%7D%2C%22sort%22%3A%5B%5D%2C%22page%22%3A<page>\
                 %2C%22perPage%22%3A100%7D",
                "/data/Records",
                100,
            ),
            name: "/domain",
            id: "/id",
        },
        zone_ref: ZoneRef::IdAndName,
        model: RecordModel::ByIdReadFirst,
        read: Reading::Zone(List::numbered(
            "GET /<zone>/dns/?limit=100&page_no=<page>",
            "/data/Records",
            100,
        )),
        form: RecordForm {
            name: "/host",
            apex: "@",
            id: "/record_id",
            address: "/value",
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: r#"POST /<zone>/dns {"host":<host>,"line":"DEFAULT","level":10,"ttl":<ttl>,"type":<type>,"value":<address>,"record_id":0}"#,
            update: r#"PATCH /<zone>/dns {"host":<host>,"line":</line|"DEFAULT">,"level":</level|10>,"ttl":<ttl>,"type":<type>,"value":<address>,"record_id":<id>}"#,
            remove: "DELETE /<zone>/dns?record_id=<id>",
            shows: Shows::Nothing,
        }),
        new_ttl: 600,
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
