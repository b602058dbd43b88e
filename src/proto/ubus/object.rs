//! Our own object: the words of the control socket as methods of ubus.

use serde_json::{Value as Json, json};

use super::blob::Members;
use crate::proto::control::{Answer, Ask};

/// Path of the object.
pub const PATH: &str = "ddns";
/// Name of the notification that a record is not as it was.
pub const UPDATE: &str = "record.update";

// enum ubus_msg_status
const INVALID_ARGUMENT: u32 = 2;
const METHOD_NOT_FOUND: u32 = 3;
const NOT_FOUND: u32 = 4;

/// The methods with the types of their arguments.
pub fn signature() -> Json {
    const STRING: u8 = 3;
    let section = json!({ "section": STRING });
    json!({
        "status": {}, "get": section, "why": section, "update": section, "stop": section,
        "start": section,
    })
}

/// What a call asks for.
///
/// # Errors
/// The status that the caller gets (`enum ubus_msg_status`).
pub fn ask(method: &[u8], arguments: Members<'_>) -> Result<Ask, u32> {
    let section = match arguments.get("section") {
        None => None,
        // Not all sections, which is what its absence means.
        Some(value) => Some(value.text().ok_or(INVALID_ARGUMENT)?.to_owned()),
    };
    match method {
        b"status" => Ok(Ask::StatusJson),
        b"get" => section.map(Ask::Get).ok_or(INVALID_ARGUMENT),
        b"why" => section.map(Ask::Why).ok_or(INVALID_ARGUMENT),
        b"update" => Ok(Ask::Update(section.into_iter().collect())),
        b"stop" => section.map(|name| Ask::Stop(vec![name])).ok_or(INVALID_ARGUMENT),
        b"start" => section.map(|name| Ask::Start(vec![name])).ok_or(INVALID_ARGUMENT),
        _ => Err(METHOD_NOT_FOUND),
    }
}

/// What the caller gets: a value as it is, text for people as member `text`.
///
/// # Errors
/// The status that the caller gets instead.
pub fn result(answer: Answer) -> Result<Json, u32> {
    match answer {
        Answer::Text(text) => Ok(json!({ "text": text })),
        Answer::Json(value) => Ok(value),
        Answer::NoSection(_) => Err(NOT_FOUND),
    }
}
