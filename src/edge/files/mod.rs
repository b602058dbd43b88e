//! Reads the configuration, the files that it names and files of the system, and replaces files.
//! [`config::check`](crate::config::check) decides what their content means.

pub mod definitions;
pub mod hosts;
pub mod lock;
pub mod metrics;
pub mod owner;
pub mod run;
pub mod watch;

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::{AccessFlags, access};

use crate::config::check::{DefinitionDirectory, PathKind};
use crate::model::name::is_file_name;
use crate::model::secret::Secret;

// A path in the configuration may lead to any file, such as a log or a disk image. Reading it must not take
// all memory of the router.
/// Most bytes of a configuration file.
const CONFIG_LIMIT: u64 = 4 * 1024 * 1024;
/// Most bytes of a provider definition.
const DEFINITION_LIMIT: u64 = 64 * 1024;
/// Most bytes of a password file.
const PASSWORD_LIMIT: u64 = 8 * 1024;
/// Most bytes of `/etc/resolv.conf`.
const RESOLV_LIMIT: u64 = 64 * 1024;

/// A file that could not be read. `Display` is the sentence for the operator.
#[derive(Debug)]
pub struct ReadError {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    TooLarge(u64),
    NotAName,
    NotAFile,
    NotText,
    Io(io::Error),
}

impl ReadError {
    fn new(path: &Path, reason: Reason) -> Self {
        Self { path: path.to_owned(), reason }
    }

    /// Whether the file does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(&self.reason, Reason::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.reason {
            Reason::TooLarge(limit) => {
                write!(f, "{path} is larger than {} KiB", limit / 1024)
            }
            Reason::NotAName => write!(f, "'{path}' cannot be the name of a file"),
            Reason::NotAFile => write!(f, "{path} is not a file"),
            Reason::NotText => write!(f, "{path} is not UTF-8 text"),
            Reason::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                write!(f, "{path} does not exist")
            }
            Reason::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                write!(f, "no permission to read {path}")
            }
            Reason::Io(error) if error.kind() == io::ErrorKind::IsADirectory => {
                write!(f, "{path} is a directory")
            }
            Reason::Io(error) => write!(f, "cannot read {path}: {error}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The bytes of a file. Does not block: pipes and devices are not read.
///
/// # Errors
/// If it cannot be read, or is larger than `limit`.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    // One byte more than is allowed shows that a file is too large, whatever its metadata say.
    read_up_to(limit + 1, &open(path)?, &mut bytes)
        .map_err(|error| ReadError::new(path, Reason::Io(error)))?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::new(path, Reason::TooLarge(limit)));
    }
    Ok(bytes)
}

/// Appends what can be read from `file` to `bytes`, `limit` bytes at most.
///
/// # Errors
/// If `file` cannot be read. What was read before is in `bytes`.
// For files and sockets alike: std's `read_to_end` would be compiled for each type of reader.
pub(crate) fn read_up_to(limit: u64, mut file: &File, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; 8192];
    let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
    while left > 0 {
        let most = left.min(chunk.len());
        match file.read(chunk.get_mut(..most).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => {
                bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
                left -= count;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The names of the files in a directory; none if it cannot be read.
fn names(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if let Ok(name) = entry.file_name().into_string() {
            names.push(name);
        }
    }
    names
}

/// Where root leaves copies for a daemon that is not root, each below the path of its original. OpenWrt's init script
/// copies the configuration, which only root may read, and the files that it names. The unit of systemd copies the
/// configuration. Only root can write there.
pub const COPIES: &str = "/var/run/ddns-netlink";

/// Where root leaves a copy of `path` for a daemon that may not read the original.
pub(crate) fn copy_of(path: &Path) -> PathBuf {
    Path::new(COPIES).join(path.strip_prefix("/").unwrap_or(path))
}

/// Renews the copy of `path`, which keeps its owner.
///
/// # Errors
/// If there is none, or this process may not read the original or replace the copy.
pub fn renew_copy(path: &Path) -> io::Result<()> {
    let copy = copy_of(path);
    let old = fs::metadata(&copy)?;
    replace(&copy, &fs::read(path)?, 0o400, Medium::Ram)?;
    chown(&copy, Some(old.uid()), Some(old.gid()))
}

/// Opens a file to read it, or its copy if this user may not read it. Refuses pipes and devices, and does not
/// block at them. A directory can be opened; reading it is an error.
fn open(path: &Path) -> Result<File, ReadError> {
    // Without O_NONBLOCK, opening a pipe blocks until a process writes to it. Without O_NOCTTY, a terminal
    // could become the controlling terminal of this process (man 2 open).
    let mut options = OpenOptions::new();
    options.read(true).custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits());
    let mut opened = options.open(path);
    if let Err(error) = &opened
        && error.kind() == io::ErrorKind::PermissionDenied
    {
        // The error of the original says more than that of a missing copy.
        opened = options.open(copy_of(path)).or(opened);
    }
    let opened = opened.and_then(|file| {
        let kind = file.metadata()?.file_type();
        Ok((file, kind))
    });
    match opened {
        Ok((file, kind)) if kind.is_file() || kind.is_dir() => Ok(file),
        Ok(_) => Err(ReadError::new(path, Reason::NotAFile)),
        Err(error) => Err(ReadError::new(path, Reason::Io(error))),
    }
}

/// Where a file is stored, which decides whether it must survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// In RAM. The file is not flushed.
    Ram,
    /// On flash. After a power cut the old file or the new one is there, complete.
    Flash,
}

/// Replaces the content of the file `path`. Other processes see the old content or the new one, never
/// a part. An interrupted call can leave a file named `path` with `.new`; the next call removes it.
///
/// # Errors
/// If the file cannot be written.
pub fn replace(path: &Path, bytes: &[u8], mode: u32, medium: Medium) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let temporary = PathBuf::from(name);
    // A file that an interrupted call left may have another mode, or be a link.
    remove_if_there(&temporary)?;
    write_new(&temporary, bytes, mode, medium)
        .and_then(|()| fs::rename(&temporary, path))
        // On a full disk, the part that was written takes space.
        .inspect_err(|_| drop(fs::remove_file(&temporary)))?;
    // The name survives a power cut once the directory is flushed, too (man 2 fsync).
    match path.parent() {
        Some(directory) if medium == Medium::Flash => File::open(directory)?.sync_all(),
        Some(_) | None => Ok(()),
    }
}

fn write_new(path: &Path, bytes: &[u8], mode: u32, medium: Medium) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // With O_EXCL, a link that another user has put there is an error and is not followed.
    let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
    // open(2) has removed the bits of the umask, and programs of other users may have to read the file.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    if medium == Medium::Flash { file.sync_all() } else { Ok(()) }
}

/// Removes a file, if it exists.
fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// The text of `/etc/resolv.conf`; empty if it cannot be read.
pub fn resolv_conf() -> String {
    let bytes = read(Path::new("/etc/resolv.conf"), RESOLV_LIMIT).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The configuration file: `file`, or [`default_config`] if `file` is empty. The default can change
/// at any time, so it is looked up at each call.
pub fn config(file: &Path) -> PathBuf {
    if file.as_os_str().is_empty() { default_config() } else { file.to_owned() }
}

/// The configuration file that UCI reads: `/var/run/uci/ddns` if it exists (OpenWrt 24.10 and later,
/// `UCI_CONF2DIR` of libuci), else `/etc/config/ddns`.
pub fn default_config() -> PathBuf {
    default_config_in(Path::new("/"))
}

fn default_config_in(root: &Path) -> PathBuf {
    let preferred = root.join("var/run/uci/ddns");
    if preferred.exists() { preferred } else { root.join("etc/config/ddns") }
}

/// The bytes of a configuration file.
///
/// # Errors
/// If it cannot be read or is larger than 4 MiB.
pub fn read_config(path: &Path) -> Result<Vec<u8>, ReadError> {
    read(path, CONFIG_LIMIT)
}

/// The directory of the state file unless the configuration names one. On OpenWrt it is below `/etc`,
/// because `/var` is a RAM disk there.
pub fn default_statedir() -> PathBuf {
    default_statedir_in(Path::new("/"))
}

/// Whether this system is OpenWrt.
pub fn on_openwrt() -> bool {
    is_openwrt(Path::new("/"))
}

fn is_openwrt(root: &Path) -> bool {
    root.join("etc/openwrt_release").exists()
}

fn default_statedir_in(root: &Path) -> PathBuf {
    if is_openwrt(root) { root.join("etc/ddns-netlink") } else { root.join("var/lib/ddns-netlink") }
}

/// The JSON text of the definition of the provider `name`; `None` if there is no such file.
///
/// # Errors
/// If the file exists and cannot be read, or `name` cannot be a file name.
pub fn definition(
    directory: DefinitionDirectory,
    name: &str,
) -> Result<Option<Vec<u8>>, ReadError> {
    definition_in(Path::new("/"), directory, name)
}

/// The names of the providers that have a definition there, sorted.
pub fn definitions(directory: DefinitionDirectory) -> Vec<String> {
    let mut names = definitions::files(&Path::new("/").join(path_of(directory)));
    for name in &mut names {
        name.truncate(name.len().saturating_sub(".json".len()));
    }
    names
}

fn path_of(directory: DefinitionDirectory) -> &'static str {
    match directory {
        DefinitionDirectory::Own => "usr/share/ddns/custom",
        DefinitionDirectory::Packaged => "usr/share/ddns/default",
    }
}

fn definition_in(
    root: &Path,
    directory: DefinitionDirectory,
    name: &str,
) -> Result<Option<Vec<u8>>, ReadError> {
    if !is_file_name(name) {
        return Err(ReadError::new(Path::new(name), Reason::NotAName));
    }
    match read(&root.join(path_of(directory)).join(format!("{name}.json")), DEFINITION_LIMIT) {
        Err(error) if error.is_missing() => Ok(None),
        result => result.map(Some),
    }
}

/// The text of a password file, and a warning if other users can read it.
///
/// # Errors
/// If it cannot be read, is not UTF-8, or is larger than 8 KiB.
pub fn password(path: &Path) -> Result<(Secret, Option<String>), ReadError> {
    let text = String::from_utf8(read(path, PASSWORD_LIMIT)?)
        .map_err(|_| ReadError::new(path, Reason::NotText))?;
    Ok((Secret::new(text), reader_warning(path)))
}

/// A warning if other users can read this file, which holds passwords.
pub fn reader_warning(path: &Path) -> Option<String> {
    if fs::metadata(path).ok()?.mode() & 0o044 == 0 {
        return None;
    }
    let path = path.display();
    Some(format!(
        "{path} holds passwords and can be read by other users; 'chmod 600 {path}' prevents it"
    ))
}

/// What `path` names; symbolic links are followed. A device, pipe or socket counts as missing, as does
/// a file that this user cannot see and that has no copy.
pub fn path_kind(path: &Path) -> PathKind {
    match fs::metadata(path).or_else(|_| fs::metadata(copy_of(path))) {
        Ok(data) if data.is_file() => PathKind::File,
        Ok(data) if data.is_dir() => PathKind::Directory,
        Ok(_) | Err(_) => PathKind::Missing,
    }
}

/// Whether `path` is a program that this user may run.
pub fn is_executable(path: &Path) -> bool {
    path_kind(path) == PathKind::File && access(path, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::io::Seek as _;

    fn write(path: PathBuf, text: impl AsRef<[u8]>) -> PathBuf {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn reading_a_pipe_fails_and_does_not_block() {
        let scratch = Scratch::new("files-pipe");
        let pipe = scratch.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let error = password(&pipe).unwrap_err().to_string();
        assert_eq!(error, format!("{} is not a file", pipe.display()));
        assert!(read_config(&pipe).is_err() && open(&pipe).is_err());
        let error = read_config(scratch.path()).unwrap_err().to_string();
        assert!(error.ends_with(" is a directory"), "{error}");
    }

    #[test]
    fn an_empty_path_stands_for_the_default_configuration() {
        assert_eq!(config(Path::new("/a")), Path::new("/a"));
        assert_eq!(config(Path::new("")), default_config());
    }

    #[test]
    fn the_file_in_the_override_directory_is_preferred() {
        let scratch = Scratch::new("files-config");
        let root = scratch.path();
        assert_eq!(default_config_in(root), root.join("etc/config/ddns"));
        let preferred = write(root.join("var/run/uci/ddns"), "");
        assert_eq!(default_config_in(root), preferred);
    }

    #[test]
    fn a_read_error_names_the_file_and_the_cause() {
        let scratch = Scratch::new("files-errors");
        let dir = scratch.path();
        assert_eq!(error_of(dir.join("none")), format!("{}/none does not exist", dir.display()));
        assert_eq!(error_of(dir.join("")), format!("{}/ is a directory", dir.display()));
        let huge = write(dir.join("huge"), vec![b'#'; 4 * 1024 * 1024 + 1]);
        assert_eq!(error_of(huge), format!("{}/huge is larger than 4096 KiB", dir.display()));
        let largest = write(dir.join("largest"), vec![b'#'; 4 * 1024 * 1024]);
        assert!(read_config(&largest).is_ok());
    }

    #[test]
    fn what_is_beyond_the_limit_stays_in_the_file() {
        let scratch = Scratch::new("files-limit");
        let mut file = File::open(write(scratch.path().join("long"), vec![b'#'; 20_000])).unwrap();
        for (limit, end) in [(16, 16), (9000, 9016), (20_000, 20_000)] {
            let mut bytes = Vec::new();
            let begin = file.stream_position().unwrap();
            read_up_to(limit, &file, &mut bytes).unwrap();
            assert_eq!(file.stream_position().unwrap(), end);
            assert_eq!(bytes.len() as u64, end - begin);
        }
    }

    fn error_of(path: PathBuf) -> String {
        read_config(&path).unwrap_err().to_string()
    }

    #[test]
    fn definitions_are_found_by_name_and_names_cannot_be_paths() {
        use DefinitionDirectory::{Own, Packaged};
        let scratch = Scratch::new("files-definition");
        let root = scratch.path();
        write(root.join("usr/share/ddns/default/a.example.json"), "default");
        let packaged = definition_in(root, Packaged, "a.example");
        assert_eq!(packaged.unwrap().unwrap(), b"default");
        assert_eq!(definition_in(root, Own, "a.example").unwrap(), None);
        write(root.join("usr/share/ddns/custom/a.example.json"), "custom");
        assert_eq!(definition_in(root, Own, "a.example").unwrap().unwrap(), b"custom");
        assert_eq!(definition_in(root, Own, "b.example").unwrap(), None);
        write(root.join("usr/share/secret.json"), "{}");
        for bad in ["", ".", "../secret", "../../secret", ".hidden", "a/b", "a\0b"] {
            assert!(definition_in(root, Own, bad).is_err(), "{bad}");
        }
        write(root.join("usr/share/ddns/custom/big.json"), vec![b' '; 65_537]);
        let error = definition_in(root, Own, "big").unwrap_err().to_string();
        assert!(error.ends_with("is larger than 64 KiB"), "{error}");
    }

    #[test]
    fn a_password_file_is_kept_as_it_is_and_must_be_private_and_text() {
        let scratch = Scratch::new("files-password");
        let path = write(scratch.path().join("pw"), " hunter 2 \r\nsecond\n");
        chmod(&path, 0o600);
        let (secret, warning) = password(&path).unwrap();
        assert_eq!((secret.expose(), warning), (" hunter 2 \r\nsecond\n", None));
        chmod(&path, 0o640);
        assert!(password(&path).unwrap().1.unwrap().contains("chmod 600"));
        write(path.clone(), "");
        assert!(password(&path).unwrap().0.is_empty());
        write(path.clone(), b"\xff");
        assert!(password(&path).is_err());
        write(path.clone(), "x".repeat(9000));
        let error = password(&path).unwrap_err().to_string();
        assert!(error.ends_with("is larger than 8 KiB"), "{error}");
    }

    #[test]
    fn path_kind_and_is_executable_tell_files_directories_and_programs_apart() {
        let scratch = Scratch::new("files-kinds");
        let root = scratch.path();
        let script = write(root.join("script"), "#!/bin/sh\n");
        chmod(&script, 0o644);
        assert!(!is_executable(&script));
        chmod(&script, 0o755);
        assert!(is_executable(&script));
        assert!(!is_executable(root));
        assert_eq!(path_kind(&script), PathKind::File);
        assert_eq!(path_kind(root), PathKind::Directory);
        assert_eq!(path_kind(&root.join("none")), PathKind::Missing);
        assert_eq!(path_kind(Path::new("/dev/null")), PathKind::Missing);
    }

    #[test]
    fn on_openwrt_the_default_statedir_is_below_etc() {
        let scratch = Scratch::new("files-statedir");
        let root = scratch.path();
        assert_eq!(default_statedir_in(root), root.join("var/lib/ddns-netlink"));
        write(root.join("etc/openwrt_release"), "");
        assert_eq!(default_statedir_in(root), root.join("etc/ddns-netlink"));
    }
}
