//! Durations in sentences.

use super::{Duration, Now};

/// `45 s`, `12 min`, `3 h 20 min`, `5 d 2 h`; rounded up to a whole second first.
pub fn seconds(time: Duration) -> String {
    // Numbers of 32 bits are enough for 136 years, and easier to divide.
    let total = u32::try_from(time.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
    let (days, hours) = (total / 86_400, total / 3600 % 24);
    let (minutes, rest) = (total / 60 % 60, total % 60);
    match (days, total / 3600, total / 60) {
        (0, 0, 0..=1) => format!("{total} s"),
        (0, 0, _) if rest == 0 => format!("{minutes} min"),
        (0, 0, _) => format!("{minutes} min {rest} s"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Milliseconds with as many digits as mean something; from 10 seconds on as [`seconds`].
pub fn millis(time: Duration) -> String {
    let micros = u32::try_from(time.as_nanos() / 1000).unwrap_or(u32::MAX);
    if micros < 100_000 {
        format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
    } else if micros < 10_000_000 {
        format!("{} ms", micros / 1000)
    } else {
        seconds(time)
    }
}

/// The time from `now` to `at`, which is since boot, as [`seconds`].
pub fn until(at: Duration, now: Now) -> String {
    seconds(at.saturating_sub(now.up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_units_fit_the_duration() {
        let s = Duration::from_secs;
        assert_eq!(seconds(s(0)), "0 s");
        assert_eq!(seconds(s(60)), "60 s");
        assert_eq!(seconds(s(119)), "119 s");
        assert_eq!(seconds(s(120)), "2 min");
        assert_eq!(seconds(s(150)), "2 min 30 s");
        assert_eq!(seconds(s(12_000)), "3 h 20 min");
        assert_eq!(seconds(s(200_000)), "2 d 7 h");
        assert_eq!(millis(Duration::from_nanos(440_000)), "0.4 ms");
        assert_eq!(millis(Duration::from_millis(380)), "380 ms");
        assert_eq!(millis(s(75)), "75 s");
    }
}
