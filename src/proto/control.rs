//! Requests to the daemon and its answers, on the control socket and on ubus.

use crate::model::json::Json;

/// A request of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlRequest {
    /// `status`: the state of every record, for people.
    Status,
    /// `status json`: the same for programs.
    StatusJson,
    /// `section SECTION`: what `status` has of this section.
    Section(String),
    /// `get SECTION`: what `status json` has of this section.
    Get(String),
    /// `metrics`: the same as OpenMetrics.
    Metrics,
    /// The same in Prometheus' older text format; only on ubus.
    MetricsText,
    /// `why SECTION`: how this section's address was chosen.
    Why(String),
    /// `history [NAME]`: the latest changes of a name or of the names of a section, for people; of all if it is
    /// empty.
    History(String),
    /// `history-json [NAME]`: the same for programs.
    HistoryJson(String),
    /// `update [SECTION…]`: send these sections now; none means all.
    Update(Vec<String>),
    /// `stop SECTION…`: send nothing for these sections any more.
    Stop(Vec<String>),
    /// `start SECTION…`: read the configuration again and serve these sections.
    Start(Vec<String>),
    /// Every provider and what it needs; only on ubus.
    Providers,
    /// The log file of this section; only on ubus.
    Log(String),
    /// The mistakes in this text of a configuration file; only on ubus.
    Check(String),
    /// What would be sent with this text of a configuration file; only on ubus.
    Test(String),
}

impl ControlRequest {
    /// Parses the line of a request.
    ///
    /// # Errors
    /// A sentence for the client.
    pub fn parse(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["status"] => Ok(Self::Status),
            ["status", "json"] => Ok(Self::StatusJson),
            ["metrics"] => Ok(Self::Metrics),
            ["section", section] => Ok(Self::Section((*section).to_owned())),
            ["get", section] => Ok(Self::Get((*section).to_owned())),
            ["why", section] => Ok(Self::Why((*section).to_owned())),
            ["history"] => Ok(Self::History(String::new())),
            ["history", name] => Ok(Self::History((*name).to_owned())),
            ["history-json"] => Ok(Self::HistoryJson(String::new())),
            ["history-json", name] => Ok(Self::HistoryJson((*name).to_owned())),
            ["update", sections @ ..] => Ok(Self::Update(owned(sections))),
            ["stop", sections @ ..] if !sections.is_empty() => Ok(Self::Stop(owned(sections))),
            ["start", sections @ ..] if !sections.is_empty() => Ok(Self::Start(owned(sections))),
            _ => Err("the daemon does not know this request".into()),
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// What the daemon answers, before it is encoded for the control socket or for ubus.
#[derive(Clone, Debug, PartialEq)]
pub enum ControlAnswer {
    /// Text for people.
    Text(String),
    /// A value for programs.
    Json(Json),
    /// No section of this name runs.
    NoSection(String),
}

impl From<ControlAnswer> for Reply {
    fn from(answer: ControlAnswer) -> Self {
        match answer {
            ControlAnswer::Text(text) => Self { ok: true, text },
            ControlAnswer::Json(value) => Self { ok: true, text: format!("{value}\n") },
            ControlAnswer::NoSection(name) => {
                Self { ok: false, text: format!("there is no section '{name}' that runs\n") }
            }
        }
    }
}

/// An answer as the control socket sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Whether the request was carried out.
    pub ok: bool,
    /// What the client shows.
    pub text: String,
}
