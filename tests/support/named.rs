//! The domain name system in one process: BIND serves the root, `com`, `net` and `example.com` and
//! is a resolver, each at an address of its own. dnsmasq forwards to that resolver, as on a router.
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

use nix::sys::signal::Signal;

use super::process::{Lines, Process, run};
use super::router::{file, ip_isp};

/// The name server of `com` and `net`.
pub const COM: &str = "192.0.2.2";
/// The name server of `example.com`.
pub const EXAMPLE: &str = "192.0.2.3";
/// The name server of `example.com` over IPv6.
pub const EXAMPLE6: &str = "2001:db8::3";
/// The address of BIND's resolver.
pub const RESOLVER: &str = "192.0.2.53";
/// An address where no name server listens.
pub const NOBODY: &str = "192.0.2.66";

const LIMIT: Duration = Duration::from_secs(20);

const CONFIG: &str = r#"
options {
    directory "/run/t/named";
    pid-file none;
    session-keyfile none;
    managed-keys-directory "/run/t/named";
    listen-on { 192.0.2.1; 192.0.2.2; 192.0.2.3; 192.0.2.4; 192.0.2.53; };
    listen-on-v6 { 2001:db8::3; };
    recursion no;
    dnssec-validation no;
    minimal-responses no;
    notify no;
};
controls { };
view root { match-destinations { 192.0.2.1; };
    zone "." { type primary; file "root"; };
};
view com { match-destinations { 192.0.2.2; };
    zone "com" { type primary; file "com"; };
    zone "net" { type primary; file "net"; };
};
EXAMPLE
view resolver { match-destinations { 192.0.2.53; };
    recursion yes;
    zone "." { type hint; file "hint"; };
    zone "kept.com" { type primary; file "kept.com"; };
};
"#;

/// The view that serves `example.com`.
const VIEW: &str = r#"
view example { match-destinations { 192.0.2.3; 2001:db8::3; };
    zone "example.com" { type primary; file "example.com"; };
};
"#;

const ZONES: [(&str, &str); 5] = [
    ("hint", ". 3600 NS a.root.net.\na.root.net. 3600 A 192.0.2.1\n"),
    (
        "root",
        "$TTL 300\n. SOA a.root.net. x. 1 3600 600 86400 60\n. NS a.root.net.\n\
         a.root.net. A 192.0.2.1\ncom. NS ns.com.\nns.com. A 192.0.2.2\nnet. NS ns.com.\n",
    ),
    (
        "com",
        "$TTL 300\n@ SOA ns x 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.2\n\
         example NS ns.example\nns.example A 192.0.2.3\nns.example AAAA 2001:db8::3\n\
         lame NS ns\n\
         glue NS ns.glue\nglue NS ns.example\nns.glue A 203.0.113.7\n",
    ),
    ("net", "$TTL 300\n@ SOA ns.com. x 1 3600 600 86400 60\n@ NS ns.com.\nhost A 203.0.113.8\n"),
    // The resolver serves this zone itself; nothing listens at the addresses of the zone's name
    // servers.
    (
        "kept.com",
        "$TTL 300\n@ SOA ns x 1 3600 600 86400 60\n@ NS ns\n@ NS ns2\nns A 192.0.2.66\n\
         ns2 A 192.0.2.67\nhome A 203.0.113.9\n",
    ),
];

/// The BIND process that is all name servers; killed when dropped.
pub struct Named {
    process: Process,
    serial: u32,
}

impl Named {
    /// Starts BIND with these records in `example.com`, beside the SOA and NS records.
    pub fn start(records: &str) -> Self {
        Self::with(VIEW, records)
    }

    /// The same, with other views for `example.com`. The zone's file is `example.com`.
    pub fn with(views: &str, records: &str) -> Self {
        for address in [1, 2, 3, 4, 53].map(|last| format!("192.0.2.{last}/32")) {
            ip_isp(&format!("addr add {address} dev lo"));
        }
        ip_isp(&format!("addr add {EXAMPLE6}/128 dev lo nodad"));
        let dir = file("named");
        fs::create_dir_all(&dir).unwrap();
        for (name, text) in ZONES {
            fs::write(dir.join(name), text).unwrap();
        }
        fs::write(dir.join("named.conf"), CONFIG.replace("EXAMPLE", views)).unwrap();
        write_zone(1, records);
        let mut command = Command::new("named");
        command.args(["-g", "-n", "1", "-c"]).arg(dir.join("named.conf"));
        let process = Process::start(&mut command);
        process.lines.wait_line(LIMIT, |line| line.ends_with("running"));
        Self { process, serial: 1 }
    }

    /// Signs `example.com` with these records, then changes the text `from` of its file into `to`. Waits until BIND
    /// has loaded the zone. The key is in `anchor`, in the directory of BIND.
    pub fn set_signed(&mut self, records: &str, (from, to): (&str, &str)) {
        let dir = file("named");
        self.serial += 1;
        write_zone(self.serial, records);
        let key = dir.join("anchor");
        if !key.exists() {
            let words = ["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "example.com"];
            let name = run(Command::new("dnssec-keygen").current_dir(&dir).args(words));
            fs::copy(dir.join(format!("{}.key", name.trim())), &key).unwrap();
        }
        let words = ["-z", "-S", "-o", "example.com", "-O", "full", "-f", "signed", "example.com"];
        run(Command::new("dnssec-signzone").current_dir(&dir).args(words));
        let signed = fs::read_to_string(dir.join("signed")).unwrap().replace(from, to);
        fs::write(dir.join("example.com"), signed).unwrap();
        self.load();
    }

    /// What BIND has printed.
    pub fn lines(&self) -> &Lines {
        &self.process.lines
    }

    /// Replaces the records of `example.com` and waits until BIND has loaded them. The resolver
    /// keeps what it has cached.
    pub fn set(&mut self, records: &str) {
        self.serial += 1;
        write_zone(self.serial, records);
        self.load();
    }

    /// Has BIND load the zone.
    fn load(&self) {
        let seen = self.process.lines.len();
        self.process.signal(Signal::SIGHUP);
        let loaded = format!("zone example.com/IN/example: loaded serial {}", self.serial);
        self.process.lines.wait_line_from(seen, LIMIT, |line| line.contains(&loaded));
    }
}

fn write_zone(serial: u32, records: &str) {
    let text = format!(
        "$TTL 300\n@ SOA ns x {serial} 3600 600 86400 60\n@ NS ns\nns A {EXAMPLE}\n\
         ns AAAA {EXAMPLE6}\n{records}\n"
    );
    fs::write(file("named").join("example.com"), text).unwrap();
}

const UNBOUND: &str = r#"
server:
    interface: 127.0.0.1
    username: ""
    chroot: ""
    pidfile: ""
    directory: "/run/t/named"
    do-daemonize: no
    use-syslog: no
    logfile: ""
    verbosity: 1
    trust-anchor-file: "/run/t/named/anchor"
stub-zone:
    name: "."
    stub-addr: 192.0.2.1
remote-control:
    control-enable: no
"#;

/// Starts unbound at 127.0.0.1 with the key of [`Named::set_signed`] as its trust anchor; `command` runs it in the
/// right namespace.
pub fn unbound(mut command: Command) -> Process {
    let path = file("named").join("unbound.conf");
    fs::write(&path, UNBOUND).unwrap();
    let process = Process::start(command.args(["-d", "-c"]).arg(path));
    process.lines.wait_line(LIMIT, |line| line.contains("start of service"));
    process
}

/// Starts dnsmasq at 127.0.0.1, where `/etc/resolv.conf` points; `command` runs it in the right
/// namespace.
pub fn dnsmasq(mut command: Command) -> Process {
    command.args([
        "--no-daemon",
        "--conf-file=/dev/null",
        "--user=root",
        "--pid-file=",
        "--no-hosts",
        "--no-resolv",
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        &format!("--server={RESOLVER}"),
    ]);
    let process = Process::start(&mut command);
    process.lines.wait_line(LIMIT, |line| line.contains("using nameserver"));
    process
}
