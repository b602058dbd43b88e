//! TLS on a TCP connection: rustls decides, this carries its bytes.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::tcp::Tcp;
use super::tls_failure;

/// A connection whose handshake is done.
pub(super) struct Tls {
    connection: ClientConnection,
    pub(super) tcp: Tcp,
}

/// Why TLS goes no further.
pub(super) enum Broken {
    /// The connection under it.
    Tcp(io::Error),
    /// TLS itself.
    Tls(rustls::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Tcp(error)
    }
}

impl From<rustls::Error> for Broken {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Tcp(error) => error,
            Broken::Tls(error) => Self::new(io::ErrorKind::InvalidData, tls_failure::text(&error)),
        }
    }
}

impl Tls {
    /// Shakes hands with the server, which must prove that it is `name`.
    pub(super) fn connect(
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
        tcp: Tcp,
    ) -> Result<Self, Broken> {
        let connection = ClientConnection::new(Arc::clone(config), name)?;
        let mut tls = Self { connection, tcp };
        while tls.connection.is_handshaking() {
            tls.send()?;
            if tls.receive()? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
        tls.send()?;
        Ok(tls)
    }

    /// Reads what the server says; 0 is its proper end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.receive()?;
                    // New keys may have to be answered.
                    self.send()?;
                }
                result => return result,
            }
        }
    }

    /// Sends all of `bytes`.
    pub(super) fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = self.connection.writer().write(bytes)?;
            bytes = bytes.get(taken..).unwrap_or_default();
            self.send()?;
        }
        Ok(())
    }

    /// Takes in what comes next; 0 at the end of the connection.
    fn receive(&mut self) -> Result<usize, Broken> {
        let amount = self.connection.read_tls(&mut self.tcp)?;
        if let Err(error) = self.connection.process_new_packets() {
            // The alert tells the server why.
            let _ = self.send();
            return Err(error.into());
        }
        Ok(amount)
    }

    fn send(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.tcp)?;
        }
        Ok(())
    }
}
