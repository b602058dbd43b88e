//! The look-up, carried out: UDP, then TCP, to one server at a time.

use std::io;
use std::time::Duration;

use super::resolve::resolvers;
use super::wire::{Call, is_timeout, random};
use crate::config;
use crate::dns::Found;
use crate::dns::lookup::{Lookup, Plan, ServerQuery, ServerRole, Step};
use crate::dns::message::{Message, TC};
use crate::dns::name::Name;
use crate::dns::resolv::PORT;
use crate::edge::clock::uptime;
use crate::edge::dns::resolve;
use crate::model::{Family, Transport};

/// Time for an answer over UDP, for the first packet and the second.
const UDP: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// The device and the family over which name servers are asked that are not the system's resolvers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsTransport {
    /// Only through this device.
    pub device: Option<String>,
    /// Only over this family.
    pub family: Option<Family>,
}

impl From<&Transport> for DnsTransport {
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
    way: &DnsTransport,
    limit: Duration,
) -> Result<Found, String> {
    let end = uptime().saturating_add(limit);
    let host = &lookup.host;
    let servers = match &lookup.server {
        None => Vec::new(),
        Some(server) => resolve(&server.host, server.port.unwrap_or(PORT), way.family, limit)?,
    };
    let mut state = Lookup::new(Plan {
        host: Name::parse(host).map_err(|why| format!("{host} cannot be looked up: {why}"))?,
        family,
        glue: lookup.glue,
        resolvers: resolvers(),
        servers,
        over: way.family,
    });
    // Name servers of the zone that do not answer leave time to ask a resolver.
    let own_end = end.saturating_sub(limit / 3);
    let mut step = state.start();
    loop {
        let query = match step {
            Step::Done(found) => return found,
            Step::Ask(query) => query,
        };
        let (device, end) = match query.role {
            ServerRole::Resolver => (None, end),
            ServerRole::Configured => (way.device.as_deref(), end),
            ServerRole::Authority => (way.device.as_deref(), own_end),
        };
        let call = Call::new(query.server, device, end);
        let reply = question(&call, &query, lookup.tcp);
        step = state.step(reply.map_err(|error| call.explain(&error)));
    }
}

/// Asks one question of one server.
fn question(call: &Call<'_>, asked: &ServerQuery, tcp: bool) -> io::Result<Message> {
    let mut reply = Err(io::ErrorKind::TimedOut.into());
    let recursive = asked.role != ServerRole::Authority;
    let query = || Message::query(random(), asked.question.clone(), recursive);
    for time in UDP {
        if tcp {
            break;
        }
        // A new number and a new port for each packet (RFC 5452 section 9).
        reply = over_udp(call, &query(), time);
        match &reply {
            Ok(message) if message.has(TC) => break,
            Err(error) if is_timeout(error) => {}
            Ok(_) | Err(_) => return reply,
        }
    }
    if tcp || reply.is_ok() { over_tcp(call, &query()) } else { reply }
}

fn over_udp(call: &Call<'_>, query: &Message, time: Duration) -> io::Result<Message> {
    let packet = query.encode().map_err(io::Error::other)?;
    let reply = |packet: &[u8]| Message::decode(packet).ok().filter(|reply| reply.answers(query));
    let packet = call.over_udp(&packet, time, &mut |packet| reply(packet).is_some())?;
    reply(&packet).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn over_tcp(call: &Call<'_>, query: &Message) -> io::Result<Message> {
    let reply = call.over_tcp(&query.encode().map_err(io::Error::other)?)?;
    let reply = Message::decode(&reply).map_err(io::Error::other)?;
    let other = || io::Error::other("the answer is to another question");
    Some(reply).filter(|reply| reply.answers(query)).ok_or_else(other)
}
