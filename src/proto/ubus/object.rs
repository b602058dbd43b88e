//! Our own ubus object: the requests of the control socket as methods.

use super::blob::Members;
use crate::model::json::Json;
use crate::proto::control::{ControlAnswer, ControlRequest};

/// Path of the object.
pub const PATH: &str = "ddns";
/// Name of the notification that the state of a record has changed.
pub const UPDATE: &str = "record.update";

// enum ubus_msg_status
const INVALID_ARGUMENT: u32 = 2;
const METHOD_NOT_FOUND: u32 = 3;
const NOT_FOUND: u32 = 4;

/// The methods with the types of their arguments.
pub fn signature() -> Json {
    const STRING: u32 = 3;
    let mut methods = Json::object(&mut [("status", Json::object(&mut []))]);
    for method in ["get", "why", "update", "stop", "start"] {
        methods.set(method, Json::object(&mut [("section", STRING.into())]));
    }
    methods
}

/// The request in a call.
///
/// # Errors
/// The status for the caller (`enum ubus_msg_status`).
pub fn request(method: &[u8], arguments: Members<'_>) -> Result<ControlRequest, u32> {
    let section = match arguments.get("section") {
        None => None,
        // A value that is no text must not mean all sections, as a missing one does.
        Some(value) => Some(value.text().ok_or(INVALID_ARGUMENT)?.to_owned()),
    };
    match method {
        b"status" => Ok(ControlRequest::StatusJson),
        b"get" => section.map(ControlRequest::Get).ok_or(INVALID_ARGUMENT),
        b"why" => section.map(ControlRequest::Why).ok_or(INVALID_ARGUMENT),
        b"update" => Ok(ControlRequest::Update(section.into_iter().collect())),
        b"stop" => section.map(|name| ControlRequest::Stop(vec![name])).ok_or(INVALID_ARGUMENT),
        b"start" => section.map(|name| ControlRequest::Start(vec![name])).ok_or(INVALID_ARGUMENT),
        _ => Err(METHOD_NOT_FOUND),
    }
}

/// The data for the caller: a value as it is, text for people as member `text`.
///
/// # Errors
/// The status for the caller, if there are no data.
pub fn result(answer: ControlAnswer) -> Result<Json, u32> {
    match answer {
        ControlAnswer::Text(text) => Ok(Json::object(&mut [("text", text.into())])),
        ControlAnswer::Json(value) => Ok(value),
        ControlAnswer::NoSection(_) => Err(NOT_FOUND),
    }
}
