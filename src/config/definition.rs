//! Parses provider definitions: `/usr/share/ddns/{default,custom}/<service_name>.json`, in the format
//! of openwrt `net/ddns-scripts/files/usr/share/ddns/default`.

use crate::model::Family;
use crate::model::json::{Json, JsonMembers};
use crate::model::name::is_file_name;
use crate::text::quoted::quoted;

/// A provider definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// `name`: the provider's name for people. It may differ from the file name.
    pub name: String,
    /// `ipv4`: how an `A` record is updated.
    pub ipv4: Option<Block>,
    /// `ipv6`: how an `AAAA` record is updated.
    pub ipv6: Option<Block>,
}

/// How records of one family are updated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `url`: a URL template, or the file name of a shell script.
    pub url: String,
    /// `answer`: the regular expression of a successful answer; never empty.
    pub answer: Option<String>,
}

impl Definition {
    /// The block for records of `family`.
    pub fn block(&self, family: Family) -> Option<&Block> {
        match family {
            Family::V4 => self.ipv4.as_ref(),
            Family::V6 => self.ipv6.as_ref(),
        }
    }
}

impl Block {
    /// The file name of the script, if `url` is not a URL. As in `dynamic_dns_functions.sh` of
    /// ddns-scripts, everything that does not begin with `http` is a script.
    pub fn script(&self) -> Option<&str> {
        if self.url.starts_with("http") { None } else { Some(&self.url) }
    }
}

/// Parses a definition. Unknown keys are ignored.
///
/// # Errors
/// A sentence with the mistake in `json`.
pub fn parse(json: &str) -> Result<Definition, String> {
    let Json::Object(members) = Json::parse(json)? else {
        return Err("it is not a JSON object".into());
    };
    Ok(Definition {
        name: string(&members, "name")?.unwrap_or_default(),
        ipv4: block(&members, "ipv4")?,
        ipv6: block(&members, "ipv6")?,
    })
}

/// The URL in `usr/bin/ddns.sh` of openwrt `net/ddns-scripts`.
const BASE: &str =
    "https://raw.githubusercontent.com/openwrt/packages/master/net/ddns-scripts/files";

/// Where provider definitions are downloaded from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Downloads {
    /// `url`: the URL of a directory with the list and all definitions.
    pub directory: Option<String>,
    /// `services_url`, which LuCI writes: the URL of a copy of the files of ddns-scripts. Paths below it
    /// are those on a router.
    pub base: Option<String>,
    /// `cacert`: a file or directory of certificates, or `IGNORE`. If it is not set, the certificates of
    /// the system are used.
    pub cacert: Option<String>,
}

impl Downloads {
    /// The URL of the list of providers.
    pub fn list_url(&self) -> String {
        self.url("", "list")
    }

    /// The URL of a provider's definition.
    pub fn definition_url(&self, provider: &str) -> String {
        self.url("/default", &format!("{provider}.json"))
    }

    fn url(&self, below: &str, file: &str) -> String {
        if let Some(directory) = &self.directory {
            return format!("{}/{file}", directory.trim_end_matches('/'));
        }
        let base = self.base.as_deref().unwrap_or(BASE).trim_end_matches('/');
        format!("{base}/usr/share/ddns{below}/{file}")
    }
}

/// Whether a definition can have this name: letters, digits and `.-_`, not a path and not a hidden file.
pub fn is_provider(name: &str) -> bool {
    is_file_name(name)
        && name.len() <= 100
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// The provider names in a downloaded list, which has one in each line.
///
/// # Errors
/// If it is not a list of names, but for example an error page.
pub fn list(text: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    // One wrong line refuses the whole: some words of an error page are names, too.
    for name in text.lines().map(str::trim) {
        if is_provider(name) {
            names.push(name);
        } else if !name.is_empty() {
            return Err(format!("{} is not the name of a provider", quoted(name)));
        }
    }
    if names.is_empty() { Err("it is empty".into()) } else { Ok(names) }
}

fn block(members: &JsonMembers, key: &str) -> Result<Option<Block>, String> {
    let block = match members.get(key) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Object(block)) => block,
        Some(_) => return Err(format!("'{key}' is not a JSON object")),
    };
    let strings = (string(block, "url"), string(block, "answer"));
    match strings {
        (Ok(Some(url)), Ok(answer)) => Ok(Some(Block { url, answer })),
        // As in ddns-scripts, a block with an empty URL counts as missing.
        (Ok(None), Ok(_)) => Ok(None),
        (Err(error), _) | (_, Err(error)) => Err(format!("'{key}': {error}")),
    }
}

/// The string at `key`; `None` if it is missing or empty.
fn string(members: &JsonMembers, key: &str) -> Result<Option<String>, String> {
    match members.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(text)) if text.is_empty() => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text.to_string())),
        Some(_) => Err(format!("'{key}' is not a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_both_blocks() {
        let json = r#"{"name": "x", "ipv4": {"url": "http://a/", "answer": "good"},
            "ipv6": {"url": "update_x.sh", "answer": ""}, "more": [1]}"#;
        let definition = parse(json).unwrap();
        assert_eq!(definition.name, "x");
        let ipv4 = definition.block(Family::V4).unwrap();
        assert_eq!((ipv4.url.as_str(), ipv4.script()), ("http://a/", None));
        assert_eq!(ipv4.answer.as_deref(), Some("good"));
        let ipv6 = definition.block(Family::V6).unwrap();
        assert_eq!((ipv6.script(), &ipv6.answer), (Some("update_x.sh"), &None));
    }

    #[test]
    fn empty_members_count_as_missing() {
        assert_eq!(parse("{}"), Ok(Definition::default()));
        let empty = r#"{"ipv4": {"url": ""}, "ipv6": null}"#;
        assert_eq!(parse(empty), Ok(Definition::default()));
    }

    #[test]
    fn downloads_come_from_url_then_services_url_then_openwrt() {
        for (from, list, definition) in [
            (
                downloads(Some("http://a/b/"), Some("http://c")),
                "http://a/b/list".to_owned(),
                "http://a/b/he.net.json".to_owned(),
            ),
            (
                downloads(None, Some("http://c/files/")),
                "http://c/files/usr/share/ddns/list".to_owned(),
                "http://c/files/usr/share/ddns/default/he.net.json".to_owned(),
            ),
            (
                downloads(None, None),
                format!("{BASE}/usr/share/ddns/list"),
                format!("{BASE}/usr/share/ddns/default/he.net.json"),
            ),
        ] {
            assert_eq!(from.list_url(), list);
            assert_eq!(from.definition_url("he.net"), definition);
        }
    }

    fn downloads(directory: Option<&str>, base: Option<&str>) -> Downloads {
        Downloads {
            directory: directory.map(str::to_owned),
            base: base.map(str::to_owned),
            cacert: None,
        }
    }

    #[test]
    fn a_list_with_anything_but_provider_names_is_refused() {
        assert_eq!(list("a.example\r\n\nb-c_v4\n"), Ok(vec!["a.example", "b-c_v4"]));
        for bad in ["", "\n", "<html>", "a\n../b", ".a", "a b", "a/b", "ä", &"a".repeat(101)] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_error_names_the_invalid_member() {
        for (json, error) in [
            ("[]", "it is not a JSON object"),
            (r#"{"name": 1}"#, "'name' is not a string"),
            (r#"{"ipv4": 1}"#, "'ipv4' is not a JSON object"),
            (r#"{"ipv6": {"url": 1}}"#, "'ipv6': 'url' is not a string"),
        ] {
            assert_eq!(parse(json).unwrap_err(), error);
        }
        let error = parse("{").unwrap_err();
        assert!(error.contains("line 1"), "{error}");
    }
}
