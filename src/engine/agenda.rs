//! What is due when, and what was touched by an event: so that a poll looks at nothing else.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::flights::RecordId;

/// Something that is looked at again when its time comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// The record waits for it.
    Record(RecordId),
    /// The section's source is to be asked, or its name to be looked up.
    Section(usize),
    /// The account may send the next request.
    Account(usize),
}

/// Times and what is due at them, the earliest first.
///
/// A time that does not hold any more stays until it comes up: whoever owns the item remembers its
/// current time, and passes over others.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    heap: BinaryHeap<Reverse<(Duration, Item)>>,
}

impl Agenda {
    /// `item` is due at `at`, since boot.
    pub fn add(&mut self, at: Duration, item: Item) {
        self.heap.push(Reverse((at, item)));
    }

    /// The earliest time, and what is due at it.
    pub fn first(&self) -> Option<(Duration, Item)> {
        self.heap.peek().map(|Reverse(first)| *first)
    }

    /// Takes that away.
    pub fn drop_first(&mut self) {
        self.heap.pop();
    }

    /// Nothing is due any more.
    pub fn clear(&mut self) {
        self.heap.clear();
    }
}

/// Places (of sections or accounts) that are to be looked at, each once, the first one first.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    heap: BinaryHeap<Reverse<usize>>,
    is_marked: Vec<bool>,
}

impl Marks {
    /// Marks `place`.
    pub fn add(&mut self, place: usize) {
        if place >= self.is_marked.len() {
            self.is_marked.resize(place + 1, false);
        }
        if let Some(is_marked) = self.is_marked.get_mut(place)
            && !*is_marked
        {
            *is_marked = true;
            self.heap.push(Reverse(place));
        }
    }

    /// The first place that is marked.
    pub fn first(&self) -> Option<usize> {
        self.heap.peek().map(|Reverse(place)| *place)
    }

    /// Takes the mark away from the first place.
    pub fn take_first(&mut self) -> Option<usize> {
        let Reverse(place) = self.heap.pop()?;
        if let Some(is_marked) = self.is_marked.get_mut(place) {
            *is_marked = false;
        }
        Some(place)
    }

    /// Whether no place is marked.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mark_comes_first_and_once() {
        let mut marks = Marks::default();
        for place in [7, 2, 7, 0] {
            marks.add(place);
        }
        let mut taken = Vec::new();
        while let Some(place) = marks.take_first() {
            taken.push(place);
        }
        assert_eq!(taken, [0, 2, 7]);
        marks.add(2);
        assert_eq!(marks.first(), Some(2));
    }

    #[test]
    fn the_earliest_is_first() {
        let mut agenda = Agenda::default();
        for (at, item) in [(3, Item::Account(1)), (1, Item::Section(2)), (2, Item::Section(0))] {
            agenda.add(Duration::from_secs(at), item);
        }
        assert_eq!(agenda.first(), Some((Duration::from_secs(1), Item::Section(2))));
        agenda.drop_first();
        assert_eq!(agenda.first(), Some((Duration::from_secs(2), Item::Section(0))));
    }
}
