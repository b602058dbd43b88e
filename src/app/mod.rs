//! The commands, one function each.

mod check;
mod client;
mod helper;
mod import;
mod init;
mod service;
mod start;
mod updater;
mod watch;

use std::path::Path;

use crate::cli::{Command, CommandLine, HELP, Invocation, VERSION, exit};
use crate::config::check::DefinitionDirectory;
use crate::config::{definition, listing};
use crate::edge::console::{complain, show};
use crate::edge::files;
use crate::edge::load::definition_names;
use crate::text::quoted::quoted;
use client::{query, send_command};

/// Carries out what the command line asks for; returns the exit code.
pub fn run(line: &CommandLine) -> u8 {
    match line {
        CommandLine::Own(invocation) => own(invocation),
        CommandLine::Helper(helper) => helper::run(helper),
        CommandLine::Updater(updater) => updater::run(updater),
        CommandLine::Service(service) => service::run(service),
        CommandLine::Print(text, code) => {
            show(text);
            *code
        }
    }
}

fn own(invocation: &Invocation) -> u8 {
    let Invocation { command, option, operands, from, config } = invocation;
    // What the option of a command means.
    let (to_stderr, dry_run, json) = (*option, *option, *option);
    let file = config.as_deref().unwrap_or(Path::new(""));
    let first = operands.first().map(String::as_str);
    match command {
        Command::Run => start::serve(file, to_stderr),
        Command::Once => start::once(file, operands, dry_run),
        Command::Check => check::run(file),
        Command::Status => match (json, first) {
            (false, None) => query(file, &["status"]),
            (true, None) => query(file, &["status", "json"]),
            (false, Some(name)) => query(file, &["section", name]),
            (true, Some(name)) => query(file, &["get", name]),
        },
        Command::Metrics => query(file, &["metrics"]),
        Command::Why => query(file, &["why", first.unwrap_or_default()]),
        Command::History if json => send_command(file, "history-json", operands),
        Command::History => send_command(file, "history", operands),
        Command::Update => send_command(file, "update", operands),
        Command::Start => send_command(file, "start", operands),
        Command::Stop => send_command(file, "stop", operands),
        Command::Watch => watch::run(json, operands),
        Command::Providers => match first {
            None => show(&listing::overview(&definition_names())),
            Some(name) => provider(name),
        },
        Command::Import => import::run(first.unwrap_or_default(), from.as_deref()),
        Command::Help => show(&HELP),
        Command::Version => show(&format_args!("{VERSION}\n")),
    }
}

/// `providers NAME`: what is known about one provider. The owner's definition comes before what the
/// program knows, and that before the definition of a package, as for updates. If `name` is no name, the
/// providers that have it somewhere are listed.
fn provider(name: &str) -> u8 {
    // The first that knows the name is also the one by which updates are sent.
    let text = defined(DefinitionDirectory::Own, name, "your own definition")
        .or_else(|| listing::detail(name))
        .or_else(|| defined(DefinitionDirectory::Packaged, name, "the definition of a package"))
        .or_else(|| listing::scripted(name))
        .or_else(|| listing::search(&definition_names(), name));
    if let Some(text) = text {
        return show(&text);
    }
    let hint = match listing::hint(name) {
        Some(hint) => format!("; {hint}"),
        None => String::new(),
    };
    complain(exit::FAILED, &format_args!("there is no provider {}{hint}", quoted(name)))
}

/// What a definition says about the provider `name`; `origin` tells people whose definition it is.
fn defined(whose: DefinitionDirectory, name: &str, origin: &str) -> Option<String> {
    let json = files::definition(whose, name).ok()??;
    let definition = definition::parse(&String::from_utf8_lossy(&json)).ok()?;
    Some(listing::defined(name, origin, &definition))
}
