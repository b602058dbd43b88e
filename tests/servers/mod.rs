//! Support for tests with servers of other projects, on loopback. `make test-servers` installs the
//! servers below `target/servers` and runs these tests; plain `cargo test` does not.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use ddns_netlink::edge::http::{Client, Shared};
use ddns_netlink::model::secret::Secret;
use ddns_netlink::model::{Proxy, Transport, Trust};
use ddns_netlink::provider::{
    self, Answer, Carrier, Failure, Job, LearnedChanges, Published, Query, Request, Verdict, api,
};
use ddns_netlink::provider::{Account, Author, Mechanism, Provider};
use ddns_netlink::time::Duration;

use crate::skip;

/// The directory in which the servers are installed.
pub fn installed() -> PathBuf {
    let directory = env::var_os("DDNS_NETLINK_SERVERS").map(PathBuf::from);
    directory.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/target/servers").into())
}

/// The path of a vendor's OpenAPI description with this file name; without it the test is skipped.
pub fn description(file: &str) -> Option<PathBuf> {
    let directory = env::var_os("DDNS_NETLINK_OPENAPI").map(PathBuf::from);
    let path = directory.map(|directory| directory.join(file)).filter(|path| path.exists());
    if path.is_none() {
        skip::skip_in_ci_too(&format!("there is no {file} (make test-servers OPENAPI=directory)"));
    }
    path
}

/// An HTTP proxy that connects every tunnel (RFC 9110 section 9.3.6) to one server, so that a test
/// can use a provider's real host names, and TLS.
pub struct Tunnel(SocketAddr);

impl Tunnel {
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming() {
                thread::spawn(move || join(client?, TcpStream::connect(server)?));
            }
        });
        Self(address)
    }

    /// A client that sends through the proxy and trusts `authority`.
    pub fn client(&self, authority: PathBuf) -> Client {
        client(Trust::File(authority), Some(Proxy::parse(&self.0.to_string()).unwrap()))
    }
}

/// A client that sends without a proxy.
pub fn direct() -> Client {
    client(Trust::System, None)
}

fn client(trust: Trust, proxy: Option<Proxy>) -> Client {
    let user_agent = "ddns-netlink-test".into();
    let transport =
        Transport { trust, proxy, device: None, source: None, family: None, user_agent };
    Client::new(&transport, Arc::new(Shared::default()))
}

/// The path of `program` below the directory of servers. If it is missing the test prints
/// `skipped:` and passes; with `CI` set it fails instead.
pub fn program(program: &str) -> Option<PathBuf> {
    let path = installed().join(program);
    if path.exists() {
        return Some(path);
    }
    skip::skip(&format!("{} is not there (`make test-servers` installs it)", path.display()));
    None
}

/// A port on which nothing listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Answers the CONNECT, then passes bytes on in both directions until one side closes.
fn join(client: TcpStream, server: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    (&client).write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let back = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || pass(back.0, &back.1));
    pass(reader, &server)
}

fn pass(mut from: impl Read, mut to: &TcpStream) -> io::Result<()> {
    io::copy(&mut from, &mut to)?;
    to.shutdown(std::net::Shutdown::Write)
}

/// An account at the provider `service_name`.
pub fn account(service_name: &str, username: &str, password: &str) -> Provider {
    let account = Account {
        label: service_name.into(),
        username: username.into(),
        password: Secret::new(password),
        ..Account::default()
    };
    let mechanism = Mechanism::Api(api::find(service_name).unwrap());
    Provider { account, mechanism, author: Author::Owner }
}

/// Publishes `job`; returns the verdicts, what was learned, and the number of requests.
pub fn publish(
    client: &Client,
    account: &Provider,
    job: Job,
) -> (Vec<Verdict>, LearnedChanges, usize) {
    let mut count = 0;
    let mut carrier = Sending(|request: &Request| {
        count += 1;
        client.send(request)
    });
    let Published { verdicts, learned } = provider::publish(account, &job, &mut carrier);
    (verdicts, learned, count)
}

/// A carrier that sends requests with a function.
pub struct Sending<F>(pub F);

impl<F: FnMut(&Request) -> Result<Answer, Failure>> Carrier for Sending<F> {
    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        (self.0)(request)
    }

    fn ask(&mut self, query: &Query) -> Result<Answer, Failure> {
        panic!("{query:?}");
    }

    fn wait(&mut self, _: Duration) {}
}
