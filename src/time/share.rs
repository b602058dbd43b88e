//! How often work is repeated whose cost grows with what there is to do.

use std::time::Duration;

/// What takes less is repeated at once.
const SMALL: Duration = Duration::from_millis(10);
/// How many times as long as the work the pause after it is: the work takes a tenth of the time.
const PAUSES: u32 = 9;
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(1);

/// Repeated work that takes a tenth of the time at most, unless one round takes very little or very
/// long. Times are since boot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    next: Duration,
}

impl Share {
    /// When the next round may begin.
    pub fn next(self) -> Duration {
        self.next
    }

    /// A round has ended.
    pub fn spent(&mut self, begin: Duration, end: Duration) {
        let took = end.saturating_sub(begin);
        let pause = if took < SMALL { Duration::ZERO } else { took.saturating_mul(PAUSES) };
        self.next = end.saturating_add(pause.min(LONGEST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_as_long_as_the_work_took_and_none_after_little_work() {
        let ms = Duration::from_millis;
        for (took, pause) in [(0, 0), (9, 0), (10, 90), (50, 450), (500, 1000), (5000, 1000)] {
            let mut share = Share::default();
            assert_eq!(share.next(), Duration::ZERO);
            share.spent(ms(1000), ms(1000 + took));
            assert_eq!(share.next(), ms(1000 + took + pause), "{took} ms");
        }
    }
}
