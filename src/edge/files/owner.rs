//! Who can change a file. What runs with our rights, and the directories that we write in, must be
//! changed by nobody but root and our own user.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

/// Writing by everybody, and by a group other than root's.
const OTHERS: u32 = 0o002;
const GROUP: u32 = 0o020;
/// In such a directory everybody can make files and only their owner can remove or rename them.
const STICKY: u32 = 0o1000;

/// Makes the directory `path` with this mode, whatever the umask, unless it exists.
///
/// # Errors
/// As the system says; and if another user can change the directory or one above it.
pub fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
    }
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(mode))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    check_directory(path)
}

/// Refuses a directory that another user can change, or could replace by another one. A group may
/// write to the directories above it: `/var/log` is so on some systems.
///
/// # Errors
/// A sentence, or that there is no such directory.
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

/// A warning if others may change a program that runs with our rights, or replace it.
pub fn script_warning(path: &Path) -> Option<String> {
    let remedy = exposure(path, OTHERS | GROUP).ok()??;
    let path = path.display();
    Some(format!(
        "other users can change {path} and so run commands as this program's user; {remedy}"
    ))
}

/// The command after which other users can no longer change what `path` names, a directory on the way
/// to it, or a link; `None` if none can now. `above`: whose writing to the directories above counts.
fn exposure(path: &Path, above: u32) -> io::Result<Option<String>> {
    // Where links make a circle, this fails.
    fs::metadata(path)?;
    walk(path, path, above)
}

/// [`exposure`] of `way`, which leads to `path`.
fn walk(way: &Path, path: &Path, above: u32) -> io::Result<Option<String>> {
    let mut at = PathBuf::new();
    for part in way.components() {
        at.push(part);
        let data = fs::symlink_metadata(&at)?;
        let writers = if at == path { OTHERS | GROUP } else { above };
        if let Some(remedy) = remedy(&at, &data, writers) {
            return Ok(Some(remedy));
        }
        if data.is_symlink() {
            let target = at.parent().unwrap_or(&at).join(fs::read_link(&at)?);
            let last = if at == path { &target } else { path };
            let found = walk(&target, last, above)?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// The command after which others cannot change the one file or directory `at`; `None` if they cannot
/// now.
fn remedy(at: &Path, data: &Metadata, writers: u32) -> Option<String> {
    let path = at.display();
    let us = geteuid().as_raw();
    if ![0, us].contains(&data.uid()) && !owns_everything(data.uid()) {
        let owner = if us == 0 { "root".to_owned() } else { us.to_string() };
        return Some(format!("'chown {owner} {path}' prevents it"));
    }
    let writers = if data.gid() == 0 { writers & OTHERS } else { writers };
    let shared = data.is_dir() && data.mode() & STICKY != 0;
    let open = !data.is_symlink() && !shared && data.mode() & writers != 0;
    open.then(|| format!("'chmod go-w {path}' prevents it"))
}

/// Whether the root directory is this user's: in a namespace of users, root outside has the number
/// of nobody.
fn owns_everything(user: u32) -> bool {
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

    /// A directory `a/b` that is ours alone.
    fn nested(scratch: &Scratch) -> PathBuf {
        let path = scratch.path().join("a/b");
        make_directory(&path, 0o755).unwrap();
        path
    }

    #[test]
    fn a_directory_that_others_can_write_is_refused() {
        let scratch = Scratch::new("owner-mode");
        let path = nested(&scratch);
        let above = path.parent().unwrap();
        for (directory, mode) in [(path.as_path(), 0o777), (above, 0o777), (above, 0o757)] {
            chmod(directory, mode);
            let told = make_directory(&path, 0o755).unwrap_err().to_string();
            let text = format!(
                "other users can change this directory, so it is not used; 'chmod go-w {}' prevents it",
                directory.display()
            );
            assert_eq!(told, text);
            chmod(directory, 0o755);
        }
        chmod(above, 0o1777);
        check_directory(&path).unwrap();
    }

    #[test]
    fn a_directory_or_link_of_somebody_else_is_refused() {
        let scratch = Scratch::new("owner-foreign");
        let path = nested(&scratch);
        let above = path.parent().unwrap();
        let link = scratch.path().join("link");
        symlink(&path, &link).unwrap();
        check_directory(&link).unwrap();
        if lchown(&link, NOBODY, None).is_err() {
            return;
        }
        let told = check_directory(&link).unwrap_err().to_string();
        assert!(told.contains(&format!("; 'chown root {}' prevents it", link.display())), "{told}");
        lchown(&link, Some(0), None).unwrap();
        for directory in [path.as_path(), above] {
            chown(directory, NOBODY, None).unwrap();
            for way in [path.as_path(), &link, &link.join("../b")] {
                let told = check_directory(way).unwrap_err().to_string();
                assert!(told.contains(&format!("'chown root {}'", directory.display())), "{told}");
            }
            chown(directory, Some(0), None).unwrap();
        }
        // A group counts for the directory itself.
        chown(above, None, NOBODY).unwrap();
        chmod(above, 0o775);
        check_directory(&path).unwrap();
        chown(&path, None, NOBODY).unwrap();
        chmod(&path, 0o775);
        assert!(check_directory(&path).is_err());
        assert!(check_directory(&link).is_err());
    }

    #[test]
    fn directories_are_made_whatever_the_umask() {
        let scratch = Scratch::new("owner-make");
        let path = scratch.path().join("x/y");
        make_directory(&path, 0o700).unwrap();
        make_directory(&path, 0o755).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o700);
        symlink("circle", scratch.path().join("circle")).unwrap();
        assert!(make_directory(&scratch.path().join("circle"), 0o755).is_err());
    }

    #[test]
    fn a_script_that_others_can_change_or_replace_is_told() {
        let scratch = Scratch::new("owner-script");
        let script = nested(&scratch).join("script");
        fs::write(&script, "").unwrap();
        chmod(&script, 0o755);
        assert_eq!(script_warning(&script), None);
        assert_eq!(script_warning(&scratch.path().join("none")), None);
        let begin = format!("other users can change {} and so run ", script.display());
        for path in [&script, script.parent().unwrap(), &scratch.path().join("a")] {
            chmod(path, 0o757);
            let told = script_warning(&script).unwrap();
            let remedy = format!("; 'chmod go-w {}' prevents it", path.display());
            assert!(told.starts_with(&begin) && told.ends_with(&remedy), "{told}");
            chmod(path, 0o755);
            if chown(path, NOBODY, NOBODY).is_ok() {
                let told = script_warning(&script).unwrap();
                assert!(told.ends_with(&format!("'chown root {}' prevents it", path.display())));
                chown(path, Some(0), None).unwrap();
                chmod(path, 0o775);
                assert!(script_warning(&script).is_some(), "a group");
                chown(path, None, Some(0)).unwrap();
                assert_eq!(script_warning(&script), None);
            }
        }
    }
}
