//! mijn.host (<https://mijn.host/api/doc/>; the pages of its requests could not be read, only the code of other
//! programs: libdns, acme.sh, lego).
//!
//! A PUT replaces all records of a zone, so the zone is read once more immediately before. The documentation
//! lists requests that change a single record, too; what they do beside a second address of the name is not
//! known.

use super::interface::{
    INTERFACE, Interface, List, Reading, RecordModel, RestClient, Writing, ZoneSource,
};
use super::meaning::{Codes, Meaning, Success};
use super::record::{NameForm, RECORD, Record, RecordForm, Write};
use super::zone::Zone;
use super::{Api, Base, Need, Publishing};
use crate::model::json::Json;
use crate::provider::conversation::{ApiResult, Conversation, Phase};
use crate::provider::{Batch, Method};

pub(super) const API: Api = Api {
    name: "mijnhost",
    aliases: &["mijn.host"],
    title: "mijn.host",
    base: Base::Https("mijn.host/api/v2/domains"),
    needs: &[Need::new("password", "an API key")],
    batch: Batch::Account(20),
    rate: None,
    remark: "all records of the zone are written, so nothing else should change it at the same time",
    publish: Publishing::Interface(&Interface {
        headers: &[("API-Key", "<password>"), ("Accept", "application/json")],
        codes: Codes {
            success: Success::Is("/status", "200"),
            code: &["/status"],
            meanings: &[
                ("401", Meaning::Credentials, ""),
                ("403", Meaning::Forbidden, ""),
                ("404", Meaning::NotFound, ""),
                ("429", Meaning::Limited, ""),
                ("5", Meaning::Problem, ""),
            ],
        },
        zones: ZoneSource::List {
            list: List::whole("GET ", "/data/domains"),
            name: "/domain",
            id: "/domain",
        },
        model: RecordModel::RrSet,
        read: Reading::Zone(List::whole("GET /<zone>/dns", "/data/records")),
        form: RecordForm { names: NameForm::Complete, address: "/value", ..RECORD },
        write: Writing::CodeTogether(write),
        ..INTERFACE
    }),
};

/// Writes all records of a zone: those of others as they are, and the sets of `writes` as they should be.
fn write(
    talk: &mut Conversation<'_>,
    rest: &RestClient,
    zone: &Zone,
    writes: &[Write<'_>],
) -> ApiResult<Vec<Record>> {
    let path = ["/", &zone.id, "/dns"].concat();
    // A lost answer to this read leaves nothing in doubt. One to the write below does.
    talk.enter(Phase::Read);
    let mut records = rest.elements(talk, rest.get(&path), "/data/records")?;
    talk.enter(Phase::Write);
    for write in writes {
        // Only what is as it was read is replaced. A record that somebody has changed since stays.
        records.retain(|raw| !write.before.iter().any(|record| record.raw == *raw));
        for value in &write.values {
            let mut record = value.clone();
            record.set("type", write.goal.kind().into());
            record.set("name", format!("{}.", write.goal.fqdn).into());
            if let Some(ttl) = write.ttl {
                record.set("ttl", ttl.into());
            }
            records.push(record);
        }
    }
    let mut body = Json::Null;
    body.set("records", records.into());
    rest.ask(talk, rest.json(Method::Put, &path, &body))?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests;
