//! How often work is repeated whose cost grows with what there is to do.

use super::Duration;

/// How many times as long as the work the pause after it is: the work takes a tenth of the time.
const PAUSES: u32 = 9;
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(1);

/// Repeated work that takes a tenth of the time at most, unless one round takes long. Times are since
/// boot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    next: Duration,
}

impl Share {
    /// When the next round may begin.
    pub fn next(self) -> Duration {
        self.next
    }

    /// A round that took so long has ended.
    pub fn spent(&mut self, took: Duration, end: Duration) {
        // What waits for the work must not wait for long, even if a round takes long.
        self.next = end.saturating_add(took.saturating_mul(PAUSES).min(LONGEST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_nine_times_as_long_as_the_work_but_not_longer_than_a_second() {
        let ms = Duration::from_millis;
        for (took, pause) in [(0, 0), (1, 9), (50, 450), (500, 1000), (5000, 1000)] {
            let mut share = Share::default();
            assert_eq!(share.next(), Duration::ZERO);
            share.spent(ms(took), ms(7000));
            assert_eq!(share.next(), ms(7000 + pause), "{took} ms");
        }
    }
}
