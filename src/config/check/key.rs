//! Checks the TSIG key of DNS updates: its name is in `username`, its secret in `password` or in
//! `password_file`.

use std::mem::take;

use super::reader::Reader;
use super::secret;
use crate::dns::tsig::TsigKey;
use crate::model::secret::Secret;
use crate::provider::Account;

/// Characters of base64 that no key name has. They show that the owner has swapped name and secret.
const SIGNS_OF_BASE64: [char; 3] = ['+', '/', '='];

/// Reports a key that cannot be used.
pub(super) fn check(reader: &mut Reader<'_>, account: &Account) {
    let Account { label, username, password, .. } = account;
    if username.is_empty() {
        if !password.is_empty() && !reader.is_list("username") {
            reader.lacks(format_args!(
                "{label} needs option 'username' beside the secret: the name of the key. Without a key \
                 updates are not signed"
            ));
        }
        return;
    }
    if username.contains(SIGNS_OF_BASE64) {
        let text = format_args!(
            "is the name of the key and cannot have a '+', '/' or '=' in it; its secret belongs into \
             'password'"
        );
        reader.fail("username", text);
        return;
    }
    check_secret(reader, account);
}

fn check_secret(reader: &mut Reader<'_>, account: &Account) {
    let Account { label, username, password, .. } = account;
    // With a valid secret, an error is about the name and the algorithm.
    if let Err(error) = TsigKey::parse(username, &Secret::new("AAAA")) {
        reader.fail("username", format_args!("{error}"));
    } else if let Err(error) = TsigKey::parse(username, password) {
        let error = format_args!("{error}");
        if reader.is_set("password") {
            reader.fail("password", error);
        } else if !secret::has_file(reader, "password") {
            reader.lacks_option(label, "password", Some("the secret of the key in base64"));
        } else if !password.is_empty() {
            reader.fail("password_file", error);
        }
        // An empty password of a file means that it cannot be read, which was reported before.
    }
}

/// Whether `c` separates words in `named.conf`.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || "\"{};".contains(c)
}

/// If `password_file` has the format of `tsig-keygen`, takes name, algorithm and secret from it. Name
/// and algorithm in the configuration have priority.
pub(super) fn fill_in(account: &mut Account) {
    // The whole file was read, so that what `tsig-keygen` writes can be named as it is.
    let content = take(&mut account.password);
    let (name, algorithm, secret) = key_statement(content.expose());
    let Some(secret) = secret else {
        account.password = secret::first_line(&content);
        return;
    };
    account.password = Secret::new(secret);
    if account.username.is_empty() {
        account.username = name.into();
    }
    if !algorithm.is_empty() && !account.username.contains(':') {
        account.username = format!("{algorithm}:{}", account.username);
    }
}

/// Name, algorithm and secret of the first key in a file of BIND: `key "name" { algorithm …; secret "…"; };`.
fn key_statement(text: &str) -> (&str, &str, Option<&str>) {
    let mut words = text.split(is_separator).filter(|word| !word.is_empty());
    let (mut name, mut algorithm, mut secret) = ("", "", None);
    while let Some(word) = words.next() {
        match word {
            "key" if name.is_empty() => name = words.next().unwrap_or_default(),
            "algorithm" if algorithm.is_empty() => algorithm = words.next().unwrap_or_default(),
            "secret" if secret.is_none() => secret = words.next(),
            _ => {}
        }
    }
    (name, algorithm, secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fixture;

    #[test]
    fn a_file_of_tsig_keygen_gives_the_name_and_algorithm_that_are_not_set() {
        let file = "key \"home\" {\n\talgorithm hmac-sha512;\n\tsecret \"c2VjcmV0\";\n};\n";
        for (username, text, expected) in [
            ("", file, ("hmac-sha512:home", "c2VjcmV0")),
            ("other", file, ("hmac-sha512:other", "c2VjcmV0")),
            ("hmac-sha1:other", file, ("hmac-sha1:other", "c2VjcmV0")),
            ("home", "c2VjcmV0\n", ("home", "c2VjcmV0")),
            ("home", "", ("home", "")),
        ] {
            let mut provider = fixture::provider();
            provider.account.username = username.into();
            provider.account.password = Secret::new(text);
            fill_in(&mut provider.account);
            assert_eq!(
                (provider.account.username.as_str(), provider.account.password.expose()),
                expected
            );
        }
    }
}
