//! The router's gateway: the test's own namespace with a public address, and miniupnpd.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "test support, shared by programs that each use a part of it"
)]

use std::fs;
use std::process::Command;
use std::time::Duration;

use super::process::{Process, run, wait_until};
use super::router::{GATEWAY, Wan, file, ip_isp};

/// The gateway's address in the network of the router.
pub const NEAR: &str = "192.168.1.1";
/// The router's address there.
pub const ROUTER: &str = "192.168.1.2";
/// The first public address of the gateway. miniupnpd refuses to tell those of documentation.
pub const FIRST: &str = "81.2.69.10";

/// Gives the gateway this public address, and the router a private one.
pub fn behind_nat(wan: &Wan, public: &str) {
    ip_isp("link add ext type veth peer name far");
    ip_isp("link set ext up");
    ip_isp("link set far up");
    ip_isp(&format!("addr add {public}/24 dev ext"));
    // miniupnpd knows a network by the first address of its device.
    ip_isp(&format!("addr del {GATEWAY}/24 dev isp0"));
    ip_isp(&format!("addr add {NEAR}/24 dev isp0"));
    wan.ip_batch(&format!("addr add {ROUTER}/24 dev wan\nroute add default via {NEAR} dev wan\n"));
}

/// Replaces the public address of the gateway.
pub fn change(old: &str, new: &str) {
    ip_isp(&format!("addr del {old}/24 dev ext"));
    ip_isp(&format!("addr add {new}/24 dev ext"));
}

/// miniupnpd on the gateway.
pub struct Igd(Process);

impl Igd {
    /// Starts it with these further lines of configuration, and waits until it answers.
    pub fn start(lines: &str) -> Self {
        let (path, pid) = (file("miniupnpd.conf"), file("miniupnpd.pid"));
        // An earlier one that was killed has left it, and this one would not start.
        let _ = fs::remove_file(&pid);
        let text = format!(
            "ext_ifname=ext\nlistening_ip=isp0\nhttp_port=5000\nsystem_uptime=yes\nsecure_mode=yes\n\
             uuid=00000000-0000-0000-0000-000000000000\n{lines}\n\
             allow 0-65535 192.168.1.0/24 0-65535\n"
        );
        fs::write(&path, text).unwrap();
        let mut command = Command::new("miniupnpd");
        command.args(["-d", "-f"]).arg(&path).arg("-P").arg(pid);
        let process = Process::start(&mut command);
        let sockets = || fs::read_to_string("/proc/net/udp").unwrap_or_default();
        // 5351 and 1900, of which one may be off.
        wait_until("miniupnpd listens", || {
            [":14E7 ", ":076C "].iter().any(|port| sockets().contains(port))
        });
        Self(process)
    }

    /// The lines that it has logged.
    pub fn log(&self) -> Vec<String> {
        self.0.lines.all()
    }
}

/// A gateway that speaks NAT-PMP alone and tells any address: miniupnpd tells only public ones.
pub struct Responder(Process);

impl Responder {
    pub fn start(address: &str) -> Self {
        let serve = "import socket, sys\n\
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
            s.bind((sys.argv[1], 5351))\n\
            print('ready', flush=True)\n\
            while True:\n    \
                data, peer = s.recvfrom(100)\n    \
                told = bytes([0, 128, 0, 0, 0, 0, 0, 9]) + socket.inet_aton(sys.argv[2])\n    \
                unknown = bytes([0, 128 | data[1], 0, 1, 0, 0, 0, 9])\n    \
                s.sendto(unknown if data[0] else told, peer)\n";
        let process = Process::start(Command::new("python3").args(["-c", serve, NEAR, address]));
        process.lines.wait_line(Duration::from_secs(20), |line| line == "ready");
        Self(process)
    }
}

/// Prints when an announcement reaches the router, on the clock of [`super::provider::now`].
const LISTEN: &str = r"
import socket, struct, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('224.0.0.1', 5350))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
             struct.pack('4s4s', socket.inet_aton('224.0.0.1'), socket.inet_aton('192.168.1.2')))
print('ready', flush=True)
while True:
    data, peer = s.recvfrom(100)
    print(time.clock_gettime_ns(time.CLOCK_BOOTTIME), data.hex(), flush=True)
";

/// Listens to announcements in the router, as the daemon does.
pub struct Listener(Process);

impl Listener {
    pub fn start(wan: &Wan) -> Self {
        let process = Process::start(wan.command("python3").args(["-c", LISTEN]));
        process.lines.wait_line(Duration::from_secs(20), |line| line == "ready");
        Self(process)
    }

    /// When the first announcement arrived whose octets contain `hex`.
    pub fn wait(&self, hex: &str) -> Duration {
        let line = self.0.lines.wait_line(Duration::from_secs(20), |line| line.contains(hex));
        Duration::from_nanos(line.split_once(' ').unwrap().0.parse().unwrap())
    }
}

/// Makes the tables in which miniupnpd keeps mappings. Without them it refuses PCP's requests.
pub fn mapping_tables() {
    let chains =
        "chain miniupnpd {}\nchain prerouting_miniupnpd {}\nchain postrouting_miniupnpd {}\n";
    run(Command::new("nft").arg(format!("table inet filter {{ {chains} }}")));
}

/// The mappings of miniupnpd.
pub fn mappings() -> String {
    run(Command::new("nft").args(["list", "table", "inet", "filter"]))
}

/// The server in the internet, behind both routers.
pub const SERVER: &str = "81.2.69.1";

/// Puts a second router between the gateway, whose address at `ext` is `near` in 10.9.9.0/24, and the
/// internet. Its own public address is [`FIRST`]. Both translate. Returns a command that runs in the internet.
pub fn second_nat() -> impl Fn(&str) -> Command {
    for name in ["outer", "net"] {
        ip_isp(&format!("netns add {name}"));
    }
    ip_isp("link set far netns outer");
    ip_isp("link add pub type veth peer name net0");
    ip_isp("link set pub netns outer");
    ip_isp("link set net0 netns net");
    ip_isp("-n outer addr add 10.9.9.1/24 dev far");
    ip_isp(&format!("-n outer addr add {FIRST}/24 dev pub"));
    ip_isp(&format!("-n net addr add {SERVER}/24 dev net0"));
    for (name, device) in [("outer", "far"), ("outer", "pub"), ("net", "net0"), ("net", "lo")] {
        ip_isp(&format!("-n {name} link set {device} up"));
    }
    ip_isp("route add default via 10.9.9.1 dev ext");
    translate(Command::new("sh"), "ext");
    translate(inside("outer", "sh"), "pub");
    |program| inside("net", program)
}

/// Forwards packets, and translates those that leave through `device`.
fn translate(mut shell: Command, device: &str) {
    let rules = format!(
        "table ip nat {{ chain out {{ type nat hook postrouting priority 100; \
         oifname \"{device}\" masquerade; }}; }}"
    );
    let script = "echo 1 >/proc/sys/net/ipv4/ip_forward; exec nft \"$1\"";
    run(shell.args(["-ec", script, "sh", &rules]));
}

fn inside(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net=/run/netns/{namespace}")).arg("--").arg(program);
    command
}

/// coturn as a STUN server at [`SERVER`]. `command` runs a program there.
pub fn stun_server(command: impl Fn(&str) -> Command) -> Process {
    let pid = format!("--pidfile={}", file("turn.pid").display());
    let address = format!("--listening-ip={SERVER}");
    let plain = ["-n", "--stun-only", "--no-tls", "--no-dtls", "--no-cli", "--log-file=stdout"];
    let process = Process::start(command("turnserver").args(plain).args([address, pid]));
    wait_until("turnserver listens", || {
        run(command("cat").arg("/proc/net/udp")).contains(":0D96 ")
    });
    process
}

/// Sends an announcement of NAT-PMP with `address` from `from`, which becomes another address of the network.
pub fn announce(from: &str, address: &str) {
    ip_isp(&format!("addr add {from}/24 dev isp0"));
    let send = "import socket, sys\n\
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
        s.bind((sys.argv[1], 0))\n\
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))\n\
        m = bytes([0, 128, 0, 0, 0, 0, 0, 1]) + socket.inet_aton(sys.argv[2])\n\
        s.sendto(m, ('224.0.0.1', 5350))\n";
    run(Command::new("python3").args(["-c", send, from, address]));
}
