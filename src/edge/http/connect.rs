//! Opens the connection of one request: look-up, TCP, proxy, TLS.

use std::io;
use std::net::IpAddr;

use super::call::HttpCall;
use super::candidates::AddressOrigin;
use super::failure;
use super::proxy::tunnel;
use super::race::{self, ConnectError, Connected, RaceOptions};
use super::redirect::TO_PRIVATE_NETWORK;
use super::{Shared, before_sending};
use crate::edge::dns::resolve::Search;
use crate::edge::stream::failure::{handshake, unsent};
use crate::edge::stream::{Stream, Tcp, TlsConfig};
use crate::model::address::not_public;
use crate::model::{Family, Transport, Trust, Url};
use crate::provider::{Failure, FailureKind};
use crate::time::Duration;
use crate::time::duration::seconds;

/// Time for the TLS handshake at a remembered address, which another host may have by now.
const REMEMBERED_TIMEOUT: Duration = Duration::from_secs(3);

/// How the connection of one request is to be opened.
pub(super) struct Dial<'a> {
    pub(super) call: &'a HttpCall,
    pub(super) target: &'a Url,
    pub(super) transport: &'a Transport,
    pub(super) family: Option<Family>,
    pub(super) tls: Option<&'a TlsConfig>,
    /// Whether the address must be public, because a public host has redirected here.
    pub(super) must_be_public: bool,
    pub(super) shared: &'a Shared,
}

impl Dial<'_> {
    /// Opens the connection.
    ///
    /// # Errors
    /// If it cannot be opened. Nothing was sent.
    pub(super) fn connect(&self) -> Result<Stream, Failure> {
        let (host, hosts) = (self.target.host(), &self.shared.hosts);
        let mut remembered = Vec::new();
        if self.proves_host() {
            remembered = hosts.where_verified(host, self.family);
        }
        loop {
            let connected = self.open(remembered)?;
            let Some(tls) = self.tls else { return Ok(Stream::Plain(self.tcp(connected))) };
            let address = connected.address;
            let is_remembered = connected.origin == AddressOrigin::Remembered;
            let mut limit = self.call.limits.first_byte;
            if is_remembered {
                limit = limit.min(REMEMBERED_TIMEOUT);
            }
            match self.secure(connected, tls, limit) {
                Ok(stream) => {
                    if self.proves_host() {
                        hosts.verified(host, address);
                    }
                    return Ok(stream);
                }
                // The host is not there any more: wait for the resolver. Nothing was sent until now. Without
                // certificates, none can prove where it is.
                Err(_) if is_remembered && tls.load().is_ok() => hosts.forget(host, address),
                Err(failure) => return Err(failure),
            }
            // The second attempt takes only what the resolver says.
            remembered = Vec::new();
        }
    }

    /// Whether a TLS handshake proves that the host is at the address of the connection: whether its
    /// certificate is verified.
    fn proves_host(&self) -> bool {
        self.tls.is_some()
            && self.transport.trust != Trust::Nothing
            && self.transport.proxy.is_none()
    }

    /// Host and port of the TCP connection.
    fn endpoint(&self) -> (&str, u16) {
        match &self.transport.proxy {
            Some(proxy) => (&proxy.host, proxy.port),
            None => (self.target.host(), self.target.port()),
        }
    }

    /// Records whether the host is public, and refuses a redirect from a public host to a private address
    /// before anything is sent. The name alone does not show it: any name can have a private address.
    fn admit(&self, address: IpAddr) -> Result<(), Failure> {
        // The address is that of the proxy, which says nothing about the host.
        if self.transport.proxy.is_some() {
            return Ok(());
        }
        let is_public = not_public(address).is_none();
        if self.must_be_public && !is_public {
            return Err(before_sending(format!("{}: {TO_PRIVATE_NETWORK}", self.target.host())));
        }
        self.call.set_host_is_public(is_public);
        Ok(())
    }

    /// Opens a TCP connection to the proxy or to the host. `remembered` are addresses to try if the
    /// resolver is slow or fails.
    fn open(&self, remembered: Vec<IpAddr>) -> Result<Connected, Failure> {
        let (host, port) = self.endpoint();
        let limits = self.call.limits;
        let options = RaceOptions {
            port,
            device: self.transport.device.as_deref(),
            source: self.transport.source,
            preferred: self.shared.hosts.where_reached(host, self.family),
            remembered,
            delay: limits.attempt,
            limit: limits.connect,
            end: self.call.deadline.0,
        };
        let search = Search::begin(host, self.family);
        let connected = race::connect(search, &options, self.shared);
        let connected = connected.map_err(|error| self.explain(host, error))?;
        self.admit(connected.address)?;
        self.shared.hosts.reached(host, connected.address);
        Ok(connected)
    }

    /// Why there is no connection to `host`.
    fn explain(&self, host: &str, error: ConnectError) -> Failure {
        match error {
            ConnectError::NotResolved(text) => {
                Failure { kind: FailureKind::NotResolved, ..before_sending(text) }
            }
            ConnectError::NotBound(reason) => {
                let text = format!("{}: {reason}", self.who(host));
                Failure { kind: FailureKind::NoNetwork, ..before_sending(text) }
            }
            ConnectError::Unreachable(error) => self.unreachable(host, &error),
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

    /// Does the TLS handshake within `limit`, through the proxy if there is one.
    fn secure(
        &self,
        connected: Connected,
        tls: &TlsConfig,
        limit: Duration,
    ) -> Result<Stream, Failure> {
        let mut tcp = self.tcp(connected);
        if let Some(proxy) = &self.transport.proxy {
            tunnel(proxy, &mut tcp, self.target, &self.transport.user_agent)
                .map_err(|error| unsent(self.who(&proxy.host), &error))?;
        }
        let host = self.target.host();
        tcp.set_deadline(self.call.stage(limit));
        Stream::secure(tls, host, tcp).map_err(|error| handshake(&error, host, limit))
    }

    /// The host or proxy of a connection, for messages.
    fn who(&self, host: &str) -> String {
        match &self.transport.proxy {
            Some(_) => format!("the proxy {host}"),
            None => host.to_owned(),
        }
    }
}
