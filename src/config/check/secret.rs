//! Reads secrets: as they are written, or from files. Each option that may hold a secret has one beside it that
//! names a file with it. The file counts if both are set: LuCI's form does not save a section without a password,
//! so the owner may have written any text there.

use std::path::PathBuf;

use super::Environment;
use super::reader::Reader;
use crate::model::name::is_file_name;
use crate::model::secret::Secret;
use crate::text::quoted::quoted;

/// The options that may hold a secret, each with the one that names a file.
pub(super) const FILES: &[(&str, &str)] = &[
    ("username", "username_file"),
    ("password", "password_file"),
    ("param_enc", "param_enc_file"),
    ("param_opt", "param_opt_file"),
    ("proxy", "proxy_file"),
];

/// The value of `option`: the first line of its file, or what is written; empty if there is neither.
pub(super) fn read(reader: &mut Reader<'_>, option: &str) -> Secret {
    match file_of(reader, option) {
        Some((named_by, path)) => first_line(&content(reader, named_by, path)),
        None => Secret::new(reader.text(option).unwrap_or_default()),
    }
}

/// The password: the first line of its file, or all of the file if the provider needs a key file, or what is
/// written.
pub(super) fn password(reader: &mut Reader<'_>, key_file: bool) -> Secret {
    let (named_by, path) = match (file_of(reader, "password"), reader.text("password")) {
        (Some(file), _) => file,
        // The script of ddns-scripts for Google takes the path of a key in 'password', too.
        (None, Some(text)) if key_file && is_key_path(text) => ("password", text),
        (None, _) => return read(reader, "password"),
    };
    let content = content(reader, named_by, path);
    if key_file { content } else { first_line(&content) }
}

/// Whether a file is named for `option`. If it cannot be read, that is reported elsewhere.
pub(super) fn has_file(reader: &Reader<'_>, option: &str) -> bool {
    FILES.iter().any(|(other, named_by)| *other == option && reader.has_values(named_by))
}

/// The option that names a file for `option`, and its value.
fn file_of<'a>(reader: &mut Reader<'a>, option: &str) -> Option<(&'static str, &'a str)> {
    let (_, named_by) = FILES.iter().find(|(other, _)| *other == option)?;
    Some((named_by, reader.text(named_by)?))
}

/// The content of the file `path`, which the option `named_by` names; empty if it cannot be read.
// A path that does not begin with '/' is not quoted, because it may be the secret itself.
fn content(reader: &mut Reader<'_>, named_by: &str, path: &str) -> Secret {
    let Some(file) = reader.sound(named_by, located(reader.env, path)) else {
        return Secret::default();
    };
    reader.pass_on(named_by, reader.env.secret_warning(&file));
    match reader.env.read_secret(&file) {
        Ok(content) => return Secret::new(content),
        Err(why) if path.starts_with('/') => {
            reader.fail(named_by, format_args!("{} cannot be read: {why}", quoted(path)));
        }
        Err(_) => reader.fail(
            named_by,
            format_args!("names no file in $CREDENTIALS_DIRECTORY that can be read"),
        ),
    }
    Secret::default()
}

/// Where the file is that an owner calls `path`. One that does not begin with '/' is a credential, which systemd
/// puts into a directory for the daemon (`LoadCredential=`, systemd.exec(5)).
fn located(env: &dyn Environment, path: &str) -> Result<PathBuf, &'static str> {
    if path.starts_with('/') {
        return Ok(PathBuf::from(path));
    }
    match env.credentials_directory() {
        Some(directory) if is_file_name(path) => Ok(directory.join(path)),
        Some(_) => Err("neither begins with '/' nor is the name of a credential"),
        None => Err(
            "does not begin with '/': it is the full path of a file. Only a program that systemd starts \
                     with LoadCredential= has credentials ($CREDENTIALS_DIRECTORY)",
        ),
    }
}

/// The first line of the content of a file.
pub(super) fn first_line(content: &Secret) -> Secret {
    Secret::new(content.expose().lines().next().unwrap_or_default())
}

/// Whether `text` is a path and not a key, by the rule of the script of ddns-scripts for Google.
fn is_key_path(text: &str) -> bool {
    text.starts_with('/') && (text.ends_with(".json") || text.ends_with(".pem"))
}
