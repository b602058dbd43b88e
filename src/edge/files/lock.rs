//! The lock that makes a daemon the only one in its run directory.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::fcntl::OFlag;

use super::owner::make_directory;

const LOCK: &str = "ddns-netlink.lock";
/// Nobody else may open the file: whoever can read it can lock it.
const MODE: u32 = 0o600;
/// How often, and how long apart, a lock is tried that a process holds which is no daemon as far as
/// can be seen: a daemon that has just started has not written its number yet.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// Proof that no other daemon uses this run directory; ends with the process.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct InstanceLock {
    file: File,
    path: PathBuf,
}

/// Why the lock could not be had.
#[derive(Debug)]
pub enum LockError {
    /// Another instance holds it; its process id, if it can be seen.
    Running(Option<u32>),
    /// Another program holds the lock at this path.
    Stranger(PathBuf, u32),
    /// The run directory cannot be used.
    Directory(PathBuf, io::Error),
    /// The lock file cannot be made.
    File(PathBuf, io::Error),
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(Some(pid)) => {
                write!(f, "another instance is running (process {pid})")
            }
            Self::Running(None) => f.write_str("another instance is running"),
            Self::Stranger(path, pid) => {
                let path = path.display();
                write!(f, "process {pid} holds the lock {path} and is not ddns-netlink: end it")
            }
            Self::Directory(path, error) => write!(f, "ddns_rundir {}: {error}", path.display()),
            Self::File(path, error) => write!(f, "cannot lock {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for LockError {}

/// Makes this process the only instance with `rundir`. The file stays behind; the lock does not.
///
/// # Errors
/// If another process holds the lock, the file cannot be made, or others can change the directory.
pub fn lock(rundir: &Path) -> Result<InstanceLock, LockError> {
    let directory = |error| LockError::Directory(rundir.to_owned(), error);
    make_directory(rundir, 0o755).map_err(directory)?;
    let path = rundir.join(LOCK);
    let fail = |error| LockError::File(path.clone(), error);
    let mut tries = 0;
    loop {
        let file = open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {
                let lock = InstanceLock { file, path: path.clone() };
                if lock.begin().map_err(fail)? {
                    return Ok(lock);
                }
            }
            Err(TryLockError::Error(error)) => return Err(fail(error)),
            Err(TryLockError::WouldBlock) => {
                let other = match holder(&file) {
                    Holder::Daemon(pid) => return Err(LockError::Running(Some(pid))),
                    Holder::Unseen => return Err(LockError::Running(None)),
                    Holder::Other(pid) => pid,
                };
                if tries < TRIES {
                    thread::sleep(PAUSE);
                } else if tries == TRIES && is_open(&file) {
                    // Earlier versions made files that everybody could lock.
                    fs::remove_file(&path).map_err(fail)?;
                } else {
                    return Err(LockError::Stranger(path, other));
                }
            }
        }
        tries += 1;
    }
}

/// Opens the lock file, made if need be. What is not a file of ours is removed before.
fn open(path: &Path) -> io::Result<File> {
    let ours = nix::unistd::geteuid().as_raw();
    if let Ok(found) = fs::symlink_metadata(path)
        && !(found.is_file() && [0, ours].contains(&found.uid()))
    {
        fs::remove_file(path)?;
    }
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        // Until the lock is ours, the content is another's.
        .truncate(false)
        .mode(MODE)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)
}

/// Whether others can open the file, and so lock it.
fn is_open(file: &File) -> bool {
    file.metadata().is_ok_and(|data| data.mode() & !MODE & 0o777 != 0)
}

impl InstanceLock {
    /// Closes the file to others and writes our number down. `false` if the file was replaced
    /// meanwhile.
    fn begin(&self) -> io::Result<bool> {
        self.file.set_permissions(fs::Permissions::from_mode(MODE))?;
        let pid = format!("{}\n", std::process::id());
        // The number is for people. On a full disk the lock holds without it.
        let _ = self.file.set_len(0).and_then(|()| (&self.file).write_all(pid.as_bytes()));
        Ok(self.is_there())
    }

    /// Whether the file is still where another daemon would look for it.
    pub fn is_there(&self) -> bool {
        let there = fs::symlink_metadata(&self.path).map(|data| identity(&data));
        let ours = self.file.metadata().map(|data| identity(&data));
        matches!((there, ours), (Ok(there), Ok(ours)) if there == ours)
    }
}

fn identity(data: &fs::Metadata) -> (u64, u64) {
    (data.dev(), data.ino())
}

/// Who has the lock file open.
enum Holder {
    /// The daemon whose process id is in the file.
    Daemon(u32),
    /// Another program, of this process id.
    Other(u32),
    /// No process that can be seen.
    Unseen,
}

fn holder(file: &File) -> Holder {
    let mut text = String::new();
    let _ = file.take(16).read_to_string(&mut text);
    let written: Option<u32> = text.trim().parse().ok();
    let users = users(file);
    match (written, users.first()) {
        (Some(daemon), _) if users.contains(&daemon) => Holder::Daemon(daemon),
        (_, Some(&other)) => Holder::Other(other),
        (_, None) => Holder::Unseen,
    }
}

/// The other processes that have `file` open, as far as they can be seen.
fn users(file: &File) -> Vec<u32> {
    let Ok(wanted) = file.metadata() else {
        return Vec::new();
    };
    let uses = |pid: &u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files
            .map(|file| fs::metadata(file.path()))
            .any(|data| data.is_ok_and(|data| identity(&data) == identity(&wanted)))
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.filter(|&pid| pid != std::process::id()).filter(uses).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::os::unix::fs::symlink;
    use std::process::{Child, Command, Stdio};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    /// A process that holds a lock on this file, and writes its number into it if `tells`.
    fn holder(path: &Path, tells: bool) -> Child {
        let tell = if tells { "echo $$ >&9;" } else { "" };
        let text = format!("exec 9<>{}; flock 9; {tell} echo; exec cat", path.display());
        let mut command = Command::new("sh");
        command.args(["-c", &text]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        child
    }

    fn end(mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn there_is_one_instance_per_run_directory() {
        let scratch = Scratch::new("files-lock");
        let rundir = scratch.path().join("run/ddns");
        fs::create_dir_all(&rundir).unwrap();
        fs::write(rundir.join(LOCK), "4294967295000 left by an earlier run\n").unwrap();
        let held = lock(&rundir).unwrap();
        assert_eq!(mode(&rundir.join(LOCK)), MODE);
        let text = fs::read_to_string(rundir.join(LOCK)).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
        assert!(matches!(lock(&rundir), Err(LockError::Running(_))));
        drop(held);
        assert!(lock(&rundir).is_ok());
        let blocked = scratch.path().join("file");
        fs::write(&blocked, "").unwrap();
        assert!(matches!(lock(&blocked), Err(LockError::File(..))));
    }

    #[test]
    fn the_process_that_holds_the_lock_is_named() {
        let scratch = Scratch::new("lock-named");
        let path = scratch.path().join(LOCK);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(MODE)).unwrap();
        let daemon = holder(&path, true);
        let told = lock(scratch.path()).unwrap_err().to_string();
        assert_eq!(told, format!("another instance is running (process {})", daemon.id()));
        end(daemon);
        // The number of a process that is gone.
        let other = holder(&path, false);
        let told = lock(scratch.path()).unwrap_err().to_string();
        let pid = other.id();
        assert_eq!(
            told,
            format!(
                "process {pid} holds the lock {} and is not ddns-netlink: end it",
                path.display()
            )
        );
        end(other);
    }

    #[test]
    fn a_lock_on_a_file_that_everybody_could_open_does_not_count() {
        let scratch = Scratch::new("lock-squatted");
        let path = scratch.path().join(LOCK);
        fs::write(&path, "1\n").unwrap();
        let other = holder(&path, false);
        let held = lock(scratch.path()).unwrap();
        assert!(held.is_there());
        assert_eq!(mode(&path), MODE);
        end(other);
    }

    #[test]
    fn what_is_no_file_of_ours_is_replaced() {
        let scratch = Scratch::new("lock-replaced");
        let path = scratch.path().join(LOCK);
        let victim = scratch.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, &path).unwrap();
        let held = lock(scratch.path()).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        assert!(held.is_there());
        fs::remove_file(&path).unwrap();
        assert!(!held.is_there());
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(!held.is_there());
        assert!(lock(scratch.path()).is_ok());
        if std::os::unix::fs::chown(&path, Some(65534), None).is_ok() {
            assert!(lock(scratch.path()).is_ok());
            assert_eq!(fs::metadata(&path).unwrap().uid(), 0);
        }
    }
}
