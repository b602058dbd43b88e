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
    pub fn group<'a>(
        &'a self,
        sections: &'a [SectionState],
        name: usize,
    ) -> impl Iterator<Item = RecordId> + 'a {
        let rest = self.sorted.get(name..).unwrap_or_default().iter().copied();
        // Comparing two numbers is cheaper than comparing names.
        rest.take_while(move |id| begin(sections, *id) == Some(name))
    }

    /// The records of `name` in the account with this index.
    pub fn find<'a>(
        &'a self,
        sections: &'a [SectionState],
        account: usize,
        name: &Hostname,
    ) -> impl Iterator<Item = RecordId> + 'a {
        let wanted = Some((account, name));
        let index = self.sorted.partition_point(|id| key(sections, *id) < wanted);
        let exists = self.sorted.get(index).is_some_and(|id| key(sections, *id) == wanted);
        // The group that begins at the end is empty.
        self.group(sections, if exists { index } else { self.sorted.len() })
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
