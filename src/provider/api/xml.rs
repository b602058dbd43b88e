//! XML as far as short answers need it: the text of an element, found by its tag.

/// What is in the first element `tag`, which has no attributes; empty if there is none.
pub(super) fn text<'x>(xml: &'x str, tag: &str) -> &'x str {
    all(xml, tag).first().copied().unwrap_or_default()
}

/// What is in each element `tag`, as long as none is within another.
pub(super) fn all<'x>(xml: &'x str, tag: &str) -> Vec<&'x str> {
    let (begin, end) = (["<", tag, ">"].concat(), ["</", tag, ">"].concat());
    let mut all = Vec::new();
    // The text before each begin tag holds the content before it.
    for from in xml.split(begin.as_str()).skip(1) {
        if let Some((content, _)) = from.split_once(end.as_str()) {
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
    fn elements_by_tag() {
        let xml = "<a x='1'><b>1</b><bb>no</bb><b>2<c>3</c></b><b>4";
        assert_eq!(all(xml, "b"), ["1", "2<c>3</c>"]);
        assert_eq!((text(xml, "c"), text(xml, "a"), text(xml, "d")), ("3", "", ""));
    }

    proptest! {
        #[test]
        fn any_text_is_taken(xml in "[<>/ab ]*") {
            prop_assert!(all(&xml, "a").len() <= xml.len());
        }
    }
}
