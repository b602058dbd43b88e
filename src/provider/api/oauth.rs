//! Access tokens (RFC 6749), which are requested for each conversation.

use super::call::Values;
use super::interface::RestClient;
use super::meaning::Meaning;
use super::rest::{self, text};
use crate::model::json::Json;
use crate::model::secret::Secret;
use crate::provider::conversation::{ApiResult, Conversation};
use crate::provider::{Answer, Verdict};

/// Requests an access token with `call`.
///
/// # Errors
/// If there is no answer, or if it has no token.
pub(super) fn token(
    talk: &mut Conversation<'_>,
    mut rest: RestClient,
    call: &str,
) -> ApiResult<Secret> {
    rest.secret_answers = true;
    let answer = talk.send(&Values::of(talk.account, &rest).request(call))?;
    let body = rest::parsed(&answer);
    let token = text(&body, "/access_token");
    if answer.status == 200 && !token.is_empty() {
        return Ok(Secret::new(token));
    }
    Err(without_token(&rest, &answer, &body))
}

/// The verdict for an `answer` without a token.
fn without_token(rest: &RestClient, answer: &Answer, body: &Json) -> Box<Verdict> {
    let said = match (text(body, "/error_description"), text(body, "/error")) {
        ("", error) => error.to_owned(),
        (description, error) => format!("{description} ({error})"),
    };
    match answer.status {
        200 => rest.not_understood(answer),
        // Google: "Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        400 if said.contains("timeframe") => rest.clock_wrong(&said),
        // RFC 6749 section 5.2 has 400 or 401 for credentials that are not accepted.
        400..=403 => rest.verdict_with(answer, Meaning::Credentials, &said, ""),
        _ => rest.verdict(answer, &said),
    }
}
