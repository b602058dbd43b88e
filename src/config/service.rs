//! Provider definitions: `/usr/share/ddns/{default,custom}/<service_name>.json`, in the format of
//! openwrt `net/ddns-scripts/files/usr/share/ddns/default`.

use serde_json::{Map, Value};

use super::Family;

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
    fn what_is_wrong_is_named() {
        let error = |json| parse(json).unwrap_err();
        assert_eq!(error("[]"), "it is not a JSON object");
        assert_eq!(error(r#"{"name": 1}"#), "'name' is not a string");
        assert_eq!(error(r#"{"ipv4": 1}"#), "'ipv4' is not a JSON object");
        assert_eq!(error(r#"{"ipv6": {"url": 1}}"#), "'ipv6': 'url' is not a string");
        assert!(error("{").contains("line 1"), "{}", error("{"));
    }
}
