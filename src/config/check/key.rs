//! The key that signs DNS updates (TSIG): its name in `username`, its secret in `password` or in a file.

use super::reader::Reader;
use crate::dns::tsig::TsigKey;
use crate::model::secret::Secret;
use crate::provider::{Account, Provider};

/// Signs that a secret in base64 has and the name of a key never.
const OF_SECRETS: [char; 3] = ['+', '/', '='];

/// Complains about a key that cannot be used.
pub(super) fn check(reader: &mut Reader<'_>, provider: &Provider) {
    let Account { label, username, password, .. } = &provider.account;
    let said = ["password", "password_file"].into_iter().find(|it| reader.text(it).is_some());
    if username.is_empty() {
        if !password.is_empty() && !reader.is_list("username") {
            reader.lacks(format!(
                "{label} needs option 'username' beside the secret: the name of the key. Without a key \
                 updates are not signed"
            ));
        }
        return;
    }
    if username.contains(OF_SECRETS) {
        let text = "is the name of the key and cannot have a '+', '/' or '=' in it; its secret belongs \
                    into 'password'";
        reader.fail("username", text);
        return;
    }
    // The name and its algorithm for themselves, with any secret.
    if let Err(why) = TsigKey::parse(username, &Secret::new("AAAA")) {
        reader.fail("username", why);
    } else if let Err(why) = TsigKey::parse(username, password) {
        match said {
            // A file that cannot be read has been reported already.
            Some("password_file") if password.is_empty() => {}
            Some(option) => reader.fail(option, why),
            None => reader
                .lacks(format!("{label} needs option 'password': the secret of the key in base64")),
        }
    }
}

/// What stands between the words of `named.conf`.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || "\"{};".contains(c)
}

/// Takes the key apart where `password_file` holds what `tsig-keygen` writes. The file gives the key's
/// name and algorithm only where the configuration has none.
pub(super) fn fill_in(provider: &mut Provider) {
    let text = provider.account.password.expose();
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
    let Some(secret) = secret else {
        let first = text.lines().next().unwrap_or_default();
        provider.account.password = Secret::new(first);
        return;
    };
    if provider.account.username.is_empty() {
        provider.account.username = name.into();
    }
    if !algorithm.is_empty() && !provider.account.username.contains(':') {
        provider.account.username = format!("{algorithm}:{}", provider.account.username);
    }
    provider.account.password = Secret::new(secret);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fixture;

    #[test]
    fn the_file_of_tsig_keygen_fills_in_what_is_not_said() {
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
            fill_in(&mut provider);
            assert_eq!(
                (provider.account.username.as_str(), provider.account.password.expose()),
                expected
            );
        }
    }
}
