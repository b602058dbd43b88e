//! The owner's account at a provider: all that a conversation with the provider sees of a section.

use std::fmt;

use crate::dns::Protocol;
use crate::model::secret::Secret;
use crate::model::{HostPort, Url};

/// The credentials of a section, and the server if the owner names one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// `service_name`, or `custom` for `update_url` and `update_script`. Shown in messages and `status`.
    pub label: String,
    /// `username`.
    pub username: String,
    /// `password`, or the first line of `password_file`.
    pub password: Secret,
    /// `param_enc`, which URLs contain percent-encoded.
    pub param_enc: Secret,
    /// `param_opt`, which URLs contain as it is written.
    pub param_opt: Secret,
    /// `param_opt` if that is the URL of the provider's interface.
    pub base: Option<Url>,
    /// `dns_server` if that server takes the updates (RFC 2136).
    pub server: Option<HostPort>,
    /// `force_dnstcp` and `dns_tls`: how messages travel to the `server`.
    pub protocol: Protocol,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("label", &self.label).finish_non_exhaustive()
    }
}
