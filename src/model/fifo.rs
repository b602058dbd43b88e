//! A queue that may be long.
//!
//! It is two vectors, because a `VecDeque` costs about a thousand bytes of code on MIPS for every type
//! of element.

/// Elements leave in the order in which they came. Each one is moved twice, however many wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fifo<T> {
    /// What leaves next, in reverse order.
    leaving: Vec<T>,
    /// What came after that.
    arrived: Vec<T>,
}

impl<T> Fifo<T> {
    /// A queue without elements.
    pub const fn new() -> Self {
        Self { leaving: Vec::new(), arrived: Vec::new() }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.leaving.is_empty() && self.arrived.is_empty()
    }

    /// How many elements wait.
    pub fn len(&self) -> usize {
        self.leaving.len() + self.arrived.len()
    }

    /// The element that leaves next.
    pub fn first(&self) -> Option<&T> {
        self.leaving.last().or_else(|| self.arrived.first())
    }

    /// The elements, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.leaving.iter().chain(&self.arrived)
    }

    /// Adds an element behind all others.
    pub fn push(&mut self, element: T) {
        self.arrived.push(element);
    }

    /// Adds an element before all others.
    pub fn push_first(&mut self, element: T) {
        self.leaving.push(element);
    }

    /// Removes the first element.
    pub fn pop(&mut self) -> Option<T> {
        if self.leaving.is_empty() {
            // All that has arrived is reversed at once, so that `pop` never moves the other elements.
            std::mem::swap(&mut self.leaving, &mut self.arrived);
            self.leaving.reverse();
        }
        self.leaving.pop()
    }
}

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Extend<T> for Fifo<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        self.arrived.extend(elements);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_queue(
            steps in proptest::collection::vec(any::<Option<(bool, u8)>>(), 0..60),
        ) {
            let (mut fifo, mut model) = (Fifo::new(), VecDeque::new());
            for step in steps {
                match step {
                    Some((true, element)) => {
                        fifo.push_first(element);
                        model.push_front(element);
                    }
                    Some((false, element)) => {
                        fifo.push(element);
                        model.push_back(element);
                    }
                    None => prop_assert_eq!(fifo.pop(), model.pop_front()),
                }
                prop_assert_eq!(fifo.first(), model.front());
                prop_assert_eq!((fifo.len(), fifo.is_empty()), (model.len(), model.is_empty()));
            }
            fifo.extend([1, 2]);
            model.extend([1, 2]);
            prop_assert_eq!(std::iter::from_fn(|| fifo.pop()).collect::<VecDeque<_>>(), model);
        }
    }
}
