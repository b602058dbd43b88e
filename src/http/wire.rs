//! Bytes on a connection. No read or write outlives the call's deadline, however slowly the other
//! side drips.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use socket2::Socket;
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};
use ureq::{Error, Timeout};

use super::HEADER_LIMIT;
use super::call::{Call, Deadline};
use super::head::Head;
use super::tls::Tls;

/// Input: a header must fit. Output: a URL must fit, in one line.
const BUFFER: usize = 2 * HEADER_LIMIT;

/// A TCP connection with a deadline for whatever is done next.
pub(super) struct Tcp {
    socket: Arc<Socket>,
    until: Deadline,
}

impl Tcp {
    pub(super) fn new(socket: Arc<Socket>, until: Deadline) -> Self {
        Self { socket, until }
    }

    pub(super) fn set_deadline(&mut self, until: Deadline) {
        self.until = until;
    }

    /// Does `work` under the deadline. The socket's own time-out starts anew with every system
    /// call, so it is set before each.
    fn timed(
        &mut self,
        set: impl Fn(&Socket, Option<std::time::Duration>) -> io::Result<()>,
        mut work: impl FnMut(&Socket) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            let left = self.until.left();
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            set(&self.socket, Some(left))?;
            match work(&self.socket) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                result => return result,
            }
        }
    }
}

impl Read for Tcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.timed(Socket::set_read_timeout, |mut socket| socket.read(buffer))
    }
}

impl Write for Tcp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.timed(Socket::set_write_timeout, |mut socket| socket.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// With or without TLS.
pub(super) enum Stream {
    Plain(Tcp),
    Tls(Box<Tls>),
}

/// The connection as ureq sees it.
pub(super) struct Wire {
    call: Arc<Call>,
    stream: Stream,
    buffers: LazyBuffers,
    head: Head,
    /// Goes before the path of the request line, once: a proxy wants the whole URL (RFC 9112
    /// section 3.2.2) and ureq writes the path only.
    origin: Option<String>,
}

impl Wire {
    pub(super) fn new(call: Arc<Call>, stream: Stream, origin: Option<String>) -> Self {
        Self {
            call,
            stream,
            buffers: LazyBuffers::new(BUFFER, BUFFER),
            head: Head::default(),
            origin,
        }
    }

    /// Sets the deadline of the next read or write; what to say if it passes.
    fn arm(&mut self, timeout: NextTimeout) -> Timeout {
        let (until, reason) = match timeout.after {
            Duration::Exact(after) => (self.call.stage(after), timeout.reason),
            Duration::NotHappening => (self.call.deadline, Timeout::Global),
        };
        match &mut self.stream {
            Stream::Plain(tcp) => tcp.set_deadline(until),
            Stream::Tls(tls) => tls.tcp.set_deadline(until),
        }
        if until == self.call.deadline { Timeout::Global } else { reason }
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let reason = self.arm(timeout);
        self.call.set_sent();
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        let absolute = self.origin.take().map(|origin| insert_origin(output, &origin));
        let output = absolute.as_deref().unwrap_or(output);
        let written = match &mut self.stream {
            Stream::Plain(tcp) => tcp.write_all(output),
            Stream::Tls(tls) => tls.write_all(output),
        };
        written.map_err(|error| translate(error, reason))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let reason = self.arm(timeout);
        let input = self.buffers.input_append_buf();
        let read = match &mut self.stream {
            Stream::Plain(tcp) => tcp.read(input),
            Stream::Tls(tls) => tls.read(input),
        };
        let amount = read.map_err(|error| translate(error, reason))?;
        self.head.tidy(input.get_mut(..amount).unwrap_or_default());
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// Asked before a connection is used again, which ours never are.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

fn translate(error: io::Error, reason: Timeout) -> Error {
    if error.kind() == io::ErrorKind::TimedOut {
        return Error::Timeout(reason);
    }
    Error::Io(error)
}

/// `GET /path` becomes `GET http://host/path`.
fn insert_origin(output: &[u8], origin: &str) -> Vec<u8> {
    let after_method = output.iter().position(|&byte| byte == b' ');
    let (method, rest) = output.split_at(after_method.map_or(0, |space| space + 1));
    [method, origin.as_bytes(), rest].concat()
}
