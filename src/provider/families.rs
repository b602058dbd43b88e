//! Update URLs that tell both addresses of a name, and what is left of them for one.

use std::fmt;

use crate::model::Family;
use crate::model::url::{self, Parts};

const IP4: &str = "[IP4]";
const IP6: &str = "[IP6]";

/// An update URL with placeholders and the answer that means success.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    /// The URL with placeholders ([`template`](crate::provider::template)); `http:` already turned
    /// into `https:` when `use_https` asks for it.
    pub url: String,
    /// The host in it; `None` if it has a placeholder, so that only rendering can tell.
    pub host: Option<String>,
    /// `answer` of the definition: a POSIX extended regular expression, matched without regard to
    /// case anywhere in the body. `None`: any dyndns2 code is understood, else HTTP 2xx is enough.
    pub answer: Option<String>,
}

impl Template {
    /// A template that is `url`.
    pub fn new(url: impl Into<String>, answer: Option<String>) -> Self {
        let url = url.into();
        Self { host: host(&url), url, answer }
    }

    /// The path of the URL as it is written, without its query.
    pub fn path(&self) -> &str {
        let target = Parts::split(&self.url).ok().and_then(|parts| self.url.get(parts.target));
        target.and_then(|target| target.split('?').next()).unwrap_or_default()
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(***)")
    }
}

/// The update URLs of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Urls {
    /// For `A` records.
    pub v4: Option<Template>,
    /// For `AAAA` records.
    pub v6: Option<Template>,
    /// For both records of a name at once, with `[IP4]` and `[IP6]` in it.
    pub both: Option<Template>,
}

impl Urls {
    /// The URL for records of `family`.
    pub fn of(&self, family: Family) -> Option<&Template> {
        match family {
            Family::V4 => self.v4.as_ref(),
            Family::V6 => self.v6.as_ref(),
        }
    }
}

/// The host that `template` connects to. `None` if it is not a URL or its host has a placeholder in it;
/// then only rendering can tell.
pub fn host(template: &str) -> Option<String> {
    url::host(Parts::split(template.trim()).ok()?.place).ok().map(|place| place.host)
}

/// How `url` is used for records of either family. One with `[IP4]` and `[IP6]` is for both at
/// once; for one family, what belongs to the other is left out of its query. One with a single one
/// of them is for that family, and any other for either.
///
/// # Errors
/// Why `url` cannot be used like that.
pub fn urls(url: &str) -> Result<Urls, &'static str> {
    let of = |url: String| Some(Template::new(url, None));
    let whole = || of(url.to_owned());
    Ok(match (url.contains(IP4), url.contains(IP6)) {
        (false, false) => Urls { v4: whole(), v6: whole(), both: None },
        (true, false) => Urls { v4: whole(), v6: None, both: None },
        (false, true) => Urls { v4: None, v6: whole(), both: None },
        (true, true) if url.contains("[IP]") => {
            return Err("[IP] says nothing beside [IP4] and [IP6]");
        }
        (true, true) => match (without(url, IP6), without(url, IP4)) {
            (Some(v4), Some(v6)) => Urls { v4: of(v4), v6: of(v6), both: whole() },
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
    use proptest::prelude::*;

    fn written(url: &str) -> [Option<String>; 3] {
        let Urls { v4, v6, both } = urls(url).unwrap();
        [v4, v6, both].map(|template| template.map(|template| template.url))
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
            assert_eq!(written(url), [Some(v4.into()), Some(v6.into()), both], "{url}");
        }
    }

    #[test]
    fn a_url_is_for_the_families_that_it_names() {
        let url = |text: &str| Some(text.to_owned());
        assert_eq!(written("http://d/[IP]"), [url("http://d/[IP]"), url("http://d/[IP]"), None]);
        assert_eq!(written("http://d/"), [url("http://d/"), url("http://d/"), None]);
        assert_eq!(written("http://d/[IP4]"), [url("http://d/[IP4]"), None, None]);
        assert_eq!(written("http://d/[IP6]"), [None, url("http://d/[IP6]"), None]);
        for bad in ["http://d/[IP4]/[IP6]", "http://d/[IP4]?a=[IP6]", "http://d/?[IP]&[IP4]&[IP6]"]
        {
            assert!(urls(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_url_for_one_family_has_no_placeholder_of_the_other(url in "http://d/[?]((\\[IP4\\]|\\[IP6\\]|[?&=,ab]){0,12})") {
            if let Ok(Urls { v4: Some(v4), v6: Some(v6), both: Some(_) }) = urls(&url) {
                prop_assert!(!v4.url.contains(IP6) && !v6.url.contains(IP4));
            }
        }
    }
}
