//! What processes cost: CPU time, memory, context switches, files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap())
}

/// Waits until this child has ended, but leaves it to be waited for, so that its CPU time can still be read.
pub fn wait_for_end(id: u32) {
    waitid(Id::Pid(pid(id)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
}

/// CPU time of a process with all its threads, exact, and of its children that have ended, in steps of 10 ms.
pub fn cpu(id: u32) -> Duration {
    let own = clock_getcpuclockid(pid(id)).and_then(clock_gettime).unwrap();
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    // cutime and cstime, fields 16 and 17 of proc(5).
    let ticks: u64 = fields.skip(13).take(2).map(|ticks| ticks.parse().unwrap_or(0)).sum();
    Duration::from(own) + Duration::from_millis(10 * ticks)
}

/// All processes of this namespace but this one and those in `known`.
pub fn others(known: &[u32]) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| *id != process::id() && !known.contains(id)).collect()
}

/// Ends all processes of this namespace but this one and those in `known`.
pub fn end_others(known: &[u32]) {
    // One of them may have started another since they were listed, so they are listed again. When its parent has
    // ended, a process is a child of this one, which is the namespace's first.
    loop {
        let ids = others(known);
        if ids.is_empty() {
            return;
        }
        for id in ids {
            let _ = kill(pid(id), Signal::SIGKILL);
            let _ = waitpid(pid(id), Some(WaitPidFlag::WNOHANG));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Resident and proportional memory, in KiB.
#[derive(Clone, Copy, Default)]
pub struct Memory {
    pub resident: u64,
    pub share: u64,
}

pub fn memory(ids: &[u32]) -> Memory {
    let mut memory = Memory::default();
    for id in ids {
        let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
        memory.resident += field(&text, "Rss:");
        memory.share += field(&text, "Pss:");
    }
    memory
}

/// Follows the memory of all other processes, every millisecond.
pub struct Sampler(Arc<AtomicBool>, JoinHandle<Memory>);

impl Sampler {
    pub fn start(known: Vec<u32>) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let ending = stop.clone();
        let thread = thread::spawn(move || {
            let mut peak = Memory::default();
            while !ending.load(Ordering::Relaxed) {
                let now = memory(&others(&known));
                if now.share > peak.share {
                    peak = now;
                }
                thread::sleep(Duration::from_millis(1));
            }
            peak
        });
        Self(stop, thread)
    }

    /// The moment with the largest share.
    pub fn peak(self) -> Memory {
        self.0.store(true, Ordering::Relaxed);
        self.1.join().unwrap()
    }
}

/// The number of a process's threads.
pub fn tasks(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/task")).map_or(0, Iterator::count)
}

/// Context switches of all threads of a process since they started.
pub fn switches(id: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let texts =
        tasks.map(|task| fs::read_to_string(task.path().join("status")).unwrap_or_default());
    let keys = ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"];
    texts.map(|text| keys.iter().map(|key| field(&text, key)).sum::<u64>()).sum()
}

/// The number after `key` at the beginning of a line.
fn field(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|l| l.strip_prefix(key));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// What `strace -f` has seen.
#[derive(Default)]
pub struct Trace {
    /// Programs, libraries and modules that were executed or opened, and are not part of every router.
    files: BTreeSet<PathBuf>,
    pub processes: usize,
    pub threads: usize,
    pub programs: usize,
}

/// The words with which `strace` is started so that [`Trace::read`] can read its output.
pub fn strace(output: &Path) -> Vec<String> {
    let calls = "trace=execve,open,openat,clone,clone3,fork,vfork";
    ["strace", "-f", "-qq", "-e", calls, "-o", output.to_str().unwrap()].map(str::to_owned).to_vec()
}

/// What every router has: parts of libc, busybox, and the shell functions of OpenWrt.
const OF_EVERY_ROUTER: [&str; 16] = [
    "libc.",
    "libm.",
    "ld-linux",
    "libdl.",
    "libpthread.",
    "librt.",
    "libresolv.",
    "libnss_",
    "libgcc_s.",
    "busybox",
    "ld.so",
    "locale-archive",
    "functions.sh",
    "network.sh",
    "uci.sh",
    "jshn.sh",
];
/// Where the files lie that belong to no program.
const NOT_PROGRAMS: [&str; 7] = ["/proc", "/sys", "/dev", "/etc", "/run", "/tmp", "/var"];
/// Programs whose files are not counted: they are busybox on a router, every OpenWrt has them, or they only measure.
const IGNORED: [&str; 9] =
    ["busybox", "ip", "sh", "dash", "strace", "ifconfig", "pgrep", "uci", "jsonfilter"];

impl Trace {
    /// Reads the output of `strace` from line number `skip` on. The programs had this root directory.
    pub fn read(output: &Path, skip: usize, root: &Path) -> Self {
        let text = fs::read_to_string(output).unwrap_or_default();
        let mut trace = Self::default();
        let (mut unfinished, mut ignored) = (BTreeMap::new(), BTreeSet::new());
        for line in text.lines().skip(skip) {
            let Some((id, call)) = line.split_once(' ') else { continue };
            let call = call.trim_start();
            if let Some(begin) = call.strip_suffix("<unfinished ...>") {
                unfinished.insert(id, begin.to_owned());
                continue;
            }
            let whole = match call.split_once(" resumed>") {
                Some((_, end)) => unfinished.remove(id).unwrap_or_default() + end,
                None => call.to_owned(),
            };
            trace.take(id, &whole, &mut ignored, root);
        }
        trace
    }

    fn take<'a>(&mut self, id: &'a str, call: &str, ignored: &mut BTreeSet<&'a str>, root: &Path) {
        if !call
            .rsplit_once("= ")
            .is_some_and(|(_, result)| result.starts_with(|c: char| c.is_ascii_digit()))
        {
            return;
        }
        let path = call.split('"').nth(1).map(PathBuf::from);
        if call.starts_with("execve") {
            self.programs += 1;
            let name = path.as_ref().and_then(|p| p.file_name()?.to_str()).unwrap_or_default();
            ignored.remove(id);
            if IGNORED.contains(&name) {
                ignored.insert(id);
                return;
            }
        } else if call.contains("CLONE_THREAD") {
            self.threads += 1;
        } else if !call.starts_with("open") {
            self.processes += 1;
        }
        if let Some(path) = path
            && !ignored.contains(id)
            && is_part(&path, root)
        {
            self.files.insert(below(root, &path));
        }
    }

    /// This and another one.
    pub fn with(mut self, other: &Self) -> Self {
        self.files.extend(other.files.iter().cloned());
        self.processes += other.processes;
        self.threads += other.threads;
        self.programs += other.programs;
        self
    }

    /// The bytes of all files.
    pub fn bytes(&self) -> u64 {
        let real: BTreeSet<PathBuf> =
            self.files.iter().filter_map(|f| f.canonicalize().ok()).collect();
        real.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
    }

    pub fn files(&self) -> usize {
        self.files.len()
    }
}

/// The path of this program's file where its root directory is this one.
fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Whether a router must get this file for the client.
fn is_part(path: &Path, root: &Path) -> bool {
    let file = below(root, path);
    // The programs of busybox are links to it.
    let target = file.canonicalize().unwrap_or_default();
    file.is_file()
        && !NOT_PROGRAMS.iter().any(|directory| path.starts_with(directory))
        && !is_of_every_router(&file)
        && !is_of_every_router(&target)
}

fn is_of_every_router(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    OF_EVERY_ROUTER.iter().any(|part| name.starts_with(part))
}
