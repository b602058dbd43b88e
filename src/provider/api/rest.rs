//! JSON in the answers of REST interfaces, and verdicts that several interfaces have.

use crate::model::json::Json;
use crate::provider::{Answer, Scope, Verdict};
use crate::time::Duration;

/// Advice if the provider does not have the zone.
pub(super) const NO_ZONE: &str = "correct 'domain' or 'zone', or let the token see the zone";

/// Advice if the name has a CNAME record (RFC 1034 section 3.6.2).
pub(super) const CNAME: &str = "delete the CNAME record of this name, or choose another name";

/// The pause after 429 if neither the answer nor the provider's documentation gives one.
pub(super) const PAUSE: Duration = Duration::from_secs(300);
/// Most pages of a list that are read.
pub(super) const PAGES: usize = 40;

/// Where lists have the number of pages, or the number or the address of the next page. A page may be
/// shorter than requested without being the last.
const NEXT_PAGE: [&str; 11] = [
    "/nextLink",
    "/meta/pagination/next_page",
    "/links/pages/next",
    "/pages",
    "/result_info/total_pages",
    "/pagination/total_pages",
    "/totalPages",
    "/lastPage",
    "/meta/pagination/lastPage",
    "/body/pagecount",
    "/data/pageCount",
];

/// Whether the `number`th page of a list says that there is another.
pub(super) fn has_next_page(body: &Json, number: usize) -> bool {
    NEXT_PAGE.iter().any(|pointer| match body.pointer(pointer) {
        Some(next @ Json::Number(_)) => next.as_u64().is_some_and(|next| next > number as u64),
        Some(Json::Text(next)) => !next.is_empty(),
        _ => false,
    })
}

/// The verdict if a list has more pages than are read. A part of a list must not be taken for the whole:
/// a record that it lacks would be added again.
pub fn too_long() -> Box<Verdict> {
    let reason = "the provider's list is longer than a router can read".into();
    Verdict::retry(Scope::Record, reason, None)
}

/// The verdict if no request can be made with the options of the account.
pub fn refuse_account(reason: String, advice: &str) -> Box<Verdict> {
    Verdict::refused(Scope::Account, reason, advice)
}

/// The body as JSON; `null` if it is not JSON.
pub fn parsed(answer: &Answer) -> Json {
    Json::parse(&answer.body).unwrap_or_default()
}

/// The string at `pointer` (RFC 6901); empty if there is none.
pub fn text<'v>(value: &'v Json, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

/// The array at `pointer`; empty if there is none.
pub fn list<'v>(value: &'v Json, pointer: &str) -> &'v [Json] {
    value.pointer(pointer).map_or(&[], Json::elements)
}

/// A copy of the member `name`; `null` if there is none.
pub fn member(value: &Json, name: &str) -> Json {
    value.get(name).cloned().unwrap_or_default()
}

/// An id, which may be a string or a number; empty if it is neither.
pub fn id(value: &Json, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Json::Text(text) | Json::Number(text)) => text.to_string(),
        _ => String::new(),
    }
}

/// An id for a request: a number if it is written like one. Of digits that begin with 0 it is a string, because
/// a number would lose the 0.
pub fn id_value(id: &str) -> Json {
    match id.parse::<u64>() {
        Ok(number) if number.to_string() == id => number.into(),
        _ => id.into(),
    }
}

/// Where interfaces explain an error, the most precise explanation first.
const EXPLANATIONS: [&str; 26] = [
    // At Cloudflare, the message above this one only says that the record is not valid.
    "/errors/0/error_chain/0/message",
    "/errors/0/message",
    "/errors/0/reason",
    "/errors/0/description",
    "/fields/0/message",
    "/errors",
    "/longmessage",
    "/statusDescription",
    "/Response/Error/Message",
    "/ResponseMetadata/Error/Message",
    "/answer/errors/0/error_text",
    "/answer/domains/0/error_text",
    "/error_text",
    "/error_msg",
    "/errorMessage",
    "/messages/0/text",
    "/status/text",
    "/response/status/text",
    "/Message",
    "/message",
    "/error",
    "/detail",
    "/msg",
    "/reason",
    // IONOS answers with a list of errors.
    "/0/message",
    // deSEC names the members that are wrong, each with a list of sentences.
    "",
];

/// The provider's explanation in the body of an error; empty if there is none.
pub fn explanation(body: &Json) -> &str {
    EXPLANATIONS.iter().find_map(|pointer| first_string(body.pointer(pointer)?)).unwrap_or_default()
}

/// The first string in `value` that is not empty; in an object, the member `message` comes first.
fn first_string(value: &Json) -> Option<&str> {
    match value {
        Json::Text(text) if text.is_empty() => None,
        Json::Text(text) => Some(text),
        Json::List(elements) => elements.iter().find_map(first_string),
        Json::Object(members) => {
            members.get("message").into_iter().chain(members.values()).find_map(first_string)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_is_sent_as_it_was_received() {
        for (id, sent) in [("17", "17"), ("017", "\"017\""), ("+7", "\"+7\""), ("a", "\"a\"")] {
            assert_eq!(id_value(id).to_string(), sent);
        }
    }

    #[test]
    fn the_explanation_of_an_error_is_found_in_the_bodies_of_all_interfaces() {
        for (body, expected) in [
            (
                json!({"id": "unauthorized", "message": "Unable to authenticate you"}),
                "Unable to authenticate you",
            ),
            (json!({"errors": [{"reason": "Invalid Token", "field": "x"}]}), "Invalid Token"),
            (
                json!({"error": {"code": "not_found", "message": "zone not found"}}),
                "zone not found",
            ),
            (json!({"error": "Invalid API token.", "status": 401}), "Invalid API token."),
            (json!([{"code": "UNAUTHORIZED", "message": "not authorized"}]), "not authorized"),
            (json!([{"code": "INTERNAL_SERVER_ERROR"}]), "INTERNAL_SERVER_ERROR"),
            (
                json!([{}, {"ttl": ["Ensure this value is greater than or equal to 3600."]}]),
                "Ensure this value is greater than or equal to 3600.",
            ),
            (json!({"message": "Validation failed", "errors": {"content": ["is bad"]}}), "is bad"),
            (
                json!({"code": "INVALID_BODY", "message": "see fields", "fields": [{"message": "ttl is below 600"}]}),
                "ttl is below 600",
            ),
            (
                json!({"errors": [{"description": "300 at least", "name": "rrset_ttl"}], "status": "error"}),
                "300 at least",
            ),
            (json!(null), ""),
            (json!(7), ""),
        ] {
            assert_eq!(explanation(&(&body).into()), expected, "{body}");
        }
    }
}
