//! The run directory (`ddns_rundir`): its lock and the control socket.

use std::path::{Path, PathBuf};

use super::say;
use crate::edge::control::Control;
use crate::edge::files::lock::{InstanceLock, LockError, lock};
use crate::edge::files::run::RunFiles;
use crate::edge::logger::Logger;
use crate::model::Level;

pub(super) struct RunDirectory {
    path: PathBuf,
    /// While it is held, no other instance serves this directory.
    lock: InstanceLock,
    control: ControlSocket,
}

/// The socket on which commands reach the daemon.
enum ControlSocket {
    /// The mode answers no commands.
    Unused,
    /// It has not been made, or could not be.
    Closed,
    Open(Control),
}

impl RunDirectory {
    /// The directory of a daemon; [`RunDirectory::listen`] opens its socket.
    pub(super) fn with_control_socket(path: PathBuf, lock: InstanceLock) -> Self {
        Self { control: ControlSocket::Closed, ..Self::without_control_socket(path, lock) }
    }

    pub(super) fn without_control_socket(path: PathBuf, lock: InstanceLock) -> Self {
        Self { path, lock, control: ControlSocket::Unused }
    }

    /// The files in it that LuCI reads, none of which is written yet.
    pub(super) fn run_files(&self) -> RunFiles {
        RunFiles::new(self.path.clone(), std::process::id())
    }

    /// Opens the control socket anew, if the mode has one. Without it the daemon still does its work.
    pub(super) fn listen(&mut self, logger: &mut Logger) {
        if matches!(self.control, ControlSocket::Unused) {
            return;
        }
        // A socket removes its file when it is dropped, and the new one has the same name.
        self.control = ControlSocket::Closed;
        match Control::bind(&self.path) {
            Ok(control) => self.control = ControlSocket::Open(control),
            Err(error) => {
                let rundir = self.path.display();
                let text = format!(
                    "status, why, update, stop and start will not work: no socket in {rundir}: {error}"
                );
                say(logger, Level::Warning, text);
            }
        }
    }

    /// Whether the control socket could not be opened, or somebody has removed it.
    pub(super) fn lacks_socket(&self) -> bool {
        match &self.control {
            ControlSocket::Unused => false,
            ControlSocket::Closed => true,
            ControlSocket::Open(control) => !control.is_there(),
        }
    }

    /// Makes the directory again, with the lock and the socket, if somebody has removed it. Whether
    /// that was so.
    pub(super) fn restore(&mut self, logger: &mut Logger) -> Result<bool, String> {
        if self.lock.is_there() {
            return Ok(false);
        }
        let rundir = self.path.display().to_string();
        self.lock = lock(&self.path).map_err(|why| format!("{rundir} was removed: {why}"))?;
        self.listen(logger);
        say(logger, Level::Notice, format!("{rundir} was removed, and is made again"));
        Ok(true)
    }

    /// Takes the lock of another directory.
    pub(super) fn lock_instead(&self, path: PathBuf) -> Result<Self, LockError> {
        let lock = lock(&path)?;
        // The open socket stays with the old directory, which removes it.
        let control = match self.control {
            ControlSocket::Unused => ControlSocket::Unused,
            ControlSocket::Closed | ControlSocket::Open(_) => ControlSocket::Closed,
        };
        Ok(Self { path, lock, control })
    }

    /// Whether this is the directory `path`.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        self.path == path
    }

    /// The control socket, where there is one.
    pub(super) fn control(&self) -> Option<&Control> {
        match &self.control {
            ControlSocket::Open(control) => Some(control),
            ControlSocket::Unused | ControlSocket::Closed => None,
        }
    }

    /// Removes the control socket.
    pub(super) fn close(&mut self) {
        if matches!(self.control, ControlSocket::Open(_)) {
            self.control = ControlSocket::Closed;
        }
    }
}
