//! Errors of system calls as sentences for a router owner.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the errors of Linux are a long list; few of them mean something to a router owner"
)]

use std::io;

use nix::errno::Errno;

/// Why this router itself does not let a connection or a packet out; `None` if it is not the reason.
/// Only for the error of a system call that connects, binds or sends: from others the same numbers mean
/// other things.
pub(crate) fn local(error: &io::Error) -> Option<&'static str> {
    Some(match error.raw_os_error().map(Errno::from_raw)? {
        Errno::EINVAL => {
            "a route or routing rule of this router discards what goes there (blackhole)"
        }
        Errno::EACCES => "a route, a routing rule or a firewall forbids what goes there (prohibit)",
        Errno::EPERM => "the firewall of this router forbids what goes there",
        Errno::ENETUNREACH => "this router has no route there",
        Errno::EHOSTUNREACH => "there is no way to the host: unreachable, says a route or a router",
        Errno::EADDRNOTAVAIL => "this router has no address to send from",
        Errno::ENODEV | Errno::ENXIO => "the network device is not there",
        Errno::ENETDOWN => "the network device is down",
        Errno::EAFNOSUPPORT => "this system does not support the IP version",
        _ => return None,
    })
}

/// The C library's words, without the number that std adds.
pub(crate) fn system(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(number) = text.find(" (os error") {
        text.truncate(number);
    }
    text
}
