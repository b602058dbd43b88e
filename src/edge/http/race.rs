//! A TCP connection to a host, at the first of its addresses that takes one (RFC 8305).
//!
//! Addresses are tried while the resolver may still find more, and several at once. Everything is
//! waited for in one place: no thread, and nothing that blocks.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::Shared;
use super::candidates::{Candidates, Origin};
use crate::dns::resolving::Progress;
use crate::edge::clock::uptime;
use crate::edge::dns::resolve::{Search, alternate, is_under_way, wait};
use crate::edge::system_error::{local, system};

/// How long the resolver is waited for before remembered addresses are tried.
const RESOLVER_FIRST: Duration = Duration::from_millis(100);

/// How a connection is made.
pub(super) struct Course<'a> {
    pub(super) port: u16,
    /// Only through this device.
    pub(super) device: Option<&'a str>,
    /// Only from this address.
    pub(super) source: Option<IpAddr>,
    /// Addresses that go first if the resolver gives them, too.
    pub(super) preferred: Vec<IpAddr>,
    /// Addresses that stand in for a resolver that is slow or fails.
    pub(super) remembered: Vec<IpAddr>,
    /// How long one address is tried alone.
    pub(super) delay: Duration,
    /// Time to find an address, and again to connect.
    pub(super) limit: Duration,
    /// When to give up in any case, since boot.
    pub(super) end: Duration,
}

/// News of a look-up that takes long.
pub enum SlowLookUp {
    /// The addresses of this host are waited for.
    Waits(String),
    /// They are not waited for any more.
    Ended(String),
}

/// The connection that was made.
pub(super) struct Connected {
    pub(super) socket: Arc<Socket>,
    pub(super) address: IpAddr,
    pub(super) origin: Origin,
}

/// Why there is no connection.
pub(super) enum Lost {
    /// No address: a sentence with the host's name.
    NotResolved(String),
    /// The sockets cannot be bound to the device: it is not there, or not ours to use.
    Unbound(String),
    /// No address takes a connection.
    Unreachable(io::Error),
}

/// Connects to the host that `search` looks for.
pub(super) fn connect(
    search: Search,
    course: &Course<'_>,
    shared: &Shared,
) -> Result<Connected, Lost> {
    let begun = uptime();
    let mut race = Race {
        search,
        course,
        shared,
        candidates: Candidates::new(course.delay),
        attempts: Vec::new(),
        error: None,
        stand_in: begun.saturating_add(RESOLVER_FIRST),
        until: begun.saturating_add(course.limit),
        has_addresses: false,
        is_slow: false,
    };
    loop {
        let now = uptime();
        let progress = race.look(now);
        race.start(now)?;
        if let Some(connected) = race.check(now) {
            return Ok(connected);
        }
        if now >= race.until.min(course.end) || race.is_lost(&progress) {
            return Err(race.why());
        }
        race.wait(now);
    }
}

struct Race<'a> {
    search: Search,
    course: &'a Course<'a>,
    shared: &'a Shared,
    candidates: Candidates,
    /// Connections being made.
    attempts: Vec<(IpAddr, Arc<Socket>)>,
    /// Why an address of the host does not take a connection: the most telling reason.
    error: Option<io::Error>,
    /// When remembered addresses are tried, since boot.
    stand_in: Duration,
    /// When to give up, since boot.
    until: Duration,
    /// Whether the host has addresses, remembered ones aside.
    has_addresses: bool,
    /// Whether it was reported that the look-up takes long.
    is_slow: bool,
}

impl Drop for Race<'_> {
    fn drop(&mut self) {
        self.set_slow(false);
    }
}

impl Race<'_> {
    /// Takes in the addresses that there are now.
    fn look(&mut self, now: Duration) -> Progress {
        self.search.turn(now);
        let progress = self.search.progress(now);
        if progress == Progress::Found {
            if !self.has_addresses {
                self.has_addresses = true;
                self.until = now.saturating_add(self.course.limit);
            }
            let mut found = alternate(self.search.addresses());
            // What worked last goes first.
            found.sort_by_key(|address| !self.course.preferred.contains(address));
            self.candidates.add(&found, Origin::Resolved, now);
        } else if progress == Progress::Nowhere || now >= self.stand_in {
            self.candidates.add(&self.course.remembered, Origin::Remembered, now);
        }
        self.set_slow(progress == Progress::Waiting && now >= self.stand_in);
        progress
    }

    /// Reports a look-up that takes long, or its end.
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

    /// Begins to connect to the addresses whose turn it is.
    fn start(&mut self, now: Duration) -> Result<(), Lost> {
        while let Some(address) = self.candidates.next(now) {
            let target = SocketAddr::new(address, self.course.port);
            let kind = Type::STREAM.nonblocking();
            let socket = Socket::new(Domain::for_address(target), kind, Some(Protocol::TCP));
            let socket = match socket {
                Ok(socket) => self.shared.connections.add(socket),
                Err(error) => {
                    self.failed(address, error, now);
                    continue;
                }
            };
            if let Some(device) = self.course.device {
                socket.bind_device(Some(device.as_bytes())).map_err(|error| {
                    Lost::Unbound(format!("cannot send through {device}: {}", system(&error)))
                })?;
            }
            if let Some(source) = self.course.source {
                socket.bind(&SocketAddr::new(source, 0).into()).map_err(|error| {
                    Lost::Unbound(format!("cannot send from {source}: {}", system(&error)))
                })?;
            }
            match socket.connect(&target.into()) {
                Err(error) if !is_under_way(&error) => self.failed(address, error, now),
                Ok(()) | Err(_) => self.attempts.push((address, socket)),
            }
        }
        Ok(())
    }

    fn failed(&mut self, address: IpAddr, error: io::Error, now: Duration) {
        self.candidates.failed(now);
        // A remembered address that is not the host's any more says nothing about the host.
        if self.candidates.origin(address) == Origin::Remembered {
            return;
        }
        // One that got an answer says more than one without a route.
        let is_telling = |known: &io::Error| local(known).is_none();
        if !self.error.as_ref().is_some_and(is_telling) {
            self.error = Some(error);
        }
    }

    /// The connection, if one is made.
    fn check(&mut self, now: Duration) -> Option<Connected> {
        let attempts = std::mem::take(&mut self.attempts);
        for (address, socket) in attempts {
            let result = match socket.take_error() {
                Ok(None) if socket.peer_addr().is_err() => {
                    self.attempts.push((address, socket));
                    continue;
                }
                // From here on, whoever reads or writes waits.
                Ok(None) => {
                    socket.set_nonblocking(false).and_then(|()| socket.set_tcp_nodelay(true))
                }
                Ok(Some(error)) | Err(error) => Err(error),
            };
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

    /// Whether there is nothing more to wait for.
    fn is_lost(&self, progress: &Progress) -> bool {
        let idle = self.attempts.is_empty() && self.candidates.deadline().is_none();
        idle && *progress != Progress::Waiting
    }

    fn why(&mut self) -> Lost {
        match self.error.take() {
            Some(error) => Lost::Unreachable(error),
            None if self.has_addresses => Lost::Unreachable(io::ErrorKind::TimedOut.into()),
            None => Lost::NotResolved(self.search.why()),
        }
    }

    fn wait(&self, now: Duration) {
        let waits_to_stand_in = !self.course.remembered.is_empty() && now < self.stand_in;
        let deadlines = [
            Some(self.until.min(self.course.end)),
            self.search.deadline(now),
            self.candidates.deadline(),
            waits_to_stand_in.then_some(self.stand_in),
        ];
        let until = deadlines.into_iter().flatten().min().unwrap_or(now);
        let mut sources = self.search.sources();
        for (_, socket) in &self.attempts {
            sources.push(PollFd::new(socket.as_fd(), PollFlags::POLLOUT));
        }
        wait(&mut sources, until.saturating_sub(now));
    }
}
