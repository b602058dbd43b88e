//! What somebody who mistyped a word may have meant.

/// Longer words are no slips of short ones, and nobody waits for the comparison with a novel.
const LONGEST: usize = 64;

/// The one of `words` that differs least from `word`, if it is near enough to be a slip.
pub(crate) fn closest(
    word: &str,
    words: &mut dyn Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let limit = (word.len() / 3).clamp(1, 3);
    let near =
        words.filter(|near| word.len() < LONGEST && near.len().abs_diff(word.len()) <= limit);
    let (least, best) = near.map(|near| (distance(word, near), near)).min()?;
    (least <= limit).then_some(best)
}

/// How many letters must be added, removed, changed or swapped with their neighbour (optimal
/// string alignment).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let change = at(&row, j) + usize::from(x != y);
            let mut best = change.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = j > 0 && previous == Some(y) && b.get(j - 1) == Some(&x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(x);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distances() {
        for (a, b, expected) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("domian", "domain", 1)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn distances_are_sane(a in "[a-c]{0,6}", b in "[a-c]{0,6}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
        }
    }
}
