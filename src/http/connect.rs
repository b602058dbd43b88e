//! From a host to a connection: resolve, TCP, proxy, TLS.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use socket2::{Domain, Protocol, Socket, Type};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout};

use super::call::Call;
use super::failure::{self, Seconds};
use super::proxy::Proxy;
use super::request::Target;
use super::tls::Tls;
use super::wire::{Stream, Tcp, Wire};
use super::{Shared, before_sending};
use crate::config::Family;
use crate::provider::{Failure, FailureKind};

/// Opens the connection of one request.
pub(super) struct Dial {
    pub(super) call: Arc<Call>,
    pub(super) target: Target,
    pub(super) proxy: Option<Proxy>,
    pub(super) user_agent: String,
    pub(super) device: Option<String>,
    pub(super) family: Option<Family>,
    pub(super) tls: Option<Arc<ClientConfig>>,
    /// Whether a connection proves that the address belongs to the host.
    pub(super) proven: bool,
    pub(super) shared: Arc<Shared>,
}

impl Connector<()> for Dial {
    type Out = Wire;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Wire>, ureq::Error> {
        match self.wire() {
            Ok(wire) => Ok(Some(wire)),
            Err(failure) => Err(self.call.give_up(failure)),
        }
    }
}

impl Dial {
    fn wire(&self) -> Result<Wire, Failure> {
        let (mut tcp, address) = match &self.proxy {
            Some(proxy) => self.open(&proxy.host, proxy.port, false),
            None => self.open(self.target.host(), self.target.port(), self.proven),
        }?;
        let Some(tls) = &self.tls else {
            let origin = self.proxy.is_some().then(|| self.target.origin());
            return Ok(Wire::new(Arc::clone(&self.call), Stream::Plain(tcp), origin));
        };
        if let Some(proxy) = &self.proxy {
            tcp.set_deadline(self.call.stage(self.call.limits.connect));
            proxy
                .tunnel(&mut tcp, &self.target, &self.user_agent)
                .map_err(|error| failure::unsent(self.who(&proxy.host), &error))?;
        }
        let stream = self.secure(tcp, tls)?;
        if self.proven && self.proxy.is_none() {
            self.shared.hosts.remember(self.target.host(), address);
        }
        Ok(Wire::new(Arc::clone(&self.call), stream, None))
    }

    /// A TCP connection to the first address of `host` that answers.
    fn open(&self, host: &str, port: u16, recall: bool) -> Result<(Tcp, IpAddr), Failure> {
        let limits = self.call.limits;
        let until = self.call.stage(limits.connect);
        let addresses =
            self.shared.hosts.resolve(host, port, self.family, recall, until).map_err(|text| {
                Failure { kind: FailureKind::NotResolved, ..before_sending(text) }
            })?;
        let until = self.call.stage(limits.connect);
        let mut reason = None;
        for (i, address) in addresses.iter().enumerate() {
            let left = until.left();
            if left.is_zero() {
                break;
            }
            let is_last = i + 1 == addresses.len();
            let time = if is_last { left } else { left.min(limits.attempt) };
            match self.attempt(*address, time) {
                Ok(stream) => return Ok((Tcp::new(stream, until), address.ip())),
                Err(error) => reason = Some(telling(reason, self.unreachable(host, &error))),
            }
        }
        let late = || io::Error::from(io::ErrorKind::TimedOut);
        Err(reason.unwrap_or_else(|| self.unreachable(host, &late())))
    }

    fn attempt(&self, address: SocketAddr, time: std::time::Duration) -> io::Result<Arc<Socket>> {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        let socket = self.shared.connections.add(socket);
        if let Some(device) = &self.device {
            socket
                .bind_device(Some(device.as_bytes()))
                .map_err(|error| Unbound::wrap(error, device))?;
        }
        socket.connect_timeout(&address.into(), time)?;
        socket.set_tcp_nodelay(true)?;
        Ok(socket)
    }

    fn unreachable(&self, host: &str, error: &io::Error) -> Failure {
        let who = self.who(host);
        if let Some(unbound) = error.get_ref().and_then(|inner| inner.downcast_ref::<Unbound>()) {
            return Failure {
                kind: FailureKind::NoNetwork,
                sent: false,
                text: format!("{who}: {unbound}"),
            };
        }
        if error.kind() == io::ErrorKind::TimedOut {
            let time = Seconds(self.call.limits.connect);
            return before_sending(format!("{who}: no connection within {time}"));
        }
        failure::unsent(who, error)
    }

    fn secure(&self, tcp: Tcp, tls: &Arc<ClientConfig>) -> Result<Stream, Failure> {
        let host = self.target.host();
        let name = ServerName::try_from(host.trim_end_matches('.').to_owned())
            .map_err(|_| before_sending(format!("{host} is not a name that TLS can check")))?;
        let mut tcp = tcp;
        tcp.set_deadline(self.call.stage(self.call.limits.first_byte));
        let tls = Tls::connect(tls, name, tcp);
        let tls = tls.map_err(|broken| failure::handshake(&broken, &self.call))?;
        Ok(Stream::Tls(Box::new(tls)))
    }

    /// Who a message is about.
    fn who(&self, host: &str) -> String {
        match self.proxy {
            Some(_) => format!("the proxy {host}"),
            None => host.to_owned(),
        }
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dial")
    }
}

/// Of several addresses' failures: one that got an answer says more than one without a route.
fn telling(known: Option<Failure>, new: Failure) -> Failure {
    match known {
        Some(known) if known.kind != FailureKind::NoNetwork => known,
        _ => new,
    }
}

/// The socket cannot be bound to the device: it is not there, or not ours to use.
#[derive(Debug)]
struct Unbound(String);

impl Unbound {
    fn wrap(error: io::Error, device: &str) -> io::Error {
        let why = failure::system(&error);
        io::Error::other(Self(format!("cannot send through {device}: {why}")))
    }
}

impl fmt::Display for Unbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unbound {}

/// ureq asks for addresses before it asks for a connection; [`Dial`] looks them up itself, because
/// only it knows whether the host or the proxy is needed.
#[derive(Debug)]
pub(super) struct NoNames;

impl Resolver for NoNames {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}
