//! The lock file of a run directory: only one daemon may use the directory.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::fcntl::OFlag;

use super::owner::make_directory;
use super::{names, read_up_to};

const LOCK: &str = "ddns-netlink.lock";
/// Other users may not open the file: a process that can read a file can lock it.
const MODE: u32 = 0o600;
/// How many attempts are made while the holder of the lock does not look like a daemon. A daemon that
/// has just started holds the lock before it writes its process id into the file. Of a process that is
/// just ending, /proc shows no open files, but it may still hold the lock.
const TRIES: u32 = 5;
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// Proof that no other daemon uses this run directory.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct InstanceLock {
    file: File,
    path: PathBuf,
}

/// Why the lock could not be acquired.
#[derive(Debug)]
pub enum LockError {
    /// Another instance holds it, with this process id, if that is visible.
    Running(Option<u32>),
    /// Another program, with this process id, holds the lock at this path.
    OtherProgram(PathBuf, u32),
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
            Self::OtherProgram(path, pid) => {
                let path = path.display();
                write!(f, "process {pid} holds the lock {path} and is not ddns-netlink: end it")
            }
            Self::Directory(path, error) => write!(f, "ddns_rundir {}: {error}", path.display()),
            Self::File(path, error) => write!(f, "cannot lock {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for LockError {}

/// Makes this process the only instance with `rundir`. The lock ends with the process; the file stays.
///
/// # Errors
/// If another process holds the lock, the file cannot be made, or other users can change the directory.
pub fn lock(rundir: &Path) -> Result<InstanceLock, LockError> {
    make_directory(rundir, 0o755)
        .map_err(|error| LockError::Directory(rundir.to_owned(), error))?;
    let path = rundir.join(LOCK);
    let mut tries = 0;
    loop {
        let attempt = attempt(&path).map_err(|error| LockError::File(path.clone(), error))?;
        match attempt {
            Attempt::Locked(lock) => return Ok(lock),
            Attempt::FileReplaced => {}
            Attempt::Held(file) => match holder(&file) {
                Holder::Daemon(pid) => return Err(LockError::Running(Some(pid))),
                Holder::Unseen | Holder::Other(_) if tries < TRIES => thread::sleep(PAUSE),
                // /proc does not show the open files of other users to this one.
                Holder::Unseen => return Err(LockError::Running(None)),
                // Earlier versions made lock files that every user could open, and so could lock.
                Holder::Other(_) if tries == TRIES && others_can_open(&file) => {
                    fs::remove_file(&path).map_err(|error| LockError::File(path.clone(), error))?;
                }
                Holder::Other(pid) => return Err(LockError::OtherProgram(path, pid)),
            },
        }
        tries += 1;
    }
}

/// What became of one attempt to lock.
enum Attempt {
    Locked(InstanceLock),
    /// Another process has replaced the file in the meantime, so the lock on it means nothing.
    FileReplaced,
    /// Another process holds the lock on this file.
    Held(File),
}

fn attempt(path: &Path) -> io::Result<Attempt> {
    let file = open(path)?;
    // flock(2): the kernel releases the lock when the process ends, also if it is killed.
    match file.try_lock() {
        Ok(()) => {
            let lock = InstanceLock { file, path: path.to_owned() };
            lock.claim()?;
            Ok(if lock.is_there() { Attempt::Locked(lock) } else { Attempt::FileReplaced })
        }
        Err(TryLockError::WouldBlock) => Ok(Attempt::Held(file)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Opens or makes the lock file. Removes what is not a file of root or of this user before.
fn open(path: &Path) -> io::Result<File> {
    let ours = nix::unistd::geteuid().as_raw();
    // In a sticky directory such as /tmp, others may have put a link or a file there, which they could lock.
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
        // Before the lock is acquired, the content is the process id of its holder.
        .truncate(false)
        .mode(MODE)
        // A link or a pipe that appears after the check is not followed and not waited for.
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)
}

/// Whether other users can open the file, and so can lock it.
fn others_can_open(file: &File) -> bool {
    file.metadata().is_ok_and(|data| data.mode() & !MODE & 0o777 != 0)
}

impl InstanceLock {
    /// Forbids other users to open the file, and writes our process id into it.
    fn claim(&self) -> io::Result<()> {
        self.file.set_permissions(fs::Permissions::from_mode(MODE))?;
        let pid = format!("{}\n", std::process::id());
        // The process id only serves messages. On a full disk the lock is held without it.
        let _ = self.file.set_len(0).and_then(|()| (&self.file).write_all(pid.as_bytes()));
        Ok(())
    }

    /// Whether the file at the path is still the one that this lock is on.
    pub fn is_there(&self) -> bool {
        match (fs::symlink_metadata(&self.path), self.file.metadata()) {
            (Ok(there), Ok(ours)) => inode(&there) == inode(&ours),
            (Err(_), _) | (_, Err(_)) => false,
        }
    }
}

/// Device and inode number, which identify a file.
fn inode(data: &fs::Metadata) -> (u64, u64) {
    (data.dev(), data.ino())
}

/// Which process has the lock file open.
enum Holder {
    /// The daemon whose process id is in the file.
    Daemon(u32),
    /// Another program, with this process id.
    Other(u32),
    /// No process whose open files are visible.
    Unseen,
}

fn holder(file: &File) -> Holder {
    let mut text = Vec::new();
    let _ = read_up_to(16, file, &mut text);
    let written: Option<u32> = String::from_utf8_lossy(&text).trim().parse().ok();
    let users = users(file);
    match (written, users.first()) {
        (Some(daemon), _) if users.contains(&daemon) => Holder::Daemon(daemon),
        (_, Some(&other)) => Holder::Other(other),
        (_, None) => Holder::Unseen,
    }
}

/// The other processes that have `file` open, as far as /proc shows it to this user.
fn users(file: &File) -> Vec<u32> {
    let Ok(data) = file.metadata() else {
        return Vec::new();
    };
    let mut users = Vec::new();
    for name in names(Path::new("/proc")) {
        if let Ok(pid) = name.parse()
            && pid != std::process::id()
            && has_open(pid, inode(&data))
        {
            users.push(pid);
        }
    }
    users
}

fn has_open(pid: u32, file: (u64, u64)) -> bool {
    let directory = PathBuf::from(format!("/proc/{pid}/fd"));
    let mut descriptors = names(&directory).into_iter();
    descriptors
        .any(|name| fs::metadata(directory.join(name)).is_ok_and(|data| inode(&data) == file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::io::Read as _;
    use std::os::unix::fs::symlink;
    use std::process::{Child, Command, Stdio};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    /// Starts a process that holds the lock. `pid_in_file`: whether it writes its process id into the
    /// file, as a daemon does.
    fn holder(path: &Path, pid_in_file: bool) -> Child {
        let write = if pid_in_file { "echo $$ >&9;" } else { "" };
        let text = format!("exec 9<>{}; flock 9; {write} echo; exec cat", path.display());
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
    fn a_second_lock_on_a_run_directory_is_refused() {
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

    /// How many descriptors of this process are the file at `path`.
    fn opened(path: &Path) -> usize {
        let file = fs::metadata(path).unwrap();
        let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
        let open = open.filter_map(|entry| fs::metadata(entry.path()).ok());
        open.filter(|data| inode(data) == inode(&file)).count()
    }

    #[test]
    fn a_holder_that_ends_and_shows_no_open_files_is_waited_for() {
        let scratch = Scratch::new("lock-ending");
        let rundir = scratch.path().to_owned();
        // /proc is not searched for the files of this process, so its lock has no visible holder.
        let ending = lock(&rundir).unwrap();
        let path = rundir.join(LOCK);
        let next = thread::spawn(move || lock(&rundir).is_ok());
        while opened(&path) < 2 && !next.is_finished() {}
        drop(ending);
        assert!(next.join().unwrap());
    }

    #[test]
    fn the_error_names_the_process_that_holds_the_lock() {
        let scratch = Scratch::new("lock-named");
        let path = scratch.path().join(LOCK);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(MODE)).unwrap();
        let daemon = holder(&path, true);
        let error = lock(scratch.path()).unwrap_err().to_string();
        assert_eq!(error, format!("another instance is running (process {})", daemon.id()));
        end(daemon);
        // The file now holds the id of a process that has ended.
        let other = holder(&path, false);
        let error = lock(scratch.path()).unwrap_err().to_string();
        let pid = other.id();
        assert_eq!(
            error,
            format!(
                "process {pid} holds the lock {} and is not ddns-netlink: end it",
                path.display()
            )
        );
        end(other);
    }

    #[test]
    fn a_lock_on_a_file_that_all_users_can_open_is_ignored() {
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
    fn links_pipes_and_files_of_other_users_are_replaced() {
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
