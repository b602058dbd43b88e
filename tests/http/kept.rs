//! Requests of one conversation on one connection.

use std::net::IpAddr;
use std::sync::Mutex;

use super::*;

/// What the server does with a request.
enum Turn {
    /// Answers, and waits for another request.
    Say(&'static str),
    /// Answers, and closes the connection without a word about it.
    SayAndClose(&'static str),
    /// Closes the connection.
    Close,
    /// Waits until the client or the router closes the connection.
    Wait,
}
use Turn::{Close, Say, SayAndClose, Wait};

/// A server that serves one connection after the other, each for several requests.
struct Lasting {
    address: SocketAddr,
    /// The requests with the numbers of their connections.
    seen: Arc<Mutex<Vec<(usize, String)>>>,
    /// Gets a message when a connection is closed.
    closed: Receiver<()>,
    /// Gets a message when a request has arrived.
    arrived: Receiver<()>,
}

impl Lasting {
    /// A server that gives these turns to its requests, and `Say(OK)` to all further ones.
    fn plain(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self::start(None, turns)
    }

    fn start(tls: Option<Arc<ServerConfig>>, turns: impl IntoIterator<Item = Turn>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (closing, closed) = mpsc::channel();
        let (arriving, arrived) = mpsc::channel();
        let mut turns = turns.into_iter().collect::<Vec<_>>().into_iter();
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut note = |request| {
                    log.lock().unwrap().push((number, request));
                    let _ = arriving.send(());
                    turns.next().unwrap_or(Say(OK))
                };
                let mut stream = stream.unwrap();
                let _ = match &tls {
                    None => take_turns(&mut stream, &mut note),
                    Some(config) => {
                        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                        let mut tls = StreamOwned::new(connection, &mut stream);
                        let _ = take_turns(&mut tls, &mut note);
                        tls.conn.send_close_notify();
                        tls.flush()
                    }
                };
                drop(stream);
                let _ = closing.send(());
            }
        });
        Self { address, seen, closed, arrived }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The numbers of the connections on which requests arrived.
    fn connections(&self) -> Vec<usize> {
        self.seen.lock().unwrap().iter().map(|(number, _)| *number).collect()
    }

    fn wait_closed(&self) {
        self.closed.recv_timeout(Duration::from_secs(20).into()).unwrap();
    }
}

fn take_turns(stream: &mut dyn Stream, note: &mut dyn FnMut(String) -> Turn) -> io::Result<()> {
    loop {
        let request = read_request(stream)?;
        match note(request) {
            Say(answer) => stream.write_all(answer.as_bytes())?,
            SayAndClose(answer) => return stream.write_all(answer.as_bytes()),
            Close => return Ok(()),
            Wait => until_closed(stream),
        }
        stream.flush()?;
    }
}

/// A conversation with a provider.
struct Talk {
    client: Client,
    shared: Arc<Shared>,
    kept: Option<KeptConnection>,
    sent_at: Option<Duration>,
}

impl Talk {
    fn over(transport: &Transport) -> Self {
        let shared = Arc::new(Shared::default());
        let client = Client::with_limits(transport, Arc::clone(&shared), limits());
        Self { client, shared, kept: None, sent_at: None }
    }

    fn new() -> Self {
        Self::over(&transport())
    }

    fn send(&mut self, request: &Request) -> Result<Answer, Failure> {
        self.sent_at = None;
        self.client.converse(request, &mut self.kept, &mut self.sent_at)
    }

    fn get(&mut self, url: &str) -> Answer {
        self.send(&get(url)).unwrap()
    }
}

fn with_method(method: Method, url: &str) -> Request {
    let idempotent = matches!(method, Method::Get | Method::Put);
    Request { method, idempotent, ..get(url) }
}

#[test]
fn the_requests_of_a_conversation_share_one_connection() {
    for tls in [None, Some(signed(params("localhost")))] {
        let url = if tls.is_some() { "https://localhost" } else { "http://localhost" };
        let server = Lasting::start(tls, []);
        let mut talk = Talk::new();
        for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
            let url = format!("{url}:{}/", server.address.port());
            assert_eq!(talk.send(&with_method(method, &url)).unwrap().body, "good");
            assert!(talk.sent_at.is_some());
        }
        assert_eq!(server.connections(), [0, 0, 0, 0]);
        drop(talk);
        server.wait_closed();
    }
}

#[test]
fn requests_through_a_proxy_share_one_connection() {
    let server = Lasting::start(Some(signed(params("localhost"))), []);
    let tunnel = proxy("HTTP/1.1 200 Connection established\r\n\r\n");
    let mut talk = Talk::over(&through(&tunnel));
    for _ in 0..3 {
        talk.get(&format!("https://localhost:{}/", server.address.port()));
    }
    assert_eq!((server.connections(), tunnel.seen().len()), (vec![0, 0, 0], 1));

    let proxy = Lasting::plain([]);
    let settings = Proxy::parse(&proxy.address.to_string()).unwrap();
    let mut talk = Talk::over(&Transport { proxy: Some(settings), ..transport() });
    for _ in 0..3 {
        talk.get("http://unknown.example/");
    }
    assert_eq!(proxy.connections(), [0, 0, 0]);
}

#[test]
fn only_a_complete_answer_that_leaves_the_connection_open_is_followed_by_a_request_on_it() {
    for (answer, second) in [
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n", 0),
        ("HTTP/1.1 204 No Content\r\n\r\n", 0),
        ("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno", 0),
        ("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood", 0),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 4\r\n\r\ngood", 0),
        ("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ngood", 1),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngood", 1),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", 0),
        // What follows the answer could be taken for the next one.
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoodHTTP/1.1 200 OK\r\n\r\nbad", 1),
        ("HTTP/1.1 204 No Content\r\n\r\nx", 1),
        // An error.
        ("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\ngood", 1),
    ] {
        let server = Lasting::plain([Say(answer)]);
        let mut talk = Talk::new();
        let _ = talk.send(&get(&server.url()));
        assert_eq!(talk.get(&server.url()).body, "good");
        assert_eq!(server.connections(), [0, second], "{answer}");
    }
    let close = "HTTP/1.1 200 OK\r\n\r\ngood";
    let server = Lasting::plain([SayAndClose(close)]);
    let mut talk = Talk::new();
    assert_eq!([talk.get(&server.url()).body, talk.get(&server.url()).body], ["good", "good"]);
    assert_eq!(server.connections(), [0, 1]);
}

#[test]
fn a_body_that_is_not_read_to_its_end_ends_the_connection() {
    let body = "x".repeat(100_000);
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{body}");
    let server = Lasting::plain([Say(Box::leak(long.into_boxed_str()))]);
    let mut talk = Talk::new();
    assert!(talk.send(&Request { answer_limit: 10, ..get(&server.url()) }).unwrap().cut);
    talk.get(&server.url());
    assert_eq!(server.connections(), [0, 1]);
}

#[test]
fn another_port_or_family_gets_another_connection() {
    let servers = [Lasting::plain([]), Lasting::plain([])];
    let mut talk = Talk::new();
    for server in &servers {
        talk.get(&server.url());
    }
    let only_v4 = Request { family: Some(Family::V4), ..get(&servers[1].url()) };
    talk.send(&only_v4).unwrap();
    talk.send(&only_v4).unwrap();
    assert_eq!(servers[0].connections(), [0]);
    assert_eq!(servers[1].connections(), [0, 1, 1]);
}

#[test]
fn after_a_redirect_the_connection_of_the_answer_is_kept() {
    let server = Lasting::plain([]);
    let location =
        format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", server.url());
    let first = Lasting::plain([Say(Box::leak(location.into_boxed_str()))]);
    let mut talk = Talk::new();
    talk.get(&first.url());
    talk.get(&server.url());
    assert_eq!((first.connections(), server.connections()), (vec![0], vec![0, 0]));
}

#[test]
fn a_request_after_the_server_has_closed_the_connection_gets_a_new_one() {
    for tls in [None, Some(signed(params("localhost")))] {
        for method in [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete] {
            let scheme = if tls.is_some() { "https" } else { "http" };
            let server = Lasting::start(tls.clone(), [SayAndClose(OK)]);
            let url = format!("{scheme}://localhost:{}/", server.address.port());
            let mut talk = Talk::new();
            talk.get(&url);
            server.wait_closed();
            assert_eq!(talk.send(&with_method(method, &url)).unwrap().body, "good");
            assert_eq!(server.connections(), [0, 1]);
        }
    }
}

#[test]
fn only_an_idempotent_request_is_sent_again_if_the_server_closes_the_kept_connection() {
    for (method, count) in [
        (Method::Get, 3),
        (Method::Put, 3),
        (Method::Post, 2),
        (Method::Patch, 2),
        (Method::Delete, 2),
    ] {
        let server = Lasting::plain([Say(OK), Close]);
        let mut talk = Talk::new();
        talk.get(&server.url());
        let result = talk.send(&with_method(method, &server.url()));
        assert_eq!(server.connections().len(), count, "{method:?}");
        assert!(talk.sent_at.is_some());
        match result {
            Ok(answer) => assert_eq!((count, answer.body.as_str()), (3, "good")),
            Err(failure) => {
                assert!(failure.sent && count == 2, "{failure:?}");
                assert_eq!(failure.text, "127.0.0.1: the connection was closed before the answer");
            }
        }
    }
}

#[test]
fn a_request_is_sent_again_only_once_and_only_without_any_byte_of_an_answer() {
    for (turns, count) in [
        (vec![Close], 1),
        (vec![Say(OK), Close, Close], 3),
        (vec![Say(OK), SayAndClose("HTTP/1.1 200")], 2),
        (vec![Say(OK), SayAndClose("HTTP/1.1 103 Early\r\n\r\n")], 2),
        (vec![Say(OK), SayAndClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngood")], 2),
    ] {
        let server = Lasting::plain(turns);
        let mut talk = Talk::new();
        if count > 1 {
            talk.get(&server.url());
        }
        let failure = talk.send(&get(&server.url())).unwrap_err();
        assert!(failure.sent, "{failure:?}");
        assert_eq!(server.connections().len(), count);
    }
}

#[test]
fn if_no_new_connection_can_be_opened_the_request_counts_as_sent() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream).unwrap();
        stream.write_all(OK.as_bytes()).unwrap();
        read_request(&mut stream).unwrap();
        drop(listener);
    });
    let mut talk = Talk::new();
    talk.get(&url);
    let failure = talk.send(&get(&url)).unwrap_err();
    assert!(failure.sent, "{failure:?}");
    assert_eq!(failure.text, "127.0.0.1: connection refused");
}

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn a_request_whose_source_address_is_removed_is_not_sent_again() {
    let server = Lasting::plain([Say(OK), Wait]);
    let mut talk = Talk::new();
    talk.get(&server.url());
    server.arrived.recv().unwrap();
    let shared = Arc::clone(&talk.shared);
    let request = get(&server.url());
    let failure = thread::scope(|scope| {
        let sending = scope.spawn(|| talk.send(&request));
        server.arrived.recv().unwrap();
        shared.connections.cut(SOURCE);
        sending.join().unwrap().unwrap_err()
    });
    assert!(failure.sent, "{failure:?}");
    assert_eq!(server.connections(), [0, 0]);
}

#[test]
fn a_conversation_whose_source_address_is_removed_sends_nothing_more() {
    let server = Lasting::plain([]);
    let mut talk = Talk::new();
    talk.get(&server.url());
    talk.shared.connections.cut("192.0.2.1".parse().unwrap());
    talk.get(&server.url());
    let start = clock::uptime();
    thread::scope(|scope| {
        let wait = || talk.client.wait(Duration::from_secs(60), talk.kept.as_ref());
        let waiting = scope.spawn(wait);
        talk.shared.connections.cut(SOURCE);
        waiting.join().unwrap();
    });
    assert!(elapsed(start) < Duration::from_secs(30));
    for _ in 0..2 {
        let failure = talk.send(&get(&server.url())).unwrap_err();
        assert_eq!((failure.kind, failure.sent), (FailureKind::NoNetwork, false));
        assert_eq!(failure.text, "127.0.0.1: the address that the router sent from is gone");
    }
    assert_eq!(server.connections(), [0, 0]);
}

#[test]
fn a_wait_lasts_its_time_although_the_server_closes_the_connection() {
    let server = Lasting::plain([SayAndClose(OK)]);
    let mut talk = Talk::new();
    talk.get(&server.url());
    server.wait_closed();
    let start = clock::uptime();
    talk.client.wait(Duration::from_millis(300), talk.kept.as_ref());
    assert!(elapsed(start) >= Duration::from_millis(300));
}
