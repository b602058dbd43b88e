//! The usual set of an end-to-end test: a router, a provider that listens, a configuration.
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

/// How long to wait for what must come. Long: a loaded machine is slow, and nothing waits this
/// long unless the test fails.
pub const LIMIT: Duration = Duration::from_secs(20);

/// The binary under test: ours, or what `DDNS_NETLINK_BIN` names, built for another architecture.
fn binary() -> PathBuf {
    let other = env::var_os("DDNS_NETLINK_BIN").filter(|path| !path.is_empty());
    other.map_or_else(|| env!("CARGO_BIN_EXE_ddns-netlink").into(), PathBuf::from)
}

/// What has to run the binary: nothing, or `DDNS_NETLINK_RUNNER`, an emulator with its arguments.
fn runner() -> String {
    env::var("DDNS_NETLINK_RUNNER").unwrap_or_default()
}

/// Whether an emulator of programs stands between the daemon and the kernel, and spoils what this test
/// needs, for this `reason`; then the test says that it does not run.
pub fn is_spoilt_by_emulator(reason: &str) -> bool {
    let emulated = !runner().is_empty();
    if emulated {
        super::skip::note(reason);
    }
    emulated
}

/// What the daemon says of a closed port. Errors have other numbers on MIPS, and qemu-user 7.2 gives
/// `SO_ERROR` in those of the machine below it, which is then an error without a name. A real MIPS
/// kernel does better: tests/targets.rs.
pub fn connection_refused() -> &'static [&'static str] {
    if runner().contains("qemu-mips") { &["refused", "no error information"] } else { &["refused"] }
}

/// Where the provider listens.
pub fn at(address: &str, port: u16) -> SocketAddr {
    SocketAddr::new(address.parse::<IpAddr>().unwrap(), port)
}

/// A router without an address, and a provider that is up.
pub struct Scene {
    pub wan: Wan,
    pub provider: Provider,
    pub server: Option<Server>,
    pub config: Config,
}

impl Scene {
    /// With an empty configuration.
    pub fn bare() -> Self {
        let wan = Wan::new();
        let provider = Provider::new();
        let server = Some(provider.listen(at(PROVIDER, 80)));
        Self { wan, provider, server, config: Config::new(DIR) }
    }

    /// With one section, `home`, and these further options in it.
    pub fn new(options: &str) -> Self {
        let mut scene = Self::bare();
        scene.config.section("home", options);
        scene
    }

    /// Writes the configuration; what it gives starts the binary in the router.
    pub fn launcher(&self) -> Launcher {
        let runner = runner();
        let mut prefix = vec!["nsenter", "--net=/run/netns/router", "--"];
        prefix.extend(runner.split_whitespace());
        Launcher::new(binary(), &prefix, &self.config.write())
    }

    /// The provider goes away, with every connection.
    pub fn provider_down(&mut self) {
        self.server = None;
    }

    /// The provider is back.
    pub fn provider_up(&mut self) {
        self.server = Some(self.provider.listen(at(PROVIDER, 80)));
    }
}
