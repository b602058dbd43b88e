//! Asks the gateway of the default route for its external address: by PCP, NAT-PMP and UPnP. If it neither tells
//! an address nor says that it has none, a STUN server or a web page is asked, as far as the owner names one.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use socket2::{Domain, Protocol as Transmission, Socket, Type};

use crate::edge::clock::uptime;
use crate::edge::dns::wire::{DnsCall, is_timeout, random};
use crate::edge::dns::{self, wire};
use crate::edge::http::{Client, Limits};
use crate::edge::netlink::way;
use crate::edge::system_error;
use crate::engine::event::SourceAnswer;
use crate::engine::gateway::Gateway;
use crate::model::secret::Secret;
use crate::model::{Family, HostPort, Transport, Url, address};
use crate::proto::gateway::dialogue::{Dialogue, Protocol, Said, Step};
use crate::proto::gateway::pcp::Mapping;
use crate::proto::gateway::upnp::{self, Service};
use crate::proto::gateway::{self, stun};
use crate::provider::{Failure, FailureKind, Method, Request};
use crate::time::Duration;

/// The time limits of a request to a gateway over HTTP. It is one hop away.
pub const LIMITS: Limits = Limits {
    connect: Duration::from_secs(2),
    attempt: Duration::from_secs(1),
    first_byte: Duration::from_secs(3),
    total: Duration::from_secs(4),
};
/// How long answers to a search by UPnP are awaited. The search allows one second.
const SEARCH: Duration = Duration::from_millis(1500);
/// Most bytes of such an answer.
const SEARCH_ANSWER: usize = 1500;
/// The first wait for a STUN server (RFC 8489 section 6.2.1, RTO). It doubles with each repetition.
const STUN_WAIT: Duration = Duration::from_millis(500);
/// How often a request is sent to it. The RFC has seven times, which take 39.5 seconds.
const STUN_TRIES: u32 = 3;
/// How long looking its name up may take.
const LOOK_UP: Duration = Duration::from_secs(5);

/// What may be asked.
#[derive(Clone, PartialEq, Eq)]
pub struct GatewayProbe {
    /// The gateway of the default route; `None` if the route names none.
    pub gateway: Option<Gateway>,
    /// `stun_server`.
    pub stun: Option<HostPort>,
    /// `ip_url`.
    pub page: Option<Url>,
    /// The transport of the section.
    pub transport: Transport,
}

impl GatewayProbe {
    /// The transport of requests to the gateway.
    pub fn transport(&self) -> Transport {
        let device = self.gateway.as_ref().map(|gateway| gateway.device.clone());
        Transport { device, proxy: None, family: Some(Family::V4), ..self.transport.clone() }
    }
}

/// Why the gateway has told no address.
enum Trouble {
    /// Nobody else would know better.
    Final(Failure),
    /// The next one is asked: a clause for the case that it does not know either.
    Next(String),
}

/// Asks one after the other until an address is known. `near` sends requests to the gateway, `far` to the page.
///
/// # Errors
/// Why there is no address, and what helps.
#[inline(never)] // so that other tasks do not have its buffers on their stack
pub fn ask(probe: &GatewayProbe, near: &Client, far: &Client) -> Result<SourceAnswer, Failure> {
    let mut why = match ask_gateway(probe.gateway.as_ref(), near) {
        Ok(told) => return Ok(told),
        Err(Trouble::Final(failure)) => return Err(failure),
        Err(Trouble::Next(why)) => why,
    };
    if let Some(server) = &probe.stun {
        match ask_stun(server, probe.transport.device.as_deref()) {
            Ok(address) => return Ok((address.into(), format!("STUN, server {server}"))),
            Err(text) => why = [&why, "; ", &text].concat(),
        }
    }
    if let Some(page) = &probe.page {
        return match super::web(far, page, Family::V4) {
            Ok(address) => Ok((address, format!("page of {}", page.host()))),
            Err(failure) => Err(Failure { text: [&why, "; ", &failure.text].concat(), ..failure }),
        };
    }
    if probe.stun.is_none() {
        why.push_str("; stun_server or ip_url can name somebody else to ask");
    }
    Err(Failure::of_answer(why))
}

fn ask_gateway(gateway: Option<&Gateway>, client: &Client) -> Result<SourceAnswer, Trouble> {
    let Some(gateway) = gateway else {
        return Err(Trouble::Next("the default route names no gateway".into()));
    };
    let mut said = by_port_control(gateway).map_err(|error| not_sent(gateway, &error))?;
    if !matches!(said, Said::Address(..) | Said::NoAddress(_)) {
        said = by_upnp(gateway, client).unwrap_or(said);
    }
    match said {
        Said::Address(protocol, address) => {
            let by = [protocol.name(), ", gateway ", &gateway.address.to_string()].concat();
            Ok((address.into(), by))
        }
        Said::NoAddress(protocol) => {
            Err(Trouble::Final(Failure::of_answer(no_address(gateway, protocol))))
        }
        Said::Nothing | Said::Refusal | Said::Translated => {
            Err(Trouble::Next(complaint(gateway, said)))
        }
    }
}

/// The sentence for a gateway without an external address.
fn no_address(gateway: &Gateway, protocol: Protocol) -> String {
    let Gateway { address, .. } = gateway;
    let protocol = protocol.name();
    format!(
        "the gateway {address} says that it has no public address ({protocol}): its line is down, or its \
         provider shares one address among customers, so that nobody can reach it from outside; an IPv6 \
         address can be reached: use_ipv6 '1'"
    )
}

/// The clause for a gateway that tells nothing.
fn complaint(gateway: &Gateway, said: Said) -> String {
    let Gateway { address, .. } = gateway;
    if said == Said::Refusal {
        return format!("the gateway {address} refuses to tell its address (NAT-PMP)");
    }
    if said == Said::Translated {
        return format!(
            "the gateway {address} sees another address than the one of this router (PCP): one more NAT \
             is in between"
        );
    }
    let own = own_address(gateway).filter(|own| address::not_public(*own).is_none());
    if let Some(own) = own {
        return format!(
            "the gateway {address} does not tell an address, but {own} of this router is public: \
             ip_source 'network' publishes it"
        );
    }
    format!(
        "the gateway {address} does not tell its address by PCP, NAT-PMP or UPnP; one of them may have to be \
         switched on or allowed there"
    )
}

/// The address from which packets to the gateway leave.
fn own_address(gateway: &Gateway) -> Option<IpAddr> {
    way::source(gateway.address.into(), Some((&gateway.device, gateway.link))).ok()
}

fn not_sent(gateway: &Gateway, error: &io::Error) -> Trouble {
    let why = system_error::local(error).map_or_else(|| system_error::system(error), str::to_owned);
    let text = format!("the gateway {} cannot be asked: {why}", gateway.address);
    Trouble::Final(Failure { kind: FailureKind::NoNetwork, sent: false, text })
}

/// By PCP or NAT-PMP.
fn by_port_control(gateway: &Gateway) -> io::Result<Said> {
    let to = SocketAddr::new(gateway.address.into(), gateway::PORT);
    let device = (gateway.device.as_str(), gateway.link);
    let IpAddr::V4(client) = way::source(to.ip(), Some(device))? else {
        return Ok(Said::Nothing);
    };
    let mut dialogue = Dialogue::new(Mapping { client, nonce: nonce() });
    loop {
        let (message, time) = match dialogue.step() {
            Step::Ask(message, time) => (message, time),
            Step::End(said) => {
                take_leave(&dialogue, to, device.0);
                return Ok(said);
            }
        };
        let answer =
            call(to, device.0).over_udp(&message, time, &mut |bytes| dialogue.receive(bytes));
        match answer {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => dialogue.closed(),
            Err(error) if !is_timeout(&error) => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
}

/// Has the gateway delete the mapping that it has made, if any.
fn take_leave(dialogue: &Dialogue, to: SocketAddr, device: &str) {
    if let Some(message) = dialogue.farewell() {
        // The answer is not awaited: the socket is closed at once.
        let _ = call(to, device).over_udp(&message, Duration::ZERO, &mut |_| true);
    }
}

fn call(to: SocketAddr, device: &str) -> DnsCall<'_> {
    DnsCall::new(to, Some(device), Duration::MAX)
}

/// Twelve octets that nobody can guess.
fn nonce() -> [u8; 12] {
    let mut nonce = [0; 12];
    for pair in nonce.chunks_exact_mut(2) {
        pair.copy_from_slice(&random().to_be_bytes());
    }
    nonce
}

/// By UPnP; `None` if the gateway does not speak it.
fn by_upnp(gateway: &Gateway, client: &Client) -> Option<Said> {
    let location = search(gateway).ok()??;
    let description = fetch(client, &location, None)?;
    let mut said = None;
    for service in upnp::services(&description, &location, gateway.address) {
        let Some(body) = fetch(client, &service.url, Some(&service)) else { continue };
        if let Some(address) = upnp::answer(&body) {
            return Some(Said::Address(Protocol::Upnp, address));
        }
        said = Some(Said::NoAddress(Protocol::Upnp));
    }
    said
}

/// The URL of the gateway's description.
// Any host of the network may answer the group, so only the gateway's answer counts.
fn search(gateway: &Gateway) -> io::Result<Option<String>> {
    let socket = send_search(gateway)?;
    let end = uptime().saturating_add(SEARCH);
    let mut answer = [0; SEARCH_ANSWER];
    loop {
        socket.set_read_timeout(Some(wire::left(end)?.into()))?;
        let (length, from) = socket.recv_from(&mut answer)?;
        let text = String::from_utf8_lossy(answer.get(..length).unwrap_or_default());
        if from.ip() == IpAddr::V4(gateway.address)
            && let Some(location) = upnp::location(&text, gateway.address)
        {
            return Ok(Some(location.to_owned()));
        }
    }
}

fn send_search(gateway: &Gateway) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Transmission::UDP))?;
    socket.bind_device(Some(gateway.device.as_bytes()))?;
    let socket = UdpSocket::from(socket);
    // A firewall that knows connections lets the gateway's answer through only if the gateway itself was asked.
    for to in [gateway.address, upnp::GROUP] {
        let _ = socket.send_to(upnp::SEARCH.as_bytes(), (to, upnp::PORT));
    }
    Ok(socket)
}

/// The body at `url`, or the answer to the question for an address there; `None` if there is none.
fn fetch(client: &Client, url: &str, service: Option<&Service>) -> Option<String> {
    let mut request = Request::get(Url::parse(url).ok()?, url.to_owned(), Vec::new());
    if let Some(service) = service {
        let (action, body) = service.question();
        request.method = Method::Post;
        request.headers = vec![
            ("content-type", Secret::new("text/xml; charset=\"utf-8\"")),
            ("soapaction", Secret::new(action)),
        ];
        request.body = Some(Secret::new(body));
    }
    let answer = client.send(&request).ok()?;
    if answer.status == 200 { Some(answer.body) } else { None }
}

/// The address that a STUN server sees.
fn ask_stun(server: &HostPort, device: Option<&str>) -> Result<Ipv4Addr, String> {
    let port = server.port.unwrap_or(stun::PORT);
    let found = dns::resolve(&server.host, Some(Family::V4), LOOK_UP)?;
    let to = found.first().ok_or("no address")?;
    // A repetition has the same id (RFC 8489 section 6.2.1), so that a late answer to an earlier one counts.
    let id = nonce();
    for attempt in 0..STUN_TRIES {
        let call = DnsCall::new(SocketAddr::new(*to, port), device, Duration::MAX);
        let mut address = None;
        let result = call.over_udp(&stun::request(id), STUN_WAIT * (1 << attempt), &mut |bytes| {
            address = stun::answer(bytes, id);
            address.is_some()
        });
        match (address, result) {
            (Some(address), _) => return Ok(address),
            (None, Err(error)) if !is_timeout(&error) => {
                return Err(format!("STUN server {}", call.explain(&error)));
            }
            (None, _) => {}
        }
    }
    Err(format!("the STUN server {server} does not answer"))
}
