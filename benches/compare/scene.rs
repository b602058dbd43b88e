//! The network of all measurements: a device whose address changes, a provider, and a thread that reads a netlink
//! socket. On demand that thread sends a request itself. This is the floor: no program can be faster.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::server::NoServerSessionStorage;
use rustls::{ClientConfig, ClientConnection, ServerConfig, StreamOwned};

use crate::dns::{self, Answer};
use crate::events::{Change, Event, Listener};
use crate::provider::{Provider, Request, Server};
use crate::relay;
use crate::router::{file, hosts, uplink_and_wan};
use crate::tls::{Authority, Flavour};

/// The provider's host name.
pub const HOST: &str = "dyn.example.net";
/// The provider's ports: HTTP, HTTPS, HTTPS that never resumes a session, and both through a way of 25 ms.
pub const PLAIN: u16 = 80;
pub const TLS: u16 = 443;
pub const FULL: u16 = 444;
pub const PLAIN_AWAY: u16 = 8080;
pub const TLS_AWAY: u16 = 8443;

/// The name server that knows what the provider has accepted. `/etc/resolv.conf` names another address, so only a
/// client that has a `resolv.conf` of its own asks it.
pub const RESOLVER: &str = "127.0.0.53";
/// The address of a name before its first update.
const FIRST_RECORD: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// The pause before and after the old address is removed. After so long without events this project's daemon
/// sends at once; in a burst of changes it would wait.
const PAUSE: Duration = Duration::from_millis(350);
const PATIENCE: Duration = Duration::from_secs(30);

/// What the listening thread does at an event.
#[derive(Clone, Default)]
pub enum Floor {
    /// It takes the time.
    #[default]
    Watch,
    /// It sends a request over HTTP.
    Plain,
    /// It sends a request over HTTPS to this port.
    Tls(Arc<ClientConfig>, u16),
}

#[derive(Default)]
struct Seen {
    times: Vec<(IpAddr, Duration)>,
    floor: Floor,
}

pub struct Scene {
    pub provider: Provider,
    pub authority: Authority,
    servers: Vec<Server>,
    _resolver: dns::Server,
    ip: Child,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    next: u16,
}

/// What one change came to.
pub struct Update {
    /// From the kernel's event until the first byte of the first request, and of the last one.
    pub first: Duration,
    pub last: Duration,
    /// Requests, and the connections for them.
    pub requests: usize,
    pub connections: usize,
}

impl Scene {
    pub fn new() -> Self {
        // Perl and others have their modules there; tests have a directory of their own instead.
        let _ = Command::new("umount").arg("/usr/share").stderr(Stdio::null()).status();
        uplink_and_wan();
        hosts(&format!("127.0.0.1 {HOST}"));
        let (provider, authority) = (Provider::new(), Authority::new());
        authority.write_pem(&file("ca.pem"));
        let resuming = authority.server(&[HOST], Flavour::Good);
        let servers = vec![
            provider.listen(at(PLAIN)),
            provider.listen_tls(at(FULL), without_resumption(&resuming)),
            provider.listen_tls(at(TLS), resuming),
        ];
        relay::start(at(PLAIN_AWAY), at(PLAIN));
        relay::start(at(TLS_AWAY), at(TLS));
        let resolver = resolver(provider.clone());
        let mut batch = Command::new("ip");
        let batch =
            batch.args(["-force", "-batch", "-"]).stdin(Stdio::piped()).stderr(Stdio::null());
        let ip = batch.spawn().unwrap();
        Self { provider, authority, servers, _resolver: resolver, ip, seen: watch(), next: 0 }
    }

    /// Serves HTTPS on another port.
    pub fn listen_tls(&mut self, port: u16, config: Arc<ServerConfig>) {
        self.servers.push(self.provider.listen_tls(at(port), config));
    }

    /// A file with the authorities of the system, and the one of the provider.
    pub fn bundle(&self) -> PathBuf {
        let system = fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
        let path = file("bundle.pem");
        fs::write(&path, system + &self.authority.pem()).unwrap();
        path
    }

    pub fn set_floor(&self, floor: Floor) {
        self.seen.0.lock().unwrap().floor = floor;
    }

    /// The process that changes the addresses.
    pub fn ip_process(&self) -> u32 {
        self.ip.id()
    }

    /// The address that `wan` has.
    pub fn address(&self) -> IpAddr {
        let [high, low] = self.next.to_be_bytes();
        IpAddr::from([203, 0, 112 + high, low])
    }

    fn command(&mut self, words: &str) {
        if let Err(error) = writeln!(self.ip.stdin.as_mut().unwrap(), "{words}") {
            panic!("ip has ended, {:?}: {error}", self.ip.wait());
        }
    }

    /// Replaces the address of `wan`; returns the time of the event.
    pub fn change(&mut self) -> Duration {
        thread::sleep(PAUSE);
        if self.next > 0 {
            self.command(&format!("addr del {}/32 dev wan", self.address()));
            thread::sleep(PAUSE);
        }
        self.next += 1;
        let address = self.address();
        self.command(&format!("addr add {address}/32 dev wan"));
        let time = |seen: &Seen| seen.times.iter().rev().find(|t| t.0 == address).map(|t| t.1);
        let seen = self.seen.0.lock().unwrap();
        let waited = self.seen.1.wait_timeout_while(seen, PATIENCE, |seen| time(seen).is_none());
        time(&waited.unwrap().0).unwrap()
    }

    /// Waits until requests after the first `from` have the address that `wan` has, for all names; nothing if that
    /// takes longer than `patience`.
    pub fn wait(
        &self,
        names: &[String],
        (from, connections): (usize, usize),
        event: Duration,
        patience: Duration,
    ) -> Option<Update> {
        let address = self.address().to_string();
        let complete = |requests: &[Request]| {
            let ours: Vec<&Request> =
                requests.iter().skip(from).filter(|r| r.myip() == address).collect();
            let named =
                |name: &String| ours.iter().any(|r| r.hostname().split(',').any(|n| n == name));
            let last = ours.last()?;
            names.iter().all(named).then(|| {
                (ours[0].at.saturating_sub(event), last.at.saturating_sub(event), ours.len())
            })
        };
        let (first, last, requests) = self.provider.try_wait_for(patience, complete).ok()?;
        let connections = self.provider.attempts() - connections;
        Some(Update { first, last, requests, connections })
    }

    /// The number of requests and connections so far.
    pub fn counts(&self) -> (usize, usize) {
        (self.provider.count(), self.provider.attempts())
    }

    /// One change that the listening thread answers by `floor`; returns the time until its request.
    pub fn floor_round(&mut self, floor: &Floor) -> Duration {
        self.set_floor(floor.clone());
        let before = self.counts();
        let event = self.change();
        let update = self.wait(&["floor".to_owned()], before, event, PATIENCE).unwrap();
        self.set_floor(Floor::Watch);
        update.first
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.ip.kill();
        let _ = self.ip.wait();
    }
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Answers with the records of the provider.
fn resolver(provider: Provider) -> dns::Server {
    let address = SocketAddr::new(RESOLVER.parse().unwrap(), 53);
    dns::Server::start(address, move |name, v6| {
        if v6 {
            return Answer::NoData;
        }
        let record = provider.record(name, v6);
        Answer::Address(record.map_or(FIRST_RECORD.into(), |(address, _)| address))
    })
}

/// A server that answers each handshake in full.
pub fn without_resumption(config: &Arc<ServerConfig>) -> Arc<ServerConfig> {
    let mut config = ServerConfig::clone(config);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Arc::new(config)
}

/// The configuration of the floor's TLS: that of rustls with the provider's authority.
pub fn client_config(authority: &Authority) -> Arc<ClientConfig> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn watch() -> Arc<(Mutex<Seen>, Condvar)> {
    let seen = Arc::<(Mutex<Seen>, Condvar)>::default();
    let shared = seen.clone();
    let listener = Listener::new();
    thread::spawn(move || {
        while let Ok(events) = listener.next() {
            for Event { at, change } in events {
                let Change::Address(address, true) = change else {
                    continue;
                };
                let floor = shared.0.lock().unwrap().floor.clone();
                match floor {
                    Floor::Watch => {}
                    Floor::Plain => send(&mut connect(PLAIN), address),
                    Floor::Tls(config, port) => send(&mut handshake(config, port), address),
                }
                shared.0.lock().unwrap().times.push((address, at));
                shared.1.notify_all();
            }
        }
    });
    seen
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(at(port)).unwrap();
    // Otherwise the last message of the handshake would hold the request back.
    stream.set_nodelay(true).unwrap();
    stream
}

fn handshake(config: Arc<ClientConfig>, port: u16) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from(HOST).unwrap();
    StreamOwned::new(ClientConnection::new(config, name).unwrap(), connect(port))
}

/// Sends a request and reads its answer, so that TLS gets what it needs to resume the session.
fn send(stream: &mut (impl Write + std::io::Read), address: IpAddr) {
    let request = format!("GET /nic/update?hostname=floor&myip={address} HTTP/1.1\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let _ = stream.read(&mut [0; 1024]);
}
