//! The control socket: how the command line asks the running daemon.
//!
//! One request per connection. The client sends one line of words; the answer's first line is `ok`
//! or `error`, the rest is text for people (or JSON). Connections are served by tasks of their own
//! with limits on size, time and number, so that no client can hold up the event loop.

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
/// Most time that a client may take to ask, and again to read the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most time that the daemon may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// Most connections at once; others wait in the kernel's queue.
const CONNECTIONS: usize = 16;
/// How long to wait after a connection could not be taken, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// A request that waits for its answer. Dropped without one, the client is told so.
#[derive(Debug)]
#[must_use]
pub struct Request {
    /// What is asked.
    pub ask: ControlRequest,
    answer: oneshot::Sender<Reply>,
}

impl Request {
    /// Answers; never blocks, even if the client is gone.
    pub fn reply(self, reply: Reply) {
        let _ = self.answer.send(reply);
    }
}

/// The daemon's end of the socket.
pub struct Control {
    path: PathBuf,
    listener: UnixListener,
    places: Arc<Semaphore>,
    sender: mpsc::Sender<Request>,
    requests: mpsc::Receiver<Request>,
}

impl Control {
    /// Listens in `rundir`, taking the place of a socket that an earlier run left behind: the
    /// caller holds the instance lock. Must be called within the runtime.
    ///
    /// # Errors
    /// As the system says.
    pub fn bind(rundir: &Path) -> io::Result<Self> {
        crate::edge::files::owner::make_directory(rundir, 0o755)?;
        let path = rundir.join(SOCKET);
        let temporary = rundir.join("control.sock.new");
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&temporary)?;
        // Only now does it get its name: nobody can find it with a looser mode. Whoever connects
        // has to show credentials in any case.
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o600))?;
        fs::rename(&temporary, &path)?;
        let (sender, requests) = mpsc::channel(CONNECTIONS);
        Ok(Self { path, listener, places: Arc::new(Semaphore::new(CONNECTIONS)), sender, requests })
    }

    /// Whether somebody who looks for the socket finds it.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// The next request. Nothing is lost when this is dropped halfway, as `select!` does.
    pub async fn next(&mut self) -> Request {
        loop {
            tokio::select! {
                // The sender lives in self, so the channel cannot end.
                Some(request) = self.requests.recv() => return request,
                accepted = accept(&self.listener, &self.places) => match accepted {
                    Ok((stream, place)) => {
                        let sender = self.sender.clone();
                        tokio::spawn(async move {
                            serve(stream, sender).await;
                            drop(place);
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

/// A connection and its place among the [`CONNECTIONS`].
async fn accept(
    listener: &UnixListener,
    places: &Arc<Semaphore>,
) -> io::Result<(UnixStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

async fn serve(mut stream: UnixStream, sender: mpsc::Sender<Request>) {
    let reply = match read_request(&mut stream).await {
        Ok(ask) => answer(ask, sender).await,
        Err(Some(text)) => Reply { ok: false, text },
        Err(None) => return,
    };
    let word = if reply.ok { "ok" } else { "error" };
    let text = format!("{word}\n{}", reply.text);
    // A client that does not read is no concern of ours.
    let _ = timeout(PATIENCE, stream.write_all(text.as_bytes())).await;
}

/// `Err(None)` if there is nobody to answer.
async fn read_request(stream: &mut UnixStream) -> Result<ControlRequest, Option<String>> {
    let peer = stream.peer_cred().map_err(|_| None)?.uid();
    if peer != 0 && peer != nix::unistd::geteuid().as_raw() {
        return Err(Some("only root and the daemon's own user may ask".into()));
    }
    let mut line = Vec::new();
    let mut reader = BufReader::with_capacity(512, stream.take(LINE_LIMIT + 1));
    match timeout(PATIENCE, reader.read_until(b'\n', &mut line)).await {
        Ok(Ok(0) | Err(_)) => return Err(None),
        Ok(Ok(_)) if line.len() as u64 > LINE_LIMIT => {
            return Err(Some("the request is too long".into()));
        }
        Ok(Ok(_)) => {}
        Err(_) => return Err(Some("no request came in time".into())),
    }
    let line = String::from_utf8(line).map_err(|_| Some("the request is not text".into()))?;
    ControlRequest::parse(&line).map_err(Some)
}

async fn answer(ask: ControlRequest, sender: mpsc::Sender<Request>) -> Reply {
    let (answer, reply) = oneshot::channel();
    let exchange = async {
        sender.send(Request { ask, answer }).await.ok()?;
        // Held any longer, it would be one more sender for nothing.
        drop(sender);
        reply.await.ok()
    };
    let reply = timeout(ANSWER_TIME, exchange).await.ok().flatten();
    reply.unwrap_or_else(|| Reply {
        ok: false,
        text: "the daemon is busy and did not answer".into(),
    })
}

#[cfg(test)]
mod tests;
