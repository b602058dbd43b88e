//! What the owner's programs are told of a record, as a value: its environment and its JSON.

use std::net::IpAddr;

use crate::model::json::Json;
use crate::model::{Family, Hostname};
use crate::text::quoted::visible;

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The provider has accepted another address.
    Accepted,
    /// The record was removed, because there was no address for `remove_after`.
    Removed,
    /// Requests have failed for `failing_after`.
    Failing,
    /// The provider refuses the record.
    Refused,
    /// The address that the record holds is gone.
    Lost,
    /// The line has only an address that the provider of the line shares among its customers (RFC 6598).
    Shared,
    /// Somebody else writes the record: DNS has another address again, after two corrections within a day, or one
    /// beside the published one.
    Foreign,
    /// The section publishes another line now, of several.
    Line,
}

/// One event for the owner's programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookEvent {
    /// Its number. Each is higher than those before, until the daemon is started again: programs that are
    /// started at the same time can tell which event was the last.
    pub number: u32,
    /// What has happened.
    pub happening: Happening,
    /// The name of the section.
    pub section: String,
    /// The name of the record.
    pub name: Hostname,
    /// Its family.
    pub family: Family,
    /// The address before, if one is known.
    pub old: Option<IpAddr>,
    /// The address that the record holds now, or should hold; for [`Happening::Foreign`] the one that DNS has.
    pub new: Option<IpAddr>,
    /// Why: a sentence without secrets; empty if there is nothing to say.
    pub reason: String,
}

impl Happening {
    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "update",
            Self::Removed => "remove",
            Self::Failing => "fail",
            Self::Refused => "refused",
            Self::Lost => "lost",
            Self::Shared => "shared",
            Self::Foreign => "foreign",
            Self::Line => "line",
        }
    }
}

impl HookEvent {
    /// The values under the names that a script gets them by.
    fn values(&self) -> [(&'static str, String); 8] {
        [
            ("ACTION", self.happening.word().into()),
            ("DDNS_NUMBER", self.number.to_string()),
            ("DDNS_SECTION", self.section.clone()),
            ("DDNS_NAME", self.name.as_str().into()),
            ("DDNS_TYPE", self.family.record_type().into()),
            ("DDNS_OLD", text(self.old)),
            ("DDNS_NEW", text(self.new)),
            ("DDNS_REASON", visible(&self.reason).replace('\n', " ")),
        ]
    }

    /// The environment of a script: `NAME=value`.
    pub fn environment(&self) -> Vec<String> {
        let mut environment = Vec::new();
        for (name, value) in &self.values() {
            environment.push(format!("{name}={value}"));
        }
        environment
    }

    /// The documented JSON form: the same values under the same names in lower case, without `DDNS_`.
    pub fn to_json(&self) -> Json {
        let mut json = Json::object(&mut []);
        for (name, value) in self.values() {
            let name = name.strip_prefix("DDNS_").unwrap_or(name).to_ascii_lowercase();
            json.set(&name, value.into());
        }
        json.set("number", self.number.into());
        json
    }
}

fn text(address: Option<IpAddr>) -> String {
    address.map(|address| address.to_string()).unwrap_or_default()
}
