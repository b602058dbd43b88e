//! Sorts lists. std's sort is compiled for every type of entry, at about 700 bytes on MIPS. Here one sort
//! of indices serves all types.

use std::cmp::Ordering;

/// Puts `list` in the order of `compare`. Entries that are equal stay in their order.
pub fn by<T>(list: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    for (a, b) in swaps(list.len(), &|a, b| compare(&list[a], &list[b])) {
        list.swap(a, b);
    }
}

/// Puts `list` in ascending order.
pub fn ascending<T: Ord>(list: &mut [T]) {
    by(list, T::cmp);
}

/// The swaps that sort `len` entries by `compare`, which takes two indices.
fn swaps(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<(usize, usize)> {
    let mut sorted: Vec<usize> = (0..len).collect();
    sorted.sort_by(|a, b| compare(*a, *b));
    let mut places = vec![0; len];
    for (place, index) in sorted.into_iter().enumerate() {
        places[index] = place;
    }
    let mut swaps = Vec::new();
    for index in 0..len {
        while places[index] != index {
            let place = places[index];
            swaps.push((index, place));
            places.swap(index, place);
        }
    }
    swaps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_as_std_does(list in proptest::collection::vec((0..9_u8, any::<u8>()), 0..60)) {
            let (mut ours, mut theirs) = (list.clone(), list.clone());
            super::by(&mut ours, |(a, _), (b, _)| a.cmp(b));
            theirs.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(&ours, &theirs);
            super::ascending(&mut ours);
            theirs.sort();
            prop_assert_eq!(ours, theirs);
        }
    }
}
