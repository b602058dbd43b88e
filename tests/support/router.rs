//! A router and the network of its provider, in private namespaces.
//!
//! [`isolated`] runs a test again in private user, network, mount and process namespaces. There the
//! test itself is the internet (device `isp0`, the embedded provider). [`Wan`] adds a second
//! network namespace, the router, in which the daemon under test runs. A veth pair connects the
//! two: `isp0` in the internet, `wan` in the router. All processes end with the process namespace.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::any::type_name;
use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;

use nix::sys::signal::Signal;

use super::process::{Process, run, wait_until};
use super::skip;

/// Set in the environment of a test that already runs in the namespaces.
const INSIDE: &str = "DDNS_NETLINK_TEST_INSIDE";

/// The directory of a test's files, on a tmpfs of its own.
pub const DIR: &str = "/run/t";

/// The provider's IPv4 address: only the router's default route leads to it.
pub const PROVIDER: &str = "198.51.100.53";
/// The provider's IPv6 address.
pub const PROVIDER6: &str = "2001:db8:53::53";

/// The address of `isp0`, which is the router's gateway.
pub const GATEWAY: &str = "203.0.113.1";

const MAC: &str = "02:00:00:00:00:05";

/// Runs in the namespaces before the test. /run and /dev become the test's own, so that the host's
/// log socket is out of reach and the test can have one; /etc/hosts and /usr/share/ddns can be
/// written; /etc/resolv.conf names 127.0.0.1. The last two lines fail where veth is missing.
const SETUP: &str = r#"
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/t /run/netns /run/dev/pts /run/dev/shm
for node in null zero full random urandom tty; do
    : >/run/dev/$node
    mount --bind /dev/$node /run/dev/$node
done
ln -s /proc/self/fd /run/dev/fd
mount --rbind /run/dev /dev
cp /etc/hosts /run/t/hosts
mount --bind /run/t/hosts /etc/hosts
# /etc/resolv.conf may be a link into /run, which is empty now.
conf=$(readlink -f /etc/resolv.conf) || conf=
echo 'nameserver 127.0.0.1' >/run/t/resolv.conf
case "$conf" in /run/*) mkdir -p "${conf%/*}" && : >"$conf" ;; esac
[ ! -e "$conf" ] || mount --bind /run/t/resolv.conf "$conf"
mount -t tmpfs tmpfs "$([ -d /usr/share/ddns ] && echo /usr/share/ddns || echo /usr/share)"
mkdir -p /usr/share/ddns/default /usr/share/ddns/custom
ip link set lo up
ip link add probe0 type veth peer name probe1
ip link del probe0
"#;

const NEW_SPACES: [&str; 6] =
    ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
const AS_ROOT: [&str; 2] = ["--user", "--map-root-user"];

/// Runs `body` in private namespaces: starts this test program again for this one test, whose name
/// is that of the function around the closure. Where the kernel forbids that, or a program in
/// `tools` is missing, the test prints `skipped:` and passes; with `CI` set it fails instead.
pub fn isolated<F: FnOnce()>(tools: &[&str], body: F) {
    isolated_in(tools, || spaces().clone(), body);
}

/// [`isolated`] for a test that needs several users: the namespaces have those of the host, so this process must be
/// root.
pub fn isolated_with_users<F: FnOnce()>(tools: &[&str], body: F) {
    isolated_in(tools, spaces_of_host, body);
}

fn spaces_of_host() -> Spaces {
    match try_spaces(&NEW_SPACES) {
        Ok(()) => Ok(NEW_SPACES.to_vec()),
        Err(reason) => Err(format!("only root can have other users: {reason}")),
    }
}

/// The flags of `unshare` for a test, or why it cannot run.
type Spaces = Result<Vec<&'static str>, String>;

fn isolated_in<F: FnOnce()>(tools: &[&str], spaces: fn() -> Spaces, body: F) {
    if env::var_os(INSIDE).is_some() {
        run(Command::new("sh").args(["-c", SETUP]));
        body();
        return;
    }
    let reason = missing(&["ip", "unshare"]).or_else(|| missing(tools));
    let spaces = match (reason, spaces()) {
        (None, Ok(spaces)) => spaces,
        (Some(reason), _) | (None, Err(reason)) => {
            skip::skip(&reason);
            return;
        }
    };
    let output = Command::new("timeout")
        .args(["-k", "5", "120", "unshare"])
        .args(spaces)
        .arg(env::current_exe().unwrap())
        .args(["--exact", &test_name::<F>(), "--nocapture", "--include-ignored"])
        .env(INSIDE, "1")
        .env("RUST_BACKTRACE", "0")
        .env("PATH", search_path())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).replace('\n', "\n| ");
    assert!(output.status.success(), "{}\n| {text}", output.status);
    assert!(text.contains("1 passed"), "the test was not found: {text}");
}

/// The path of the test (`module::test`) that contains the closure `F`.
fn test_name<F>() -> String {
    let full = type_name::<F>();
    let (_, path) = full.split_once("::").unwrap();
    path.trim_end_matches("::{{closure}}").to_owned()
}

/// The flags of `unshare` that work here, or the reason why none do.
pub fn spaces() -> &'static Result<Vec<&'static str>, String> {
    static SPACES: OnceLock<Result<Vec<&str>, String>> = OnceLock::new();
    SPACES.get_or_init(|| {
        let with_user = [&AS_ROOT[..], &NEW_SPACES[..]].concat();
        try_spaces(&with_user)
            .map(|()| with_user)
            // Root in a container may have no user namespaces, and does not need one.
            .or_else(|first| {
                try_spaces(&NEW_SPACES)
                    .map(|()| NEW_SPACES.to_vec())
                    .map_err(|_| format!("no private namespaces on this kernel: {first}"))
            })
    })
}

fn try_spaces(flags: &[&str]) -> Result<(), String> {
    let output = Command::new("unshare")
        .args(flags)
        .args(["sh", "-c", SETUP])
        .env("PATH", search_path())
        .output()
        .map_err(|e| format!("unshare: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(text.lines().next().unwrap_or("unshare failed").to_owned())
}

/// `PATH` with the directories of system programs, which an ordinary user's may lack.
pub fn search_path() -> String {
    let path = env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin")
}

/// Whether this program is installed.
pub fn has(tool: &str) -> bool {
    search_path().split(':').any(|dir| Path::new(dir).join(tool).exists())
}

fn missing(tools: &[&str]) -> Option<String> {
    let tool = tools.iter().find(|tool| !has(tool))?;
    Some(format!("{tool} is not installed"))
}

/// Prepares the current namespaces as [`isolated`] does, for programs that are not tests.
pub fn prepare() {
    run(Command::new("sh").args(["-c", SETUP]));
}

/// [`isolated`] for a program that is not a test, such as a bench: starts the program again in
/// private namespaces and runs `body` there.
pub fn program(body: impl FnOnce()) -> ExitCode {
    if env::var_os(INSIDE).is_some() {
        prepare();
        body();
        return ExitCode::SUCCESS;
    }
    let flags = match spaces() {
        Ok(flags) => flags,
        Err(reason) => {
            eprintln!("it cannot run here: {reason}");
            return ExitCode::FAILURE;
        }
    };
    let status = Command::new("unshare")
        .args(flags)
        .arg(env::current_exe().unwrap())
        .env(INSIDE, "1")
        .env("PATH", search_path())
        .status()
        .unwrap();
    ExitCode::from(u8::from(!status.success()))
}

/// Adds two devices to the current namespace. The default route uses `uplink`, so that the
/// addresses of `wan` can change without it.
pub fn uplink_and_wan() {
    for (device, other) in [("uplink", "uplink-peer"), ("wan", "wan-peer")] {
        ip_isp(&format!("link add {device} type veth peer name {other}"));
        ip_isp(&format!("link set {other} up"));
        ip_isp(&format!("link set {device} up"));
    }
    ip_isp("addr add 192.0.2.2/24 dev uplink");
    ip_isp("route add default via 192.0.2.1 dev uplink");
}

/// A path in the test's own directory.
pub fn file(name: &str) -> PathBuf {
    Path::new(DIR).join(name)
}

/// Sets `/etc/hosts` for every program of this test.
pub fn hosts(lines: &str) {
    // Not by rename: the file is bind-mounted.
    fs::write("/run/t/hosts", format!("127.0.0.1 localhost\n{lines}\n")).unwrap();
}

/// Runs `ip` with these arguments in the internet's namespace.
pub fn ip_isp(words: &str) -> String {
    run(Command::new("ip").args(words.split_whitespace()))
}

/// The router. It is connected to the internet, but `wan` has no address yet.
pub struct Wan(());

impl Wan {
    pub fn new() -> Self {
        for (key, value) in
            [("ipv6/conf/all/forwarding", "1"), ("ipv6/conf/default/accept_dad", "0")]
        {
            fs::write(format!("/proc/sys/net/{key}"), value).unwrap();
        }
        ip_isp("netns add router");
        ip_isp(&format!("link add isp0 type veth peer name wan address {MAC} netns router"));
        ip_isp(&format!("addr add {GATEWAY}/24 dev isp0"));
        // nodad: until the detection of duplicates is over, nothing can listen on the address.
        ip_isp("addr add fe80::1/64 dev isp0 nodad");
        ip_isp("link set isp0 up");
        ip_isp(&format!("addr add {PROVIDER}/32 dev lo"));
        ip_isp(&format!("addr add {PROVIDER6}/128 dev lo nodad"));
        let wan = Self(());
        wan.ip("link set lo up");
        wan.ip("link set wan up");
        wan.wait_up("isp0", "wan");
        wan
    }

    /// Waits until both ends of a veth pair carry packets. The kernel takes up to a second for
    /// that, and drops earlier packets, which would cost a TCP retransmission.
    fn wait_up(&self, ours: &str, theirs: &str) {
        let up = |text: String| text.contains("state UP");
        wait_until("both ends are up", || {
            up(ip_isp(&format!("-o link show dev {ours}")))
                && up(self.ip(&format!("-o link show dev {theirs}")))
        });
    }

    /// A command that runs in the router's namespace.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg("--net=/run/netns/router").arg("--").arg(program);
        command
    }

    /// Runs `ip` with these arguments in the router.
    pub fn ip(&self, words: &str) -> String {
        run(self.command("ip").args(words.split_whitespace()))
    }

    /// Runs several `ip` commands in the router, one per line. They run in one process, so that as
    /// little time is between them as between the changes of a DHCP client.
    pub fn ip_batch(&self, lines: &str) {
        let mut child =
            self.command("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "ip -batch: {lines}");
    }

    /// Sets `/proc/sys/net/<key>` in the router.
    pub fn sysctl(&self, key: &str, value: &str) {
        let script = "printf %s \"$2\" >\"/proc/sys/net/$1\"";
        run(self.command("sh").args(["-c", script, "sh", key, value]));
    }

    /// Gives `wan` this address (`203.0.113.x`) and the default route.
    pub fn set_address(&self, address: &str) {
        self.ip_batch(&format!(
            "addr add {address}/24 dev wan\nroute add default via {GATEWAY} dev wan\n"
        ));
    }

    /// Replaces the IPv4 addresses of `wan` by this one. The default route uses [`GATEWAY`], even
    /// if the address is of another network.
    pub fn set_address_only(&self, address: &str) {
        self.ip("-4 addr flush dev wan");
        self.ip_batch(&format!(
            "addr add {address}/24 dev wan\n\
             route add default via {GATEWAY} dev wan onlink\n"
        ));
    }

    /// What a DHCP client does for a new lease: removes the old address (the kernel removes the
    /// route with it), adds the new one, adds the default route.
    pub fn change_address(&self, old: &str, new: &str) {
        self.ip_batch(&format!(
            "addr del {old}/24 dev wan\naddr add {new}/24 dev wan\n\
             route add default via {GATEWAY} dev wan\n"
        ));
    }

    /// Gives `wan` a global IPv6 address without duplicate address detection, and a default route.
    pub fn set_address6(&self, address: &str) {
        self.ip_batch(&format!(
            "addr add {address}/64 dev wan nodad\nroute add default via fe80::1 dev wan\n"
        ));
        ip_isp(&format!("route replace {address}/128 dev isp0"));
    }

    /// Adds a point-to-point device of this name with a peer address, as PPPoE does. Its interface
    /// index is new each time.
    pub fn dial(&self, device: &str, local: &str, peer: &str) {
        ip_isp(&format!("link add isp-{device} type veth peer name {device} netns router"));
        ip_isp(&format!("addr add {peer}/32 dev isp-{device}"));
        ip_isp(&format!("link set isp-{device} up"));
        self.ip(&format!("link set {device} up"));
        self.wait_up(&format!("isp-{device}"), device);
        ip_isp(&format!("route replace {local}/32 dev isp-{device}"));
        self.ip_batch(&format!(
            "addr add {local} peer {peer} dev {device}\n\
             route add default dev {device}\n"
        ));
    }

    /// Removes the device of [`Wan::dial`].
    pub fn hang_up(&self, device: &str) {
        self.ip(&format!("link del {device}"));
    }

    /// Starts `ip monitor` in the router: one line for each event of the kernel.
    pub fn monitor(&self) -> Process {
        let process = Process::start(self.command("ip").args(["-o", "monitor", "all"]));
        // `ip monitor` does not report when it listens: make events until it prints one.
        loop {
            self.ip("addr add 127.9.9.9/32 dev lo");
            self.ip("addr del 127.9.9.9/32 dev lo");
            process.lines.wait_more(0, std::time::Duration::from_millis(100));
            if process.lines.len() > 0 {
                return process;
            }
        }
    }
}

/// dnsmasq as a DHCP server in the internet, with one lease for the router.
pub struct DhcpServer {
    process: Process,
    hosts: PathBuf,
}

impl DhcpServer {
    /// Offers `address` for two minutes, the shortest lease of dnsmasq.
    pub fn start(address: &str) -> Self {
        let hosts = file("dhcp-hosts");
        fs::write(&hosts, format!("{MAC},{address}\n")).unwrap();
        let mut command = Command::new("dnsmasq");
        command.args([
            "--no-daemon",
            "--conf-file=/dev/null",
            "--port=0",
            "--user=root",
            "--pid-file=",
            "--interface=isp0",
            "--bind-interfaces",
            "--dhcp-range=203.0.113.0,static,2m",
            "--dhcp-authoritative",
            "--no-ping",
            "--log-dhcp",
            &format!("--dhcp-hostsfile={}", hosts.display()),
            &format!("--dhcp-leasefile={}", file("dhcp-leases").display()),
            &format!("--dhcp-option=option:router,{GATEWAY}"),
        ]);
        Self { process: Process::start(&mut command), hosts }
    }

    /// Changes the router's lease to `address`; a renewal of the old lease is refused from now on.
    pub fn set(&self, address: &str) {
        fs::write(&self.hosts, format!("{MAC},{address}\n")).unwrap();
        let seen = self.process.lines.len();
        self.process.signal(Signal::SIGHUP);
        let limit = std::time::Duration::from_secs(5);
        self.process.lines.wait_line_from(seen, limit, |l| l.contains("read "));
    }
}

/// The changes that OpenWrt's script makes through netifd. A renewal replaces the address in place;
/// for another address the old one is removed first.
const UDHCPC_SCRIPT: &str = r#"#!/bin/sh
case "$1" in
deconfig)
    ip -4 addr flush dev "$interface"
    ip link set "$interface" up
    ;;
bound|renew)
    ip -o -4 addr show dev "$interface" | grep -q " $ip/" || ip -4 addr flush dev "$interface"
    ip addr replace "$ip/$mask" dev "$interface" valid_lft "$lease" preferred_lft "$lease"
    ip route replace default via "$router" dev "$interface"
    ;;
esac
echo "script: $1 $ip"
"#;

/// udhcpc of busybox as the DHCP client on `wan`.
pub struct DhcpClient {
    pub process: Process,
}

impl DhcpClient {
    pub fn start(wan: &Wan) -> Self {
        let script = file("udhcpc.script");
        fs::write(&script, UDHCPC_SCRIPT).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = wan.command("busybox");
        command.args(["udhcpc", "-f", "-i", "wan", "-t", "20", "-T", "1", "-A", "1"]);
        command.arg("-s").arg(script);
        Self { process: Process::start(&mut command) }
    }

    /// Renews the lease; waits until the server has agreed and the script has changed the kernel.
    pub fn renew(&self) {
        let seen = self.process.lines.len();
        self.ask_renewal();
        let limit = std::time::Duration::from_secs(10);
        self.process.lines.wait_line_from(seen, limit, |l| l.starts_with("script: renew"));
    }

    /// Asks for a renewal without waiting for the answer.
    pub fn ask_renewal(&self) {
        self.process.signal(Signal::SIGUSR1);
    }

    /// Releases the lease, which looks to the kernel like its expiry.
    pub fn release(&self) {
        self.process.signal(Signal::SIGUSR2);
    }
}

/// A prefix in a router advertisement: the prefix (without `/64`) and its preferred lifetime.
pub type Prefix<'a> = (&'a str, u32);

/// radvd as a router in the internet that advertises prefixes.
pub struct Advertiser {
    process: Process,
}

impl Advertiser {
    pub fn start(prefixes: &[Prefix<'_>]) -> Self {
        Self::write(prefixes);
        let mut command = Command::new("radvd");
        command.args(["--nodaemon", "--logmethod=stderr", "--debug=1"]);
        command.arg("--config").arg(file("radvd.conf"));
        command.arg("--pidfile").arg(file("radvd.pid"));
        Self { process: Process::start(&mut command) }
    }

    /// Advertises these prefixes instead from now on.
    pub fn set(&self, prefixes: &[Prefix<'_>]) {
        Self::write(prefixes);
        self.process.signal(Signal::SIGHUP);
    }

    fn write(prefixes: &[Prefix<'_>]) {
        let mut text = "interface isp0 {\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n \
                        MaxRtrAdvInterval 4;\n AdvDefaultLifetime 1800;\n"
            .to_owned();
        for (prefix, preferred) in prefixes {
            text.push_str(&format!(
                " prefix {prefix}/64 {{\n  AdvOnLink on;\n  AdvAutonomous on;\n  \
                 AdvValidLifetime 7200;\n  AdvPreferredLifetime {preferred};\n }};\n"
            ));
            ip_isp(&format!("route replace {prefix}/64 dev isp0"));
        }
        text.push_str("};\n");
        fs::write(file("radvd.conf"), text).unwrap();
    }
}
