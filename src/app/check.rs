//! `check`: lists what is wrong with the configuration, and what works differently from ddns-scripts.

use std::io;
use std::path::Path;

use super::start::read;
use crate::cli::exit;
use crate::config::check::{self, Checked};
use crate::config::uci::{self, Document};
use crate::config::{Config, Global};
use crate::edge::console::{show, warn};
use crate::edge::files;
use crate::text::listed;

/// Lists it; returns the exit code.
pub(super) fn run(file: &Path) -> u8 {
    match read(file, &[]) {
        Ok(mut loaded) => show_checked(&files::config(file), &mut loaded.checked),
        Err(code) => code,
    }
}

fn show_checked(file: &Path, checked: &mut Checked) -> u8 {
    let name = file.display();
    let (document, _) = uci::parse(&files::read_config(file).unwrap_or_default());
    let on_openwrt = files::on_openwrt();
    // What a Save in LuCI's form would destroy.
    checked.mistakes.append(&mut check::luci_damage(&name.to_string(), &document, on_openwrt));
    for mistake in &checked.mistakes {
        warn(&format_args!("{mistake}\n"));
    }
    warn_of_readers(file, &document);
    let usable = warn_of_directories(&checked.config.global);
    warn_of_broken(&checked.config);
    show_differences(&document, on_openwrt);
    // What follows would hide the mistakes above it.
    if !usable || checked.errors().next().is_some() {
        return exit::CONFIG;
    }
    show_numbers(file, &checked.config)
}

/// Lists the sections that cannot run.
fn warn_of_broken(config: &Config) {
    if config.broken.is_empty() {
        return;
    }
    let mut names = Vec::new();
    for (name, _) in &config.broken {
        names.push(name.clone());
    }
    let names = listed(&names);
    warn(&format_args!("Not run because of these mistakes: {names}\n"));
}

/// Says how many sections are enabled, and which are not.
fn show_numbers(file: &Path, config: &Config) -> u8 {
    let Config { sections, disabled, .. } = config;
    if !disabled.is_empty() {
        let names = listed(disabled);
        show(&format_args!("Not enabled (this takes option enabled '1'): {names}\n"));
    }
    let (name, enabled, others) = (file.display(), sections.len(), disabled.len());
    let noun = if enabled == 1 { "section" } else { "sections" };
    show(&format_args!("{name}: {enabled} {noun} enabled, {others} not\n"))
}

/// Warns about each directory that the daemon would not use; `false` if there is one.
fn warn_of_directories(global: &Global) -> bool {
    let mut usable = true;
    for (option, directory) in [
        ("ddns_rundir", &global.rundir),
        ("ddns_statedir", &global.statedir),
        ("ddns_logdir", &global.logdir),
    ] {
        match files::owner::check_directory(directory) {
            Err(error) if error.kind() == io::ErrorKind::Other => {
                usable = false;
                warn(&format_args!("{option} {}: {error}\n", directory.display()));
            }
            // A missing directory is made when it is needed. Another error may be due to the user who
            // runs this command.
            Ok(()) | Err(_) => {}
        }
    }
    usable
}

/// Warns if other users can read a configuration that holds passwords.
fn warn_of_readers(file: &Path, document: &Document) {
    let mut options = document.sections.iter().flat_map(|section| &section.options);
    if !options.any(|option| ["password", "param_enc"].contains(&option.name.as_str())) {
        return;
    }
    if let Some(warning) = files::reader_warning(file) {
        warn(&format_args!("{warning}\n"));
    }
}

/// Lists what works differently from ddns-scripts, where the file or the system has known that.
fn show_differences(document: &Document, on_openwrt: bool) {
    let differences = check::differences(document, on_openwrt);
    if !differences.is_empty() {
        show(&"What works differently from ddns-scripts, on purpose (and in which sections):\n");
    }
    for difference in differences {
        show(&format_args!("  {difference}\n"));
    }
}
