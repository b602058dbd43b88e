//! Whole routers: a real kernel of another architecture boots in an emulated machine of 64 MB. The
//! machine gets a DHCP lease and later dials in, and the binary that was built for it keeps its
//! names up to date.
//!
//! tests/targets/init.sh runs in the machine as the first process, and holds the assertions. It
//! prints a line for each step, and `done` at the end. `make test-targets` fetches the kernels and
//! runs these tests; without a kernel they are skipped.
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

/// Limit from start to power-off; on two free cores a sixth of it is needed.
const LIMIT: Duration = Duration::from_secs(240);

/// Limit for the daemon's peak resident memory, in kB. A router of 64 MB has about 20 MB to spare.
const MOST_MEMORY: u32 = 3072;

const PROVIDER: &str = "dyn.example.net";

/// An emulated router.
struct Machine {
    /// The target that the binary was built for.
    triple: &'static str,
    /// The name of the directory that tests/targets/fetch.sh fills.
    parts: &'static str,
    emulator: &'static str,
    arguments: &'static [&'static str],
    kernel_arguments: &'static str,
}

/// The CPU of many routers with MT76x8 or MT7620: little-endian, one core.
const MALTA: Machine = Machine {
    triple: "mipsel-unknown-linux-musl",
    parts: "mipsel",
    emulator: "qemu-system-mipsel",
    arguments: &["-M", "malta", "-cpu", "24Kc", "-vga", "none"],
    kernel_arguments: "console=ttyS0",
};

/// `cma=0`, because Debian's ARM kernel would reserve 16 MB for graphics.
const ARM: Machine = Machine {
    triple: "armv7-unknown-linux-musleabihf",
    parts: "armhf",
    emulator: "qemu-system-arm",
    arguments: &["-M", "virt", "-cpu", "cortex-a7"],
    kernel_arguments: "console=ttyAMA0 cma=0",
};

#[test]
fn a_mips_router_of_64_megabytes_publishes_its_addresses() {
    MALTA.run();
}

#[test]
fn an_arm_router_of_64_megabytes_publishes_its_addresses() {
    ARM.run();
}

impl Machine {
    /// Boots the machine and follows its console until it prints `done` or fails.
    fn run(&self) {
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
        assert!(!failed, "{}", self.rest_of_console(console));
        println!("{}: {:.0?} in all", self.triple, start.elapsed());
        for (time, what) in lines.iter().filter_map(|line| step(line)) {
            println!("{time:>8} s  {what}");
        }
        let peaks: Vec<u32> = lines.iter().filter_map(|line| peak(line)).collect();
        assert!(!peaks.is_empty() && peaks.iter().all(|&kb| kb < MOST_MEMORY), "{peaks:?} kB");
    }

    /// All lines of the console, after the machine had time to print the details of a failure.
    fn rest_of_console(&self, mut console: Process) -> String {
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

    /// The command of the emulator, with the machine's console as its output.
    fn command(&self, initramfs: &Path) -> Command {
        let mut command = Command::new(self.emulator);
        command.env("PATH", search_path()).args(self.arguments);
        command.args(["-m", "64", "-net", "none", "-nographic", "-no-reboot"]);
        command.arg("-kernel").arg(self.parts().join("kernel"));
        command.arg("-initrd").arg(initramfs);
        // ramfs, because a tmpfs may use only half of the memory, which is too little.
        let rest = "rootfstype=ramfs rdinit=/init quiet panic=-1";
        command.arg("-append").arg(format!("{} {rest}", self.kernel_arguments));
        command
    }

    /// Writes the initial file system; returns its path.
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
        // `openssl s_server -HTTP` answers with the file that has the request's path as its name.
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

/// The directory that this environment variable names, or else `ours` below the project's.
fn directory(variable: &str, ours: &str) -> PathBuf {
    let other = env::var_os(variable).map(PathBuf::from);
    other.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(ours))
}

/// Seconds since boot and the name of the step, from a line of init.sh.
fn step(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("## ")?.split_once(' ')
}

/// The peak memory (`VmHWM`) in a line about memory.
fn peak(line: &str) -> Option<u32> {
    let (_, rest) = line.split_once("VmHWM: ")?;
    rest.split(' ').next()?.parse().ok()
}
