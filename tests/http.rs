//! The HTTP client with real sockets and real TLS. The servers are threads of this program; no
//! packet leaves the host.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{self, Read, Write};
use std::iter;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, OnceLock};
use std::thread;

use ddns_netlink::edge::clock;
use ddns_netlink::edge::http::{Client, KeptConnection, Limits, Shared};
use ddns_netlink::edge::worker;
use ddns_netlink::model::secret::Secret;
use ddns_netlink::model::{Credentials, Family, Proxy, Transport, Trust, Url};
use ddns_netlink::provider::{Answer, Failure, FailureKind, Method, Request, SHORT_ANSWER};
use ddns_netlink::time::Duration;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

#[path = "http/kept.rs"]
mod kept;
#[path = "http/pinned.rs"]
mod pinned;

// ---------------------------------------------------------------------------------- the server

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Answers one connection, whose request it gets.
type Handler = dyn Fn(&mut dyn Stream, &str) -> io::Result<()> + Send + Sync;

struct Server {
    address: SocketAddr,
    requests: Receiver<String>,
}

impl Server {
    fn plain(
        handler: impl Fn(&mut dyn Stream, &str) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start(None, Arc::new(handler))
    }

    /// A server that answers every request with `response`.
    fn fixed(response: &'static str) -> Self {
        Self::plain(move |stream, _| stream.write_all(response.as_bytes()))
    }

    fn tls(config: Arc<ServerConfig>, response: &'static str) -> Self {
        let handler = move |stream: &mut dyn Stream, _: &str| stream.write_all(response.as_bytes());
        Self::start(Some(config), Arc::new(handler))
    }

    fn start(tls: Option<Arc<ServerConfig>>, handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self::on(listener, tls, handler)
    }

    fn on(listener: TcpListener, tls: Option<Arc<ServerConfig>>, handler: Arc<Handler>) -> Self {
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (tls, handler, sender) = (tls.clone(), handler.clone(), sender.clone());
                thread::spawn(move || {
                    let mut stream = stream?;
                    match tls {
                        None => serve(&mut stream, &sender, &*handler),
                        Some(config) => {
                            let connection = ServerConnection::new(config).unwrap();
                            let mut tls = StreamOwned::new(connection, stream);
                            serve(&mut tls, &sender, &*handler)?;
                            tls.conn.send_close_notify();
                            tls.flush()
                        }
                    }
                });
            }
        });
        Self { address, requests }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that arrived since the last call, in order.
    fn seen(&self) -> Vec<String> {
        self.requests.try_iter().collect()
    }
}

fn serve(
    mut stream: &mut dyn Stream,
    sender: &mpsc::Sender<String>,
    handler: &Handler,
) -> io::Result<()> {
    let request = read_request(stream)?;
    let _ = sender.send(request.clone());
    handler(&mut stream, &request)
}

fn read_request(stream: &mut dyn Stream) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = header(&head, "content-length").map_or(0, |value| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(head + &String::from_utf8_lossy(&body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let line =
        head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
    Some(line.split_once(':')?.1.trim())
}

/// Waits until the client closes the connection.
fn until_closed(stream: &mut dyn Stream) {
    let mut buffer = [0; 64];
    while matches!(stream.read(&mut buffer), Ok(1..)) {}
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

// ---------------------------------------------------------------------------- the certificates

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

/// One authority for all tests; its certificate is `ca.pem` in its folder.
fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = folder("trust");
        std::fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Authority { issuer, folder }
    })
}

fn folder(name: &str) -> PathBuf {
    let folder =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

fn signed(params: CertificateParams) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority().issuer).unwrap();
    server_config(certificate, &key)
}

fn server_config(certificate: rcgen::Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    Arc::new(config)
}

// ---------------------------------------------------------------------------------- the client

fn transport() -> Transport {
    Transport {
        trust: Trust::File(authority().folder.join("ca.pem")),
        proxy: None,
        device: None,
        source: None,
        family: None,
        user_agent: "ddns-netlink/test".into(),
    }
}

/// Short limits, though long enough for a busy machine.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(4),
        attempt: Duration::from_millis(300),
        first_byte: Duration::from_secs(2),
        total: Duration::from_secs(4),
    }
}

fn parsed(text: &str) -> Proxy {
    Proxy::parse(text).unwrap()
}

fn get(url: &str) -> Request {
    Request::get(Url::parse(url).unwrap(), String::new(), vec![])
}

fn with_password(url: &str) -> Request {
    let credentials = Credentials { user: "user".into(), password: Secret::new("pass:word") };
    let mut url = Url::parse(url).unwrap();
    url.credentials = Some(credentials);
    Request::get(url, String::new(), vec![])
}

fn elapsed(start: Duration) -> Duration {
    clock::uptime().saturating_sub(start)
}

fn send_over(transport: &Transport, request: &Request) -> Result<Answer, Failure> {
    Client::with_limits(transport, Arc::new(Shared::default()), limits()).send(request)
}

fn send(request: &Request) -> Result<Answer, Failure> {
    send_over(&transport(), request)
}

/// The failure of a GET; its text must not contain `secret`, which the callers put into the path.
fn failure(url: &str) -> Failure {
    let failure = send(&get(url)).unwrap_err();
    assert!(!failure.text.contains("secret"), "{}", failure.text);
    failure
}

// ------------------------------------------------------------------------------------ requests

#[test]
fn a_request_has_the_usual_headers_and_the_password() {
    let server = Server::fixed(OK);
    let answer = send(&with_password(&server.url("/nic/update?a=b&c=%20d"))).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "good"));
    let request = &server.seen()[0];
    assert!(request.starts_with("GET /nic/update?a=b&c=%20d HTTP/1.1\r\n"), "{request}");
    assert_eq!(header(request, "host"), Some(server.address.to_string().as_str()));
    assert_eq!(header(request, "user-agent"), Some("ddns-netlink/test"));
    assert_eq!(header(request, "accept"), Some("*/*"));
    assert_eq!(header(request, "accept-encoding"), None);
    assert_eq!(header(request, "authorization"), Some("Basic dXNlcjpwYXNzOndvcmQ="));
}

#[test]
fn the_body_and_the_headers_of_a_request_are_sent() {
    let server = Server::fixed("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
        let request = Request {
            method,
            headers: vec![
                ("Authorization", Secret::new("Bearer t0ken")),
                ("Content-Type", Secret::new("application/json")),
            ],
            body: Some(Secret::new("{\"a\":1}")),
            ..get(&server.url("/records"))
        };
        assert_eq!(send(&request).unwrap().status, 201);
        let seen = server.seen();
        assert!(seen[0].ends_with("\r\n\r\n{\"a\":1}"), "{}", seen[0]);
        assert_eq!(header(&seen[0], "authorization"), Some("Bearer t0ken"));
        assert_eq!(header(&seen[0], "content-length"), Some("7"));
    }
    let empty = Request { method: Method::Post, ..get(&server.url("/")) };
    send(&empty).unwrap();
    assert_eq!(header(&server.seen()[0], "content-length"), Some("0"));
}

#[test]
fn user_information_in_the_url_becomes_basic_authentication() {
    let server = Server::fixed(OK);
    send(&get(&format!("http://us%65r:pass:word@{}/", server.address))).unwrap();
    let request = &server.seen()[0];
    assert_eq!(header(request, "authorization"), Some("Basic dXNlcjpwYXNzOndvcmQ="));
    assert_eq!(header(request, "host"), Some(server.address.to_string().as_str()));
}

#[test]
fn a_header_with_a_line_end_is_not_sent_and_not_shown() {
    let server = Server::fixed(OK);
    let request = Request {
        headers: vec![("X-Auth-Key", Secret::new("sec\r\nret"))],
        ..get(&server.url("/"))
    };
    let failure = send(&request).unwrap_err();
    assert!(!failure.sent && !failure.text.contains("ret"), "{}", failure.text);
    assert!(server.seen().is_empty());
}

// ------------------------------------------------------------------------------------- answers

#[test]
fn an_error_status_is_returned_as_an_answer() {
    let server = Server::fixed("HTTP/1.1 401 Unauthorized\r\nContent-Length: 7\r\n\r\nbadauth");
    let answer = send(&get(&server.url("/"))).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (401, "badauth"));
}

#[test]
fn the_body_is_read_in_every_framing() {
    for response in [
        OK,
        "HTTP/1.0 200 OK\r\n\r\ngood",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ng\r\n3\r\nood\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\ngood",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood",
    ] {
        let server = Server::fixed(response);
        assert_eq!(send(&get(&server.url("/"))).unwrap().body, "good", "{response}");
    }
    let server = Server::fixed("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(send(&get(&server.url("/"))).unwrap().status, 204);
}

#[test]
fn a_body_that_is_not_utf_8_is_read_as_latin_1() {
    let server = Server::plain(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ngood \xe9")
    });
    assert_eq!(send(&get(&server.url("/"))).unwrap().body, "good \u{e9}");
}

#[test]
fn malformed_heads_that_other_clients_accept_are_accepted() {
    for head in [
        &b"HTTP/1.1 200 OK\r\nX-Gr\xfc\xdfe: yes\r\nContent-Length: 4\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nX: Gr\xfc\xdfe\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 \xc3\xa9\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a,\r\n b\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 4\n\n",
        b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
    ] {
        let server = Server::plain(move |stream, _| {
            stream.write_all(head)?;
            stream.write_all(b"good")
        });
        let answer = send(&get(&server.url("/")));
        assert_eq!(answer.unwrap().body, "good", "{}", String::from_utf8_lossy(head));
    }
}

#[test]
fn a_compressed_body_of_a_success_is_a_failure() {
    for (head, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", &b"\x1f\x8b\x08garbage"[..]),
        ("HTTP/1.1 200 OK\r\n\r\n", b"\x1f\x8b\x08garbage"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n", b"good"),
    ] {
        let server = Server::plain(move |stream, _| {
            stream.write_all(head.as_bytes())?;
            stream.write_all(body)
        });
        let failure = failure(&server.url("/secret"));
        assert!(failure.sent && failure.text.contains("is compressed ("), "{}", failure.text);
    }
    // With an error status the compressed body is dropped.
    let server = Server::fixed("HTTP/1.1 401 No\r\nContent-Encoding: gzip\r\n\r\nxyz");
    let answer = send(&get(&server.url("/"))).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (401, ""));
    for head in ["Content-Encoding: identity\r\n", ""] {
        let response = format!("HTTP/1.1 200 OK\r\n{head}\r\ngood");
        let server = Server::plain(move |stream, _| stream.write_all(response.as_bytes()));
        assert_eq!(send(&get(&server.url("/"))).unwrap().body, "good");
    }
}

#[test]
fn retry_after_is_read_as_seconds_or_date() {
    let retry_after = |fields: &str| {
        let response =
            format!("HTTP/1.1 429 Too Many Requests\r\n{fields}\r\nContent-Length: 0\r\n\r\n");
        let server = Server::plain(move |stream, _| stream.write_all(response.as_bytes()));
        send(&get(&server.url("/"))).unwrap().retry_after
    };
    assert_eq!(retry_after("Retry-After: 120"), Some(Duration::from_secs(120)));
    assert_eq!(retry_after("X: y"), None);
    assert_eq!(
        retry_after(
            "Date: Sun, 06 Nov 1994 08:48:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT"
        ),
        Some(Duration::from_secs(60))
    );
}

#[test]
fn a_body_over_the_limit_is_cut() {
    let server = Server::plain(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(&[b'x'; 4096])?;
        }
    });
    let answer = send(&get(&server.url("/"))).unwrap();
    assert_eq!((answer.body.len() as u64, answer.cut), (SHORT_ANSWER, true));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {SHORT_ANSWER}\r\n\r\n");
    let server = Server::plain(move |stream, _| {
        stream.write_all(head.as_bytes())?;
        stream.write_all(&vec![b'x'; SHORT_ANSWER as usize])
    });
    let answer = send(&get(&server.url("/"))).unwrap();
    assert_eq!((answer.body.len() as u64, answer.cut), (SHORT_ANSWER, false));
}

#[test]
fn a_truncated_answer_is_a_failure() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ngood",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n",
        "HTTP/1.1 200 O",
        "",
    ] {
        let server = Server::fixed(response);
        let failure = failure(&server.url("/secret"));
        assert!(failure.sent, "{response:?}: {}", failure.text);
    }
}

#[test]
fn an_answer_that_is_not_http_is_a_failure() {
    for response in [
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ngoods",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let server = Server::fixed(response);
        let failure = failure(&server.url("/secret"));
        assert!(failure.sent, "{response:?}: {}", failure.text);
        assert_eq!(failure.text, "127.0.0.1: the answer is not HTTP", "{response:?}");
    }
}

#[test]
fn an_endless_header_is_a_failure() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (begin, piece) in [
        ("HTTP/1.1 200 OK\r\n".to_owned(), "X-Filler: xxxxxxxxxxxxxxxxxxxxxxxxx\r\n"),
        (String::new(), "HTTP/1.1 103 Early Hints\r\n\r\n"),
        (format!("{chunked}4;"), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        (format!("{chunked}4\r\ngood\r\n0\r\n"), "X-Trailer: xxxxxxxxxxxxxxxxxxxxxxxx\r\n"),
    ] {
        let head = begin.clone();
        let server = Server::plain(move |stream, _| {
            stream.write_all(head.as_bytes())?;
            loop {
                stream.write_all(piece.as_bytes())?;
            }
        });
        let failure = failure(&server.url("/secret"));
        assert!(failure.sent, "{}", failure.text);
        // It ends by its length, not by the deadline.
        assert!(!failure.text.contains("within"), "{begin:?} {piece:?}: {}", failure.text);
    }
}

// ----------------------------------------------------------------------------------- deadlines

#[test]
fn a_request_without_an_answer_ends_in_time() {
    let server = Server::plain(|stream, _| {
        until_closed(stream);
        Ok(())
    });
    let failure = failure(&server.url("/secret"));
    assert!(failure.sent);
    assert_eq!(failure.text, "127.0.0.1: no answer within 2 s");
}

#[test]
fn a_slow_body_and_a_slow_header_end_in_time() {
    for head in ["HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "HTTP/1.1 200 OK\r\nX: "] {
        let server = Server::plain(move |stream, _| {
            stream.write_all(head.as_bytes())?;
            loop {
                stream.write_all(b"x")?;
                stream.flush()?;
                thread::sleep(Duration::from_millis(100).into());
            }
        });
        let start = clock::uptime();
        let failure = failure(&server.url("/secret"));
        assert!(elapsed(start) < Duration::from_secs(6));
        assert!(failure.sent);
        assert!(failure.text.contains("within"), "{}", failure.text);
    }
}

#[test]
fn a_complete_answer_does_not_wait_for_the_connection_to_close() {
    let server = Server::plain(|stream, _| {
        stream.write_all(OK.as_bytes())?;
        until_closed(stream);
        Ok(())
    });
    let start = clock::uptime();
    assert_eq!(send(&get(&server.url("/"))).unwrap().body, "good");
    assert!(elapsed(start) < Duration::from_secs(1));
}

#[test]
fn a_silent_tls_server_ends_in_time() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let failure = failure(&format!("https://{}/secret", listener.local_addr().unwrap()));
    assert!(!failure.sent);
    assert_eq!(failure.text, "127.0.0.1: no TLS handshake within 2 s");
}

// --------------------------------------------------------------------------------- connections

#[test]
fn after_a_refused_connection_the_request_counts_as_not_sent() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let failure = failure(&format!("http://{address}/secret"));
    assert_eq!(failure.text, "127.0.0.1: connection refused");
    assert_eq!((failure.sent, failure.kind), (false, FailureKind::Other));
}

#[test]
fn after_a_reset_the_request_counts_as_sent() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream).unwrap();
        let socket = socket2::Socket::from(stream);
        socket.set_linger(Some(Duration::ZERO.into())).unwrap();
    });
    let failure = failure(&format!("http://{address}/secret"));
    assert!(failure.sent);
    assert_eq!(failure.text, "127.0.0.1: the connection was closed before the answer");
}

#[test]
fn a_name_that_does_not_resolve_is_a_failure_of_its_own_kind() {
    let failure = failure("http://no-such-host.invalid/secret");
    assert!(failure.text.starts_with("cannot resolve no-such-host.invalid"), "{}", failure.text);
    assert_eq!((failure.sent, failure.kind), (false, FailureKind::NotResolved));
}

#[test]
fn a_missing_device_counts_as_a_missing_network() {
    let server = Server::fixed(OK);
    let transport = Transport { device: Some("no-such-dev0".into()), ..transport() };
    let failure = send_over(&transport, &get(&server.url("/"))).unwrap_err();
    assert_eq!((failure.sent, failure.kind), (false, FailureKind::NoNetwork));
    assert!(failure.text.contains("cannot send through no-such-dev0"), "{}", failure.text);
}

#[test]
fn requests_leave_through_the_configured_device() {
    let transport = Transport { device: Some("lo".into()), ..transport() };
    let server = Server::fixed(OK);
    assert_eq!(send_over(&transport, &get(&server.url("/"))).unwrap().status, 200);
    // No route leads from lo to the documentation network. (With IPv4 the kernel would take the
    // host for a neighbour on lo.)
    let failure = send_over(&transport, &get("http://[2001:db8::1]/")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NoNetwork, "{}", failure.text);
}

#[test]
fn the_forced_family_is_used() {
    let transport = |family| Transport { family: Some(family), ..transport() };
    let server = Server::fixed(OK);
    let url = format!("http://localhost:{}/", server.address.port());
    let v4 = send_over(&transport(Family::V4), &get(&url)).unwrap();
    assert_eq!(v4.status, 200);
    // The server listens on 127.0.0.1 only.
    assert!(send_over(&transport(Family::V6), &get(&url)).is_err());
    // A single request can force the family, too.
    let only = |family| Request { family: Some(family), ..get(&url) };
    assert!(send(&only(Family::V4)).is_ok());
    assert!(send(&only(Family::V6)).is_err());
}

/// A socket of each family with the same port. `None` if another program has the port in one
/// family.
fn same_port_in_both_families() -> Option<(TcpListener, socket2::Socket)> {
    let alive = TcpListener::bind("127.0.0.1:0").ok()?;
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, alive.local_addr().ok()?.port()));
    let dead = socket2::Socket::new(socket2::Domain::IPV6, socket2::Type::STREAM, None).ok()?;
    dead.set_only_v6(true).ok()?;
    dead.bind(&address.into()).ok()?;
    Some((alive, dead))
}

#[test]
fn after_a_family_without_answer_the_other_is_tried_in_time() {
    if TcpListener::bind("[::1]:0").is_err() {
        return; // a host without IPv6
    }
    let (alive, dead) =
        iter::repeat_with(same_port_in_both_families).take(100).flatten().next().unwrap();
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, alive.local_addr().unwrap().port()));
    let port = address.port();
    // A listener whose queue is full drops connection attempts, as a broken path does.
    dead.listen(0).unwrap();
    let wait = Duration::from_millis(100).into();
    let fillers: Vec<_> = (0..8).map(|_| TcpStream::connect_timeout(&address, wait)).collect();
    assert!(fillers.iter().any(Result::is_err), "the queue is not full");
    let server = Server::on(
        alive,
        None,
        Arc::new(|stream: &mut dyn Stream, _: &str| stream.write_all(OK.as_bytes())),
    );
    let start = clock::uptime();
    let answer = send(&get(&format!("http://localhost:{port}/"))).unwrap();
    assert_eq!(answer.body, "good");
    assert!(elapsed(start) >= limits().attempt && elapsed(start) < Duration::from_secs(2));
    assert_eq!(server.seen().len(), 1);
}

// ----------------------------------------------------------------------------------- redirects

fn redirect(status: u16, location: &str) -> Server {
    let response =
        format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 3\r\n\r\nbye");
    Server::plain(move |stream, _| stream.write_all(response.as_bytes()))
}

#[test]
fn a_get_follows_redirects_to_other_hosts() {
    let goal = Server::fixed(OK);
    for status in [301, 302, 303, 307, 308] {
        let server = redirect(status, &goal.url("/x"));
        assert_eq!(send(&get(&server.url("/"))).unwrap().body, "good");
        assert!(goal.seen()[0].starts_with("GET /x HTTP/1.1"));
    }
}

#[test]
fn a_password_is_sent_only_to_the_same_host() {
    let goal = Server::fixed(OK);
    let server = redirect(302, &goal.url("/x"));
    let failure = send(&with_password(&server.url("/secret"))).unwrap_err();
    assert!(failure.text.contains("must not get the password"), "{}", failure.text);
    assert!(goal.seen().is_empty());

    let server = Server::plain(|stream, request| {
        let moved = "HTTP/1.1 302 Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
        let response = if request.starts_with("GET /there") { OK } else { moved };
        stream.write_all(response.as_bytes())
    });
    assert_eq!(send(&with_password(&server.url("/here"))).unwrap().body, "good");
    let seen = server.seen();
    assert_eq!(header(&seen[1], "authorization"), header(&seen[0], "authorization"));
}

#[test]
fn a_redirect_with_the_token_in_its_url_must_stay_on_the_host() {
    let goal = Server::fixed(OK);
    let token = |url: &str| Request { secrets: vec![Secret::new("t0ken")], ..get(url) };
    let server = redirect(302, &goal.url("/x?key=t0ken"));
    let failure = send(&token(&server.url("/?key=t0ken"))).unwrap_err();
    assert!(failure.text.contains("must not get the password"), "{}", failure.text);
    assert!(!failure.text.contains("t0ken") && !failure.sent);
    assert!(goal.seen().is_empty());
    assert!(send(&token(&redirect(302, "/x").url("/"))).unwrap_err().text.contains("5 redirects"));
    // With an empty secret the redirect is followed.
    let open = Request { secrets: vec![Secret::default()], ..get(&server.url("/")) };
    assert_eq!(send(&open).unwrap().body, "good");
}

#[test]
fn the_host_of_a_redirect_is_shown_without_secrets() {
    let server = redirect(302, "http://s3cr3t-pa55.evil.example/");
    let request =
        Request { secrets: vec![Secret::new("s3cr3t-pa55")], ..with_password(&server.url("/")) };
    let failure = send(&request).unwrap_err();
    assert!(failure.text.contains("***.evil.example"), "{}", failure.text);
    assert!(!failure.text.contains("s3cr3t"), "{}", failure.text);
    let server = redirect(302, "http://pr0xy-s3cret.invalid/");
    let transport = Transport {
        proxy: Some(parsed(&format!("bob:pr0xy-s3cret@{}", server.address))),
        ..transport()
    };
    let request = with_password("http://h.example/");
    let failure = send_over(&transport, &request).unwrap_err();
    assert!(failure.text.contains("***.invalid"), "{}", failure.text);
}

#[test]
fn an_error_in_the_answer_of_a_redirected_host_is_shown_without_secrets() {
    // The proxy chooses the host of the redirect, and ends that host's answer too early.
    let server = Server::plain(|stream, request| {
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ngood";
        let moved = "HTTP/1.1 302 Moved\r\nLocation: http://pr0xy-s3cret.example/\r\n\
                     Content-Length: 0\r\n\r\n";
        let response = if request.contains("pr0xy-s3cret") { cut } else { moved };
        stream.write_all(response.as_bytes())
    });
    let transport = Transport {
        proxy: Some(parsed(&format!("bob:pr0xy-s3cret@{}", server.address))),
        ..transport()
    };
    let failure = send_over(&transport, &get("http://h.example/")).unwrap_err();
    assert_eq!(failure.text, "***.example: the answer was cut off");
}

#[test]
fn a_redirect_from_a_public_host_to_a_private_one_is_not_followed() {
    // The proxy answers in place of public hosts.
    for private in
        ["http://127.0.0.1/", "http://localhost/", "http://192.168.1.1/", "http://[fd00::1]/"]
    {
        let server = redirect(302, private);
        let transport =
            Transport { proxy: Some(parsed(&server.address.to_string())), ..transport() };
        let failure = send_over(&transport, &get("http://198.51.100.1/")).unwrap_err();
        assert!(failure.text.contains("not followed"), "{private}: {}", failure.text);
        assert_eq!((failure.sent, server.seen().len()), (false, 1));
    }
}

#[test]
fn a_redirect_from_https_to_http_is_not_followed() {
    let goal = Server::fixed(OK);
    let response = format!("HTTP/1.1 302 Moved\r\nLocation: {}\r\n\r\n", goal.url("/x"));
    let server = Server::start(
        Some(signed(params("localhost"))),
        Arc::new(move |stream: &mut dyn Stream, _: &str| stream.write_all(response.as_bytes())),
    );
    let failure = failure(&format!("https://localhost:{}/secret", server.address.port()));
    assert_eq!(failure.text, "localhost: redirects from https to http, which is not followed");
    assert!(goal.seen().is_empty());
}

#[test]
fn a_post_follows_307_and_308_only_on_the_same_host() {
    let post =
        |url: &str| Request { method: Method::Post, body: Some(Secret::new("x=1")), ..get(url) };
    assert_eq!(send(&post(&redirect(302, "/x").url("/"))).unwrap().status, 302);
    let server = Server::plain(|stream, request| {
        let moved = "HTTP/1.1 307 Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
        let response = if request.starts_with("POST /there") { OK } else { moved };
        stream.write_all(response.as_bytes())
    });
    assert_eq!(send(&post(&server.url("/"))).unwrap().body, "good");
    assert!(server.seen()[1].ends_with("x=1"));
    let goal = Server::fixed(OK);
    assert!(send(&post(&redirect(308, &goal.url("/")).url("/"))).is_err());
    assert!(goal.seen().is_empty());
}

#[test]
fn a_sixth_redirect_is_a_failure() {
    let server = redirect(302, "/again");
    let failure = failure(&server.url("/secret"));
    assert_eq!(failure.text, "127.0.0.1: more than 5 redirects");
    assert_eq!(server.seen().len(), 6);
}

// ----------------------------------------------------------------------------------------- TLS

fn https(server: &Server) -> String {
    format!("https://localhost:{}/secret", server.address.port())
}

#[test]
fn a_certificate_of_a_trusted_authority_is_accepted() {
    let server = Server::tls(signed(params("localhost")), OK);
    let client = Client::with_limits(&transport(), Arc::new(Shared::default()), limits());
    for _ in 0..3 {
        assert_eq!(client.send(&get(&https(&server))).unwrap().body, "good");
    }
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_tls_handshake_needs_half_the_stack_of_a_worker() {
    let server = Server::tls(signed(params("localhost")), OK);
    let url = https(&server);
    let worker = thread::Builder::new()
        .stack_size(worker::STACK / 2)
        .spawn(move || send(&get(&url)).unwrap())
        .unwrap();
    assert_eq!(worker.join().unwrap().body, "good");
}

#[test]
fn a_certificate_for_an_ip_address_is_accepted() {
    let server = Server::tls(signed(params("127.0.0.1")), OK);
    let url = format!("https://{}/", server.address);
    assert_eq!(send(&get(&url)).unwrap().body, "good");
}

#[test]
fn the_fault_of_a_bad_certificate_is_named() {
    let mut expired = params("localhost");
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    let mut early = params("localhost");
    early.not_before = date_time_ymd(3000, 1, 1);
    early.not_after = date_time_ymd(3001, 1, 1);
    let key = KeyPair::generate().unwrap();
    let mut own = params("localhost");
    own.distinguished_name = DistinguishedName::new();
    let own = own.self_signed(&key).unwrap();
    let mut ca = params("localhost");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = ca.self_signed(&key).unwrap();
    for (config, kind, text) in [
        (signed(expired), FailureKind::Other, "the certificate has expired"),
        (signed(early), FailureKind::ClockBehind, "the certificate is not valid yet"),
        (
            signed(params("other.example")),
            FailureKind::Other,
            "the certificate is for another name",
        ),
        (
            server_config(ca, &key),
            FailureKind::Other,
            "the certificate is marked as an authority (CA:TRUE)",
        ),
        (
            server_config(own, &key),
            FailureKind::Other,
            "the certificate is not trusted (self-signed",
        ),
    ] {
        let server = Server::tls(config, OK);
        let failure = failure(&https(&server));
        assert_eq!((failure.sent, failure.kind), (false, kind), "{}", failure.text);
        assert!(failure.text.starts_with(&format!("localhost: {text}")), "{}", failure.text);
        assert!(server.seen().is_empty());
    }
}

#[test]
fn a_self_signed_certificate_named_in_cacert_is_accepted() {
    let key = KeyPair::generate().unwrap();
    let own = params("localhost").self_signed(&key).unwrap();
    let file = folder("self-signed").join("own.pem");
    std::fs::write(&file, own.pem()).unwrap();
    let server = Server::tls(server_config(own, &key), OK);
    let transport = Transport { trust: Trust::File(file), ..transport() };
    assert_eq!(send_over(&transport, &get(&https(&server))).unwrap().body, "good");
}

#[test]
fn without_verification_every_certificate_is_accepted() {
    let transport = Transport { trust: Trust::Nothing, ..transport() };
    let mut expired = params("other.example");
    expired.not_after = date_time_ymd(2002, 1, 1);
    let server = Server::tls(signed(expired), OK);
    assert_eq!(send_over(&transport, &get(&https(&server))).unwrap().body, "good");
}

#[test]
fn broken_files_in_a_directory_of_certificates_are_skipped() {
    let folder = folder("directory");
    let good = std::fs::read(authority().folder.join("ca.pem")).unwrap();
    std::fs::write(folder.join("0-broken.pem"), "-----BEGIN CERTIFICATE-----\n%%\n-----END")
        .unwrap();
    std::fs::write(folder.join("1-empty.crt"), "").unwrap();
    std::fs::write(folder.join("2-binary"), [0xff; 100]).unwrap();
    std::fs::write(folder.join("3-ca.0"), &good).unwrap();
    std::fs::write(folder.join("4-ca.pem"), &good).unwrap();
    std::fs::create_dir_all(folder.join("5-folder")).unwrap();
    let transport = Transport { trust: Trust::Directory(folder), ..transport() };
    let server = Server::tls(signed(params("localhost")), OK);
    assert_eq!(send_over(&transport, &get(&https(&server))).unwrap().body, "good");
}

#[test]
fn without_certificates_https_fails_but_http_works() {
    let empty = folder("empty").join("empty.pem");
    std::fs::write(&empty, "no certificates here\n").unwrap();
    for trust in [
        Trust::File(empty),
        Trust::File("/nonexistent/ca.pem".into()),
        Trust::Directory("/nonexistent/".into()),
    ] {
        let transport = Transport { trust, ..transport() };
        let server = Server::tls(signed(params("localhost")), OK);
        let failure = send_over(&transport, &get(&https(&server))).unwrap_err();
        assert!(!failure.sent && failure.text.contains("cacert"), "{}", failure.text);
        let plain = Server::fixed(OK);
        assert_eq!(send_over(&transport, &get(&plain.url("/"))).unwrap().body, "good");
    }
}

#[test]
fn https_to_a_plain_server_and_http_to_a_tls_server_fail() {
    let plain = Server::fixed(OK);
    let failed = failure(&format!("https://{}/secret", plain.address));
    assert!(!failed.sent, "{}", failed.text);
    let tls = Server::tls(signed(params("localhost")), OK);
    let failed = failure(&tls.url("/secret"));
    assert!(failed.sent, "{}", failed.text);
}

#[test]
fn without_close_notify_the_content_length_decides_whether_an_answer_is_complete() {
    for (response, complete) in
        [(OK, true), ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngood", false)]
    {
        let config = signed(params("localhost"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
            read_request(&mut tls).unwrap();
            tls.write_all(response.as_bytes()).unwrap();
        });
        assert_eq!(send(&get(&url)).is_ok(), complete);
    }
}

// --------------------------------------------------------------------------------------- proxy

/// A proxy that answers plain requests itself, and opens a tunnel for CONNECT.
fn proxy(connect_answer: &'static str) -> Server {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            thread::spawn(move || -> io::Result<()> {
                let mut client = stream?;
                let request = read_request(&mut client)?;
                let _ = sender.send(request.clone());
                let Some(target) = request.strip_prefix("CONNECT ") else {
                    return client.write_all(OK.as_bytes());
                };
                client.write_all(connect_answer.as_bytes())?;
                let target = target.split(' ').next().unwrap();
                let mut server = TcpStream::connect(target)?;
                let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
                thread::spawn(move || io::copy(&mut from, &mut to));
                io::copy(&mut server, &mut client)?;
                client.shutdown(std::net::Shutdown::Both)
            });
        }
    });
    Server { address, requests }
}

fn through(proxy: &Server) -> Transport {
    Transport { proxy: Some(parsed(&format!("us%65r:pass:word@{}", proxy.address))), ..transport() }
}

#[test]
fn a_proxy_gets_plain_requests_in_absolute_form() {
    let proxy = proxy("");
    let request = with_password("http://unknown.example:8080/nic/update?x=1");
    assert_eq!(send_over(&through(&proxy), &request).unwrap().body, "good");
    let seen = &proxy.seen()[0];
    assert!(
        seen.starts_with("GET http://unknown.example:8080/nic/update?x=1 HTTP/1.1\r\n"),
        "{seen}"
    );
    assert_eq!(header(seen, "host"), Some("unknown.example:8080"));
    assert_eq!(header(seen, "proxy-authorization"), Some("Basic dXNlcjpwYXNzOndvcmQ="));
    assert_eq!(header(seen, "authorization"), Some("Basic dXNlcjpwYXNzOndvcmQ="));
}

#[test]
fn https_goes_through_a_tunnel_of_the_proxy() {
    let proxy = proxy("HTTP/1.1 200 Connection established\r\n\r\n");
    let server = Server::tls(signed(params("localhost")), OK);
    let answer = send_over(&through(&proxy), &with_password(&https(&server))).unwrap();
    assert_eq!(answer.body, "good");
    let port = server.address.port();
    let connect = &proxy.seen()[0];
    assert!(connect.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")), "{connect}");
    assert_eq!(header(connect, "proxy-authorization"), Some("Basic dXNlcjpwYXNzOndvcmQ="));
    assert_eq!(header(connect, "authorization"), None);
    let request = &server.seen()[0];
    assert!(request.starts_with("GET /secret HTTP/1.1\r\n"));
    assert_eq!(header(request, "proxy-authorization"), None);
}

#[test]
fn a_refusal_by_the_proxy_is_named() {
    let server = Server::tls(signed(params("localhost")), OK);
    for (answer, text) in [
        ("HTTP/1.1 407 No\r\n\r\n", "the proxy 127.0.0.1: wants a user name and a password"),
        ("HTTP/1.1 403 No\r\n\r\n", "the proxy 127.0.0.1: refuses the connection (403)"),
        ("SSH-2.0-x\r\n\r\n", "the proxy 127.0.0.1: does not speak HTTP"),
    ] {
        let proxy = proxy(answer);
        let failure = send_over(&through(&proxy), &get(&https(&server))).unwrap_err();
        assert_eq!((failure.sent, failure.text.as_str()), (false, text));
    }
    let picky = Server::fixed("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
    let failure = send_over(&through(&picky), &get("http://h.example/")).unwrap_err();
    assert_eq!(failure.text, "the proxy 127.0.0.1: wants a user name and a password");
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let gone =
        Transport { proxy: Some(parsed(&closed.local_addr().unwrap().to_string())), ..transport() };
    drop(closed);
    let failure = send_over(&gone, &get(&https(&server))).unwrap_err();
    assert_eq!(failure.text, "the proxy 127.0.0.1: connection refused");
}
