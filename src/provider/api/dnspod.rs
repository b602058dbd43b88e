//! DNSPod at Tencent Cloud (<https://www.tencentcloud.com/document/api/1157>), version 2021-03-23.
//!
//! A record is written as a whole, so it is read before.

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::record::{RECORD, RecordForm};
use super::tencent::{CODES, sign};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "dnspod",
    aliases: &["dnspod.cn-v3"],
    title: "DNSPod",
    base: Base::Https("dnspod.tencentcloudapi.com"),
    needs: &[
        Need::new("username", "the SecretId of an API key"),
        Need::new("password", "its SecretKey"),
    ],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 20, seconds: 1 }),
    remark: "the user of the key needs QcloudDNSPodFullAccess",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-TC-Version", "2021-03-23")],
        sign: Some(sign),
        codes: CODES,
        zones: ZoneSource::List {
            list: List {
                // More would be allowed, but the entry of each zone is long.
                call: r#"POST / {"Action":"DescribeDomainList","Limit":500,"Offset":<page>}"#,
                at: "/Response/DomainList",
                pages: Pages::Offset(500),
            },
            name: "/Name",
            id: "/Name",
        },
        model: RecordModel::ByIdReadFirst,
        read: Reading::Name(List::whole(
            r#"POST / {"Action":"DescribeRecordList","Domain":<zone>,"Subdomain":<host>,"RecordType":<type>,"Limit":100}"#,
            "/Response/RecordList",
        )),
        form: RecordForm {
            name: "/Name",
            apex: "@",
            kind: "/Type",
            id: "/RecordId",
            ttl: "/TTL",
            address: "/Value",
            ..RECORD
        },
        write: Writing::Each(Calls {
            // 默认 is the line for all who ask. A changed record keeps its line.
            create: r#"POST / {"Action":"CreateRecord","Domain":<zone>,"SubDomain":<host>,"RecordType":<type>,"RecordLine":"默认","Value":<address>,"TTL":<ttl>}"#,
            update: r#"POST / {"Action":"ModifyRecord","Domain":<zone>,"RecordId":<id>,"SubDomain":<host>,"RecordType":<type>,"RecordLine":</Line|"默认">,"Value":<address>,"TTL":<ttl>}"#,
            remove: r#"POST / {"Action":"DeleteRecord","Domain":<zone>,"RecordId":<id>}"#,
            shows: Shows::Something("/Response/RecordId"),
        }),
        // This is the least TTL of DNSPod's free plan.
        new_ttl: 600,
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
