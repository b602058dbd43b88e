//! Which users can change a file. Only root and this process's user may be able to change the programs
//! that run as this user, and the directories that this process writes in.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

/// `S_IWOTH`: every user may write.
const OTHERS: u32 = 0o002;
/// `S_IWGRP`: the group may write.
const GROUP: u32 = 0o020;
/// `S_ISVTX`: in a directory with this bit users may make files, but only the owner of a file may
/// remove or rename it (man 7 inode).
const STICKY: u32 = 0o1000;

/// Makes the directory `path` with this mode, also against the umask. An existing directory keeps its
/// mode.
///
/// # Errors
/// If it cannot be made, or another user can change it or a directory above it.
pub fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
    }
    match DirBuilder::new().mode(mode).create(path) {
        // mkdir(2) has removed the bits of the umask.
        Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(mode))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    check_directory(path)
}

/// Refuses a directory that another user can change or replace. The group of a directory above it may
/// write there, as the group syslog does in `/var/log` of Ubuntu.
///
/// # Errors
/// If it is refused or does not exist.
pub fn check_directory(path: &Path) -> io::Result<()> {
    match exposure(path, OTHERS)? {
        None => Ok(()),
        Some(remedy) => {
            let text =
                format!("other users can change this directory, so it is not used; {remedy}");
            Err(io::Error::other(text))
        }
    }
}

/// A warning if other users can change or replace a program that this process runs.
pub fn script_warning(path: &Path) -> Option<String> {
    let remedy = exposure(path, OTHERS | GROUP).ok()??;
    let path = path.display();
    Some(format!(
        "other users can change {path} and so run commands as this program's user; {remedy}"
    ))
}

/// How to forbid other users to change the file `path`, a directory above it, or a symbolic link that
/// leads to it; `None` if no other user can. `above` are the mode bits that count for the directories
/// above it.
fn exposure(path: &Path, above: u32) -> io::Result<Option<String>> {
    // A circle of symbolic links is an error here (ELOOP), so that the walk ends.
    fs::metadata(path)?;
    walk(path, path, above)
}

/// Looks at each component of `route`, and follows symbolic links. `last` is the component that counts
/// as the file itself and not as a directory above it.
// A link is looked at as well as what it leads to: who can change the link chooses the file.
fn walk(route: &Path, last: &Path, above: u32) -> io::Result<Option<String>> {
    let mut current = PathBuf::new();
    for component in route.components() {
        current.push(component);
        let data = fs::symlink_metadata(&current)?;
        let writers = if current == last { OTHERS | GROUP } else { above };
        if let Some(remedy) = remedy(&current, &data, writers) {
            return Ok(Some(remedy));
        }
        if data.is_symlink() {
            let target = current.parent().unwrap_or(&current).join(fs::read_link(&current)?);
            let last = if current == last { &target } else { last };
            let found = walk(&target, last, above)?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// How to forbid other users to change this one file or directory; `None` if no other user can.
/// `writers` are the mode bits that count.
fn remedy(path: &Path, data: &Metadata, writers: u32) -> Option<String> {
    let us = geteuid().as_raw();
    if ![0, us].contains(&data.uid()) && !owns_root_directory(data.uid()) {
        let owner = if us == 0 { "root".to_owned() } else { us.to_string() };
        return Some(format!("'chown {owner} {}' prevents it", path.display()));
    }
    // The mode of a symbolic link means nothing (man 7 symlink).
    if data.is_symlink() || data.is_dir() && data.mode() & STICKY != 0 {
        return None;
    }
    // Members of root's group count as root.
    let writers = if data.gid() == 0 { writers & OTHERS } else { writers };
    if data.mode() & writers == 0 {
        return None;
    }
    Some(format!("'chmod go-w {}' prevents it", path.display()))
}

/// Whether `user` owns `/`. In a user namespace the system's root has the number of nobody there
/// (man 7 user_namespaces, "unmapped user IDs").
fn owns_root_directory(user: u32) -> bool {
    fs::metadata("/").is_ok_and(|root| root.uid() == user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::os::unix::fs::{chown, lchown, symlink};

    const NOBODY: Option<u32> = Some(65534);

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A directory `a/b` that only this user can change.
    fn nested(scratch: &Scratch) -> PathBuf {
        let path = scratch.path().join("a/b");
        make_directory(&path, 0o755).unwrap();
        path
    }

    #[test]
    fn a_directory_that_other_users_can_write_to_is_refused() {
        let scratch = Scratch::new("owner-mode");
        let path = nested(&scratch);
        let above = path.parent().unwrap();
        for (directory, mode) in [(path.as_path(), 0o777), (above, 0o777), (above, 0o757)] {
            chmod(directory, mode);
            let error = make_directory(&path, 0o755).unwrap_err().to_string();
            let text = format!(
                "other users can change this directory, so it is not used; 'chmod go-w {}' prevents it",
                directory.display()
            );
            assert_eq!(error, text);
            chmod(directory, 0o755);
        }
        chmod(above, 0o1777);
        check_directory(&path).unwrap();
    }

    #[test]
    fn a_directory_or_link_of_another_user_is_refused() {
        let scratch = Scratch::new("owner-foreign");
        let path = nested(&scratch);
        let above = path.parent().unwrap();
        let link = scratch.path().join("link");
        symlink(&path, &link).unwrap();
        check_directory(&link).unwrap();
        if lchown(&link, NOBODY, None).is_err() {
            return;
        }
        let error = check_directory(&link).unwrap_err().to_string();
        let remedy = format!("; 'chown root {}' prevents it", link.display());
        assert!(error.contains(&remedy), "{error}");
        lchown(&link, Some(0), None).unwrap();
        for directory in [path.as_path(), above] {
            chown(directory, NOBODY, None).unwrap();
            let remedy = format!("'chown root {}'", directory.display());
            for way in [path.as_path(), &link, &link.join("../b")] {
                let error = check_directory(way).unwrap_err().to_string();
                assert!(error.contains(&remedy), "{error}");
            }
            chown(directory, Some(0), None).unwrap();
        }
        // A group may write to a directory above, but not to the directory itself.
        chown(above, None, NOBODY).unwrap();
        chmod(above, 0o775);
        check_directory(&path).unwrap();
        chown(&path, None, NOBODY).unwrap();
        chmod(&path, 0o775);
        assert!(check_directory(&path).is_err());
        assert!(check_directory(&link).is_err());
    }

    #[test]
    fn a_new_directory_gets_its_mode_and_an_existing_one_keeps_its_own() {
        let scratch = Scratch::new("owner-make");
        let path = scratch.path().join("x/y");
        make_directory(&path, 0o700).unwrap();
        make_directory(&path, 0o755).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o700);
        symlink("circle", scratch.path().join("circle")).unwrap();
        assert!(make_directory(&scratch.path().join("circle"), 0o755).is_err());
    }

    #[test]
    fn a_script_that_other_users_can_change_or_replace_gives_a_warning() {
        let scratch = Scratch::new("owner-script");
        let script = nested(&scratch).join("script");
        fs::write(&script, "").unwrap();
        chmod(&script, 0o755);
        assert_eq!(script_warning(&script), None);
        assert_eq!(script_warning(&scratch.path().join("none")), None);
        let begin = format!("other users can change {} and so run ", script.display());
        for path in [&script, script.parent().unwrap(), &scratch.path().join("a")] {
            chmod(path, 0o757);
            let warning = script_warning(&script).unwrap();
            let remedy = format!("; 'chmod go-w {}' prevents it", path.display());
            assert!(warning.starts_with(&begin) && warning.ends_with(&remedy), "{warning}");
            chmod(path, 0o755);
            if chown(path, NOBODY, NOBODY).is_ok() {
                let warning = script_warning(&script).unwrap();
                let remedy = format!("'chown root {}' prevents it", path.display());
                assert!(warning.ends_with(&remedy), "{warning}");
                chown(path, Some(0), None).unwrap();
                chmod(path, 0o775);
                assert!(script_warning(&script).is_some(), "a group");
                chown(path, None, Some(0)).unwrap();
                assert_eq!(script_warning(&script), None);
            }
        }
    }
}
