//! A TCP connection with a deadline. A read or write ends at the deadline, however slowly the server
//! sends.

use std::io::{self, Read, Write};
use std::sync::Arc;

use socket2::Socket;

use super::call::Deadline;

/// A TCP connection with a deadline for further reads and writes.
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
            set_timeout(&self.socket, Some(left))?;
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
