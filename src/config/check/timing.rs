//! Reads intervals and limits. Inside this file they are numbers of seconds.

use super::reader::Reader;
use crate::config::{RefreshPolicy, Section, Source, Timing};
use crate::provider::Provider;
use crate::provider::{self, table};
use crate::text::quoted::quoted;
use crate::time::Duration;

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

// The defaults of ddns-scripts (openwrt `net/ddns-scripts`, `dynamic_dns_updater.sh`).
const CHECK: u32 = 10 * MINUTE;
const CHECK_FLOOR: u32 = 5 * MINUTE;
/// The least `check_interval`, even with `check_interval_min`. More frequent requests would load the
/// router.
const CHECK_LEAST: u32 = 5;
const FORCE: u32 = 72 * HOUR;
/// After a quiet time, this many changes of the address are sent at once.
const BURST: u32 = 3;
const RETRY: u32 = MINUTE;
/// The longest interval. A longer one is a mistake, and sums of intervals cannot overflow.
pub(super) const LONGEST: u32 = 3650 * DAY;

/// Reads the intervals. `min_interval` has a default for each provider. [`removal`] reads `remove_after`.
pub(super) fn read(reader: &mut Reader<'_>, source: &Source, provider: &Provider) -> Timing {
    let check = check(reader);
    let (min_interval, burst) = pace(reader, provider);
    Timing {
        check: duration(check),
        force: force(reader, source, check),
        retry: duration(retry(reader)),
        retry_max: retry_max(reader),
        min_interval,
        burst,
        remove_after: None,
    }
}

fn duration(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// Reads `remove_after` of a section whose other options have been read. `None` if it is not set, or if
/// records of this section cannot be removed safely. Two sections with the same record are found later,
/// when all sections have been read.
pub(super) fn removal(reader: &mut Reader<'_>, section: &Section) -> Option<Duration> {
    let after = reader.number("remove_after", 1, LONGEST)?;
    let Some((subject, obstacle)) = obstacle_to_removal(section) else {
        return Some(duration(after));
    };
    reader.warn("remove_after", format_args!("is not used: {subject}{obstacle}"));
    None
}

/// The subject and the rest of the sentence that says why records of this section cannot be removed.
fn obstacle_to_removal(section: &Section) -> Option<(&str, &'static str)> {
    if section.families.iter().all(|&family| section.source.is_asked(family)) {
        let rest = " from a page, program or gateway does not prove that the address is gone";
        return Some(("no answer", rest));
    }
    if section.all_families().iter().any(|&family| !provider::removes(&section.provider, family)) {
        return Some((&section.provider.account.label, " cannot remove records"));
    }
    if section.record.id.is_some() {
        return Some(("a record", " that is removed loses its id"));
    }
    None
}

/// `check_interval`. It is at least five minutes, unless `check_interval_min` allows less.
// ddns-scripts replaces an interval below five minutes by `check_interval_min`, or by the number 5 in the unit: with
// `check_interval 60` and `check_unit seconds` it asks every five seconds, which no owner means.
fn check(reader: &mut Reader<'_>) -> u32 {
    let unit = unit(reader, "check_unit", MINUTE);
    let floor = interval(reader, "check_interval_min", unit);
    let check = interval(reader, "check_interval", unit).unwrap_or(CHECK);
    if check >= CHECK_FLOOR {
        return check;
    }
    check.max(floor.unwrap_or(CHECK_FLOOR)).max(CHECK_LEAST)
}

fn force(reader: &mut Reader<'_>, source: &Source, check: u32) -> RefreshPolicy {
    if reader.text("force_interval") == Some("never") {
        return RefreshPolicy::Never;
    }
    let unit = unit(reader, "force_unit", HOUR);
    let hint = " ('never' sends an address only when it changes)";
    let every = match reader.number_or_hint("force_interval", 0, LONGEST / unit, hint) {
        Some(number) => number * unit,
        None if reader.is_set("force_interval") => FORCE,
        None => force_unit_alone(reader, unit),
    };
    // LuCI's form accepts only numbers, so there the longest time stands for 'never'.
    if every == 0 || every >= LONGEST {
        return RefreshPolicy::Never;
    }
    RefreshPolicy::Every(duration(match source {
        Source::Web { .. } | Source::Script(_) => every.max(check),
        Source::Network { .. }
        | Source::Lines(_)
        | Source::Route { .. }
        | Source::Device(_)
        | Source::Gateway { .. } => every,
    }))
}

/// The interval for `force_unit` without `force_interval`: 72 of the unit, as in ddns-scripts.
fn force_unit_alone(reader: &mut Reader<'_>, unit: u32) -> u32 {
    // LuCI's form often stores the unit alone, and LuCI's status page calculates the next update from it.
    let every = (72 * unit).max(HOUR);
    if every < FORCE && !reader.is_list("force_interval") {
        let minutes = every / MINUTE;
        let text = format_args!(
            "without force_interval, an address that did not change is sent again every {minutes} \
             minutes; write \"option force_interval '72'\" and \"option force_unit 'hours'\", unless \
             the provider wants that"
        );
        reader.warn("force_unit", text);
    }
    every
}

fn retry(reader: &mut Reader<'_>) -> u32 {
    let unit = unit(reader, "retry_unit", 1);
    match interval(reader, "retry_interval", unit) {
        Some(0) => {
            let text = format_args!("0 would never pause; 60 seconds are used");
            reader.warn("retry_interval", text);
            RETRY
        }
        interval => interval.unwrap_or(RETRY),
    }
}

/// `retry_max_count`, or `retry_count`, its name in old configurations.
fn retry_max(reader: &mut Reader<'_>) -> u32 {
    let new = reader.is_set("retry_max_count");
    let name = if new { "retry_max_count" } else { "retry_count" };
    reader.number(name, 0, u32::MAX).unwrap_or(0)
}

/// The number in `name` times `unit`, if it is set. The unit does not apply to a default: with only
/// `retry_unit 'minutes'`, the default of 60 seconds stays.
fn interval(reader: &mut Reader<'_>, name: &str, unit: u32) -> Option<u32> {
    // The limit is divided, so that the product cannot overflow.
    Some(reader.number(name, 0, LONGEST / unit)? * unit)
}

/// The seconds of a unit. As in ddns-scripts, an unknown unit counts as seconds.
fn unit(reader: &mut Reader<'_>, name: &str, default: u32) -> u32 {
    match reader.text(name) {
        None => default,
        Some("days") => DAY,
        Some("hours") => HOUR,
        Some("minutes") => MINUTE,
        Some("seconds") => 1,
        Some(other) => {
            let text = format_args!(
                "{} is not 'seconds', 'minutes', 'hours' or 'days'; seconds are used",
                quoted(other)
            );
            reader.warn(name, text);
            1
        }
    }
}

/// The least time between two requests for one record, and how many requests may be sent before it
/// applies. A limit that the provider has published applies to each request.
fn pace(reader: &mut Reader<'_>, provider: &Provider) -> (Duration, u32) {
    let set = interval(reader, "min_interval", 1);
    match (set, provider.known_row().and_then(table::Row::every)) {
        (Some(interval), _) => (duration(interval), BURST),
        // There is no burst: by the provider's own words, a request before that time is one too many.
        (None, Some(every)) => (Duration::from_secs(every), 1),
        (None, None) => (duration(MINUTE), BURST),
    }
}
