//! Update URLs that tell both addresses of a name, and what is left of them for one.

use crate::provider::{Mechanism, Template};

const IP4: &str = "[IP4]";
const IP6: &str = "[IP6]";

/// How `url` is used for records of either family. One with `[IP4]` and `[IP6]` is for both at
/// once; for one family, what belongs to the other is left out of its query. One with a single one
/// of them is for that family, and any other for either.
///
/// # Errors
/// Why `url` cannot be used like that.
pub fn mechanism(url: &str) -> Result<Mechanism, &'static str> {
    let of = |url: String| Some(Template::new(url, None));
    let whole = || of(url.to_owned());
    Ok(match (url.contains(IP4), url.contains(IP6)) {
        (false, false) => Mechanism::Url { v4: whole(), v6: whole(), both: None },
        (true, false) => Mechanism::Url { v4: whole(), v6: None, both: None },
        (false, true) => Mechanism::Url { v4: None, v6: whole(), both: None },
        (true, true) if url.contains("[IP]") => {
            return Err("[IP] says nothing beside [IP4] and [IP6]");
        }
        (true, true) => match (without(url, IP6), without(url, IP4)) {
            (Some(v4), Some(v6)) => Mechanism::Url { v4: of(v4), v6: of(v6), both: whole() },
            _ => {
                return Err(
                    "[IP4] and [IP6] belong into the query, behind the '?', because one is \
                     left out where a name has only the other",
                );
            }
        },
    })
}

/// `url` without the parameters that hold `placeholder`, and without it in lists with commas; `None`
/// if it is not in the query alone.
fn without(url: &str, placeholder: &str) -> Option<String> {
    let (head, query) = url.split_once('?')?;
    if head.contains(placeholder) {
        return None;
    }
    let mut left = String::from(head);
    let mut mark = '?';
    for item in query.split('&') {
        if let Some(rest) = rest(item, placeholder) {
            left.push(mark);
            left.push_str(&rest);
            mark = '&';
        }
    }
    Some(left)
}

/// What is left of one parameter, if anything is.
fn rest(item: &str, placeholder: &str) -> Option<String> {
    if !item.contains(placeholder) {
        return Some(item.to_owned());
    }
    let (key, list) = item.split_once('=')?;
    let mut left = String::from(key);
    let mut mark = '=';
    for word in list.split(',').filter(|word| !word.contains(placeholder)) {
        left.push(mark);
        left.push_str(word);
        mark = ',';
    }
    (mark == ',' && !key.contains(placeholder)).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fixture::provider;
    use crate::model::Family;
    use proptest::prelude::*;

    fn urls(url: &str) -> [Option<String>; 3] {
        let mechanism = mechanism(url).unwrap();
        let Mechanism::Url { both, .. } = &mechanism else { panic!("{mechanism:?}") };
        let both = both.as_ref().map(|template| template.url.clone());
        let provider = crate::provider::Provider { mechanism, ..provider() };
        let of = |family| provider.template(family).map(|template| template.url.clone());
        [of(Family::V4), of(Family::V6), both]
    }

    #[test]
    fn what_belongs_to_the_other_family_is_left_out() {
        for (url, v4, v6) in [
            (
                "http://d/?h=x&ip=[IP4]&ip6=[IP6]",
                "http://d/?h=x&ip=[IP4]",
                "http://d/?h=x&ip6=[IP6]",
            ),
            (
                "http://d/u?myip=[IP4],[IP6]&a=b,c",
                "http://d/u?myip=[IP4]&a=b,c",
                "http://d/u?myip=[IP6]&a=b,c",
            ),
            ("http://d/?[IP4]&[IP6]", "http://d/?[IP4]", "http://d/?[IP6]"),
            ("http://u:p?@d/?a=[IP6],x[IP4]", "http://u:p?@d/?a=x[IP4]", "http://u:p?@d/?a=[IP6]"),
        ] {
            let both = Some(url.to_owned());
            assert_eq!(urls(url), [Some(v4.into()), Some(v6.into()), both], "{url}");
        }
    }

    #[test]
    fn a_url_is_for_the_families_that_it_names() {
        let url = |text: &str| Some(text.to_owned());
        assert_eq!(urls("http://d/[IP]"), [url("http://d/[IP]"), url("http://d/[IP]"), None]);
        assert_eq!(urls("http://d/"), [url("http://d/"), url("http://d/"), None]);
        assert_eq!(urls("http://d/[IP4]"), [url("http://d/[IP4]"), None, None]);
        assert_eq!(urls("http://d/[IP6]"), [None, url("http://d/[IP6]"), None]);
        for bad in ["http://d/[IP4]/[IP6]", "http://d/[IP4]?a=[IP6]", "http://d/?[IP]&[IP4]&[IP6]"]
        {
            assert!(mechanism(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn of_no_url_is_left_what_was_to_go(url in "http://d/[?]((\\[IP4\\]|\\[IP6\\]|[?&=,ab]){0,12})") {
            if let Ok(Mechanism::Url { v4: Some(v4), v6: Some(v6), both: Some(_) }) = mechanism(&url) {
                prop_assert!(!v4.url.contains(IP6) && !v6.url.contains(IP4));
            }
        }
    }
}
