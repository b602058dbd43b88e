//! Which text of an update URL is a secret although it stands in no placeholder.
//!
//! Owners and packages write tokens and passwords into URLs. They are recognised by the key of a
//! parameter or by their form. In a URL of the owner, every text that is not recognised as harmless
//! counts as a secret.

use std::net::IpAddr;

use super::{Marked, Origin};
use crate::model::name::{canonical, strip_zone};
use crate::model::secret::Secret;
use crate::provider::Author;
use crate::text::{has, percent};

/// The author of the text of a URL.
#[derive(Clone, Copy)]
pub(super) enum TextAuthor<'a> {
    /// A package: a text is a secret only if it looks like one.
    Package,
    /// The owner: a text is a secret unless it looks harmless. These names of the owner are harmless.
    Owner(&'a [&'a str]),
}

/// Keys and values that are no secrets. The value of such a key is none either.
const HARMLESS: &str = "host hostname hostnames domain domains domainname subdomain name fqdn zone record \
     user username login email ip ipaddr address addr myip myipv4 myipv6 ipv4 ipv6 ip4 ip6 version \
     type rrtype ttl action command mode method system format output wildcard backmx offline proxied \
     force update edit nochg dyndns custom static dynamic true false none null auto json text plain \
     html default aaaa ddns keepipv6 keepalive";
/// A value with fewer bytes is too short to protect anything.
const SHORT_VALUE: usize = 4;
/// Longest extension of a file name in bytes.
const EXTENSION: usize = 4;
/// Longest number that is a port, an identifier or a time, in digits.
const NUMBER: usize = 5;
/// Longest name of a folder or a file in bytes.
const FOLDER: usize = 15;
/// Shortest token in bytes.
const TOKEN: usize = 16;

/// Marks the secrets in `target`, the path and query of a URL, and adds them to `secrets`.
pub(super) fn mark_secrets(target: &mut Marked, author: TextAuthor<'_>, secrets: &mut Vec<Secret>) {
    let Marked { text, origins } = target;
    // A folder has no key that says what it is, so a path is judged by other rules than a query.
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let mut start = 0;
    for folder in path.split('/') {
        let origins = origins.get_mut(start..start + folder.len()).unwrap_or_default();
        mark(folder, origins, secrets, &|text| is_scrambled(text) || author.doubts_folder(text));
        start += folder.len() + 1;
    }
    for parameter in query.split('&') {
        let (key, value) = parameter.split_once('=').unwrap_or(("", parameter));
        let end = start + parameter.len();
        let origins = origins.get_mut(end - value.len()..end).unwrap_or_default();
        mark(value, origins, secrets, &|text| is_secret_key(key) || author.doubts_value(key, text));
        start = end + 1;
    }
}

/// Marks the parts of `text` that come from the template and are secrets.
fn mark(
    text: &str,
    origins: &mut [Origin],
    secrets: &mut Vec<Secret>,
    is_secret: &dyn Fn(&str) -> bool,
) {
    let mut start = 0;
    for run in origins.chunk_by_mut(|a, b| a == b) {
        let part = text.get(start..start + run.len()).unwrap_or_default();
        start += run.len();
        if run.first() == Some(&Origin::Template) && (looks_like_token(part) || is_secret(part)) {
            run.fill(Origin::Secret);
            // A server may repeat it as it is written, or decoded.
            if let Ok(decoded) = percent::decode(part) {
                secrets.push(Secret::new(decoded));
            }
            secrets.push(Secret::new(part));
        }
    }
}

impl<'a> TextAuthor<'a> {
    /// The author of the text of an update URL that `author` has written. These `names` of the owner are harmless.
    pub(super) fn of(author: Author, names: &'a [&'a str]) -> Self {
        match author {
            Author::Owner => Self::Owner(names),
            Author::Definition | Author::Table(_) => Self::Package,
        }
    }

    /// Whether `value`, the value of `key`, may be a secret.
    fn doubts_value(self, key: &str, value: &str) -> bool {
        let Self::Owner(names) = self else {
            return false;
        };
        let is_address = value.parse::<IpAddr>().is_ok();
        // `user:password`
        if value.contains(':') && !is_address {
            return true;
        }
        let is_short = percent::decode_lossy(value).len() < SHORT_VALUE
            || (is_number(value) && value.len() <= NUMBER);
        let is_harmless = is_address
            || is_short
            || is_harmless_word(key)
            || is_harmless_word(value)
            || is_name(value, names);
        !is_harmless
    }

    /// Whether `folder`, a part of the path, may be a secret.
    fn doubts_folder(self, folder: &str) -> bool {
        let Self::Owner(names) = self else {
            return false;
        };
        if is_name(folder, names) {
            return false;
        }
        let (stem, extension) = folder.rsplit_once('.').unwrap_or((folder, ""));
        let is_file_name = !stem.contains('.') && extension.len() <= EXTENSION;
        let is_long = folder.len() > FOLDER || (is_number(folder) && folder.len() > NUMBER);
        !is_file_name || is_long || has_any(folder, b":@")
    }
}

fn is_harmless_word(word: &str) -> bool {
    HARMLESS.split(' ').any(|harmless| harmless.eq_ignore_ascii_case(word))
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `text` is one of `names`, or a name below one that is a full host name.
fn is_name(text: &str, names: &[&str]) -> bool {
    let text = canonical(text);
    names.iter().filter(|name| !name.is_empty()).any(|name| {
        match strip_zone(&text, &canonical(name)) {
            Some("") => true,
            Some(_) => name.contains('.'),
            None => false,
        }
    })
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let parts = [
        "pass", "pwd", "token", "key", "secret", "sig", "hash", "cred", "code", "session",
        "bearer", "auth", "kennwort",
    ];
    parts.iter().any(|part| key.contains(part)) || has("pw p k pin psw api mdp sid otp", &key)
}

/// Whether a part of the path is no name of a file or folder: it has escapes, or it often changes
/// between upper case, lower case and digits. Names of providers such as `nic`, `update.php`, `v3` and
/// `api2update` do not.
fn is_scrambled(part: &str) -> bool {
    const CHANGES: usize = 4;
    let bytes = part.as_bytes();
    let changes = bytes.windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
    let is_alphanumeric = bytes.iter().all(u8::is_ascii_alphanumeric);
    has_any(part, b"%+=$!") || (is_alphanumeric && changes >= CHANGES)
}

/// An example of the kind of `byte`: a digit, upper case or anything else.
fn kind(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => b'0',
        b'A'..=b'Z' => b'A',
        _ => b'a',
    }
}

/// Whether `text` has one of `marks`.
fn has_any(text: &str, marks: &[u8]) -> bool {
    text.bytes().any(|byte| marks.contains(&byte))
}

/// Whether `text` has the form of a token: long, with letters and digits, and without the dots and
/// colons of names and addresses.
fn looks_like_token(text: &str) -> bool {
    text.len() >= TOKEN
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~=+".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}
