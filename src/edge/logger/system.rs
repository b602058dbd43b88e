//! The system log, through the `syslog` crate. Messages have no date: the log daemon adds its own,
//! and formatting one would link the crate's time library.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use syslog::{Error, Facility, LogFormat, LoggerBackend, Severity};

use crate::model::Level;

/// Where log daemons listen.
const SOCKETS: [&str; 3] = ["/dev/log", "/var/run/syslog", "/var/run/log"];
/// How long a write to a log daemon on a stream socket may block the event loop. Datagram sockets
/// do not block at all.
const PATIENCE: Duration = Duration::from_millis(100);

/// `<PRI>ddns-netlink[pid]: text`: the header of RFC 3164 without the date.
#[derive(Clone)]
struct Undated;

impl LogFormat<&str> for Undated {
    fn format<W: Write>(&self, w: &mut W, severity: Severity, text: &str) -> Result<(), Error> {
        let priority = Facility::LOG_USER as u8 | severity as u8;
        let pid = std::process::id();
        // With one write, because each write to a datagram socket is a message.
        write!(w, "<{priority}>ddns-netlink[{pid}]: {text}").map_err(Error::Write)
    }
}

/// The connection to the log daemon. It is made at the first message, and again after an error.
pub(super) struct SystemLog {
    sockets: Vec<PathBuf>,
    logger: Option<syslog::Logger<LoggerBackend, Undated>>,
}

impl SystemLog {
    /// Sends to `socket`, or to the first of [`SOCKETS`] where a daemon listens.
    pub(super) fn new(socket: Option<PathBuf>) -> Self {
        let sockets = match socket {
            Some(path) => vec![path],
            None => SOCKETS.map(PathBuf::from).to_vec(),
        };
        Self { sockets, logger: None }
    }

    /// Sends `text`; false if no log daemon has received it.
    pub(super) fn send(&mut self, level: Level, text: &str) -> bool {
        // If the log daemon was restarted, the first attempt fails, and the second one makes a new
        // connection.
        for _ in 0..2 {
            if self.logger.is_none() {
                self.logger = self.sockets.iter().find_map(|path| connect(path));
            }
            let Some(logger) = &mut self.logger else {
                return false;
            };
            if log(logger, level, text).is_ok() {
                return true;
            }
            self.logger = None;
        }
        false
    }
}

fn log(
    logger: &mut syslog::Logger<LoggerBackend, Undated>,
    level: Level,
    text: &str,
) -> syslog::Result<()> {
    match level {
        Level::Critical => logger.crit(text),
        Level::Error => logger.err(text),
        Level::Warning => logger.warning(text),
        Level::Notice => logger.notice(text),
        Level::Info => logger.info(text),
        Level::Debug => logger.debug(text),
    }
}

fn connect(path: &Path) -> Option<syslog::Logger<LoggerBackend, Undated>> {
    let logger = syslog::unix_custom(Undated, path).ok()?;
    // A log daemon that hangs must not block the event loop.
    match &logger.backend {
        LoggerBackend::Unix(socket) => socket.set_nonblocking(true),
        LoggerBackend::UnixStream(stream) => stream.get_ref().set_write_timeout(Some(PATIENCE)),
        LoggerBackend::Udp(..) | LoggerBackend::Tcp(_) => Ok(()),
    }
    .ok()?;
    Some(logger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::io::Read as _;
    use std::os::unix::net::{UnixDatagram, UnixListener};

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
