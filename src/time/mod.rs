//! Dates, time zones and readings of clocks, as values.

pub mod calendar;
pub mod duration;
mod nanos;
mod now;
mod share;
pub mod strftime;
pub mod timezone;

pub use nanos::Duration;
pub use now::{BUILD_TIME, Now, UnixSeconds};
pub use share::Share;
