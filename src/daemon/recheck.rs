//! Sections that cannot run yet: a script on a disk that is mounted late, a certificate that comes
//! with the next package. They are looked at again for a while, more and more seldom.

use std::time::Duration;

use crate::time::Now;

/// The first pause; each one is twice as long as that before.
const FIRST: Duration = Duration::from_secs(10);
/// After a longer pause it is left to the owner, who reloads.
const LAST: Duration = Duration::from_secs(1280);

/// When the configuration is read again of which some sections cannot run.
#[derive(Debug, Default)]
pub(super) struct Recheck {
    /// Those sections, and why.
    broken: Vec<(String, String)>,
    /// When, since boot.
    due: Option<Duration>,
    pause: Duration,
}

impl Recheck {
    /// A configuration has come into force in which these sections cannot run.
    pub(super) fn begin(&mut self, broken: &[(String, String)], now: Now) {
        let due = now.up.saturating_add(FIRST);
        let due = (!broken.is_empty()).then_some(due);
        *self = Self { broken: broken.to_vec(), due, pause: FIRST };
    }

    /// When to read it again, since boot.
    pub(super) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// It was read again, and these sections cannot run; nothing if it could not be read. Whether that
    /// is news.
    pub(super) fn is_news(&mut self, broken: Option<&[(String, String)]>, now: Now) -> bool {
        self.pause *= 2;
        self.due = (self.pause <= LAST).then(|| now.up.saturating_add(self.pause));
        broken.is_some_and(|broken| self.broken != broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_again_for_three_quarters_of_an_hour() {
        let broken = [("home".to_owned(), "the script is not there".to_owned())];
        let at = |secs| Now { up: Duration::from_secs(secs), wall: 0 };
        let mut recheck = Recheck::default();
        recheck.begin(&[], at(0));
        assert_eq!(recheck.due(), None);
        recheck.begin(&broken, at(0));
        let mut times = Vec::new();
        while let Some(due) = recheck.due() {
            times.push(due.as_secs());
            assert!(!recheck.is_news(Some(&broken), at(due.as_secs())));
        }
        assert_eq!(times, [10, 30, 70, 150, 310, 630, 1270, 2550]);
        assert!(!recheck.is_news(None, at(3000)));
        assert!(recheck.is_news(Some(&[]), at(3000)));
    }
}
