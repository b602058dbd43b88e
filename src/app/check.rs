//! `check`: lists what is wrong with the configuration, and what works differently from ddns-scripts.

use std::io;
use std::path::Path;

use super::start::read;
use crate::cli::exit;
use crate::config::check::{self, Checked};
use crate::config::{Config, Global, Mistake, uci};
use crate::edge::console::{show, warn};
use crate::edge::files;

/// Most names of sections in one line. The rest is only counted, so that the line can still be read.
const MOST_NAMES: usize = 8;

/// Lists it; returns the exit code.
pub(super) fn run(file: &Path) -> u8 {
    match read(file, &[]) {
        Ok(loaded) => {
            let mut checked = loaded.checked;
            checked.mistakes.append(&mut luci_damage(file));
            show_checked(file, &checked)
        }
        Err(code) => code,
    }
}

/// What a Save in LuCI's form would destroy.
fn luci_damage(file: &Path) -> Vec<Mistake> {
    let file = files::config(file);
    let bytes = files::read_config(&file).unwrap_or_default();
    check::luci_damage(&file.display().to_string(), &bytes, files::on_openwrt())
}

fn show_checked(file: &Path, checked: &Checked) -> u8 {
    for mistake in &checked.mistakes {
        warn(&format!("{mistake}\n"));
    }
    warn_of_readers(file);
    let usable = warn_of_directories(&checked.config.global);
    let Config { sections, disabled, broken, .. } = &checked.config;
    if !broken.is_empty() {
        let names = joined(broken.iter().map(|(name, _)| name));
        warn(&format!("Not run because of these mistakes: {names}\n"));
    }
    show_differences(file);
    if !usable || checked.errors().next().is_some() {
        return exit::CONFIG;
    }
    if !disabled.is_empty() {
        let names = joined(disabled.iter());
        show(&format!("Not enabled (this takes option enabled '1'): {names}\n"));
    }
    let (enabled, others) = (sections.len(), disabled.len());
    let noun = if enabled == 1 { "section" } else { "sections" };
    show(&format!("{}: {enabled} {noun} enabled, {others} not\n", files::config(file).display()))
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
                warn(&format!("{option} {}: {error}\n", directory.display()));
            }
            // A missing directory is made when it is needed. Another error may be due to the user who
            // runs this command.
            Ok(()) | Err(_) => {}
        }
    }
    usable
}

/// Warns if other users can read a configuration that holds passwords.
fn warn_of_readers(file: &Path) {
    let file = files::config(file);
    let (document, _) = uci::parse(&files::read_config(&file).unwrap_or_default());
    let mut options = document.sections.iter().flat_map(|section| &section.options);
    if !options.any(|option| ["password", "param_enc"].contains(&option.name.as_str())) {
        return;
    }
    if let Some(warning) = files::reader_warning(&file) {
        warn(&format!("{warning}\n"));
    }
}

/// The names with commas, but of many only the first.
fn joined<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = names.len().saturating_sub(MOST_NAMES);
    let shown = names.take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// Lists what works differently from ddns-scripts, where the file or the system has known that.
fn show_differences(file: &Path) {
    let file = files::config(file);
    let bytes = files::read_config(&file).unwrap_or_default();
    let differences = check::differences(&bytes, files::on_openwrt());
    if !differences.is_empty() {
        show("What works differently from ddns-scripts, on purpose (and in which sections):\n");
    }
    for difference in differences {
        show(&format!("  {difference}\n"));
    }
}
