//! IONOS (<https://developer.hosting.ionos.com/docs/dns>).
//!
//! Changes of any number of names of a zone are one request.

use super::interface::{
    INTERFACE, Interface, List, Reading, RecordModel, Writing, ZoneRef, ZoneSource,
};
use super::record::{RECORD, Record, RecordForm, Write};
use super::rest::{Rest, member};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::model::json::Json;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "ionos",
    aliases: &[],
    title: "IONOS",
    base: Base::Https("api.hosting.ionos.com/dns/v1/zones"),
    needs: &[Need::new(
        "password",
        "an API key in the form prefix.secret, of the contract with the domain",
    )],
    batch: Batch::Account(50),
    rate: None,
    remark: "an update URL of IONOS goes into update_url instead, with &ipv4=[IP] or &ipv6=[IP]",
    publish: Publishing::Interface(&Interface {
        headers: &[("X-API-Key", "<password>")],
        zones: ZoneSource::List { list: List::whole("GET ", ""), name: "/name", id: "/id" },
        zone_ref: ZoneRef::Id,
        model: RecordModel::RrSet,
        read: Reading::NameOrZone {
            name: List::whole("GET /<zone>?recordType=A,AAAA&recordName=<fqdn>", "/records"),
            zone: List::whole("GET /<zone>?recordType=A,AAAA", "/records"),
            most_names: 1,
        },
        form: RecordForm { is_relative: false, ..RECORD },
        write: Writing::CodeTogether(write),
        ..INTERFACE
    }),
};

fn write(
    talk: &mut Conversation<'_>,
    rest: &Rest,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let mut records = Vec::new();
    for write in writes {
        for raw in &write.values {
            let record = Json::object(&mut [
                ("name", write.goal.fqdn.as_str().into()),
                ("type", write.goal.kind().into()),
                ("content", member(raw, "content")),
                ("disabled", raw["disabled"].is_true().into()),
            ]);
            records.push(write.with_ttl(record, "ttl"));
        }
    }
    let zone = format!("/{}", zone.id);
    if !records.is_empty() {
        rest.ask(talk, rest.json(Method::Patch, &zone, &records.into()))?;
    }
    let removals = writes.iter().filter(|write| write.is_removal());
    for record in removals.flat_map(|write| &write.before) {
        let path = format!("{zone}/records/{}", record.id);
        rest.ask(talk, rest.request(Method::Delete, &path))?;
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
