//! Configurations of other clients as sections of `/etc/config/ddns`: inadyn, ddclient and ddns-go.
//!
//! ```text
//! text ──inadyn::read──▶ File ──File::apply──▶ Draft ──inadyn::finish──▶ Draft ──draft::write──▶ UCI text
//!        ddclient                by a table of keys     ddclient                         and remarks
//!        ddns_go                                        ddns_go
//! ```
//!
//! A table for each client says what becomes of its keys (`file.rs`), another one which of our providers each
//! of its providers is (`provider.rs`). A remark never has a value of the file in it, because that may be a secret.

mod ddclient;
mod ddns_go;
mod draft;
mod file;
mod inadyn;
mod provider;
mod remark;
#[cfg(test)]
mod tests;
mod words;

use draft::{Draft, Records};
use file::{Block, File};
pub use remark::Remark;
use remark::Remarks;

use crate::text::quoted::is_visible;

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

    /// The client whose configuration `text` is. Words that only that client uses tell; `None` without any.
    pub fn of(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim);
        // The line is not trimmed, because only the outermost key has no indentation.
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
        let text = &visible(text, &mut remarks);
        let file = match self {
            Self::Inadyn => inadyn::read(text),
            Self::Ddclient => ddclient::read(text, &mut remarks),
            Self::DdnsGo => ddns_go::read(text),
        };
        let uci = draft::write(&self.drafts(&file, &mut remarks), &mut remarks);
        Import { uci, remarks: remarks.finish() }
    }

    fn drafts(self, file: &File, remarks: &mut Remarks) -> Vec<Draft> {
        let (keys, finish): (_, fn(&Block, &mut Draft, &mut Remarks) -> bool) = match self {
            Self::Inadyn => (inadyn::KEYS, inadyn::finish),
            Self::Ddclient => (ddclient::KEYS, ddclient::finish),
            Self::DdnsGo => (ddns_go::KEYS, ddns_go::finish),
        };
        let mut drafts = Vec::new();
        for block in &file.blocks {
            for records in [Records::V4, Records::V6] {
                let mut draft = Draft::new(block.line, records);
                file.apply(block, keys, &mut draft, remarks);
                draft.set_interval("force_interval", "force_unit", ".force", 0);
                if finish(block, &mut draft, remarks) {
                    draft.finish();
                    draft::add(&mut drafts, draft);
                }
            }
        }
        drafts
    }
}

/// `text` without characters that no terminal shows: in a UCI file they would be a trap.
fn visible(text: &str, remarks: &mut Remarks) -> String {
    let mut line = 1;
    let mut visible = String::new();
    for c in text.chars() {
        line += usize::from(c == '\n');
        if matches!(c, '\n' | '\t') || is_visible(c) {
            visible.push(c);
        } else if c != '\r' {
            remarks.lose(line, "a character that cannot be shown is left out");
        }
    }
    visible
}
