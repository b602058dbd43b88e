//! Gates of a section: whether this router is the one of a pair that publishes.

use std::net::IpAddr;
use std::path::Path;

use super::files::FileState;
use super::network::NetworkView;
use crate::config::Gate;
use crate::proto::netlink::AddressFlags;
use crate::text::quoted::quoted;

/// Whether all gates of a section are open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It is not known yet, so nothing is published.
    #[default]
    Unknown,
    /// They are: this router publishes.
    Open,
    /// One is closed, for this reason: this router does not publish.
    Closed(String),
}

impl Standing {
    /// Whether this router publishes.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// Whether all of `gates` are open.
pub fn standing(gates: &[Gate], facts: &NetworkView) -> Standing {
    for gate in gates {
        let standing = of(gate, facts);
        if !standing.is_open() {
            return standing;
        }
    }
    Standing::Open
}

fn of(gate: &Gate, facts: &NetworkView) -> Standing {
    match gate {
        Gate::Address(_) if !facts.book.addresses_known() => Standing::Unknown,
        Gate::Address(address) if has_address(facts, *address) => Standing::Open,
        Gate::Address(address) => {
            Standing::Closed(format!("this router does not have {address} (only_if_address)"))
        }
        Gate::File { path, word } => file(path, word, facts),
    }
}

fn has_address(facts: &NetworkView, address: IpAddr) -> bool {
    let known = facts.book.links().flat_map(|link| facts.book.addresses(link.index));
    let mut same = known.filter(|known| known.address.address == address);
    // A router whose neighbour still has the address is not the master yet.
    same.any(|known| !known.address.flags.has(AddressFlags::DADFAILED))
}

fn file(path: &Path, word: &str, facts: &NetworkView) -> Standing {
    let shown = path.display();
    match facts.files.state(path) {
        FileState::Unknown => Standing::Unknown,
        FileState::Missing => Standing::Closed(format!("{shown} cannot be read (only_if_file)")),
        FileState::Text(text) => match text.split_whitespace().next() {
            // The program is writing it anew.
            None => Standing::Unknown,
            Some(first) if first == word => Standing::Open,
            Some(first) => {
                let first = quoted(first);
                Standing::Closed(format!("{shown} says {first}, not '{word}' (only_if_file)"))
            }
        },
    }
}
