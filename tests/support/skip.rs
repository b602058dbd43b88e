//! Tests that cannot run on this machine.
//!
//! The test harness has no result "did not run", so such a test passes. It writes `skipped:` and
//! the reason to standard error, and appends a line to the file that `DDNS_NETLINK_SKIPPED` names;
//! `make test` prints these lines at its end. With `CI` set the test fails instead.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "test support, which not every test needs"
)]

use std::cell::Cell;
use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::thread;

/// Reports that this test does not run, because of `reason`.
///
/// # Panics
/// With `CI` set.
pub fn skip(reason: &str) {
    assert!(env::var_os("CI").is_none(), "cannot run here: {reason}");
    skip_in_ci_too(reason);
}

/// As [`skip`], but the test passes with `CI` set, too: the program it needs cannot be installed
/// there.
pub fn skip_in_ci_too(reason: &str) {
    thread_local!(static REPORTED: Cell<bool> = const { Cell::new(false) });
    // A property test calls this for each of its cases.
    if REPORTED.replace(true) {
        return;
    }
    let current = thread::current();
    let test = current.name().unwrap_or("a test");
    // Not eprintln!, which the harness captures and drops when a test passes.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {reason}");
    if let Some(list) = env::var_os("DDNS_NETLINK_SKIPPED") {
        let mut list = OpenOptions::new().append(true).create(true).open(list).unwrap();
        // One write, so that the lines of parallel tests do not mix.
        list.write_all(format!("{reason}\t{test}\n").as_bytes()).unwrap();
    }
}
