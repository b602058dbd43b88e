//! ubus, OpenWrt's bus of services: what netifd says of logical interfaces, and our own object.
//!
//! [`proto::ubus`](crate::proto::ubus) makes bytes of requests and events of bytes; here the bytes are
//! moved. Where there is no ubus, as on most Linux, nothing is said and
//! nothing woken: the kernel tells if its socket appears.

mod socket;

use std::io;
use std::time::Duration;

use nix::libc;
use serde_json::Value as Json;
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::edge::clock;
use crate::model::sorted::take_first;
use crate::proto::control::ControlAnswer;
use crate::proto::ubus::session::{MethodCall, Session, UbusEvent};
use socket::Watch;

/// How long netifd may be silent before `once` goes on without it.
const SHORT_PATIENCE: Duration = Duration::from_secs(3);
/// How long netifd may be silent before the log says so.
const PATIENCE: Duration = Duration::from_secs(15);
/// First and longest pause after a socket that does not answer.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));
/// Most kinds of trouble that are told, each once.
const TROUBLES: usize = 16;
/// Most bytes that are read at once.
const CHUNK: usize = 8192;

/// The bus as the daemon sees it.
#[derive(Debug)]
pub struct Ubus {
    /// Whether this is a daemon, which has an object and waits for netifd.
    serves: bool,
    link: Option<Link>,
    watch: Option<Watch>,
    /// When to connect, since boot; `None`: when something appears.
    retry: Option<Duration>,
    pause: Duration,
    /// Until when netifd may be silent, since boot; `None` once that is settled.
    patience: Option<Duration>,
    /// Whether there was ever a socket.
    seen: bool,
    /// Why we could not even try to connect the last time.
    shortage: Option<io::Error>,
    events: Vec<UbusEvent>,
    /// What was said already.
    told: Vec<String>,
}

/// A connection.
#[derive(Debug)]
struct Link {
    stream: UnixStream,
    session: Session,
}

impl Ubus {
    /// Connects as soon as it is asked for the next event. `serves` is false for a run that ends.
    pub fn new(serves: bool) -> Self {
        let now = clock::uptime();
        Self {
            serves,
            link: None,
            watch: None,
            retry: Some(now),
            pause: PAUSES.0,
            patience: Some(now.saturating_add(if serves { PATIENCE } else { SHORT_PATIENCE })),
            seen: false,
            shortage: None,
            events: Vec::new(),
            told: Vec::new(),
        }
    }

    /// What is heard next. Cancel-safe. Must be called within a tokio runtime with I/O and time.
    pub async fn next(&mut self) -> UbusEvent {
        loop {
            // Reads may succeed for ever under a flood, and timers want their turn.
            tokio::task::coop::consume_budget().await;
            if let Some(event) = self.step(clock::uptime()) {
                return event;
            }
            self.wait().await;
        }
    }

    /// Answers a call.
    pub fn answer(&mut self, call: &MethodCall, answer: ControlAnswer) {
        if let Some(link) = &mut self.link {
            link.session.answer(call, answer);
        }
    }

    /// Tells those who have subscribed to our object.
    pub fn notify(&mut self, name: &str, data: &Json) {
        if let Some(link) = &mut self.link {
            link.session.notify(name, data);
        }
    }

    /// Does what can be done without waiting.
    fn step(&mut self, now: Duration) -> Option<UbusEvent> {
        if self.link.is_none() && self.retry.is_some_and(|at| at <= now) {
            self.connect(now);
        }
        if let Some(link) = &mut self.link {
            let moved = link.pump();
            self.events.extend(std::iter::from_fn(|| link.session.next_event()));
            if let Err(error) = moved {
                self.lost(now, &error);
            }
        }
        if self.patience.is_some_and(|until| until <= now) {
            self.patience = None;
            self.events.push(self.out_of_patience());
        }
        while let Some(event) = take_first(&mut self.events) {
            if self.is_news(&event) {
                return Some(event);
            }
        }
        None
    }

    /// Whether to pass it on; trouble is told once.
    fn is_news(&mut self, event: &UbusEvent) -> bool {
        match event {
            UbusEvent::Netifd(networks) => {
                self.patience = None;
                if networks.is_some() {
                    self.pause = PAUSES.0;
                }
                true
            }
            UbusEvent::Trouble(text) => {
                let new = self.told.len() < TROUBLES && !self.told.contains(text);
                self.told.extend(new.then(|| text.clone()));
                new
            }
            UbusEvent::Called(_) | UbusEvent::Watched(_) => true,
        }
    }

    fn out_of_patience(&self) -> UbusEvent {
        if !self.serves {
            return UbusEvent::Netifd(None);
        }
        let text = "names of interfaces cannot be resolved before that";
        if let Some(error) = &self.shortage {
            return UbusEvent::Trouble(format!(
                "no connection to ubus can be made: {error}; {text}"
            ));
        }
        let who = if self.link.is_some() { "netifd" } else { "ubusd" };
        UbusEvent::Trouble(format!("{who} does not answer on ubus: {text}"))
    }

    fn connect(&mut self, now: Duration) {
        self.retry = None;
        if self.watch.is_none() {
            self.watch = Watch::new().ok();
        }
        let found = socket::connect();
        self.shortage = None;
        self.seen |= matches!(found, Ok(Some(_)));
        match found {
            Ok(Some(stream)) => {
                self.watch = None;
                self.link = Some(Link { stream, session: Session::new(self.serves) });
            }
            Ok(None) => {
                // Nobody to wait for, unless ubusd only starts again.
                if !self.seen && self.patience.take().is_some() {
                    self.events.push(UbusEvent::Netifd(None));
                }
                if self.watch.is_none() {
                    self.try_later(now);
                }
            }
            Err(error) if is_shortage(&error) => {
                self.shortage = Some(error);
                self.try_later(now);
            }
            Err(_) => {
                self.seen = true;
                self.try_later(now);
            }
        }
    }

    fn try_later(&mut self, now: Duration) {
        self.retry = Some(now.saturating_add(self.pause));
        self.pause = (self.pause * 2).min(PAUSES.1);
    }

    fn lost(&mut self, now: Duration, error: &io::Error) {
        if error.kind() == io::ErrorKind::InvalidData {
            let text = "what comes from ubus's socket cannot be understood: connecting again";
            self.events.push(UbusEvent::Trouble(text.into()));
        }
        self.link = None;
        self.watch = Watch::new().ok();
        self.events.push(UbusEvent::Watched(false));
        self.try_later(now);
    }

    /// Waits until there may be something to do.
    async fn wait(&mut self) {
        let patience = self.patience.into_iter();
        let deadline = patience.chain(self.retry.filter(|_| self.link.is_none())).min();
        let something = async {
            match (&self.link, &self.watch) {
                (Some(link), _) => link.ready().await,
                (None, Some(watch)) => watch.stirred().await,
                (None, None) => std::future::pending().await,
            }
        };
        let stirred = match deadline {
            None => {
                something.await;
                true
            }
            Some(at) => {
                let left = at.saturating_sub(clock::uptime());
                tokio::time::timeout(left, something).await.is_ok()
            }
        };
        if stirred && self.link.is_none() {
            // What appeared may be the directory: it is to be watched as well.
            self.watch = None;
            self.retry = Some(clock::uptime());
        }
    }
}

/// Whether it is the system that lacks something, and not the socket that does not answer.
fn is_shortage(error: &io::Error) -> bool {
    let of_system = [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOBUFS];
    error.raw_os_error().is_some_and(|code| of_system.contains(&code))
}

impl Link {
    /// Sends and receives what can be sent and received now.
    fn pump(&mut self) -> io::Result<()> {
        while !self.session.output().is_empty() {
            match self.stream.try_write(self.session.output()) {
                Ok(count) => self.session.sent(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let mut chunk = [0; CHUNK];
        match self.stream.try_read(&mut chunk) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                let bytes = chunk.get(..count).unwrap_or_default();
                self.session.receive(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn ready(&self) {
        let unsent = !self.session.output().is_empty();
        let interest =
            if unsent { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        // An error shows itself at the next read.
        let _ = self.stream.ready(interest).await;
    }
}
