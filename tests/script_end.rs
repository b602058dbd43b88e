//! No script outlives the daemon. This is a test program of its own, because `kill_all` kills the
//! scripts of all tests in the process.

#![allow(clippy::unwrap_used, reason = "a test and its helpers")]

use std::fs::File;
use std::io::Read;
use std::thread;

use ddns_netlink::edge::probe::script::run;
use ddns_netlink::edge::process::kill_all;
use ddns_netlink::model::Family;
use ddns_netlink::time::Duration;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn kill_all_ends_scripts_and_their_children() {
    let name = format!("script-end-{}", std::process::id());
    let fifo = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    let script = format!("(echo x; exec sleep 1000) > {} & sleep 1000", fifo.display());
    let waiting = thread::spawn({
        let script = script.clone();
        move || run(&script, Family::V4, LONG)
    });

    // The first bytes prove that the script's child runs; the pipe ends when the child is dead.
    let mut pipe = File::open(&fifo).unwrap();
    std::fs::remove_file(&fifo).unwrap();
    let mut begun = [0; 2];
    pipe.read_exact(&mut begun).unwrap();
    kill_all();
    let mut rest = Vec::new();
    pipe.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    assert_eq!(waiting.join().unwrap(), Err("(echo was killed by signal 9".into()));

    let late = run(&script, Family::V4, LONG).unwrap_err();
    assert_eq!(late, "cannot run (echo: the daemon is ending");
}
