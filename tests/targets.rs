//! Whole routers: a real kernel of another architecture boots in an emulated machine of 64 MB, gets
//! a DHCP lease and later dials in, and the binary that was built for it keeps its names right.
//!
//! What happens in there is tests/targets/init.sh, and so is what is asserted: it says what has
//! been reached, line by line, and `done` at the end. `make test-targets` fetches the kernels and
//! runs this; plain `cargo test` does not.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "helpers of tests")]

mod support;

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use support::initramfs::Initramfs;
use support::process::Process;
use support::router::search_path;
use support::skip;
use support::tls::Authority;

/// From switching on to switching off; it takes a sixth of that on two free cores.
const LIMIT: Duration = Duration::from_secs(240);

/// Most memory of the daemon that was ever resident, in kB: a 64 MB router has about 20 MB to give.
const MOST_MEMORY: u32 = 3072;

const PROVIDER: &str = "dyn.example.net";

/// An emulated router.
struct Machine {
    /// What the binary was built for.
    triple: &'static str,
    /// Name of the directory that tests/targets/fetch.sh has filled.
    parts: &'static str,
    emulator: &'static str,
    arguments: &'static [&'static str],
    kernel_arguments: &'static str,
}

/// As in many routers with MT76x8 and MT7620: little-endian, one core.
const MALTA: Machine = Machine {
    triple: "mipsel-unknown-linux-musl",
    parts: "mipsel",
    emulator: "qemu-system-mipsel",
    arguments: &["-M", "malta", "-cpu", "24Kc", "-vga", "none"],
    kernel_arguments: "console=ttyS0",
};

/// Debian's ARM kernel sets 16 MB aside for graphics, unless told not to.
const ARM: Machine = Machine {
    triple: "armv7-unknown-linux-musleabihf",
    parts: "armhf",
    emulator: "qemu-system-arm",
    arguments: &["-M", "virt", "-cpu", "cortex-a7"],
    kernel_arguments: "console=ttyAMA0 cma=0",
};

#[test]
fn a_mips_router_of_64_megabytes() {
    MALTA.live();
}

#[test]
fn an_arm_router_of_64_megabytes() {
    ARM.live();
}

impl Machine {
    /// Boots, and follows the machine's life to its end.
    fn live(&self) {
        if let Some(reason) = self.missing() {
            skip::skip(&format!("{}: {reason}", self.triple));
            return;
        }
        let start = Instant::now();
        let console = Process::start(&mut self.command(&self.initramfs()));
        let last = console.lines.wait_line(LIMIT, |line| {
            step(line).is_some_and(|(_, what)| what == "done" || what.starts_with("FAILED"))
                || line.contains("Kernel panic")
        });
        let lines = console.lines.all();
        let failed = step(&last).is_none_or(|(_, what)| what != "done");
        assert!(!failed, "{}", self.whole_story(console));
        println!("{}: {:.0?} in all", self.triple, start.elapsed());
        for (time, what) in lines.iter().filter_map(|line| step(line)) {
            println!("{time:>8} s  {what}");
        }
        let peaks: Vec<u32> = lines.iter().filter_map(|line| peak(line)).collect();
        assert!(!peaks.is_empty() && peaks.iter().all(|&kb| kb < MOST_MEMORY), "{peaks:?} kB");
    }

    /// Everything on the console, to the end of what the machine has to say about a failure.
    fn whole_story(&self, mut console: Process) -> String {
        let end = Instant::now() + Duration::from_secs(15);
        while console.is_running() && Instant::now() < end {
            console.lines.wait_more(console.lines.len(), Duration::from_millis(100));
        }
        format!("{}:\n{}", self.triple, console.lines.all().join("\n"))
    }

    fn missing(&self) -> Option<String> {
        let path = search_path();
        if !path.split(':').any(|dir| Path::new(dir).join(self.emulator).exists()) {
            return Some(format!("{} is not installed", self.emulator));
        }
        if !self.binary().exists() {
            return Some(format!("not built (make packages TARGET={})", self.triple));
        }
        let parts = self.parts();
        let fetched = parts.join("complete").exists();
        (!fetched).then(|| "its kernel was not fetched (make test-targets does)".to_owned())
    }

    fn binary(&self) -> PathBuf {
        directory("DDNS_NETLINK_DIST", "dist").join(format!("ddns-netlink-{}", self.triple))
    }

    fn parts(&self) -> PathBuf {
        directory("DDNS_NETLINK_ROUTERS", "target/routers").join(self.parts)
    }

    /// The emulator, with its console on our side.
    fn command(&self, initramfs: &Path) -> Command {
        let mut command = Command::new(self.emulator);
        command.env("PATH", search_path()).args(self.arguments);
        command.args(["-m", "64", "-net", "none", "-nographic", "-no-reboot"]);
        command.arg("-kernel").arg(self.parts().join("kernel"));
        command.arg("-initrd").arg(initramfs);
        // ramfs: tmpfs would take no more than half of the memory, which is too little.
        let rest = "rootfstype=ramfs rdinit=/init quiet panic=-1";
        command.arg("-append").arg(format!("{} {rest}", self.kernel_arguments));
        command
    }

    /// Writes the initial file system; gives its path.
    fn initramfs(&self) -> PathBuf {
        let mut files = Initramfs::default();
        for directory in ["dev", "proc", "sys", "etc/ssl", "usr/lib/ssl"] {
            files.directory(directory);
        }
        files.tree(&self.parts().join("tree"));
        files.file("bin/ddns-netlink", &fs::read(self.binary()).unwrap());
        files.file("init", include_bytes!("targets/init.sh"));
        files.file("etc/udhcpc.sh", include_bytes!("targets/udhcpc.sh"));
        files.file("www/cgi-bin/update", include_bytes!("targets/provider.sh"));
        files.file("etc/config/ddns", include_bytes!("targets/ddns"));
        files.file("etc/hosts", format!("198.51.100.53 {PROVIDER}\n").as_bytes());
        files.file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n");
        files.file("etc/ppp/options", b"");
        files.file("etc/ppp/options.isp", b"noauth\nlcp-echo-interval 0\nlogfile /log.isp\n");
        files.file("etc/today", format!("{}\n", today()).as_bytes());
        let authority = Authority::new();
        let (certificate, key) = authority.server_pem(&[PROVIDER], (2020, 2090));
        files.file("etc/ca.pem", authority.pem().as_bytes());
        files.file("etc/server.pem", certificate.as_bytes());
        files.file("etc/server.key", key.as_bytes());
        // openssl's server takes what is asked for as the name of a file with the whole answer.
        for address in ["203.0.113.20", "203.0.113.21"] {
            let name = format!("isp/update?hostname=secure.example.com&myip={address}");
            let answer = format!("HTTP/1.0 200 OK\r\n\r\ngood {address}\n");
            files.file(&name, answer.as_bytes());
        }
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.gz", self.parts));
        let mut gzip = Command::new("gzip")
            .arg("-1")
            .stdin(Stdio::piped())
            .stdout(fs::File::create(&path).unwrap())
            .spawn()
            .unwrap();
        gzip.stdin.take().unwrap().write_all(&files.finish()).unwrap();
        assert!(gzip.wait().unwrap().success());
        path
    }
}

/// Seconds since 1970.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A directory that the environment may name; ours are below the project's.
fn directory(variable: &str, ours: &str) -> PathBuf {
    let other = env::var_os(variable).map(PathBuf::from);
    other.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(ours))
}

/// Seconds since boot, and what has been reached.
fn step(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("## ")?.split_once(' ')
}

/// The peak in a line about memory.
fn peak(line: &str) -> Option<u32> {
    let (_, rest) = line.split_once("VmHWM: ")?;
    rest.split(' ').next()?.parse().ok()
}
