//! Values that every layer above uses. They hold no decisions and use no other layer but `text`.

pub mod address;
mod credentials;
pub mod fifo;
mod host;
pub mod json;
pub mod mac;
pub mod name;
mod notice;
mod proxy;
mod record;
pub mod secret;
pub mod sort;
pub mod sorted;
mod target;
mod transport;
pub mod url;

pub use credentials::Credentials;
pub use host::{Host, HostPort, HostPortError};
pub use name::{Family, Hostname};
pub use notice::{Level, Notice};
pub use proxy::{Proxy, ProxyError};
pub use record::RecordOptions;
pub use target::Target;
pub use transport::{Transport, Trust, USER_AGENT};
pub use url::{Url, UrlError};
