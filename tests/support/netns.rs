//! Runs a test in network namespaces of its own.
//!
//! [`run`] starts the test binary again, with only the calling test, as root of fresh user,
//! network, mount and process namespaces (`unshare` of util-linux). Changes to links, addresses and
//! routes stay inside, and processes that the body leaves running end with the namespaces. Works as
//! root and as an ordinary user:
//!
//! ```ignore
//! #[path = "support/netns.rs"]
//! mod netns;
//!
//! #[test]
//! fn a_new_address_is_seen() {
//!     netns::run("a_new_address_is_seen", || {
//!         netns::ip("addr add 192.0.2.1/24 dev lo");
//!     });
//! }
//! ```
//!
//! The name is that of the test, as `cargo test -- --list` prints it. Where the kernel forbids
//! user namespaces the test prints `skipped:` and passes; with `CI` set it fails instead.

#![allow(dead_code, reason = "each test program uses a part of this")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test support")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

#[path = "skip.rs"]
mod skip;

/// Set in the environment of a test that already runs in the namespaces.
const INSIDE: &str = "DDNS_NETLINK_TEST_INSIDE";
/// Seconds after which a test that hangs is killed.
const PATIENCE: &str = "120";

/// Runs `body` in new namespaces, where `lo` is up and there is no other device.
pub(crate) fn run(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        ip("link set lo up");
        body();
        return;
    }
    if let Err(reason) = check_namespaces() {
        skip::skip(&format!("cannot test in a network namespace: {reason}"));
        return;
    }
    let binary = std::env::current_exe().unwrap();
    let output = unshare()
        .arg(binary)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let printed = all(&output);
    assert!(output.status.success(), "{test} failed in its namespaces:\n{printed}");
    // A wrong name would select no test at all and succeed.
    assert!(printed.contains("1 passed"), "no test is called {test}:\n{printed}");
    print!("{printed}");
}

/// Runs `ip` with these arguments, which must succeed. Returns its output.
pub(crate) fn ip(arguments: &str) -> String {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .unwrap_or_else(|error| panic!("ip: {error}"));
    assert!(output.status.success(), "ip {arguments}: {}", all(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs many `ip` commands in one process; one process for each would take minutes.
pub(crate) fn ip_batch(commands: impl IntoIterator<Item = String>) {
    let mut child = Command::new("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("ip: {error}"));
    let mut input = child.stdin.take().unwrap();
    for command in commands {
        writeln!(input, "{command}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "ip -batch: {}", all(&output));
}

/// The interface index of a device.
pub(crate) fn index(device: &str) -> u32 {
    let links: serde_json::Value =
        serde_json::from_str(&ip(&format!("-j link show dev {device}"))).unwrap();
    let index = links[0]["ifindex"].as_u64().unwrap();
    u32::try_from(index).unwrap()
}

fn check_namespaces() -> Result<(), String> {
    match unshare().arg("true").stdin(Stdio::null()).output() {
        Err(error) => Err(format!("unshare: {error}")),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(all(&output).trim().to_owned()),
    }
}

fn unshare() -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", PATIENCE, "unshare"]);
    command.args(["--user", "--map-root-user", "--net", "--mount"]);
    command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
    command
}

/// Standard output and standard error.
fn all(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}
