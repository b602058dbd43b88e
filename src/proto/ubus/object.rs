//! Our own ubus object: the requests of the control socket as methods.

use super::blob::Members;
use crate::model::json::Json;
use crate::proto::control::{ControlAnswer, ControlRequest};

/// Path of the object.
pub const PATH: &str = "ddns";
/// Name of the notification that the state of a record has changed.
pub const UPDATE: &str = "record.update";

/// Name of the event that something has happened that an owner cares about.
pub const EVENT: &str = "ddns.event";
/// Path of procd's object that runs the scripts in `/etc/hotplug.d/ddns` (openwrt procd,
/// `plug/hotplug-dispatch.c`).
pub const HOTPLUG: &str = "hotplug.ddns";

// enum ubus_msg_status
const INVALID_ARGUMENT: u32 = 2;
const METHOD_NOT_FOUND: u32 = 3;
const NOT_FOUND: u32 = 4;

/// The methods with the types of their arguments.
pub fn signature() -> Json {
    const STRING: u32 = 3;
    let mut methods = Json::object(&mut []);
    for method in ["status", "providers", "metrics"] {
        methods.set(method, Json::object(&mut []));
    }
    for method in ["get", "why", "update", "stop", "start", "log"] {
        methods.set(method, Json::object(&mut [("section", STRING.into())]));
    }
    for method in ["check", "test"] {
        methods.set(method, Json::object(&mut [("text", STRING.into())]));
    }
    methods.set("history", Json::object(&mut [("name", STRING.into())]));
    methods
}

/// The request in a call.
///
/// # Errors
/// The status for the caller (`enum ubus_msg_status`).
pub fn request(method: &[u8], arguments: Members<'_>) -> Result<ControlRequest, u32> {
    let section = text_of("section", &arguments)?;
    let text = text_of("text", &arguments)?.ok_or(INVALID_ARGUMENT);
    let name = text_of("name", &arguments)?.unwrap_or_default();
    match method {
        b"history" => Ok(ControlRequest::HistoryJson(name)),
        b"status" => Ok(ControlRequest::StatusJson),
        b"metrics" => Ok(ControlRequest::MetricsText),
        b"get" => section.map(ControlRequest::Get).ok_or(INVALID_ARGUMENT),
        b"why" => section.map(ControlRequest::Why).ok_or(INVALID_ARGUMENT),
        b"update" => Ok(ControlRequest::Update(section.into_iter().collect())),
        b"stop" => section.map(|name| ControlRequest::Stop(vec![name])).ok_or(INVALID_ARGUMENT),
        b"start" => section.map(|name| ControlRequest::Start(vec![name])).ok_or(INVALID_ARGUMENT),
        b"providers" => Ok(ControlRequest::Providers),
        b"log" => section.map(ControlRequest::Log).ok_or(INVALID_ARGUMENT),
        b"check" => text.map(ControlRequest::Check),
        b"test" => text.map(ControlRequest::Test),
        _ => Err(METHOD_NOT_FOUND),
    }
}

/// The argument `name`, if there is one. A value that is no text is an error: it must not mean all sections, as
/// a missing one does.
fn text_of(name: &str, arguments: &Members<'_>) -> Result<Option<String>, u32> {
    match arguments.get(name) {
        None => Ok(None),
        Some(value) => Ok(Some(value.text().ok_or(INVALID_ARGUMENT)?.to_owned())),
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
