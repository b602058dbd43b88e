//! Opens a TCP connection to the first address of a host that accepts one (RFC 8305).
//!
//! Several addresses are tried at the same time, and the first ones while the resolver may still find
//! more. One poll(2) waits for all sockets, so no further thread is needed.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use nix::poll::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::Shared;
use super::candidates::{AddressOrigin, Candidates};
use crate::dns::resolving::Progress;
use crate::edge::clock::uptime;
use crate::edge::dns::resolve::{Search, alternate};
use crate::edge::stream::deadline::wait;
use crate::edge::stream::tcp::{begin_to_connect, opened};
use crate::edge::system_error::{local, system};
use crate::time::Duration;

/// How long to wait for the resolver before remembered addresses are tried.
const RESOLVER_FIRST: Duration = Duration::from_millis(100);

/// How a connection is opened.
pub(super) struct RaceOptions<'a> {
    pub(super) port: u16,
    /// The device that packets must leave through.
    pub(super) device: Option<&'a str>,
    /// The address that packets must come from.
    pub(super) source: Option<IpAddr>,
    /// Addresses that are tried first, if the resolver returns them.
    pub(super) preferred: Vec<IpAddr>,
    /// Addresses that are tried if the resolver is slow or fails.
    pub(super) remembered: Vec<IpAddr>,
    /// How long one address is tried before the next one is tried, too.
    pub(super) delay: Duration,
    /// Time for the look-up, and again for connecting.
    pub(super) limit: Duration,
    /// When to give up in any case, since boot.
    pub(super) end: Duration,
}

/// A report about a look-up that takes long.
pub enum SlowLookUp {
    /// The look-up of this host takes long.
    Waits(String),
    /// The slow look-up of this host has ended.
    Ended(String),
}

/// An open connection.
pub(super) struct Connected {
    pub(super) socket: Arc<Socket>,
    pub(super) address: IpAddr,
    pub(super) origin: AddressOrigin,
}

/// Why there is no connection.
pub(super) enum ConnectError {
    /// The host has no address: a sentence with the host's name.
    NotResolved(String),
    /// The socket cannot be bound to the device or the source address: a clause.
    NotBound(String),
    /// No address accepts a connection.
    Unreachable(io::Error),
}

/// Connects to the host of `search`.
pub(super) fn connect(
    search: Search,
    options: &RaceOptions<'_>,
    shared: &Shared,
) -> Result<Connected, ConnectError> {
    let mut race = Race::new(search, options, shared);
    loop {
        let now = uptime();
        let progress = race.look(now);
        race.start(now)?;
        race.retry_blocked(now);
        if let Some(connected) = race.check(now) {
            return Ok(connected);
        }
        if now >= race.deadline.min(options.end) || race.is_lost(&progress) {
            return Err(race.reason());
        }
        race.wait(now);
    }
}

struct Race<'a> {
    search: Search,
    options: &'a RaceOptions<'a>,
    shared: &'a Shared,
    candidates: Candidates,
    /// Connections that are being opened.
    attempts: Vec<(IpAddr, Arc<Socket>)>,
    /// Addresses that this router could not send to, for example for want of a route.
    blocked: Vec<IpAddr>,
    /// The most informative error of the addresses that have failed.
    error: Option<io::Error>,
    /// When remembered addresses are tried, since boot.
    remembered_due: Duration,
    /// When to give up, since boot.
    deadline: Duration,
    /// Whether the resolver has returned addresses.
    has_addresses: bool,
    /// Whether the look-up was reported as slow, and its end was not reported yet.
    is_slow: bool,
}

impl Drop for Race<'_> {
    fn drop(&mut self) {
        // However the race ends, `status` must not go on to say that the name is being looked up.
        self.set_slow(false);
    }
}

impl<'a> Race<'a> {
    /// A race that begins now, without addresses.
    fn new(search: Search, options: &'a RaceOptions<'a>, shared: &'a Shared) -> Self {
        let begun = uptime();
        Self {
            search,
            options,
            shared,
            candidates: Candidates::new(options.delay),
            attempts: Vec::new(),
            blocked: Vec::new(),
            error: None,
            remembered_due: begun.saturating_add(RESOLVER_FIRST),
            deadline: begun.saturating_add(options.limit),
            has_addresses: false,
            is_slow: false,
        }
    }

    /// Adds the addresses that are known by now.
    fn look(&mut self, now: Duration) -> Progress {
        self.search.turn(now);
        let progress = self.search.progress(now);
        if progress == Progress::Found {
            if !self.has_addresses {
                self.has_addresses = true;
                // A slow resolver has not used up the time for connecting.
                self.deadline = now.saturating_add(self.options.limit);
            }
            let found = alternate(&self.search.addresses());
            for is_preferred in [true, false] {
                for &address in &found {
                    if self.options.preferred.contains(&address) == is_preferred {
                        self.candidates.add(address, AddressOrigin::Resolved, now);
                    }
                }
            }
        } else if progress == Progress::Nowhere || now >= self.remembered_due {
            for &address in &self.options.remembered {
                self.candidates.add(address, AddressOrigin::Remembered, now);
            }
        }
        self.set_slow(progress == Progress::Waiting && now >= self.remembered_due);
        progress
    }

    /// Reports that the look-up takes long, or that a slow look-up has ended.
    fn set_slow(&mut self, is_slow: bool) {
        if is_slow == self.is_slow {
            return;
        }
        self.is_slow = is_slow;
        if let Some(report) = &self.shared.on_slow_look_up {
            let host = self.search.host().to_owned();
            report(if is_slow { SlowLookUp::Waits(host) } else { SlowLookUp::Ended(host) });
        }
    }

    /// Begins to connect to the addresses that are due.
    fn start(&mut self, now: Duration) -> Result<(), ConnectError> {
        while let Some(address) = self.candidates.next(now) {
            let target = SocketAddr::new(address, self.options.port);
            let kind = Type::STREAM.nonblocking();
            let socket = Socket::new(Domain::for_address(target), kind, Some(Protocol::TCP));
            let socket = match socket {
                Ok(socket) => self.shared.connections.add(socket),
                Err(error) => {
                    self.failed(address, error, now);
                    continue;
                }
            };
            self.bind(&socket).map_err(ConnectError::NotBound)?;
            match begin_to_connect(&socket, target) {
                Ok(()) => self.attempts.push((address, socket)),
                Err(error) => self.failed(address, error, now),
            }
        }
        Ok(())
    }

    /// Tries blocked addresses again while another address is being tried: netifd adds the default route
    /// a moment after the address, and an IPv6 host that is unreachable would use up the whole time.
    fn retry_blocked(&mut self, now: Duration) {
        if self.attempts.is_empty() {
            return;
        }
        for address in std::mem::take(&mut self.blocked) {
            self.candidates.try_again(address, now);
        }
    }

    // An error here ends the race: all addresses have the same device and source, so no other one would help.
    fn bind(&self, socket: &Socket) -> Result<(), String> {
        if let Some(device) = self.options.device {
            socket
                .bind_device(Some(device.as_bytes()))
                .map_err(|error| format!("cannot send through {device}: {}", system(&error)))?;
        }
        if let Some(source) = self.options.source {
            socket
                .bind(&SocketAddr::new(source, 0).into())
                .map_err(|error| format!("cannot send from {source}: {}", system(&error)))?;
        }
        Ok(())
    }

    fn failed(&mut self, address: IpAddr, error: io::Error, now: Duration) {
        self.candidates.failed(now);
        if local(&error).is_some() {
            self.blocked.push(address);
        }
        // The host may not have a remembered address any more, so its error says nothing about the host.
        if self.candidates.origin(address) == AddressOrigin::Remembered {
            return;
        }
        // An error of the host itself, such as a refused connection, is kept over errors of this router,
        // such as a missing route.
        match &self.error {
            Some(known) if local(known).is_none() => {}
            Some(_) | None => self.error = Some(error),
        }
    }

    /// The connection, if one was opened.
    fn check(&mut self, now: Duration) -> Option<Connected> {
        let mut index = 0;
        while let Some((_, socket)) = self.attempts.get(index) {
            let Some(result) = opened(socket) else {
                index += 1;
                continue;
            };
            let (address, socket) = self.attempts.remove(index);
            match result {
                Ok(()) => {
                    let origin = self.candidates.origin(address);
                    return Some(Connected { socket, address, origin });
                }
                Err(error) => self.failed(address, error, now),
            }
        }
        None
    }

    /// Whether no address is left that could accept a connection.
    fn is_lost(&self, progress: &Progress) -> bool {
        let idle = self.attempts.is_empty() && self.candidates.deadline().is_none();
        idle && *progress != Progress::Waiting
    }

    fn reason(&mut self) -> ConnectError {
        match self.error.take() {
            Some(error) => ConnectError::Unreachable(error),
            None if self.has_addresses => ConnectError::Unreachable(io::ErrorKind::TimedOut.into()),
            None => ConnectError::NotResolved(self.search.why()),
        }
    }

    fn wait(&self, now: Duration) {
        let mut until = self.deadline.min(self.options.end);
        if !self.options.remembered.is_empty() && now < self.remembered_due {
            until = until.min(self.remembered_due);
        }
        for deadline in [self.search.deadline(now), self.candidates.deadline()] {
            until = deadline.map_or(until, |deadline| until.min(deadline));
        }
        let mut sources = self.search.sources();
        for (_, socket) in &self.attempts {
            sources.push(PollFd::new(socket.as_fd(), PollFlags::POLLOUT));
        }
        wait(&mut sources, until.saturating_sub(now));
    }
}
