//! Azure DNS (<https://learn.microsoft.com/en-us/rest/api/dns/record-sets>), version 2018-05-01.

use super::interface::{
    Calls, INTERFACE, Interface, List, Reading, RecordModel, RestClient, Shows, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning};
use super::record::{RECORD, RecordForm, Special};
use super::rest::refuse_account;
use super::{Api, Base, Need, Publishing, oauth, pair};
use crate::model::Url;
use crate::model::secret::Secret;
use crate::provider::Batch;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::text::percent::encode;

pub(super) const API: Api = Api {
    name: "azure",
    aliases: &[],
    title: "Azure DNS",
    base: Base::Https("management.azure.com/subscriptions"),
    needs: &[
        Need::new("username", "the client id of a service principal"),
        Need::new("password", "its client secret"),
        Need::new("param_enc", OPTIONS),
    ],
    batch: Batch::Account(20),
    rate: None,
    remark: "the service principal needs the role DNS Zone Contributor",
    publish: Publishing::Interface(&Interface {
        prepare: Some(prepare),
        codes: Codes {
            meanings: &[
                (
                    "#403",
                    Meaning::Forbidden,
                    "give the service principal the role DNS Zone Contributor",
                ),
                // Another change was made at the same time.
                ("#409", Meaning::Problem, ""),
                ("#412", Meaning::Problem, ""),
            ],
            ..Codes::HTTP
        },
        zones: ZoneSource::List {
            // The page behind `nextLink` would be at another URL. A list with that member is refused as too long.
            list: List::whole("GET ?api-version=2018-05-01", "/value"),
            name: "/name",
            id: "/name",
        },
        model: RecordModel::RrSet,
        read: Reading::Set { call: "GET /<zone>/<type>/<host>?api-version=2018-05-01", at: "" },
        form: RecordForm {
            name: "",
            apex: "@",
            kind: "",
            ttl: "/properties/TTL",
            values: "/properties/type:ARecords:AAAARecords",
            address: "/type:ipv4Address:ipv6Address",
            special: Special {
                places: &["/properties/targetResource/id"],
                usual: "",
                is: "is an alias of another resource at Azure",
            },
            ..RECORD
        },
        write: Writing::Each(Calls {
            create: r#"PUT /<zone>/<type>/<host>?api-version=2018-05-01 {"properties":{"TTL":<ttl>,"<type:ARecords:AAAARecords>":<values>}}"#,
            // PATCH keeps the other properties of a set.
            update: r#"PATCH /<zone>/<type>/<host>?api-version=2018-05-01 {"properties":{"TTL":<ttl>,"<type:ARecords:AAAARecords>":<values>}}"#,
            remove: "DELETE /<zone>/<type>/<host>?api-version=2018-05-01",
            shows: Shows::Values,
        }),
        ..INTERFACE
    }),
};

const OPTIONS: &str = "tenant=… subscription=… group=…: the ids of the tenant and the subscription, and the \
                       name of the resource group";

/// Requests an access token.
fn prepare(talk: &mut Conversation<'_>, rest: &mut RestClient) -> ApiResult<()> {
    let options = &talk.account.param_enc;
    let (tenant, subscription) = (id(options, "tenant"), id(options, "subscription"));
    let group = id(options, "group");
    if tenant.is_empty() || subscription.is_empty() || group.is_empty() {
        let reason = "option 'param_enc' is not complete".into();
        return Err(refuse_account(reason, &["write ", OPTIONS].concat()));
    }
    // Azure gives tokens out at another host.
    let mut login = rest.clone();
    login.base = Url::https("login.microsoftonline.com");
    let call = "/oauth2/v2.0/token grant_type=client_credentials\
                &scope=https%3a%2f%2fmanagement.azure.com%2f.default&client_id=<username>\
                &client_secret=<password>";
    let token = oauth::token(talk, login, &["POST /", &tenant, call].concat())?;
    let zones =
        format!("/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/dnsZones");
    rest.below(&zones);
    rest.token("Bearer", &token);
    Ok(())
}

/// The value of `key` in `param_enc` as it stands in a path; empty if it is missing.
fn id(options: &Secret, key: &str) -> String {
    encode(pair(options.expose(), key).unwrap_or_default())
}

#[cfg(test)]
mod tests;
