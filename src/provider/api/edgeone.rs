//! EdgeOne of Tencent Cloud (<https://cloud.tencent.com/document/api/1552/80720>), version 2022-09-01.

use super::interface::{
    Calls, INTERFACE, Interface, List, Pages, Reading, RecordModel, Shows, Writing, ZoneRef,
    ZoneSource,
};
use super::record::{NameForm, RECORD, RecordForm};
use super::tencent::{CODES, sign};
use super::{Api, Base, Need, Publishing};
use crate::provider::{Batch, Rate};

pub(super) const API: Api = Api {
    name: "edgeone",
    aliases: &[],
    title: "EdgeOne",
    base: Base::Https("teo.tencentcloudapi.com"),
    needs: &[
        Need::new("username", "the SecretId of an API key of Tencent Cloud"),
        Need::new("password", "its SecretKey"),
    ],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 20, seconds: 1 }),
    remark: "for sites whose name servers are those of EdgeOne; the user of the key needs \
             QcloudTEOFullAccess",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-TC-Version", "2022-09-01")],
        sign: Some(sign),
        codes: CODES,
        zones: ZoneSource::List {
            list: List {
                call: r#"POST / {"Action":"DescribeZones","Limit":100,"Offset":<page>}"#,
                at: "/Response/Zones",
                pages: Pages::Offset(100),
            },
            name: "/ZoneName",
            id: "/ZoneId",
        },
        zone_ref: ZoneRef::Id,
        model: RecordModel::ByIdReadFirst,
        read: Reading::Name(List::whole(
            r#"POST / {"Action":"DescribeDnsRecords","ZoneId":<zone>,"Limit":1000,"Filters":[{"Name":"name","Values":[<fqdn>]},{"Name":"type","Values":[<type>]}]}"#,
            "/Response/DnsRecords",
        )),
        form: RecordForm {
            name: "/Name",
            names: NameForm::Complete,
            kind: "/Type",
            id: "/RecordId",
            ttl: "/TTL",
            address: "/Content",
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: r#"POST / {"Action":"CreateDnsRecord","ZoneId":<zone>,"Name":<fqdn>,"Type":<type>,"Content":<address>,"TTL":<ttl>}"#,
            update: r#"POST / {"Action":"ModifyDnsRecords","ZoneId":<zone>,"DnsRecords":[{"ZoneId":<zone>,"RecordId":<id>,"Name":<fqdn>,"Type":<type>,"Location":</Location>,"Content":<address>,"TTL":<ttl>,"Weight":</Weight>}]}"#,
            remove: r#"POST / {"Action":"DeleteDnsRecords","ZoneId":<zone>,"RecordIds":[<id>]}"#,
            shows: Shows::Nothing,
        }),
        ..INTERFACE
    }),
};

#[cfg(test)]
mod tests;
