//! Time zones: the rules of the POSIX variable `TZ` and the files of tzdata (TZif).

use crate::time::calendar;

const HOUR: i32 = 3600;

/// The offset and the name that are in force during some part of the year (RFC 9636: local time
/// type).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTimeType {
    /// Seconds east of UTC.
    pub offset: i32,
    /// Such as `CEST`.
    pub name: String,
}

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone {
    /// Never empty. `transitions` has indices into it.
    types: Vec<LocalTimeType>,
    /// In ascending order: when a local time type begins, in seconds since the epoch, and which.
    transitions: Vec<(i64, usize)>,
    /// In force after the last transition.
    rule: Option<Rule>,
}

/// A rule for all years (POSIX.1-2024 section 8.3, `TZ`).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    standard: LocalTimeType,
    summer: Option<Summer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Summer {
    time_type: LocalTimeType,
    begin: SwitchDate,
    end: SwitchDate,
}

/// When the clocks are changed in every year.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SwitchDate {
    day: DayRule,
    /// Seconds from midnight of that day, by the clock before the change.
    time: i32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DayRule {
    /// `Jn`: 1 to 365, and 29 February is never counted.
    WithoutLeapDay(i32),
    /// `n`: 0 to 365.
    Counted(i32),
    /// `Mm.w.d`: month, week (5 is the last), day of the week from Sunday on.
    Weekday(u8, i32, i32),
}

impl TimeZone {
    /// UTC.
    pub fn utc() -> Self {
        let utc = LocalTimeType { offset: 0, name: "UTC".into() };
        Self { types: vec![utc], transitions: Vec::new(), rule: None }
    }

    /// The zone of a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`. Hours may be negative or beyond 24
    /// (RFC 9636 section 3.3.1): Greenland changes its clocks before midnight, Gaza days later.
    pub fn posix(text: &str) -> Option<Self> {
        let rule = Rule::parse(text)?;
        let types = vec![rule.standard.clone()];
        Some(Self { types, transitions: Vec::new(), rule: Some(rule) })
    }

    /// The zone in a TZif file of version 2 or later (RFC 9636 section 3). Leap seconds are skipped.
    pub fn tzif(bytes: &[u8]) -> Option<Self> {
        // The first half, with times of four bytes, is for readers of version 1.
        let (first, rest) = Header::read(bytes)?;
        let (header, rest) = Header::read(rest.get(first.size(4)?..)?)?;
        let footer = rest.get(header.size(8)?..)?;
        let (times, rest) = rest.split_at_checked(header.transitions.checked_mul(8)?)?;
        let (indices, rest) = rest.split_at_checked(header.transitions)?;
        let (entries, rest) = rest.split_at_checked(header.types.checked_mul(6)?)?;
        let (names, _) = rest.split_at_checked(header.names)?;
        let mut types = Vec::new();
        for entry in entries.chunks(6) {
            types.push(read_type(entry, names)?);
        }
        let mut transitions = Vec::new();
        for (time, index) in times.chunks(8).zip(indices) {
            transitions.push((i64::from_be_bytes(time.try_into().ok()?), usize::from(*index)));
        }
        if types.is_empty() || transitions.iter().any(|(_, index)| *index >= types.len()) {
            return None;
        }
        let footer = std::str::from_utf8(footer).ok()?.trim_matches('\n');
        Some(Self { types, transitions, rule: Rule::parse(footer) })
    }

    /// What is in force at `unix`, in seconds since the epoch.
    pub fn at(&self, unix: i64) -> &LocalTimeType {
        let passed = self.transitions.partition_point(|(from, _)| *from <= unix);
        match &self.rule {
            Some(rule) if passed == self.transitions.len() => rule.at(unix),
            _ => {
                let last = passed.checked_sub(1).and_then(|last| self.transitions.get(last));
                &self.types[last.map_or(0, |(_, index)| *index)]
            }
        }
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let mut reader = RuleReader(text);
        let standard = reader.time_type(None)?;
        if reader.0.is_empty() {
            return Some(Self { standard, summer: None });
        }
        let time_type = reader.time_type(Some(standard.offset + HOUR))?;
        let (begin, end) = (reader.switch_date()?, reader.switch_date()?);
        if !reader.0.is_empty() {
            return None;
        }
        Some(Self { standard, summer: Some(Summer { time_type, begin, end }) })
    }

    fn at(&self, unix: i64) -> &LocalTimeType {
        let Some(summer) = &self.summer else {
            return &self.standard;
        };
        let (year, ..) = calendar::date(calendar::day_of(unix));
        // In order, `false` comes before `true`: if summer ends and begins at the same moment, there
        // is no winter (RFC 9636 section 3.3.1).
        let mut latest = (i64::MIN, false);
        // Southern summers end in the next year. With hours beyond 24, a switch may be in another year than its date.
        for year in year - 1..=year + 1 {
            let begin = (summer.begin.at(year, self.standard.offset), true);
            let end = (summer.end.at(year, summer.time_type.offset), false);
            for switch in [begin, end] {
                if switch.0 <= unix {
                    latest = latest.max(switch);
                }
            }
        }
        if latest.1 { &summer.time_type } else { &self.standard }
    }
}

impl SwitchDate {
    /// The moment in `year`, in seconds since the epoch, if `offset` is in force until then.
    fn at(&self, year: i32, offset: i32) -> i64 {
        let first = calendar::day(year, 1, 1);
        let day = match self.day {
            DayRule::Counted(day) => first + day,
            DayRule::WithoutLeapDay(day) => {
                let leap = calendar::day(year, 3, 1) - first == 60;
                first + day - 1 + i32::from(leap && day > 59)
            }
            DayRule::Weekday(month, week, weekday) => {
                let first = calendar::day(year, month, 1);
                // 1 January 1970 was a Thursday.
                let earliest = first + (weekday - first - 4).rem_euclid(7);
                let next = if month == 12 { first + 31 } else { calendar::day(year, month + 1, 1) };
                let day = earliest + (week - 1) * 7;
                if day < next { day } else { day - 7 }
            }
        };
        i64::from(day) * calendar::DAY + i64::from(self.time) - i64::from(offset)
    }
}

/// Reads a rule from front to back. It holds the part that is not read yet.
struct RuleReader<'a>(&'a str);

impl RuleReader<'_> {
    /// Reads `character` if it comes next. Returns whether it does.
    fn reads(&mut self, character: char) -> bool {
        let after = self.0.strip_prefix(character);
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }

    /// Reads the bytes that `belong` together. All of them are ASCII.
    fn word(&mut self, belong: fn(&u8) -> bool) -> &str {
        let end = self.0.bytes().position(|byte| !belong(&byte)).unwrap_or(self.0.len());
        let (word, after) = self.0.split_at(end);
        self.0 = after;
        word
    }

    /// Reads a number of at most three digits between `least` and `most`.
    fn number(&mut self, least: i32, most: i32) -> Option<i32> {
        let digits = self.word(u8::is_ascii_digit);
        if digits.len() > 3 {
            return None;
        }
        let number = digits.parse().ok()?;
        if (least..=most).contains(&number) { Some(number) } else { None }
    }

    /// Reads `[+-]hh[:mm[:ss]]`.
    fn seconds(&mut self, most_hours: i32) -> Option<i32> {
        let is_negative = self.reads('-');
        if !is_negative {
            self.reads('+');
        }
        let mut total = self.number(0, most_hours)? * HOUR;
        for unit in [60, 1] {
            if !self.reads(':') {
                break;
            }
            total += self.number(0, 59)? * unit;
        }
        Some(if is_negative { -total } else { total })
    }

    /// Reads a name and its offset, which POSIX counts west of UTC. Where the offset is missing before a comma, it is
    /// `default`.
    fn time_type(&mut self, default: Option<i32>) -> Option<LocalTimeType> {
        let name = if self.reads('<') {
            let (quoted, after) = self.0.split_once('>')?;
            self.0 = after;
            quoted.to_owned()
        } else {
            self.word(u8::is_ascii_alphabetic).to_owned()
        };
        let is_name = name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-'));
        if name.len() < 3 || !is_name {
            return None;
        }
        let offset = match default {
            Some(default) if self.0.starts_with(',') => default,
            _ => -self.seconds(24)?,
        };
        Some(LocalTimeType { offset, name })
    }

    /// Reads `,date[/time]`.
    fn switch_date(&mut self) -> Option<SwitchDate> {
        if !self.reads(',') {
            return None;
        }
        let day = self.day()?;
        let time = if self.reads('/') { self.seconds(167)? } else { 2 * HOUR };
        Some(SwitchDate { day, time })
    }

    fn day(&mut self) -> Option<DayRule> {
        if self.reads('J') {
            return Some(DayRule::WithoutLeapDay(self.number(1, 365)?));
        }
        if !self.reads('M') {
            return Some(DayRule::Counted(self.number(0, 365)?));
        }
        let month = u8::try_from(self.number(1, 12)?).ok()?;
        let week = self.number_after_dot(1, 5)?;
        let weekday = self.number_after_dot(0, 6)?;
        Some(DayRule::Weekday(month, week, weekday))
    }

    /// Reads a dot and a number.
    fn number_after_dot(&mut self, least: i32, most: i32) -> Option<i32> {
        if !self.reads('.') {
            return None;
        }
        self.number(least, most)
    }
}

/// The counts in the header of one half of a file (RFC 9636 section 3.1).
struct Header {
    /// `isutcnt`.
    utc_indicators: usize,
    /// `isstdcnt`.
    standard_indicators: usize,
    /// `leapcnt`.
    leap_seconds: usize,
    /// `timecnt`.
    transitions: usize,
    /// `typecnt`.
    types: usize,
    /// `charcnt`: bytes of all names.
    names: usize,
}

impl Header {
    /// Reads a header, and returns the bytes that follow.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (header, rest) = bytes.split_at_checked(44)?;
        let version = header.strip_prefix(b"TZif")?.first()?;
        if *version < b'2' {
            return None;
        }
        let mut counts = [0; 6];
        for (count, field) in counts.iter_mut().zip(header.get(20..)?.chunks(4)) {
            *count = usize::try_from(u32::from_be_bytes(field.try_into().ok()?)).ok()?;
            // Every entry has at least one byte, so the file cannot hold more entries than bytes.
            if *count > bytes.len() {
                return None;
            }
        }
        let [utc_indicators, standard_indicators, leap_seconds, transitions, types, names] = counts;
        let header =
            Self { utc_indicators, standard_indicators, leap_seconds, transitions, types, names };
        Some((header, rest))
    }

    /// The number of bytes after the header, if a time has `time` bytes.
    fn size(&self, time: usize) -> Option<usize> {
        [
            (self.transitions, time + 1),
            (self.types, 6),
            (self.names, 1),
            (self.leap_seconds, time + 4),
            (self.standard_indicators, 1),
            (self.utc_indicators, 1),
        ]
        .into_iter()
        .try_fold(0_usize, |sum, (count, size)| sum.checked_add(count.checked_mul(size)?))
    }
}

/// Reads a local time type: four bytes of offset, one for summer time, the index of its name.
fn read_type(entry: &[u8], names: &[u8]) -> Option<LocalTimeType> {
    let (offset, rest) = entry.split_first_chunk()?;
    let name = names.get(usize::from(*rest.get(1)?)..)?.split(|byte| *byte == 0).next()?;
    let name = String::from_utf8_lossy(name).into_owned();
    let offset = i32::from_be_bytes(*offset);
    // RFC 9636 section 3.2: between -25 and 26 hours.
    if offset <= -25 * HOUR || offset >= 26 * HOUR {
        return None;
    }
    Some(LocalTimeType { offset, name })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offset(rule: &str, unix: i64) -> i32 {
        TimeZone::posix(rule).unwrap_or_else(|| panic!("{rule}")).at(unix).offset
    }

    #[test]
    fn the_three_notations_of_a_day_agree() {
        // 1 March, 00:00 winter time, of a year with 29 February and of one without.
        for (year, ordinal, weekday) in [(2024, 60, 5), (2026, 59, 0)] {
            let first = i64::from(calendar::day(year, 3, 1)) * calendar::DAY;
            for rule in ["J60/0", &format!("{ordinal}/0"), &format!("M3.1.{weekday}/0")] {
                let rule = format!("AAA0BBB,{rule},J300");
                assert_eq!(offset(&rule, first - 1), 0, "{rule}");
                assert_eq!(offset(&rule, first), HOUR, "{rule}");
            }
        }
    }

    #[test]
    fn summer_that_ends_when_the_next_begins_lasts_all_year() {
        // RFC 9636 section 3.3.1.
        for day in 0..800 {
            let unix = i64::from(day) * calendar::DAY + 3 * 3600;
            assert_eq!(offset("XXX3EDT4,0/0,J365/23", unix), -4 * HOUR);
        }
    }

    #[test]
    fn invalid_rules_are_rejected() {
        for bad in [
            "",
            "AA0",
            "A-1",
            "CET",
            "CET-",
            "CET25",
            "CET-1x",
            "CET-1CEST",
            "CET-1CEST,M3.5.0",
            "CET-1CEST,M3.5.0,M10.5.0,",
            "CET-1CEST,M13.5.0,M10.5.0",
            "CET-1CEST,M3.6.0,M10.5.0",
            "CET-1CEST,M3.5.7,M10.5.0",
            "CET-1CEST,J0,J9",
            "CET-1CEST,366,9",
            "CET-1CEST,1/168,9",
            "<CET-1",
            "<>-1",
            "CET-1:60",
            "CET-0001",
            "CET-1\n",
        ] {
            assert_eq!(TimeZone::posix(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_file_shorter_than_its_counts_is_rejected() {
        let header =
            |count: u32| [b"TZif2", [0; 15].as_slice(), &count.to_be_bytes().repeat(6)].concat();
        for (first, second) in [(0, u32::MAX), (u32::MAX, 0), (0, 100), (80, 88), (1, 0)] {
            let file = [header(first), header(second), vec![0; 40]].concat();
            assert_eq!(TimeZone::tzif(&file), None, "{first} {second}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(
            text: String, rule in "[A-Z<>]{3,4}-?[0-9:]{1,3}[A-Z]{3},[JM0-9./-]{1,7},[JM0-9./-]{1,7}",
            bytes: Vec<u8>, counts: [u8; 24], times: [i64; 4],
        ) {
            let header = [b"TZif2", [0; 15].as_slice(), &counts].concat();
            let counted = [header.as_slice(), &bytes].concat();
            let whole = [&b"TZif2"[..], &[0; 39], &counted].concat();
            let zones = [TimeZone::posix(&text), TimeZone::posix(&rule)];
            let files = [&bytes, &counted, &whole].map(|bytes| TimeZone::tzif(bytes));
            for zone in zones.into_iter().chain(files).flatten() {
                times.iter().for_each(|time| drop(zone.at(*time).clone()));
            }
        }
    }
}
