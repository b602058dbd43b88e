//! Which line is published, and when another one takes its place: of several lines (`Failover`: a line is an index
//! in the owner's order of preference, and it is usable or not), or the device that the kernel's route names
//! (`Exit`). Nothing here knows of addresses.

use crate::config::Delays;
use crate::time::Duration;

/// A change of the device by which packets leave counts after this time without another change, so that a
/// burst of route events publishes once.
pub const SETTLES: Duration = Duration::from_secs(1);

/// The line in use, of several in order of preference.
///
/// A lost line is waited for. Then the most preferred usable line takes its place. A more preferred line takes
/// the place of a lost one at once, and of a usable one when it was usable for some time without a break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    used: usize,
    /// Since when it is in use, since boot.
    since: Duration,
    /// Since when it is not usable; `None` while it is.
    lost: Option<Duration>,
    /// Since when each line is usable without a break; `None` while it is not.
    usable: Vec<Option<Duration>>,
}

impl Failover {
    /// A choice among `lines` lines that starts at `now` with the first line.
    pub fn new(lines: usize, now: Duration) -> Self {
        // The first line counts as just lost. So a backup line that comes up first at boot is not published before
        // the first one had its time.
        Self { used: 0, since: now, lost: Some(now), usable: vec![None; lines] }
    }

    /// The index of the line in use.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Since when it is in use, since boot.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// The line that takes the place of the one in use if that stays lost; `None` while it is usable, or if no
    /// other line is.
    pub fn next(&self) -> Option<usize> {
        self.lost?;
        self.usable.iter().position(Option::is_some)
    }

    /// How many lines there are.
    pub fn count(&self) -> usize {
        self.usable.len()
    }

    /// Takes in which lines are usable at `now`, since boot. Returns when this must be called again although no
    /// line changes; `None` if it need not be.
    pub fn update(&mut self, usable: &[bool], delays: Delays, now: Duration) -> Option<Duration> {
        for (since, is_usable) in self.usable.iter_mut().zip(usable) {
            *since = if *is_usable { since.or(Some(now)) } else { None };
        }
        // `lost` keeps its first time while the line stays lost, so that other events do not put the next line off.
        let is_lost = self.usable_since(self.used).is_none();
        self.lost = if is_lost { self.lost.or(Some(now)) } else { None };
        if let Some(line) = self.best(delays, now) {
            self.used = line;
            self.since = now;
            self.lost = None;
        }
        self.deadline(delays)
    }

    fn usable_since(&self, line: usize) -> Option<Duration> {
        self.usable.get(line).copied().flatten()
    }

    /// The line that takes the place of the one in use now; `None` if that stays.
    fn best(&self, delays: Delays, now: Duration) -> Option<usize> {
        (0..self.count()).find(|&line| self.replaces_at(line, delays).is_some_and(|at| at <= now))
    }

    /// When the next line takes the place of the one in use, if nothing changes before.
    fn deadline(&self, delays: Delays) -> Option<Duration> {
        (0..self.count()).filter_map(|line| self.replaces_at(line, delays)).min()
    }

    /// When `line` may take the place of the line in use, if nothing changes before.
    fn replaces_at(&self, line: usize, delays: Delays) -> Option<Duration> {
        if line == self.used {
            return None;
        }
        let usable_since = self.usable_since(line)?;
        match (self.lost, line < self.used) {
            // A preferred line needs no time to prove itself while the one in use is lost.
            (Some(_), true) => Some(usable_since),
            (Some(lost), false) => Some(lost.saturating_add(delays.failover)),
            // The one in use works, so a line that goes up and down must not take it over each time.
            (None, true) => Some(usable_since.saturating_add(delays.failback)),
            (None, false) => None,
        }
    }
}

/// The device by which packets to the internet leave, once it has settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    used: Option<String>,
    /// Since when it is in use, since boot.
    since: Duration,
    /// Another device that the kernel names now, and since when.
    next: Option<(String, Duration)>,
}

impl Exit {
    /// The device in use. It stays while the kernel knows no way at all.
    pub fn used(&self) -> Option<&str> {
        self.used.as_deref()
    }

    /// Since when it is in use, since boot.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// The device that takes its place in a moment.
    pub fn next(&self) -> Option<&str> {
        self.next.as_ref().map(|(name, _)| name.as_str())
    }

    /// Takes in the device that the kernel names at `now`, since boot; `None` if there is no way. Returns when
    /// this must be called again although nothing changes.
    pub fn update(&mut self, found: Option<&str>, now: Duration) -> Option<Duration> {
        // A device that the kernel does not name now is forgotten, and has to settle anew when it is named again.
        let known = self.next.take();
        let found = found.filter(|found| self.used() != Some(*found))?;
        let since = match known {
            // Later events about the same device do not put it off.
            Some((name, since)) if name == found => since,
            Some(_) | None => now,
        };
        let at = since.saturating_add(SETTLES);
        // The first device after the start is used at once.
        if self.used.is_none() || at <= now {
            self.used = Some(found.to_owned());
            self.since = now;
            return None;
        }
        self.next = Some((found.to_owned(), since));
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DELAYS: Delays =
        Delays { failover: Duration::from_secs(30), failback: Duration::from_secs(120) };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Two lines at these times, each usable or not; the line in use after the last.
    fn after(events: &[(u64, [bool; 2])]) -> (Failover, Option<Duration>) {
        let mut lines = Failover::new(2, Duration::ZERO);
        let mut next = None;
        for &(seconds, usable) in events {
            next = lines.update(&usable, DELAYS, at(seconds));
        }
        (lines, next)
    }

    #[test]
    fn a_backup_that_comes_up_first_at_boot_waits_as_if_the_first_line_had_been_lost() {
        let (lines, next) = after(&[(0, [false, false]), (5, [false, true])]);
        assert_eq!((lines.used(), next), (0, Some(at(30))));
        let (lines, next) = after(&[(5, [false, true]), (8, [true, true])]);
        assert_eq!((lines.used(), next), (0, None));
        let (lines, next) = after(&[(5, [false, true]), (30, [false, true])]);
        assert_eq!((lines.used(), lines.since(), next), (1, at(30), None));
    }

    #[test]
    fn a_redial_does_not_publish_the_backup() {
        let (lines, next) = after(&[(0, [true, true]), (100, [false, true]), (129, [true, true])]);
        assert_eq!((lines.used(), next), (0, None));
    }

    #[test]
    fn the_first_line_is_taken_back_after_it_was_usable_without_a_break() {
        let lost = [(0, [true, true]), (100, [false, true]), (130, [false, true])];
        let (lines, next) = after(&[&lost[..], &[(140, [true, true])]].concat());
        assert_eq!((lines.used(), next), (1, Some(at(260))));
        let broken = [(140, [true, true]), (200, [false, true]), (201, [true, true])];
        let (lines, next) = after(&[&lost[..], &broken[..], &[(260, [true, true])]].concat());
        assert_eq!((lines.used(), next), (1, Some(at(321))));
        let (lines, next) = after(&[&lost[..], &broken[..], &[(321, [true, true])]].concat());
        assert_eq!((lines.used(), next), (0, None));
    }

    #[test]
    fn a_lost_backup_is_replaced_by_the_first_line_at_once() {
        let (lines, _) = after(&[(30, [false, true]), (40, [true, true]), (41, [true, false])]);
        assert_eq!((lines.used(), lines.since()), (0, at(41)));
    }

    #[test]
    fn the_device_of_a_route_settles_for_a_second() {
        let mut exit = Exit::default();
        assert_eq!(exit.update(None, at(1)), None);
        assert_eq!((exit.update(Some("a"), at(2)), exit.used()), (None, Some("a")));
        assert_eq!(exit.update(Some("b"), at(10)), Some(at(11)));
        // The same device again, after a moment without a way.
        assert_eq!(exit.update(None, at(10)), None);
        assert_eq!((exit.update(Some("a"), at(10)), exit.used()), (None, Some("a")));
        assert_eq!(exit.update(Some("b"), at(20)), Some(at(21)));
        assert_eq!((exit.used(), exit.next()), (Some("a"), Some("b")));
        assert_eq!((exit.update(Some("b"), at(21)), exit.used()), (None, Some("b")));
        assert_eq!((exit.since(), exit.next()), (at(21), None));
    }

    /// One line of three comes or goes after some seconds.
    fn events() -> impl Strategy<Value = Vec<(u64, usize, bool)>> {
        proptest::collection::vec((0_u64..200, 0_usize..3, any::<bool>()), 0..60)
    }

    /// Plays the events, and wakes at each deadline. Returns each change of the line in use with its time.
    fn play(events: &[(u64, usize, bool)], lines: &mut Failover) -> Vec<(Duration, usize)> {
        let mut changes = Vec::new();
        let (mut usable, mut now, mut deadline) = ([false; 3], Duration::ZERO, None);
        let last = (1_000, 0, usable);
        for &(pause, line, is_usable) in events.iter().chain([&(last.0, 3, false)]) {
            let event = now + at(pause);
            while let Some(due) = deadline.filter(|due| *due <= event) {
                assert!(due > now || now == Duration::ZERO, "a deadline that has passed already");
                now = due;
                deadline = note(lines, &usable, now, &mut changes);
            }
            now = event;
            if let Some(entry) = usable.get_mut(line) {
                *entry = is_usable;
            }
            deadline = note(lines, &usable, now, &mut changes);
        }
        let first = usable.iter().position(|usable| *usable);
        assert_eq!(deadline, None, "nothing changes any more, but a deadline is left");
        assert!(first.is_none_or(|first| lines.used() == first), "{usable:?} {lines:?}");
        changes
    }

    fn note(
        lines: &mut Failover,
        usable: &[bool],
        now: Duration,
        changes: &mut Vec<(Duration, usize)>,
    ) -> Option<Duration> {
        let before = lines.used();
        let deadline = lines.update(usable, DELAYS, now);
        if lines.used() != before {
            assert!(usable[lines.used()], "a line that is not usable was taken");
            changes.push((now, before));
        }
        deadline
    }

    proptest! {
        /// Whatever comes and goes: a less preferred line is never taken sooner than `failover_after` after
        /// the line before it was taken, and in the end the most preferred usable line is in use.
        #[test]
        fn lines_do_not_flap_and_the_most_preferred_wins(events in events()) {
            let mut lines = Failover::new(3, Duration::ZERO);
            let changes = play(&events, &mut lines);
            let mut taken = Duration::ZERO;
            for (index, &(now, before)) in changes.iter().enumerate() {
                let used = changes.get(index + 1).map_or(lines.used(), |(_, next)| *next);
                if used > before {
                    prop_assert!(now >= taken + DELAYS.failover, "{changes:?}");
                }
                taken = now;
            }
        }
    }
}
