//! Azure DNS (<https://learn.microsoft.com/en-us/rest/api/dns/record-sets>), version 2018-05-01.

use serde_json::Value;

use super::interface::{INTERFACE, Interface, List, Reading, RecordModel, Writing, ZoneSource};
use super::meaning::{Codes, Meaning};
use super::record::{Goal, RECORD, Record, RecordForm, Write};
use super::records::refuse_special;
use super::rest::{Rest, list, object, refuse_account, text};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing, oauth, pair};
use crate::model::Url;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method};
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
            list: List::whole("GET ?api-version=2018-05-01", "/value"),
            name: "/name",
            id: "/name",
        },
        model: RecordModel::RrSet,
        read: Reading::CodeForName(read),
        form: RecordForm { address: "", ..RECORD },
        write: Writing::Code(write),
        ..INTERFACE
    }),
};

const OPTIONS: &str = "tenant=… subscription=… group=…: the ids of the tenant and the subscription, and the \
                       name of the resource group";

/// Requests an access token.
fn prepare(talk: &mut Conversation<'_>, rest: &mut Rest) -> ApiResult<()> {
    let account = talk.account;
    let options = account.param_enc.expose();
    let [tenant, subscription, group] = ["tenant", "subscription", "group"]
        .map(|key| encode(pair(options, key).unwrap_or_default()));
    if tenant.is_empty() || subscription.is_empty() || group.is_empty() {
        let reason = "option 'param_enc' is not complete".into();
        return Err(refuse_account(reason, &["write ", OPTIONS].concat()));
    }
    let mut login = Rest::new(&API, account);
    login.hide(&account.password);
    login.base = Url::https("login.microsoftonline.com");
    let form = format!(
        "grant_type=client_credentials&scope={}&client_id={}&client_secret={}",
        encode("https://management.azure.com/.default"),
        encode(&account.username),
        encode(account.password.expose()),
    );
    let token = oauth::token(talk, login, &format!("/{tenant}/oauth2/v2.0/token"), form)?;
    let zones =
        format!("/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/dnsZones");
    rest.below(&zones);
    rest.token("Bearer", &token);
    Ok(())
}

/// The path of the record set of `goal`.
fn path(zone: &Zone, goal: &Goal<'_>) -> String {
    format!("/{}/{}/{}?api-version=2018-05-01", zone.id, goal.kind(), goal.host(zone, "@"))
}

/// Where a set has the records of a type, and a record its address.
fn members(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "A" => ("ARecords", "ipv4Address"),
        _ => ("AAAARecords", "ipv6Address"),
    }
}

fn read(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    goals: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for goal in goals {
        let set = rest.get_or_null(talk, &path(zone, goal))?;
        let (name, kind) = (goal.fqdn.as_str(), goal.kind());
        if !text(&set, "/properties/targetResource/id").is_empty() {
            refuse_special(
                talk,
                &[*goal],
                (name, kind),
                "is an alias of another resource at Azure",
            );
        }
        let (array, member) = members(kind);
        let mut addresses = Vec::new();
        for record in list(&set, &["/properties/", array].concat()) {
            addresses.push(record[member].clone());
        }
        records.append(&mut Record::set(name, kind, set.pointer("/properties/TTL"), &addresses));
    }
    Ok(records)
}

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    for write in writes {
        let path = path(zone, write.goal);
        if write.is_removal() {
            rest.ask(talk, rest.request(Method::Delete, &path))?;
            continue;
        }
        let (array, member) = members(write.goal.kind());
        let records: Value =
            write.values.iter().map(|address| object(&mut [(member, address.clone())])).collect();
        let properties = object(&mut [("TTL", write.ttl.into()), (array, records)]);
        // PATCH keeps the other properties of a set.
        let method = if write.exists { Method::Patch } else { Method::Put };
        let body = object(&mut [("properties", properties)]);
        let answer = rest.send(talk, rest.json(method, &path, &body))?;
        if list(&rest.value(&answer)?, &["/properties/", array].concat()).is_empty() {
            return Err(rest.not_understood(&answer));
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
