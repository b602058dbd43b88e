//! Secrets in files and in credentials of systemd (`$CREDENTIALS_DIRECTORY`).

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use support::router::{file, isolated};
use support::scene::{LIMIT, Scene};

/// The directory of credentials, as systemd makes it, with the user name in `user` and this password in `token`.
fn credentials(password: &str) -> PathBuf {
    let directory = file("credentials");
    fs::create_dir_all(&directory).unwrap();
    for (name, text) in [("user", "alice"), ("token", password)] {
        let path = directory.join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
    }
    directory
}

/// The command lines and environments of all processes.
fn processes() -> String {
    let mut text = String::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        for name in ["cmdline", "environ"] {
            let bytes = fs::read(entry.path().join(name)).unwrap_or_default();
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

#[test]
fn credentials_of_systemd_are_used_and_read_again_at_a_reload() {
    isolated(&[], || {
        let scene = Scene::new("\toption username_file 'user'\n\toption password_file 'token'\n");
        let directory = credentials("hunter2-first");
        let launcher = scene.launcher();
        let launcher = launcher.with_variable("CREDENTIALS_DIRECTORY", directory.to_str().unwrap());
        scene.wan.set_address("203.0.113.5");
        scene.provider.require("alice", "hunter2-second");
        assert_eq!(launcher.code(&["check"]), Some(0));
        let daemon = launcher.run();
        let first = scene.provider.wait_nth(0, LIMIT).auth;
        assert_eq!(first, Some(("alice".to_owned(), "hunter2-first".to_owned())));
        daemon.wait_state("home", "refused");
        credentials("hunter2-second");
        daemon.signal(Signal::SIGHUP);
        daemon.wait_published("home", "203.0.113.5");
        let mut shown = processes() + &launcher.log();
        for words in
            [&["why", "home"][..], &["status"], &["status", "--json"], &["once", "--dry-run"]]
        {
            shown += &launcher.stdout(words);
        }
        assert!(!shown.contains("hunter2"), "{shown}");
    });
}

#[test]
fn without_systemd_a_credential_is_a_mistake_that_says_so() {
    isolated(&[], || {
        let scene = Scene::new("\toption password_file 'hunter2'\n");
        let launcher = scene.launcher();
        let output = launcher.output(&["check"]);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_ne!(output.status.code(), Some(0));
        let reason = "option 'password_file': does not begin with '/': it is the full path of a file. Only a \
                      program that systemd starts with LoadCredential= has credentials ($CREDENTIALS_DIRECTORY)";
        assert!(text.contains(reason), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    });
}
