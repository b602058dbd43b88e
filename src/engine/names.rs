//! Sections and records by name. Of an account the other family of a name goes with it, and no two
//! requests for one name are on their way at once.

use super::flights::RecordId;
use super::section::SectionState;
use crate::model::Hostname;

/// The records of all sections, sorted by account and name. The place at which those of one name begin
/// is in [`super::slot::Slot::name`].
#[derive(Clone, Debug, Default)]
pub struct Names {
    sorted: Vec<RecordId>,
    /// The places of sections, sorted by the names of these.
    sections: Vec<usize>,
}

impl Names {
    /// Sorts the records of `sections`, whose accounts are known, and notes in each where its name begins.
    pub fn of(sections: &mut [SectionState]) -> Self {
        let mut sorted = Vec::new();
        for (section, active) in sections.iter().enumerate() {
            for record in 0..active.records.len() {
                sorted.push(RecordId { section, record });
            }
        }
        sorted.sort_by(|a, b| key(sections, *a).cmp(&key(sections, *b)).then(a.cmp(b)));
        let mut begin = 0;
        for (place, id) in sorted.iter().enumerate() {
            if let Some(first) = sorted.get(begin)
                && key(sections, *first) != key(sections, *id)
            {
                begin = place;
            }
            let slots = sections.get_mut(id.section).map(|active| &mut active.slots);
            if let Some(slot) = slots.and_then(|slots| slots.get_mut(id.record)) {
                slot.name = begin;
            }
        }
        let mut by_name: Vec<usize> = (0..sections.len()).collect();
        by_name.sort_by(|a, b| section_name(sections, *a).cmp(&section_name(sections, *b)));
        Self { sorted, sections: by_name }
    }

    /// The place of the section `name`.
    pub fn section(&self, sections: &[SectionState], name: &str) -> Option<usize> {
        let wanted = Some(name);
        let place = self.sections.binary_search_by(|at| section_name(sections, *at).cmp(&wanted));
        self.sections.get(place.ok()?).copied()
    }

    /// The records of the name that begins at `name`, in the order in which they are sent.
    pub fn group<'a>(
        &'a self,
        sections: &'a [SectionState],
        name: usize,
    ) -> impl Iterator<Item = RecordId> + 'a {
        let rest = self.sorted.get(name..).unwrap_or_default().iter().copied();
        rest.take_while(move |id| begin(sections, *id) == Some(name))
    }

    /// The records of `name` in the account at that place.
    pub fn find<'a>(
        &'a self,
        sections: &'a [SectionState],
        account: usize,
        name: &Hostname,
    ) -> impl Iterator<Item = RecordId> + 'a {
        let wanted = Some((account, name));
        let place = self.sorted.partition_point(|id| key(sections, *id) < wanted);
        let is_there = self.sorted.get(place).is_some_and(|id| key(sections, *id) == wanted);
        self.group(sections, if is_there { place } else { self.sorted.len() })
    }
}

fn key(sections: &[SectionState], id: RecordId) -> Option<(usize, &Hostname)> {
    let active = sections.get(id.section)?;
    Some((active.account, &active.records.get(id.record)?.name))
}

fn section_name(sections: &[SectionState], place: usize) -> Option<&str> {
    Some(&sections.get(place)?.spec.name)
}

fn begin(sections: &[SectionState], id: RecordId) -> Option<usize> {
    Some(sections.get(id.section)?.slots.get(id.record)?.name)
}
