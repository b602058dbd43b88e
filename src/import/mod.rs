//! Configurations of other clients as sections of `/etc/config/ddns`: inadyn, ddclient and ddns-go.
//!
//! ```text
//! text ──inadyn::read──▶ blocks ──inadyn::drafts──▶ drafts ──section::write──▶ text of a UCI file
//!        ddclient                 ddclient                  and remarks for the owner
//!        ddns_go                  ddns_go
//! ```
//!
//! A table for each client says what becomes of its keys (`Block::settle`), another one which of our providers each
//! of its providers is (`provider.rs`). A remark never has a value of the file in it, because that may be a secret.

mod block;
mod ddclient;
mod ddns_go;
mod inadyn;
mod provider;
mod remark;
mod section;
#[cfg(test)]
mod tests;

pub use remark::Remark;
use remark::Remarks;

/// A client whose configuration can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// <https://github.com/troglobit/inadyn>, version 2: `inadyn.conf`.
    Inadyn,
    /// <https://github.com/ddclient/ddclient>: `ddclient.conf`.
    Ddclient,
    /// <https://github.com/jeessy2/ddns-go>: `.ddns_go_config.yaml`.
    DdnsGo,
}

/// Each client with its name on the command line.
pub const CLIENTS: [(&str, Client); 3] =
    [("inadyn", Client::Inadyn), ("ddclient", Client::Ddclient), ("ddns-go", Client::DdnsGo)];

/// A configuration of another client, taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The sections, as text of a UCI file. It may hold passwords. Empty if there is no section.
    pub uci: String,
    /// What the owner has to know, by line. It holds no passwords.
    pub remarks: Vec<Remark>,
}

impl Client {
    /// The client with this name on the command line.
    pub fn named(name: &str) -> Option<Self> {
        CLIENTS.iter().find(|(known, _)| *known == name).map(|(_, client)| *client)
    }

    /// The client whose configuration `text` is, as far as its words tell.
    pub fn of(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim);
        if text.lines().any(|line| line.starts_with("dnsconf:")) {
            return Some(Self::DdnsGo);
        }
        if lines.clone().any(inadyn::opens_provider) {
            return Some(Self::Inadyn);
        }
        if lines.any(ddclient::is_typical) { Some(Self::Ddclient) } else { None }
    }

    /// The sections that do what `text` says, a configuration of this client.
    pub fn import(self, text: &str) -> Import {
        let mut remarks = Remarks::default();
        let drafts = match self {
            Self::Inadyn => inadyn::drafts(text, &mut remarks),
            Self::Ddclient => ddclient::drafts(text, &mut remarks),
            Self::DdnsGo => ddns_go::drafts(text, &mut remarks),
        };
        let uci = section::write(drafts, &mut remarks);
        Import { uci, remarks: remarks.finish() }
    }
}
