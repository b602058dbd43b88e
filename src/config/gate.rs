//! Conditions under which a section publishes, for pairs of routers: `only_if_address` and `only_if_file`.

use std::net::IpAddr;
use std::path::PathBuf;

/// A condition. Unless all conditions of a section hold, another router publishes, and the section rests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// `only_if_address`: a device of this router has this address, such as one of VRRP (RFC 9568).
    Address(IpAddr),
    /// `only_if_file`: the first word of this file is `word`.
    File {
        /// The absolute path. The file need not exist.
        path: PathBuf,
        /// The word, such as `MASTER`.
        word: String,
    },
}
