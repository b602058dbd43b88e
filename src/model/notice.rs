//! Messages for the operator.

/// How bad: syslog severities (RFC 5424 section 6.2.1) as far as we use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 2: a section cannot run.
    Critical = 2,
    /// 3: something failed and needs the owner.
    Error = 3,
    /// 4: something failed and is tried again.
    Warning = 4,
    /// 5: something changed.
    Notice = 5,
    /// 6: good to know.
    Info = 6,
    /// 7: what somebody wants to know who looks for a mistake. Never in the system log.
    Debug = 7,
}

/// A message for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Section it is about, if any.
    pub section: Option<String>,
    /// How bad.
    pub level: Level,
    /// One sentence, no secrets, no newline.
    pub text: String,
}

impl Notice {
    /// A message about one section.
    pub fn about(section: &str, level: Level, text: String) -> Self {
        Self { section: Some(section.to_owned()), level, text }
    }
}
