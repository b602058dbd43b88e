//! Time zones: the rules of POSIX `TZ` and the files of tzdata. Pure.

use crate::time::calendar;

const HOUR: i32 = 3600;

/// What the clocks of a zone show for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Seconds east of UTC.
    pub offset: i32,
    /// Such as `CEST`.
    pub name: String,
}

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Never empty, and all that `changes` names are in it.
    kinds: Vec<Kind>,
    /// From when on which of the kinds counts, in order.
    changes: Vec<(i64, usize)>,
    /// What counts after the last change.
    rule: Option<Rule>,
}

/// A rule for all years (POSIX.1-2024 section 8.3, `TZ`).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    standard: Kind,
    summer: Option<Summer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Summer {
    kind: Kind,
    begin: Change,
    end: Change,
}

/// A day of the year and the seconds from its midnight, on the clock that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    day: DayRule,
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

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        let kind = Kind { offset: 0, name: "UTC".into() };
        Self { kinds: vec![kind], changes: Vec::new(), rule: None }
    }

    /// The zone of a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`, with the hours of RFC 9636 section
    /// 3.3.1 (Greenland, Gaza: a change before midnight or days later).
    pub fn posix(text: &str) -> Option<Self> {
        let rule = Rule::parse(text)?;
        Some(Self { kinds: vec![rule.standard.clone()], changes: Vec::new(), rule: Some(rule) })
    }

    /// The zone in a file of version 2 or later (RFC 9636 section 3). Leap seconds are not counted.
    pub fn tzif(bytes: &[u8]) -> Option<Self> {
        let (first, rest) = Header::read(bytes)?;
        let (header, rest) = Header::read(rest.get(first.size(4)?..)?)?;
        let footer = rest.get(header.size(8)?..)?;
        let (times, rest) = rest.split_at_checked(header.changes.checked_mul(8)?)?;
        let (indices, rest) = rest.split_at_checked(header.changes)?;
        let (kinds, rest) = rest.split_at_checked(header.kinds.checked_mul(6)?)?;
        let (names, _) = rest.split_at_checked(header.names)?;
        let kinds: Vec<Kind> =
            kinds.chunks(6).map(|kind| read_kind(kind, names)).collect::<Option<_>>()?;
        let times = times.chunks(8).filter_map(|time| time.try_into().ok().map(i64::from_be_bytes));
        let changes: Vec<_> = times.zip(indices.iter().map(|&index| usize::from(index))).collect();
        let footer = std::str::from_utf8(footer).ok()?.trim_matches('\n');
        let sound = !kinds.is_empty() && changes.iter().all(|(_, kind)| *kind < kinds.len());
        sound.then_some(Self { kinds, changes, rule: Rule::parse(footer) })
    }

    /// What the clocks show at `unix`, in seconds since the epoch.
    pub fn at(&self, unix: i64) -> &Kind {
        let passed = self.changes.partition_point(|(from, _)| *from <= unix);
        match &self.rule {
            Some(rule) if passed == self.changes.len() => rule.at(unix),
            _ => {
                let last = passed.checked_sub(1).and_then(|last| self.changes.get(last));
                &self.kinds[last.map_or(0, |(_, kind)| *kind)]
            }
        }
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let (standard, rest) = parse_kind(text, None)?;
        if rest.is_empty() {
            return Some(Self { standard, summer: None });
        }
        let (kind, rest) = parse_kind(rest, Some(standard.offset + HOUR))?;
        let (begin, rest) = Change::parse(rest)?;
        let (end, rest) = Change::parse(rest)?;
        let summer = Some(Summer { kind, begin, end });
        rest.is_empty().then_some(Self { standard, summer })
    }

    fn at(&self, unix: i64) -> &Kind {
        let Some(summer) = &self.summer else {
            return &self.standard;
        };
        let (year, ..) = calendar::date(calendar::day_of(unix));
        // The last change counts; where two meet there is no winter.
        let changes = (year - 1..=year + 1).flat_map(|year| {
            [
                (summer.begin.at(year, self.standard.offset), true),
                (summer.end.at(year, summer.kind.offset), false),
            ]
        });
        match changes.filter(|(at, _)| *at <= unix).max() {
            Some((_, false)) | None => &self.standard,
            Some((_, true)) => &summer.kind,
        }
    }
}

impl Change {
    /// `,date[/time]`.
    fn parse(text: &str) -> Option<(Self, &str)> {
        let text = text.strip_prefix(',')?;
        let (day, rest) = DayRule::parse(text)?;
        let (time, rest) = match rest.strip_prefix('/') {
            Some(time) => seconds(time, 167)?,
            None => (2 * HOUR, rest),
        };
        Some((Self { day, time }, rest))
    }

    /// When it happens in `year`, if the clocks show `offset` until then.
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

impl DayRule {
    fn parse(text: &str) -> Option<(Self, &str)> {
        if let Some(day) = text.strip_prefix('J') {
            let (day, rest) = number(day, 1, 365)?;
            return Some((Self::WithoutLeapDay(day), rest));
        }
        let Some(month) = text.strip_prefix('M') else {
            let (day, rest) = number(text, 0, 365)?;
            return Some((Self::Counted(day), rest));
        };
        let (month, rest) = number(month, 1, 12)?;
        let (week, rest) = number(rest.strip_prefix('.')?, 1, 5)?;
        let (weekday, rest) = number(rest.strip_prefix('.')?, 0, 6)?;
        Some((Self::Weekday(u8::try_from(month).ok()?, week, weekday), rest))
    }
}

/// A name and its offset, which POSIX counts west of UTC; without one, `usual`.
fn parse_kind(text: &str, usual: Option<i32>) -> Option<(Kind, &str)> {
    let (name, rest) = match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?,
        None => text.split_at(text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len())),
    };
    let sound = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-');
    if name.len() < 3 || !name.bytes().all(sound) {
        return None;
    }
    let (offset, rest) = match usual {
        Some(usual) if rest.starts_with(',') => (usual, rest),
        _ => seconds(rest, 24).map(|(west, rest)| (-west, rest))?,
    };
    Some((Kind { offset, name: name.to_owned() }, rest))
}

/// `[+-]hh[:mm[:ss]]`.
fn seconds(text: &str, most_hours: i32) -> Option<(i32, &str)> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, mut rest) = number(text, 0, most_hours)?;
    let mut total = hours * HOUR;
    for unit in [60, 1] {
        let Some(part) = rest.strip_prefix(':') else {
            break;
        };
        let (count, after) = number(part, 0, 59)?;
        total += count * unit;
        rest = after;
    }
    Some((sign * total, rest))
}

/// A number of at most three digits.
fn number(text: &str, least: i32, most: i32) -> Option<(i32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let number: i32 = digits.parse().ok().filter(|_| end <= 3)?;
    (least..=most).contains(&number).then_some((number, rest))
}

/// How much of everything there is in one half of a file.
struct Header {
    utc_marks: usize,
    standard_marks: usize,
    leap_seconds: usize,
    changes: usize,
    kinds: usize,
    names: usize,
}

impl Header {
    /// The header of a half, and what follows it.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (header, rest) = bytes.split_at_checked(44)?;
        let version = header.strip_prefix(b"TZif")?.first()?;
        if *version < b'2' {
            return None;
        }
        let mut counts = header.get(20..)?.chunks(4).map(|count| {
            let count = count.try_into().map(u32::from_be_bytes).ok()?;
            // Nothing that is read takes less than a byte.
            usize::try_from(count).ok().filter(|count| *count <= bytes.len())
        });
        let mut next = || counts.next().flatten();
        let header = Self {
            utc_marks: next()?,
            standard_marks: next()?,
            leap_seconds: next()?,
            changes: next()?,
            kinds: next()?,
            names: next()?,
        };
        Some((header, rest))
    }

    /// The bytes of everything after the header, where a time has `time` bytes.
    fn size(&self, time: usize) -> Option<usize> {
        [
            (self.changes, time + 1),
            (self.kinds, 6),
            (self.names, 1),
            (self.leap_seconds, time + 4),
            (self.standard_marks, 1),
            (self.utc_marks, 1),
        ]
        .into_iter()
        .try_fold(0_usize, |sum, (count, size)| sum.checked_add(count.checked_mul(size)?))
    }
}

fn read_kind(kind: &[u8], names: &[u8]) -> Option<Kind> {
    let (offset, rest) = kind.split_first_chunk()?;
    let name = names.get(usize::from(*rest.get(1)?)..)?.split(|byte| *byte == 0).next()?;
    let name = String::from_utf8_lossy(name).into_owned();
    // RFC 9636 section 3.2: between -25 and 26 hours.
    let offset = i32::from_be_bytes(*offset);
    (-25 * HOUR < offset && offset < 26 * HOUR).then_some(Kind { offset, name })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offset(rule: &str, unix: i64) -> i32 {
        Zone::posix(rule).unwrap_or_else(|| panic!("{rule}")).at(unix).offset
    }

    #[test]
    fn days_are_counted_in_three_ways() {
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
    fn summer_all_year() {
        // RFC 9636 section 3.3.1: the end and the next beginning are one moment.
        for day in 0..800 {
            let at = i64::from(day) * calendar::DAY + 3 * 3600;
            assert_eq!(offset("XXX3EDT4,0/0,J365/23", at), -4 * HOUR);
        }
    }

    #[test]
    fn what_is_no_rule() {
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
            assert_eq!(Zone::posix(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_file_that_claims_to_hold_more_than_it_has_is_none() {
        let header =
            |count: u32| [b"TZif2", [0; 15].as_slice(), &count.to_be_bytes().repeat(6)].concat();
        for (first, second) in [(0, u32::MAX), (u32::MAX, 0), (0, 100), (80, 88), (1, 0)] {
            let file = [header(first), header(second), vec![0; 40]].concat();
            assert_eq!(Zone::tzif(&file), None, "{first} {second}");
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_file_is_too_strange(
            text: String, rule in "[A-Z<>]{3,4}-?[0-9:]{1,3}[A-Z]{3},[JM0-9./-]{1,7},[JM0-9./-]{1,7}",
            bytes: Vec<u8>, counts: [u8; 24], times: [i64; 4],
        ) {
            let header = [b"TZif2", [0; 15].as_slice(), &counts].concat();
            let counted = [header.as_slice(), &bytes].concat();
            let whole = [&b"TZif2"[..], &[0; 39], &counted].concat();
            let zones = [Zone::posix(&text), Zone::posix(&rule)];
            let files = [&bytes, &counted, &whole].map(|bytes| Zone::tzif(bytes));
            for zone in zones.into_iter().chain(files).flatten() {
                times.iter().for_each(|time| drop(zone.at(*time).clone()));
            }
        }
    }
}
