//! What most end-to-end tests need: a router, a provider that listens, a configuration.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::env;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::daemon::{Config, Launcher};
use super::provider::{Provider, Server};
use super::router::{DIR, PROVIDER, Wan};

/// How long a test waits for an event that must come. A test waits this long only when it fails, so
/// the limit leaves room for a loaded machine.
pub const LIMIT: Duration = Duration::from_secs(20);

/// The binary under test: cargo's, or the one that `DDNS_NETLINK_BIN` names, built for another
/// architecture.
fn binary() -> PathBuf {
    let other = env::var_os("DDNS_NETLINK_BIN").filter(|path| !path.is_empty());
    other.map_or_else(|| env!("CARGO_BIN_EXE_ddns-netlink").into(), PathBuf::from)
}

/// The emulator that runs the binary, with its arguments (`DDNS_NETLINK_RUNNER`); empty without
/// one.
fn runner() -> String {
    env::var("DDNS_NETLINK_RUNNER").unwrap_or_default()
}

/// Skips a test that cannot work under qemu-user, for this `reason`. Returns whether the daemon
/// runs under an emulator; then the test must return.
pub fn skip_under_emulator(reason: &str) -> bool {
    let emulated = !runner().is_empty();
    if emulated {
        super::skip::skip_in_ci_too(reason);
    }
    emulated
}

/// The texts that the daemon may log for a closed port. MIPS has its own error numbers, but
/// qemu-user 7.2 returns `SO_ERROR` with the number of the host, which may name no error of MIPS.
/// tests/targets.rs expects the right text of a real MIPS kernel.
pub fn connection_refused() -> &'static [&'static str] {
    if runner().contains("qemu-mips") { &["refused", "no error information"] } else { &["refused"] }
}

/// A socket address from an IP address and a port.
pub fn endpoint(address: &str, port: u16) -> SocketAddr {
    SocketAddr::new(address.parse::<IpAddr>().unwrap(), port)
}

/// A router whose WAN has no address, and a provider that listens.
pub struct Scene {
    pub wan: Wan,
    pub provider: Provider,
    pub server: Option<Server>,
    pub config: Config,
}

impl Scene {
    /// A scene whose configuration has no section.
    pub fn bare() -> Self {
        let wan = Wan::new();
        let provider = Provider::new();
        let server = Some(provider.listen(endpoint(PROVIDER, 80)));
        Self { wan, provider, server, config: Config::new(DIR) }
    }

    /// A scene whose configuration has one section, `home`, with these further options.
    pub fn new(options: &str) -> Self {
        let mut scene = Self::bare();
        scene.config.section("home", options);
        scene
    }

    /// Writes the configuration and returns a launcher that starts the binary in the router.
    pub fn launcher(&self) -> Launcher {
        let runner = runner();
        let mut prefix = vec!["nsenter", "--net=/run/netns/router", "--"];
        prefix.extend(runner.split_whitespace());
        Launcher::new(binary(), &prefix, &self.config.write())
    }

    /// Closes the provider's port and all its connections.
    pub fn provider_down(&mut self) {
        self.server = None;
    }

    /// Lets the provider listen again.
    pub fn provider_up(&mut self) {
        self.server = Some(self.provider.listen(endpoint(PROVIDER, 80)));
    }
}
