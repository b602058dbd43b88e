//! Update URLs, and which of them is for which family. A URL with a place for both addresses of a name
//! is shortened for a name that has only one.

use std::fmt;

use crate::model::Family;
use crate::model::url::{self, Parts};

const IP4: &str = "[IP4]";
const IP6: &str = "[IP6]";

/// An update URL with placeholders, and the answer that means success.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    /// The URL with placeholders ([`template`](crate::provider::template)), with `https:` instead of
    /// `http:` if `use_https` is set.
    pub url: String,
    /// The host in it; `None` if the host has a placeholder, so that it is known only after rendering.
    pub host: Option<String>,
    /// `answer` of the definition: a POSIX extended regular expression that is searched in the body
    /// without regard to case. `None`: a dyndns2 code or an HTTP status of success is enough.
    pub answer: Option<String>,
}

impl Template {
    /// A template with this URL and this `answer`.
    pub fn new(url: impl Into<String>, answer: Option<String>) -> Self {
        let url = url.into();
        Self { host: host(&url), url, answer }
    }

    /// The path of the URL as it is written, without its query. Empty if this is not a URL.
    pub fn path(&self) -> &str {
        let Ok(parts) = Parts::split(&self.url) else {
            return "";
        };
        let target = self.url.get(parts.target).unwrap_or_default();
        target.split_once('?').map_or(target, |(path, _)| path)
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

/// The host that `template` connects to. `None` if it is not a URL, or if the host has a placeholder, so
/// that it is known only after rendering.
pub fn host(template: &str) -> Option<String> {
    url::host(Parts::split(template.trim()).ok()?.place).ok().map(|place| place.host)
}

/// How `url` is used for each family. A URL with one of `[IP4]` and `[IP6]` is for that family, and a URL
/// with neither is for each family. A URL with `[IP4]` and `[IP6]` is for both at once; for one family,
/// the parameter of the other is removed from the query.
///
/// # Errors
/// Why `url` cannot be used like that.
pub fn urls(url: &str) -> Result<Urls, &'static str> {
    let (names_v4, names_v6) = (url.contains(IP4), url.contains(IP6));
    if names_v4 && names_v6 {
        if url.contains("[IP]") {
            return Err("[IP] is ambiguous beside [IP4] and [IP6]");
        }
        let (Some(v4), Some(v6)) = (without(url, IP6), without(url, IP4)) else {
            return Err(
                "[IP4] and [IP6] must be in the query, behind the '?', because one is left out \
                 if a name has only the other",
            );
        };
        return Ok(Urls { v4: template(&v4), v6: template(&v6), both: template(url) });
    }
    let v4 = if names_v6 { None } else { template(url) };
    let v6 = if names_v4 { None } else { template(url) };
    Ok(Urls { v4, v6, both: None })
}

/// A template without an `answer`.
fn template(url: &str) -> Option<Template> {
    Some(Template::new(url, None))
}

/// `url` without `placeholder`: a parameter that is the placeholder is removed, and from a list with
/// commas only the item. `None` if the placeholder is not in the query alone.
fn without(url: &str, placeholder: &str) -> Option<String> {
    let (head, query) = url.split_once('?')?;
    // A path without one of its parts would be another path.
    if head.contains(placeholder) {
        return None;
    }
    let mut shortened = String::from(head);
    let mut separator = '?';
    for parameter in query.split('&') {
        if let Some(parameter) = parameter_without(parameter, placeholder) {
            shortened.push(separator);
            shortened.push_str(&parameter);
            separator = '&';
        }
    }
    Some(shortened)
}

/// `parameter` without `placeholder`; `None` if no value remains.
fn parameter_without(parameter: &str, placeholder: &str) -> Option<String> {
    if !parameter.contains(placeholder) {
        return Some(parameter.to_owned());
    }
    let (key, list) = parameter.split_once('=')?;
    let mut shortened = key.to_owned();
    let mut separator = '=';
    for item in list.split(',').filter(|item| !item.contains(placeholder)) {
        shortened.push(separator);
        shortened.push_str(item);
        separator = ',';
    }
    let has_value = separator == ',';
    if has_value && !key.contains(placeholder) { Some(shortened) } else { None }
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
    fn parameter_of_other_family_is_left_out() {
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
    fn url_is_for_the_families_that_it_names() {
        for (url, is_for_v4, is_for_v6) in [
            ("http://d/[IP]", true, true),
            ("http://d/", true, true),
            ("http://d/[IP4]", true, false),
            ("http://d/[IP6]", false, true),
        ] {
            let [v4, v6, both] = written(url);
            assert_eq!(v4.as_deref(), is_for_v4.then_some(url));
            assert_eq!(v6.as_deref(), is_for_v6.then_some(url));
            assert_eq!(both, None);
        }
        for bad in ["http://d/[IP4]/[IP6]", "http://d/[IP4]?a=[IP6]", "http://d/?[IP]&[IP4]&[IP6]"]
        {
            assert!(urls(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn url_for_one_family_has_no_placeholder_of_the_other(url in "http://d/[?]((\\[IP4\\]|\\[IP6\\]|[?&=,ab]){0,12})") {
            if let Ok(Urls { v4: Some(v4), v6: Some(v6), both: Some(_) }) = urls(&url) {
                prop_assert!(!v4.url.contains(IP6) && !v6.url.contains(IP4));
            }
        }
    }
}
