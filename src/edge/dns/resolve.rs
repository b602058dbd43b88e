//! The addresses of a host, looked up: in `/etc/hosts`, and at the system's resolvers.
//!
//! The C library's resolver repeats a question after seconds, which is when the first try fails that is
//! made right after the WAN has come up. [`resolving`](super::resolving) says what is done instead;
//! here are the sockets. Names are complete as they are: `search`, `domain` and `options` of resolv.conf
//! do not count.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::net::if_::if_nametoindex;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::{Domain, Protocol, Socket, Type};

use super::changes::Changes;
use super::wire::{UDP_SIZE, framed, random};
use crate::dns::message::{Message, TC};
use crate::dns::name::Name;
use crate::dns::resolv;
use crate::dns::resolving::{Progress, ResolverAnswer, Resolving};
use crate::edge::clock::uptime;
use crate::edge::files;
use crate::edge::system_error;
use crate::model::{Family, name};

/// Longest wait in one call, so that a step of the clock cannot make it long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The system's resolvers, as `/etc/resolv.conf` has them now.
pub(super) fn resolvers() -> Vec<SocketAddr> {
    resolv::resolvers(&files::resolv_conf(), &|device| if_nametoindex(device).ok())
}

/// The addresses of `host`, an address or a name, never none.
///
/// # Errors
/// A sentence with the host's name.
pub fn resolve(
    host: &str,
    port: u16,
    family: Option<Family>,
    limit: Duration,
) -> Result<Vec<SocketAddr>, String> {
    let end = uptime().saturating_add(limit);
    let mut search = Search::begin(host, family);
    loop {
        let now = uptime();
        search.turn(now);
        match search.progress(now) {
            Progress::Waiting if now < end => {}
            Progress::Found => {
                let found = alternate(search.addresses());
                return Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect());
            }
            Progress::Waiting | Progress::Nowhere => return Err(search.why()),
        }
        let until = search.deadline(now).map_or(end, |at| at.min(end));
        wait(&mut search.sources(), until.saturating_sub(now));
    }
}

/// Waits until one of `sources` has something, for `time` at most.
pub(crate) fn wait(sources: &mut [PollFd<'_>], time: Duration) {
    // To the end of the last millisecond, or the last one would be spent turning round and round.
    let time = time.min(LONGEST_WAIT);
    let time = time.as_secs() * 1000 + u64::from(time.subsec_micros().div_ceil(1000));
    let time = i32::try_from(time).unwrap_or(0);
    let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::ZERO);
    // The caller looks at its sources and waits again if poll ends early.
    let _ = poll(sources, time);
}

/// The families in turn, so that a dead one does not use up the time; IPv6 first (RFC 8305 section 4).
pub(crate) fn alternate(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let (v6, v4): (Vec<IpAddr>, Vec<IpAddr>) = addresses.iter().partition(|it| it.is_ipv6());
    let mut ordered = Vec::with_capacity(addresses.len());
    for i in 0..addresses.len() {
        ordered.extend(v6.get(i));
        ordered.extend(v4.get(i));
    }
    ordered
}

/// A look-up of one host under way. Its driver calls [`Search::turn`], asks how things stand, and
/// waits for [`Search::sources`] until [`Search::deadline`].
pub(crate) struct Search {
    host: String,
    family: Option<Family>,
    whom: Whom,
}

/// Who gives the addresses of a host.
enum Whom {
    /// Nobody has to be asked for these.
    Known(Vec<IpAddr>),
    /// Nobody can be asked: why the host is no name.
    Nobody(&'static str),
    /// The resolvers.
    Resolvers(Box<Asking>),
}

impl Search {
    /// Begins to look for addresses of `family`, or of both.
    pub(crate) fn begin(host: &str, family: Option<Family>) -> Self {
        let known = known(host);
        let whom = if known.is_empty() {
            match Name::parse(host) {
                Ok(name) => Whom::Resolvers(Box::new(Asking::begin(name, family))),
                Err(why) => Whom::Nobody(why),
            }
        } else {
            Whom::Known(known)
        };
        Self { host: host.to_owned(), family, whom }
    }

    /// A look-up that is over: these are the addresses.
    pub(crate) fn of(addresses: Vec<IpAddr>) -> Self {
        Self { host: String::new(), family: None, whom: Whom::Known(addresses) }
    }

    /// The host that is looked up.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Takes in what has come, and sends what is due.
    pub(crate) fn turn(&mut self, now: Duration) {
        if let Whom::Resolvers(asking) = &mut self.whom {
            asking.turn(now);
        }
    }

    /// Where things stand.
    pub(crate) fn progress(&self, now: Duration) -> Progress {
        match &self.whom {
            Whom::Resolvers(asking) => asking.state.progress(now),
            Whom::Known(_) | Whom::Nobody(_) if self.addresses().is_empty() => Progress::Nowhere,
            Whom::Known(_) | Whom::Nobody(_) => Progress::Found,
        }
    }

    /// The addresses that were found so far.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        match &self.whom {
            Whom::Resolvers(asking) => asking.state.addresses(),
            Whom::Nobody(_) => Vec::new(),
            Whom::Known(known) => {
                let known = known.iter().copied();
                known.filter(|it| self.family.is_none_or(|of| of == Family::of(*it))).collect()
            }
        }
    }

    /// When there is something to do even if nothing comes.
    pub(crate) fn deadline(&self, now: Duration) -> Option<Duration> {
        match &self.whom {
            Whom::Resolvers(asking) => asking.state.deadline(now),
            Whom::Known(_) | Whom::Nobody(_) => None,
        }
    }

    /// What to wait for.
    pub(crate) fn sources(&self) -> Vec<PollFd<'_>> {
        match &self.whom {
            Whom::Resolvers(asking) => asking.sources(),
            Whom::Known(_) | Whom::Nobody(_) => Vec::new(),
        }
    }

    /// Why there is no address: a sentence.
    pub(crate) fn why(&self) -> String {
        let host = &self.host;
        let (lacks_family, why) = match &self.whom {
            Whom::Resolvers(asking) => (asking.state.lacks_family(), asking.state.why()),
            Whom::Known(_) => (true, String::new()),
            Whom::Nobody(why) => (false, (*why).to_owned()),
        };
        match self.family {
            Some(family) if lacks_family => format!("{host} has no {family} address"),
            Some(_) | None => format!("cannot resolve {host} ({why})"),
        }
    }
}

/// Addresses of hosts that need no resolver: addresses themselves, `localhost` (RFC 6761 section 6.3),
/// and what is in `/etc/hosts`.
fn known(host: &str) -> Vec<IpAddr> {
    if let Ok(address) = host.parse() {
        return vec![address];
    }
    let name = name::canonical(host);
    if name::is_localhost(&name) {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    files::hosts::find(&name)
}

/// The resolvers being asked.
struct Asking {
    state: Resolving,
    servers: Vec<SocketAddr>,
    /// The questions under way, in the order of [`Resolving::queries`].
    lines: Vec<Option<Line>>,
    /// Watched from the first question on that is repeated.
    changes: Option<Changes>,
    /// Whether a question had to be repeated.
    is_slow: bool,
}

impl Asking {
    fn begin(host: Name, family: Option<Family>) -> Self {
        let servers = resolvers();
        let state = Resolving::new(host, family, &servers, uptime());
        let mut new = Self { state, servers, lines: Vec::new(), changes: None, is_slow: false };
        new.clear();
        new
    }

    /// Forgets the questions under way.
    fn clear(&mut self) {
        self.lines = self.state.queries().iter().map(|_| None).collect();
    }

    fn turn(&mut self, now: Duration) {
        if self.changes.as_ref().is_some_and(Changes::any) {
            self.restart(resolvers(), now);
        }
        for at in 0..self.lines.len() {
            self.listen(at, now);
        }
        if !self.is_slow && self.state.repeats(now) {
            self.begin_to_watch(now);
        }
        while let Some(at) = self.state.next(now) {
            self.ask(at, now);
        }
    }

    /// Names that resolve at once shall not cost a watch, so it begins before the first question is
    /// repeated. What has changed until then is found by reading.
    fn begin_to_watch(&mut self, now: Duration) {
        self.is_slow = true;
        self.changes = Changes::watch();
        let servers = resolvers();
        if servers != self.servers {
            self.restart(servers, now);
        }
    }

    fn restart(&mut self, servers: Vec<SocketAddr>, now: Duration) {
        self.state.restart(&servers, now);
        self.servers = servers;
        self.clear();
    }

    /// Sends the question at this place, or sends it again.
    fn ask(&mut self, at: usize, now: Duration) {
        let Some(asked) = self.state.queries().get(at) else {
            return;
        };
        let sent = match self.lines.get_mut(at) {
            Some(Some(line)) => line.send(),
            Some(empty) => {
                let question = self.state.question(asked.family);
                let query = Message::query(random(), question, true);
                Line::open(asked.server, query, Type::DGRAM).map(|line| *empty = Some(line))
            }
            None => return,
        };
        if let Err(error) = sent {
            self.fail(at, &error, now);
        }
    }

    /// Takes in what has come to the question at this place.
    fn listen(&mut self, at: usize, now: Duration) {
        let Some(Some(line)) = self.lines.get_mut(at) else {
            return;
        };
        match line.receive() {
            Ok(None) => {}
            Ok(Some(reply)) if reply.has(TC) && !line.is_stream => {
                let query = Message { id: random(), ..line.query.clone() };
                match Line::open(line.server, query, Type::STREAM) {
                    Ok(stream) => *line = stream,
                    Err(error) => self.fail(at, &error, now),
                }
            }
            Ok(Some(reply)) => self.close(at, self.state.interpret(at, &reply), now),
            Err(error) => self.fail(at, &error, now),
        }
    }

    fn fail(&mut self, at: usize, error: &io::Error, now: Duration) {
        let server = self.state.queries().get(at).map(|asked| asked.server.ip().to_string());
        let why = format!("{}: {}", server.unwrap_or_default(), system_error::system(error));
        self.close(at, ResolverAnswer::Trouble(why), now);
    }

    /// The question at this place is answered. If it is asked again, then with a new number and from a
    /// new port.
    fn close(&mut self, at: usize, answer: ResolverAnswer, now: Duration) {
        if let Some(line) = self.lines.get_mut(at) {
            *line = None;
        }
        self.state.answered(at, answer, now);
    }

    fn sources(&self) -> Vec<PollFd<'_>> {
        let mut sources = Vec::new();
        for line in self.lines.iter().flatten() {
            let connects = line.is_stream && !line.is_sent;
            let wanted = if connects { PollFlags::POLLOUT } else { PollFlags::POLLIN };
            sources.push(PollFd::new(line.socket.as_fd(), wanted));
        }
        if let Some(changes) = &self.changes {
            sources.extend(changes.sources());
        }
        sources
    }
}

/// One question to one server, with a number and a port of its own (RFC 5452 section 9). Repeated
/// unchanged while nothing comes back. Never waits.
struct Line {
    server: SocketAddr,
    socket: Socket,
    query: Message,
    /// As it is sent: over TCP after its length.
    packet: Vec<u8>,
    is_stream: bool,
    is_sent: bool,
    /// What has come over TCP.
    received: Vec<u8>,
}

impl Line {
    /// Sends `query` to `server`; over TCP as soon as there is a connection.
    fn open(server: SocketAddr, query: Message, kind: Type) -> io::Result<Self> {
        let is_stream = kind == Type::STREAM;
        let protocol = if is_stream { Protocol::TCP } else { Protocol::UDP };
        let domain = Domain::for_address(server);
        let socket = Socket::new(domain, kind.nonblocking().cloexec(), Some(protocol))?;
        let mut packet = query.encode().map_err(io::Error::other)?;
        if is_stream {
            packet = framed(&packet)?;
        }
        let received = Vec::new();
        let mut line = Self { server, socket, query, packet, is_stream, is_sent: false, received };
        // A socket that is connected hears this server only.
        match line.socket.connect(&server.into()) {
            Err(error) if is_stream && is_under_way(&error) => return Ok(line),
            result => result?,
        }
        line.send()?;
        Ok(line)
    }

    /// Sends the question, over TCP once.
    fn send(&mut self) -> io::Result<()> {
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

    /// The reply, if it is there. Anything else may have been sent by anybody.
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
                match whole(&self.received) {
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

/// The message at the beginning of a stream (RFC 1035 section 4.2.2), if all of it is there.
fn whole(stream: &[u8]) -> Option<&[u8]> {
    let (length, rest) = stream.split_first_chunk()?;
    rest.get(..u16::from_be_bytes(*length).into())
}

/// Whether a connection is being made.
pub(crate) fn is_under_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::EINPROGRESS as i32)
}
