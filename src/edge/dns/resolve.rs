//! Looks up the addresses of a host in `/etc/hosts` and at the system's resolvers.
//!
//! The resolver of the C library repeats a query only after seconds, and the first query after the WAN
//! has come up usually fails. [`resolving`](crate::dns::resolving) decides when queries are repeated
//! here; this file has the sockets. `search`, `domain` and `options` of resolv.conf are ignored.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd as _;

use nix::net::if_::if_nametoindex;
use nix::poll::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::changes::ResolverChanges;
use super::wire::{UDP_SIZE, framed, random};
use crate::dns::message::{Message, TC};
use crate::dns::name::Name;
use crate::dns::resolv;
use crate::dns::resolving::{Progress, ResolverAnswer, Resolving};
use crate::edge::clock::uptime;
use crate::edge::files;
use crate::edge::stream::deadline::wait;
use crate::edge::stream::tcp::begin_to_connect;
use crate::edge::system_error;
use crate::model::{Family, name};
use crate::time::Duration;

/// The resolvers that `/etc/resolv.conf` names now.
pub(super) fn resolvers() -> Vec<SocketAddr> {
    resolv::resolvers(&files::resolv_conf(), &|device| if_nametoindex(device).ok())
}

/// The addresses of `host`, which is a name or an address; at least one.
///
/// # Errors
/// If there is none: a sentence with the host's name.
pub fn resolve(host: &str, family: Option<Family>, limit: Duration) -> Result<Vec<IpAddr>, String> {
    let end = uptime().saturating_add(limit);
    let mut search = Search::begin(host, family);
    loop {
        let now = uptime();
        search.turn(now);
        match search.progress(now) {
            Progress::Waiting if now < end => {}
            Progress::Found => return Ok(alternate(&search.addresses())),
            Progress::Waiting | Progress::Nowhere => return Err(search.why()),
        }
        let until = search.deadline(now).map_or(end, |deadline| deadline.min(end));
        wait(&mut search.sources(), until.saturating_sub(now));
    }
}

/// The addresses with the families in turn, IPv6 first (RFC 8305 section 4). So a family without
/// connectivity does not use up the time.
pub(crate) fn alternate(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let mut v6 = addresses.iter().filter(|address| address.is_ipv6());
    let mut v4 = addresses.iter().filter(|address| address.is_ipv4());
    let mut ordered = Vec::new();
    while ordered.len() < addresses.len() {
        ordered.extend(v6.next());
        ordered.extend(v4.next());
    }
    ordered
}

/// A running look-up of one host. Its caller calls [`Search::turn`], reads [`Search::progress`], and waits
/// for [`Search::sources`] until [`Search::deadline`].
pub(crate) struct Search {
    host: String,
    family: Option<Family>,
    source: AddressSource,
}

/// Where the addresses of a host come from.
enum AddressSource {
    /// These addresses are known without a resolver.
    Known(Vec<IpAddr>),
    /// The host is not a valid name, for this reason.
    Invalid(&'static str),
    /// The resolvers are asked.
    Resolvers(Box<ResolverSearch>),
}

impl Search {
    /// Begins to look up addresses of `family`, or of both families.
    pub(crate) fn begin(host: &str, family: Option<Family>) -> Self {
        let known = known_addresses(host);
        let source = if known.is_empty() {
            match Name::parse(host) {
                Ok(name) => AddressSource::Resolvers(Box::new(ResolverSearch::begin(name, family))),
                Err(error) => AddressSource::Invalid(error),
            }
        } else {
            AddressSource::Known(known)
        };
        Self { host: host.to_owned(), family, source }
    }

    /// A look-up that has ended with these addresses.
    pub(crate) fn of(addresses: Vec<IpAddr>) -> Self {
        Self { host: String::new(), family: None, source: AddressSource::Known(addresses) }
    }

    /// The host that is looked up.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Reads answers, and sends the queries that are due.
    pub(crate) fn turn(&mut self, now: Duration) {
        if let AddressSource::Resolvers(search) = &mut self.source {
            search.turn(now);
        }
    }

    /// Whether addresses were found, or there are none.
    pub(crate) fn progress(&self, now: Duration) -> Progress {
        match &self.source {
            AddressSource::Resolvers(search) => search.state.progress(now),
            AddressSource::Known(_) | AddressSource::Invalid(_) => {
                if self.addresses().is_empty() {
                    Progress::Nowhere
                } else {
                    Progress::Found
                }
            }
        }
    }

    /// The addresses that were found so far.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        match &self.source {
            AddressSource::Resolvers(search) => search.state.addresses(),
            AddressSource::Invalid(_) => Vec::new(),
            AddressSource::Known(known) => {
                let mut addresses = known.clone();
                if let Some(family) = self.family {
                    family.keep_own(&mut addresses);
                }
                addresses
            }
        }
    }

    /// When to call [`Search::turn`] again, even if no answer comes.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        match &self.source {
            AddressSource::Resolvers(search) => search.state.deadline(now),
            AddressSource::Known(_) | AddressSource::Invalid(_) => None,
        }
    }

    /// The descriptors to wait for.
    pub(crate) fn sources(&self) -> Vec<PollFd<'_>> {
        match &self.source {
            AddressSource::Resolvers(search) => search.sources(),
            AddressSource::Known(_) | AddressSource::Invalid(_) => Vec::new(),
        }
    }

    /// Why there is no address, as a sentence.
    pub(crate) fn why(&self) -> String {
        let host = &self.host;
        let (lacks_family, reason) = match &self.source {
            AddressSource::Resolvers(search) => (search.state.lacks_family(), search.state.why()),
            AddressSource::Known(_) => (true, String::new()),
            AddressSource::Invalid(error) => (false, (*error).to_owned()),
        };
        match self.family {
            Some(family) if lacks_family => format!("{host} has no {family} address"),
            Some(_) | None => format!("cannot resolve {host} ({reason})"),
        }
    }
}

/// The addresses of a host that needs no resolver: it is an address itself, `localhost` (RFC 6761 section
/// 6.3), or in `/etc/hosts`.
fn known_addresses(host: &str) -> Vec<IpAddr> {
    if let Ok(address) = host.parse() {
        return vec![address];
    }
    let name = name::canonical(host);
    if name::is_localhost(&name) {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    files::hosts::find(&name)
}

/// A look-up at the resolvers.
struct ResolverSearch {
    state: Resolving,
    servers: Vec<SocketAddr>,
    /// The queries that were sent and not answered, in the order of [`Resolving::queries`].
    sockets: Vec<Option<Box<QuerySocket>>>,
    /// Watches the files with the resolvers, once a query is repeated.
    changes: Option<ResolverChanges>,
    /// Whether a query was repeated.
    is_slow: bool,
}

impl ResolverSearch {
    fn begin(host: Name, family: Option<Family>) -> Self {
        let servers = resolvers();
        let state = Resolving::new(host, family, &servers, uptime());
        let mut new = Self { state, servers, sockets: Vec::new(), changes: None, is_slow: false };
        new.drop_queries();
        new
    }

    /// Closes the sockets of all queries.
    fn drop_queries(&mut self) {
        self.sockets = self.state.queries().iter().map(|_| None).collect();
    }

    fn turn(&mut self, now: Duration) {
        if self.changes.as_ref().is_some_and(ResolverChanges::any) {
            self.restart(resolvers(), now);
        }
        // An answer that has arrived spares the repetition of its question below.
        for index in 0..self.sockets.len() {
            self.receive(index, now);
        }
        if !self.is_slow && self.state.repeats(now) {
            self.begin_to_watch(now);
        }
        while let Some(index) = self.state.next(now) {
            self.ask(index, now);
        }
    }

    /// Begins to watch the files with the resolvers.
    // The watch begins only before the first repetition, because most names resolve at once.
    fn begin_to_watch(&mut self, now: Duration) {
        self.is_slow = true;
        self.changes = ResolverChanges::watch();
        // What has changed before the watch began is found by reading again.
        let servers = resolvers();
        if servers != self.servers {
            self.restart(servers, now);
        }
    }

    fn restart(&mut self, servers: Vec<SocketAddr>, now: Duration) {
        self.state.restart(&servers, now);
        self.servers = servers;
        self.drop_queries();
    }

    /// Sends the query with this index, for the first time or again.
    fn ask(&mut self, index: usize, now: Duration) {
        let sent = match self.sockets.get_mut(index) {
            Some(Some(socket)) => socket.send(),
            Some(None) => self.open(index, Type::DGRAM),
            None => return,
        };
        if let Err(error) = sent {
            self.fail(index, &error, now);
        }
    }

    /// Opens a socket for the query with this index, and sends the query.
    fn open(&mut self, index: usize, kind: Type) -> io::Result<()> {
        if let Some(asked) = self.state.queries().get(index)
            && let Some(socket) = self.sockets.get_mut(index)
        {
            let query = Message::query(random(), self.state.question(asked.family), true);
            *socket = Some(QuerySocket::open(asked.server, query, kind)?);
        }
        Ok(())
    }

    /// Reads the answer to the query with this index, if there is one.
    fn receive(&mut self, index: usize, now: Duration) {
        let Some(Some(socket)) = self.sockets.get_mut(index) else {
            return;
        };
        let result = match socket.receive() {
            Ok(Some(reply)) if reply.has(TC) && !socket.is_stream => self.open(index, Type::STREAM),
            Ok(Some(reply)) => {
                self.close(index, self.state.interpret(index, &reply), now);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.fail(index, &error, now);
        }
    }

    fn fail(&mut self, index: usize, error: &io::Error, now: Duration) {
        let server = self.state.queries().get(index).map(|asked| asked.server.ip().to_string());
        let reason = format!("{}: {}", server.unwrap_or_default(), system_error::system(error));
        self.close(index, ResolverAnswer::Trouble(reason), now);
    }

    /// Records the answer to the query with this index. A later query to the same server gets a new id
    /// and a new port.
    fn close(&mut self, index: usize, answer: ResolverAnswer, now: Duration) {
        if let Some(socket) = self.sockets.get_mut(index) {
            *socket = None;
        }
        self.state.answered(index, answer, now);
    }

    fn sources(&self) -> Vec<PollFd<'_>> {
        let mut sources = Vec::new();
        for socket in self.sockets.iter().flatten() {
            let is_connecting = socket.is_stream && !socket.is_sent;
            let events = if is_connecting { PollFlags::POLLOUT } else { PollFlags::POLLIN };
            sources.push(PollFd::new(socket.socket.as_fd(), events));
        }
        if let Some(changes) = &self.changes {
            sources.extend(changes.sources());
        }
        sources
    }
}

/// One query to one server, with an id and a port of its own (RFC 5452 section 9). It is repeated
/// unchanged until an answer comes. Does not block.
struct QuerySocket {
    socket: Socket,
    query: Message,
    /// The bytes of the query, for TCP with their length before them.
    packet: Vec<u8>,
    /// Whether this is TCP.
    is_stream: bool,
    is_sent: bool,
    /// The bytes that were received over TCP.
    received: Vec<u8>,
}

impl QuerySocket {
    /// Sends `query` to `server`, over TCP as soon as the connection is open.
    fn open(server: SocketAddr, query: Message, kind: Type) -> io::Result<Box<Self>> {
        let is_stream = kind == Type::STREAM;
        let protocol = if is_stream { Protocol::TCP } else { Protocol::UDP };
        let domain = Domain::for_address(server);
        let socket = Socket::new(domain, kind.nonblocking().cloexec(), Some(protocol))?;
        let mut packet = query.encode().map_err(io::Error::other)?;
        if is_stream {
            packet = framed(&packet)?;
        }
        let (is_sent, received) = (false, Vec::new());
        let mut new = Box::new(Self { socket, query, packet, is_stream, is_sent, received });
        // A connected socket receives packets of this server only.
        begin_to_connect(&new.socket, server)?;
        new.send()?;
        Ok(new)
    }

    /// Sends the query. Over TCP it is sent only once.
    fn send(&mut self) -> io::Result<()> {
        // The kernel repeats what is lost of a TCP stream.
        if self.is_stream && self.is_sent {
            return Ok(());
        }
        match (&self.socket).write(&self.packet) {
            Ok(_) => self.is_sent = true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The reply, if it has arrived.
    // Over UDP, packets that do not fit the query are ignored, because their sender address may be forged. Over TCP
    // they are the server's own, so nothing better follows.
    fn receive(&mut self) -> io::Result<Option<Message>> {
        if self.is_stream && !self.is_sent {
            self.send()?;
        }
        let mut packet = [0; UDP_SIZE];
        loop {
            let length = match (&self.socket).read(&mut packet) {
                Ok(0) if self.is_stream => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
            let part = packet.get(..length).unwrap_or_default();
            let reply = if self.is_stream {
                self.received.extend_from_slice(part);
                match first_message(&self.received) {
                    Some(message) => message,
                    None => continue,
                }
            } else {
                part
            };
            match Message::decode(reply) {
                Ok(reply) if reply.answers(&self.query) => return Ok(Some(reply)),
                Ok(_) | Err(_) if self.is_stream => return Err(io::ErrorKind::InvalidData.into()),
                Ok(_) | Err(_) => {}
            }
        }
    }
}

/// The message at the beginning of a TCP stream (RFC 1035 section 4.2.2), if it is complete.
fn first_message(stream: &[u8]) -> Option<&[u8]> {
    let (length, rest) = stream.split_first_chunk()?;
    rest.get(..u16::from_be_bytes(*length).into())
}
