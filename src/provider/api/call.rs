//! Requests as text with placeholders, such as `PUT /<zone>/records/<id> {"target":<address>}`.
//!
//! A call is a method, a path and, behind another space, a body: JSON, or else a form
//! (`application/x-www-form-urlencoded`). A placeholder stands for a value ([`Values`]). In JSON its value
//! is written as JSON: if it is 17, `{"a":<id>}` becomes `{"a":17}`, and `{"a":"<id>"}` becomes `{"a":"17"}`. A
//! member whose value is not known is left out, unless the placeholder names another value: `<ttl|300>`.
//! `<%host>` is percent-encoded in full, where `<host>` keeps `@`, `*` and `:` in a URL.

use super::interface::RestClient;
use super::meaning::shown;
use super::record::{Goal, NULL, Write, by_type};
use super::rest::id_value;
use super::zone::Zone;
use crate::model::json::Json;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Account, Answer, Method, Request};
use crate::text::percent;

const FORM: &str = "application/x-www-form-urlencoded";

/// What the placeholders of a call stand for.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// `username`, `password`, `param_enc`, and `param_opt`: the options.
    pub account: &'a Account,
    /// `session`: the id of the session that a login began. Its interface says how records are shown and named.
    pub rest: &'a RestClient,
    /// `zone`: the zone's id. `domain`: its name.
    pub zone: Option<&'a Zone>,
    /// `type`: the record type. `type:x:y`: `x` for the type `A`, and `y` for `AAAA`. `fqdn`: the complete name.
    /// `host`: the name relative to the zone. `proxied`: the option.
    pub goal: Option<&'a Goal<'a>>,
    /// `id`: the id of the record or set. `address`: the new address. `ttl`: the TTL of the option, else
    /// the present one. `set_ttl`: the TTL of the option, or of a new record. `values`: all values of the record
    /// set, as they should be. `one_or_values`: the same, without an array around a single value.
    pub write: Option<&'a Write<'a>>,
    /// `value`: the record as it should be, or as it is if it is removed. In a record set, the value that
    /// [`RecordForm::value`](super::record::RecordForm::value) writes. `/member`, a JSON pointer: a member of it.
    pub value: &'a Json,
    /// `page`: the number of a page, or the number of elements on the earlier pages.
    pub page: usize,
    /// The records that one request writes.
    pub together: &'a Together,
}

/// The JSON of the records that one request writes. The placeholder `changes` stands for all of them.
#[derive(Default)]
pub struct Together {
    /// `updates`: those that are changed.
    pub updates: Vec<Json>,
    /// `creates`: those that are added.
    pub creates: Vec<Json>,
    /// `removals`: those that are removed.
    pub removals: Vec<Json>,
}

/// No records.
pub static NO_RECORDS: Together = Together::new();

impl Together {
    /// No records yet.
    pub const fn new() -> Self {
        Self { updates: Vec::new(), creates: Vec::new(), removals: Vec::new() }
    }
}

impl<'a> Values<'a> {
    /// Values that do not depend on a zone.
    pub fn of(account: &'a Account, rest: &'a RestClient) -> Self {
        let (zone, goal, write) = (None, None, None);
        Self { account, rest, zone, goal, write, value: &NULL, page: 1, together: &NO_RECORDS }
    }

    /// Values in `zone`.
    pub fn in_zone(account: &'a Account, rest: &'a RestClient, zone: &'a Zone) -> Self {
        Self { zone: Some(zone), ..Self::of(account, rest) }
    }

    /// Sets the change that is written.
    pub fn set_write(&mut self, write: &'a Write<'a>) {
        self.goal = Some(write.goal);
        self.write = Some(write);
        self.value = write.value();
    }

    /// The value of the placeholder `name`; `null` if it has none.
    fn get(&self, name: &str) -> Json {
        if name.starts_with('/') {
            return self.value.pointer(name).cloned().unwrap_or_default();
        }
        match self.text_of(name) {
            Some(text) => text.into(),
            None => self.json_of(name).unwrap_or_default(),
        }
    }

    /// The value of a placeholder that is always a text.
    fn text_of(&self, name: &str) -> Option<&'a str> {
        Some(match name {
            "username" => &self.account.username,
            "password" => self.account.password.expose(),
            "param_enc" => self.account.param_enc.expose(),
            "param_opt" => self.account.param_opt.expose(),
            "session" => self.rest.session(),
            "domain" => &self.zone?.name,
            "host" => self.goal?.host(self.zone?, self.rest.interface.form.apex),
            "type" => self.goal?.kind(),
            "fqdn" => &self.goal?.fqdn,
            _ => return None,
        })
    }

    /// The value of any other placeholder.
    fn json_of(&self, name: &str) -> Option<Json> {
        let Together { updates, creates, removals } = self.together;
        Some(match name {
            "page" => (self.page as u64).into(),
            "updates" => joined(&[updates]),
            "creates" => joined(&[creates]),
            "removals" => joined(&[removals]),
            "changes" => joined(&[updates, creates, removals]),
            "value" => self.value.clone(),
            "zone" => id_value(&self.zone?.id),
            "address" => self.goal?.address(),
            "proxied" => self.goal?.change.record.proxied?.into(),
            "id" => id_value(self.write?.id_to_write()?),
            "ttl" => self.write?.ttl?.into(),
            "set_ttl" => self.write?.set_ttl()?.into(),
            "values" => self.written_values(self.write?).into(),
            "one_or_values" => match self.written_values(self.write?) {
                mut one if one.len() == 1 => one.pop()?,
                several => several.into(),
            },
            _ if name.starts_with("type:") => id_value(&by_type(name, self.goal?.kind())),
            _ => return None,
        })
    }

    /// The values of the record set as they are written.
    fn written_values(&self, write: &'a Write<'a>) -> Vec<Json> {
        let mut written = Vec::new();
        for value in &write.values {
            written.push(match self.rest.interface.form.value {
                "" => value.clone(),
                template => Self { value, ..*self }.json(template),
            });
        }
        written
    }

    fn text(&self, placeholder: &str) -> String {
        shown(&self.with_default(placeholder), "")
    }

    fn with_default(&self, placeholder: &str) -> Json {
        let (name, default) = placeholder.split_once('|').unwrap_or((placeholder, "null"));
        let value = self.get(name);
        if value.is_null() {
            return Json::parse(default).unwrap_or_default();
        }
        value
    }

    /// Sends the request of `call`, and returns the answer, whatever its status.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn send(&self, talk: &mut Conversation<'_>, call: &str) -> ApiResult<Box<Answer>> {
        self.rest.send(talk, self.request(call))
    }

    /// Sends the request of `call`, and returns the JSON of the answer.
    ///
    /// # Errors
    /// If there is no answer, and as [`RestClient::value`].
    pub fn ask(&self, talk: &mut Conversation<'_>, call: &str) -> ApiResult<Json> {
        self.rest.ask(talk, self.request(call))
    }

    /// The request of `call`.
    pub fn request(&self, call: &str) -> Request {
        let (method, target) = call.split_once(' ').unwrap_or((call, ""));
        let (path, body) = target.split_once(' ').unwrap_or((target, ""));
        let method = Method::of(method);
        let mut url = self.fill(path, encode);
        // The name of the zone itself may be empty.
        if url.ends_with('/') && !path.ends_with('/') {
            url.pop();
        }
        match body.as_bytes().first() {
            None => self.rest.request(method, &url),
            // A body that is only a placeholder is JSON, too: `PATCH /<zone> <changes>`.
            Some(b'{' | b'[' | b'<') => self.rest.json(method, &url, &self.json(body)),
            Some(_) => self.rest.with_body(method, &url, FORM, self.fill(body, percent::encode)),
        }
    }

    /// The text of `template`, whose values `encode` writes.
    pub fn fill(&self, template: &str, encode: fn(&str) -> String) -> String {
        replace(template, &mut |_, placeholder| match placeholder.strip_prefix('%') {
            Some(placeholder) => percent::encode(&self.text(placeholder)),
            None => encode(&self.text(placeholder)),
        })
    }

    /// The JSON of `template`; `null` if that is not JSON. `tests/data.rs` parses the templates of interfaces, and
    /// the transcripts play those of functions.
    pub fn json(&self, template: &str) -> Json {
        let mut is_quoted = false;
        let filled = replace(template, &mut |before, placeholder| {
            // An odd number of quotation marks opens a string, or closes the one that is open.
            is_quoted ^= before.matches('"').count() % 2 == 1;
            if !is_quoted {
                return self.with_default(placeholder).to_string();
            }
            // The text becomes a JSON string, in which the characters that would end it are escaped. Its quotation marks
            // are left out, because the template has them.
            let text = Json::from(self.text(placeholder)).to_string();
            text.get(1..text.len() - 1).unwrap_or_default().to_owned()
        });
        let mut value = Json::parse(&filled).unwrap_or_default();
        drop_unknown(&mut value);
        value
    }
}

/// An array of the elements of all `lists`.
fn joined(lists: &[&[Json]]) -> Json {
    lists.concat().into()
}

/// `template` with `value` in place of each placeholder. `value` gets the text since the last placeholder, and
/// the name between the brackets.
fn replace(template: &str, value: &mut dyn FnMut(&str, &str) -> String) -> String {
    let mut filled = String::new();
    let mut remaining = template;
    while let Some((before, after)) = remaining.split_once('<') {
        let (placeholder, after) = after.split_once('>').unwrap_or((after, ""));
        filled.push_str(before);
        filled.push_str(&value(before, placeholder));
        remaining = after;
    }
    filled.push_str(remaining);
    filled
}

/// Removes the members of objects that are `null`.
fn drop_unknown(value: &mut Json) {
    match value {
        Json::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_unknown);
        }
        Json::List(elements) => elements.iter_mut().for_each(drop_unknown),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => {}
    }
}

/// Percent-encodes what a path or query cannot hold. `@` and `*` stand for zones and wildcards, and `:`
/// is part of IPv6 addresses.
fn encode(text: &str) -> String {
    percent::encode_except(text, |c| percent::is_unreserved(c) || "@*:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::api::find;
    use crate::provider::api::interface::{INTERFACE, RestClient};
    use crate::provider::testing::{account, change};

    fn rest(account: &Account) -> RestClient {
        RestClient::new(find("linode").unwrap(), &INTERFACE, account)
    }

    #[test]
    fn placeholders_are_filled_in_as_their_place_needs() {
        let me = account("linode");
        let home = change("*.example.com", "2001:db8::9");
        let fqdn = "*.example.com".into();
        let goal = Goal { index: 0, zone: 0, change: &home, fqdn, replaced: None };
        let zone = Zone::new("example.com", "17");
        let write = Write {
            goal: &goal,
            id: Some("a\"b".into()),
            exists: true,
            values: vec![],
            before: vec![],
            ttl: Some(60),
        };
        let rest = rest(&me.account);
        let mut values = Values::in_zone(&me.account, &rest, &zone);
        values.set_write(&write);
        for (template, filled) in [
            (
                r#"{"z":<zone>,"n":"<fqdn>.","i":<id>}"#,
                r#"{"i":"a\"b","n":"*.example.com.","z":17}"#,
            ),
            (r#"{"z":"<zone>","i":"x<id>"}"#, r#"{"i":"xa\"b","z":"17"}"#),
            // What is not known is left out, unless there is another value for it.
            (r#"{"a":{"ttl":<set_ttl>},"p":<proxied|false>}"#, r#"{"a":{},"p":false}"#),
            (r#"{"ttl":"<ttl|300>","x":"<proxied>"}"#, r#"{"ttl":"60","x":""}"#),
            ("[<address>,<nothing>]", r#"["2001:db8::9",null]"#),
        ] {
            assert_eq!(values.json(template).to_string(), filled, "{template}");
        }
        let path = values.fill("/<domain>/<host>?a=<address>&i=<id>", encode);
        assert_eq!(path, "/example.com/*?a=2001:db8::9&i=a%22b");
    }

    #[test]
    fn a_call_has_a_method_a_path_and_a_body() {
        let me = account("linode");
        let rest = rest(&me.account);
        let values = Values::of(&me.account, &rest);
        for (call, text) in [
            ("GET ?page=<page>", "GET https://api.linode.com/v4/domains?page=1"),
            ("DELETE /x/<host>", "DELETE https://api.linode.com/v4/domains/x"),
            (
                "PUT /x {\"u\":<username>}",
                "PUT https://api.linode.com/v4/domains/x\nContent-Type: application/json\n{\"u\":\"me\"}",
            ),
            (
                "POST /x u=<username>&p=a+<page>",
                "POST https://api.linode.com/v4/domains/x\n\
                 Content-Type: application/x-www-form-urlencoded\nu=me&p=a+1",
            ),
        ] {
            let request = values.request(call);
            assert_eq!(crate::provider::testing::request_text(&request), text);
        }
    }
}
