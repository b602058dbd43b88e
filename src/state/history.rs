//! The latest changes of addresses, as they were accepted: a bounded list in the state file.

use std::net::IpAddr;

use super::{Fields, Line, shown};
use crate::model::json::Json;
use crate::model::{Family, Hostname};
use crate::time::UnixSeconds;

/// Most changes that are kept. The oldest are dropped.
pub const MAX_HISTORY: usize = 100;

/// A change of a record that its provider has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastChange {
    /// UCI section name.
    pub section: String,
    /// The name.
    pub name: Hostname,
    /// `A` or `AAAA`.
    pub family: Family,
    /// The address that the provider had accepted before, if one is known.
    pub old: Option<IpAddr>,
    /// The new address; `None` if the record was removed.
    pub new: Option<IpAddr>,
    /// When the provider accepted the change, if the wall clock could be trusted.
    pub accepted_at: Option<UnixSeconds>,
    /// Milliseconds from the event until the request left. `None` if no request left for this event.
    pub sent_ms: Option<u64>,
    /// Milliseconds from the event until the provider accepted the change.
    pub accepted_ms: Option<u64>,
}

impl PastChange {
    pub(super) fn write(&self, text: &mut String) {
        let mut line = Line::new("change");
        line.add("section", &self.section);
        line.add("name", self.name.as_str());
        line.add("family", self.family.record_type());
        line.add_some("old", shown(&self.old));
        line.add_some("new", shown(&self.new));
        line.add_some("at", shown(&self.accepted_at));
        line.add_some("sent", shown(&self.sent_ms));
        line.add_some("accepted", shown(&self.accepted_ms));
        line.end(text);
    }

    /// Reads `fields`, which note what is wrong with them.
    pub(super) fn from_fields(fields: &mut Fields<'_>) -> Result<Self, &'static str> {
        let (section, name, family) = fields.record_key()?;
        Ok(Self {
            section,
            name,
            family,
            old: fields.addresses("old", family).pop(),
            new: fields.addresses("new", family).pop(),
            accepted_at: fields.time("at", "its time cannot be read"),
            sent_ms: fields.time("sent", "its duration cannot be read"),
            accepted_ms: fields.time("accepted", "its duration cannot be read"),
        })
    }

    /// When the event happened, and when the request left, by the wall clock.
    fn times(&self) -> (Option<UnixSeconds>, Option<UnixSeconds>) {
        let (Some(at), Some(accepted_ms)) = (self.accepted_at, self.accepted_ms) else {
            return (None, None);
        };
        // The duration is rounded up, so that the event is never said to have been later than it was.
        let seen = at.saturating_sub(accepted_ms.div_ceil(1000));
        let sent = self
            .sent_ms
            .map(|sent_ms| at.saturating_sub(accepted_ms.saturating_sub(sent_ms).div_ceil(1000)));
        (Some(seen), sent)
    }

    /// The documented JSON form.
    pub fn to_json(&self) -> Json {
        let (seen_at, sent_at) = self.times();
        Json::object(&mut [
            ("section", self.section.as_str().into()),
            ("name", self.name.as_str().into()),
            ("type", self.family.record_type().into()),
            ("old", self.old.map(|address| address.to_string()).into()),
            ("new", self.new.map(|address| address.to_string()).into()),
            ("seen_at", seen_at.into()),
            ("sent_at", sent_at.into()),
            ("accepted_at", self.accepted_at.into()),
            ("request_after_ms", self.sent_ms.into()),
            ("accepted_after_ms", self.accepted_ms.into()),
        ])
    }

    /// One line for people; `date` formats a wall time.
    pub fn to_text(&self, date: &mut dyn FnMut(UnixSeconds) -> String) -> String {
        let at = match self.accepted_at {
            Some(at) => date(at),
            None => "(clock not set)".into(),
        };
        let old = self.old.map(|address| format!("{address} -> ")).unwrap_or_default();
        let new = self.new.map_or_else(|| "removed".into(), |address| address.to_string());
        let (name, record_type) = (&self.name, self.family.record_type());
        let mut text = format!("{at}  {name} {record_type}  {old}{new}");
        if let Some(sent) = self.sent_ms {
            text = format!("{text}  request after {sent} ms");
        }
        if let Some(accepted) = self.accepted_ms {
            text = format!("{text}  accepted after {accepted} ms");
        }
        text
    }
}

/// Appends `change`, and drops the oldest beyond [`MAX_HISTORY`].
pub fn append(history: &mut Vec<PastChange>, change: PastChange) {
    // The list is bounded, because the whole file is written to flash at each change.
    if history.len() >= MAX_HISTORY {
        history.remove(0);
    }
    history.push(change);
}
