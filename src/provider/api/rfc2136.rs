//! DNS UPDATE (RFC 2136) with transaction signatures (RFC 8945), sent to the zone's primary server.
//!
//! All changes of a zone are one message, which the server carries out as a whole or not at all. Its
//! prerequisites say what the records hold now, so that an address which somebody else has put there
//! is not overwritten. If a prerequisite fails, the records are read, and each name is updated alone.

mod server;

use std::net::IpAddr;

use super::zone::RecordName;
use super::{Api, Base, Need, Publishing};
use crate::dns::message::{
    CLASS_IN, Message, NOERROR, NXDOMAIN, Question, Record, TYPE_CNAME, TYPE_SOA, address_type,
};
use crate::dns::name::Name;
use crate::model::{Target, sort};
use crate::provider::conversation::{ApiResult, Conversation, Phase};
use crate::provider::{Batch, Change, Outcome, Scope, Verdict};
use server::{Server, is_failed_prerequisite};

pub(super) const API: Api = Api {
    name: "rfc2136",
    aliases: &["bind-nsupdate", "nsupdate"],
    title: "The name server",
    base: Base::NameServer,
    needs: &[Need::new("dns_server", "the zone's primary server, and :port if not 53")],
    batch: Batch::Account(100),
    rate: None,
    remark: "'username' is the TSIG key as name or algorithm:name (hmac-sha256 unless said), \
             'password' its secret in base64; without them updates are not signed",
    publish: Publishing::CodeTogether(publish),
};

/// TTL of a new address if `ttl` is not set, in seconds.
const TTL: u32 = 60;
/// Opcode UPDATE (RFC 2136 section 1.3) within the header's flags.
const UPDATE: u16 = 5 << 11;
/// Class of a prerequisite that a record set is absent, and of a deleted record (RFC 2136 sections
/// 2.4.3 and 2.5.4).
const CLASS_NONE: u16 = 254;

/// A change of the job, with its name and the zone that holds it.
struct NamedChange<'a> {
    /// The index of the change in the job.
    index: usize,
    change: &'a Change,
    name: Name,
    zone: Name,
}

fn publish(talk: &mut Conversation<'_>) -> ApiResult<()> {
    let server = Server::of(talk)?;
    let (mut zones, mut named) = (Vec::new(), Vec::new());
    let job = talk.job;
    for (index, change) in job.changes.iter().enumerate() {
        if talk.is_settled(index) {
            continue;
        }
        let record_name = RecordName::of(change);
        let mut zone = None;
        if let Ok(name) = Name::parse(&record_name.fqdn) {
            zone = zone_of(talk, &server, &record_name, &name)?.map(|zone| (zone, name));
        }
        let Some((zone, name)) = zone else {
            talk.settle(index, no_zone(&server, &record_name));
            continue;
        };
        if !zones.contains(&zone) {
            zones.push(zone.clone());
        }
        named.push(NamedChange { index, change, name, zone });
    }
    sort::ascending(&mut zones);
    for zone in &zones {
        let mut of_zone = Vec::new();
        for named in &named {
            if named.zone == *zone {
                of_zone.push(named);
            }
        }
        publish_zone(talk, &server, zone, &of_zone)?;
    }
    Ok(())
}

/// The zone that holds `name`: from the options; else learned for another name with the same parent;
/// else from the server's SOA record.
fn zone_of(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    record_name: &RecordName,
    name: &Name,
) -> ApiResult<Option<Name>> {
    if let Some(zone) = &record_name.zone {
        return Ok(Name::parse(zone).ok().filter(|zone| name.is_within(zone)));
    }
    let parent = name.parent().unwrap_or_else(Name::root);
    // The key is stored, so it must stay as it is.
    let key = format!("zone of {parent}");
    if let Some(learned) = talk.learned(&key) {
        return Ok(Name::parse(&learned).ok());
    }
    let question = Question { name: name.clone(), kind: TYPE_SOA, class: CLASS_IN };
    // The zone's primary server answers from the zone itself. Nothing must come from a cache.
    let query = Message::query(0, question, false);
    let response = server.ask(talk, query, &format!("SOA of {name}"))?;
    let mut records = response.answers.iter().chain(&response.authorities);
    let soa = records.find(|record| record.kind == TYPE_SOA && name.is_within(&record.name));
    let zone = soa.map(|record| record.name.clone());
    if let Some(zone) = &zone
        // A zone of its own says nothing about other names with the same parent.
        && zone != name
    {
        talk.learn(key, &zone.to_string());
    }
    Ok(zone)
}

/// Brings the records of one zone up to date.
fn publish_zone(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    zone: &Name,
    changes: &[&NamedChange<'_>],
) -> ApiResult<()> {
    let mut edits = Vec::new();
    for named in changes {
        let edit = match (named.change.previous, named.change.address()) {
            // The record probably still holds what we published last. The prerequisite verifies it.
            (Some(previous), Some(address))
                if previous != address && !named.change.record.share =>
            {
                Edit::of(named, vec![previous])
            }
            _ => edit_at_server(talk, server, named),
        };
        match edit {
            Ok(edit) => edits.push(edit),
            Err(verdict) if !verdict.ends_job() => talk.settle(named.index, verdict),
            Err(verdict) => return Err(verdict),
        }
    }
    if edits.is_empty() {
        return Ok(());
    }
    let rcode = update(talk, server, zone, &edits)?;
    let is_final = rcode == NOERROR || edits.len() == 1 && !is_failed_prerequisite(rcode);
    for Edit { named, .. } in &edits {
        let verdict = if is_final {
            server.verdict(rcode, zone)
        } else {
            read_and_update(talk, server, named)?
        };
        talk.settle(named.index, verdict);
    }
    Ok(())
}

/// Reads the record from the server, and updates it alone.
fn read_and_update(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    named: &NamedChange<'_>,
) -> ApiResult<Box<Verdict>> {
    match edit_at_server(talk, server, named) {
        Ok(edit) => {
            let rcode = update(talk, server, &named.zone, &[edit])?;
            Ok(server.verdict(rcode, &named.zone))
        }
        Err(verdict) if !verdict.ends_job() => Ok(verdict),
        Err(verdict) => Err(verdict),
    }
}

/// Reads the record from the server, and decides what an update must do.
fn edit_at_server<'n>(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    named: &'n NamedChange<'n>,
) -> ApiResult<Edit<'n>> {
    Edit::of(named, addresses_at_server(talk, server, named)?)
}

/// Asks the server for the addresses of the record.
fn addresses_at_server(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    named: &NamedChange<'_>,
) -> ApiResult<Vec<IpAddr>> {
    let (name, family) = (&named.name, named.change.family);
    let query = Message::query(0, Question::address(name.clone(), family), false);
    let shown = format!("{} of {name}", family.record_type());
    let mut response = server.ask(talk, query, &shown)?;
    response.answers.retain(|record| record.name == *name);
    if response.answers.iter().any(|record| record.kind == TYPE_CNAME) {
        let reason = format!("{name} is an alias (CNAME), which cannot have an address, too");
        let advice = "delete the CNAME record, or choose another name";
        return Err(Verdict::refused(Scope::Record, reason, advice));
    }
    match response.rcode() {
        NOERROR | NXDOMAIN => {
            response.answers.retain(|record| record.kind == address_type(family));
            Ok(response.answers.iter().filter_map(Record::address).collect())
        }
        rcode => Err(server.verdict(rcode, name)),
    }
}

/// What an update does to the addresses of one name and type.
struct Edit<'n> {
    named: &'n NamedChange<'n>,
    /// The addresses at the server, which are the prerequisite.
    present: Vec<IpAddr>,
    /// The address that is removed, if any.
    removed: Option<IpAddr>,
}

impl<'n> Edit<'n> {
    /// The edit that makes the addresses `present` hold the target of the change. An address that we
    /// published is replaced or removed; if there is only one address, it is replaced, too.
    ///
    /// # Errors
    /// If nothing must change, or if it cannot be told which of several addresses is ours.
    fn of(named: &'n NamedChange<'n>, present: Vec<IpAddr>) -> ApiResult<Self> {
        let change = named.change;
        let ours = present.iter().copied().find(|it| change.owns(*it) && !change.wants(*it));
        let has_target = match change.target {
            Target::Address(address) => present.contains(&address),
            Target::Absent => true,
        };
        let removed = match (&*present, ours) {
            (_, None) if has_target => return Err(Outcome::Unchanged.into()),
            ([], _) => None,
            (_, Some(ours)) => Some(ours),
            (_, None) if change.anew => None,
            (&[only], None) => Some(only),
            (several, None) => return Err(ambiguous(named, several.len())),
        };
        Ok(Self { named, present, removed })
    }

    /// The record set must hold exactly the present addresses (RFC 2136 section 2.4.2), or must not
    /// exist (2.4.3).
    fn add_prerequisites(&self, records: &mut Vec<Record>) {
        if self.present.is_empty() {
            records.push(record(self.named, CLASS_NONE, 0, None));
        }
        for address in &self.present {
            records.push(record(self.named, CLASS_IN, 0, Some(*address)));
        }
    }

    /// Deletes the removed address and adds the new one (RFC 2136 sections 2.5.4 and 2.5.1).
    fn add_updates(&self, records: &mut Vec<Record>) {
        if self.removed.is_some() {
            records.push(record(self.named, CLASS_NONE, 0, self.removed));
        }
        let change = self.named.change;
        if let Target::Address(address) = change.target {
            records.push(record(
                self.named,
                CLASS_IN,
                change.record.ttl.unwrap_or(TTL),
                Some(address),
            ));
        }
    }
}

fn record(named: &NamedChange<'_>, class: u16, ttl: u32, address: Option<IpAddr>) -> Record {
    Record {
        name: named.name.clone(),
        kind: address_type(named.change.family),
        class,
        ttl,
        rdata: address.map(rdata).unwrap_or_default(),
    }
}

/// Sends the edits as one message, and returns the response code.
fn update(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    zone: &Name,
    edits: &[Edit<'_>],
) -> ApiResult<u16> {
    let zone_section = Question { name: zone.clone(), kind: TYPE_SOA, class: CLASS_IN };
    let mut message =
        Message { flags: UPDATE, questions: vec![zone_section], ..Message::default() };
    let mut names = Vec::new();
    for edit in edits {
        // In an update, the answer section has the prerequisites, and the authority section the
        // changes (RFC 2136 section 2).
        edit.add_prerequisites(&mut message.answers);
        edit.add_updates(&mut message.authorities);
        names.push(edit.named.name.to_string());
    }
    names.dedup();
    let shown = match names.as_slice() {
        [name] => format!("update of {name} in {zone}"),
        names => format!("update of {} names in {zone}", names.len()),
    };
    talk.enter(Phase::Write);
    let response = server.ask(talk, message, &shown);
    talk.enter(Phase::Read);
    Ok(response?.rcode())
}

fn rdata(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The refusal if the server has no zone that holds the record.
fn no_zone(server: &Server<'_>, name: &RecordName) -> Box<Verdict> {
    let reason = match &name.zone {
        Some(zone) => format!("{} is not in {zone}", name.fqdn),
        None => format!("{} names no zone that holds {}", server.address, name.fqdn),
    };
    Verdict::refused(Scope::Record, reason, "correct 'domain', 'zone' or 'dns_server'")
}

fn ambiguous(named: &NamedChange<'_>, count: usize) -> Box<Verdict> {
    let (name, kind) = (&named.name, named.change.family.record_type());
    let reason =
        format!("{name} has {count} {kind} records, and none holds what was published last");
    Verdict::refused(Scope::Record, reason, "delete all but one of them")
}

#[cfg(test)]
mod tests;
