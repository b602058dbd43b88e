//! The binary: arguments to a command, the command's result to an exit code.

use std::process::ExitCode;

use ddns_netlink::{app, cli, console};

fn main() -> ExitCode {
    let code = match cli::parse(std::env::args_os().skip(1)) {
        Ok(invocation) => app::run(invocation),
        Err(error) => console::complain(cli::exit::USAGE, &error),
    };
    ExitCode::from(code)
}
