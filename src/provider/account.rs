//! Where updates go, and who we are there.

use std::path::PathBuf;

use super::api::Api;
use super::table::Row;
use crate::model::Family;
use crate::model::secret::Secret;

/// Where updates go and who we are there: the account.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider {
    /// `service_name`, or `custom` for `update_url` and `update_script`; for messages and `status`.
    pub label: String,
    /// How updates are sent.
    pub mechanism: Mechanism,
    /// What the program's own table says of it, if that is where the URLs are from.
    pub row: Option<Row>,
    /// `username`.
    pub username: String,
    /// `password`, or the first line of `password_file`.
    pub password: Secret,
    /// `param_enc`: inserted percent-encoded.
    pub param_enc: Secret,
    /// `param_opt`: inserted as written.
    pub param_opt: Secret,
    /// `dns_server`, where that is who takes the updates; else empty.
    pub server: String,
    /// `force_dnstcp`, where there is a `server`.
    pub tcp: bool,
}

/// How updates are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// By opening a URL (`update_url`, or the definition's `ipv4` and `ipv6` blocks).
    Url {
        /// For `A` records.
        v4: Option<Template>,
        /// For `AAAA` records.
        v6: Option<Template>,
        /// For both records of a name at once, with `[IP4]` and `[IP6]` in it.
        both: Option<Template>,
    },
    /// By the provider's own interface, which the program knows.
    Api(&'static Api),
    /// By a shell script (`update_script`, or what the definition names).
    Script(Script),
}

/// A script that updates records, made for ddns-scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Where it is.
    pub file: PathBuf,
    /// Every option of the section as it is written; a list has its values in one, separated by
    /// spaces. Yes and no are `1` and `0`.
    pub options: Vec<(String, Secret)>,
}

/// An update URL with placeholders and the answer that means success.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    /// The URL with placeholders ([`template`](crate::provider::template)); `http:` already turned
    /// into `https:` when `use_https` asks for it.
    pub url: String,
    /// `answer` of the definition: a POSIX extended regular expression, matched without regard to
    /// case anywhere in the body. `None`: any dyndns2 code is understood, else HTTP 2xx is enough.
    pub answer: Option<String>,
}

impl Provider {
    /// The update URL for records of `family`, if updates are URLs and it has one.
    pub fn template(&self, family: Family) -> Option<&Template> {
        match (&self.mechanism, family) {
            (Mechanism::Url { v4, .. }, Family::V4) => v4.as_ref(),
            (Mechanism::Url { v6, .. }, Family::V6) => v6.as_ref(),
            (Mechanism::Api(_) | Mechanism::Script(_), _) => None,
        }
    }

    /// The script that updates the records, if one does.
    pub fn script(&self) -> Option<&Script> {
        match &self.mechanism {
            Mechanism::Script(script) => Some(script),
            Mechanism::Url { .. } | Mechanism::Api(_) => None,
        }
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("label", &self.label).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Template(***)")
    }
}
