//! What survives a restart and a reboot, as a value. [`crate::edge::store`] reads and writes the file.
//!
//! The file is text, one record per line:
//!
//! ```text
//! ddns-netlink state 1
//! record section=home name=home.example.com family=A fingerprint=00c0ffee00c0ffee … sum=1a2b3c4d
//! known account=00c0ffee00c0ffee key=zone%20example.com value=z1 sum=1a2b3c4d
//! change section=home name=home.example.com family=A old=192.0.2.1 new=192.0.2.9 … sum=1a2b3c4d
//! ```
//!
//! Values are percent-escaped. Each line ends with its own checksum, so that a file that was cut
//! off or damaged loses only the lines that were hit. Unknown lines and unknown fields are passed
//! over, so that an older program reads what a newer one wrote as far as it understands it.

mod history;

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::net::IpAddr;

use crate::model::sort;
use crate::model::{Family, Hostname, Target};
use crate::text::percent;
use crate::time::UnixSeconds;
pub use history::{MAX_HISTORY, PastChange, append};

/// Most records, and again most other entries, that are written. Far above any router.
pub const MAX_RECORDS: usize = 10_000;
/// Most entries that are read: a bound for damaged files.
const MAX_LINES: usize = 2 * MAX_RECORDS;

const HEADER: &str = "ddns-netlink state ";
const VERSION: u32 = 1;

/// Most dropped lines that are described one by one. Of a damaged file, each of thousands of lines may be
/// wrong.
const MAX_COMPLAINTS: usize = 10;

/// Everything that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// One entry per record that was ever sent, sorted by section, name and family.
    pub records: Vec<Saved>,
    /// What accounts have taught, sorted by account and key.
    pub known: Vec<Learned>,
    /// The latest accepted changes of records, the oldest first.
    pub history: Vec<PastChange>,
}

/// Names a record in a [`State`]: its section, its name and its family.
pub type RecordKey = (String, Hostname, Family);

/// What changed in a [`State`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Records that are not kept any more.
    pub dropped: Vec<RecordKey>,
    /// Records that are new or not as they were. Of several for one record the last one counts.
    pub records: Vec<Saved>,
    /// Accounts and keys whose values are not known any more.
    pub forgotten: Vec<(u64, String)>,
    /// What accounts have taught.
    pub known: Vec<Learned>,
    /// Changes of records that providers have accepted since.
    pub history: Vec<PastChange>,
}

/// What a provider calls something, as `crate::provider::Known` has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Learned {
    /// See [`crate::provider::account`].
    pub account: u64,
    /// What.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// What is known about one record at its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// UCI section name.
    pub section: String,
    /// The name.
    pub name: Hostname,
    /// `A` or `AAAA`.
    pub family: Family,
    /// Fingerprint of provider, credentials and name; another one means that nothing here is known
    /// about the provider that is configured now.
    pub fingerprint: u64,
    /// What the provider accepted last, if anything. After a removal, what the provider has is somebody else's.
    pub held: Option<Target>,
    /// When it was last accepted, if the wall clock could be trusted then.
    pub at: Option<UnixSeconds>,
    /// Something else was sent, and its answer is not known or it is still owed.
    pub unconfirmed: bool,
    /// The addresses that were sent, the latest one last; none if none was sent yet, or a removal was.
    pub tried: Vec<IpAddr>,
    /// What the zone's own name servers have shown of it.
    pub sight: SavedSight,
    /// The provider refused for good: its answer and what to do.
    pub refused: Option<(String, String)>,
    /// The provider asked not to be called before this time.
    pub hold_until: Option<UnixSeconds>,
}

/// What the zone's own name servers have shown of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedSight {
    /// Whether they show what the provider accepts.
    pub visibility: Visibility,
    /// When the address was sent again because they had another one: the latest times.
    pub corrected: Vec<UnixSeconds>,
    /// The owner was told that somebody else writes the record: a checksum of the addresses that were found.
    pub alarm: Option<u64>,
}

/// Whether the zone's own name servers show what the provider accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// It is not known yet.
    #[default]
    Unknown,
    /// They have shown it.
    Seen,
    /// They have shown it, and nothing else.
    Alone,
    /// They had another address, although it was accepted and had the time to arrive, and have never shown it.
    Hidden,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.dropped.is_empty()
            && self.records.is_empty()
            && self.forgotten.is_empty()
            && self.known.is_empty()
            && self.history.is_empty()
    }

    /// What makes `after` of `before`, but for the history.
    pub fn between(before: &State, after: &State) -> Self {
        let mut changes = Self::default();
        changes.compare_records(before, after);
        changes.compare_known(before, after);
        changes
    }

    fn compare_records(&mut self, before: &State, after: &State) {
        for saved in &before.records {
            if after.record(&saved.section, &saved.name, saved.family).is_none() {
                let key = (saved.section.clone(), saved.name.clone(), saved.family);
                self.dropped.push(key);
            }
        }
        for saved in &after.records {
            if before.record(&saved.section, &saved.name, saved.family) != Some(saved) {
                self.records.push(saved.clone());
            }
        }
    }

    fn compare_known(&mut self, before: &State, after: &State) {
        for learned in &before.known {
            if after.learned(learned).is_none() {
                self.forgotten.push((learned.account, learned.key.clone()));
            }
        }
        for learned in &after.known {
            if before.learned(learned) != Some(learned) {
                self.known.push(learned.clone());
            }
        }
    }

    /// An account has taught `value` for `key`; `None`: that what it taught before does not hold any
    /// more.
    pub fn learn(&mut self, account: u64, key: &str, value: Option<&str>) {
        self.known.retain(|learned| learned.account != account || learned.key != key);
        match value {
            Some(value) => {
                let (key, value) = (key.to_owned(), value.to_owned());
                self.known.push(Learned { account, key, value });
            }
            None => self.forgotten.push((account, key.to_owned())),
        }
    }
}

impl State {
    /// Sorts the entries; several of one record stay in their order.
    pub fn new(mut records: Vec<Saved>, mut known: Vec<Learned>, history: Vec<PastChange>) -> Self {
        sort::by(&mut records, |a, b| a.key().cmp(&b.key()));
        sort::ascending(&mut known);
        Self { records, known, history }
    }

    /// What is known of this record. The records are sorted.
    pub fn record(&self, section: &str, name: &Hostname, family: Family) -> Option<&Saved> {
        let key = (section, name, family);
        let place = self.records.binary_search_by(|saved| saved.key().cmp(&key)).ok()?;
        self.records.get(place)
    }

    /// What is known of the key of `wanted` in its account. What accounts have taught is sorted.
    fn learned(&self, wanted: &Learned) -> Option<&Learned> {
        let key = (wanted.account, &wanted.key);
        let place = self.known.binary_search_by(|known| (known.account, &known.key).cmp(&key));
        self.known.get(place.ok()?)
    }

    /// Takes in what changed: the time depends on how much that is, unless records are new or dropped.
    // A step that goes through all records is left out if it has nothing to change.
    pub fn apply(&mut self, changes: Changes) {
        let Changes { mut dropped, records, forgotten, known, history } = changes;
        for change in history {
            append(&mut self.history, change);
        }
        if !dropped.is_empty() {
            sort::ascending(&mut dropped);
            self.records
                .retain(|saved| dropped.binary_search_by(|key| saved.cmp_key(key)).is_err());
        }
        let mut new = Vec::new();
        for record in records {
            match self.records.binary_search_by(|saved| saved.key().cmp(&record.key())) {
                Ok(place) => self.records[place] = record,
                Err(_) => new.push(record),
            }
        }
        self.add(new);
        self.learn(forgotten, known);
    }

    /// Takes in what accounts have taught, and what does not hold any more.
    fn learn(&mut self, mut forgotten: Vec<(u64, String)>, known: Vec<Learned>) {
        for learned in &known {
            forgotten.push((learned.account, learned.key.clone()));
        }
        if forgotten.is_empty() {
            return;
        }
        // Each is compared with each: accounts learn little, and seldom.
        self.known.retain(|old| {
            !forgotten.iter().any(|(account, key)| (*account, key) == (old.account, &old.key))
        });
        self.known.extend(known);
        sort::ascending(&mut self.known);
    }

    /// Adds records. Of several for one record the last one stays.
    fn add(&mut self, records: Vec<Saved>) {
        if records.is_empty() {
            return;
        }
        self.records.extend(records);
        // Sorting keeps the order of equal keys, and `dedup_by` keeps the first, which is the last one now.
        self.records.reverse();
        sort::by(&mut self.records, |a, b| a.key().cmp(&b.key()));
        self.records.dedup_by(|a, b| a.key() == b.key());
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}{VERSION}\n");
        self.records.iter().take(MAX_RECORDS).for_each(|record| record.write(&mut text));
        self.known.iter().take(MAX_RECORDS).for_each(|known| known.write(&mut text));
        self.history.iter().for_each(|change| change.write(&mut text));
        text
    }

    /// Reads as much of `text` as can be trusted, and says what could not be.
    pub fn from_text(text: &str) -> (Self, Vec<String>) {
        let mut complaints = Complaints::default();
        let mut state = Self::default();
        let mut lines = text.lines();
        if let Some(complaint) = check_header(lines.next()) {
            complaints.add(complaint);
        }
        state.read_lines(lines, &mut complaints);
        sort::ascending(&mut state.known);
        state.known.dedup();
        let records = std::mem::take(&mut state.records);
        state.add(records);
        (state, complaints.finish())
    }

    /// Adds what the lines after the first one have.
    fn read_lines(&mut self, lines: std::str::Lines<'_>, complaints: &mut Complaints) {
        for (number, line) in (2_usize..).zip(lines) {
            if line.is_empty() {
                continue;
            }
            if self.records.len() + self.known.len() >= MAX_LINES {
                complaints.add(format!("more than {MAX_LINES} entries, rest dropped"));
                return;
            }
            if let Err(why) = self.read_line(line) {
                complaints.add(format!("line {number} dropped: {why}"));
            }
        }
    }

    /// Adds what a line of the file has. One of a kind that this version does not know is passed over.
    fn read_line(&mut self, line: &str) -> Result<(), &'static str> {
        let Some((kind, fields)) = known_line(line)? else { return Ok(()) };
        let mut fields = Fields::new(fields)?;
        match kind {
            LineKind::Record => {
                let saved = Saved::from_fields(&mut fields)?;
                self.records.push(fields.checked(saved)?);
            }
            LineKind::Known => {
                let learned = Learned::from_fields(&mut fields);
                self.known.push(fields.checked(learned)?);
            }
            LineKind::Change => {
                let change = PastChange::from_fields(&mut fields)?;
                append(&mut self.history, fields.checked(change)?);
            }
        }
        Ok(())
    }
}

/// The kinds of lines that this version knows.
enum LineKind {
    Record,
    Known,
    Change,
}

/// The kind of a line, and its fields; `None` if this version does not know the kind.
fn known_line(line: &str) -> Result<Option<(LineKind, &str)>, &'static str> {
    let (body, sum) = line.rsplit_once(" sum=").ok_or("it is cut off")?;
    if sum.len() != 8 || u32::from_str_radix(sum, 16) != Ok(checksum(body)) {
        return Err("its checksum is wrong");
    }
    let (word, fields) = body.split_once(' ').unwrap_or((body, ""));
    let kind = match word {
        "record" => LineKind::Record,
        "known" => LineKind::Known,
        "change" => LineKind::Change,
        _ => return Ok(None),
    };
    Ok(Some((kind, fields)))
}

/// What is wrong with the first line of the file.
fn check_header(line: Option<&str>) -> Option<String> {
    let Some(line) = line else {
        return Some("the file is empty".into());
    };
    let Some(version) = line.strip_prefix(HEADER) else {
        return Some("the first line does not name the format".into());
    };
    match version.parse::<u32>() {
        Ok(VERSION) => None,
        Ok(other) => Some(format!(
            "written in version {other} of the format, this program knows version {VERSION}"
        )),
        Err(_) => Some("the version of the format cannot be read".into()),
    }
}

/// The fields of a line: `key=value`, with a blank between them.
struct Fields<'a> {
    list: Vec<(&'a str, String)>,
    /// What is wrong with the first one that could not be read. It is noted here, so that a line is read to its end
    /// and looked at once.
    wrong: Option<&'static str>,
}

impl<'a> Fields<'a> {
    fn new(text: &'a str) -> Result<Self, &'static str> {
        let mut list = Vec::new();
        // Splitting an empty text would give one empty word.
        if text.is_empty() {
            return Ok(Self { list, wrong: None });
        }
        for word in text.split(' ') {
            let (key, value) = word.split_once('=').ok_or("a field has no value")?;
            list.push((key, percent::decode_strict(value).ok_or("a value is not escaped well")?));
        }
        Ok(Self { list, wrong: None })
    }

    /// Returns `entry`, which was made of these fields, if all of them could be read.
    // For one that could not, it has an invented value.
    fn checked<T>(&self, entry: T) -> Result<T, &'static str> {
        match self.wrong {
            Some(why) => Err(why),
            None => Ok(entry),
        }
    }

    /// Returns `value`; notes `why` if there is none.
    fn required<T>(&mut self, value: Option<T>, why: &'static str) -> Option<T> {
        if value.is_none() {
            self.wrong = self.wrong.or(Some(why));
        }
        value
    }

    /// The last value of that name.
    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.list.iter().rev().find(|(key, _)| *key == name)?;
        Some(value)
    }

    fn text(&mut self, name: &str, missing: &'static str) -> String {
        let text = self.get(name).map(str::to_owned);
        self.required(text, missing).unwrap_or_default()
    }

    fn hex(&mut self, name: &str, why: &'static str) -> u64 {
        let number = u64::from_str_radix(self.get(name).unwrap_or_default(), 16).ok();
        self.required(number, why).unwrap_or_default()
    }

    /// The section, the name and the family of a record.
    fn record_key(&self) -> Result<RecordKey, &'static str> {
        let section = self.get("section").ok_or("it names no section")?;
        let name = self.get("name").ok_or("it names no record")?;
        let family = match self.get("family") {
            Some("A") => Family::V4,
            Some("AAAA") => Family::V6,
            Some(_) | None => return Err("its record type is not known"),
        };
        let name = Hostname::parse(name).map_err(|_| "its name is not a name")?;
        Ok((section.to_owned(), name, family))
    }

    fn time(&mut self, name: &str, why: &'static str) -> Option<UnixSeconds> {
        let time = self.get(name)?.parse().ok();
        self.required(time, why)
    }

    /// All times of that name.
    fn times(&mut self, name: &str) -> Vec<UnixSeconds> {
        let mut times = Vec::new();
        for (_, text) in self.list.iter().filter(|(key, _)| *key == name) {
            match text.parse() {
                Ok(time) => times.push(time),
                Err(_) => self.wrong = self.wrong.or(Some("its time cannot be read")),
            }
        }
        times
    }

    /// All addresses of that name.
    fn addresses(&mut self, name: &str, family: Family) -> Vec<IpAddr> {
        let mut addresses = Vec::new();
        for (_, text) in self.list.iter().filter(|(key, _)| *key == name) {
            match text.parse() {
                Ok(address) if Family::of(address) == family => addresses.push(address),
                Ok(_) | Err(_) => {
                    self.wrong = self.wrong.or(Some("its address cannot be read"));
                }
            }
        }
        addresses
    }

    /// What the provider accepted last.
    fn held(&mut self, family: Family) -> Option<Target> {
        match self.addresses("published", family).pop() {
            Some(address) => Some(Target::Address(address)),
            None if self.flag("removed") => Some(Target::Absent),
            None => None,
        }
    }

    /// Any value but 0 counts as set: unconfirmed is the careful reading.
    fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value != "0")
    }
}

/// A line of the file while it is written.
struct Line(String);

impl Line {
    fn new(kind: &str) -> Self {
        Self(kind.into())
    }

    fn add(&mut self, key: &str, value: &str) {
        self.0.push(' ');
        self.0.push_str(key);
        self.0.push('=');
        self.0.push_str(&percent::encode_upper_except(value, is_plain));
    }

    fn add_some(&mut self, key: &str, value: Option<&dyn fmt::Display>) {
        if let Some(value) = value {
            self.add(key, &value.to_string());
        }
    }

    fn add_hex(&mut self, key: &str, number: u64) {
        self.add(key, &format!("{number:016x}"));
    }

    fn add_flag(&mut self, key: &str) {
        self.add(key, "1");
    }

    /// Appends the line with its checksum.
    fn end(self, text: &mut String) {
        let (line, sum) = (&self.0, checksum(&self.0));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line} sum={sum:08x}");
    }
}

/// The value for [`Line::add_some`].
fn shown<T: fmt::Display>(value: &Option<T>) -> Option<&dyn fmt::Display> {
    value.as_ref().map(|value| value as &dyn fmt::Display)
}

impl Learned {
    fn write(&self, text: &mut String) {
        let mut line = Line::new("known");
        line.add_hex("account", self.account);
        line.add("key", &self.key);
        line.add("value", &self.value);
        line.end(text);
    }

    /// Reads `fields`, which note what is wrong with them.
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            key: fields.text("key", "it says nothing"),
            value: fields.text("value", "it says nothing"),
            account: fields.hex("account", "its account cannot be read"),
        }
    }
}

impl Saved {
    /// What names the record.
    fn key(&self) -> (&str, &Hostname, Family) {
        (&self.section, &self.name, self.family)
    }

    /// How `key` compares with that of this record.
    fn cmp_key(&self, key: &RecordKey) -> Ordering {
        (key.0.as_str(), &key.1, key.2).cmp(&self.key())
    }

    fn write(&self, text: &mut String) {
        let mut line = Line::new("record");
        line.add("section", &self.section);
        line.add("name", self.name.as_str());
        line.add("family", self.family.record_type());
        line.add_hex("fingerprint", self.fingerprint);
        line.add_some("published", shown(&self.held.and_then(Target::address)));
        line.add_some("at", shown(&self.at));
        if self.unconfirmed {
            line.add_flag("unconfirmed");
        }
        // An older program reads the last one.
        for address in &self.tried {
            line.add_some("tried", Some(address));
        }
        if self.held == Some(Target::Absent) {
            line.add_flag("removed");
        }
        self.sight.write(&mut line);
        if let Some((answer, remedy)) = &self.refused {
            line.add("refused", answer);
            line.add("remedy", remedy);
        }
        line.add_some("hold", shown(&self.hold_until));
        line.end(text);
    }

    /// Reads `fields`, which note what is wrong with them.
    fn from_fields(fields: &mut Fields<'_>) -> Result<Self, &'static str> {
        let (section, name, family) = fields.record_key()?;
        let remedy = fields.get("remedy").unwrap_or_default();
        let refused = fields.get("refused").map(|answer| (answer.to_owned(), remedy.to_owned()));
        Ok(Self {
            section,
            name,
            family,
            fingerprint: fields.hex("fingerprint", "its fingerprint cannot be read"),
            held: fields.held(family),
            at: fields.time("at", "its time cannot be read"),
            unconfirmed: fields.flag("unconfirmed"),
            tried: fields.addresses("tried", family),
            sight: SavedSight::from_fields(fields),
            refused,
            hold_until: fields.time("hold", "its waiting time cannot be read"),
        })
    }
}

impl SavedSight {
    fn write(&self, line: &mut Line) {
        match self.visibility {
            Visibility::Unknown => {}
            Visibility::Seen => line.add_flag("seen"),
            Visibility::Alone => line.add_flag("alone"),
            Visibility::Hidden => line.add_flag("hidden"),
        }
        for at in &self.corrected {
            line.add_some("corrected", Some(at));
        }
        line.add_some("alarm", shown(&self.alarm));
    }

    /// Reads `fields`, which note what is wrong with them.
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        let visibility = if fields.flag("hidden") {
            Visibility::Hidden
        } else if fields.flag("alone") {
            Visibility::Alone
        } else if fields.flag("seen") {
            Visibility::Seen
        } else {
            Visibility::Unknown
        };
        let corrected = fields.times("corrected");
        Self { visibility, corrected, alarm: fields.time("alarm", "its alarm cannot be read") }
    }
}

/// What was dropped, told line by line up to a bound, then as a count.
#[derive(Default)]
struct Complaints {
    told: Vec<String>,
    more: usize,
}

impl Complaints {
    fn add(&mut self, complaint: String) {
        if self.told.len() < MAX_COMPLAINTS {
            self.told.push(complaint);
        } else {
            self.more += 1;
        }
    }

    fn finish(mut self) -> Vec<String> {
        if self.more > 0 {
            self.told.push(format!("{} more lines dropped", self.more));
        }
        self.told
    }
}

/// Whether `c` stands for itself in a value: visible ASCII without the format's own characters.
fn is_plain(c: char) -> bool {
    c.is_ascii_graphic() && c != '%' && c != '='
}

/// FNV-1a, 32 bits: finds damage, not malice; whoever can write the file is root.
pub fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sorted::Map;
    use proptest::prelude::*;

    fn sample() -> Saved {
        Saved {
            section: "home".into(),
            name: Hostname::parse("home.example.com").unwrap(),
            family: Family::V4,
            fingerprint: 0x00c0_ffee_00c0_ffee,
            held: Some(Target::Address("192.0.2.1".parse().unwrap())),
            at: Some(1_800_000_000),
            unconfirmed: true,
            tried: Vec::new(),
            sight: SavedSight::default(),
            refused: Some(("badauth".into(), "check 100% of = the\nlogin".into())),
            hold_until: Some(1_800_003_600),
        }
    }

    fn learned() -> Learned {
        Learned { account: 0xbeef, key: "zone example.com".into(), value: "z=1 %".into() }
    }

    fn change() -> PastChange {
        PastChange {
            section: "home".into(),
            name: Hostname::parse("home.example.com").unwrap(),
            family: Family::V4,
            old: Some("192.0.2.1".parse().unwrap()),
            new: Some("192.0.2.9".parse().unwrap()),
            accepted_at: Some(1_800_000_000),
            sent_ms: Some(1),
            accepted_ms: Some(38),
        }
    }

    fn removal() -> PastChange {
        let old = change().new;
        PastChange {
            old,
            new: None,
            accepted_at: None,
            sent_ms: None,
            accepted_ms: None,
            ..change()
        }
    }

    fn two() -> State {
        let mut second = sample();
        second.sight.visibility = Visibility::Hidden;
        second.tried = ["192.0.2.3", "192.0.2.2"].map(|it| it.parse().unwrap()).to_vec();
        second.held = Some(Target::Absent);
        second.name = Hostname::parse("www.example.com").unwrap();
        second.refused = None;
        State {
            records: vec![sample(), second],
            known: vec![learned()],
            history: vec![change(), removal()],
        }
    }

    /// `line` with a checksum that fits.
    fn signed(line: &str) -> String {
        format!("{line} sum={:08x}\n", checksum(line))
    }

    #[test]
    fn the_text_is_what_the_module_says() {
        let text = two().to_text();
        assert_eq!(
            text.lines().nth(1).unwrap(),
            "record section=home name=home.example.com family=A fingerprint=00c0ffee00c0ffee \
             published=192.0.2.1 at=1800000000 unconfirmed=1 refused=badauth \
             remedy=check%20100%25%20of%20%3D%20the%0Alogin hold=1800003600 sum=c5ec55fe"
        );
        assert_eq!(State::from_text(&text), (two(), vec![]));
    }

    #[test]
    fn a_past_change_is_shown_with_its_times() {
        let mut date = |wall: UnixSeconds| format!("<{wall}>");
        assert_eq!(
            change().to_text(&mut date),
            "<1800000000>  home.example.com A  192.0.2.1 -> 192.0.2.9  request after 1 ms  accepted \
             after 38 ms"
        );
        assert_eq!(
            removal().to_text(&mut date),
            "(clock not set)  home.example.com A  192.0.2.9 -> removed"
        );
        let slow = PastChange { accepted_ms: Some(5_000), sent_ms: Some(1_000), ..change() };
        let json = slow.to_json();
        for (member, time) in
            [("seen_at", 1_799_999_995), ("sent_at", 1_799_999_996), ("accepted_at", 1_800_000_000)]
        {
            assert_eq!(json.get(member).unwrap().to_string(), time.to_string(), "{member}");
        }
    }

    #[test]
    fn a_cut_file_loses_only_what_is_cut() {
        let text = two().to_text();
        for end in 0..text.len() {
            let (state, dropped) = State::from_text(&text[..end]);
            // A line is whole once its checksum is, with or without the line feed.
            let mut ends = text.match_indices('\n').skip(1);
            let whole = ends.by_ref().filter(|&(at, _)| at <= end).count();
            let read = state.records.len() + state.known.len() + state.history.len();
            assert_eq!(read, whole, "{end}");
            assert_eq!(state.records, two().records[..whole.min(2)], "{end}");
            let clean = text[..end].ends_with('\n') || text[end..].starts_with('\n');
            assert_eq!(dropped.is_empty(), clean, "{end}: {dropped:?}");
        }
    }

    #[test]
    fn a_flipped_bit_drops_its_line_and_no_other() {
        let text = two().to_text().replacen("192.0.2.1", "192.0.2.9", 1);
        let (state, dropped) = State::from_text(&text);
        assert_eq!(state.records, two().records[1..]);
        assert_eq!(dropped, ["line 2 dropped: its checksum is wrong"]);
    }

    #[test]
    fn other_versions_are_read_as_far_as_understood() {
        let text = String::from("ddns-netlink state 7\n")
            + &signed("provider something=new")
            + &signed(
                "record section=a name=b family=AAAA fingerprint=1 colour=blue unconfirmed=2",
            );
        let (state, dropped) = State::from_text(&text);
        assert_eq!(state.records.len(), 1);
        assert!(state.records[0].unconfirmed);
        assert_eq!(dropped, ["written in version 7 of the format, this program knows version 1"]);
    }

    #[test]
    fn values_that_make_no_sense_drop_the_line() {
        for (line, why) in [
            ("record name=b family=A fingerprint=1", "it names no section"),
            ("record section=a family=A fingerprint=1", "it names no record"),
            ("record section=a name=b fingerprint=1", "its record type is not known"),
            ("record section=a name=/ family=A fingerprint=1", "its name is not a name"),
            ("record section=a name=b family=A", "its fingerprint cannot be read"),
            (
                "record section=a name=b family=A fingerprint=1 published=::1",
                "its address cannot be read",
            ),
            ("record section=a name=b family=A fingerprint=1 at=-1", "its time cannot be read"),
            ("record section=%zz", "a value is not escaped well"),
            ("record section=%ff", "a value is not escaped well"),
            ("record section", "a field has no value"),
        ] {
            let (state, dropped) = State::from_text(&format!("{HEADER}1\n{}", signed(line)));
            assert_eq!(state, State::default(), "{line}");
            assert_eq!(dropped, [format!("line 2 dropped: {why}")], "{line}");
        }
    }

    #[test]
    fn garbage_is_described_briefly() {
        let (state, dropped) = State::from_text(&"x\n".repeat(5000));
        assert_eq!(state, State::default());
        assert_eq!(dropped.len(), MAX_COMPLAINTS + 1);
        assert_eq!(dropped[MAX_COMPLAINTS], "4990 more lines dropped");
        assert_eq!(State::from_text("").1, ["the file is empty"]);
    }

    #[test]
    fn entries_are_bounded() {
        let mut text = format!("{HEADER}1\n");
        for i in 0..=MAX_LINES {
            text += &signed(&format!("record section=s{i} name=b family=A fingerprint=1"));
        }
        let (state, dropped) = State::from_text(&text);
        assert_eq!(state.records.len(), MAX_LINES);
        assert_eq!(dropped, ["more than 20000 entries, rest dropped"]);
    }

    #[test]
    fn the_later_of_two_lines_for_one_record_counts() {
        let mut newer = sample();
        newer.unconfirmed = false;
        let both = State { records: vec![sample(), newer.clone()], ..State::default() };
        assert_eq!(State::from_text(&both.to_text()).0.records, [newer]);
    }

    #[test]
    fn changes_leave_what_they_do_not_name() {
        let named =
            |section: &str, fingerprint| Saved { section: section.into(), fingerprint, ..sample() };
        let taught = |account, key: &str, value: &str| Learned {
            account,
            key: key.into(),
            value: value.into(),
        };
        let mut state = State::new(
            ["a", "b", "c"].map(|section| named(section, 1)).to_vec(),
            vec![taught(1, "x", "1"), taught(1, "y", "1"), taught(2, "x", "1")],
            vec![removal(); MAX_HISTORY],
        );
        state.apply(Changes {
            dropped: ["b", "no"].map(|it| (it.into(), sample().name, Family::V4)).to_vec(),
            records: vec![named("d", 2), named("c", 2), named("d", 3), named("aa", 2)],
            forgotten: vec![(1, "y".into())],
            known: vec![taught(2, "x", "2"), taught(2, "y", "2")],
            history: vec![change()],
        });
        assert_eq!(state.history.len(), MAX_HISTORY, "the oldest is dropped");
        assert_eq!(state.history.last(), Some(&change()));
        let expected = [("a", 1), ("aa", 2), ("c", 2), ("d", 3)];
        assert_eq!(state.records, expected.map(|(section, number)| named(section, number)));
        let expected = [taught(1, "x", "1"), taught(2, "x", "2"), taught(2, "y", "2")];
        assert_eq!(state.known, expected);
        let before = state.clone();
        state.apply(Changes::default());
        assert_eq!(state, before);
    }

    fn saved() -> impl Strategy<Value = Saved> {
        let address = |v6: bool| {
            if v6 {
                any::<[u8; 16]>().prop_map(IpAddr::from).boxed()
            } else {
                any::<[u8; 4]>().prop_map(IpAddr::from).boxed()
            }
        };
        any::<bool>().prop_flat_map(move |v6| {
            (
                (
                    any::<String>(),
                    "[a-z0-9_*]{1,5}(-[a-z0-9_*]{1,5})?([.@][a-z0-9_*]{1,9})?",
                    any::<u64>(),
                ),
                proptest::option::of(address(v6)),
                proptest::collection::vec(address(v6), 0..3),
                any::<(Option<u64>, [bool; 2], Option<(String, String)>, Option<u64>)>(),
                proptest::sample::select(vec![
                    Visibility::Unknown,
                    Visibility::Seen,
                    Visibility::Alone,
                    Visibility::Hidden,
                ]),
            )
                .prop_map(
                    move |((section, name, fingerprint), address, tried, rest, visibility)| Saved {
                        section,
                        name: Hostname::parse(&name).unwrap(),
                        family: if v6 { Family::V6 } else { Family::V4 },
                        fingerprint,
                        held: match (address, rest.1[1]) {
                            (Some(address), _) => Some(Target::Address(address)),
                            (None, true) => Some(Target::Absent),
                            (None, false) => None,
                        },
                        at: rest.0,
                        unconfirmed: rest.1[0],
                        tried,
                        sight: SavedSight {
                            visibility,
                            corrected: rest.0.into_iter().chain(rest.3).collect(),
                            alarm: rest.3,
                        },
                        refused: rest.2,
                        hold_until: rest.3,
                    },
                )
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(records in proptest::collection::vec(saved(), 0..8)) {
            let key = |r: &Saved| (r.section.clone(), r.name.clone(), r.family);
            let sorted: Map<_, _> = records.into_iter().map(|r| (key(&r), r)).collect();
            let state = State { records: sorted.into_iter().map(|(_, record)| record).collect(), known: vec![learned()], history: vec![change()] };
            prop_assert_eq!(State::from_text(&state.to_text()), (state, vec![]));
        }

        #[test]
        fn nothing_makes_it_panic(text in any::<String>(), line in "record( [a-z]+=[%0-9a-f:.]*)*") {
            State::from_text(&text);
            State::from_text(&format!("{HEADER}1\n{}", signed(&line)));
        }
    }
}
