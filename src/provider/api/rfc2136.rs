//! DNS UPDATE (RFC 2136) with transaction signatures (RFC 8945): the zone's own server is told.
//!
//! All changes of a zone are one message, which the server carries out as a whole or not at all. That
//! a record still is what was published last is a prerequisite of it, so that an address that
//! somebody else has put there is not lost. Where the server has something else it is asked what, and
//! each name is settled by itself.

use std::net::IpAddr;

use super::rest::refused;
use super::zone::RecordName;
use super::{Api, Need};
use crate::dns::message::{
    CLASS_IN, Message, NOERROR, NXDOMAIN, Question, Record, TYPE_CNAME, TYPE_SOA, address_type,
};
use crate::dns::name::Name;
use crate::dns::tsig::{Problem, TsigKey};
use crate::model::HostPort;
use crate::model::sorted::Map;
use crate::provider::conversation::{ApiResult, Conversation, Halt};
use crate::provider::{Batch, Change, FailureKind, Outcome, Query, Scope, Verdict};
use crate::time::UnixSeconds;

pub(super) const API: Api = Api {
    name: "rfc2136",
    aliases: &["bind-nsupdate", "nsupdate"],
    title: "The name server",
    base: "",
    needs: &[Need {
        option: "dns_server",
        holds: "the zone's primary server, and :port if not 53",
    }],
    batch: Batch::Account(100),
    writes_together: true,
    rate: None,
    remark: "'username' is the TSIG key as name or algorithm:name (hmac-sha256 unless said), \
             'password' its secret in base64; without them updates are not signed",
    publish,
};

/// Seconds that a record may be cached where `ttl` says nothing.
const TTL: u32 = 60;
/// Longer messages go over TCP: this much fits into a packet anywhere (RFC 9715).
const PACKET: usize = 1400;

/// Opcode UPDATE (RFC 2136 section 1.3) in its place in the header.
const UPDATE: u16 = 5 << 11;
/// Class of what must not be there, and of data that is deleted (RFC 2136 sections 2.4.3, 2.5.4).
const CLASS_NONE: u16 = 254;

/// Response codes (RFC 1035 section 4.1.1, RFC 2136 section 2.2).
const FORMERR: u16 = 1;
const SERVFAIL: u16 = 2;
const NOTIMP: u16 = 4;
const REFUSED: u16 = 5;
const YXDOMAIN: u16 = 6;
const YXRRSET: u16 = 7;
const NXRRSET: u16 = 8;
const NOTAUTH: u16 = 9;
const NOTZONE: u16 = 10;

/// The server and how we show who we are.
struct Server<'a> {
    place: &'a HostPort,
    tcp: bool,
    key: Option<(TsigKey, UnixSeconds)>,
}

/// A change and its name in its zone.
struct Planned<'a> {
    index: usize,
    change: &'a Change,
    name: Name,
}

fn publish(talk: &mut Conversation<'_>) -> ApiResult<Vec<Verdict>> {
    let server = server(talk)?;
    let mut zones: Map<Name, Vec<Planned<'_>>> = Map::new();
    let job = talk.job;
    for (index, change) in job.changes.iter().enumerate() {
        if talk.is_settled(index) {
            continue;
        }
        let target = RecordName::of(change);
        let place = match Name::parse(&target.fqdn) {
            Ok(name) => zone(talk, &server, &target, &name)?.map(|zone| (zone, name)),
            Err(_) => None,
        };
        match place {
            Some((zone, name)) => {
                zones.get_or_insert(zone, Vec::new()).push(Planned { index, change, name });
            }
            None => talk.settle(index, outside(&server, &target).into()),
        }
    }
    for (zone, plan) in zones.iter() {
        publish_zone(talk, &server, zone, plan)?;
    }
    Ok(talk.all_settled())
}

fn server<'a>(talk: &Conversation<'a>) -> ApiResult<Server<'a>> {
    let account = talk.account;
    let key = if account.username.is_empty() {
        None
    } else {
        let key = TsigKey::parse(&account.username, &account.password).map_err(|why| {
            let outcome = refused(why, "correct 'username' and 'password'");
            Halt::End(Verdict { outcome, scope: Scope::Account })
        })?;
        Some((key, talk.wall()?))
    };
    // Without 'dns_server' a section has an error and does not run.
    let place = account.server.as_ref().ok_or_else(|| {
        Halt::End(refused("there is no name server".into(), "set 'dns_server'").into())
    })?;
    Ok(Server { place, tcp: account.tcp, key })
}

impl Server<'_> {
    /// The response to `message`, if it can be believed.
    fn ask(
        &self,
        talk: &mut Conversation<'_>,
        mut message: Message,
        shown: &str,
    ) -> ApiResult<Message> {
        message.id = talk.number();
        let too_long = |why: &str| Halt::End(refused(why.into(), "shorten the name").into());
        let (wire, mac) = match &self.key {
            Some((key, now)) => key.sign(&message, *now),
            None => message.encode().map(|wire| (wire, Vec::new())),
        }
        .map_err(too_long)?;
        let tcp = self.tcp || wire.len() > PACKET;
        let shown = format!("{shown}, to {}", self.place);
        let response = talk.ask(Query { server: self.place.clone(), tcp, wire, shown })?;
        match &self.key {
            Some((key, now)) => key.verify(response, &mac, *now).map_err(|it| self.distrusted(it)),
            None => Message::decode(response).map_err(|_| self.distrusted(Problem::Unsigned)),
        }
    }

    fn distrusted(&self, problem: Problem) -> Halt {
        let place = self.place;
        let account = |reason, advice| {
            let outcome = refused(reason, advice);
            Halt::End(Verdict { outcome, scope: Scope::Account })
        };
        match problem {
            Problem::Key => account(
                format!("{place} does not know the key, or not for this zone (BADKEY)"),
                "correct 'username' and 'password', the TSIG key; without an algorithm before its \
                 name it is one for hmac-sha256 here, where nsupdate may take it for hmac-md5",
            ),
            Problem::Signature => account(
                format!("{place} has another secret or algorithm for the key (BADSIG)"),
                "correct 'username' and 'password', the TSIG key",
            ),
            Problem::Time => Halt::End(Verdict::clock_behind(format!(
                "the clocks of the router and of {place} differ by more than five minutes (BADTIME)"
            ))),
            Problem::Unsigned => {
                let reason = format!("the response of {place} is not signed with the key");
                Halt::End(Outcome::Unconfirmed { reason }.into())
            }
        }
    }
}

/// The zone that holds `name`: as the user has said it, as it is known for its neighbours, or as the
/// server says.
fn zone(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    target: &RecordName,
    name: &Name,
) -> ApiResult<Option<Name>> {
    if let Some(said) = &target.zone {
        return Ok(Name::parse(said).ok().filter(|zone| name.is_within(zone)));
    }
    let parent = name.parent().unwrap_or_else(Name::root);
    let key = format!("zone of {parent}");
    if let Some(known) = talk.known(&key) {
        return Ok(Name::parse(&known).ok());
    }
    let question = Question { name: name.clone(), kind: TYPE_SOA, class: CLASS_IN };
    let query = Message::query(0, question, false);
    let response = server.ask(talk, query, &format!("SOA of {name}"))?;
    let mut records = response.answers.iter().chain(&response.authorities);
    let soa = records.find(|record| record.kind == TYPE_SOA && name.is_within(&record.name));
    let zone = soa.map(|record| record.name.clone());
    if let Some(zone) = zone.as_ref().filter(|zone| *zone != name) {
        talk.learn(key, &zone.to_string());
    }
    Ok(zone)
}

/// Brings the records of one zone up to date.
fn publish_zone(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    zone: &Name,
    plan: &[Planned<'_>],
) -> ApiResult<()> {
    let mut believed = Vec::new();
    for planned in plan {
        let change = planned.change;
        let has = match (change.previous, change.address()) {
            (Some(previous), Some(address)) if previous != address => Ok(vec![previous]),
            _ => present(talk, server, planned),
        };
        match has.and_then(|has| Edit::of(planned, &has)) {
            Ok(edit) => believed.push((planned, edit)),
            Err(Halt::End(verdict)) if !verdict.concerns_all() => {
                talk.settle(planned.index, verdict);
            }
            Err(halt) => return Err(halt),
        }
    }
    if believed.is_empty() {
        return Ok(());
    }
    let rcode = update(talk, server, zone, &believed)?;
    let final_for_all = rcode == NOERROR || believed.len() == 1 && !is_prerequisite(rcode);
    for (planned, _) in &believed {
        let verdict = match final_for_all {
            true => server.verdict(rcode, zone),
            false => alone(talk, server, zone, planned)?,
        };
        talk.settle(planned.index, verdict);
    }
    Ok(())
}

/// Settles one name by what the server has now.
fn alone(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    zone: &Name,
    planned: &Planned<'_>,
) -> ApiResult<Verdict> {
    let has = present(talk, server, planned);
    let edit = match has.and_then(|has| Edit::of(planned, &has)) {
        Ok(edit) => edit,
        Err(Halt::End(verdict)) if !verdict.concerns_all() => return Ok(verdict),
        Err(halt) => return Err(halt),
    };
    let rcode = update(talk, server, zone, &[(planned, edit)])?;
    Ok(server.verdict(rcode, zone))
}

/// What the server has for the record.
fn present(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    planned: &Planned<'_>,
) -> ApiResult<Vec<IpAddr>> {
    let (name, family) = (&planned.name, planned.change.family);
    let query = Message::query(0, Question::address(name.clone(), family), false);
    let shown = format!("{} of {name}", family.record_type());
    let response = server.ask(talk, query, &shown)?;
    let owned = || response.answers.iter().filter(|record| record.name == *name);
    if owned().any(|record| record.kind == TYPE_CNAME) {
        let reason = format!("{name} is an alias (CNAME), which cannot have an address, too");
        return Err(Halt::End(
            refused(reason, "delete the CNAME record, or choose another name").into(),
        ));
    }
    match response.rcode() {
        NOERROR | NXDOMAIN => {
            let kind = address_type(family);
            Ok(owned().filter(|record| record.kind == kind).filter_map(Record::address).collect())
        }
        rcode => Err(Halt::End(server.verdict(rcode, name))),
    }
}

/// From which addresses to which one record goes.
struct Edit {
    has: Vec<IpAddr>,
    gone: Option<IpAddr>,
}

impl Edit {
    /// What makes of the addresses in `has` those that are wanted. Of several, the one that was
    /// published last is replaced. Only what was published is removed.
    ///
    /// # Errors
    /// If there is nothing to do, or if none of several is known to be ours.
    fn of(planned: &Planned<'_>, has: &[IpAddr]) -> ApiResult<Self> {
        let change = planned.change;
        let stale = has.iter().copied().find(|it| change.owns(*it) && !change.wants(*it));
        let right = change.address().is_none_or(|address| has.contains(&address));
        let gone = match (has, stale) {
            (_, None) if right => return Err(Halt::End(Outcome::Unchanged.into())),
            ([], _) => None,
            (_, Some(stale)) => Some(stale),
            (_, None) if change.anew => None,
            (&[only], None) => Some(only),
            (several, None) => return Err(Halt::End(ambiguous(planned, several.len()).into())),
        };
        Ok(Self { has: has.to_vec(), gone })
    }
}

/// Sends the edits as one message; the response code.
fn update(
    talk: &mut Conversation<'_>,
    server: &Server<'_>,
    zone: &Name,
    edits: &[(&Planned<'_>, Edit)],
) -> ApiResult<u16> {
    let zone_section = Question { name: zone.clone(), kind: TYPE_SOA, class: CLASS_IN };
    // An update has the sections of a query under other names (RFC 2136 section 2).
    let mut message =
        Message { flags: UPDATE, questions: vec![zone_section], ..Message::default() };
    let prerequisites = &mut message.answers;
    let updates = &mut message.authorities;
    for (planned, edit) in edits {
        let change = planned.change;
        let record = |class, ttl, address: Option<IpAddr>| Record {
            name: planned.name.clone(),
            kind: address_type(change.family),
            class,
            ttl,
            rdata: address.map(rdata).unwrap_or_default(),
        };
        let needed = edit.has.iter().map(|&address| record(CLASS_IN, 0, Some(address)));
        prerequisites.extend(needed);
        if edit.has.is_empty() {
            prerequisites.push(record(CLASS_NONE, 0, None));
        }
        updates.extend(edit.gone.map(|gone| record(CLASS_NONE, 0, Some(gone))));
        let ttl = change.record.ttl.unwrap_or(TTL);
        updates.extend(change.address().map(|_| record(CLASS_IN, ttl, change.address())));
    }
    let names = edits.iter().map(|(planned, _)| planned.name.to_string());
    let mut names: Vec<String> = names.collect();
    names.dedup();
    let shown = match names.as_slice() {
        [name] => format!("update of {name} in {zone}"),
        names => format!("update of {} names in {zone}", names.len()),
    };
    Ok(server.ask(talk, message, &shown)?.rcode())
}

fn rdata(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// What to say if the server knows no zone that holds the record.
fn outside(server: &Server<'_>, target: &RecordName) -> Outcome {
    let reason = match &target.zone {
        Some(zone) => format!("{} is not in {zone}", target.fqdn),
        None => format!("{} names no zone that holds {}", server.place, target.fqdn),
    };
    refused(reason, "correct 'domain', 'zone' or 'dns_server'")
}

/// Whether a prerequisite was not true: the server has something else.
fn is_prerequisite(rcode: u16) -> bool {
    matches!(rcode, NXDOMAIN | YXDOMAIN | YXRRSET | NXRRSET)
}

impl Server<'_> {
    /// What the response code of an update means.
    fn verdict(&self, rcode: u16, zone: &Name) -> Verdict {
        let place = self.place;
        let no = |what: String, advice| Verdict::record(refused(what, advice));
        match rcode {
            NOERROR => Outcome::Updated.into(),
            REFUSED => no(
                format!("{place} refuses to change {zone} (REFUSED)"),
                "allow the key or this router to update the zone and this type of record",
            ),
            NOTAUTH => no(
                format!("{place} is not the server of {zone}, or wants a key (NOTAUTH)"),
                "name the zone's primary server in 'dns_server', and a key in 'username'",
            ),
            NOTZONE => {
                no(format!("the name is not in {zone} (NOTZONE)"), "correct 'domain' or 'zone'")
            }
            NOTIMP | FORMERR => no(
                format!("{place} does not take updates ({})", name(rcode)),
                "choose a server that does, or another provider",
            ),
            rcode if is_prerequisite(rcode) => {
                let reason = format!("the record changed meanwhile at {place} ({})", name(rcode));
                Outcome::Retry { reason, after: None, kind: FailureKind::Other }.into()
            }
            _ => {
                let reason = format!("{place} has a problem ({})", name(rcode));
                let outcome = Outcome::Retry { reason, after: None, kind: FailureKind::Other };
                Verdict { outcome, scope: Scope::Account }
            }
        }
    }
}

/// The response code as people know it.
fn name(rcode: u16) -> String {
    match rcode {
        FORMERR => "FORMERR".into(),
        SERVFAIL => "SERVFAIL".into(),
        NOTIMP => "NOTIMP".into(),
        NXDOMAIN => "NXDOMAIN".into(),
        YXDOMAIN => "YXDOMAIN".into(),
        YXRRSET => "YXRRSET".into(),
        NXRRSET => "NXRRSET".into(),
        rcode => format!("response code {rcode}"),
    }
}

fn ambiguous(planned: &Planned<'_>, count: usize) -> Outcome {
    let (name, kind) = (&planned.name, planned.change.family.record_type());
    refused(
        format!("{name} has {count} {kind} records, and none holds what was published last"),
        "delete all but one of them",
    )
}

#[cfg(test)]
mod tests;
