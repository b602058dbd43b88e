//! Where updates go and how: the account together with the mechanism that reaches it.

use std::fmt;
use std::path::PathBuf;

use super::account::Account;
use super::api::Api;
use super::table::Row;
use super::template;
use crate::model::Family;
use crate::model::secret::Secret;
use crate::model::url::Parts;

/// Where the updates of a section go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Who the owner is there.
    pub account: Account,
    /// How updates are sent.
    pub mechanism: Mechanism,
    /// The paragraph of the program's own table (`table.txt`), if the URLs are from there.
    pub row: Option<Row>,
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
    /// The host in it; `None` if it has a placeholder, so that only rendering can tell.
    pub host: Option<String>,
    /// `answer` of the definition: a POSIX extended regular expression, matched without regard to
    /// case anywhere in the body. `None`: any dyndns2 code is understood, else HTTP 2xx is enough.
    pub answer: Option<String>,
}

impl Template {
    /// A template that is `url`.
    pub fn new(url: impl Into<String>, answer: Option<String>) -> Self {
        let url = url.into();
        Self { host: template::host(&url), url, answer }
    }

    /// The path of the URL as it is written, without its query.
    pub fn path(&self) -> &str {
        let target = Parts::split(&self.url).ok().and_then(|parts| self.url.get(parts.target));
        target.and_then(|target| target.split('?').next()).unwrap_or_default()
    }
}

impl Mechanism {
    /// Stands in for a mechanism that has mistakes, so that the rest of the section is checked, too.
    pub const NO_URL: Self = Self::Url { v4: None, v6: None, both: None };
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

    /// The same with another account.
    #[cfg(test)]
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Account)) -> Self {
        change(&mut self.account);
        self
    }

    /// The script that updates the records, if one does.
    pub fn script(&self) -> Option<&Script> {
        match &self.mechanism {
            Mechanism::Script(script) => Some(script),
            Mechanism::Url { .. } | Mechanism::Api(_) => None,
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(***)")
    }
}
