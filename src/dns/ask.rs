//! Questions on the wire: UDP, then TCP, to one server at a time.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::Found;
use super::lookup::{Ask, Lookup, Plan, Step, Whom};
use super::message::{Message, TC};
use super::name::Name;
use super::resolv;
use crate::clock::uptime;
use crate::config::{self, Family, Transport};
use crate::files;
use crate::http::{self, Unreachable};

/// Time for an answer over UDP, for the first packet and the second.
const UDP: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// Time for a question over TCP.
const TCP: Duration = Duration::from_secs(4);
/// Most octets of an answer over UDP without EDNS (RFC 1035 section 4.2.1), and some more.
const UDP_SIZE: usize = 1500;

/// How questions travel to name servers that are not the system's resolvers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Only through this device.
    pub device: Option<String>,
    /// Only over this family.
    pub family: Option<Family>,
}

impl From<&Transport> for Way {
    fn from(transport: &Transport) -> Self {
        Self { device: transport.device.clone(), family: transport.family }
    }
}

/// Looks the registered address up. Blocks, but not longer than `limit`.
///
/// # Errors
/// A sentence that says why nothing was found out.
pub fn look_up(
    lookup: &config::Lookup,
    family: Family,
    way: &Way,
    limit: Duration,
) -> Result<Found, String> {
    let end = uptime().saturating_add(limit);
    let host = &lookup.host;
    let servers = match &lookup.server {
        None => Vec::new(),
        Some(text) => {
            let (server, port) = resolv::server(text)?;
            http::resolve(server, port, way.family, limit)?
        }
    };
    let mut state = Lookup::new(Plan {
        host: Name::parse(host).map_err(|why| format!("{host} cannot be looked up: {why}"))?,
        family,
        glue: lookup.glue,
        resolvers: resolv::resolvers(&files::resolv_conf()),
        servers,
        over: way.family,
    });
    // Name servers of the zone that do not answer leave time to ask a resolver.
    let own_end = end.saturating_sub(limit / 3);
    let mut step = state.start();
    loop {
        let ask = match step {
            Step::Done(found) => return found,
            Step::Ask(ask) => ask,
        };
        let (device, end) = match ask.whom {
            Whom::Resolver => (None, end),
            Whom::Given => (way.device.as_deref(), end),
            Whom::Own => (way.device.as_deref(), own_end),
        };
        let call = Call { server: ask.server, device, end };
        let reply = call.ask(&ask, lookup.tcp);
        step = state.step(reply.map_err(|error| call.explain(&error)));
    }
}

/// Whether `dns_server` can be used, as ddns-scripts tests it before it is saved: its name resolves
/// to an address of `family`, and it takes a connection on its port.
///
/// # Errors
/// What is wrong with it.
pub fn verify_server(dns_server: &str, family: Option<Family>) -> Result<(), Unreachable> {
    let (host, port) = resolv::server(dns_server).map_err(Unreachable::Port)?;
    http::connects(host, port, family)
}

/// One question to one server.
struct Call<'a> {
    server: SocketAddr,
    device: Option<&'a str>,
    /// When to give up, since boot.
    end: Duration,
}

impl Call<'_> {
    fn ask(&self, ask: &Ask, tcp: bool) -> io::Result<Message> {
        let mut reply = Err(io::ErrorKind::TimedOut.into());
        let recursive = ask.whom != Whom::Own;
        let query = || Message::query(random(), ask.question.clone(), recursive);
        for time in UDP {
            if tcp {
                break;
            }
            // A new number and a new port for each packet (RFC 5452 section 9).
            reply = self.over_udp(&query(), time);
            match &reply {
                Ok(message) if message.has(TC) => break,
                Err(error) if is_timeout(error) => {}
                Ok(_) | Err(_) => return reply,
            }
        }
        if tcp || reply.is_ok() { self.over_tcp(&query()) } else { reply }
    }

    fn over_udp(&self, query: &Message, time: Duration) -> io::Result<Message> {
        let end = uptime().saturating_add(time).min(self.end);
        let mut socket = self.socket(Type::DGRAM, Protocol::UDP)?;
        // A socket that is connected hears this server only.
        socket.connect(&self.server.into())?;
        socket.write_all(&query.encode().map_err(io::Error::other)?)?;
        let mut packet = [0; UDP_SIZE];
        loop {
            let length = read(&mut socket, &mut packet, end)?;
            let reply = Message::decode(packet.get(..length).unwrap_or_default());
            // Anything else may have been sent by anybody.
            if let Some(reply) = reply.ok().filter(|reply| reply.answers(query)) {
                return Ok(reply);
            }
        }
    }

    fn over_tcp(&self, query: &Message) -> io::Result<Message> {
        let end = uptime().saturating_add(TCP).min(self.end);
        let mut socket = self.socket(Type::STREAM, Protocol::TCP)?;
        socket.connect_timeout(&self.server.into(), left(end)?)?;
        let query_bytes = query.encode().map_err(io::Error::other)?;
        let length = u16::try_from(query_bytes.len()).map_err(io::Error::other)?;
        socket.set_write_timeout(Some(left(end)?))?;
        socket.write_all(&[&length.to_be_bytes()[..], &query_bytes].concat())?;
        let mut length = [0; 2];
        read_exact(&mut socket, &mut length, end)?;
        let mut reply = vec![0; u16::from_be_bytes(length).into()];
        read_exact(&mut socket, &mut reply, end)?;
        let reply = Message::decode(&reply).map_err(io::Error::other)?;
        let other = || io::Error::other("the answer is to another question");
        Some(reply).filter(|reply| reply.answers(query)).ok_or_else(other)
    }

    fn socket(&self, kind: Type, protocol: Protocol) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(self.server), kind, Some(protocol))?;
        // A name server on this host cannot be reached through a device.
        if let Some(device) = self.device.filter(|_| !self.server.ip().is_loopback()) {
            socket.bind_device(Some(device.as_bytes()))?;
        }
        Ok(socket)
    }

    fn explain(&self, error: &io::Error) -> String {
        let who = self.server.ip();
        if is_timeout(error) {
            return format!("{who} does not answer");
        }
        format!("{who}: {}", http::system(error))
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// What is left until `end`.
fn left(end: Duration) -> io::Result<Duration> {
    let left = end.saturating_sub(uptime());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn read(socket: &mut Socket, bytes: &mut [u8], end: Duration) -> io::Result<usize> {
    socket.set_read_timeout(Some(left(end)?))?;
    socket.read(bytes)
}

/// Fills `bytes`, however slowly they come, until `end`.
fn read_exact(socket: &mut Socket, bytes: &mut [u8], end: Duration) -> io::Result<()> {
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(socket, rest, end)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(())
}

/// A number that nobody can guess: the standard library keys its hashes with the system's randomness.
fn random() -> u16 {
    let [a, b, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    u16::from_be_bytes([a, b])
}
