//! As much of XML as our answers need: the content of an element, found by its tag.

/// The content of the first element `tag`, which has no attributes; empty if there is none.
pub(crate) fn text<'x>(xml: &'x str, tag: &str) -> &'x str {
    all(xml, tag).first().copied().unwrap_or_default()
}

/// The contents of all elements `tag`, none of which may be within another.
pub(crate) fn all<'x>(xml: &'x str, tag: &str) -> Vec<&'x str> {
    let (begin, end) = (["<", tag, ">"].concat(), ["</", tag, ">"].concat());
    let mut all = Vec::new();
    // The first part is before the first begin tag; every other part begins with a content.
    for part in xml.split(begin.as_str()).skip(1) {
        if let Some((content, _)) = part.split_once(end.as_str()) {
            all.push(content);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn elements_are_found_by_their_tag() {
        let xml = "<a x='1'><b>1</b><bb>no</bb><b>2<c>3</c></b><b>4";
        assert_eq!(all(xml, "b"), ["1", "2<c>3</c>"]);
        assert_eq!((text(xml, "c"), text(xml, "a"), text(xml, "d")), ("3", "", ""));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(xml in "[<>/ab ]*") {
            prop_assert!(all(&xml, "a").len() <= xml.len());
        }
    }
}
