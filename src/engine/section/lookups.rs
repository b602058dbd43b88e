//! Which look-ups of a section are due or on their way.

use crate::config::Section;
use crate::engine::agenda::Marks;

/// The look-ups of a section.
#[derive(Clone, Debug, Default)]
pub struct LookUps {
    /// Indexes of records whose last request is in doubt, so that the name servers are to be asked now.
    pub doubts: Marks,
    /// Indexes of records whose registered address is to be looked up now.
    pub due: Marks,
    /// Whether `lookup_host` is none of the section's names, so that it is looked up for all of them.
    pub is_elsewhere: bool,
    /// Indexes of records whose own name is being looked up, in the order of the questions.
    pub asked: Vec<usize>,
}

impl LookUps {
    /// The look-ups of a section, as its options say.
    pub fn of(spec: &Section) -> Self {
        let host = &spec.lookup.host;
        let is_elsewhere = !spec.names.iter().any(|name| name.is_in_dns(host))
            && !spec.lan.hosts.iter().any(|it| it.name.is_in_dns(host));
        Self { is_elsewhere, ..Self::default() }
    }
}
