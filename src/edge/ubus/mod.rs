//! The connection to ubusd, OpenWrt's message bus. netifd reports its logical interfaces on it, and
//! the daemon offers its own object.
//!
//! This file connects and moves bytes; [`proto::ubus`](crate::proto::ubus) parses and builds them.
//! On a system without ubus nothing is logged and no timer runs: inotify reports if ubusd's socket
//! appears later.

mod socket;

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::task::Context;

use nix::libc;

use crate::edge::clock;
use crate::edge::inotify::Notifier;
use crate::edge::runtime::Watched;
use crate::model::json::Json;
use crate::model::sorted::take_first;
use crate::proto::control::ControlAnswer;
use crate::proto::ubus::session::{MethodCall, Session, UbusEvent};
use crate::time::Duration;

/// How long netifd may be silent before `once` goes on without it. Somebody waits for the end of `once`.
const SHORT_PATIENCE: Duration = Duration::from_secs(3);
/// How long netifd may be silent before the daemon logs that.
const PATIENCE: Duration = Duration::from_secs(15);
/// Pause before the second attempt to connect. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How many different problems are reported. Their texts come from ubusd and netifd, and are kept so that
/// each is reported once.
const MAX_TROUBLES: usize = 16;
/// Most bytes of one read.
const CHUNK: usize = 8192;

/// The connection to ubusd, made again whenever it is lost.
#[derive(Debug)]
pub struct Ubus {
    /// Whether this process is a daemon. A daemon registers an object and waits longer for netifd.
    serves: bool,
    connection: Option<UbusConnection>,
    /// Whether odhcpd's leases are wanted.
    wants_leases: bool,
    watch: Option<Notifier>,
    /// When to connect again, since boot; `None` to wait until the socket appears.
    retry: Option<Duration>,
    pause: Duration,
    /// Until when netifd may be silent, since boot. `None` once netifd has answered or its absence
    /// was reported.
    netifd_deadline: Option<Duration>,
    /// Whether ubusd's socket has existed since the start.
    socket_seen: bool,
    /// Why the last attempt failed, if this system lacked a resource for it.
    shortage: Option<io::Error>,
    events: Vec<UbusEvent>,
    /// Problems that were reported. Each is reported once.
    reported: Vec<String>,
}

#[derive(Debug)]
struct UbusConnection {
    stream: Watched<UnixStream>,
    session: Session,
}

impl Ubus {
    /// Connects at the first [`Ubus::next_event`]. `serves` is true for the daemon, false for a command
    /// that ends.
    pub fn new(serves: bool) -> Self {
        let now = clock::uptime();
        let patience = if serves { PATIENCE } else { SHORT_PATIENCE };
        Self {
            serves,
            connection: None,
            wants_leases: false,
            watch: None,
            retry: Some(now),
            pause: FIRST_PAUSE,
            netifd_deadline: Some(now.saturating_add(patience)),
            socket_seen: false,
            shortage: None,
            events: Vec::new(),
            reported: Vec::new(),
        }
    }

    /// When to call [`Ubus::next_event`] even if nothing has arrived, since boot.
    pub fn deadline(&self) -> Option<Duration> {
        if !self.events.is_empty() {
            return Some(Duration::ZERO);
        }
        let retry = if self.connection.is_none() { self.retry } else { None };
        self.netifd_deadline.into_iter().chain(retry).min()
    }

    /// Whether there may be something to do, at the time `now` since boot.
    pub fn is_ready(&self, now: Duration, context: &mut Context<'_>) -> bool {
        let is_ready = match (&self.connection, &self.watch) {
            (Some(connection), _) => connection.is_ready(context),
            (None, Some(watch)) => watch.is_ready(context),
            (None, None) => false,
        };
        is_ready || self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// Does what can be done without waiting. Returns the next event, if there is one now. Must be called within a
    /// tokio runtime with I/O.
    // Not inlined: the event loop is smaller without the variables of its sources.
    #[inline(never)]
    pub fn next_event(&mut self) -> Option<UbusEvent> {
        let now = clock::uptime();
        if self.connection.is_none() {
            self.connect_if_due(now);
        }
        self.transfer(now);
        if self.netifd_deadline.is_some_and(|deadline| deadline <= now) {
            self.netifd_deadline = None;
            self.events.push(self.silence_of_netifd());
        }
        while let Some(event) = take_first(&mut self.events) {
            if self.is_news(&event) {
                return Some(event);
            }
        }
        None
    }

    /// Asks odhcpd for its leases, now and whenever it reports news.
    pub fn ask_leases(&mut self) {
        self.wants_leases = true;
        if let Some(connection) = &mut self.connection {
            connection.session.ask_leases();
        }
    }

    /// Answers a call of our object.
    pub fn answer(&mut self, call: &MethodCall, answer: ControlAnswer) {
        if let Some(connection) = &mut self.connection {
            connection.session.answer(call, answer);
        }
    }

    /// Sends a notification to the subscribers of our object.
    pub fn notify(&mut self, name: &str, data: &Json) {
        if let Some(connection) = &mut self.connection {
            connection.session.notify(name, data);
        }
    }

    /// Tells hooks what has happened: as an event with `data`, and to the scripts in `/etc/hotplug.d/ddns` with
    /// `environment`.
    pub fn tell_hooks(&mut self, data: &Json, environment: &[String]) {
        if let Some(connection) = &mut self.connection {
            connection.session.tell_hooks(data, environment);
        }
    }

    /// Moves the bytes that can be moved now.
    fn transfer(&mut self, now: Duration) {
        let Some(connection) = &mut self.connection else { return };
        let moved = connection.transfer();
        // Events that were received before an error still count.
        while let Some(event) = connection.session.next_event() {
            self.events.push(event);
        }
        if let Err(error) = moved {
            self.disconnect(now, &error);
        }
    }

    /// Whether to return `event`. A problem that was reported before is not returned again.
    fn is_news(&mut self, event: &UbusEvent) -> bool {
        match event {
            UbusEvent::Netifd(networks) => {
                self.netifd_deadline = None;
                // A connection alone does not shorten it: one that fails at once would be made ten times a second.
                if networks.is_some() {
                    self.pause = FIRST_PAUSE;
                }
                true
            }
            UbusEvent::Trouble(text) => {
                if self.reported.len() >= MAX_TROUBLES || self.reported.contains(text) {
                    return false;
                }
                self.reported.push(text.clone());
                true
            }
            UbusEvent::Leases(_) | UbusEvent::Called(_) | UbusEvent::Watched(_) => true,
        }
    }

    /// The event for a netifd that was silent for too long.
    fn silence_of_netifd(&self) -> UbusEvent {
        if !self.serves {
            return UbusEvent::Netifd(None);
        }
        let problem = match (&self.shortage, &self.connection) {
            (Some(error), _) => format!("cannot connect to ubus: {error}"),
            (None, Some(_)) => "netifd does not answer on ubus".to_owned(),
            (None, None) => "ubusd does not answer".to_owned(),
        };
        UbusEvent::Trouble(format!("{problem}; until it works, interface names cannot be resolved"))
    }

    fn connect_if_due(&mut self, now: Duration) {
        // Something has appeared. The watch is made anew, because it may be the socket's directory, which must be
        // watched, too.
        if self.watch.as_ref().is_some_and(Notifier::has_changed) {
            self.watch = None;
            self.retry = Some(now);
        }
        if self.retry.is_some_and(|retry| retry <= now) {
            self.connect(now);
        }
    }

    // The watch begins before the attempt: a socket that appears after it is not missed.
    fn connect(&mut self, now: Duration) {
        self.retry = None;
        if self.watch.is_none() {
            self.watch = socket::watch().ok();
        }
        self.shortage = None;
        match socket::connect() {
            Ok(Some(stream)) => self.connected(stream),
            Ok(None) => self.socket_missing(now),
            Err(error) if is_shortage(&error) => {
                self.shortage = Some(error);
                self.try_later(now);
            }
            // The socket exists, but ubusd does not accept: it has crashed, or its queue is full.
            Err(_) => {
                self.socket_seen = true;
                self.try_later(now);
            }
        }
    }

    fn connected(&mut self, stream: Watched<UnixStream>) {
        self.socket_seen = true;
        self.watch = None;
        let mut session = Session::new(self.serves);
        if self.wants_leases {
            session.ask_leases();
        }
        self.connection = Some(UbusConnection { stream, session });
    }

    fn socket_missing(&mut self, now: Duration) {
        // This system has no ubus, so nobody waits for netifd. If the socket existed before, ubusd is only
        // restarting.
        if !self.socket_seen && self.netifd_deadline.take().is_some() {
            self.events.push(UbusEvent::Netifd(None));
        }
        if self.watch.is_none() {
            self.try_later(now);
        }
    }

    fn try_later(&mut self, now: Duration) {
        self.retry = Some(now.saturating_add(self.pause));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// Gives the connection up after `error`, and connects again later.
    fn disconnect(&mut self, now: Duration, error: &io::Error) {
        if error.kind() == io::ErrorKind::InvalidData {
            let text = "received invalid data from ubus's socket: connecting again";
            self.events.push(UbusEvent::Trouble(text.into()));
        }
        self.connection = None;
        self.watch = socket::watch().ok();
        // Our object has gone with the connection, and its subscribers with it.
        self.events.push(UbusEvent::Watched(false));
        self.try_later(now);
    }
}

/// Whether this system lacks a resource for a connection, so that ubusd is not the cause.
fn is_shortage(error: &io::Error) -> bool {
    let codes = [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOBUFS];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

impl UbusConnection {
    /// Sends and receives as much as is possible without waiting.
    // Not inlined: its buffer would make the stack of its callers large, and access to it long.
    #[inline(never)]
    fn transfer(&mut self) -> io::Result<()> {
        self.send()?;
        let mut chunk = [0; CHUNK];
        match self.stream.get().read(&mut chunk) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                let bytes = chunk.get(..count).unwrap_or_default();
                self.session.receive(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.stream.wait_to_read();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Sends as much as is possible without waiting.
    fn send(&mut self) -> io::Result<()> {
        while !self.session.output().is_empty() {
            match self.stream.get().write(self.session.output()) {
                Ok(count) => self.session.sent(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.wait_to_write();
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether there may be something to read, or room for what is to be sent.
    fn is_ready(&self, context: &mut Context<'_>) -> bool {
        let is_readable = self.stream.is_readable(context);
        let sends = !self.session.output().is_empty();
        is_readable || sends && self.stream.is_writable(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_of_descriptors_is_reported_as_such_and_not_as_a_silent_ubusd() {
        let mut ubus = Ubus::new(true);
        let text = |ubus: &Ubus| {
            let event = ubus.silence_of_netifd();
            let UbusEvent::Trouble(text) = event else { panic!("{event:?}") };
            text
        };
        assert!(text(&ubus).starts_with("ubusd does not answer; "), "{}", text(&ubus));
        let full = io::Error::from_raw_os_error(libc::EMFILE);
        assert!(is_shortage(&full));
        assert!(!is_shortage(&io::ErrorKind::ConnectionRefused.into()));
        ubus.shortage = Some(full);
        let text = text(&ubus);
        assert!(text.starts_with("cannot connect to ubus: Too many open files"), "{text}");
    }
}
