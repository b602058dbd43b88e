//! When the configuration is read again because sections cannot run: what they lack may come by itself,
//! such as a script on a disk that is mounted late, or a certificate that the next package brings.

use crate::time::{Duration, Now};

/// The first pause; each one is twice as long as that before.
const FIRST: Duration = Duration::from_secs(10);
/// The longest pause. After it the owner has to reload: what did not come within that time does not come by
/// itself.
const LAST: Duration = Duration::from_secs(1280);

/// Reads that follow one another at ever longer intervals, for about 40 minutes.
#[derive(Debug, Default)]
pub(super) struct Recheck {
    /// The sections that cannot run, and why.
    broken: Vec<(String, String)>,
    /// When the next read is due, since boot.
    due: Option<Duration>,
    /// The pause before that read.
    pause: Duration,
}

impl Recheck {
    /// A configuration has come into force in which these sections cannot run.
    pub(super) fn begin(&mut self, broken: &[(String, String)], now: Now) {
        let due = if broken.is_empty() { None } else { Some(now.up.saturating_add(FIRST)) };
        *self = Self { broken: broken.to_vec(), due, pause: FIRST };
    }

    /// When the next read is due, since boot.
    pub(super) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// The read that was due has been tried.
    pub(super) fn tried(&mut self, now: Now) {
        self.pause = 2 * self.pause;
        self.due = if self.pause <= LAST { Some(now.up.saturating_add(self.pause)) } else { None };
    }

    /// Whether other sections than before cannot run, or for other reasons.
    pub(super) fn is_news(&self, broken: &[(String, String)]) -> bool {
        self.broken != broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_double_until_three_quarters_of_an_hour_have_passed() {
        let broken = [("home".to_owned(), "the script is not there".to_owned())];
        let at = |secs| Now { up: Duration::from_secs(secs), wall: 0 };
        let mut recheck = Recheck::default();
        recheck.begin(&[], at(0));
        assert_eq!(recheck.due(), None);
        recheck.begin(&broken, at(0));
        let mut times = Vec::new();
        while let Some(due) = recheck.due() {
            times.push(due.as_secs());
            recheck.tried(at(due.as_secs()));
        }
        assert_eq!(times, [10, 30, 70, 150, 310, 630, 1270, 2550]);
        assert!(!recheck.is_news(&broken));
        assert!(recheck.is_news(&[]));
    }
}
