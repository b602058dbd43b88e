//! Intervals.

use std::time::Duration;

use super::reader::Reader;
use crate::config::{Force, Section, Source, Timing};
use crate::model::Family;
use crate::provider::Provider;
use crate::provider::{self, table};
use crate::text::quoted::quoted;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const CHECK: Duration = Duration::from_secs(10 * MINUTE);
const CHECK_FLOOR: Duration = Duration::from_secs(5 * MINUTE);
/// Below this even a page of one's own is a load on the router.
const CHECK_LEAST: Duration = Duration::from_secs(5);
const FORCE: Duration = Duration::from_secs(72 * HOUR);
/// A line that flaps once or twice is followed at once.
const BURST: u32 = 3;
const RETRY: Duration = Duration::from_secs(MINUTE);
/// Anything longer is a slip, and sums of times stay far from overflow.
const LONGEST: u64 = 3650 * DAY;

/// Reads the intervals. `provider` decides how patient to be. `remove_after` is read by [`removal`].
pub(super) fn read(reader: &mut Reader<'_>, source: &Source, provider: &Provider) -> Timing {
    let check = check(reader);
    let (min_interval, burst) = pace(reader, provider);
    Timing {
        check,
        force: force(reader, source, check),
        retry: retry(reader),
        retry_max: retry_max(reader),
        min_interval,
        burst,
        remove_after: None,
    }
}

/// `remove_after` of a section whose other options have been read: where it would do harm, or nothing,
/// it is not used. That two sections have the same record is seen when all of them are read.
pub(super) fn removal(reader: &mut Reader<'_>, section: &Section) -> Option<Duration> {
    let after = Duration::from_secs(reader.number("remove_after", 1..=LONGEST)?);
    let cannot = |family: &Family| !provider::removes(&section.provider, *family);
    let label = &section.provider.account.label;
    let why = match &section.source {
        Source::Web { .. } | Source::Script(_) => {
            "no answer from a page or program does not prove that the address is gone".into()
        }
        _ if section.families.iter().any(cannot) => format!("{label} cannot remove records"),
        _ if section.record.id.is_some() => "a record that is removed loses its id".into(),
        Source::Network { .. } | Source::Device(_) => return Some(after),
    };
    reader.warn("remove_after", format!("is not used: {why}"));
    None
}

/// `check_interval`: less than five minutes only as far as `check_interval_min` allows.
///
/// Upstream sets an interval below five minutes to `check_interval_min` or 5 in whatever the unit
/// is, which makes `check_interval 60` with `check_unit seconds` ask every five seconds.
fn check(reader: &mut Reader<'_>) -> Duration {
    let unit = unit(reader, "check_unit", MINUTE);
    let floor = interval(reader, "check_interval_min", unit);
    let check = interval(reader, "check_interval", unit).unwrap_or(CHECK);
    if check >= CHECK_FLOOR {
        return check;
    }
    check.max(floor.unwrap_or(CHECK_FLOOR)).max(CHECK_LEAST)
}

fn force(reader: &mut Reader<'_>, source: &Source, check: Duration) -> Force {
    if reader.text("force_interval") == Some("never") {
        return Force::Never;
    }
    let unit = unit(reader, "force_unit", HOUR);
    let hint = " ('never' sends an address only when it changes)";
    let every = match reader.number_or_hint("force_interval", 0..=LONGEST / unit, hint) {
        Some(number) => Duration::from_secs(number.saturating_mul(unit)),
        None if reader.text("force_interval").is_some() => FORCE,
        None => force_unit_alone(reader, unit),
    };
    if every.is_zero() {
        return Force::Never;
    }
    // LuCI's form takes no word, but the longest time there is.
    if every >= Duration::from_secs(LONGEST) {
        return Force::Never;
    }
    match source {
        Source::Web { .. } | Source::Script(_) => Force::Every(every.max(check)),
        Source::Network { .. } | Source::Device(_) => Force::Every(every),
    }
}

/// `force_unit` without `force_interval`: 72 of the unit, as in ddns-scripts. LuCI's form stores it so,
/// and LuCI's page reckons the next update from it.
fn force_unit_alone(reader: &mut Reader<'_>, unit: u64) -> Duration {
    let every = Duration::from_secs(72 * unit).max(Duration::from_secs(HOUR));
    if every < FORCE && !reader.is_list("force_interval") {
        let minutes = every.as_secs() / MINUTE;
        let text = format!(
            "without force_interval, an address that did not change is sent again every {minutes} \
             minutes; write \"option force_interval '72'\" and \"option force_unit 'hours'\", unless \
             the provider wants that"
        );
        reader.warn("force_unit", text);
    }
    every
}

fn retry(reader: &mut Reader<'_>) -> Duration {
    let unit = unit(reader, "retry_unit", 1);
    match interval(reader, "retry_interval", unit) {
        Some(Duration::ZERO) => {
            reader.warn("retry_interval", "0 would never pause; 60 seconds are used");
            RETRY
        }
        interval => interval.unwrap_or(RETRY),
    }
}

/// `retry_max_count`, or its name in old configurations.
fn retry_max(reader: &mut Reader<'_>) -> u32 {
    let new = reader.text("retry_max_count").is_some();
    let name = if new { "retry_max_count" } else { "retry_count" };
    let count = reader.number(name, 0..=u32::MAX.into());
    count.and_then(|it| u32::try_from(it).ok()).unwrap_or(0)
}

/// A number of units, if it is set. The default of a number is not counted in the unit:
/// `retry_unit 'minutes'` alone does not turn 60 seconds into 60 minutes.
fn interval(reader: &mut Reader<'_>, name: &str, unit: u64) -> Option<Duration> {
    let number = reader.number(name, 0..=LONGEST / unit)?;
    Some(Duration::from_secs(number.saturating_mul(unit)))
}

/// Seconds in a unit. Upstream takes every word it does not know for seconds.
fn unit(reader: &mut Reader<'_>, name: &str, default: u64) -> u64 {
    match reader.text(name) {
        None => default,
        Some("days") => DAY,
        Some("hours") => HOUR,
        Some("minutes") => MINUTE,
        Some("seconds") => 1,
        Some(other) => {
            let known = "'seconds', 'minutes', 'hours' or 'days'";
            reader.warn(name, format!("{} is not {known}; seconds are used", quoted(other)));
            1
        }
    }
}

/// The least time between two requests for one record, and after how many that counts: at once where
/// the provider has said how long it is, also where the URL is the owner's own.
fn pace(reader: &mut Reader<'_>, provider: &Provider) -> (Duration, u32) {
    let said = interval(reader, "min_interval", 1);
    match (said, provider.known_row().and_then(table::Row::every)) {
        (Some(said), _) => (said, BURST),
        (None, Some(every)) => (Duration::from_secs(every), 1),
        (None, None) => (Duration::from_secs(MINUTE), BURST),
    }
}
