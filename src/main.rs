//! The binary: arguments to a command, the command's result to an exit code.

use std::process::ExitCode;

use ddns_netlink::edge::console;
use ddns_netlink::{app, cli};

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    let code = match cli::understand(&name, words) {
        Ok(call) => app::run(call),
        Err(refusal) => {
            console::warn(&refusal.text);
            refusal.code
        }
    };
    ExitCode::from(code)
}
