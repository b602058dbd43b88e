//! A request as a server sees it. Whatever a server does not expect ends the test, and the message shows the
//! request.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::secret::Secret;
use crate::provider::Request;
use crate::provider::testing::request_text;

/// A request, taken apart.
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) host: String,
    /// Path and query.
    pub(super) target: String,
    /// The parts of the path between its slashes, decoded.
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    /// The fields of a form.
    pub(super) form: BTreeMap<String, String>,
    /// The body as JSON; `null` if it has another form.
    pub(super) body: Value,
    /// The body as text.
    pub(super) plain: String,
    headers: BTreeMap<String, String>,
    basic: Option<(String, String)>,
    text: String,
}

impl Call {
    pub(super) fn of(request: &Request) -> Self {
        let target = request.url.target();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let plain = request.body.as_ref().map_or("", Secret::expose).to_owned();
        let header = |(name, value): &(&'static str, Secret)| {
            (name.to_ascii_lowercase(), value.expose().to_owned())
        };
        let headers: BTreeMap<String, String> = request.headers.iter().map(header).collect();
        let kind = headers.get("content-type").map_or("", String::as_str);
        let is_form = kind == "application/x-www-form-urlencoded";
        let is_json = kind.starts_with("application/json");
        let text = request_text(request);
        Self {
            method: request.method.name(),
            host: request.url.host().to_owned(),
            target: target.to_owned(),
            path: path.trim_start_matches('/').split('/').map(decode).collect(),
            query: pairs(query, &text),
            form: if is_form { pairs(&plain, &text) } else { BTreeMap::new() },
            body: if is_json && !plain.is_empty() {
                serde_json::from_str(&plain).expect("JSON")
            } else {
                Value::Null
            },
            plain,
            headers,
            basic: request.url.credentials.as_ref().map(|credentials| {
                (credentials.user.clone(), credentials.password.expose().to_owned())
            }),
            text,
        }
    }

    /// Ends the test, because the server does not expect this.
    pub(super) fn fail(&self, why: &str) -> ! {
        panic!("{why}\n{}", self.text);
    }

    pub(super) fn expect(&self, is_so: bool, why: &str) {
        if !is_so {
            self.fail(why);
        }
    }

    /// The method, and the parts of the path behind `base`.
    pub(super) fn route(&self, base: &str) -> (&str, Vec<&str>) {
        let mut parts = self.path.iter().map(String::as_str);
        for expected in base.split('/').filter(|part| !part.is_empty()) {
            self.expect(parts.next() == Some(expected), "another path");
        }
        (self.method, parts.collect())
    }

    /// Checks a header.
    pub(super) fn has(&self, name: &str, value: &str) {
        self.expect(self.header(name) == value, name);
    }

    /// A header that must be there.
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(&name.to_ascii_lowercase());
        value.unwrap_or_else(|| self.fail(name))
    }

    /// Checks a token in the header `Authorization`.
    pub(super) fn bearer(&self) {
        self.has("Authorization", "Bearer hunter2");
    }

    /// Checks HTTP Basic credentials.
    pub(super) fn basic(&self) {
        self.expect(self.basic == Some(("me".into(), "hunter2".into())), "other credentials");
    }

    /// Checks that the query has the parameters `required`, and besides only `optional` ones.
    pub(super) fn params(&self, required: &[&str], optional: &[&str]) {
        self.names(self.query.keys(), required, optional);
    }

    /// The same for a form.
    pub(super) fn fields(&self, required: &[&str], optional: &[&str]) {
        self.names(self.form.keys(), required, optional);
    }

    /// The same for the members of an object.
    pub(super) fn members(&self, object: &Value, required: &[&str], optional: &[&str]) {
        match object {
            Value::Object(members) => self.names(members.keys(), required, optional),
            _ => self.fail("not an object"),
        }
    }

    fn names<'n>(
        &self,
        names: impl Iterator<Item = &'n String> + Clone,
        required: &[&str],
        optional: &[&str],
    ) {
        for name in required {
            self.expect(names.clone().any(|other| other == name), &format!("{name} is missing"));
        }
        for name in names {
            let is_known = required.contains(&name.as_str()) || optional.contains(&name.as_str());
            self.expect(is_known, &format!("{name} is unknown"));
        }
    }

    /// A parameter of the query; empty if it is missing.
    pub(super) fn param(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A field of the form; empty if it is missing.
    pub(super) fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }

    /// A number in a text.
    pub(super) fn number(&self, text: &str) -> usize {
        text.parse().unwrap_or_else(|_| self.fail("not a number"))
    }

    /// A text in JSON.
    pub(super) fn text<'v>(&self, object: &'v Value, name: &str) -> &'v str {
        object[name].as_str().unwrap_or_else(|| self.fail(&format!("{name} is no text")))
    }

    /// A list in JSON.
    pub(super) fn list<'v>(&self, object: &'v Value, name: &str) -> &'v [Value] {
        object[name].as_array().unwrap_or_else(|| self.fail(&format!("{name} is no list")))
    }

    /// A TTL in JSON, which must be a number within `allowed`; 0 if there is none.
    pub(super) fn ttl(
        &self,
        object: &Value,
        name: &str,
        allowed: std::ops::RangeInclusive<u64>,
    ) -> u64 {
        if object.get(name).is_none() {
            return 0;
        }
        let ttl = object[name].as_u64().unwrap_or_else(|| self.fail("the TTL is no number"));
        self.expect(allowed.contains(&ttl), "the TTL is not allowed");
        ttl
    }
}

/// The pairs of a query or form. A name may occur once.
fn pairs(text: &str, request: &str) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let before = pairs.insert(decode(name), decode(&value.replace('+', " ")));
        assert_eq!(before, None, "{name} twice in\n{request}");
    }
    pairs
}

/// The text that `percent` encodes.
fn decode(percent: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = percent.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|digit| digit.expect("two digits"));
        let digits = std::str::from_utf8(&digits).unwrap();
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
    }
    String::from_utf8(bytes).unwrap()
}
