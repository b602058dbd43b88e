//! Who the owner is at a provider: all that a conversation with the provider sees of a section.

use std::fmt;

use crate::model::secret::Secret;
use crate::model::{HostPort, Url};

/// The credentials of a section, and the server where the owner names one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// `service_name`, or `custom` for `update_url` and `update_script`; for messages and `status`.
    pub label: String,
    /// `username`.
    pub username: String,
    /// `password`, or the first line of `password_file`.
    pub password: Secret,
    /// `param_enc`: inserted percent-encoded.
    pub param_enc: Secret,
    /// `param_opt`: inserted as written.
    pub param_opt: Secret,
    /// `param_opt`, where that is the URL of the provider's interface.
    pub base: Option<Url>,
    /// `dns_server`, where that server takes the updates (RFC 2136).
    pub server: Option<HostPort>,
    /// `force_dnstcp`, where there is a `server`.
    pub tcp: bool,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("label", &self.label).finish_non_exhaustive()
    }
}
