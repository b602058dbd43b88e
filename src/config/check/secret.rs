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
pub(super) const FILES: [(&str, &str); 5] = [
    ("username", "username_file"),
    ("password", "password_file"),
    ("param_enc", "param_enc_file"),
    ("param_opt", "param_opt_file"),
    ("proxy", "proxy_file"),
];

/// The value of `option`: the first line of its file, or what is written; empty if there is neither.
pub(super) fn read(reader: &mut Reader<'_>, env: &impl Environment, option: &str) -> Secret {
    match file_of(reader, option) {
        Some((named_by, path)) => first_line(&content(reader, env, named_by, path)),
        None => Secret::new(reader.text(option).unwrap_or_default()),
    }
}

/// The password: the first line of its file, or all of the file if the provider needs a key file, or what is
/// written.
pub(super) fn password(reader: &mut Reader<'_>, env: &impl Environment, key_file: bool) -> Secret {
    let (named_by, path) = match (file_of(reader, "password"), reader.text("password")) {
        (Some(file), _) => file,
        (None, Some(text)) if key_file && is_key_path(text) => ("password", text),
        (None, _) => return read(reader, env, "password"),
    };
    let content = content(reader, env, named_by, path);
    if key_file { content } else { first_line(&content) }
}

/// Whether a file is named for `option`. If it cannot be read, that is reported elsewhere.
pub(super) fn has_file(reader: &Reader<'_>, option: &str) -> bool {
    FILES.iter().any(|(other, named_by)| *other == option && !reader.values(named_by).is_empty())
}

/// The option that names a file for `option`, and its value.
fn file_of<'a>(reader: &mut Reader<'a>, option: &str) -> Option<(&'static str, &'a str)> {
    let (_, named_by) = FILES.iter().find(|(other, _)| *other == option)?;
    Some((named_by, reader.text(named_by)?))
}

/// The content of the file `path`, which the option `named_by` names; empty if it cannot be read. A path that does
/// not begin with '/' is not quoted, because it may be the secret itself.
fn content(reader: &mut Reader<'_>, env: &impl Environment, named_by: &str, path: &str) -> Secret {
    let file = match located(env, path) {
        Ok(file) => file,
        Err(why) => {
            reader.fail(named_by, why);
            return Secret::default();
        }
    };
    if let Some(text) = env.secret_warning(&file) {
        reader.warn(named_by, text);
    }
    match env.read_secret(&file) {
        Ok(content) => return Secret::new(content),
        Err(why) if path.starts_with('/') => {
            reader.fail(named_by, format!("{} cannot be read: {why}", quoted(path)));
        }
        Err(_) => reader.fail(named_by, "names no file in $CREDENTIALS_DIRECTORY that can be read"),
    }
    Secret::default()
}

/// Where the file is that an owner calls `path`. One that does not begin with '/' is a credential, which systemd
/// puts into a directory for the daemon (`LoadCredential=`, systemd.exec(5)).
fn located(env: &impl Environment, path: &str) -> Result<PathBuf, &'static str> {
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

fn first_line(content: &Secret) -> Secret {
    Secret::new(content.expose().lines().next().unwrap_or_default())
}

/// Whether `text` is a path and not a key, by the rule of the script of ddns-scripts for Google.
fn is_key_path(text: &str) -> bool {
    text.starts_with('/') && (text.ends_with(".json") || text.ends_with(".pem"))
}
