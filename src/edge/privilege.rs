//! Commands of root give up root's rights where the daemon has none.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use nix::sys::prctl::set_no_new_privs;
use nix::unistd::{Gid, Uid, geteuid, setgid, setgroups, setuid};

use super::files::owner::make_directory;
use crate::config::Global;

/// Mode bits with which the group or all users may write.
const OTHERS_WRITE: u32 = 0o022;

/// Becomes the user to whom root has given the state directory, as OpenWrt's init script and systemd do before
/// they start the daemon as that user. What the network sends is then read without root's rights, and the daemon
/// can go on with the files. A process that is not root any more, or never was, cannot gain other rights by
/// starting a program. Must be called before there are threads.
///
/// # Errors
/// A sentence, if the kernel refuses it or a directory cannot be made.
pub fn give_up_root(global: &Global) -> Result<(), String> {
    if let Some((user, group)) = owner_of_state(&global.statedir) {
        become_user(global, user, group).map_err(|error| {
            let statedir = global.statedir.display();
            format!("cannot become the user {user}, to whom {statedir} belongs: {error}")
        })?;
    }
    if !geteuid().is_root() {
        // procd sets this only through ujail, which small images lack. Kernels before 3.5 do not know it.
        let _ = set_no_new_privs();
    }
    Ok(())
}

/// User and group to whom root has given the state directory.
fn owner_of_state(statedir: &Path) -> Option<(u32, u32)> {
    let above = fs::metadata(statedir.parent()?).ok()?;
    let given = fs::metadata(statedir).ok()?;
    // Where others can write, they may have made the directory.
    let is_given = above.uid() == 0 && above.mode() & OTHERS_WRITE == 0;
    if geteuid().is_root() && is_given && given.uid() != 0 {
        Some((given.uid(), given.gid()))
    } else {
        None
    }
}

fn become_user(global: &Global, user: u32, group: u32) -> io::Result<()> {
    for directory in [&global.rundir, &global.logdir] {
        // The new user cannot make a directory below /var.
        if !directory.exists() {
            make_directory(directory, 0o755)?;
            chown(directory, Some(user), Some(group))?;
        }
    }
    // The user comes last: without root's number the kernel refuses to change the groups.
    setgroups(&[])?;
    setgid(Gid::from_raw(group))?;
    Ok(setuid(Uid::from_raw(user))?)
}
