//! Waits until something can happen: for descriptors (man 2 poll) and for times.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::clock;

/// What something can come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Signals.
    Signals,
    /// Commands on the control socket.
    Commands,
    /// The kernel's links, addresses, routes and rules.
    Kernel,
    /// The kernel's neighbour table.
    Neighbours,
    /// Other threads.
    Threads,
    /// Files of other programs.
    Files,
    /// Announcements of gateways.
    Gateways,
    /// ubus.
    Ubus,
    /// A step of the wall clock.
    Clock,
}

/// What to wait for.
#[derive(Default)]
pub struct Wait<'a> {
    sources: Vec<Source>,
    /// The descriptors of `sources`.
    polled: Vec<PollFd<'a>>,
    /// When sources are ready without a descriptor, since boot.
    times: Vec<(Source, Duration)>,
    /// How long to wait at most, since boot.
    until: Option<Duration>,
}

impl<'a> Wait<'a> {
    /// `source` is ready when there is something to read, if it has a descriptor.
    pub fn read(&mut self, source: Source, descriptor: Option<BorrowedFd<'a>>) {
        if let Some(descriptor) = descriptor {
            self.descriptor(source, descriptor, PollFlags::POLLIN);
        }
    }

    /// `source` is ready when one of `events` comes.
    pub fn descriptor(&mut self, source: Source, descriptor: BorrowedFd<'a>, events: PollFlags) {
        self.sources.push(source);
        self.polled.push(PollFd::new(descriptor, events));
    }

    /// `source` is also ready at this time since boot, if there is one.
    pub fn at(&mut self, source: Source, time: Option<Duration>) {
        self.times.extend(time.map(|time| (source, time)));
        self.until(time);
    }

    /// Waits until this time since boot at the latest, if there is one.
    pub fn until(&mut self, time: Option<Duration>) {
        self.until = self.until.into_iter().chain(time).min();
    }

    /// Waits. Returns the sources that are ready.
    pub fn run(mut self) -> Vec<Source> {
        let limit = self.until.map_or(PollTimeout::NONE, timeout);
        // After an error nothing is ready, and the caller waits again.
        let _ = poll(&mut self.polled, limit);
        let mut ready = Vec::new();
        for (source, polled) in self.sources.iter().zip(&self.polled) {
            if polled.any() != Some(false) {
                ready.push(*source);
            }
        }
        if !self.times.is_empty() {
            let now = clock::uptime();
            let past = self.times.iter().filter(|(_, time)| *time <= now);
            ready.extend(past.map(|(source, _)| source));
        }
        ready
    }
}

/// How long it is until `time`, rounded up to milliseconds: who wakes up before has nothing to do yet.
fn timeout(time: Duration) -> PollTimeout {
    const MILLISECOND: Duration = Duration::from_millis(1);
    let left = time.saturating_sub(clock::uptime());
    let left = left.saturating_add(MILLISECOND.saturating_sub(Duration::from_nanos(1)));
    PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::{Write as _, pipe};
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn a_descriptor_is_ready_when_there_is_something_to_read() {
        let (reader, mut writer) = pipe().unwrap();
        let (silent, _writer) = pipe().unwrap();
        let ready = || {
            let mut wait = Wait::default();
            wait.read(Source::Files, Some(silent.as_fd()));
            wait.read(Source::Ubus, Some(reader.as_fd()));
            wait.read(Source::Clock, None);
            wait.until(Some(clock::uptime().saturating_add(Duration::from_millis(5))));
            wait.run()
        };
        assert_eq!(ready(), []);
        writer.write_all(b"x").unwrap();
        assert_eq!(ready(), [Source::Ubus]);
    }

    #[test]
    fn a_time_is_awaited_and_makes_its_source_ready() {
        let begin = clock::uptime();
        let soon = begin.saturating_add(Duration::from_micros(1500));
        let mut wait = Wait::default();
        wait.at(Source::Kernel, Some(soon));
        wait.at(Source::Files, None);
        wait.until(Some(begin.saturating_add(Duration::from_secs(60))));
        assert_eq!(wait.run(), [Source::Kernel]);
        assert!(clock::uptime() >= soon);
        let mut wait = Wait::default();
        wait.at(Source::Kernel, Some(begin.saturating_add(Duration::from_secs(60))));
        wait.at(Source::Ubus, Some(Duration::ZERO));
        assert_eq!(wait.run(), [Source::Ubus]);
    }
}
