//! Time zones, compared with the C library's, as GNU `date` prints them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test and its helpers")]

#[path = "support/skip.rs"]
mod skip;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ddns_netlink::time::calendar::Moment;
use ddns_netlink::time::timezone::TimeZone;
use proptest::prelude::*;

const ZONES: &str = "/usr/share/zoneinfo";
/// 1970 to 2105.
const TIMES: std::ops::Range<i64> = 0..4_260_000_000;

/// Whether `date` is GNU's; other implementations accept other arguments.
fn has_gnu_date() -> bool {
    let version = Command::new("date").arg("--version").output();
    let gnu =
        version.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("GNU coreutils"));
    if !gnu {
        skip::skip_in_ci_too("GNU date is not installed");
    }
    gnu
}

/// The output of `date` for each of `times`, one line each.
fn theirs(zone: &str, times: &[i64]) -> String {
    let mut date = Command::new("date")
        .args(["-f", "-", "+%Y-%m-%d %H:%M:%S %Z"])
        .env("TZ", zone)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = times.iter().map(|time| format!("@{time}\n")).collect();
    date.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    String::from_utf8(date.wait_with_output().unwrap().stdout).unwrap()
}

fn ours(zone: &TimeZone, times: &[i64]) -> String {
    let mut text = String::new();
    for time in times {
        let kind = zone.at(*time);
        let Moment { year, month, day, hour, minute, second } =
            Moment::at(time + i64::from(kind.offset));
        let (date, name) = (format!("{year}-{month:02}-{day:02}"), &kind.name);
        writeln!(text, "{date} {hour:02}:{minute:02}:{second:02} {name}").unwrap();
    }
    text
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        // These have leap seconds, or are copies of the others.
        if ["right", "posix", "posixrules", "localtime"].iter().any(|other| name == *other) {
        } else if path.is_dir() {
            files(&path, found);
        } else if fs::read(&path).unwrap().starts_with(b"TZif") {
            found.push(path);
        }
    }
}

#[test]
fn every_tzif_file_gives_the_times_of_the_c_library() {
    let mut found = Vec::new();
    files(Path::new(ZONES), &mut found);
    if found.is_empty() {
        skip::skip_in_ci_too(&format!("{ZONES} is not there (Debian: tzdata)"));
        return;
    }
    if !has_gnu_date() {
        return;
    }
    // The step is a prime number of seconds, so that the times fall on all days and hours.
    let times: Vec<i64> = TIMES.step_by(20_000_003).collect();
    for path in found {
        let zone = TimeZone::tzif(&fs::read(&path).unwrap()).expect("a zone");
        let name = path.strip_prefix(ZONES).unwrap().to_str().unwrap();
        assert_eq!(ours(&zone, &times), theirs(&format!(":{name}"), &times), "{name}");
    }
}

/// A rule's day in the four months from `month` on, in each notation of POSIX. `first` is the day
/// of the year with which `month` begins, or the one after it.
fn day(month: u8, first: i32) -> impl Strategy<Value = String> {
    prop_oneof![
        (month..month + 4, 1..6, 0..7)
            .prop_map(|(month, week, weekday)| format!("M{month}.{week}.{weekday}")),
        (first..first + 100).prop_map(|day| format!("J{day}")),
        (first..first + 100).prop_map(|day| day.to_string()),
    ]
}

/// The two changes of a year. They are far from each other, and from the turn of the year, where
/// the C library uses the year of UTC.
fn changes() -> impl Strategy<Value = String> {
    let changes = (day(2, 40), time(), day(8, 220), time(), any::<bool>());
    changes.prop_map(|(first, first_time, second, second_time, north)| {
        let (first, second) = (first + &first_time, second + &second_time);
        if north { format!("{first},{second}") } else { format!("{second},{first}") }
    })
}

fn time() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        (-30..60).prop_map(|hour| format!("/{hour}")),
        (0..24, 0..60).prop_map(|(hour, minute)| format!("/{hour}:{minute:02}")),
    ]
}

fn rule() -> impl Strategy<Value = String> {
    let offset = || (-14..13_i32, 0..60).prop_map(|(hour, minute)| format!("{hour}:{minute:02}"));
    let summer = prop_oneof![Just(String::new()), offset()];
    let summer = ("[A-Z]{3}", summer, changes())
        .prop_map(|(name, offset, changes)| format!("{name}{offset},{changes}"));
    ("[A-Z]{3,5}|<[-+][0-9]{2,4}>", offset(), prop_oneof![Just(String::new()), summer])
        .prop_map(|(name, offset, summer)| name + &offset + &summer)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_posix_rule_gives_the_times_of_the_c_library(rule in rule(), times in proptest::collection::vec(TIMES, 40)) {
        if has_gnu_date() {
            let zone = TimeZone::posix(&rule).expect("a rule");
            prop_assert_eq!(ours(&zone, &times), theirs(&rule, &times), "{}", rule);
        }
    }
}
