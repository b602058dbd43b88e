//! West.cn (<https://www.west.cn/CustomerCenter/doc/apiv2.html>; only the code of other programs could be read:
//! NewFuture/DDNS, dnsmgr, acme.sh).
//!
//! A key is the MD5 sum of a password: of the account's password for the API, or of a domain's own password.
//! Error messages are in GBK, so they are not readable here.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Reading, RecordModel, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{RECORD, RecordForm};
use super::{Api, Base, Need, Publishing};
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::md5::md5;
use crate::provider::{Account, Batch, Request};
use crate::text::percent;

pub(super) const API: Api = Api {
    name: "westcn",
    aliases: &["west.cn"],
    title: "West.cn",
    base: Base::Https("api.west.cn/API/v2/domain/dns"),
    needs: &[Need::new("password", "the account's API password, or the domain's ApiKey")],
    batch: Batch::Account(20),
    rate: None,
    remark: "with an API password, 'username' holds the name of the account; without, the password is the \
             domain's ApiKey",
    publish: Publishing::Interface(&Interface {
        prepare: Some(|talk, rest| {
            rest.hide(&Secret::new(key(talk.account)));
            Ok(())
        }),
        sign: Some(add_credentials),
        codes: Codes {
            success: Success::Is("/code", "200"),
            code: &["/code", "/msg"],
            meanings: &[("*no records", Meaning::Success, "")],
        },
        zones: ZoneSource::Probe(LIST),
        model: RecordModel::ByIdReadFirst,
        read: Reading::Zone(LIST),
        form: RecordForm {
            name: "/hostname",
            apex: "@",
            kind: "/record_type",
            id: "/record_id",
            ttl: "/record_ttl",
            address: "/record_value",
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: "POST / act=dnsrec.add&domain=<domain>&hostname=<host>&record_type=<type>\
                     &record_value=<address>&record_ttl=<ttl>",
            update: "POST / act=dnsrec.modify&domain=<domain>&record_id=<id>&hostname=<host>&record_type=<type>\
                     &record_value=<address>&record_ttl=<ttl|600>&record_line=</record_line>",
            remove: "POST / act=dnsrec.remove&domain=<domain>&record_id=<id>",
            ..CALLS
        }),
        new_ttl: 600,
        ..INTERFACE
    }),
};

/// Adds the account and its key, or the key of the domain, to the form.
fn add_credentials(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let (name, key) = (&talk.account.username, key(talk.account));
    let form = request.body_text();
    let form = if name.is_empty() {
        [form, "&apidomainkey=", &percent::encode(&key)].concat()
    } else {
        [form, "&username=", &percent::encode(name), "&apikey=", &percent::encode(&key)].concat()
    };
    request.body = Some(Secret::new(form));
    Ok(())
}

/// The key that is sent: that of the domain, or that of the account, which is the MD5 sum of its password. The
/// owner may give the sum, too.
fn key(account: &Account) -> String {
    let password = account.password.expose();
    let is_sum = password.len() == 32 && password.bytes().all(|c| c.is_ascii_hexdigit());
    if account.username.is_empty() || is_sum { password.to_owned() } else { md5(password) }
}

const LIST: List = List::numbered(
    "POST / act=dnsrec.list&domain=<domain>&limit=100&pageno=<page>",
    "/body/items",
    100,
);

#[cfg(test)]
mod tests;
