//! Dynadot (<https://www.dynadot.com/domain/api-document>, RESTful API, version 2).
//!
//! Its `set_dns` replaces all records of a zone, unless it is told to add records. `remove_dns` removes
//! those with the given values. The records of the zone's own name are in one list, all others in another. A
//! zone has one TTL for all records.
//!
//! Documentation and other programs differ in the letters of record types, `a` or `A`: both are read.

use super::interface::{
    CALLS, Calls, INTERFACE, Interface, List, Reading, RecordModel, RestClient, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{Goal, RECORD, Record, RecordForm};
use super::rest::list;
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::sign::hmac_sha256;
use crate::provider::{Batch, Rate, Request, Scope, Verdict};
use crate::text::base64;

pub(super) const API: Api = Api {
    name: "dynadot",
    aliases: &[],
    title: "Dynadot",
    base: Base::Https("api.dynadot.com/restful/v2/domains"),
    needs: &[Need::new("username", "an API key"), Need::new("password", "the API secret")],
    batch: Batch::Account(20),
    rate: Some(Rate { requests: 1, seconds: 1 }),
    remark: "a change is an addition and a removal; 'ttl' has no effect, because it belongs to the zone",
    publish: Publishing::Interface(&Interface {
        headers: &[("Authorization", "Bearer <username>"), ("Accept", "application/json")],
        sign: Some(sign),
        // The HTTP status of a refusal may be 200.
        codes: Codes {
            success: Success::Is("/code", "200"),
            code: &["/code"],
            meanings: &[
                ("401", Meaning::Credentials, ""),
                ("403", Meaning::Forbidden, ""),
                ("404", Meaning::NotFound, ""),
                ("429", Meaning::Limited, ""),
                ("5", Meaning::Problem, ""),
            ],
        },
        zones: ZoneSource::List {
            list: List::numbered("GET ?page=<page>&page_size=100", "/data/domain_info_list", 100),
            name: "/domain_name",
            id: "/domain_name",
        },
        model: RecordModel::RrSet,
        read: Reading::Code(read),
        form: RecordForm {
            name: "/sub_host",
            kind: "/record_type",
            kinds: ["a", "aaaa"],
            address: "/record_value1",
            ..RECORD
        },
        write: Writing::Values(Calls {
            create: r#"POST /<zone>/records {"dns_sub_list":[{"sub_host":<host>,"record_type":<type:a:aaaa>,"record_value1":<address>}],"add_dns_to_current_setting":true}"#,
            remove: r#"DELETE /<zone>/records {"dns_sub_list":[{"sub_host":<host>,"record_type":</record_type>,"record_value1":</record_value1>}]}"#,
            ..CALLS
        }),
        ..INTERFACE
    }),
};

/// Reads the records of the zone's own name, and all others.
fn read(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    _: &[&Goal<'_>],
) -> ApiResult<Vec<Record>> {
    let body = rest.ask(talk, rest.get(&["/", &zone.id, "/records"].concat()))?;
    let mut records = Vec::new();
    for place in ["/data/glue_info/dns_main_list", "/data/glue_info/dns_sub_list"] {
        for raw in list(&body, place) {
            let mut record = Record::of(&rest.interface.form, zone, None, raw);
            record.kind.make_ascii_uppercase();
            records.push(record);
        }
    }
    if records.is_empty() {
        // An addition would take the zone away from its present name servers, or from parking.
        let reason = format!("{} has no records at Dynadot", zone.name);
        let advice = "choose Dynadot DNS for the domain, and add a record there";
        return Err(Verdict::refused(Scope::Record, reason, advice));
    }
    Ok(records)
}

/// Moves a record of the zone's own name to its list, and signs the request.
fn sign(talk: &Conversation<'_>, request: &mut Request) -> ApiResult<()> {
    let account = talk.account;
    let mut body = request.body_text().to_owned();
    let without_host = body.replace(r#","sub_host":"""#, "");
    if without_host != body {
        body = without_host.replace("dns_sub_list", "dns_main_list");
        request.body = Some(Secret::new(&*body));
    }
    // Between path and body an id of the request could stand.
    let text = [&account.username, "\n", request.url.target(), "\n\n", &body].concat();
    let signature = hmac_sha256(account.password.expose().as_bytes(), &text);
    request.add_header("X-Signature", base64::encode(&signature));
    Ok(())
}

#[cfg(test)]
mod tests;
