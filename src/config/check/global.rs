//! Reads `config ddns 'global'`.

use std::path::{Path, PathBuf};

use super::Environment;
use super::reader::Reader;
use crate::config::definition::Downloads;
use crate::config::{DEFAULT_RUNDIR, Global};
use crate::text::quoted::quoted;
use crate::time::Duration;

/// The defaults of ddns-scripts (openwrt `net/ddns-scripts`, `dynamic_dns_functions.sh`).
pub(super) fn defaults(env: &impl Environment) -> Global {
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
pub(super) fn read(reader: &mut Reader<'_>, env: &impl Environment) -> Global {
    reader.warn_about_unknown(false);
    let default = defaults(env);
    let lines = reader.number("ddns_loglines", 1..=1_000_000);
    Global {
        dateformat: reader.text("ddns_dateformat").map_or(default.dateformat, String::from),
        rundir: directory(reader, "ddns_rundir", default.rundir),
        logdir: directory(reader, "ddns_logdir", default.logdir),
        statedir: directory(reader, "ddns_statedir", default.statedir),
        loglines: lines.and_then(|lines| usize::try_from(lines).ok()).unwrap_or(default.loglines),
        private_addresses: reader.flag("upd_privateip", default.private_addresses),
        hook: hook(reader, env),
        failing_after: reader
            .number("failing_after", 1..=86_400)
            .map_or(default.failing_after, Duration::from_secs),
        metrics_file: metrics_file(reader),
        downloads: Downloads {
            directory: reader.text("url").map(str::to_owned),
            base: reader.text("services_url").map(str::to_owned),
            cacert: reader.text("cacert").map(str::to_owned),
        },
    }
}

/// The program that is told of changes.
fn hook(reader: &mut Reader<'_>, env: &impl Environment) -> Option<PathBuf> {
    let text = reader.text("hook")?;
    let path = Path::new(text);
    if !path.is_absolute() || !env.executable(path) {
        let why = "is not the absolute path of a program that can be run";
        reader.fail("hook", format!("{} {why}", quoted(text)));
        return None;
    }
    if let Some(text) = env.script_warning(path) {
        reader.warn("hook", text);
    }
    Some(path.to_owned())
}

/// The file for a textfile collector, which passes over files with another end of their name.
fn metrics_file(reader: &mut Reader<'_>) -> Option<PathBuf> {
    let text = reader.text("metrics_file")?;
    if text.starts_with('/') && text.ends_with(".prom") {
        return Some(text.into());
    }
    let why = "is not an absolute path that ends with '.prom'";
    reader.fail("metrics_file", format!("{} {why}", quoted(text)));
    None
}

/// A directory as an absolute path. A relative one would depend on the directory in which the program
/// was started.
fn directory(reader: &mut Reader<'_>, name: &str, default: PathBuf) -> PathBuf {
    match reader.text(name) {
        None => default,
        Some(path) if path.starts_with('/') => path.into(),
        Some(path) => {
            reader.fail(name, format!("{} does not begin with '/'", quoted(path)));
            default
        }
    }
}
