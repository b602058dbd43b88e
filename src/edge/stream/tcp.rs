//! A TCP connection with a deadline. A read or write ends at the deadline, however slowly the server
//! sends.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use socket2::Socket;

use super::deadline::{Deadline, wait};

use crate::time::Duration;

/// A TCP connection with a deadline for further reads and writes.
pub(crate) struct Tcp {
    pub(crate) socket: Arc<Socket>,
    until: Deadline,
}

impl Tcp {
    pub(crate) fn new(socket: Arc<Socket>, until: Deadline) -> Self {
        Self { socket, until }
    }

    pub(crate) fn set_deadline(&mut self, until: Deadline) {
        self.until = until;
    }

    /// The time until the deadline.
    pub(super) fn left(&self) -> Duration {
        self.until.left()
    }

    /// Whether the server has neither sent anything that was not read nor ended the connection.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.has_event(PollFlags::POLLIN, Duration::ZERO)
    }

    /// Waits until the connection has ended in both directions, at most `time`.
    pub(crate) fn wait_for_end(&self, time: Duration) {
        // poll(2) always reports POLLHUP and POLLERR.
        self.has_event(PollFlags::empty(), time);
    }

    /// Whether the socket has one of `events`, an error or an end within `time`.
    fn has_event(&self, events: PollFlags, time: Duration) -> bool {
        let mut sources = [PollFd::new(self.socket.as_fd(), events)];
        wait(&mut sources, time);
        sources.iter().any(|source| source.any() != Some(false))
    }

    /// Does `operation`, which ends at the deadline. The time-out of a socket (SO_RCVTIMEO) begins anew
    /// with every system call, so `set_timeout` is called before each.
    fn timed(
        &mut self,
        set_timeout: impl Fn(&Socket, Option<std::time::Duration>) -> io::Result<()>,
        mut operation: impl FnMut(&Socket) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            let left = self.until.left();
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            set_timeout(&self.socket, Some(left.into()))?;
            match operation(&self.socket) {
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

/// Begins to connect `socket`, which must not block, to `server`.
pub(crate) fn begin_to_connect(socket: &Socket, server: SocketAddr) -> io::Result<()> {
    match socket.connect(&server.into()) {
        Err(error) if error.raw_os_error() == Some(Errno::EINPROGRESS as i32) => Ok(()),
        result => result,
    }
}

/// Whether the connection is open or has failed; `None` while it is being opened.
pub(crate) fn opened(socket: &Socket) -> Option<io::Result<()>> {
    // SO_ERROR is empty while a connection is being opened and also when it is open (man 2 connect,
    // EINPROGRESS). Only an open connection has a peer.
    match socket.take_error() {
        Ok(None) if socket.peer_addr().is_err() => None,
        // Reads and writes on an open connection block. A request is written at once, so Nagle's
        // algorithm, which waits for more bytes, would only delay it.
        Ok(None) => Some(socket.set_nonblocking(false).and_then(|()| socket.set_tcp_nodelay(true))),
        Ok(Some(error)) | Err(error) => Some(Err(error)),
    }
}

/// Connects `socket` to `server` within `limit`.
pub(crate) fn connect(socket: &Socket, server: SocketAddr, limit: Duration) -> io::Result<()> {
    let until = Deadline::after(limit);
    socket.set_nonblocking(true)?;
    begin_to_connect(socket, server)?;
    loop {
        if let Some(result) = opened(socket) {
            return result;
        }
        let left = until.left();
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        wait(&mut [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)], left);
    }
}
