//! The zone example.com at a provider, whatever its interface is.

use std::collections::BTreeMap;

use serde_json::Value;

pub(super) const DOMAIN: &str = "example.com";
/// The TTL of the records that are there from the beginning.
pub(super) const OLD_TTL: u64 = 3600;

/// A record. `host` is relative to the zone, and empty for the name of the zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) host: String,
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) ttl: u64,
    pub(super) id: u64,
}

impl Entry {
    /// The complete name, without a dot at the end.
    pub(super) fn fqdn(&self) -> String {
        full(&self.host)
    }

    /// The relative name; `apex` for the name of the zone.
    pub(super) fn host<'e>(&'e self, apex: &'e str) -> &'e str {
        if self.host.is_empty() { apex } else { &self.host }
    }

    /// The identifier, where it is a text.
    pub(super) fn text_id(&self) -> String {
        format!("r{}", self.id)
    }
}

/// The complete name of `host`.
pub(super) fn full(host: &str) -> String {
    if host.is_empty() { DOMAIN.into() } else { format!("{host}.{DOMAIN}") }
}

/// The relative name of `fqdn`, which must be in the zone.
pub(super) fn relative(fqdn: &str) -> String {
    let fqdn = fqdn.strip_suffix(DOMAIN).unwrap_or_else(|| panic!("{fqdn} is in another zone"));
    assert!(fqdn.is_empty() || fqdn.ends_with('.'), "{fqdn} is in another zone");
    fqdn.trim_end_matches('.').to_owned()
}

/// The relative name `host`, where the zone itself is `@`.
pub(super) fn from_at(host: &str) -> &str {
    assert!(!host.is_empty(), "the name of the zone is @");
    if host == "@" { "" } else { host }
}

/// Why a server does not do what a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The record is not allowed.
    Bad,
    /// The same record is there.
    Exists,
    /// The name is an alias.
    Alias,
    /// There is no such zone or record.
    NotFound,
    /// The credentials are wrong.
    Credentials,
    /// There were too many requests.
    Limited,
    /// An error of the server.
    Server(u16),
}

/// The account's zones, and the records of the one that is ours.
#[derive(Clone)]
pub(super) struct Zone {
    pub(super) entries: Vec<Entry>,
    next_id: u64,
    /// How many other zones are listed before.
    pub(super) others: usize,
    /// What happens to a write to the name `bad`.
    pub(super) bad: Refusal,
    /// The records that name servers know, where changes must be published.
    pub(super) published: Option<Vec<Entry>>,
    /// Whether a record may be there twice.
    pub(super) takes_duplicates: bool,
    /// How many requests for something the server must be asked about again are still to be answered.
    pub(super) pending: u8,
}

/// Records of others in a large zone.
const MANY: usize = 1200;

impl Zone {
    pub(super) fn new() -> Self {
        let mut zone = Self {
            entries: Vec::new(),
            next_id: 11,
            others: 1,
            bad: Refusal::Bad,
            published: None,
            takes_duplicates: false,
            pending: 0,
        };
        for (host, kind, value) in [
            ("", "NS", "ns1.example.net."),
            ("home", "TXT", "x"),
            ("other", "A", "192.0.2.77"),
            ("alias", "CNAME", "www.example.net."),
            ("www", "A", "192.0.2.1"),
            ("shared", "A", "192.0.2.77"),
            ("shared", "A", "192.0.2.1"),
            ("shared", "A", "192.0.2.78"),
        ] {
            zone.insert(host, kind, value, OLD_TTL);
        }
        zone
    }

    /// Adds records of others, and `zones` other zones, so that lists have several pages.
    pub(super) fn enlarge(&mut self, zones: usize) {
        self.others = zones;
        for number in 0..MANY {
            self.insert(&format!("s{number}"), "A", "192.0.2.77", OLD_TTL);
        }
    }

    /// The records of others, before anything is published.
    pub(super) fn of_others(&self) -> Vec<Entry> {
        let is_ours = |entry: &&Entry| entry.value == "192.0.2.1";
        self.entries.iter().filter(|entry| !is_ours(entry)).cloned().collect()
    }

    fn insert(&mut self, host: &str, kind: &str, value: &str, ttl: u64) -> u64 {
        let (id, host, kind) = (self.next_id, host.to_owned(), kind.to_owned());
        self.entries.push(Entry { host, kind, value: value.to_owned(), ttl, id });
        self.next_id += 1;
        id
    }

    /// The names of all zones of the account, each with a number.
    pub(super) fn zones(&self) -> Vec<(u64, String)> {
        let others =
            (0..self.others).map(|other| (100 + other as u64, format!("x{other}.example")));
        // A zone that only seems to hold our names.
        let near = (6, format!("not-{DOMAIN}"));
        others.chain([near, (5, DOMAIN.to_owned())]).collect()
    }

    /// The same as JSON.
    pub(super) fn zone_list(&self, each: impl Fn(u64, String) -> Value) -> Vec<Value> {
        self.zones().into_iter().map(|(id, name)| each(id, name)).collect()
    }

    /// The records that fit; all that are wanted from an empty text.
    pub(super) fn find(&self, host: Option<&str>, kind: &str) -> Vec<&Entry> {
        let fits = |entry: &&Entry| {
            host.is_none_or(|host| entry.host == host) && (kind.is_empty() || entry.kind == kind)
        };
        self.entries.iter().filter(fits).collect()
    }

    /// The values of a set.
    pub(super) fn values(&self, host: &str, kind: &str) -> Vec<String> {
        self.find(Some(host), kind).into_iter().map(|entry| entry.value.clone()).collect()
    }

    pub(super) fn get(&self, id: u64) -> Result<&Entry, Refusal> {
        self.entries.iter().find(|entry| entry.id == id).ok_or(Refusal::NotFound)
    }

    /// The id of a record whose id is a text.
    pub(super) fn id(&self, text: &str) -> Result<u64, Refusal> {
        let id = text.strip_prefix('r').and_then(|id| id.parse().ok());
        Ok(self.get(id.ok_or(Refusal::NotFound)?)?.id)
    }

    /// The id of a record whose id is a number.
    pub(super) fn number(&self, text: &str) -> Result<u64, Refusal> {
        Ok(self.get(text.parse().map_err(|_| Refusal::NotFound)?)?.id)
    }

    /// Whether the name and the address are allowed, and the name is no alias.
    fn check(&self, host: &str, kind: &str, value: &str) -> Result<(), Refusal> {
        assert!(host.is_ascii() && host == host.to_ascii_lowercase(), "{host}");
        let is_address = match kind {
            "A" => value.parse::<std::net::Ipv4Addr>().is_ok(),
            "AAAA" => value.parse::<std::net::Ipv6Addr>().is_ok(),
            other => panic!("a record of type {other} is written"),
        };
        assert!(is_address, "{kind} {value}");
        if host == "bad" {
            return Err(self.bad);
        }
        if !self.find(Some(host), "CNAME").is_empty() {
            return Err(Refusal::Alias);
        }
        Ok(())
    }

    /// Adds a record.
    pub(super) fn add(
        &mut self,
        host: &str,
        kind: &str,
        value: &str,
        ttl: u64,
    ) -> Result<u64, Refusal> {
        self.check(host, kind, value)?;
        let is_there = self.values(host, kind).iter().any(|other| other == value);
        if is_there && !self.takes_duplicates {
            return Err(Refusal::Exists);
        }
        Ok(self.insert(host, kind, value, ttl))
    }

    /// Changes a record. A TTL of 0 stays as it is.
    pub(super) fn change(
        &mut self,
        id: u64,
        (host, kind, value): (&str, &str, &str),
        ttl: u64,
    ) -> Result<(), Refusal> {
        self.check(host, kind, value)?;
        let is_other = |entry: &Entry| {
            entry.id != id && entry.host == host && entry.kind == kind && entry.value == value
        };
        if self.entries.iter().any(is_other) {
            return Err(Refusal::Exists);
        }
        let entry = self.entries.iter_mut().find(|entry| entry.id == id);
        let entry = entry.ok_or(Refusal::NotFound)?;
        (entry.host, entry.kind, entry.value) = (host.into(), kind.into(), value.into());
        if ttl != 0 {
            entry.ttl = ttl;
        }
        Ok(())
    }

    /// Gives a record another value.
    pub(super) fn set_value(&mut self, id: u64, value: &str, ttl: u64) -> Result<(), Refusal> {
        let Entry { host, kind, .. } = self.get(id)?.clone();
        self.change(id, (&host, &kind, value), ttl)
    }

    pub(super) fn remove(&mut self, id: u64) -> Result<(), Refusal> {
        self.get(id)?;
        self.entries.retain(|entry| entry.id != id);
        Ok(())
    }

    /// Removes the record with this value.
    pub(super) fn remove_value(
        &mut self,
        host: &str,
        kind: &str,
        value: &str,
    ) -> Result<(), Refusal> {
        let found = self.find(Some(host), kind).into_iter().find(|entry| entry.value == value);
        let id = found.ok_or(Refusal::NotFound)?.id;
        self.remove(id)
    }

    /// Replaces a set. Values that stay keep their ids.
    pub(super) fn replace(
        &mut self,
        host: &str,
        kind: &str,
        values: &[String],
        ttl: u64,
    ) -> Result<(), Refusal> {
        for (index, value) in values.iter().enumerate() {
            self.check(host, kind, value)?;
            assert!(!values[..index].contains(value), "{value} twice in a set");
        }
        let old = self.find(Some(host), kind).first().map_or(0, |entry| entry.ttl);
        self.entries.retain(|entry| {
            entry.host != host || entry.kind != kind || values.contains(&entry.value)
        });
        let present = self.values(host, kind);
        for value in values.iter().filter(|value| !present.contains(value)) {
            self.insert(host, kind, value, old);
        }
        for entry in &mut self.entries {
            if entry.host == host && entry.kind == kind && ttl != 0 {
                entry.ttl = ttl;
            }
        }
        Ok(())
    }

    /// Removes a set, which must be there.
    pub(super) fn remove_set(&mut self, host: &str, kind: &str) -> Result<(), Refusal> {
        if self.values(host, kind).is_empty() {
            return Err(Refusal::NotFound);
        }
        self.entries.retain(|entry| entry.host != host || entry.kind != kind);
        Ok(())
    }

    /// Carries out everything that `act` does, or nothing.
    pub(super) fn together<T>(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let before = self.clone();
        let done = act(self);
        if done.is_err() {
            *self = before;
        }
        done
    }

    /// All sets: name, type, TTL and values.
    pub(super) fn sets(&self) -> Vec<(String, String, u64, Vec<String>)> {
        let mut sets: BTreeMap<(&str, &str), (u64, Vec<String>)> = BTreeMap::new();
        for entry in &self.entries {
            let set = sets.entry((&entry.host, &entry.kind)).or_insert((entry.ttl, Vec::new()));
            set.1.push(entry.value.clone());
        }
        let with_names = |((host, kind), (ttl, values)): ((&str, &str), (u64, Vec<String>))| {
            (host.to_owned(), kind.to_owned(), ttl, values)
        };
        sets.into_iter().map(with_names).collect()
    }
}

/// The elements of page `number`, which counts from 1, and how many pages there are.
pub(super) fn page(all: Vec<Value>, number: usize, size: usize) -> (Vec<Value>, usize) {
    assert!(number > 0 && size > 0, "page {number} of {size}");
    let pages = all.len().div_ceil(size).max(1);
    (from(all, (number - 1) * size, size), pages)
}

/// At most `size` elements from the one with the number `first` on.
pub(super) fn from(all: Vec<Value>, first: usize, size: usize) -> Vec<Value> {
    all.into_iter().skip(first).take(size).collect()
}
