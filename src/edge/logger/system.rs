//! The system log (RFC 3164). Messages have no date: the log daemon adds its own.

use std::io::{self, Write as _};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::libc;

use crate::model::Level;

/// Where log daemons listen.
const SOCKETS: [&str; 3] = ["/dev/log", "/var/run/syslog", "/var/run/log"];
/// How long a write to a log daemon on a stream socket may block the event loop. Datagram sockets
/// do not block at all.
const PATIENCE: Duration = Duration::from_millis(100);
/// The facility `LOG_USER`. The priority of a message is this and its severity.
const USER: u8 = 1 << 3;

/// The connection to the log daemon. It is made at the first message, and again after an error.
pub(super) struct SystemLog {
    sockets: Vec<PathBuf>,
    connection: Option<LogConnection>,
}

/// A socket of either kind.
enum LogConnection {
    Datagram(UnixDatagram),
    Stream(UnixStream),
}

impl SystemLog {
    /// Sends to `socket`, or to the first of [`SOCKETS`] where a daemon listens.
    pub(super) fn new(socket: Option<PathBuf>) -> Self {
        let sockets = match socket {
            Some(path) => vec![path],
            None => SOCKETS.iter().map(PathBuf::from).collect(),
        };
        Self { sockets, connection: None }
    }

    /// Sends `text`; false if no log daemon has received it.
    pub(super) fn send(&mut self, level: Level, text: &str) -> bool {
        let priority = USER | level as u8;
        let pid = std::process::id();
        let message = format!("<{priority}>ddns-netlink[{pid}]: {text}");
        // If the log daemon was restarted, the first attempt fails, and the second one makes a new
        // connection.
        for _ in 0..2 {
            if self.connection.is_none() {
                self.connection = self.sockets.iter().find_map(|path| connect(path).ok());
            }
            let sent = match &mut self.connection {
                None => return false,
                Some(LogConnection::Datagram(socket)) => socket.send(message.as_bytes()).map(drop),
                // In a stream a NUL is the end of each message.
                Some(LogConnection::Stream(stream)) => {
                    stream.write_all(message.as_bytes()).and_then(|()| stream.write_all(&[0]))
                }
            };
            if sent.is_ok() {
                return true;
            }
            self.connection = None;
        }
        false
    }
}

/// A log daemon that hangs must not block the event loop.
fn connect(path: &Path) -> io::Result<LogConnection> {
    let socket = UnixDatagram::unbound()?;
    match socket.connect(path) {
        Ok(()) => {
            socket.set_nonblocking(true)?;
            Ok(LogConnection::Datagram(socket))
        }
        // It listens on a stream socket.
        Err(error) if error.raw_os_error() == Some(libc::EPROTOTYPE) => {
            let stream = UnixStream::connect(path)?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(LogConnection::Stream(stream))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::io::Read as _;
    use std::os::unix::net::UnixListener;

    fn receive(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 4096];
        let size = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..size].to_vec()).unwrap()
    }

    #[test]
    fn messages_arrive_after_the_log_daemon_was_restarted() {
        let scratch = Scratch::new("syslog-restart");
        let path = scratch.path().join("log");
        let mut system = SystemLog::new(Some(path.clone()));
        assert!(!system.send(Level::Notice, "too early"));
        let pid = std::process::id();
        for text in ["first", "second"] {
            let daemon = UnixDatagram::bind(&path).unwrap();
            assert!(system.send(Level::Warning, text));
            assert_eq!(receive(&daemon), format!("<12>ddns-netlink[{pid}]: {text}"));
            drop(daemon);
            std::fs::remove_file(&path).unwrap();
        }
        assert!(!system.send(Level::Notice, "gone"));
    }

    #[test]
    fn each_level_is_sent_with_its_priority() {
        let scratch = Scratch::new("syslog-levels");
        let path = scratch.path().join("log");
        let daemon = UnixDatagram::bind(&path).unwrap();
        let mut system = SystemLog::new(Some(path));
        for (level, priority) in [
            (Level::Critical, "<10>"),
            (Level::Error, "<11>"),
            (Level::Warning, "<12>"),
            (Level::Notice, "<13>"),
            (Level::Info, "<14>"),
        ] {
            assert!(system.send(level, "x"));
            assert!(receive(&daemon).starts_with(priority));
        }
    }

    #[test]
    fn a_log_daemon_that_does_not_read_does_not_block_the_sender() {
        let scratch = Scratch::new("syslog-full");
        let path = scratch.path().join("log");
        let _daemon = UnixDatagram::bind(&path).unwrap();
        let mut system = SystemLog::new(Some(path));
        assert!((0..100_000).any(|_| !system.send(Level::Info, "x")));
    }

    #[test]
    fn messages_are_sent_to_a_stream_socket() {
        let scratch = Scratch::new("syslog-stream");
        let path = scratch.path().join("log");
        let daemon = UnixListener::bind(&path).unwrap();
        let mut system = SystemLog::new(Some(path));
        assert!(system.send(Level::Info, "x"));
        drop(system);
        let mut text = String::new();
        daemon.accept().unwrap().0.read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("<14>ddns-netlink[{}]: x\0", std::process::id()));
    }
}
