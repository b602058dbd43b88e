//! Eranet, Now.cn and TNET (<https://www.todaynic.com/docApi/>; only the code of other programs could be
//! read, such as ddns-go). All three have the same interface, with signatures as those of Alibaba Cloud.
//!
//! The interface cannot list the zones of an account. Without the option `zone`, the zone is assumed to be the
//! name without its first label.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::sign_query;
use crate::provider::{Batch, Request};

pub(super) const API: Api = Api {
    name: "eranet",
    aliases: &[],
    title: "Eranet",
    base: Base::Https("www.eranet.com/api/Dns"),
    needs: NEEDS,
    batch: Batch::Account(20),
    rate: None,
    remark: REMARK,
    publish: Publishing::Interface(&INTERFACE_OF_ALL),
};

pub(super) const NOWCN: Api = Api {
    name: "nowcn",
    aliases: &[],
    title: "Now.cn",
    base: Base::Https("api.now.cn/api/Dns"),
    needs: NEEDS,
    batch: Batch::Account(20),
    rate: None,
    remark: REMARK,
    publish: Publishing::Interface(&INTERFACE_OF_ALL),
};

pub(super) const TNET: Api = Api {
    name: "tnet",
    aliases: &[],
    title: "TNET",
    base: Base::Https("www.tnet.hk/api/Dns"),
    needs: NEEDS,
    batch: Batch::Account(20),
    rate: None,
    remark: REMARK,
    publish: Publishing::Interface(&INTERFACE_OF_ALL),
};

const NEEDS: &[Need] =
    &[Need::new("username", "the AccessInstanceID"), Need::new("password", "the secret key")];

const REMARK: &str = "'zone' is needed unless the zone is the name without its first label";

const INTERFACE_OF_ALL: Interface = Interface {
    sign: Some(sign),
    codes: Codes {
        // The error is a sentence.
        code: &["/error"],
        meanings: &[("*ignature", Meaning::Credentials, ""), ("*Access", Meaning::Credentials, "")],
        ..Codes::HTTP
    },
    zones: ZoneSource::ProbeCode(|_, _, name| Ok(Zone::new(name, name))),
    model: RecordModel::ByIdReadFirst,
    read: Reading::Name(List::whole(
        "GET /DescribeRecordIndex?Domain=<zone>&Host=<host>&Type=<type>",
        "/Data",
    )),
    form: RecordForm { name: "/Host", apex: "@", kind: "/Type", address: "/Value", ..RECORD },
    write: Writing::Each(Calls {
        create: "GET /AddDomainRecord?Domain=<zone>&Host=<host>&Type=<type>&Value=<address>&Ttl=<ttl>",
        update: "GET /UpdateDomainRecord?Id=<id>&Domain=<zone>&Host=<host>&Type=<type>&Value=<address>\
                 &Ttl=<ttl|600>",
        remove: "GET /DeleteDomainRecord?Id=<id>",
        shows: Shows::Nothing,
    }),
    new_ttl: 600,
    ..INTERFACE
};

fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    sign_query(talk, request, &[("AccessInstanceID", &talk.account.username)])
}

#[cfg(test)]
mod tests;
