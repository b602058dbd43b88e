//! An embedded dyndns2 provider: an HTTP(S) server that remembers names and records every request.
//!
//! A [`Provider`] holds the records, the requests and the replies to give. A [`Server`] is one
//! listening address of it, and closes with all its connections when it is dropped.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::iter;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// The time of `CLOCK_BOOTTIME`, which the daemon uses, too.
pub fn now() -> Duration {
    Duration::from(clock_gettime(ClockId::CLOCK_BOOTTIME).unwrap())
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// When its first byte arrived.
    pub at: Duration,
    pub method: String,
    pub path: String,
    /// Query parameters, percent-decoded.
    pub query: BTreeMap<String, String>,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// Basic credentials.
    pub auth: Option<(String, String)>,
    pub peer: IpAddr,
    /// The address of the server that the client connected to.
    pub local: SocketAddr,
    pub tls: bool,
    /// Whether the connection had an earlier request.
    pub reuses: bool,
}

impl Request {
    /// A query parameter, or an empty string.
    pub fn get(&self, key: &str) -> &str {
        self.query.get(key).map_or("", String::as_str)
    }

    pub fn hostname(&self) -> &str {
        self.get("hostname")
    }

    pub fn myip(&self) -> &str {
        self.get("myip")
    }
}

/// What to do with one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// As a dyndns2 provider does: checks credentials, host name and address, answers `good` or
    /// `nochg`.
    Dyndns2,
    /// As `Dyndns2`, but the answer comes after this time.
    Late(Duration),
    /// The client's address, as a page that echoes it.
    Echo,
    /// Fixed status, header lines and body.
    Fixed(u16, Vec<String>, String),
    /// No answer; the connection stays open until the client or the server closes it.
    Hang,
    /// The update is carried out, but its answer is lost.
    UpdateThenHang,
    /// The update is carried out after this time, and its answer is lost.
    UpdateLater(Duration),
    /// A correct head, then one byte of body every 100 ms for ever.
    Drip,
    /// A body without end, as fast as the client reads it.
    Endless,
    /// Reset the connection once the request has been read.
    Reset,
    /// Close the connection once the request has been read.
    Close,
    /// The update is carried out, and the connection is closed without an answer.
    UpdateThenClose,
}

impl Reply {
    /// A reply with status 200 and this body.
    pub fn body(text: &str) -> Self {
        Self::Fixed(200, Vec::new(), text.to_owned())
    }

    /// A reply with status 429 and `Retry-After` in seconds.
    pub fn too_many(seconds: u32) -> Self {
        let header = format!("Retry-After: {seconds}");
        Self::Fixed(429, vec![header], "slow down".to_owned())
    }

    /// A redirect to this URL with status 302.
    pub fn redirect(url: &str) -> Self {
        Self::Fixed(302, vec![format!("Location: {url}")], String::new())
    }

    /// A reply with this status and an empty body.
    pub fn status(status: u16) -> Self {
        Self::Fixed(status, Vec::new(), String::new())
    }
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    attempts: usize,
    records: BTreeMap<(String, bool), (IpAddr, Duration)>,
    next: VecDeque<Reply>,
    next_reusing: VecDeque<Reply>,
    by_host: BTreeMap<String, Reply>,
    by_path: BTreeMap<String, Reply>,
    below: Option<(String, Reply)>,
    account: Option<(String, String)>,
    patience: Option<Duration>,
}

/// A provider: its records, the requests it got and the replies it gives. Clones share them.
#[derive(Clone, Default)]
pub struct Provider {
    inner: Arc<(Mutex<State>, Condvar)>,
}

impl Provider {
    /// A provider that accepts all credentials and names.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on only these credentials are right; others get 401 and `badauth`.
    pub fn require(&self, user: &str, password: &str) {
        self.state().account = Some((user.to_owned(), password.to_owned()));
    }

    /// From now on a connection is closed if no further request arrives within this time after an answer;
    /// with zero, right after the answer. The answer does not announce that.
    pub fn close_idle(&self, patience: Duration) {
        self.state().patience = Some(patience);
    }

    /// The next requests get these replies, in order; the ones after them get what they got before.
    pub fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state().next.extend(replies);
    }

    /// The next requests that are not the first of their connections get these replies, in order.
    pub fn next_reusing(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state().next_reusing.extend(replies);
    }

    /// Every request for `hostname` gets this reply from now on; `None` takes that back.
    pub fn for_host(&self, hostname: &str, reply: Option<Reply>) {
        let mut state = self.state();
        match reply {
            Some(reply) => state.by_host.insert(hostname.to_owned(), reply),
            None => state.by_host.remove(hostname),
        };
    }

    /// Every request for `path` gets this reply from now on.
    pub fn for_path(&self, path: &str, reply: Reply) {
        self.state().by_path.insert(path.to_owned(), reply);
    }

    /// Every request for a path below this one gets this reply from now on.
    pub fn below_path(&self, path: &str, reply: Reply) {
        self.state().below = Some((format!("{path}/"), reply));
    }

    /// The address of `name`, and since when the record has it.
    pub fn record(&self, name: &str, v6: bool) -> Option<(IpAddr, Duration)> {
        let key = (name.to_ascii_lowercase(), v6);
        self.state().records.get(&key).copied()
    }

    /// Whether there is a record of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.record(name, false).is_some() || self.record(name, true).is_some()
    }

    /// Waits until `name` has this address.
    pub fn wait_record(&self, name: &str, address: &str, timeout: Duration) {
        let address: IpAddr = address.parse().unwrap();
        let key = (name.to_ascii_lowercase(), address.is_ipv6());
        let missing = |s: &mut State| s.records.get(&key).is_none_or(|record| record.0 != address);
        let state = self.state();
        let (state, late) = self.inner.1.wait_timeout_while(state, timeout, missing).unwrap();
        let seen = &state.requests;
        assert!(!late.timed_out(), "{name} is not {address}; requests: {seen:#?}");
    }

    /// Every request so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// The number of requests so far.
    pub fn count(&self) -> usize {
        self.state().requests.len()
    }

    /// Waits until `ready` returns something for the requests so far; returns that. Panics with the
    /// requests after `timeout`.
    pub fn wait_for<T>(
        &self,
        what: &str,
        timeout: Duration,
        mut ready: impl FnMut(&[Request]) -> Option<T>,
    ) -> T {
        self.try_wait_for(timeout, &mut ready)
            .unwrap_or_else(|seen| panic!("{what}: not within {timeout:?}; requests: {seen:#?}"))
    }

    /// As [`Provider::wait_for`], but returns the requests as an error after `timeout`.
    pub fn try_wait_for<T>(
        &self,
        timeout: Duration,
        mut ready: impl FnMut(&[Request]) -> Option<T>,
    ) -> Result<T, Vec<Request>> {
        let end = now() + timeout;
        let mut state = self.state();
        loop {
            if let Some(found) = ready(&state.requests) {
                return Ok(found);
            }
            let left = end.saturating_sub(now());
            if left.is_zero() {
                return Err(state.requests.clone());
            }
            state = self.inner.1.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits for request number `n` (from 0).
    pub fn wait_nth(&self, n: usize, timeout: Duration) -> Request {
        self.wait_for(&format!("request {n}"), timeout, |seen| seen.get(n).cloned())
    }

    /// Waits until clients have made `n` connections, with or without a request.
    pub fn wait_attempts(&self, n: usize, timeout: Duration) {
        let state = self.state();
        let (state, _) =
            self.inner.1.wait_timeout_while(state, timeout, |s| s.attempts < n).unwrap();
        let seen = state.attempts;
        assert!(seen >= n, "{seen} of {n} connections in {timeout:?}");
    }

    /// The number of connections so far.
    pub fn attempts(&self) -> usize {
        self.state().attempts
    }

    /// Serves plain HTTP on `address`.
    pub fn listen(&self, address: impl Into<SocketAddr>) -> Server {
        Server::start(self.clone(), address.into(), None)
    }

    /// Serves HTTPS on `address`.
    pub fn listen_tls(
        &self,
        address: impl Into<SocketAddr>,
        config: Arc<rustls::ServerConfig>,
    ) -> Server {
        Server::start(self.clone(), address.into(), Some(config))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.0.lock().unwrap()
    }

    fn choose(&self, request: &Request) -> Reply {
        let mut state = self.state();
        if request.reuses
            && let Some(reply) = state.next_reusing.pop_front()
        {
            return reply;
        }
        if let Some(reply) = state.by_path.get(&request.path) {
            return reply.clone();
        }
        if let Some((path, reply)) = &state.below
            && request.path.starts_with(path)
        {
            return reply.clone();
        }
        if let Some(reply) = state.by_host.get(request.hostname()) {
            return reply.clone();
        }
        state.next.pop_front().unwrap_or(Reply::Dyndns2)
    }

    fn record_request(&self, request: Request) {
        self.state().requests.push(request);
        self.inner.1.notify_all();
    }

    /// Carries out an update by the dyndns2 protocol; returns status and body of the answer.
    fn update(&self, request: &Request) -> (u16, String) {
        let mut state = self.state();
        if state.account.is_some() && state.account != request.auth {
            return (401, "badauth".to_owned());
        }
        let addresses = request.myip().split(',').map(str::parse);
        let Ok(addresses) = addresses.collect::<Result<Vec<IpAddr>, _>>() else {
            return (200, "badip".to_owned());
        };
        let mut lines = Vec::new();
        for name in request.hostname().split(',') {
            if !name.contains('.') {
                lines.push("notfqdn".to_owned());
                continue;
            }
            for &address in &addresses {
                let key = (name.to_ascii_lowercase(), address.is_ipv6());
                let same = state.records.get(&key).is_some_and(|r| r.0 == address);
                if !same {
                    state.records.insert(key, (address, now()));
                }
                lines.push(format!("{} {address}", if same { "nochg" } else { "good" }));
            }
        }
        (200, lines.join("\n"))
    }
}

type Connections = Arc<Mutex<BTreeMap<u64, TcpStream>>>;

/// One listening address of a provider. Dropping it closes the port and every connection.
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    connections: Connections,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(
        provider: Provider,
        address: SocketAddr,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind(address)
            .unwrap_or_else(|e| panic!("cannot listen on {address}: {e}"));
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let connections = Connections::default();
        let (ending, open) = (stop.clone(), connections.clone());
        let thread = thread::spawn(move || accept(&listener, &provider, tls, &ending, &open));
        Self { address, stop, connections, thread: Some(thread) }
    }

    /// The address and port where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of connections that are open now.
    pub fn open_connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        for stream in self.connections.lock().unwrap().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn accept(
    listener: &TcpListener,
    provider: &Provider,
    tls: Option<Arc<rustls::ServerConfig>>,
    stop: &AtomicBool,
    open: &Connections,
) {
    for (id, stream) in (0_u64..).zip(listener.incoming()) {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        provider.state().attempts += 1;
        provider.inner.1.notify_all();
        let _ = stream.set_nodelay(true);
        let Ok(handle) = stream.try_clone() else {
            continue;
        };
        open.lock().unwrap().insert(id, handle);
        let (provider, tls, open) = (provider.clone(), tls.clone(), open.clone());
        thread::spawn(move || {
            let _ = serve(&provider, stream, tls);
            open.lock().unwrap().remove(&id);
        });
    }
}

/// A connection, encrypted or not. Boxed so that the rest need not be generic.
trait Stream: Read + Write {
    /// Tells the client that nothing follows.
    fn end(&mut self) {}
}

impl Stream for TcpStream {}

impl Stream for rustls::StreamOwned<rustls::ServerConnection, TcpStream> {
    fn end(&mut self) {
        self.conn.send_close_notify();
        let _ = self.flush();
    }
}

fn serve(
    provider: &Provider,
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> io::Result<()> {
    let peer = stream.peer_addr()?.ip().to_canonical();
    let local = stream.local_addr()?;
    let raw = stream.try_clone()?;
    let encrypted = tls.is_some();
    let stream: Box<dyn Stream> = match tls {
        Some(config) => {
            let session = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
            Box::new(rustls::StreamOwned::new(session, stream))
        }
        None => Box::new(stream),
    };
    let mut stream = BufReader::new(stream);
    for reuses in iter::once(false).chain(iter::repeat(true)) {
        let Some(mut request) = read_request(&mut stream)? else {
            return Ok(());
        };
        request.peer = peer;
        request.local = local;
        request.tls = encrypted;
        request.reuses = reuses;
        let reply = provider.choose(&request);
        if !answer(provider, &request, reply, &mut stream, &raw)? {
            return Ok(());
        }
        if request.headers.get("connection").is_some_and(|value| value == "close") {
            stream.get_mut().end();
            return Ok(());
        }
        match provider.state().patience {
            Some(Duration::ZERO) => return Ok(()),
            patience => raw.set_read_timeout(patience)?,
        }
    }
    Ok(())
}

/// The next request of a connection, or `None` when the client has closed it.
fn read_request(stream: &mut BufReader<Box<dyn Stream>>) -> io::Result<Option<Request>> {
    if stream.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let at = now();
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if !words.next().is_some_and(|version| version.starts_with("HTTP/1.")) {
        // A real server would take a request without a version for one of HTTP/0.9.
        stream.get_mut().write_all(b"HTTP/1.1 505 no\r\nContent-Length: 0\r\n\r\n")?;
        return Err(io::Error::other(line));
    }
    let mut headers = read_headers(stream)?;
    if line.trim_end().ends_with("/1.0") {
        headers.entry("connection".to_owned()).or_insert_with(|| "close".to_owned());
    }
    let length = headers.get("content-length").and_then(|v| v.parse().ok());
    let mut body = String::new();
    stream.take(length.unwrap_or(0)).read_to_string(&mut body)?;
    Ok(Some(Request {
        at,
        method,
        path: path.to_owned(),
        query: parse_query(query),
        auth: headers.get("authorization").and_then(|v| parse_basic(v)),
        headers,
        body,
        peer: IpAddr::from([0, 0, 0, 0]),
        local: SocketAddr::from(([0, 0, 0, 0], 0)),
        tls: false,
        reuses: false,
    }))
}

fn read_headers(stream: &mut impl BufRead) -> io::Result<BTreeMap<String, String>> {
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Ok(headers);
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
}

/// Carries out `reply`; returns whether the connection can carry another request. The request is
/// noted after its update was carried out, so that a test that waits for the request sees the
/// record, too; a request whose update comes later or never is noted at once.
fn answer(
    provider: &Provider,
    request: &Request,
    reply: Reply,
    stream: &mut BufReader<Box<dyn Stream>>,
    raw: &TcpStream,
) -> io::Result<bool> {
    let updated = match reply {
        Reply::Dyndns2 | Reply::Late(_) | Reply::UpdateThenHang | Reply::UpdateThenClose => {
            Some(provider.update(request))
        }
        Reply::Echo
        | Reply::Fixed(..)
        | Reply::Hang
        | Reply::UpdateLater(_)
        | Reply::Drip
        | Reply::Endless
        | Reply::Reset
        | Reply::Close => None,
    };
    provider.record_request(request.clone());
    let stream_out = stream.get_mut();
    if let Reply::Late(delay) = reply {
        thread::sleep(delay);
    }
    match reply {
        Reply::Dyndns2 | Reply::Late(_) => {
            let (status, body) = updated.unwrap_or_default();
            respond(stream_out, status, &[], &body)?;
        }
        Reply::Echo => respond(stream_out, 200, &[], &format!("{}\n", request.peer))?,
        Reply::Fixed(status, headers, body) => respond(stream_out, status, &headers, &body)?,
        Reply::Hang | Reply::UpdateThenHang => {
            stream.read_to_end(&mut Vec::new())?;
            return Ok(false);
        }
        Reply::UpdateLater(delay) => {
            thread::sleep(delay);
            provider.update(request);
            return Ok(false);
        }
        Reply::Close | Reply::UpdateThenClose => return Ok(false),
        Reply::Drip => pour(stream_out, b"x", Duration::from_millis(100))?,
        Reply::Endless => pour(stream_out, &[b'x'; 16 * 1024], Duration::ZERO)?,
        Reply::Reset => {
            // A linger time of zero makes the kernel send a reset on close.
            socket2::SockRef::from(raw).set_linger(Some(Duration::ZERO))?;
            return Ok(false);
        }
    }
    Ok(true)
}

fn respond(stream: &mut dyn Write, status: u16, headers: &[String], body: &str) -> io::Result<()> {
    let mut text = format!("HTTP/1.1 {status} Status\r\n");
    if !headers.iter().any(|header| header.starts_with("Content-Type:")) {
        text.push_str("Content-Type: text/plain\r\n");
    }
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// Sends a head without a length, then `piece` over and over until the client closes.
fn pour(stream: &mut dyn Write, piece: &[u8], pause: Duration) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")?;
    loop {
        stream.write_all(piece)?;
        stream.flush()?;
        thread::sleep(pause);
    }
}

fn parse_query(query: &str) -> BTreeMap<String, String> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(key), percent_decode(value))
        })
        .collect()
}

fn percent_decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) if *first == b'%' => {
                out.push(byte);
                rest = &tail[2..];
            }
            Some(_) | None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// User and password of an `Authorization: Basic` value.
fn parse_basic(value: &str) -> Option<(String, String)> {
    let text = base64_decode(value.strip_prefix("Basic ")?)?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn base64_decode(text: &str) -> Option<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut out) = (0_usize, 0_u32, Vec::new());
    for byte in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|&a| a == byte)?;
        bits = (bits << 6 | value) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    String::from_utf8(out).ok()
}
