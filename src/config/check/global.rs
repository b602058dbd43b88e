//! Reads `config ddns 'global'`.

use std::path::{Path, PathBuf};

use super::Environment;
use super::reader::Reader;
use crate::config::definition::Downloads;
use crate::config::{DEFAULT_RUNDIR, Global};
use crate::time::Duration;

/// The defaults of ddns-scripts (openwrt `net/ddns-scripts`, `dynamic_dns_functions.sh`).
pub(super) fn defaults(env: &dyn Environment) -> Global {
    Global {
        dateformat: "%F %R".into(),
        rundir: DEFAULT_RUNDIR.into(),
        logdir: "/var/log/ddns".into(),
        statedir: env.default_statedir(),
        loglines: 250,
        private_addresses: false,
        hook: None,
        failing_after: Duration::from_secs(600),
        metrics_file: None,
        downloads: Downloads::default(),
    }
}

/// Reads the options of the section.
pub(super) fn read(reader: &mut Reader<'_>) -> Global {
    reader.warn_about_unknown(false);
    let mut global = defaults(reader.env);
    if let Some(format) = reader.owned_text("ddns_dateformat") {
        global.dateformat = format;
    }
    directory(reader, "ddns_rundir", &mut global.rundir);
    directory(reader, "ddns_logdir", &mut global.logdir);
    directory(reader, "ddns_statedir", &mut global.statedir);
    if let Some(lines) = reader.number("ddns_loglines", 1, 1_000_000) {
        global.loglines = lines as usize;
    }
    global.private_addresses = reader.flag("upd_privateip", global.private_addresses);
    global.hook = hook(reader);
    if let Some(seconds) = reader.number("failing_after", 1, 86_400) {
        global.failing_after = Duration::from_secs(seconds.into());
    }
    global.metrics_file = metrics_file(reader);
    // ddns-scripts reads 'url', and LuCI writes 'services_url' for the same purpose.
    global.downloads.directory = reader.owned_text("url");
    global.downloads.base = reader.owned_text("services_url");
    global.downloads.cacert = reader.owned_text("cacert");
    global
}

/// The program that is told of changes.
fn hook(reader: &mut Reader<'_>) -> Option<PathBuf> {
    let text = reader.text("hook")?;
    let path = Path::new(text);
    if !path.is_absolute() || !reader.env.executable(path) {
        reader.refuse("hook", text, "is not the absolute path of a program that can be run");
        return None;
    }
    reader.pass_on("hook", reader.env.script_warning(path));
    Some(path.to_owned())
}

/// The file for a textfile collector, which passes over files with another end of their name.
fn metrics_file(reader: &mut Reader<'_>) -> Option<PathBuf> {
    let text = reader.text("metrics_file")?;
    if text.starts_with('/') && text.ends_with(".prom") {
        return Some(text.into());
    }
    reader.refuse("metrics_file", text, "is not an absolute path that ends with '.prom'");
    None
}

/// Reads a directory, which is an absolute path, into `directory`.
// A relative one would depend on the directory in which the program was started.
fn directory(reader: &mut Reader<'_>, name: &str, directory: &mut PathBuf) {
    match reader.text(name) {
        None => {}
        Some(path) if path.starts_with('/') => *directory = path.into(),
        Some(path) => reader.refuse(name, path, "does not begin with '/'"),
    }
}
