//! Where updates go and how: the account together with the mechanism that reaches it.

use std::path::PathBuf;

use super::account::Account;
use super::api::Api;
use super::families::{Template, Urls};
use super::table::{self, Row};
use crate::model::Family;
use crate::model::secret::Secret;

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
    Url(Urls),
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

impl Mechanism {
    /// Stands in for a mechanism that has mistakes, so that the rest of the section is checked, too.
    pub const NO_URL: Self = Self::Url(Urls { v4: None, v6: None, both: None });
}

impl Provider {
    /// The update URL for records of `family`, if updates are URLs and it has one.
    pub fn template(&self, family: Family) -> Option<&Template> {
        match &self.mechanism {
            Mechanism::Url(urls) => urls.of(family),
            Mechanism::Api(_) | Mechanism::Script(_) => None,
        }
    }

    /// The same with another account.
    #[cfg(test)]
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Account)) -> Self {
        change(&mut self.account);
        self
    }

    /// What the program's table knows of the provider that requests go to. Its limits count, too, where the
    /// URL is that of the owner's own definition or `update_url`.
    pub fn known_row(&self) -> Option<Row> {
        let named = self.row.or_else(|| table::find(&self.account.label));
        let Mechanism::Url(Urls { v4, v6, both }) = &self.mechanism else {
            return named;
        };
        let mut urls = [v4, v6, both].into_iter().flatten();
        named.or_else(|| {
            urls.find_map(|template| table::at_host(template.host.as_ref()?, template.path()))
        })
    }

    /// The script that updates the records, if one does.
    pub fn script(&self) -> Option<&Script> {
        match &self.mechanism {
            Mechanism::Script(script) => Some(script),
            Mechanism::Url(_) | Mechanism::Api(_) => None,
        }
    }
}
