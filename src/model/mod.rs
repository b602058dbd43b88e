//! Values that every layer above uses. They have no decisions in them and know nobody else.

pub mod address;
mod host;
pub mod name;
mod notice;
mod record;
pub mod secret;
pub mod sorted;
mod transport;

pub use host::Host;
pub use name::{Family, Hostname};
pub use notice::{Level, Notice};
pub use record::RecordOptions;
pub use transport::{Transport, Trust, USER_AGENT};
