//! The control socket: commands send requests to the running daemon on it.
//!
//! A connection carries one request. The client sends one line of words. The first line of the answer
//! is `ok` or `error`; the rest is text for people, or JSON. No client can block the event loop: the
//! daemon reads and writes only what is possible without waiting, and connections are limited in size,
//! time and number.

pub mod client;

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::task::Context;

use nix::sys::socket::{getsockopt, sockopt};

use super::clock::uptime;
use super::runtime::Watched;
use crate::proto::control::{ControlRequest, Reply};
use crate::time::Duration;
pub use client::{ClientError, ask};

/// Name of the socket in the run directory.
pub const SOCKET: &str = "control.sock";
/// Most bytes of a request.
const LINE_LIMIT: usize = 4096;
/// The refusal of a longer one.
const TOO_LONG: &str = "the request is longer than 4096 bytes: name fewer sections at a time";
/// How long a client may take to send its request, and again to read the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes that are read of one connection before other work has its turn.
const TURN: usize = 64 * 1024;
/// Most connections at once, so that clients cannot take the descriptors that updates need. A further one takes the
/// place of the oldest that has sent no request yet.
const CONNECTIONS: usize = 16;
/// Pause after an error of `accept`, such as a lack of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// The daemon's end of the socket.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    listener: Watched<UnixListener>,
}

impl Control {
    /// Listens in `rundir`, and replaces a socket that an earlier run left behind. The caller must
    /// hold the instance lock. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// If the directory or the socket cannot be made.
    pub fn bind(rundir: &Path) -> io::Result<Self> {
        crate::edge::files::owner::make_directory(rundir, 0o755)?;
        let path = rundir.join(SOCKET);
        let temporary = rundir.join("control.sock.new");
        // bind(2) fails where a file exists, and a daemon that was killed before the rename has left one.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&temporary)?;
        listener.set_nonblocking(true)?;
        let listener = Watched::new(listener)?;
        // The socket gets its name after its mode, so that other users cannot connect in between.
        // Each connection's user is checked as well.
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o600))?;
        fs::rename(&temporary, &path)?;
        Ok(Self { path, listener })
    }

    /// Whether the socket is still at its path, where clients look for it.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The connections of clients. They outlive the socket on which they came, so that a request that
/// changes the run directory is answered, too.
#[derive(Debug, Default)]
pub struct ControlConnections {
    open: Vec<Connection>,
    /// When connections are accepted again after an error, since boot.
    accepts_from: Duration,
}

#[derive(Debug)]
struct Connection {
    stream: Watched<UnixStream>,
    /// Until when the client must have sent its request or read its answer, since boot.
    deadline: Duration,
    stage: ConnectionStage,
}

#[derive(Debug)]
enum ConnectionStage {
    /// What has been received of the request.
    Request(Vec<u8>),
    /// What is left of the answer.
    Answer(Vec<u8>),
    /// Nothing more is to be done.
    End,
}

impl ControlConnections {
    /// Whether a client may have connected to `control`, or [`ControlConnections::serve`] may go on with one.
    pub fn is_ready(&self, control: Option<&Control>, context: &mut Context<'_>) -> bool {
        let mut is_ready = false;
        // Each one is asked, also after one is ready: what is not asked does not wake the task.
        for connection in &self.open {
            is_ready |= connection.is_ready(context);
        }
        if let Some(control) = control
            && self.may_accept(uptime())
        {
            is_ready |= control.listener.is_readable(context);
        }
        is_ready
    }

    /// Accepts the connection of a client, if one has connected to `control`.
    pub fn accept(&mut self, control: &Control) {
        // Read here, because the daemon may have waited for a client since long before.
        let now = uptime();
        if !self.may_accept(now) {
            return;
        }
        match control.listener.get().accept() {
            Ok((stream, _)) => {
                // If the kernel does not tell whose connection it is, it is closed.
                if let Ok(connection) = Connection::new(stream, now) {
                    self.make_room();
                    self.open.push(connection);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                control.listener.wait_to_read();
            }
            Err(_) => self.accepts_from = now.saturating_add(PAUSE),
        }
    }

    /// Reads requests, has them answered by `answer`, and sends the answers, as far as that is possible
    /// without waiting. `now` is the time since boot.
    pub fn serve(&mut self, now: Duration, answer: &mut dyn FnMut(&ControlRequest) -> Reply) {
        for connection in &mut self.open {
            connection.serve(now, answer);
        }
        self.open.retain(|connection| !matches!(connection.stage, ConnectionStage::End));
    }

    fn may_accept(&self, now: Duration) -> bool {
        let has_room = self.open.len() < CONNECTIONS || self.oldest_without_request().is_some();
        has_room && self.accepts_from <= now
    }

    /// The index of the oldest connection that has sent no request yet, or only a part of one.
    fn oldest_without_request(&self) -> Option<usize> {
        self.open.iter().position(|it| matches!(it.stage, ConnectionStage::Request(_)))
    }

    /// Ends the oldest connection without a request, if there are as many connections as there may be.
    fn make_room(&mut self) {
        if self.open.len() >= CONNECTIONS
            && let Some(index) = self.oldest_without_request()
        {
            let mut connection = self.open.remove(index);
            connection.stage = refusal("no request came, and others needed the connection");
            connection.send_answer(Duration::MAX);
        }
    }

    /// When [`ControlConnections::serve`] must be called even if nothing is ready, since boot.
    pub fn deadline(&self, now: Duration) -> Option<Duration> {
        let first = self.open.iter().map(|connection| connection.deadline).min();
        if self.accepts_from <= now {
            return first;
        }
        Some(first.map_or(self.accepts_from, |first| first.min(self.accepts_from)))
    }
}

impl Connection {
    fn new(stream: UnixStream, now: Duration) -> io::Result<Self> {
        // SO_PEERCRED: the user of the process that has connected (man 7 unix).
        let peer = getsockopt(&stream, sockopt::PeerCredentials)?.uid();
        stream.set_nonblocking(true)?;
        let stream = Watched::both_ways(stream)?;
        let is_allowed = peer == 0 || peer == nix::unistd::geteuid().as_raw();
        let stage = if is_allowed {
            ConnectionStage::Request(Vec::new())
        } else {
            refusal("only root and the daemon's own user may ask")
        };
        Ok(Self { stream, deadline: now.saturating_add(PATIENCE), stage })
    }

    /// Whether [`Connection::serve`] may go on.
    fn is_ready(&self, context: &mut Context<'_>) -> bool {
        match self.stage {
            ConnectionStage::Request(_) => self.stream.is_readable(context),
            ConnectionStage::Answer(_) => self.stream.is_writable(context),
            ConnectionStage::End => true,
        }
    }

    fn serve(&mut self, now: Duration, answer: &mut dyn FnMut(&ControlRequest) -> Reply) {
        if let ConnectionStage::Request(line) = &mut self.stage {
            let next = match read_line(&self.stream, line) {
                Transfer::Waits if self.deadline > now => return,
                Transfer::Waits if line.len() > LINE_LIMIT => refusal(TOO_LONG),
                Transfer::Waits => refusal("no request came in time"),
                Transfer::Done => answer_to(line, answer),
                Transfer::Gone => ConnectionStage::End,
            };
            self.stage = next;
            self.deadline = now.saturating_add(PATIENCE);
        }
        self.send_answer(now);
    }

    /// Sends what can be sent of the answer without waiting.
    fn send_answer(&mut self, now: Duration) {
        if let ConnectionStage::Answer(text) = &mut self.stage {
            let progress = write(&self.stream, text);
            // If the client does not read its answer, nothing depends on that.
            if progress != Transfer::Waits || self.deadline <= now {
                self.stage = ConnectionStage::End;
            }
        }
    }
}

/// How far reading or writing has come.
#[derive(PartialEq, Eq)]
enum Transfer {
    /// It must go on later.
    Waits,
    Done,
    /// The client has closed the connection.
    Gone,
}

impl Transfer {
    fn of(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::WouldBlock { Self::Waits } else { Self::Gone }
    }
}

/// Reads the line of a request. Stops at a line end, or when the client has closed its side. What is longer than
/// [`LINE_LIMIT`] is read, too, but not kept: if the daemon closed a connection with unread bytes, the kernel would
/// tell the client of an error behind the answer (`ECONNRESET`).
fn read_line(stream: &Watched<UnixStream>, line: &mut Vec<u8>) -> Transfer {
    let mut chunk = [0; 512];
    for _ in 0..TURN / chunk.len() {
        let count = match stream.get().read(&mut chunk) {
            Ok(0) if line.is_empty() => return Transfer::Gone,
            Ok(0) => return Transfer::Done,
            Ok(count) => count,
            Err(error) => {
                stream.wait_to_read();
                return Transfer::of(&error);
            }
        };
        let room = (LINE_LIMIT + 1).saturating_sub(line.len());
        line.extend(chunk.iter().take(count.min(room)));
        if chunk.iter().take(count).any(|byte| *byte == b'\n') {
            return Transfer::Done;
        }
    }
    Transfer::Waits
}

/// Sends as much of `text` as is possible without waiting, and removes it from `text`.
fn write(stream: &Watched<UnixStream>, text: &mut Vec<u8>) -> Transfer {
    while !text.is_empty() {
        match stream.get().write(text) {
            Ok(count) => drop(text.drain(..count)),
            Err(error) => {
                stream.wait_to_write();
                return Transfer::of(&error);
            }
        }
    }
    Transfer::Done
}

fn answer_to(line: &[u8], answer: &mut dyn FnMut(&ControlRequest) -> Reply) -> ConnectionStage {
    let line = line.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.len() > LINE_LIMIT {
        return refusal(TOO_LONG);
    }
    let Ok(line) = str::from_utf8(line) else {
        return refusal("the request is not text");
    };
    match ControlRequest::parse(line) {
        Ok(request) => answer_of(answer(&request)),
        Err(why) => refusal(&why),
    }
}

fn refusal(text: &str) -> ConnectionStage {
    answer_of(Reply { ok: false, text: text.to_owned() })
}

fn answer_of(reply: Reply) -> ConnectionStage {
    let word = if reply.ok { "ok" } else { "error" };
    ConnectionStage::Answer(format!("{word}\n{}", reply.text).into_bytes())
}

#[cfg(test)]
mod tests;
