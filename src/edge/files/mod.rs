//! The files around us that are not state: the configuration, what it points to, and what the
//! system knows. Plain functions; the checker of the configuration decides what they mean.

pub mod definitions;
pub mod hosts;
pub mod lock;
pub mod owner;
pub mod run;

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::{AccessFlags, access};

use crate::config::check::{Definitions, PathKind};
use crate::model::name::is_file_name;
use crate::model::secret::Secret;
use crate::text::pem;

/// Most bytes of a configuration file.
const CONFIG_LIMIT: u64 = 4 * 1024 * 1024;
/// Most bytes of a service definition.
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
    /// Whether there is no such file.
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

/// The bytes of a file, `limit` at most. Never waits: only a file or a directory is read, and reading
/// a directory fails.
///
/// # Errors
/// If it cannot be read, or is larger.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let fail = |reason| ReadError { path: path.to_owned(), reason };
    let mut bytes = Vec::new();
    let file = open(path)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| fail(Reason::Io(error)))?;
    if bytes.len() as u64 > limit {
        return Err(fail(Reason::TooLarge(limit)));
    }
    Ok(bytes)
}

/// Opens a file to read it. Never waits, and refuses pipes and devices.
fn open(path: &Path) -> Result<File, ReadError> {
    let fail = |reason| ReadError { path: path.to_owned(), reason };
    // Opening a pipe would wait for somebody who writes.
    let mut options = OpenOptions::new();
    let options = options.read(true).custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits());
    let file = options.open(path).map_err(|error| fail(Reason::Io(error)))?;
    let kind = file.metadata().map_err(|error| fail(Reason::Io(error)))?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(fail(Reason::NotAFile));
    }
    Ok(file)
}

/// How safe a file has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// In RAM: it may be lost when the power fails.
    Ram,
    /// On flash: after a power cut there is the old file or the new one.
    Flash,
}

/// Puts `bytes` in the place of the file `path`, so that nobody ever sees half of it. An interrupted
/// call leaves one file behind at most, `path` with `.new`, and the next one takes its place.
///
/// # Errors
/// If the file cannot be written.
pub fn replace(path: &Path, bytes: &[u8], mode: u32, medium: Medium) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let temporary = PathBuf::from(name);
    // A leftover may have another mode or be a link: it is not reused.
    gone(fs::remove_file(&temporary))?;
    let sync = |file: &File| if medium == Medium::Flash { file.sync_all() } else { Ok(()) };
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(&temporary);
    file.and_then(|mut file| file.write_all(bytes).and_then(|()| sync(&file)))
        .and_then(|()| fs::rename(&temporary, path))
        // Half a file on a full disk only makes it fuller.
        .inspect_err(|_| drop(fs::remove_file(&temporary)))?;
    // The new name, too, is only safe once the directory is.
    match path.parent() {
        Some(directory) if medium == Medium::Flash => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

/// What is removed need not have been there.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The text of `/etc/resolv.conf`; empty if it cannot be read.
pub fn resolv_conf() -> String {
    let bytes = read(Path::new("/etc/resolv.conf"), RESOLV_LIMIT).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `file`, or where nobody has named one, [`default_config`] as it is now: the file that hides the
/// other may come and go.
pub fn config(file: &Path) -> PathBuf {
    if file.as_os_str().is_empty() { default_config() } else { file.to_owned() }
}

/// The configuration file that the rest of the system reads, too: `/var/run/uci/ddns` hides
/// `/etc/config/ddns` where it exists (OpenWrt 24.10 and later).
pub fn default_config() -> PathBuf {
    default_config_in(Path::new("/"))
}

fn default_config_in(root: &Path) -> PathBuf {
    let hiding = root.join("var/run/uci/ddns");
    if hiding.exists() { hiding } else { root.join("etc/config/ddns") }
}

/// The bytes of a configuration file.
///
/// # Errors
/// If it cannot be read or is absurdly large.
pub fn read_config(path: &Path) -> Result<Vec<u8>, ReadError> {
    read(path, CONFIG_LIMIT)
}

/// Where state is kept unless the configuration says so: on OpenWrt, `/var` does not survive a
/// reboot.
pub fn default_statedir() -> PathBuf {
    default_statedir_in(Path::new("/"))
}

/// Whether this is OpenWrt.
pub fn on_openwrt() -> bool {
    is_openwrt(Path::new("/"))
}

fn is_openwrt(root: &Path) -> bool {
    root.join("etc/openwrt_release").exists()
}

fn default_statedir_in(root: &Path) -> PathBuf {
    if is_openwrt(root) { root.join("etc/ddns-netlink") } else { root.join("var/lib/ddns-netlink") }
}

/// The definition of the service `name`, as its JSON file has it; `None` if there is none.
///
/// # Errors
/// If the file exists and cannot be read, or `name` cannot be a file name.
pub fn definition(whose: Definitions, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
    definition_in(Path::new("/"), whose, name)
}

/// The names of the services that are defined there, sorted.
pub fn definitions(whose: Definitions) -> Vec<String> {
    let mut names = definitions::files(&Path::new("/").join(directory(whose)));
    for name in &mut names {
        name.truncate(name.len().saturating_sub(".json".len()));
    }
    names
}

fn directory(whose: Definitions) -> &'static str {
    match whose {
        Definitions::Own => "usr/share/ddns/custom",
        Definitions::Packaged => "usr/share/ddns/default",
    }
}

fn definition_in(
    root: &Path,
    whose: Definitions,
    name: &str,
) -> Result<Option<Vec<u8>>, ReadError> {
    if !is_file_name(name) {
        return Err(ReadError { path: name.into(), reason: Reason::NotAName });
    }
    match read(&root.join(directory(whose)).join(format!("{name}.json")), DEFINITION_LIMIT) {
        Err(error) if error.is_missing() => Ok(None),
        other => other.map(Some),
    }
}

/// The text of a password file, and a warning if others may read it.
///
/// # Errors
/// If it cannot be read, is no text, or is too large for a password.
pub fn password(path: &Path) -> Result<(Secret, Option<String>), ReadError> {
    let text = String::from_utf8(read(path, PASSWORD_LIMIT)?)
        .map_err(|_| ReadError { path: path.to_owned(), reason: Reason::NotText })?;
    Ok((Secret::new(text), reader_warning(path)))
}

/// A warning if others may read a file with passwords.
pub fn reader_warning(path: &Path) -> Option<String> {
    let open = fs::metadata(path).is_ok_and(|data| data.mode() & 0o044 != 0);
    let path = path.display();
    open.then(|| {
        format!(
            "{path} holds passwords and can be read by other users; 'chmod 600 {path}' prevents it"
        )
    })
}

/// What `path` names, links followed. A device, pipe or socket counts as missing, as does what we may
/// not see.
pub fn path_kind(path: &Path) -> PathKind {
    match fs::metadata(path) {
        Ok(data) if data.is_file() => PathKind::File,
        Ok(data) if data.is_dir() => PathKind::Directory,
        Ok(_) | Err(_) => PathKind::Missing,
    }
}

/// Whether a certificate in PEM is in the file `path`, or the file cannot be read.
pub fn has_certificate(path: &Path) -> bool {
    match read(path, CONFIG_LIMIT) {
        Ok(text) => !pem::certificates(&text).is_empty(),
        Err(_) => true,
    }
}

/// Whether `path` is a program that we may run.
pub fn is_executable(path: &Path) -> bool {
    path_kind(path) == PathKind::File && access(path, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::os::unix::fs::PermissionsExt as _;

    fn write(path: PathBuf, text: impl AsRef<[u8]>) -> PathBuf {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
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
    fn the_configuration_that_nobody_named_is_looked_for_each_time() {
        assert_eq!(config(Path::new("/a")), Path::new("/a"));
        assert_eq!(config(Path::new("")), default_config());
    }

    #[test]
    fn the_override_directory_hides_the_configuration() {
        let scratch = Scratch::new("files-config");
        let root = scratch.path();
        assert_eq!(default_config_in(root), root.join("etc/config/ddns"));
        let hiding = write(root.join("var/run/uci/ddns"), "");
        assert_eq!(default_config_in(root), hiding);
    }

    #[test]
    fn errors_of_reading_are_sentences() {
        let scratch = Scratch::new("files-errors");
        let root = scratch.path();
        let dir = root.display();
        let error = |path: &str| read_config(&root.join(path)).unwrap_err().to_string();
        assert_eq!(error("none"), format!("{dir}/none does not exist"));
        assert_eq!(error(""), format!("{dir}/ is a directory"));
        write(root.join("huge"), vec![b'#'; 4 * 1024 * 1024 + 1]);
        assert_eq!(error("huge"), format!("{dir}/huge is larger than 4096 KiB"));
        write(root.join("most"), vec![b'#'; 4 * 1024 * 1024]);
        assert!(read_config(&root.join("most")).is_ok());
    }

    #[test]
    fn definitions_are_own_or_packaged_and_names_are_no_paths() {
        let scratch = Scratch::new("files-definition");
        let root = scratch.path();
        write(root.join("usr/share/ddns/default/a.example.json"), "default");
        let get = |name: &str| definition_in(root, Definitions::Own, name);
        let packaged = definition_in(root, Definitions::Packaged, "a.example");
        assert_eq!(packaged.unwrap().unwrap(), b"default");
        assert_eq!(get("a.example").unwrap(), None);
        write(root.join("usr/share/ddns/custom/a.example.json"), "custom");
        assert_eq!(get("a.example").unwrap().unwrap(), b"custom");
        assert_eq!(get("b.example").unwrap(), None);
        write(root.join("usr/share/secret.json"), "{}");
        for bad in ["", ".", "../secret", "../../secret", ".hidden", "a/b", "a\0b"] {
            assert!(get(bad).is_err(), "{bad}");
        }
        write(root.join("usr/share/ddns/custom/big.json"), vec![b' '; 65_537]);
        assert!(get("big").unwrap_err().to_string().ends_with("is larger than 64 KiB"));
    }

    #[test]
    fn a_password_is_text_and_private() {
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
    fn kinds_of_paths_and_programs() {
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
    fn state_is_kept_where_it_survives() {
        let scratch = Scratch::new("files-statedir");
        let root = scratch.path();
        assert_eq!(default_statedir_in(root), root.join("var/lib/ddns-netlink"));
        write(root.join("etc/openwrt_release"), "");
        assert_eq!(default_statedir_in(root), root.join("etc/ddns-netlink"));
    }
}
