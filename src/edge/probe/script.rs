//! Runs `ip_script`, a command line that prints the address.

use std::ffi::OsString;
use std::io;
use std::net::IpAddr;

use super::find_address;
use crate::config::program;
use crate::edge::process::{self, End, Ended, Running, SHELL};
use crate::edge::spawn::Exit;
use crate::model::Family;
use crate::time::Duration;

/// How long the command and the processes it starts may run.
pub const SCRIPT_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of output that are kept. The rest is read and dropped.
const OUTPUT_LIMIT: usize = 64 * 1024;

/// The address that `line`, a command line for the shell, prints. The environment variable
/// `DDNS_FAMILY` is 4 or 6.
///
/// # Errors
/// A sentence that says why there is no address: the command cannot be started, fails, prints no
/// address, or takes longer than `limit`.
pub fn run(line: &str, family: Family, limit: Duration) -> Result<IpAddr, String> {
    let program = program(line);
    let mut output = Vec::new();
    let ended = run_to_end(line, family, limit, &mut output)
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    let exit = match ended.end {
        End::Exited(exit) => exit,
        // No address ends this program: it publishes none.
        End::OutOfTime(_) | End::AddressGone => {
            return Err(format!("{program} did not end within {} s", limit.as_secs()));
        }
    };
    if exit != Exit::Status(0) {
        let complaint = ended.complaint(&[]).map_or(String::new(), |line| format!(": {line}"));
        return Err(format!("{program} {exit}{complaint}"));
    }
    find_address(&String::from_utf8_lossy(&output), family)
        .map_err(|error| format!("{program}: {error}"))
}

fn run_to_end(
    line: &str,
    family: Family,
    limit: Duration,
    output: &mut Vec<u8>,
) -> io::Result<Ended> {
    let mut shell = process::program([SHELL, "-c", line].map(OsString::from).into());
    let family = if family == Family::V4 { "DDNS_FAMILY=4" } else { "DDNS_FAMILY=6" };
    shell.environment.push(family.into());
    let running = Running::start(shell, None, None)?;
    running.wait(limit, &mut |bytes| {
        let room = OUTPUT_LIMIT.saturating_sub(output.len());
        output.extend(bytes.iter().take(room));
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::clock;

    const LONG: Duration = Duration::from_secs(20);

    fn sh(script: &str, limit: Duration) -> Result<IpAddr, String> {
        run(script, Family::V4, limit)
    }

    #[test]
    fn the_address_in_the_output_is_returned() {
        let address = "192.0.2.1".parse().unwrap();
        assert_eq!(sh("echo 192.0.2.1", LONG), Ok(address));
        assert_eq!(sh("echo; echo 'ip: 192.0.2.1'", LONG), Ok(address));
        assert_eq!(sh("echo noise >&2; echo 192.0.2.1", LONG), Ok(address));
        assert_eq!(sh("[ \"$DDNS_FAMILY\" = 4 ] && echo 192.0.2.1", LONG), Ok(address));
        assert_eq!(sh("read x; echo 192.0.2.1", LONG), Ok(address));
        assert_eq!(sh("echo 'is 192.0.2.1' | cut -d' ' -f2", LONG), Ok(address));
    }

    #[test]
    fn an_error_names_the_program_and_the_cause() {
        for (script, text) in [
            ("echo 192.0.2.1; exit 3", "echo failed with exit status 3"),
            (": ; echo 'no\tlink' >&2; exit 1", ": failed with exit status 1: no link"),
            ("printf '\\nno\\tlink\\nx' >&2; exit 1", "printf failed with exit status 1: no link"),
            ("kill -9 $$", "kill was killed by signal 9"),
            ("echo hello", "echo: found no IPv4 address"),
            ("'/no such/program' 1", "/no such/program failed with exit status 127: "),
        ] {
            let error = sh(script, LONG).unwrap_err();
            assert!(error.starts_with(text), "{script}: {error}");
        }
    }

    #[test]
    fn a_script_that_hangs_is_killed_with_its_children() {
        let start = clock::uptime();
        let hangs = "sleep 1000 & sleep 1000";
        let error = sh(hangs, Duration::from_millis(300)).unwrap_err();
        assert_eq!(error, "sleep did not end within 0 s");
        // The output ends only when the background process has been killed, too.
        assert!(clock::uptime() - start < Duration::from_secs(2));
    }

    #[test]
    fn processes_that_a_script_leaves_running_do_not_delay_the_answer() {
        let start = clock::uptime();
        assert!(sh("echo 192.0.2.1; sleep 1000 &", LONG).is_ok());
        assert!(sh("echo 192.0.2.1; setsid sleep 5 &", LONG).is_ok());
        assert!(clock::uptime() - start < LONG);
    }

    #[test]
    fn the_pipe_of_a_process_that_left_the_group_is_closed() {
        let scratch = crate::scratch::Scratch::new("probe-session");
        let told = scratch.path().join("told");
        let text = format!(
            "setsid sh -c 'readlink /proc/$$/fd/2 >{0}.new; mv {0}.new {0}; sleep 20' & \
             while [ ! -e {0} ]; do sleep 0.05; done; echo 192.0.2.1",
            told.display()
        );
        assert!(sh(&text, LONG).is_ok());
        let pipe = std::fs::read_to_string(&told).unwrap();
        let ours = std::fs::read_dir("/proc/self/fd").unwrap();
        let mut ours = ours.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
        assert!(pipe.starts_with("pipe:"), "{pipe}");
        assert!(!ours.any(|file| file == std::path::Path::new(pipe.trim())), "{pipe}");
    }

    #[test]
    fn the_manual_names_the_time_limit_and_the_environment() {
        let manual = include_str!("../../../doc/ddns-netlink.5.md");
        assert!(manual.contains(&format!("after {} seconds", SCRIPT_TIMEOUT.as_secs())));
        assert!(manual.contains("`DDNS_FAMILY`, `4` or `6`"));
        let only =
            "[ \"$(env | grep -vc '^\\(PATH\\|DDNS_FAMILY\\|PWD\\|SHLVL\\|_\\|OLDPWD\\)=')\" = 0 ]";
        assert!(sh(&format!("{only} && echo 192.0.2.1"), LONG).is_ok());
    }

    #[test]
    fn output_over_the_limit_is_dropped() {
        let error = sh("yes", Duration::from_millis(500)).unwrap_err();
        assert!(error.contains("did not end"), "{error}");
        let big = "echo 192.0.2.1; dd if=/dev/zero bs=1024 count=300 2>/dev/null";
        assert!(sh(big, LONG).is_ok());
    }
}
