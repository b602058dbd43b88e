//! Messages for the operator.

use super::{Family, Hostname};

/// The syslog severities that we use (RFC 5424 section 6.2.1).
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
    /// 7: debugging detail; never sent to the system log.
    Debug = 7,
}

/// A message for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The section that the message is about, if it is about one.
    pub section: Option<String>,
    /// The record that it is about, if it is about one.
    pub record: Option<(Hostname, Family)>,
    /// Its severity.
    pub level: Level,
    /// One sentence, no secrets, no newline.
    pub text: String,
}

impl Notice {
    /// A message about no section in particular.
    pub fn general(level: Level, text: String) -> Self {
        Self { section: None, record: None, level, text }
    }

    /// A message about one section.
    pub fn about(section: &str, level: Level, text: String) -> Self {
        Self { section: Some(section.to_owned()), ..Self::general(level, text) }
    }

    /// The same message about a record of the section.
    pub fn on(self, name: &Hostname, family: Family) -> Self {
        Self { record: Some((name.clone(), family)), ..self }
    }
}
