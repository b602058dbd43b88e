//! Reads what belongs to several lines: `list ip_network`, its delays and mwan3; and `route_mark`.

use super::reader::Reader;
use super::timing::LONGEST;
use crate::config::{Delays, Lines};
use crate::text::quoted::quoted;
use crate::time::Duration;

/// The options that need several lines.
const OPTIONS: &[&str] = &["failover_after", "failback_after", "mwan3"];
/// A line that is dialled again is back sooner, on most lines.
const FAILOVER: u32 = 30;
/// A line that fails again soon after it came back is not worth two more changes.
const FAILBACK: u32 = 120;

/// The lines `networks`, which are at least two.
pub(super) fn read(reader: &mut Reader<'_>, networks: Vec<String>) -> Lines {
    let failover = seconds(reader, "failover_after", FAILOVER);
    let failback = seconds(reader, "failback_after", FAILBACK);
    let mwan3 = reader.flag("mwan3", true);
    Lines { networks, delays: Delays { failover, failback }, mwan3 }
}

fn seconds(reader: &mut Reader<'_>, option: &str, default: u32) -> Duration {
    Duration::from_secs(reader.number(option, 0, LONGEST).unwrap_or(default).into())
}

/// Warns about options that have no effect, because the section has one line only.
pub(super) fn warn_about_unused(reader: &mut Reader<'_>) {
    for option in OPTIONS {
        if reader.has_values(option) {
            let text =
                format_args!("has no effect: it needs a 'list ip_network' with several interfaces");
            reader.warn(option, text);
        }
    }
}

/// `route_mark`: a number, decimal or hexadecimal; 0 if it is not set.
// `ip rule` and pbr show marks in hexadecimal, so owners copy them so.
pub(super) fn mark(reader: &mut Reader<'_>) -> u32 {
    reader.parsed("route_mark", parse_mark).unwrap_or(0)
}

fn parse_mark(text: &str) -> Result<u32, String> {
    let mark = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    mark.map_err(|_| {
        format!("{} is not a number of 32 bits, such as '256' or '0x100'", quoted(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_decimal_or_hexadecimal() {
        assert_eq!(parse_mark("0x100"), Ok(256));
        assert_eq!(parse_mark("256"), Ok(256));
        assert_eq!(parse_mark("0xffffffff"), Ok(u32::MAX));
        for wrong in ["0x", "100h", "-1", "4294967296", "0x100/0xff00"] {
            assert!(parse_mark(wrong).is_err(), "{wrong}");
        }
    }
}
