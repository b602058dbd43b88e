//! The command line's end of the control socket: blocking, one question, one answer.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Reply, SOCKET};

/// Longer than the daemon's own limits, so that its word comes before ours.
const PATIENCE: Duration = Duration::from_secs(12);
/// Most bytes of an answer: ten thousand records have room.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug)]
pub enum ClientError {
    /// Nobody listens there.
    NotRunning(PathBuf),
    /// Somebody listens there, but not to us.
    Denied(PathBuf),
    /// A word that cannot be sent, such as an empty one or one with spaces.
    Word(String),
    /// The daemon hung up or did not answer in time.
    Silent,
    /// Anything else.
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
            Self::Silent => f.write_str("the daemon does not answer"),
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
            Self::NotRunning(_) | Self::Denied(_) | Self::Word(_) | Self::Silent => None,
        }
    }
}

/// Asks the daemon whose run directory is `rundir`; see [`super::ControlRequest`] for the words.
///
/// # Errors
/// When there is no answer. A daemon that says no is an answer: [`Reply::ok`].
pub fn ask(rundir: &Path, words: &[&str]) -> Result<Reply, ClientError> {
    let odd = |word: &&&str| word.is_empty() || word.contains(|c: char| c.is_ascii_whitespace());
    if let Some(word) = words.iter().find(odd) {
        return Err(ClientError::Word((*word).to_owned()));
    }
    let path = rundir.join(SOCKET);
    let told = exchange(&path, &words.join(" ")).map_err(|error| explain(path, error))?;
    let text = String::from_utf8_lossy(&told);
    let (first, rest) = text.split_once('\n').ok_or(ClientError::Silent)?;
    let ok = match first {
        "ok" => true,
        "error" => false,
        _ => return Err(ClientError::Silent),
    };
    Ok(Reply { ok, text: rest.to_owned() })
}

fn exchange(path: &Path, line: &str) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // The daemon may refuse before it has read everything; its reason still arrives.
    let sent = stream
        .write_all(format!("{line}\n").as_bytes())
        .and_then(|()| stream.shutdown(Shutdown::Write));
    let mut bytes = Vec::new();
    let received = stream.take(LIMIT).read_to_end(&mut bytes);
    if bytes.is_empty() {
        sent?;
        received?;
    }
    Ok(bytes)
}

fn explain(path: PathBuf, error: io::Error) -> ClientError {
    let kind = error.kind();
    if kind == io::ErrorKind::NotFound || kind == io::ErrorKind::ConnectionRefused {
        ClientError::NotRunning(path)
    } else if kind == io::ErrorKind::PermissionDenied {
        ClientError::Denied(path)
    } else if kind == io::ErrorKind::WouldBlock || kind == io::ErrorKind::TimedOut {
        ClientError::Silent
    } else {
        ClientError::Io(path, error)
    }
}
