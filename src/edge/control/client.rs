//! The client of the control socket, for commands: sends one request and blocks until its answer.

use std::fmt;
use std::io::{self, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{LINE_LIMIT, Reply, SOCKET, TOO_LONG};
use crate::edge::files::read_up_to;

/// How long one read or write may take. Longer than the daemon's own limits together, so that the
/// daemon's error message arrives before this time is over.
const PATIENCE: Duration = Duration::from_secs(12);
/// Most bytes of an answer. The status of ten thousand records fits.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug)]
pub enum ClientError {
    /// No process listens on the socket at this path.
    NotRunning(PathBuf),
    /// This user may not connect to the socket at this path.
    Denied(PathBuf),
    /// This word of the request is empty or contains spaces, so it cannot be sent.
    Word(String),
    /// The request is longer than the daemon accepts.
    TooLong,
    /// The daemon did not answer in time.
    Silent,
    /// The daemon closed the connection without an answer.
    Ended,
    /// Another error of the socket at this path.
    Io(PathBuf, io::Error),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRunning(path) => {
                write!(f, "no daemon is running (no socket at {})", path.display())
            }
            Self::Denied(path) => write!(
                f,
                "no permission to talk to the daemon at {}: only root and its own user may",
                path.display()
            ),
            Self::Word(word) => write!(f, "'{word}' cannot be the name of a section"),
            Self::TooLong => f.write_str(TOO_LONG),
            Self::Silent => f.write_str("the daemon does not answer"),
            Self::Ended => f.write_str("the daemon has ended before it answered"),
            Self::Io(path, error) => {
                write!(f, "cannot talk to the daemon at {}: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            Self::NotRunning(_)
            | Self::Denied(_)
            | Self::Word(_)
            | Self::TooLong
            | Self::Silent
            | Self::Ended => None,
        }
    }
}

/// Sends a request to the daemon whose run directory is `rundir`. `words` are those of
/// [`super::ControlRequest`].
///
/// # Errors
/// If there is no answer. A refusal is an answer, in which [`Reply::ok`] is false.
pub fn ask(rundir: &Path, words: &[&str]) -> Result<Reply, ClientError> {
    for word in words {
        if word.is_empty() || word.contains(|c: char| c.is_ascii_whitespace()) {
            return Err(ClientError::Word((*word).to_owned()));
        }
    }
    let line = words.join(" ");
    if line.len() >= LINE_LIMIT {
        return Err(ClientError::TooLong);
    }
    let path = rundir.join(SOCKET);
    let answer = exchange(&path, &line).map_err(|error| explain(path, error))?;
    match String::from_utf8_lossy(&answer).split_once('\n') {
        Some(("ok", text)) => Ok(Reply { ok: true, text: text.to_owned() }),
        Some(("error", text)) => Ok(Reply { ok: false, text: text.to_owned() }),
        // A daemon that is ended while it answers leaves the first line out or cuts it.
        Some(_) | None => Err(ClientError::Ended),
    }
}

/// Sends `line` and reads the answer to its end.
fn exchange(path: &Path, line: &str) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // The daemon may refuse a request before it has read all of it. Then sending fails, but the
    // reason can still be read.
    let sent = stream
        .write_all(format!("{line}\n").as_bytes())
        .and_then(|()| stream.shutdown(Shutdown::Write));
    let mut bytes = Vec::new();
    let received = read_up_to(LIMIT, &OwnedFd::from(stream).into(), &mut bytes);
    if bytes.is_empty() {
        sent?;
        received?;
    }
    Ok(bytes)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "std has many kinds of errors; these have a sentence of their own"
)]
fn explain(path: PathBuf, error: io::Error) -> ClientError {
    match error.kind() {
        // A daemon that was killed has left its socket, where nobody listens.
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ClientError::NotRunning(path),
        io::ErrorKind::PermissionDenied => ClientError::Denied(path),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ClientError::Silent,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => ClientError::Ended,
        _ => ClientError::Io(path, error),
    }
}
