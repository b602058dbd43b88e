//! Timers, and marks of events: a poll looks only at what is due or marked.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::flights::RecordId;
use crate::time::Duration;

/// A timer's owner: the engine looks at it when the timer expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// The record's wait ends.
    Record(RecordId),
    /// The section with this index has to ask its source, or to look up its name.
    Section(usize),
    /// The account with this index may send the next request.
    Account(usize),
    /// Another line may take the place of the one in use, for the sections of the viewpoint with this index.
    Viewpoint(usize),
}

/// Timers, the earliest first.
///
/// A timer cannot be cancelled. Each item has its current time in a field `due`, and the engine skips a timer
/// with another time.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    // A removal from the middle of a heap would need a search.
    heap: BinaryHeap<Reverse<(Duration, Item)>>,
}

impl Agenda {
    /// Adds a timer for `item` that expires at `at`, since boot.
    pub fn add(&mut self, at: Duration, item: Item) {
        self.heap.push(Reverse((at, item)));
    }

    /// The earliest time, and its item.
    pub fn first(&self) -> Option<(Duration, Item)> {
        self.heap.peek().map(|Reverse(first)| *first)
    }

    /// Removes the earliest timer.
    pub fn drop_first(&mut self) {
        self.heap.pop();
    }

    /// Removes all timers.
    pub fn clear(&mut self) {
        self.heap.clear();
    }
}

/// Indexes of sections or accounts to look at, each once, the lowest first.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    heap: BinaryHeap<Reverse<usize>>,
    is_marked: Vec<bool>,
}

impl Marks {
    /// Marks `index`.
    pub fn add(&mut self, index: usize) {
        // One event may mark an index many times. The flag keeps it in the heap once.
        if index >= self.is_marked.len() {
            self.is_marked.resize(index + 1, false);
        }
        if let Some(is_marked) = self.is_marked.get_mut(index)
            && !*is_marked
        {
            *is_marked = true;
            self.heap.push(Reverse(index));
        }
    }

    /// The lowest marked index.
    pub fn first(&self) -> Option<usize> {
        self.heap.peek().map(|Reverse(index)| *index)
    }

    /// Removes the mark from the lowest marked index, and returns the index.
    pub fn take_first(&mut self) -> Option<usize> {
        let Reverse(index) = self.heap.pop()?;
        if let Some(is_marked) = self.is_marked.get_mut(index) {
            *is_marked = false;
        }
        Some(index)
    }

    /// Removes all marks, and returns their indexes in order.
    pub fn take_all(&mut self) -> Vec<usize> {
        let mut all = Vec::new();
        while let Some(index) = self.take_first() {
            all.push(index);
        }
        all
    }

    /// Whether no index is marked.
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
        for index in [7, 2, 7, 0] {
            marks.add(index);
        }
        let mut taken = Vec::new();
        while let Some(index) = marks.take_first() {
            taken.push(index);
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
