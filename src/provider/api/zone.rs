//! Names and the zones that hold them.

use serde_json::Value;

use super::rest::{NO_ZONE, id};
use crate::model::name::{below, plain};
use crate::provider::talk::{Halt, Talk, Talked};
use crate::provider::{Change, Outcome, Scope, Verdict};

/// A record by its place in DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The whole name, without a dot at its end.
    pub fqdn: String,
    /// The zone, where the user has said it: `host@zone`, or `option zone`.
    pub zone: Option<String>,
}

impl Target {
    /// The record that `change` means.
    pub fn of(change: &Change) -> Self {
        Self::new(change.name.as_str(), change.record.zone.as_deref())
    }

    /// The record `name`. `host@zone` and `@zone` are how ddns-scripts says where the zone begins.
    pub fn new(name: &str, zone: Option<&str>) -> Self {
        let name = name.trim_end_matches('.');
        let zone = zone.map(plain);
        match name.split_once('@') {
            Some(("", zone)) => Self { fqdn: zone.to_owned(), zone: Some(zone.to_owned()) },
            Some((host, zone)) => {
                Self { fqdn: format!("{host}.{zone}"), zone: Some(zone.to_owned()) }
            }
            None => Self { fqdn: name.to_owned(), zone },
        }
    }

    /// Whether it is where the user has said.
    pub fn is_within(&self) -> bool {
        self.zone.as_ref().is_none_or(|zone| !zone.is_empty() && below(&self.fqdn, zone).is_some())
    }

    /// The longest of `zones` that holds the record.
    pub fn zone_among<'z>(&self, zones: impl Iterator<Item = &'z str>) -> Option<&'z str> {
        match &self.zone {
            Some(said) => zones.into_iter().find(|zone| zone == said),
            None => {
                zones.filter(|zone| below(&self.fqdn, zone).is_some()).max_by_key(|zone| zone.len())
            }
        }
    }

    /// The name within `zone`: `home`, or `apex` for the zone itself.
    pub fn within<'a>(&'a self, zone: &str, apex: &'a str) -> &'a str {
        within(&self.fqdn, zone, apex)
    }

    /// The zone, where the interface wants it and gives no list: as the user has said it, else
    /// everything behind the first label, else the name itself if that is a zone's.
    pub fn likely_zone(&self) -> &str {
        if let Some(zone) = &self.zone {
            return zone;
        }
        match self.fqdn.split_once('.') {
            Some((_, rest)) if rest.contains('.') => rest,
            _ => &self.fqdn,
        }
    }

    /// What may be the zone: everything behind the first label, less and less of it, and at last
    /// the name itself.
    fn suffixes(&self) -> impl Iterator<Item = &str> {
        let likely = self.likely_zone();
        let whole = (likely != self.fqdn).then_some(self.fqdn.as_str());
        let shorter =
            std::iter::successors(Some(likely), |name| name.split_once('.').map(|(_, rest)| rest));
        shorter.filter(|name| name.contains('.')).chain(whole)
    }

    /// What to say if no zone of the account holds the record.
    pub fn outside(&self, title: &str) -> Outcome {
        Outcome::Refused {
            reason: match &self.zone {
                Some(zone) if !self.is_within() => format!("{} is not in {zone}", self.fqdn),
                Some(zone) => format!("{title} has no zone {zone} for this account"),
                None => format!("{title} has no zone for {} in this account", self.fqdn),
            },
            advice: NO_ZONE.into(),
        }
    }
}

/// Names and ids of zones.
pub type ZoneList = Vec<(String, String)>;

/// The zones in a list, with their names and what the provider calls them at these places in each.
pub fn listed(zones: &[Value], name: &str, called: &str) -> ZoneList {
    let called = |zone| id(zone, called).trim_end_matches('.').to_owned();
    zones.iter().map(|zone| (plain(&id(zone, name)), called(zone))).collect()
}

/// The zones in a list, which the provider calls by their names.
pub fn by_name(zones: &[Value], name: &str) -> ZoneList {
    let name = |zone| plain(&id(zone, name));
    zones.iter().map(name).map(|name| (name.clone(), name)).collect()
}

/// Zones that the names of the job may be in, where the interface has no list of them: `is_zone`
/// succeeds for one that is there.
///
/// # Errors
/// While an answer is missing, or if the account or the way there is the matter.
pub fn tried(
    talk: &mut Talk<'_>,
    is_zone: &dyn Fn(&mut Talk<'_>, &str) -> Talked<()>,
) -> Talked<ZoneList> {
    let mut zones = ZoneList::new();
    let job = talk.job;
    for target in job.changes.iter().map(Target::of).filter(|target| target.zone.is_none()) {
        if target.zone_among(zones.iter().map(|(name, _)| name.as_str())).is_some() {
            continue;
        }
        for name in target.suffixes() {
            match is_zone(talk, name) {
                Ok(()) => {
                    zones.push((name.to_owned(), name.to_owned()));
                    break;
                }
                Err(Halt::End(Verdict {
                    outcome: Outcome::Refused { .. },
                    scope: Scope::Record,
                })) => {}
                Err(halt) => return Err(halt),
            }
        }
    }
    Ok(zones)
}

/// A zone as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zone {
    /// Its name, without a dot at its end.
    pub name: String,
    /// What the provider calls it.
    pub id: String,
}

impl Zone {
    /// A name and an id.
    pub fn of((name, id): &(String, String)) -> Self {
        Self { name: name.clone(), id: id.clone() }
    }

    /// The whole name of `host` in it, which is empty or `@` for the zone itself.
    pub fn full(&self, host: &str) -> String {
        match host {
            "" | "@" => self.name.clone(),
            _ => format!("{host}.{}", self.name),
        }
    }
}

/// The zones of an account as far as this conversation needs them.
#[derive(Debug, Default)]
pub struct Zones(Option<ZoneList>);

impl Zones {
    /// The zone that holds `target`, and the provider's id of it, from what is known or from the
    /// list that `list` gets: at most one list per conversation.
    ///
    /// # Errors
    /// While an answer is missing, or if the list cannot be had.
    pub fn find<'a>(
        &mut self,
        talk: &mut Talk<'a>,
        target: &Target,
        list: impl FnOnce(&mut Talk<'a>) -> Talked<ZoneList>,
    ) -> Talked<Option<(String, String)>> {
        if self.0.is_none() {
            let known = talk.known_under(KEY);
            if let Some(zone) = target.zone_among(known.iter().map(String::as_str))
                && let Some(id) = talk.known(&format!("{KEY}{zone}"))
            {
                return Ok(Some((zone.to_owned(), id)));
            }
        }
        let zones = self.all(talk, list)?;
        let Some(name) = target.zone_among(zones.iter().map(|(name, _)| name.as_str())) else {
            return Ok(None);
        };
        // With those below it, so that a name in one of them is not taken for one of this zone later.
        for (zone, id) in
            zones.iter().filter(|(zone, _)| below(zone, name).is_some()).take(REMEMBERED)
        {
            talk.learn(format!("{KEY}{zone}"), id);
        }
        Ok(zones.iter().find(|(zone, _)| zone == name).cloned())
    }

    /// All that `list` gets, at most once per conversation.
    ///
    /// # Errors
    /// While an answer is missing, or if the list cannot be had.
    pub fn all<'a>(
        &mut self,
        talk: &mut Talk<'a>,
        list: impl FnOnce(&mut Talk<'a>) -> Talked<ZoneList>,
    ) -> Talked<&[(String, String)]> {
        if self.0.is_none() {
            self.0 = Some(list(talk)?);
        }
        Ok(self.0.as_deref().unwrap_or_default())
    }
}

/// What the ids of zones are remembered under.
const KEY: &str = "zone ";
/// Zones below one another that are remembered.
const REMEMBERED: usize = 50;

/// `fqdn` within `zone`: `home`, or `apex` for the zone itself.
pub fn within<'a>(fqdn: &'a str, zone: &str, apex: &'a str) -> &'a str {
    match below(fqdn, zone) {
        Some("") => apex,
        host => host.unwrap_or(fqdn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Job;
    use crate::provider::testing::{change, job, kept, play};

    #[test]
    fn the_place_of_a_name() {
        for (domain, fqdn, zone) in [
            ("home.example.com", "home.example.com", None),
            ("home.example.com.", "home.example.com", None),
            ("a.b@example.com", "a.b.example.com", Some("example.com")),
            ("@example.com", "example.com", Some("example.com")),
        ] {
            let target = Target::of(&change(domain, "192.0.2.1"));
            assert_eq!((target.fqdn.as_str(), target.zone.as_deref()), (fqdn, zone), "{domain}");
        }
        let mut with_option = change("home.example.com", "192.0.2.1");
        with_option.record.zone = Some("example.com.".into());
        assert_eq!(Target::of(&with_option).zone.as_deref(), Some("example.com"));
        assert!(Target::of(&with_option).is_within());
        with_option.record.zone = Some("Example.org".into());
        let target = Target::of(&with_option);
        assert!(!target.is_within());
        let Outcome::Refused { reason, .. } = target.outside("x") else { panic!() };
        assert_eq!(reason, "home.example.com is not in example.org");
    }

    #[test]
    fn a_zone_below_another_is_not_forgotten() {
        let me = crate::provider::testing::account("cloudflare");
        let list = r#"{"success":true,"result":[{"id":"z1","name":"example.com"},
            {"id":"z2","name":"sub.example.com"},{"id":"z3","name":"example.org"}]}"#;
        let place = "https://api.cloudflare.com/client/v4/zones";
        let ask = format!("GET {place}?per_page=50&page=1");
        let find = |zone: &str, name: &str| {
            format!("GET {place}/{zone}/dns_records?type=A&name={name}&per_page=500&page=1")
        };
        let (home, a) = (find("z1", "home.example.com"), find("z2", "a.sub.example.com"));
        let found = |name: &str| {
            format!(
                r#"{{"success":true,"result":[{{"id":"r","name":"{name}","type":"A","content":"192.0.2.1"}}]}}"#
            )
        };
        let both = ["home.example.com", "a.sub.example.com"].map(|name| change(name, "192.0.2.1"));
        let answers = [found("home.example.com"), found("a.sub.example.com")];
        let script = [(&*ask, 200, list), (&*home, 200, &*answers[0]), (&*a, 200, &*answers[1])];
        let unchanged = vec![Outcome::Unchanged.into(); 2];
        assert_eq!(play(&me, job(both.to_vec()), &script).0, unchanged);
        // One after the other, too.
        let (_, learned) = play(&me, job(both[..1].to_vec()), &script[..2]);
        let next = Job { known: kept(learned), ..job(both[1..].to_vec()) };
        assert_eq!(play(&me, next, &script[2..]).0, unchanged[..1]);
    }

    #[test]
    fn the_longest_zone_holds_a_name() {
        let target = |domain| Target::of(&change(domain, "192.0.2.1"));
        let zones = ["example.com", "sub.example.com", "ple.com"];
        let among = |domain| target(domain).zone_among(zones.into_iter());
        assert_eq!(among("a.sub.example.com"), Some("sub.example.com"));
        assert_eq!(among("sub.example.com"), Some("sub.example.com"));
        assert_eq!(among("a.example.com"), Some("example.com"));
        assert_eq!(among("a.example.org"), None);
        assert_eq!(among("a.sub@example.com"), Some("example.com"));
        assert_eq!(among("a@example.org"), None);
        assert_eq!(target("a.b.example.com").within("example.com", "@"), "a.b");
        assert_eq!(target("example.com").within("example.com", "@"), "@");
        assert_eq!(target("home.example.com").likely_zone(), "example.com");
        assert_eq!(target("example.com").likely_zone(), "example.com");
    }
}
