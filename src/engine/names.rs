//! Sections and records by name. An account has at most one request on its way for a name, and some providers
//! take both families of a name in one request.

use super::flights::RecordId;
use super::section::SectionState;
use crate::model::Hostname;
use crate::model::sort;

/// The records of all sections, sorted by account and name: the records of one name in one account are a group.
/// [`super::slot::Slot::name`] is the index of the first record of a group.
#[derive(Clone, Debug, Default)]
pub struct Names {
    sorted: Vec<RecordId>,
    /// The indexes of sections, sorted by the sections' names.
    sections: Vec<usize>,
}

impl Names {
    /// Sorts the records of `sections` and notes the begin of its group in each slot. The accounts of the
    /// sections must be assigned.
    pub fn of(sections: &mut [SectionState]) -> Self {
        let mut sorted = Vec::new();
        for (section, active) in sections.iter().enumerate() {
            for record in 0..active.records.len() {
                sorted.push(RecordId { section, record });
            }
        }
        // Within a group the configuration order decides, in which records are sent.
        sort::by(&mut sorted, |a, b| key(sections, *a).cmp(&key(sections, *b)));
        note_groups(sections, &sorted);
        // Sections stay in configuration order. This second order finds them by name.
        let mut by_name: Vec<usize> = (0..sections.len()).collect();
        sort::by(&mut by_name, |a, b| section_name(sections, *a).cmp(&section_name(sections, *b)));
        Self { sorted, sections: by_name }
    }

    /// The index of the section `name`.
    pub fn section(&self, sections: &[SectionState], name: &str) -> Option<usize> {
        let wanted = Some(name);
        let index =
            self.sections.binary_search_by(|section| section_name(sections, *section).cmp(&wanted));
        self.sections.get(index.ok()?).copied()
    }

    /// The records of the group that begins at index `name`, in the order in which they are sent.
    pub fn group(&self, sections: &[SectionState], name: usize) -> Vec<RecordId> {
        let mut group = Vec::new();
        for &id in self.sorted.get(name..).unwrap_or_default() {
            // Comparing two numbers is cheaper than comparing names.
            if begin(sections, id) != Some(name) {
                break;
            }
            group.push(id);
        }
        group
    }

    /// The records of `name` in the account with this index.
    pub fn find(
        &self,
        sections: &[SectionState],
        account: usize,
        name: &Hostname,
    ) -> Vec<RecordId> {
        let wanted = Some((account, name));
        let found = self.sorted.binary_search_by(|id| key(sections, *id).cmp(&wanted));
        let Some(id) = found.ok().and_then(|index| self.sorted.get(index)) else {
            return Vec::new();
        };
        // It may be any record of the group.
        begin(sections, *id).map_or(Vec::new(), |begin| self.group(sections, begin))
    }
}

/// Notes in each slot where the group of its record begins in `sorted`.
fn note_groups(sections: &mut [SectionState], sorted: &[RecordId]) {
    let mut begin = 0;
    for (index, id) in sorted.iter().enumerate() {
        if let Some(first) = sorted.get(begin)
            && key(sections, *first) != key(sections, *id)
        {
            begin = index;
        }
        let slots = sections.get_mut(id.section).map(|active| &mut active.slots);
        if let Some(slot) = slots.and_then(|slots| slots.get_mut(id.record)) {
            slot.name = begin;
        }
    }
}

fn key(sections: &[SectionState], id: RecordId) -> Option<(usize, &Hostname)> {
    let active = sections.get(id.section)?;
    Some((active.account, &active.records.get(id.record)?.name))
}

fn section_name(sections: &[SectionState], index: usize) -> Option<&str> {
    Some(&sections.get(index)?.spec.name)
}

fn begin(sections: &[SectionState], id: RecordId) -> Option<usize> {
    Some(sections.get(id.section)?.slots.get(id.record)?.name)
}
