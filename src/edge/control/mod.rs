//! The control socket: commands send requests to the running daemon on it.
//!
//! A connection carries one request. The client sends one line of words. The first line of the answer
//! is `ok` or `error`; the rest is text for people, or JSON. A task of its own serves each connection,
//! with limits on size, time and number, so that no client can block the event loop.

pub mod client;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::proto::control::{ControlRequest, Reply};
pub use client::{ClientError, ask};

/// Name of the socket in the run directory.
pub const SOCKET: &str = "control.sock";
/// Most bytes of a request.
const LINE_LIMIT: u64 = 4096;
/// How long a client may take to send its request, and again to read the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the daemon may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// Most connections at once. More connections wait in the kernel's queue.
const CONNECTIONS: usize = 16;
/// Pause after an error of `accept`, such as a lack of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// A request whose client waits for the answer. If this is dropped without an answer, the client gets
/// an error.
#[derive(Debug)]
#[must_use]
pub struct OpenRequest {
    /// The request.
    pub ask: ControlRequest,
    answer: oneshot::Sender<Reply>,
}

impl OpenRequest {
    /// Sends the answer to the client, if it is still connected. Does not block.
    pub fn reply(self, reply: Reply) {
        let _ = self.answer.send(reply);
    }
}

/// The daemon's end of the socket.
pub struct Control {
    path: PathBuf,
    listener: UnixListener,
    /// Limits the number of connections.
    permits: Arc<Semaphore>,
    sender: mpsc::Sender<OpenRequest>,
    requests: mpsc::Receiver<OpenRequest>,
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
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&temporary)?;
        // The socket gets its name after its mode, so that other users cannot connect in between.
        // Each connection's user is checked as well.
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o600))?;
        fs::rename(&temporary, &path)?;
        let (sender, requests) = mpsc::channel(CONNECTIONS);
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        Ok(Self { path, listener, permits, sender, requests })
    }

    /// Whether the socket is still at its path, where clients look for it.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// The next request. Cancel-safe.
    pub async fn next(&mut self) -> OpenRequest {
        loop {
            tokio::select! {
                // `self.sender` keeps the channel open.
                Some(request) = self.requests.recv() => return request,
                accepted = accept(&self.listener, &self.permits) => match accepted {
                    Ok((stream, permit)) => {
                        let sender = self.sender.clone();
                        tokio::spawn(async move {
                            serve(stream, sender).await;
                            drop(permit);
                        });
                    }
                    Err(_) => sleep(PAUSE).await,
                },
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A connection with its permit, one of [`CONNECTIONS`].
async fn accept(
    listener: &UnixListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(UnixStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await;
    let permit = permit.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

/// Serves one connection to its end.
async fn serve(mut stream: UnixStream, sender: mpsc::Sender<OpenRequest>) {
    let reply = match read_request(&mut stream).await {
        Ok(ask) => answer(ask, sender).await,
        Err(Unserved::Refused(text)) => refusal(&text),
        Err(Unserved::Gone) => return,
    };
    let word = if reply.ok { "ok" } else { "error" };
    let text = format!("{word}\n{}", reply.text);
    // If the client does not read its answer, nothing depends on that.
    let _ = timeout(PATIENCE, stream.write_all(text.as_bytes())).await;
}

/// Why a connection brings no request.
enum Unserved {
    /// The client gets this sentence.
    Refused(String),
    /// The client has closed the connection.
    Gone,
}

async fn read_request(stream: &mut UnixStream) -> Result<ControlRequest, Unserved> {
    // SO_PEERCRED: the user of the process that has connected (man 7 unix).
    let peer = stream.peer_cred().map_err(|_| Unserved::Gone)?.uid();
    if peer != 0 && peer != nix::unistd::geteuid().as_raw() {
        return Err(Unserved::Refused("only root and the daemon's own user may ask".into()));
    }
    let mut line = Vec::new();
    // One byte more than the limit shows that the line is too long.
    let mut reader = BufReader::with_capacity(512, stream.take(LINE_LIMIT + 1));
    match timeout(PATIENCE, reader.read_until(b'\n', &mut line)).await {
        Ok(Ok(0) | Err(_)) => return Err(Unserved::Gone),
        Ok(Ok(_)) if line.len() as u64 > LINE_LIMIT => {
            return Err(Unserved::Refused("the request is too long".into()));
        }
        Ok(Ok(_)) => {}
        Err(_) => return Err(Unserved::Refused("no request came in time".into())),
    }
    let Ok(line) = String::from_utf8(line) else {
        return Err(Unserved::Refused("the request is not text".into()));
    };
    ControlRequest::parse(&line).map_err(Unserved::Refused)
}

/// The daemon's answer to `ask`; a refusal if it does not answer in time.
async fn answer(ask: ControlRequest, sender: mpsc::Sender<OpenRequest>) -> Reply {
    let (answer, reply) = oneshot::channel();
    let exchange = async {
        sender.send(OpenRequest { ask, answer }).await.ok()?;
        reply.await.ok()
    };
    match timeout(ANSWER_TIME, exchange).await {
        Ok(Some(reply)) => reply,
        Ok(None) | Err(_) => refusal("the daemon is busy and did not answer"),
    }
}

fn refusal(text: &str) -> Reply {
    Reply { ok: false, text: text.to_owned() }
}

#[cfg(test)]
mod tests;
