//! Maps and sets as sorted vectors.
//!
//! The program's maps are small and read far more often than written. On MIPS, every type of key
//! costs a few hundred bytes of code here; with `BTreeMap` it costs about eight thousand, and there
//! are dozens of types. Methods have the names of `BTreeMap` and `BTreeSet`.
//!
//! An insertion moves all entries behind it. Sort thousands of entries before they are inserted.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;

use super::sort;

/// Removes the first element of a short queue. The others are moved, which is cheaper than a
/// `VecDeque`: that costs about a thousand bytes of code for every type of element.
pub fn take_first<T>(queue: &mut Vec<T>) -> Option<T> {
    if queue.is_empty() {
        return None;
    }
    Some(queue.remove(0))
}

/// A map, iterated in the order of its keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Map<K, V>(Vec<(K, V)>);

/// A set, iterated in order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Set<T>(Map<T, ()>);

/// The index of the entry for which `compare`, which takes an index below `len`, is equal; or as the error the index
/// where it belongs.
fn search(len: usize, compare: &dyn Fn(usize) -> Ordering) -> Result<usize, usize> {
    // std's search would be compiled for every type of entry.
    let (mut start, mut end) = (0, len);
    while start < end {
        let middle = start.midpoint(end);
        match compare(middle) {
            Ordering::Equal => return Ok(middle),
            Ordering::Less => start = middle + 1,
            Ordering::Greater => end = middle,
        }
    }
    Err(start)
}

impl<K, V> Map<K, V> {
    /// A map without entries.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The entries.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The keys.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values, mutable.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Keeps the entries for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }
}

impl<K: Ord, V> Map<K, V> {
    /// A map with the entries of `list`, which is sorted once. Of several entries with the same key the last
    /// one counts. The map has no spare capacity.
    pub fn from_list(mut list: Vec<(K, V)>) -> Self {
        sort::by(&mut list, |(a, _), (b, _)| a.cmp(b));
        list.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                // `dedup_by` removes the later one of two, and the later one is to stay.
                std::mem::swap(later, kept);
            }
            is_same
        });
        list.shrink_to_fit();
        Self(list)
    }

    /// The index of `key`, or as the error the index where it belongs.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        search(self.0.len(), &|index| self.0[index].0.borrow().cmp(key))
    }

    /// The value of `key`.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let index = self.find(key).ok()?;
        Some(&self.0.get(index)?.1)
    }

    /// The value of `key`, mutable.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let index = self.find(key).ok()?;
        Some(&mut self.0.get_mut(index)?.1)
    }

    /// Whether there is an entry for `key`.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Sets the value of `key` and returns the one before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(index) => Some(std::mem::replace(&mut self.0[index].1, value)),
            Err(index) => {
                self.0.insert(index, (key, value));
                None
            }
        }
    }

    /// Removes `key` and returns its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let index = self.find(key).ok()?;
        Some(self.0.remove(index).1)
    }

    /// The value of `key`. If there is none, `value` is inserted.
    pub fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        let index = match self.find(&key) {
            Ok(index) => index,
            Err(index) => {
                self.0.insert(index, (key, value));
                index
            }
        };
        &mut self.0[index].1
    }
}

impl<T> Set<T> {
    /// A set without elements.
    pub const fn new() -> Self {
        Self(Map::new())
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The elements.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.0.keys()
    }
}

impl<T: Ord> Set<T> {
    /// Whether `element` is in the set.
    pub fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains_key(element)
    }

    /// Adds `element`; false if the set had it already.
    pub fn insert(&mut self, element: T) -> bool {
        self.0.insert(element, ()).is_none()
    }

    /// Removes `element`; false if the set did not have it.
    pub fn remove<Q: Ord + ?Sized>(&mut self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.remove(element).is_some()
    }

    /// Whether `other` has all elements of this set.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|element| other.contains(element))
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<T: Ord> Extend<T> for Set<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        for element in elements {
            self.insert(element);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<T: Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut set = Self::new();
        set.extend(elements);
        set
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u8, u8),
        GetOrInsert(u8, u8),
        Add(u8, u8),
        Remove(u8),
        KeepOdd,
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        let key = 0..20_u8;
        prop_oneof![
            9 => (key.clone(), any::<u8>()).prop_map(|(k, v)| Step::Insert(k, v)),
            3 => (key.clone(), any::<u8>()).prop_map(|(k, v)| Step::GetOrInsert(k, v)),
            3 => (key.clone(), any::<u8>()).prop_map(|(k, v)| Step::Add(k, v)),
            5 => key.prop_map(Step::Remove),
            1 => Just(Step::KeepOdd),
            1 => Just(Step::Clear),
        ]
    }

    proptest! {
        #[test]
        fn a_map_does_what_a_btree_map_does(steps in proptest::collection::vec(step(), 0..60)) {
            let (mut map, mut tree) = (Map::new(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Insert(k, v) => prop_assert_eq!(map.insert(k, v), tree.insert(k, v)),
                    Step::GetOrInsert(k, v) => {
                        prop_assert_eq!(map.get_or_insert(k, v), tree.entry(k).or_insert(v));
                    }
                    Step::Add(k, v) => {
                        let (a, b) = (map.get_mut(&k), tree.get_mut(&k));
                        prop_assert_eq!(&a, &b);
                        a.into_iter().chain(b).for_each(|old| *old = old.wrapping_add(v));
                    }
                    Step::Remove(k) => prop_assert_eq!(map.remove(&k), tree.remove(&k)),
                    Step::KeepOdd => {
                        map.retain(|k, v| (*k ^ *v) & 1 == 1);
                        tree.retain(|k, v| (*k ^ *v) & 1 == 1);
                    }
                    Step::Clear => {
                        map.clear();
                        tree.clear();
                    }
                }
                prop_assert!(map.iter().eq(tree.iter()));
                prop_assert!(map.values_mut().eq(tree.values_mut()));
                prop_assert_eq!((map.len(), map.is_empty()), (tree.len(), tree.is_empty()));
                prop_assert!((0..20).all(|k| map.get(&k) == tree.get(&k)));
            }
            prop_assert!(map.into_iter().eq(tree));
        }

        #[test]
        fn a_list_becomes_the_same_map_as_its_entries_one_by_one(
            list in proptest::collection::vec((0..9_u8, any::<u8>()), 0..20),
        ) {
            let tree: BTreeMap<u8, u8> = list.iter().copied().collect();
            prop_assert!(Map::from_list(list).into_iter().eq(tree));
        }

        #[test]
        fn a_set_does_what_a_btree_set_does(
            a in proptest::collection::vec(0..9_u8, 0..9),
            b in proptest::collection::vec(0..9_u8, 0..9),
        ) {
            let tree: [BTreeSet<u8>; 2] = [&a, &b].map(|list| list.iter().copied().collect());
            let [mut first, second]: [Set<u8>; 2] = [&a, &b].map(|list| list.iter().copied().collect());
            prop_assert!(first.iter().eq(tree[0].iter()));
            prop_assert_eq!(first.is_subset(&second), tree[0].is_subset(&tree[1]));
            prop_assert!((0..9).all(|n| first.contains(&n) == tree[0].contains(&n)));
            for element in &b {
                first.remove(element);
                prop_assert!(first.insert(*element) && !first.insert(*element));
            }
            prop_assert!(first.iter().eq(tree[0].union(&tree[1])));
        }
    }
}
