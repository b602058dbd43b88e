//! Errors of system calls as clauses for the router's owner.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "Linux has many errors, and a router owner can act on few of them"
)]

use std::io;

use nix::errno::Errno;

/// Why this router does not let a connection or a packet out; `None` if the cause is not this router.
/// Only for errors of `connect`, `bind` and `send`: after other system calls the same numbers have
/// other meanings.
pub(crate) fn local(error: &io::Error) -> Option<&'static str> {
    Some(match error.raw_os_error().map(Errno::from_raw)? {
        Errno::EINVAL => {
            "a route or routing rule of this router discards what goes there (blackhole)"
        }
        Errno::EACCES => "a route, a routing rule or a firewall forbids what goes there (prohibit)",
        Errno::EPERM => "the firewall of this router forbids what goes there",
        Errno::ENETUNREACH => "this router has no route there",
        Errno::EHOSTUNREACH => "a route or another router reports the host as unreachable",
        Errno::EADDRNOTAVAIL => "this router has no address to send from",
        Errno::ENODEV | Errno::ENXIO => "the network device is not there",
        Errno::ENETDOWN => "the network device is down",
        Errno::EAFNOSUPPORT => "this system does not support the IP version",
        _ => return None,
    })
}

/// The C library's text of an error (`strerror`), without the number that std appends to it.
pub(crate) fn system(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(number) = text.find(" (os error") {
        text.truncate(number);
    }
    text
}

/// Whether the error means that the other side has closed the connection.
pub(crate) fn is_closing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
    )
}
