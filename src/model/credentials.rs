//! A user name and a password, as URLs and HTTP write them.

use std::fmt;
use std::string::FromUtf8Error;

use super::secret::Secret;
use crate::text::{base64, percent};

/// The user name and password of a request.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Credentials {
    /// Parses the userinfo of a URL: `user:password` or `user`, both percent-encoded. `None` if both are
    /// empty.
    ///
    /// # Errors
    /// If the decoded text is not UTF-8.
    pub fn parse(text: &str) -> Result<Option<Self>, FromUtf8Error> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let (user, password) = (percent::decode(user)?, percent::decode(password)?);
        if user.is_empty() && password.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { user, password: Secret::new(password) }))
    }

    /// The header field `Basic …` (RFC 7617).
    pub fn basic(&self) -> String {
        format!("Basic {}", self.encoded())
    }

    /// The texts that must not be shown. A server may repeat the header, with or without its padding.
    pub fn secrets(&self) -> [Secret; 3] {
        let encoded = self.encoded();
        let unpadded = encoded.trim_end_matches('=').to_owned();
        [self.password.clone(), Secret::new(encoded), Secret::new(unpadded)]
    }

    fn encoded(&self) -> String {
        base64::encode(format!("{}:{}", self.user, self.password.expose()).as_bytes())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A user name without a password is often a token, so neither is shown.
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn user_and_password_are_percent_decoded() {
        for (text, user, password) in [
            ("u%40x:p:%zz", "u@x", "p:%zz"),
            ("token", "token", ""),
            (":p", "", "p"),
            ("me@example.org:a:b@c", "me@example.org", "a:b@c"),
        ] {
            let credentials = Credentials::parse(text).unwrap().unwrap();
            assert_eq!(
                (credentials.user.as_str(), credentials.password.expose()),
                (user, password)
            );
            assert_eq!(format!("{credentials:?}"), "***");
        }
        assert_eq!(Credentials::parse(":"), Ok(None));
        assert!(Credentials::parse("a:%ff").is_err());
    }

    #[test]
    fn header_is_secret_with_and_without_padding() {
        let credentials = Credentials { user: "user".into(), password: Secret::new("p@ss:x") };
        assert_eq!(credentials.basic(), "Basic dXNlcjpwQHNzOng=");
        let secrets = ["p@ss:x", "dXNlcjpwQHNzOng=", "dXNlcjpwQHNzOng"].map(Secret::new);
        assert_eq!(credentials.secrets(), secrets);
    }

    proptest! {
        #[test]
        fn parsing_decodes_user_and_password(user in "(?s).{1,9}", password in "(?s).{0,9}") {
            let text = format!("{}:{}", percent::encode(&user), percent::encode(&password));
            let credentials = Credentials { user, password: Secret::new(password) };
            prop_assert_eq!(Credentials::parse(&text), Ok(Some(credentials)));
        }

        #[test]
        fn parsing_never_panics(text in "(?s).{0,20}") {
            let _ = Credentials::parse(&text);
        }
    }
}
