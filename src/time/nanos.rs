//! Times as one number.

use std::ops::{Add, AddAssign, Div, Mul, Sub};

/// The length of a time, or a time since boot: at most 584 years.
///
/// It is one number, because on a 32-bit CPU each sum of std's type of this name is 140 bytes of code. Its own sums
/// are functions that are not inlined for the same reason. Its methods are named as std's, with two differences:
/// `+`, `-` and `*` saturate where std's panic, so `-` gives no time at all if the second one is longer; and
/// `as_millis` and `as_nanos` return a u64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    nanos: u64,
}

impl Duration {
    /// No time.
    pub const ZERO: Self = Self::from_nanos(0);
    /// The longest time.
    pub const MAX: Self = Self::from_nanos(u64::MAX);

    /// This number of nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self { nanos }
    }

    /// This number of milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self::from_nanos(millis.saturating_mul(1_000_000))
    }

    /// This number of seconds.
    #[inline(never)]
    pub const fn from_secs(seconds: u64) -> Self {
        Self::from_nanos(seconds.saturating_mul(1_000_000_000))
    }

    /// Whole seconds.
    #[inline(never)]
    pub fn as_secs(self) -> u64 {
        self.nanos / 1_000_000_000
    }

    /// Whole milliseconds.
    pub fn as_millis(self) -> u64 {
        self.nanos / 1_000_000
    }

    /// Nanoseconds.
    pub fn as_nanos(self) -> u64 {
        self.nanos
    }

    /// Whether it is no time at all.
    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Both together.
    #[inline(never)]
    pub fn saturating_add(self, other: Self) -> Self {
        Self::from_nanos(self.nanos.saturating_add(other.nanos))
    }

    /// What is left after `other`; nothing if that is longer.
    #[inline(never)]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self::from_nanos(self.nanos.saturating_sub(other.nanos))
    }

    /// `count` times as long.
    #[inline(never)]
    pub fn saturating_mul(self, count: u32) -> Self {
        Self::from_nanos(self.nanos.saturating_mul(count.into()))
    }

    /// How much longer one is than the other.
    pub fn abs_diff(self, other: Self) -> Self {
        Self::from_nanos(self.nanos.abs_diff(other.nanos))
    }
}

impl Add for Duration {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Duration {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl Mul<u32> for Duration {
    type Output = Self;

    fn mul(self, count: u32) -> Self {
        self.saturating_mul(count)
    }
}

impl Mul<Duration> for u32 {
    type Output = Duration;

    fn mul(self, time: Duration) -> Duration {
        time.saturating_mul(self)
    }
}

impl Div<u32> for Duration {
    type Output = Self;

    fn div(self, parts: u32) -> Self {
        Self::from_nanos(self.nanos / u64::from(parts))
    }
}

impl From<std::time::Duration> for Duration {
    #[inline(never)]
    fn from(time: std::time::Duration) -> Self {
        Self::from_secs(time.as_secs()) + Self::from_nanos(time.subsec_nanos().into())
    }
}

impl From<Duration> for std::time::Duration {
    #[inline(never)]
    fn from(time: Duration) -> Self {
        Self::from_nanos(time.nanos)
    }
}
