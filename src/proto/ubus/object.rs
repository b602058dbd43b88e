//! Our own ubus object: the requests of the control socket as methods.

use super::blob::{Members, Value};
use crate::model::json::Json;
use crate::proto::control::{ControlAnswer, ControlRequest, Verb};

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

/// The methods: what each wants, its argument, if it has one, and whether that may be missing.
const METHODS: [(&str, Verb, &str, bool); 12] = [
    ("status", Verb::StatusJson, "", true),
    ("providers", Verb::Providers, "", true),
    ("metrics", Verb::MetricsText, "", true),
    ("get", Verb::Get, "section", false),
    ("why", Verb::Why, "section", false),
    ("update", Verb::Update, "section", true),
    ("stop", Verb::Stop, "section", false),
    ("start", Verb::Start, "section", false),
    ("log", Verb::Log, "section", false),
    ("check", Verb::Check, "text", false),
    ("test", Verb::Test, "text", false),
    ("history", Verb::HistoryJson, "name", true),
];

/// The methods with the types of their arguments.
pub fn signature() -> Json {
    // BLOBMSG_TYPE_STRING
    const STRING: u32 = 3;
    let mut methods = Json::object(&mut []);
    for (method, _, argument, _) in METHODS {
        let mut arguments = Json::object(&mut []);
        if !argument.is_empty() {
            arguments.set(argument, STRING.into());
        }
        methods.set(method, arguments);
    }
    methods
}

/// The request in a call.
///
/// # Errors
/// The status for the caller (`enum ubus_msg_status`).
pub fn request(method: &[u8], arguments: Members<'_>) -> Result<ControlRequest, u32> {
    // A value that is no text is an error: it must not mean all sections, as a missing one does.
    for name in ["section", "text", "name"] {
        if arguments.get(name).is_some_and(|value| value.text().is_none()) {
            return Err(INVALID_ARGUMENT);
        }
    }
    let Some(row) = METHODS.iter().find(|(name, ..)| name.as_bytes() == method) else {
        return Err(METHOD_NOT_FOUND);
    };
    let &(_, verb, argument, may_be_missing) = row;
    let mut words = Vec::new();
    if !argument.is_empty() {
        words.extend(arguments.get(argument).and_then(Value::text).map(str::to_owned));
    }
    if words.is_empty() && !may_be_missing {
        return Err(INVALID_ARGUMENT);
    }
    Ok(ControlRequest { verb, words })
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
