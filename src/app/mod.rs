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
    let file = invocation.config.as_deref().unwrap_or(Path::new(""));
    match &invocation.command {
        Command::Run { stderr } => start::serve(file, *stderr),
        Command::Once { sections, dry_run: false } => start::once(file, sections),
        Command::Once { sections, dry_run: true } => start::dry_run(file, sections),
        Command::Check => check::run(file),
        Command::Status { json: false, section: None } => query(file, &["status"]),
        Command::Status { json: true, section: None } => query(file, &["status", "json"]),
        Command::Status { json: false, section: Some(name) } => query(file, &["section", name]),
        Command::Status { json: true, section: Some(name) } => query(file, &["get", name]),
        Command::Metrics => query(file, &["metrics"]),
        Command::Why { section } => query(file, &["why", section]),
        Command::History { json, name } => {
            let command = if *json { "history-json" } else { "history" };
            send_command(file, command, name.as_slice())
        }
        Command::Update { sections } => send_command(file, "update", sections),
        Command::Start { sections } => send_command(file, "start", sections),
        Command::Stop { sections } => send_command(file, "stop", sections),
        Command::Watch { json, devices } => watch::run(*json, devices),
        Command::Providers { name: None } => show(&listing::overview(&definition_names())),
        Command::Providers { name: Some(name) } => provider(name),
        Command::Import { file, from } => import::run(file, from.as_deref()),
        Command::Help => show(&HELP),
        Command::Version => show(&format_args!("{VERSION}\n")),
    }
}

/// `providers NAME`: what is known about one provider. The owner's definition comes before what the
/// program knows, and that before the definition of a package, as for updates. If `name` is no name, the
/// providers that have it somewhere are listed.
fn provider(name: &str) -> u8 {
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
