//! Where the updates of a section go: the account, and the mechanism that sends them.

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
    /// The owner's account.
    pub account: Account,
    /// How updates are sent.
    pub mechanism: Mechanism,
    /// Who wrote its update URLs.
    pub author: Author,
}

/// Who wrote the update URLs of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The owner, in `update_url`.
    Owner,
    /// The author of the definition that `service_name` names. Scripts and interfaces count here, too.
    Definition,
    /// The program: they are from this paragraph of its own table (`table.txt`).
    Table(Row),
}

/// How updates are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// By opening a URL (`update_url`, or the definition's `ipv4` and `ipv6` blocks).
    Url(Urls),
    /// By the provider's own interface, which has a file in [`api`](super::api).
    Api(&'static Api),
    /// By a shell script (`update_script`, or the script of the definition).
    Script(Script),
}

/// A script that updates records, with the interface of ddns-scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The path of the script.
    pub file: PathBuf,
    /// Every option of the section as it is written, except that yes and no are `1` and `0`. The values
    /// of a list are joined by spaces.
    pub options: Vec<(String, Secret)>,
}

impl Mechanism {
    /// Replaces a mechanism with mistakes, so that the rest of the section is checked, too.
    pub const NO_URL: Self = Self::Url(Urls { v4: None, v6: None, both: None });
}

impl Provider {
    /// The paragraph of the program's own table that the URLs are from, if they are.
    pub fn row(&self) -> Option<Row> {
        match self.author {
            Author::Table(row) => Some(row),
            Author::Owner | Author::Definition => None,
        }
    }

    /// The update URL for records of `family`; `None` if there is none, or if updates are no URLs.
    pub fn template(&self, family: Family) -> Option<&Template> {
        match &self.mechanism {
            Mechanism::Url(urls) => urls.of(family),
            Mechanism::Api(_) | Mechanism::Script(_) => None,
        }
    }

    /// The same provider with a changed account.
    #[cfg(test)]
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Account)) -> Self {
        change(&mut self.account);
        self
    }

    /// The row of the program's table for the provider that requests go to. The owner's own definition or
    /// `update_url` at the host of a provider in the table has the row of that provider, because its
    /// limits apply there, too.
    pub fn known_row(&self) -> Option<Row> {
        // A definition of the owner may have the name of a provider in the table, and another URL.
        if let Some(row) = self.row().or_else(|| table::find(&self.account.label)) {
            return Some(row);
        }
        let Mechanism::Url(Urls { v4, v6, both }) = &self.mechanism else {
            return None;
        };
        [v4, v6, both].into_iter().find_map(|template| {
            let template = template.as_ref()?;
            table::at_host(template.host.as_ref()?, template.path())
        })
    }

    /// The script that updates the records, if updates are sent by a script.
    pub fn script(&self) -> Option<&Script> {
        match &self.mechanism {
            Mechanism::Script(script) => Some(script),
            Mechanism::Url(_) | Mechanism::Api(_) => None,
        }
    }
}
