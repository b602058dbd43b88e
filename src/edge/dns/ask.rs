//! Carries out the look-up of a registered address: sends each query over UDP, then TCP, to one server at
//! a time.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::channel::Channel;
use super::resolve::resolvers;
use super::wire::{DnsCall, is_timeout, random};
use crate::config;
use crate::dns::Found;
use crate::dns::lookup::{DnsLookup, LookupStep, Plan, ServerQuery, ServerRole};
use crate::dns::message::{AD, Message, Record, TC};
use crate::dns::name::Name;
use crate::edge::clock::uptime;
use crate::edge::dns::resolve;
use crate::edge::stream::{Stream, TrustCache};
use crate::model::{Family, Transport, Trust};
use crate::time::Duration;

/// How long to wait for an answer over UDP, after the first packet and after the second.
const UDP: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Most octets of an answer with signatures over UDP. They fit into a packet on any path (RFC 9715).
const MOST_OCTETS: u16 = 1232;

/// How name servers are reached, other than the system's resolvers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsTransport {
    /// The device that packets must leave through.
    pub device: Option<String>,
    /// The family that packets must use.
    pub family: Option<Family>,
    /// What the certificates of servers are checked against.
    pub trust: Trust,
}

impl From<&Transport> for DnsTransport {
    fn from(transport: &Transport) -> Self {
        let Transport { device, family, trust, .. } = transport;
        Self { device: device.clone(), family: *family, trust: trust.clone() }
    }
}

/// Looks the registered address up. If one name server of the zone has `expected`, the others are not asked. Blocks
/// for `limit` at most.
///
/// # Errors
/// A sentence with the reason why no server has answered.
pub fn look_up(
    lookup: &config::Lookup,
    family: Family,
    expected: Option<IpAddr>,
    transport: &DnsTransport,
    trusts: &TrustCache,
    limit: Duration,
) -> Result<Found, String> {
    let end = uptime().saturating_add(limit);
    let host = lookup.server.as_ref().map_or("", |server| &server.host);
    let channel = Channel::new(lookup.protocol, host, &transport.trust, trusts)?;
    let mut kept = None;
    let mut state = DnsLookup::new(plan(lookup, (family, expected), transport.family, limit)?);
    // If the zone's name servers do not answer, a third of the time is left for a resolver.
    let end_of_authorities = end.saturating_sub(limit / 3);
    let mut step = state.start();
    loop {
        let query = match step {
            LookupStep::Done(found) => return found,
            LookupStep::Ask(query) => query,
        };
        let (device, end) = match query.role {
            // The section's device leads to the internet, and the resolver may be on another side of the router.
            ServerRole::Resolver => (None, end),
            ServerRole::Configured => (transport.device.as_deref(), end),
            ServerRole::Authority => (transport.device.as_deref(), end_of_authorities),
        };
        let call = DnsCall::new(query.server, device, end);
        step = state.step(ask_server(&call, &query, &channel, &mut kept));
    }
}

/// What is looked up, and which servers may be asked. Resolving `dns_server` may take `limit`.
fn plan(
    lookup: &config::Lookup,
    (family, expected): (Family, Option<IpAddr>),
    over: Option<Family>,
    limit: Duration,
) -> Result<Plan, String> {
    let host = &lookup.host;
    let mut servers = Vec::new();
    if let Some(server) = &lookup.server {
        let port = server.port.unwrap_or(lookup.protocol.port());
        for address in resolve(&server.host, over, limit)? {
            servers.push(SocketAddr::new(address, port));
        }
    }
    let host = Name::parse(host).map_err(|error| format!("{host} cannot be looked up: {error}"))?;
    Ok(Plan { host, family, expected, glue: lookup.glue, resolvers: resolvers(), servers, over })
}

/// Sends one query to one server.
fn ask_server(
    call: &DnsCall<'_>,
    query: &ServerQuery,
    channel: &Channel<'_>,
    kept: &mut Option<Stream>,
) -> Result<Message, String> {
    let message = message(query);
    let reply = match channel {
        Channel::Udp => over_udp(call, query),
        Channel::Tcp => over_tcp(call, &message),
        Channel::Tls(server) => {
            let wire = message.encode()?;
            let reply = server.converse(call, &wire, kept).map_err(|failure| failure.text)?;
            decode(&reply, &message)
        }
    };
    reply.map_err(|error| call.explain(&error))
}

/// Asks over UDP, twice if need be, and over TCP if the answer is truncated.
fn over_udp(call: &DnsCall<'_>, query: &ServerQuery) -> io::Result<Message> {
    let mut reply = Err(io::ErrorKind::TimedOut.into());
    for time in UDP {
        reply = over_udp_once(call, &message(query), time);
        match &reply {
            Ok(reply) if reply.has(TC) => return over_tcp(call, &message(query)),
            Err(error) if is_timeout(error) => {}
            // Another error, such as a refused port, would be the same after a repetition.
            Ok(_) | Err(_) => return reply,
        }
    }
    reply
}

/// The query with a new random id. Each packet has its own id and port (RFC 5452 section 9).
fn message(query: &ServerQuery) -> Message {
    let recursive = query.role != ServerRole::Authority;
    let mut message = Message::query(random(), query.question.clone(), recursive);
    message.flags |= query.flags;
    // Signatures in the answer show that the zone is signed, also where the resolver does not validate.
    if query.flags & AD != 0 {
        message.additionals.push(Record::opt_with_signatures(MOST_OCTETS));
    }
    message
}

fn over_udp_once(call: &DnsCall<'_>, query: &Message, time: Duration) -> io::Result<Message> {
    let packet = query.encode().map_err(io::Error::other)?;
    let packet = call.over_udp(&packet, time, &mut |packet| reply_to(query, packet).is_some())?;
    reply_to(query, &packet).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The message in `packet`, if it is a reply to `query`.
fn reply_to(query: &Message, packet: &[u8]) -> Option<Message> {
    let reply = Message::decode(packet).ok()?;
    if reply.answers(query) { Some(reply) } else { None }
}

fn over_tcp(call: &DnsCall<'_>, query: &Message) -> io::Result<Message> {
    decode(&call.over_tcp(&query.encode().map_err(io::Error::other)?)?, query)
}

/// The message in `reply`, which must be the reply to `query`.
fn decode(reply: &[u8], query: &Message) -> io::Result<Message> {
    let reply = Message::decode(reply).map_err(io::Error::other)?;
    if reply.answers(query) {
        Ok(reply)
    } else {
        Err(io::Error::other("the answer is to another question"))
    }
}
