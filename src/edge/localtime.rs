//! Local time: which zone the system is in, and what the wall clock shows there.

use std::path::Path;

use crate::edge::files;
use crate::time::UnixSeconds;
use crate::time::calendar::{self, Moment};
use crate::time::strftime::LocalTime;
use crate::time::timezone::TimeZone;

/// Most bytes of a zone file. The largest one has less than 4 KiB.
const LIMIT: u64 = 64 * 1024;
const ZONES: &str = "/usr/share/zoneinfo";
/// The last second of the year 9999: clocks can be wrong, four digits of a year cannot.
const LAST: UnixSeconds = 253_402_300_799;

/// The system's zone, read again at most once per minute because the owner may change it while we
/// run.
#[derive(Debug)]
pub struct LocalClock {
    root: &'static Path,
    variable: Option<String>,
    zone: TimeZone,
    minute: Option<UnixSeconds>,
}

impl LocalClock {
    /// The zone of this system: the variable `TZ`, `/etc/TZ` (where OpenWrt keeps a POSIX rule),
    /// `/etc/localtime`, or UTC.
    #[expect(
        clippy::disallowed_methods,
        reason = "the zone of the process is part of its environment, and this is the edge"
    )]
    pub fn system() -> Self {
        Self::of(Path::new("/"), std::env::var("TZ").ok())
    }

    /// A clock that shows UTC, whatever the system is set to.
    #[cfg(test)]
    pub(crate) fn utc() -> Self {
        Self::of(Path::new("/nonexistent"), None)
    }

    /// As [`LocalClock::system`], with another root directory and value of `TZ`.
    fn of(root: &'static Path, variable: Option<String>) -> Self {
        Self { root, variable, zone: TimeZone::utc(), minute: None }
    }

    /// What the clocks on the wall show at `wall`.
    pub fn at(&mut self, wall: UnixSeconds) -> LocalTime {
        let minute = wall / 60;
        if self.minute != Some(minute) {
            self.minute = Some(minute);
            self.zone = self.find_zone();
        }
        project(wall, &self.zone)
    }

    fn find_zone(&self) -> TimeZone {
        let variable = self.variable.as_deref().filter(|text| !text.is_empty());
        variable
            .and_then(|text| zone_of(text, &self.root.join(ZONES.trim_start_matches('/'))))
            .or_else(|| {
                let text = String::from_utf8(read(&self.root.join("etc/TZ"))?).ok()?;
                TimeZone::posix(text.trim())
            })
            .or_else(|| TimeZone::tzif(&read(&self.root.join("etc/localtime"))?))
            .unwrap_or_else(TimeZone::utc)
    }
}

/// The zone that a value of `TZ` means: the name of a file, or a rule.
fn zone_of(text: &str, zones: &Path) -> Option<TimeZone> {
    let name = text.strip_prefix(':').unwrap_or(text);
    // Joining an absolute name gives that name.
    read(&zones.join(name))
        .and_then(|bytes| TimeZone::tzif(&bytes))
        .or_else(|| TimeZone::posix(text))
}

fn project(wall: UnixSeconds, zone: &TimeZone) -> LocalTime {
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

fn read(path: &Path) -> Option<Vec<u8>> {
    files::read(path, LIMIT).ok()
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
        strftime(FORMAT, &project(wall, &zone))
    }

    /// A root directory that lives as long as the test program.
    fn root(scratch: &Scratch) -> &'static Path {
        fs::create_dir_all(scratch.path().join("etc")).unwrap();
        Box::leak(scratch.path().to_owned().into_boxed_path())
    }

    #[test]
    fn the_clocks_change_on_the_second() {
        let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
        // 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC.
        let (spring, autumn) = (1_774_746_000, 1_792_890_000);
        assert_eq!(show(berlin, spring - 1), "2026-03-29 01:59:59 CET +0100");
        assert_eq!(show(berlin, spring), "2026-03-29 03:00:00 CEST +0200");
        assert_eq!(show(berlin, autumn - 1), "2026-10-25 02:59:59 CEST +0200");
        assert_eq!(show(berlin, autumn), "2026-10-25 02:00:00 CET +0100");
    }

    #[test]
    fn zones_of_all_shapes() {
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
    fn a_clock_that_is_off_by_ages_is_no_trouble() {
        assert_eq!(show("CET-1CEST,M3.5.0,M10.5.0/3", 0), "1970-01-01 01:00:00 CET +0100");
        let far = strftime("%Y", &project(u64::MAX, &TimeZone::utc()));
        assert_eq!(far, "9999");
    }

    #[test]
    fn the_variable_comes_first_then_the_rule_then_the_file() {
        let scratch = Scratch::new("localtime-order");
        let root = root(&scratch);
        let hour = |variable: Option<&str>| {
            let mut clock = LocalClock::of(root, variable.map(Into::into));
            strftime("%H%Z", &clock.at(0))
        };
        assert_eq!(hour(None), "00UTC");
        let footer = b"\nAAA-1\n";
        let zone = [b"TZif2".as_slice(), &[0; 34], &[1, 0, 0, 0, 4]].concat();
        let block = [zone.as_slice(), b"\0\0\0\0\0\0UTC\0"].concat();
        let file = [block.as_slice(), &block, footer].concat();
        fs::write(root.join("etc/localtime"), &file).unwrap();
        assert_eq!(hour(None), "01AAA");
        fs::write(root.join("etc/TZ"), "BBB-2\n").unwrap();
        assert_eq!(hour(None), "02BBB");
        assert_eq!(hour(Some("CCC-3")), "03CCC");
        assert_eq!(hour(Some("")), "02BBB");
        assert_eq!(hour(Some("no rule")), "02BBB");
        fs::create_dir_all(root.join("usr/share/zoneinfo/Europe")).unwrap();
        fs::write(root.join("usr/share/zoneinfo/Europe/Berlin"), &file).unwrap();
        assert_eq!(hour(Some(":Europe/Berlin")), "01AAA");
        assert_eq!(hour(Some("Europe/Berlin")), "01AAA");
    }

    #[test]
    fn a_new_zone_is_seen_within_a_minute() {
        let scratch = Scratch::new("localtime-again");
        let root = root(&scratch);
        let mut clock = LocalClock::of(root, None);
        fs::write(root.join("etc/TZ"), "AAA-1").unwrap();
        assert_eq!(clock.at(119).zone, "AAA");
        fs::write(root.join("etc/TZ"), "BBB-2").unwrap();
        assert_eq!(clock.at(61).zone, "AAA");
        assert_eq!(clock.at(120).zone, "BBB");
    }
}
