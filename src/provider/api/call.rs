//! Requests as text with placeholders, such as `PUT /<zone>/records/<id> {"target":<address>}`.
//!
//! A call is a method, a path and, behind another space, a body: JSON, or else a form
//! (`application/x-www-form-urlencoded`). A placeholder stands for a value ([`Values`]). In JSON its value
//! is written as JSON: if it is 17, `{"a":<id>}` becomes `{"a":17}`, and `{"a":"<id>"}` becomes `{"a":"17"}`. A
//! member whose value is not known is left out, unless the placeholder names another value: `<ttl|300>`.
//! `<%host>` is percent-encoded in full, where `<host>` keeps `@`, `*` and `:` in a URL.

use super::meaning::shown;
use super::record::{Goal, NULL, RecordForm, Write, by_type};
use super::rest::{Rest, id_value};
use super::zone::Zone;
use crate::model::json::Json;
use crate::provider::{Account, Method, Request};
use crate::text::percent;

const FORM: &str = "application/x-www-form-urlencoded";

/// What the placeholders of a call stand for.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// `username`, `password`, `param_enc`, and `param_opt`: the options.
    pub account: &'a Account,
    /// How records are shown and named.
    pub form: &'a RecordForm,
    /// `zone`: the zone's id. `domain`: its name.
    pub zone: Option<&'a Zone>,
    /// `type`: the record type. `type:x:y`: `x` for the type `A`, and `y` for `AAAA`. `fqdn`: the complete name.
    /// `host`: the name relative to the zone. `proxied`: the option.
    pub goal: Option<&'a Goal<'a>>,
    /// `id`: the id of the record or set. `address`: the new address. `ttl`: the TTL of the option, else
    /// the present one. `set_ttl`: the TTL of the option, or of a new record. `values`: all values of the record
    /// set, as they should be. `one_or_values`: the same, without an array around a single value.
    pub write: Option<&'a Write<'a>>,
    /// A JSON pointer: a member of the record as it should be, or as it is if it is removed; or of the value
    /// in a record set that [`RecordForm::value`] writes.
    pub value: &'a Json,
    /// `page`: the number of a page, or the number of elements on the earlier pages.
    pub page: usize,
    /// `session`: the id of the session that a login began.
    pub session: &'a str,
    /// `updates`: the records that one request changes. The placeholder `changes` stands for these, `creates` and
    /// `removals` together.
    pub updates: &'a [Json],
    /// `creates`: the records that one request adds.
    pub creates: &'a [Json],
    /// `removals`: the records that one request removes.
    pub removals: &'a [Json],
}

impl<'a> Values<'a> {
    /// Values that do not depend on a zone.
    pub fn of(account: &'a Account, form: &'a RecordForm) -> Self {
        let (zone, goal, write) = (None, None, None);
        let (value, page, session) = (&NULL, 1, "");
        let (updates, creates, removals): (&[Json], &[Json], &[Json]) = (&[], &[], &[]);
        Self { account, form, zone, goal, write, value, page, session, updates, creates, removals }
    }

    /// The same in `zone`.
    pub fn in_zone(self, zone: &'a Zone) -> Self {
        Self { zone: Some(zone), ..self }
    }

    /// The same for a change.
    pub fn for_goal(self, goal: &'a Goal<'a>) -> Self {
        Self { goal: Some(goal), ..self }
    }

    /// The same for a change that is written.
    pub fn for_write(self, write: &'a Write<'a>) -> Self {
        Self { goal: Some(write.goal), write: Some(write), value: write.value(), ..self }
    }

    /// The value of the placeholder `name`; `null` if it has none.
    fn get(&self, name: &str) -> Json {
        match name {
            "username" => self.account.username.as_str().into(),
            "password" => self.account.password.expose().into(),
            "param_enc" => self.account.param_enc.expose().into(),
            "param_opt" => self.account.param_opt.expose().into(),
            "session" => self.session.into(),
            "page" => (self.page as u64).into(),
            "updates" => self.updates.to_vec().into(),
            "creates" => self.creates.to_vec().into(),
            "changes" => [self.updates, self.creates, self.removals].concat().into(),
            "removals" => self.removals.to_vec().into(),
            _ if name.starts_with('/') => self.value.pointer(name).cloned().unwrap_or_default(),
            _ => self.of_zone(name).or_else(|| self.of_goal(name)).unwrap_or_default(),
        }
    }

    fn of_zone(&self, name: &str) -> Option<Json> {
        match name {
            "zone" => Some(id_value(&self.zone?.id)),
            "domain" => Some(self.zone?.name.as_str().into()),
            "host" => Some(self.goal?.host(self.zone?, self.form.apex).into()),
            _ => None,
        }
    }

    fn of_goal(&self, name: &str) -> Option<Json> {
        let goal = self.goal?;
        match name {
            "type" => return Some(goal.kind().into()),
            _ if name.starts_with("type:") => return Some(id_value(&by_type(name, goal.kind()))),
            "fqdn" => return Some(goal.fqdn.as_str().into()),
            "address" => return Some(goal.address()),
            "proxied" => return goal.change.record.proxied.map(Json::from),
            _ => {}
        }
        let write = self.write?;
        match name {
            "id" => {
                let set = write.before.first().map(|record| record.id.as_str());
                write.id.as_deref().or(set).map(id_value)
            }
            "ttl" => write.ttl.map(Json::from),
            "set_ttl" if write.exists => goal.change.record.ttl.map(Json::from),
            "set_ttl" => write.ttl.map(Json::from),
            "values" => Some(write.values.iter().map(|value| self.written(value)).collect()),
            "one_or_values" => match write.values.as_slice() {
                [one] => Some(self.written(one)),
                several => Some(several.iter().map(|value| self.written(value)).collect()),
            },
            _ => None,
        }
    }

    /// A value of a record set as it is written.
    fn written(&self, value: &'a Json) -> Json {
        match self.form.value {
            "" => value.clone(),
            template => json(template, &Self { value, ..*self }),
        }
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
}

/// The request of `call`.
pub fn request(rest: &Rest, call: &str, values: &Values<'_>) -> Request {
    let values = &Values { session: rest.session(), ..*values };
    let (method, target) = call.split_once(' ').unwrap_or((call, ""));
    let (path, body) = target.split_once(' ').unwrap_or((target, ""));
    let method = Method::of(method);
    let mut url = fill(path, values, encode);
    // The name of the zone itself may be empty.
    if url.ends_with('/') && !path.ends_with('/') {
        url.pop();
    }
    match body.as_bytes().first() {
        None => rest.request(method, &url),
        Some(b'{' | b'[' | b'<') => rest.json(method, &url, &json(body, values)),
        Some(_) => rest.with_body(method, &url, FORM, fill(body, values, percent::encode)),
    }
}

/// The text of `template`, whose values `encode` writes.
pub fn fill(template: &str, values: &Values<'_>, encode: fn(&str) -> String) -> String {
    replace(template, &mut |_, placeholder| match placeholder.strip_prefix('%') {
        Some(placeholder) => percent::encode(&values.text(placeholder)),
        None => encode(&values.text(placeholder)),
    })
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

/// The JSON of `template`; `null` if that is not JSON. `tests/data.rs` parses the templates of interfaces, and
/// the transcripts play those of functions.
pub fn json(template: &str, values: &Values<'_>) -> Json {
    let mut is_quoted = false;
    let filled = replace(template, &mut |before, placeholder| {
        // An odd number of quotation marks opens a string, or closes the one that is open.
        is_quoted ^= before.matches('"').count() % 2 == 1;
        if !is_quoted {
            return values.with_default(placeholder).to_string();
        }
        let text = Json::from(values.text(placeholder)).to_string();
        text.get(1..text.len() - 1).unwrap_or_default().to_owned()
    });
    let mut value = Json::parse(&filled).unwrap_or_default();
    drop_unknown(&mut value);
    value
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
    use crate::provider::api::record::RECORD;
    use crate::provider::testing::{account, change};

    #[test]
    fn placeholders_are_filled_in_as_their_place_needs() {
        let me = account("linode");
        let home = change("*.example.com", "2001:db8::9");
        let goal = Goal { index: 0, change: &home, fqdn: "*.example.com".into(), replaced: None };
        let zone = Zone::new("example.com", "17");
        let write = Write {
            goal: &goal,
            id: Some("a\"b".into()),
            exists: true,
            values: vec![],
            before: vec![],
            ttl: Some(60),
        };
        let values = Values::of(&me.account, &RECORD).in_zone(&zone).for_write(&write);
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
            assert_eq!(json(template, &values).to_string(), filled, "{template}");
        }
        let path = fill("/<domain>/<host>?a=<address>&i=<id>", &values, encode);
        assert_eq!(path, "/example.com/*?a=2001:db8::9&i=a%22b");
    }

    #[test]
    fn a_call_has_a_method_a_path_and_a_body() {
        let me = account("linode");
        let api = crate::provider::api::find("linode").unwrap();
        let rest = Rest::new(api, &me.account);
        let values = Values::of(&me.account, &RECORD);
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
            let request = request(&rest, call, &values);
            assert_eq!(crate::provider::testing::request_text(&request), text);
        }
    }
}
