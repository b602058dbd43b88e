//! What happens to the routers and to the provider.

use std::time::Duration;

use super::random::Random;

/// What is wrong with the provider.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Its host refuses connections.
    Refuses,
    /// It answers each request with 503.
    Answers503,
    /// It takes each request and never answers.
    IsSilent,
    /// Its host name cannot be resolved.
    HasNoName,
}

/// When the routers get their new addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// At the start all lose theirs. The lease is back after some seconds or minutes.
    Reset,
    /// At some time of the first hour, each at its own.
    Nightly,
    /// At the start all get power. They boot, get a lease, and have the year 1970 until NTP sets the clock.
    PowerCut,
}

pub(crate) struct Scene {
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) change: Change,
    /// What is wrong with the provider in the first `OUTAGE`.
    pub(crate) outage: Option<Outage>,
    /// `Retry-After` of its answers with status 503.
    pub(crate) retry_after: Option<Duration>,
    /// How long the scene is watched, in seconds.
    pub(crate) length: u64,
}

/// How long an outage lasts. At a multiple of a minute the clients that cron starts would come at its very end.
pub(crate) const OUTAGE: Duration = Duration::from_secs(3600 + 137);

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) const SCENES: &[Scene] = &[
    Scene {
        file: "reset",
        title: "An ISP resets a region; the provider answers 503 when it has too much to do",
        change: Change::Reset,
        outage: None,
        retry_after: None,
        length: 4 * 3600,
    },
    Scene {
        file: "refused",
        title: "Nightly change of all addresses; the provider's host refuses connections for an hour",
        change: Change::Nightly,
        outage: Some(Outage::Refuses),
        retry_after: None,
        length: 6 * 3600,
    },
    Scene {
        file: "unavailable",
        title: "The same night; the provider answers 503 for an hour",
        change: Change::Nightly,
        outage: Some(Outage::Answers503),
        retry_after: None,
        length: 6 * 3600,
    },
    Scene {
        file: "unavailable-retry-after",
        title: "The same night; the provider answers 503 with `Retry-After: 600` for an hour",
        change: Change::Nightly,
        outage: Some(Outage::Answers503),
        retry_after: Some(Duration::from_secs(600)),
        length: 6 * 3600,
    },
    Scene {
        file: "silent",
        title: "The same night; the provider takes requests and never answers for an hour",
        change: Change::Nightly,
        outage: Some(Outage::IsSilent),
        retry_after: None,
        length: 6 * 3600,
    },
    Scene {
        file: "dns",
        title: "The same night; the provider's host name cannot be resolved for an hour",
        change: Change::Nightly,
        outage: Some(Outage::HasNoName),
        retry_after: None,
        length: 6 * 3600,
    },
    Scene {
        file: "power",
        title: "Power comes back; the clocks show 1970 until NTP sets them",
        change: Change::PowerCut,
        outage: None,
        retry_after: None,
        length: 4 * 3600,
    },
];

impl Scene {
    /// From when on times are counted, in seconds: the end of the outage.
    pub(crate) fn since(&self) -> usize {
        match self.outage {
            Some(_) => usize::try_from(OUTAGE.as_secs()).unwrap(),
            None => 0,
        }
    }

    /// What is wrong with the provider at `now`.
    pub(crate) fn outage_at(&self, now: Duration) -> Option<Outage> {
        self.outage.filter(|_| now < OUTAGE)
    }

    /// When a router gets its new address.
    pub(crate) fn address_at(&self, random: &mut Random) -> Duration {
        match self.change {
            Change::Reset => Duration::from_secs(5) + random.around(Duration::from_secs(30)),
            Change::Nightly => random.up_to(Duration::from_secs(3600)),
            Change::PowerCut => Duration::from_secs(40) + random.up_to(MINUTE),
        }
    }

    /// How long after its address NTP sets a router's clock; `None` if the clock is right.
    pub(crate) fn clock_after(&self, random: &mut Random) -> Option<Duration> {
        match self.change {
            Change::PowerCut => {
                Some(Duration::from_secs(3) + random.around(Duration::from_secs(20)))
            }
            Change::Reset | Change::Nightly => None,
        }
    }
}
