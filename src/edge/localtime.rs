//! Local time: the time zone of this system, and the date and time of day there.

use std::path::Path;

use crate::edge::files;
use crate::time::UnixSeconds;
use crate::time::calendar::{self, Moment};
use crate::time::strftime::LocalTime;
use crate::time::timezone::TimeZone;

/// Most bytes of a zone file. The largest file of tzdata is smaller than 4 KiB.
const LIMIT: u64 = 64 * 1024;
/// The directory of zone files, below the root directory.
const ZONES: &str = "usr/share/zoneinfo";
/// The last second of the year 9999. A later time, of a clock that is set wrong, is shown as this one,
/// so that years have four digits.
const LAST: UnixSeconds = 253_402_300_799;

/// Converts times to local time. It reads the time zone again when the minute has changed, because the
/// owner may change the zone while the daemon runs.
#[derive(Debug)]
pub struct LocalClock {
    root: &'static Path,
    /// The value of `TZ`.
    variable: Option<String>,
    zone: TimeZone,
    /// The minute, since 1970, in which `zone` was read.
    minute: Option<UnixSeconds>,
}

impl LocalClock {
    /// Uses the time zone of this system. The first of these that gives one counts: the variable `TZ`,
    /// `/etc/TZ` (where OpenWrt writes a POSIX rule), `/etc/localtime`, and UTC.
    #[expect(
        clippy::disallowed_methods,
        reason = "the time zone of a process is part of its environment"
    )]
    pub fn system() -> Self {
        Self::with_root(Path::new("/"), std::env::var("TZ").ok())
    }

    /// A clock whose time zone is UTC.
    #[cfg(test)]
    pub(crate) fn utc() -> Self {
        Self::with_root(Path::new("/nonexistent"), None)
    }

    /// As [`LocalClock::system`], with another root directory and another value of `TZ`.
    fn with_root(root: &'static Path, variable: Option<String>) -> Self {
        Self { root, variable, zone: TimeZone::utc(), minute: None }
    }

    /// `wall` as local time.
    pub fn at(&mut self, wall: UnixSeconds) -> LocalTime {
        let minute = wall / 60;
        if self.minute != Some(minute) {
            self.minute = Some(minute);
            self.zone = self.find_zone();
        }
        local_time(wall, &self.zone)
    }

    fn find_zone(&self) -> TimeZone {
        self.zone_of_variable()
            .or_else(|| self.zone_of_rule_file())
            .or_else(|| zone_of_file(&self.root.join("etc/localtime")))
            .unwrap_or_else(TimeZone::utc)
    }

    /// The zone of `TZ`, which is the name of a zone file or a POSIX rule (man 3 tzset).
    fn zone_of_variable(&self) -> Option<TimeZone> {
        let text = self.variable.as_deref()?;
        if text.is_empty() {
            return None;
        }
        let name = text.strip_prefix(':').unwrap_or(text);
        // A text such as EST5EDT is a name and a rule. The file also knows how the rule was in other years.
        // The name may be an absolute path, which replaces the directory in `join`.
        zone_of_file(&self.root.join(ZONES).join(name)).or_else(|| TimeZone::posix(text))
    }

    fn zone_of_rule_file(&self) -> Option<TimeZone> {
        let bytes = files::read(&self.root.join("etc/TZ"), LIMIT).ok()?;
        TimeZone::posix(String::from_utf8(bytes).ok()?.trim())
    }
}

fn zone_of_file(path: &Path) -> Option<TimeZone> {
    TimeZone::tzif(&files::read(path, LIMIT).ok()?)
}

fn local_time(wall: UnixSeconds, zone: &TimeZone) -> LocalTime {
    let unix = i64::try_from(wall.min(LAST)).unwrap_or_default();
    let kind = zone.at(unix);
    let local = unix + i64::from(kind.offset);
    let day = calendar::day_of(local);
    let moment = Moment::at(local);
    LocalTime {
        unix,
        year: moment.year,
        month: moment.month,
        day: moment.day,
        hour: moment.hour,
        minute: moment.minute,
        second: moment.second,
        // 1 January 1970 was a Thursday.
        weekday: u8::try_from((day + 4).rem_euclid(7)).unwrap_or_default(),
        yearday: u16::try_from(day - calendar::day(moment.year, 1, 1)).unwrap_or_default(),
        offset: kind.offset,
        zone: kind.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use crate::time::strftime::strftime;
    use std::fs;

    const FORMAT: &str = "%F %T %Z %z";

    fn show(rule: &str, wall: UnixSeconds) -> String {
        let zone = TimeZone::posix(rule).unwrap_or_else(|| panic!("{rule}"));
        strftime(FORMAT, &local_time(wall, &zone))
    }

    /// A root directory with `etc`. Its path lives as long as the test program.
    fn root(scratch: &Scratch) -> &'static Path {
        fs::create_dir_all(scratch.path().join("etc")).unwrap();
        Box::leak(scratch.path().to_owned().into_boxed_path())
    }

    #[test]
    fn daylight_saving_begins_and_ends_on_the_second() {
        let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
        // 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC.
        let (spring, autumn) = (1_774_746_000, 1_792_890_000);
        assert_eq!(show(berlin, spring - 1), "2026-03-29 01:59:59 CET +0100");
        assert_eq!(show(berlin, spring), "2026-03-29 03:00:00 CEST +0200");
        assert_eq!(show(berlin, autumn - 1), "2026-10-25 02:59:59 CEST +0200");
        assert_eq!(show(berlin, autumn), "2026-10-25 02:00:00 CET +0100");
    }

    #[test]
    fn posix_rules_of_all_forms_are_applied_and_invalid_ones_refused() {
        let noon = 1_783_252_800; // 2026-07-05 12:00 UTC
        for (rule, text) in [
            ("UTC0", "2026-07-05 12:00:00 UTC +0000"),
            ("<+0530>-5:30", "2026-07-05 17:30:00 +0530 +0530"),
            ("EST5EDT,M3.2.0,M11.1.0", "2026-07-05 08:00:00 EDT -0400"),
            // South of the equator: winter in July.
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-05 22:00:00 AEST +1000"),
            // Extensions of RFC 8536: before midnight, and days later.
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-07-05 11:00:00 -01 -0100"),
            ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-07-05 15:00:00 EEST +0300"),
        ] {
            assert_eq!(show(rule, noon), text, "{rule}");
        }
        for bad in ["", "nonsense", "CET-1\nCET-1", "CET-1CEST", "\0"] {
            assert!(TimeZone::posix(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn times_of_a_wrong_clock_have_years_from_1970_to_9999() {
        assert_eq!(show("CET-1CEST,M3.5.0,M10.5.0/3", 0), "1970-01-01 01:00:00 CET +0100");
        let far = strftime("%Y", &local_time(u64::MAX, &TimeZone::utc()));
        assert_eq!(far, "9999");
    }

    #[test]
    fn the_zone_comes_from_tz_then_etc_tz_then_etc_localtime() {
        let scratch = Scratch::new("localtime-order");
        let root = root(&scratch);
        assert_eq!(hour(root, None), "00UTC");
        let footer = b"\nAAA-1\n";
        let zone = [b"TZif2".as_slice(), &[0; 34], &[1, 0, 0, 0, 4]].concat();
        let block = [zone.as_slice(), b"\0\0\0\0\0\0UTC\0"].concat();
        let file = [block.as_slice(), &block, footer].concat();
        fs::write(root.join("etc/localtime"), &file).unwrap();
        assert_eq!(hour(root, None), "01AAA");
        fs::write(root.join("etc/TZ"), "BBB-2\n").unwrap();
        assert_eq!(hour(root, None), "02BBB");
        assert_eq!(hour(root, Some("CCC-3")), "03CCC");
        assert_eq!(hour(root, Some("")), "02BBB");
        assert_eq!(hour(root, Some("no rule")), "02BBB");
        fs::create_dir_all(root.join("usr/share/zoneinfo/Europe")).unwrap();
        fs::write(root.join("usr/share/zoneinfo/Europe/Berlin"), &file).unwrap();
        assert_eq!(hour(root, Some(":Europe/Berlin")), "01AAA");
        assert_eq!(hour(root, Some("Europe/Berlin")), "01AAA");
    }

    /// The hour and the zone at 1970-01-01 00:00 UTC, with this value of `TZ`.
    fn hour(root: &'static Path, variable: Option<&str>) -> String {
        let mut clock = LocalClock::with_root(root, variable.map(Into::into));
        strftime("%H%Z", &clock.at(0))
    }

    #[test]
    fn a_changed_zone_is_used_from_the_next_minute_on() {
        let scratch = Scratch::new("localtime-again");
        let root = root(&scratch);
        let mut clock = LocalClock::with_root(root, None);
        fs::write(root.join("etc/TZ"), "AAA-1").unwrap();
        assert_eq!(clock.at(119).zone, "AAA");
        fs::write(root.join("etc/TZ"), "BBB-2").unwrap();
        assert_eq!(clock.at(61).zone, "AAA");
        assert_eq!(clock.at(120).zone, "BBB");
    }
}
