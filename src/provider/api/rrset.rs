//! Providers that are told what all records of a name and type (an RRset, RFC 2181 section 5) shall
//! be, for any number of names in one request.
//!
//! What is there is read before it is replaced, because it may be more than ours. A set that held
//! nothing else is remembered, so that the next change is one request.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::rest::refused;
use super::zone::{Target, Zones};
use crate::provider::talk::{Halt, Talk, Talked};
use crate::provider::{Change, Outcome, Verdict};

/// All records of a name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rrset {
    /// Seconds.
    pub ttl: u32,
    /// Their rdata as text.
    pub values: Vec<String>,
}

/// A set that is to be written.
#[derive(Clone, Debug)]
pub struct Write<'a> {
    /// The whole name, without a dot at its end.
    pub fqdn: &'a str,
    /// `A` or `AAAA`.
    pub kind: &'static str,
    /// What is there, as far as is known.
    pub old: Option<Rrset>,
    /// What shall be there.
    pub new: Rrset,
    index: usize,
    remembered: bool,
}

/// A set as a list of a zone has it: name without a dot at its end, type, and the set, or why ours
/// cannot be in it.
pub type Listed = (String, String, Result<Rrset, Outcome>);

/// A provider's way to do it. A zone is given by the provider's id.
pub trait Host {
    /// What people call it.
    fn title(&self) -> &'static str;
    /// What a new set gets for its time unless the user says otherwise, in seconds.
    fn ttl(&self) -> u32;
    /// Name and id of every zone.
    ///
    /// # Errors
    /// While an answer is missing, or if it is no list.
    fn zones(&self, talk: &mut Talk<'_>) -> Talked<Vec<(String, String)>>;
    /// The sets of a zone: the one of `only`, perhaps with others, or all of them.
    ///
    /// # Errors
    /// As above.
    fn read(
        &self,
        talk: &mut Talk<'_>,
        zone: &str,
        only: Option<(&str, &str)>,
    ) -> Talked<Vec<Listed>>;
    /// Writes sets of a zone, all or none.
    ///
    /// # Errors
    /// While the answer is missing, or if it is no success.
    fn write(&self, talk: &mut Talk<'_>, zone: &str, writes: &[Write<'_>]) -> Talked<()>;
}

/// More names than this are looked up by listing the zone.
const BY_NAME: usize = 4;

/// A change in a zone.
struct Planned<'a> {
    index: usize,
    change: &'a Change,
    fqdn: String,
}

/// Publishes the job.
///
/// # Errors
/// While an answer is missing, or if the account or the way there is the matter.
pub fn publish(talk: &mut Talk<'_>, host: &dyn Host) -> Talked<Vec<Verdict>> {
    let mut verdicts: Vec<Verdict> = Vec::new();
    let mut zones: BTreeMap<String, Vec<Planned<'_>>> = BTreeMap::new();
    let mut listed = Zones::default();
    let job = talk.job;
    for (index, change) in job.changes.iter().enumerate() {
        let target = Target::of(change);
        let zone = match &change.record.zone_id {
            Some(id) => Some(id.clone()),
            None => listed.find(talk, &target, |talk| host.zones(talk))?.map(|zone| zone.1),
        };
        let Some(zone) = zone else {
            verdicts.push(target.outside(host.title()).into());
            continue;
        };
        verdicts.push(Outcome::Updated.into());
        let planned = Planned { index, change, fqdn: target.fqdn };
        zones.entry(zone).or_default().push(planned);
    }
    for (zone, plan) in &zones {
        publish_zone(talk, host, zone, plan, &mut verdicts)?;
    }
    Ok(verdicts)
}

/// Brings the sets of one zone up to date. What is remembered of them is trusted until the provider
/// objects.
fn publish_zone(
    talk: &mut Talk<'_>,
    host: &dyn Host,
    zone: &str,
    plan: &[Planned<'_>],
    verdicts: &mut [Verdict],
) -> Talked<()> {
    for trust in [true, false] {
        let writes = prepare(talk, host, zone, plan, trust, verdicts)?;
        let remembered = writes.iter().any(|write| write.remembered);
        match send(talk, host, zone, &writes) {
            Err(Halt::End(verdict)) if !verdict.concerns_all() => match writes.as_slice() {
                _ if remembered => {}
                [write] => {
                    set(verdicts, write.index, verdict);
                    return Ok(());
                }
                // One of them is at fault, and all share its fate: each by itself.
                _ => return singly(talk, host, zone, &writes, verdicts),
            },
            result => return result,
        }
    }
    Ok(())
}

/// What must be written; verdicts for what need not be, or cannot.
fn prepare<'p>(
    talk: &mut Talk<'_>,
    host: &dyn Host,
    zone: &str,
    plan: &'p [Planned<'p>],
    trust: bool,
    verdicts: &mut [Verdict],
) -> Talked<Vec<Write<'p>>> {
    let memories: Vec<_> = plan.iter().map(|it| remembered(talk, it).filter(|_| trust)).collect();
    let unknown = plan.iter().zip(&memories).filter(|(_, memory)| memory.is_none());
    let unknown: Vec<_> = unknown.map(|(planned, _)| planned.place()).collect();
    let mut sets = Vec::new();
    if unknown.len() > BY_NAME {
        sets = host.read(talk, zone, None)?;
    } else {
        for place in unknown {
            sets.extend(host.read(talk, zone, Some(place))?);
        }
    }
    let mut writes = Vec::new();
    for (planned, memory) in plan.iter().zip(memories) {
        let (fqdn, kind) = planned.place();
        let remembered = memory.is_some();
        let there = |(name, of, _): &&Listed| of == kind && name.eq_ignore_ascii_case(fqdn);
        let found = || sets.iter().find(there).map(|(.., set)| set.clone()).transpose();
        let old = memory.map_or_else(found, |memory| Ok(Some(memory)));
        match old.and_then(|old| Ok((wanted(host, planned, old.as_ref())?, old))) {
            Ok((Some(new), old)) => {
                let index = planned.index;
                writes.push(Write { fqdn, kind, old, new, index, remembered });
            }
            Ok((None, old)) => {
                old.iter().for_each(|set| remember(talk, planned.place(), set));
                set(verdicts, planned.index, Outcome::Unchanged.into());
            }
            Err(outcome) => set(verdicts, planned.index, outcome.into()),
        }
    }
    Ok(writes)
}

fn send(talk: &mut Talk<'_>, host: &dyn Host, zone: &str, writes: &[Write<'_>]) -> Talked<()> {
    if !writes.is_empty() {
        host.write(talk, zone, writes)?;
        writes.iter().for_each(|write| remember(talk, (write.fqdn, write.kind), &write.new));
    }
    Ok(())
}

fn singly(
    talk: &mut Talk<'_>,
    host: &dyn Host,
    zone: &str,
    writes: &[Write<'_>],
    verdicts: &mut [Verdict],
) -> Talked<()> {
    for write in writes {
        match send(talk, host, zone, std::slice::from_ref(write)) {
            Err(Halt::End(verdict)) if !verdict.concerns_all() => {
                set(verdicts, write.index, verdict);
            }
            result => result?,
        }
    }
    Ok(())
}

/// What the set shall be; nothing if it is so.
fn wanted(
    host: &dyn Host,
    planned: &Planned<'_>,
    old: Option<&Rrset>,
) -> Result<Option<Rrset>, Outcome> {
    let change = planned.change;
    let address = change.address.to_string();
    let Some(old) = old else {
        let ttl = change.record.ttl.unwrap_or_else(|| host.ttl());
        return Ok(Some(Rrset { ttl, values: vec![address] }));
    };
    let ttl = change.record.ttl.unwrap_or(old.ttl);
    let at = |wanted: IpAddr| old.values.iter().position(|value| value.parse() == Ok(wanted));
    let mut values = old.values.clone();
    if at(change.address).is_none() {
        let ours = match values.len() {
            1 => Some(0),
            _ => change.previous.and_then(at),
        };
        let Some(ours) = ours.and_then(|ours| values.get_mut(ours)) else {
            return Err(ambiguous(planned, values.len()));
        };
        *ours = address;
    }
    let new = Rrset { ttl, values };
    Ok((new != *old).then_some(new))
}

fn ambiguous(planned: &Planned<'_>, count: usize) -> Outcome {
    let (name, kind) = planned.place();
    refused(
        format!("{name} has {count} {kind} records, and none holds what was published last"),
        "delete all but one of them",
    )
}

impl Planned<'_> {
    fn place(&self) -> (&str, &'static str) {
        (&self.fqdn, self.change.family().record_type())
    }
}

fn set(verdicts: &mut [Verdict], index: usize, verdict: Verdict) {
    if let Some(place) = verdicts.get_mut(index) {
        *place = verdict;
    }
}

/// The set as it was left, if that is not what is wanted now: then somebody else has changed it, or
/// nobody has, and only a look at it can tell.
fn remembered(talk: &mut Talk<'_>, planned: &Planned<'_>) -> Option<Rrset> {
    let known = talk.known(&key(planned.place()))?;
    let (ttl, value) = known.split_once(' ')?;
    let ttl = ttl.parse().ok()?;
    let address = value.parse::<IpAddr>().ok()?;
    let same =
        address == planned.change.address && planned.change.record.ttl.is_none_or(|it| it == ttl);
    (!same).then(|| Rrset { ttl, values: vec![value.to_owned()] })
}

/// Remembers a set that holds nothing but our address.
fn remember(talk: &mut Talk<'_>, place: (&str, &str), set: &Rrset) {
    match set.values.as_slice() {
        [value] => talk.learn(key(place), &format!("{} {value}", set.ttl)),
        _ => talk.forget(key(place)),
    }
}

fn key((fqdn, kind): (&str, &str)) -> String {
    format!("rrset {fqdn} {kind}")
}
