//! User names and passwords, in URLs and in headers. Pure.

use crate::model::secret::Secret;
use crate::text::base64;
use crate::text::percent;

/// User name and password.
pub(super) type Auth = (String, Secret);

/// Splits `user:pass@` off. The parts are percent-decoded.
pub(super) fn split_user(authority: &str) -> (Option<Auth>, &str) {
    let Some((user, host)) = authority.rsplit_once('@') else {
        return (None, authority);
    };
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let auth = (percent::decode_lossy(name), Secret::new(percent::decode_lossy(password)));
    (Some(auth), host)
}

/// `Basic …` (RFC 7617).
pub(super) fn basic((user, password): &Auth) -> String {
    let pair = format!("{user}:{}", password.expose());
    format!("Basic {}", base64::encode(pair.as_bytes()))
}
