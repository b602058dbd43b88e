//! The program: parses its arguments and runs the command.

use std::process::ExitCode;

use ddns_netlink::edge::console;
use ddns_netlink::{app, cli};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let code = match cli::parse(&name, arguments) {
        Ok(line) => app::run(&line),
        Err(refusal) => {
            console::warn(&refusal.text);
            refusal.code
        }
    };
    ExitCode::from(code)
}
