//! Names of records, and the zones that hold them.

use super::rest::NO_ZONE;
use crate::model::name::{canonical, strip_zone};
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Change, Scope, Verdict};

/// The name of a record, and its zone if the options give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordName {
    /// The complete name, without a dot at the end.
    pub fqdn: String,
    /// The zone, from `host@zone` or `option zone`.
    pub zone: Option<String>,
}

impl RecordName {
    /// The name of the record of `change`.
    pub fn of(change: &Change) -> Self {
        Self::new(change.name.as_str(), change.record.zone.as_deref())
    }

    /// Parses `option domain`. In ddns-scripts, `host@zone` and `@zone` name the zone.
    pub fn new(name: &str, zone: Option<&str>) -> Self {
        let name = name.trim_end_matches('.');
        match name.split_once('@') {
            Some(("", zone)) => Self { fqdn: zone.to_owned(), zone: Some(zone.to_owned()) },
            Some((host, zone)) => {
                Self { fqdn: format!("{host}.{zone}"), zone: Some(zone.to_owned()) }
            }
            None => Self { fqdn: name.to_owned(), zone: zone.map(canonical) },
        }
    }

    /// Whether the name is in the zone of the options, if these give one.
    pub fn is_in_given_zone(&self) -> bool {
        match &self.zone {
            Some(zone) => !zone.is_empty() && strip_zone(&self.fqdn, zone).is_some(),
            None => true,
        }
    }

    /// The zone of `zones` that holds the record: that of the options, else the longest.
    pub fn zone_among<'z>(&self, zones: &[&'z str]) -> Option<&'z str> {
        let mut found: Option<&str> = None;
        for &zone in zones {
            let may_hold = match &self.zone {
                Some(given) => zone == given,
                None => strip_zone(&self.fqdn, zone).is_some(),
            };
            // If example.com and sub.example.com are both zones, only the latter answers for a.sub.example.com. The
            // provider would accept a record in the former, and it would have no effect.
            if may_hold && found.is_none_or(|found| zone.len() > found.len()) {
                found = Some(zone);
            }
        }
        found
    }

    /// The zone that holds the record, if its id has been learned.
    pub fn learned_zone(&self, talk: &mut Conversation<'_>) -> Option<Zone> {
        let learned = talk.learned_keys(KEY);
        let names: Vec<&str> = learned.iter().map(String::as_str).collect();
        let zone = self.zone_among(&names)?;
        let id = talk.learned(&[KEY, zone].concat())?;
        Some(Zone::new(zone, &id))
    }

    /// The zone of `zones` that holds the record. Its id is learned.
    pub fn listed_zone(&self, talk: &mut Conversation<'_>, zones: &[Zone]) -> Option<Zone> {
        let mut names = Vec::new();
        for zone in zones {
            names.push(zone.name.as_str());
        }
        let found = self.zone_among(&names)?;
        // Zones below the found one are learned too. Otherwise, a later name in one of them would be
        // written to the found zone.
        let below = zones.iter().filter(|zone| strip_zone(&zone.name, found).is_some());
        for zone in below.take(REMEMBERED) {
            talk.learn([KEY, &zone.name].concat(), &zone.id);
        }
        zones.iter().find(|zone| zone.name == found).cloned()
    }

    /// The name relative to `zone`, such as `home`; `apex` for the name of the zone itself.
    pub fn relative_to<'a>(&'a self, zone: &str, apex: &'a str) -> &'a str {
        relative_name(&self.fqdn, zone, apex)
    }

    /// A guess at the zone, for interfaces that need it and have no list of zones: the zone of the
    /// options; else the name without its first label; else the name, if it has only two labels.
    pub fn likely_zone(&self) -> &str {
        if let Some(zone) = &self.zone {
            return zone;
        }
        match self.fqdn.split_once('.') {
            Some((_, parent)) if parent.contains('.') => parent,
            _ => &self.fqdn,
        }
    }

    /// The names that may be the zone's, in the order in which they are tried: the parents of this name, from
    /// the longest to the one with two labels, and then this name. If the options give the zone, only that one.
    fn possible_zones(&self) -> Vec<&str> {
        // The record can be in no other zone than that of the options.
        if let Some(zone) = &self.zone {
            return vec![zone];
        }
        let mut zones = Vec::new();
        let mut zone = self.likely_zone();
        while zone.contains('.') {
            zones.push(zone);
            zone = zone.split_once('.').map_or("", |(_, parent)| parent);
        }
        // The name itself comes last, because few names are zones, and each attempt is a request.
        if self.likely_zone() != self.fqdn {
            zones.push(&self.fqdn);
        }
        zones
    }

    /// The refusal if the provider `title` has no zone for the record.
    pub fn no_zone(&self, title: &str) -> Box<Verdict> {
        let reason = match &self.zone {
            Some(zone) if !self.is_in_given_zone() => format!("{} is not in {zone}", self.fqdn),
            Some(zone) => format!("{title} has no zone {zone} for this account"),
            None => format!("{title} has no zone for {} in this account", self.fqdn),
        };
        Verdict::refused(Scope::Record, reason, NO_ZONE)
    }
}

/// A zone at the provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zone {
    /// Its name, without a dot at the end.
    pub name: String,
    /// The provider's id, which may be the name.
    pub id: String,
}

impl Zone {
    /// A zone with this name and id.
    pub fn new(name: &str, id: &str) -> Self {
        Self { name: name.to_owned(), id: id.to_owned() }
    }

    /// The complete name of `host` in this zone. `host` is empty or `@` for the zone itself.
    pub fn full(&self, host: &str) -> String {
        match host {
            "" | "@" => self.name.clone(),
            _ => format!("{host}.{}", self.name),
        }
    }
}

/// The zones of an account.
pub type ZoneList = Vec<Zone>;

/// Finds zones by trying, for interfaces that have no list of them. `probe` returns a zone of the account, and is
/// refused for any other name. `is_by_name`: requests need only the name of a zone, so a zone that the options give is
/// not tried.
///
/// # Errors
/// If an answer is missing, or concerns all changes.
pub fn probe_zones(
    talk: &mut Conversation<'_>,
    is_by_name: bool,
    probe: &mut dyn FnMut(&mut Conversation<'_>, &str) -> ApiResult<Zone>,
) -> ApiResult<ZoneList> {
    let mut zones = ZoneList::new();
    let mut absent: Vec<String> = Vec::new();
    let job = talk.job;
    for name in job.changes.iter().map(RecordName::of) {
        if is_by_name && name.zone.is_some() {
            continue;
        }
        for zone in name.possible_zones() {
            if zones.iter().any(|found| found.name == zone) {
                break;
            }
            if absent.iter().any(|name| name == zone) {
                continue;
            }
            match probe(talk, zone) {
                Ok(zone) => {
                    zones.push(zone);
                    break;
                }
                // A failure of another kind says nothing about the zone. If that counted as absent, a name could get
                // into the zone above it.
                Err(verdict) if verdict.is_refused() => absent.push(zone.to_owned()),
                Err(verdict) => return Err(verdict),
            }
        }
    }
    Ok(zones)
}

/// Before a zone's name in the key under which its id is learned. Keys are stored, so this must stay.
const KEY: &str = "zone ";
/// Most zones that are learned at once.
const REMEMBERED: usize = 50;

/// `fqdn` relative to `zone`, such as `home`; `apex` for the name of the zone itself.
pub fn relative_name<'a>(fqdn: &'a str, zone: &str, apex: &'a str) -> &'a str {
    match strip_zone(fqdn, zone) {
        Some("") => apex,
        host => host.unwrap_or(fqdn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::testing::{apply, change, job, play};
    use crate::provider::{Job, Outcome};

    #[test]
    fn the_zone_comes_from_an_at_sign_or_the_option() {
        for (domain, fqdn, zone) in [
            ("home.example.com", "home.example.com", None),
            ("home.example.com.", "home.example.com", None),
            ("a.b@example.com", "a.b.example.com", Some("example.com")),
            ("@example.com", "example.com", Some("example.com")),
        ] {
            let name = RecordName::of(&change(domain, "192.0.2.1"));
            assert_eq!((name.fqdn.as_str(), name.zone.as_deref()), (fqdn, zone), "{domain}");
        }
        let mut with_option = change("home.example.com", "192.0.2.1");
        with_option.record.zone = Some("example.com.".into());
        assert_eq!(RecordName::of(&with_option).zone.as_deref(), Some("example.com"));
        assert!(RecordName::of(&with_option).is_in_given_zone());
        with_option.record.zone = Some("Example.org".into());
        let name = RecordName::of(&with_option);
        assert!(!name.is_in_given_zone());
        let Outcome::Refused { reason, .. } = name.no_zone("x").outcome else { panic!() };
        assert_eq!(reason, "home.example.com is not in example.org");
    }

    #[test]
    fn zones_below_the_found_one_are_learned_too() {
        let me = crate::provider::testing::account("cloudflare");
        let list = r#"{"success":true,"result":[{"id":"z1","name":"example.com"},
            {"id":"z2","name":"sub.example.com"},{"id":"z3","name":"example.org"}]}"#;
        let base = "https://api.cloudflare.com/client/v4/zones";
        let zones = format!("GET {base}?per_page=50&page=1");
        let find = |zone: &str, name: &str| {
            format!("GET {base}/{zone}/dns_records?type=A&name={name}&per_page=500&page=1")
        };
        let (home, a) = (find("z1", "home.example.com"), find("z2", "a.sub.example.com"));
        let found = |name: &str| {
            format!(
                r#"{{"success":true,"result":[{{"id":"r","name":"{name}","type":"A","content":"192.0.2.1"}}]}}"#
            )
        };
        let both = ["home.example.com", "a.sub.example.com"].map(|name| change(name, "192.0.2.1"));
        let answers = [found("home.example.com"), found("a.sub.example.com")];
        let script = [(&*zones, 200, list), (&*home, 200, &*answers[0]), (&*a, 200, &*answers[1])];
        let unchanged = vec![Outcome::Unchanged.into(); 2];
        assert_eq!(play(&me, job(both.to_vec()), &script).0, unchanged);
        // The same in two conversations.
        let (_, learned) = play(&me, job(both[..1].to_vec()), &script[..2]);
        let next = Job { learned: apply(learned), ..job(both[1..].to_vec()) };
        assert_eq!(play(&me, next, &script[2..]).0, unchanged[..1]);
    }

    #[test]
    fn the_longest_zone_that_contains_a_name_holds_it() {
        let record_name = |domain| RecordName::of(&change(domain, "192.0.2.1"));
        let zones = ["example.com", "sub.example.com", "ple.com"];
        let among = |domain| record_name(domain).zone_among(&zones);
        assert_eq!(among("a.sub.example.com"), Some("sub.example.com"));
        assert_eq!(among("sub.example.com"), Some("sub.example.com"));
        assert_eq!(among("a.example.com"), Some("example.com"));
        assert_eq!(among("a.example.org"), None);
        assert_eq!(among("a.sub@example.com"), Some("example.com"));
        assert_eq!(among("a@example.org"), None);
        assert_eq!(record_name("a.b.example.com").relative_to("example.com", "@"), "a.b");
        assert_eq!(record_name("example.com").relative_to("example.com", "@"), "@");
        assert_eq!(record_name("home.example.com").likely_zone(), "example.com");
        assert_eq!(record_name("example.com").likely_zone(), "example.com");
    }
}
