//! Requests to the daemon and its answers, on the control socket and on ubus.

use crate::model::json::Json;

/// What a client wants. The words behind it say for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `status`: the state of every record, for people.
    Status,
    /// `status json`: the same for programs.
    StatusJson,
    /// `section SECTION`: what `status` has of this section.
    Section,
    /// `get SECTION`: what `status json` has of this section.
    Get,
    /// `metrics`: the same as OpenMetrics.
    Metrics,
    /// The same in Prometheus' older text format; only on ubus.
    MetricsText,
    /// `why SECTION`: how this section's address was chosen.
    Why,
    /// `history [NAME]`: the latest changes of a name or of the names of a section, for people; of all if it is
    /// empty or missing.
    History,
    /// `history-json [NAME]`: the same for programs.
    HistoryJson,
    /// `update [SECTION…]`: send these sections now; none means all.
    Update,
    /// `stop SECTION…`: send nothing for these sections any more.
    Stop,
    /// `start SECTION…`: read the configuration again and serve these sections.
    Start,
    /// Every provider and what it needs; only on ubus.
    Providers,
    /// The log file of this section; only on ubus.
    Log,
    /// The mistakes in this text of a configuration file; only on ubus.
    Check,
    /// What would be sent with this text of a configuration file; only on ubus.
    Test,
}

/// A request of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRequest {
    /// What it wants.
    pub verb: Verb,
    /// Sections, a name or a text.
    pub words: Vec<String>,
}

/// The verbs of the control socket, and how many words may follow at least and at most. `status json` is not here: it is
/// the only one of two words.
const VERBS: [(&str, Verb, usize, usize); 10] = [
    ("status", Verb::Status, 0, 0),
    ("metrics", Verb::Metrics, 0, 0),
    ("section", Verb::Section, 1, 1),
    ("get", Verb::Get, 1, 1),
    ("why", Verb::Why, 1, 1),
    ("history", Verb::History, 0, 1),
    ("history-json", Verb::HistoryJson, 0, 1),
    ("update", Verb::Update, 0, usize::MAX),
    ("stop", Verb::Stop, 1, usize::MAX),
    ("start", Verb::Start, 1, usize::MAX),
];

impl ControlRequest {
    /// Parses the line of a request.
    ///
    /// # Errors
    /// A sentence for the client.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut words = Vec::new();
        for word in line.split_ascii_whitespace() {
            words.push(word.to_owned());
        }
        // A row with one word would take any word for `json`.
        if words == ["status", "json"] {
            return Ok(Self { verb: Verb::StatusJson, words: Vec::new() });
        }
        for (name, verb, least, most) in VERBS {
            if words.first().is_some_and(|first| first == name)
                && (least..=most).contains(&(words.len() - 1))
            {
                words.remove(0);
                return Ok(Self { verb, words });
            }
        }
        Err("the daemon does not know this request".into())
    }

    /// The first word; empty if there is none.
    pub fn word(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
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
