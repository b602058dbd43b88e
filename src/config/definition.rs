//! Provider definitions: `/usr/share/ddns/{default,custom}/<service_name>.json`, in the format of
//! openwrt `net/ddns-scripts/files/usr/share/ddns/default`.

use serde_json::{Map, Value};

use crate::model::Family;
use crate::model::name::is_file_name;
use crate::text::quoted::quoted;

/// What a provider's file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// `name`: for people; need not be the name of the file.
    pub name: String,
    /// `ipv4`: how an `A` record is updated.
    pub ipv4: Option<Block>,
    /// `ipv6`: how an `AAAA` record is updated.
    pub ipv6: Option<Block>,
}

/// How one type of record is updated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `url`: a URL template, or the file name of a shell script.
    pub url: String,
    /// `answer`: the regular expression that an answer must match; never empty.
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
    /// The script that does it, if it is not a URL. Anything that does not begin with `http` is
    /// one, as `dynamic_dns_functions.sh` decides it.
    pub fn script(&self) -> Option<&str> {
        (!self.url.starts_with("http")).then_some(self.url.as_str())
    }
}

/// Reads a definition. Keys it does not know are ignored.
///
/// # Errors
/// A sentence that says what is wrong with `json`.
pub fn parse(json: &str) -> Result<Definition, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let Value::Object(members) = value else {
        return Err("it is not a JSON object".into());
    };
    Ok(Definition {
        name: string(&members, "name")?.unwrap_or_default(),
        ipv4: block(&members, "ipv4")?,
        ipv6: block(&members, "ipv6")?,
    })
}

/// What ddns-scripts has: openwrt `net/ddns-scripts`, `usr/bin/ddns.sh`.
const BASE: &str =
    "https://raw.githubusercontent.com/openwrt/packages/master/net/ddns-scripts/files";

/// Where provider definitions are downloaded from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Downloads {
    /// `url`: the directory that holds the list and all definitions.
    pub directory: Option<String>,
    /// `services_url`: what LuCI writes; a copy of the files of ddns-scripts, from the root.
    pub base: Option<String>,
    /// `cacert`: a file or directory of certificates, or `IGNORE`; the system's unless set.
    pub cacert: Option<String>,
}

impl Downloads {
    /// The list of providers.
    pub fn list_url(&self) -> String {
        self.url("", "list")
    }

    /// The definition of a provider.
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

/// Whether a definition can have this name: letters, digits and `.-_`, no path, no hidden file.
pub fn is_provider(name: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    is_file_name(name) && name.len() <= 100 && name.bytes().all(valid)
}

/// The names of a downloaded list, one a line.
///
/// # Errors
/// If it is something else, such as a page that says that there is none.
pub fn list(text: &str) -> Result<Vec<&str>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let names: Vec<&str> = lines.collect();
    match names.iter().find(|name| !is_provider(name)) {
        Some(odd) => Err(format!("{} is not the name of a provider", quoted(odd))),
        None if names.is_empty() => Err("it is empty".into()),
        None => Ok(names),
    }
}

fn block(members: &Map<String, Value>, key: &str) -> Result<Option<Block>, String> {
    let block = match members.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(block)) => block,
        Some(_) => return Err(format!("'{key}' is not a JSON object")),
    };
    let within = |error| format!("'{key}': {error}");
    let url = string(block, "url").map_err(within)?;
    let answer = string(block, "answer").map_err(within)?;
    // An empty URL counts as none upstream, too: a block without one cannot do anything.
    Ok(url.map(|url| Block { url, answer }))
}

/// A member that is a string; `None` if it is absent or empty.
fn string(members: &Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match members.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("'{key}' is not a string")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_blocks_and_an_answer() {
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
    fn what_is_absent_or_empty_is_not_there() {
        assert_eq!(parse("{}"), Ok(Definition::default()));
        let empty = r#"{"ipv4": {"url": ""}, "ipv6": null}"#;
        assert_eq!(parse(empty), Ok(Definition::default()));
    }

    #[test]
    fn downloads_come_from_where_the_options_say() {
        let downloads = |directory: Option<&str>, base: Option<&str>| Downloads {
            directory: directory.map(str::to_owned),
            base: base.map(str::to_owned),
            cacert: None,
        };
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

    #[test]
    fn a_list_holds_names_of_files() {
        assert_eq!(list("a.example\r\n\nb-c_v4\n"), Ok(vec!["a.example", "b-c_v4"]));
        for bad in ["", "\n", "<html>", "a\n../b", ".a", "a b", "a/b", "ä", &"a".repeat(101)] {
            assert!(list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |json| parse(json).unwrap_err();
        assert_eq!(error("[]"), "it is not a JSON object");
        assert_eq!(error(r#"{"name": 1}"#), "'name' is not a string");
        assert_eq!(error(r#"{"ipv4": 1}"#), "'ipv4' is not a JSON object");
        assert_eq!(error(r#"{"ipv6": {"url": 1}}"#), "'ipv6': 'url' is not a string");
        assert!(error("{").contains("line 1"), "{}", error("{"));
    }
}
