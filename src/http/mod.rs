//! The HTTP edge: the only module that names ureq and rustls.

use std::time::Duration;

/// Most bytes of a body that are read.
pub const BODY_LIMIT: u64 = 64 * 1024;
/// Time to establish a TCP connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time from the request sent to the first byte of the answer.
pub const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(20);
/// Time for the whole call: resolving, connecting, TLS, redirects, body.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
