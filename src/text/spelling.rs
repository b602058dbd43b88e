//! Suggestions for mistyped words.

/// Longer words get no suggestion: no option is that long, and the comparison takes quadratic time.
const LONGEST: usize = 64;

/// The one of `words` that differs least from `word`, if it is similar enough to be a typing error.
pub(crate) fn closest(word: &str, words: &[&'static str]) -> Option<&'static str> {
    if word.len() >= LONGEST {
        return None;
    }
    // In a short word, two changes make any other word of it.
    let limit = (word.len() / 3).clamp(1, 3);
    let similar = words.iter().filter(|candidate| candidate.len().abs_diff(word.len()) <= limit);
    let (least, best) = similar.map(|candidate| (distance(word, candidate), *candidate)).min()?;
    if least <= limit { Some(best) } else { None }
}

/// How many letters must be added, removed, changed or swapped with their neighbour to turn `a` into
/// `b` (optimal string alignment: a table with a row for each letter of `a`).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let mut letters = Vec::new();
    let mut row_before_last: Vec<usize> = Vec::new();
    let mut last_row = vec![0];
    for y in b.chars() {
        letters.push(y);
        last_row.push(letters.len());
    }
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in letters.iter().enumerate() {
            let change = cell(&last_row, j) + usize::from(x != y);
            let mut best = change.min(cell(&last_row, j + 1) + 1).min(cell(&row, j) + 1);
            let swapped = j > 0 && previous == Some(y) && letters.get(j - 1) == Some(&x);
            if swapped {
                best = best.min(cell(&row_before_last, j - 1) + 1);
            }
            row.push(best);
        }
        row_before_last = std::mem::replace(&mut last_row, row);
        previous = Some(x);
    }
    last_row.last().copied().unwrap_or_default()
}

fn cell(row: &[usize], column: usize) -> usize {
    row.get(column).copied().unwrap_or(usize::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distance_counts_changed_and_swapped_letters() {
        for (a, b, expected) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("domian", "domain", 1)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_only_for_equal_words(a in "[a-c]{0,6}", b in "[a-c]{0,6}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
        }
    }
}
