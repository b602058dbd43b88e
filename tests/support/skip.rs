//! Tests that cannot run on this machine.
//!
//! The test harness has no word for "did not run": such a test passes. So it says `skipped:` where the
//! harness does not capture it, and leaves a line in the file that `DDNS_NETLINK_SKIPPED` names;
//! `make test` ends with what these lines say. With `CI` set the test fails instead.
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

/// Says that this test does not run, because of `reason`.
///
/// # Panics
/// With `CI` set.
pub fn skip(reason: &str) {
    assert!(env::var_os("CI").is_none(), "cannot run here: {reason}");
    note(reason);
}

/// The same for a test that may be missing in CI, too: what it needs cannot be installed there.
pub fn note(reason: &str) {
    thread_local!(static SAID: Cell<bool> = const { Cell::new(false) });
    // A property test asks for each of its cases.
    if SAID.replace(true) {
        return;
    }
    let current = thread::current();
    let test = current.name().unwrap_or("a test");
    // Not eprintln!, which the harness keeps to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {reason}");
    if let Some(list) = env::var_os("DDNS_NETLINK_SKIPPED") {
        let mut list = OpenOptions::new().append(true).create(true).open(list).unwrap();
        // One write, so that lines of tests that run at the same time stay whole.
        list.write_all(format!("{reason}\t{test}\n").as_bytes()).unwrap();
    }
}
