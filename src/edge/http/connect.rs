//! From a host to a connection: resolve, TCP, proxy, TLS.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::call::Call;
use super::candidates::Origin;
use super::failure;
use super::proxy::tunnel;
use super::race::{self, Connected, Course, Lost};
use super::redirect::INWARD;
use super::tcp::Tcp;
use super::tls::Tls;
use super::wire::Stream;
use super::{Shared, before_sending};
use crate::edge::clock::uptime;
use crate::edge::dns::resolve::Search;
use crate::model::address::not_public;
use crate::model::name;
use crate::model::{Family, Proxy, Url};
use crate::provider::{Failure, FailureKind};
use crate::time::duration::seconds;

/// Time for the TLS handshake with a remembered address, which may be somebody else's by now.
const STAND_IN_TIMEOUT: Duration = Duration::from_secs(3);

/// Opens the connection of one request.
pub(super) struct Dial<'a> {
    pub(super) call: &'a Call,
    pub(super) target: &'a Url,
    pub(super) proxy: Option<&'a Proxy>,
    pub(super) user_agent: &'a str,
    pub(super) device: Option<&'a str>,
    /// The address to send from.
    pub(super) source: Option<IpAddr>,
    pub(super) family: Option<Family>,
    pub(super) tls: Option<Arc<ClientConfig>>,
    /// Whether a connection proves that the address belongs to the host.
    pub(super) proven: bool,
    /// Whether a public host has redirected here, so that the address must be public, too.
    pub(super) outside_only: bool,
    pub(super) shared: &'a Shared,
}

impl Dial<'_> {
    /// Opens the connection.
    ///
    /// # Errors
    /// Why there is none; nothing was sent.
    pub(super) fn connect(&self) -> Result<Stream, Failure> {
        let remembered = if self.proves_host() {
            self.shared.hosts.where_verified(self.target.host(), self.family)
        } else {
            Vec::new()
        };
        let connected = self.open(remembered)?;
        match &self.tls {
            Some(tls) => self.secure_host(connected, tls),
            None => Ok(Stream::Plain(self.tcp(connected))),
        }
    }

    /// TLS with the host, perhaps by way of a remembered address. If that proves not to be the host's
    /// any more, nothing has been sent to it, and the resolver has to be waited for.
    fn secure_host(
        &self,
        mut connected: Connected,
        tls: &Arc<ClientConfig>,
    ) -> Result<Stream, Failure> {
        if connected.origin == Origin::Remembered {
            if let Some(stream) = self.try_remembered(connected, tls) {
                return Ok(stream);
            }
            connected = self.open(Vec::new())?;
        }
        self.via_resolver(connected, tls)
    }

    /// TLS at a remembered address; `None` if no certificate shows that the host is there.
    fn try_remembered(&self, connected: Connected, tls: &Arc<ClientConfig>) -> Option<Stream> {
        let (host, address) = (self.target.host(), connected.address);
        let limit = self.call.limits.first_byte.min(STAND_IN_TIMEOUT);
        let Ok(stream) = self.secure(connected, tls, limit) else {
            self.shared.hosts.forget(host, address);
            return None;
        };
        self.shared.hosts.verified(host, address);
        Some(stream)
    }

    /// TLS at an address that the resolver gave.
    fn via_resolver(
        &self,
        connected: Connected,
        tls: &Arc<ClientConfig>,
    ) -> Result<Stream, Failure> {
        let address = connected.address;
        let stream = self.secure(connected, tls, self.call.limits.first_byte)?;
        if self.proves_host() {
            self.shared.hosts.verified(self.target.host(), address);
        }
        Ok(stream)
    }

    /// Whether TLS shows that the host is at the address of the connection.
    fn proves_host(&self) -> bool {
        self.proven && self.proxy.is_none()
    }

    /// Whom to connect to, and the port.
    fn place(&self) -> (&str, u16) {
        match self.proxy {
            Some(proxy) => (&proxy.host, proxy.port),
            None => (self.target.host(), self.target.port()),
        }
    }

    /// Notes where the host is, and ends a redirect that leads from outside into a network of our own,
    /// before anything is sent: a name may be given any address.
    fn admit(&self, address: IpAddr) -> Result<(), Failure> {
        if self.proxy.is_some() {
            return Ok(());
        }
        let outside = not_public(address).is_none();
        if self.outside_only && !outside {
            return Err(before_sending(format!("{}: {INWARD}", self.target.host())));
        }
        self.call.set_outside(outside);
        Ok(())
    }

    /// A TCP connection to the proxy or to the host; `remembered` are addresses that stand in for a
    /// resolver that is slow or fails.
    fn open(&self, remembered: Vec<IpAddr>) -> Result<Connected, Failure> {
        let (host, port) = self.place();
        let limits = self.call.limits;
        let course = Course {
            port,
            device: self.device,
            source: self.source,
            preferred: self.shared.hosts.where_reached(host, self.family),
            remembered,
            delay: limits.attempt,
            limit: limits.connect,
            end: uptime().saturating_add(self.call.deadline.left()),
        };
        let search = Search::begin(host, self.family);
        match race::connect(search, &course, self.shared) {
            Ok(connected) => {
                self.admit(connected.address)?;
                self.shared.hosts.reached(host, connected.address);
                Ok(connected)
            }
            Err(Lost::NotResolved(text)) => {
                Err(Failure { kind: FailureKind::NotResolved, ..before_sending(text) })
            }
            Err(Lost::Unbound(why)) => {
                let text = format!("{}: {why}", self.who(host));
                Err(Failure { kind: FailureKind::NoNetwork, ..before_sending(text) })
            }
            Err(Lost::Unreachable(error)) => Err(self.unreachable(host, &error)),
        }
    }

    fn tcp(&self, connected: Connected) -> Tcp {
        Tcp::new(connected.socket, self.call.stage(self.call.limits.connect))
    }

    fn unreachable(&self, host: &str, error: &io::Error) -> Failure {
        let who = self.who(host);
        if error.kind() == io::ErrorKind::TimedOut {
            let time = seconds(self.call.limits.connect);
            return before_sending(format!("{who}: no connection within {time}"));
        }
        failure::unconnected(who, error)
    }

    /// TLS, through the proxy if there is one, within `limit`.
    fn secure(
        &self,
        connected: Connected,
        tls: &Arc<ClientConfig>,
        limit: Duration,
    ) -> Result<Stream, Failure> {
        let mut tcp = self.tcp(connected);
        if let Some(proxy) = self.proxy {
            tunnel(proxy, &mut tcp, self.target, self.user_agent)
                .map_err(|error| failure::unsent(self.who(&proxy.host), &error))?;
        }
        let host = self.target.host();
        let name = ServerName::try_from(name::canonical(host))
            .map_err(|_| before_sending(format!("{host} is not a name that TLS can check")))?;
        tcp.set_deadline(self.call.stage(limit));
        let tls = Tls::connect(tls, name, tcp);
        let tls = tls.map_err(|broken| failure::handshake(&broken, self.call))?;
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
