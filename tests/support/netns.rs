//! Tests in a network of their own.
//!
//! [`run`] starts the test binary again, with only the calling test, as root of fresh user,
//! network, mount and process namespaces (`unshare` of util-linux). What the body does to links,
//! addresses and routes touches nothing outside, and whatever it leaves behind or leaves running
//! dies with it. Works as root and as an ordinary user:
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
//! user namespaces the test says `skipped` and passes, unless `CI` is set: there it fails.

#![allow(dead_code, reason = "every test binary uses another part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and a test binary may allow it for all"
)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

#[path = "skip.rs"]
mod skip;

/// Set for a test that already runs inside.
const INSIDE: &str = "DDNS_NETLINK_TEST_INSIDE";
/// A test that hangs is killed after this many seconds.
const PATIENCE: &str = "120";

/// Runs `body` inside, where `lo` is up and nothing else exists.
pub(crate) fn run(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        ip("link set lo up");
        body();
        return;
    }
    if let Err(reason) = possible() {
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
    let said = all(&output);
    assert!(output.status.success(), "{test} failed inside:\n{said}");
    // A wrong name would select no test at all and succeed.
    assert!(said.contains("1 passed"), "no test is called {test}:\n{said}");
    print!("{said}");
}

/// Runs `ip` with these words; it must succeed. Returns what it printed.
pub(crate) fn ip(arguments: &str) -> String {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .unwrap_or_else(|error| panic!("ip: {error}"));
    let said = all(&output);
    assert!(output.status.success(), "ip {arguments}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs many `ip` commands at once, which is the only fast way.
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

/// Index of a device.
pub(crate) fn index(device: &str) -> u32 {
    let links: serde_json::Value =
        serde_json::from_str(&ip(&format!("-j link show dev {device}"))).unwrap();
    let index = links[0]["ifindex"].as_u64().unwrap();
    u32::try_from(index).unwrap()
}

fn possible() -> Result<(), String> {
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

fn all(output: &Output) -> String {
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    said
}
