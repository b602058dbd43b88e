//! Dates in the format of `ddns_dateformat`: the common conversions of strftime(3), in the C locale.
//! Any other conversion is copied unchanged.

use std::fmt::Write as _;

use super::calendar::MONTHS;

/// A local date and time. [`crate::edge::localtime`] computes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Seconds since the Unix epoch.
    pub unix: i64,
    /// The year, such as 2026.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
    /// 0 (Sunday) to 6.
    pub weekday: u8,
    /// 0 to 365.
    pub yearday: u16,
    /// Seconds east of UTC.
    pub offset: i32,
    /// Name of the zone, such as `CEST`.
    pub zone: String,
}

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// `format` with its conversions replaced by the parts of `time`.
pub fn strftime(format: &str, time: &LocalTime) -> String {
    let mut out = String::new();
    add(format, time, &mut out);
    out
}

fn add(format: &str, time: &LocalTime, out: &mut String) {
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('F') => add("%Y-%m-%d", time, out),
            Some('D') => add("%m/%d/%y", time, out),
            Some('R') => add("%H:%M", time, out),
            Some('T') => add("%H:%M:%S", time, out),
            Some(conversion) => convert(conversion, time, out),
            None => out.push('%'),
        }
    }
}

fn convert(conversion: char, t: &LocalTime, out: &mut String) {
    // A number, and how many digits it has at least.
    let (number, digits) = match conversion {
        'Y' => (t.year.into(), 1),
        'm' => (t.month.into(), 2),
        'd' => (t.day.into(), 2),
        'H' => (t.hour.into(), 2),
        // A clock of twelve hours shows 12 in the first hour.
        'I' => (i64::from((t.hour + 11) % 12 + 1), 2),
        'M' => (t.minute.into(), 2),
        'S' => (t.second.into(), 2),
        'y' => (t.year.rem_euclid(100).into(), 2),
        'j' => (i64::from(t.yearday) + 1, 3),
        's' => (t.unix, 1),
        other => return convert_text(other, t, out),
    };
    // Writing to a String cannot fail.
    let _ = write!(out, "{number:0digits$}");
}

fn convert_text(conversion: char, t: &LocalTime, out: &mut String) {
    let text = match conversion {
        'Z' => &t.zone,
        'p' if t.hour < 12 => "AM",
        'p' => "PM",
        'A' => weekday(t),
        'a' => short(weekday(t)),
        'B' => month(t),
        'b' => short(month(t)),
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        other => {
            let _ = match other {
                'e' => write!(out, "{:2}", t.day),
                'z' => write!(out, "{}", Offset(t.offset)),
                _ => write!(out, "%{other}"),
            };
            return;
        }
    };
    out.push_str(text);
}

fn weekday(time: &LocalTime) -> &'static str {
    DAYS.get(usize::from(time.weekday)).copied().unwrap_or("?")
}

fn month(time: &LocalTime) -> &'static str {
    let index = usize::from(time.month).wrapping_sub(1);
    MONTHS.get(index).copied().unwrap_or("?")
}

fn short(name: &'static str) -> &'static str {
    name.get(..3).unwrap_or(name)
}

/// Seconds east of UTC, shown as `+hhmm`.
struct Offset(i32);

impl std::fmt::Display for Offset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.unsigned_abs() / 60;
        write!(f, "{sign}{:02}{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sunday, 5 July 2026, 00:07:09 in Newfoundland's summer.
    fn sample() -> LocalTime {
        LocalTime {
            unix: 1_783_219_029,
            year: 2026,
            month: 7,
            day: 5,
            hour: 0,
            minute: 7,
            second: 9,
            weekday: 0,
            yearday: 185,
            offset: -(2 * 3600 + 1800),
            zone: "NDT".into(),
        }
    }

    #[test]
    fn every_conversion_is_as_in_the_c_locale() {
        for (format, text) in [
            ("%F %R", "2026-07-05 00:07"),
            ("%T", "00:07:09"),
            ("%Y %m %d %H %M %S", "2026 07 05 00 07 09"),
            ("%y %j", "26 186"),
            ("%Z %z", "NDT -0230"),
            ("a%nb%tc%%", "a\nb\tc%"),
            ("%e|%b|%B", " 5|Jul|July"),
            ("%a|%A", "Sun|Sunday"),
            ("%I %p", "12 AM"),
            ("%D", "07/05/26"),
            ("%s", "1783219029"),
            ("%Q %é %", "%Q %é %"),
            ("", ""),
        ] {
            assert_eq!(strftime(format, &sample()), text, "{format}");
        }
        let mut noon = sample();
        (noon.hour, noon.offset) = (12, 3600);
        assert_eq!(strftime("%I %p %z", &noon), "12 PM +0100");
        noon.hour = 23;
        assert_eq!(strftime("%I %p", &noon), "11 PM");
    }

    proptest! {
        #[test]
        fn formatting_never_panics(format in any::<String>(), month in any::<u8>(), day in any::<u8>()) {
            let time = LocalTime { month, day, weekday: day, hour: month % 24, ..sample() };
            strftime(&format, &time);
            strftime("%b %B %a %A %I %e", &time);
        }
    }
}
