//! What an update script says, and what that makes of the update.
//!
//! `frame.sh` writes a message as `\x01LEVEL TEXT\x02` and asks for a transfer with `\x01UURL\x02`.
//! Anything else are lines that a script appended to `$LOGFILE` itself.

use std::time::Duration;

use crate::model::Level;
use crate::model::secret::Secret;
use crate::provider::mask::mask;
use crate::provider::{Failure, FailureKind, Outcome};

/// Most bytes of one message that are looked at.
const LONGEST: usize = 16 * 1024;
/// Most messages of one run that are logged, a note about the rest included.
const MOST: usize = 200;

const BEGIN: u8 = 1;
const END: u8 = 2;

/// One thing that a script says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// `write_log`, or a line in `$LOGFILE`.
    Message {
        /// 0 to 7 as in syslog; 10 more if the script ends with it.
        level: u8,
        /// The text, not yet fit for a log.
        text: String,
    },
    /// `do_transfer`.
    Transfer(String),
}

/// Cuts what comes from the script into what is said.
#[derive(Debug, Default)]
pub struct Listener {
    rest: Vec<u8>,
}

impl Listener {
    /// Takes in more bytes.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<Said> {
        self.rest.extend(bytes);
        let mut said = Vec::new();
        while let Some(next) = self.next() {
            said.extend(next);
        }
        said
    }

    /// The next thing, if it is there as a whole; `Some(None)` if it means nothing.
    fn next(&mut self) -> Option<Option<Said>> {
        let framed = *self.rest.first()? == BEGIN;
        let ends = |&byte: &u8| if framed { byte == END } else { byte == b'\n' || byte == BEGIN };
        let end = self.rest.iter().position(ends);
        let end = end.or_else(|| (self.rest.len() > LONGEST).then_some(self.rest.len()))?;
        let text = self.rest.get(usize::from(framed)..end).unwrap_or_default();
        let text = String::from_utf8_lossy(text.get(..LONGEST).unwrap_or(text)).into_owned();
        // The beginning of another message stays.
        let after = end + usize::from(self.rest.get(end).is_some_and(|&byte| byte != BEGIN));
        self.rest.drain(..after.min(self.rest.len()));
        Some(if framed { Some(record(&text)) } else { line(&text) })
    }
}

fn record(text: &str) -> Said {
    if let Some(url) = text.strip_prefix('U') {
        return Said::Transfer(url.to_owned());
    }
    let (level, text) = text.split_once(' ').unwrap_or(("", text));
    // What is no level is shown where somebody looks for it.
    let level = level.parse().unwrap_or(4);
    Said::Message { level, text: text.replace("\\n", " ") }
}

/// What ddns-scripts writes for each level.
const LABELS: [&str; 8] = ["EMERG", "ALERT", "CRIT", "ERROR", "WARN", "note", "info", ""];

/// A line as ddns-scripts writes it, ` HHMMSS LABEL : text`, or any other.
fn line(text: &str) -> Option<Said> {
    let labelled = || {
        let (head, text) = text.split_once(" : ")?;
        let label = head.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim();
        let level = LABELS.iter().position(|it| *it == label)?;
        Some((u8::try_from(level).ok()?, text))
    };
    let (level, text) = labelled().unwrap_or((6, text));
    let text = text.trim().to_owned();
    (!text.is_empty()).then_some(Said::Message { level, text })
}

/// How a script ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By itself.
    Status(i32),
    /// By a signal of somebody else.
    Signal(i32),
    /// It was killed after so long.
    TimeOver(Duration),
    /// It was killed because the address that it published is gone.
    AddressGone,
}

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    secrets: Vec<Secret>,
    /// How many messages were logged.
    count: usize,
    /// The last message, whatever its level.
    pub(super) last: String,
    /// The last one of a warning or worse.
    trouble: Option<String>,
    /// The one that the script ended itself with.
    fatal: Option<String>,
    /// The last transfer, if it failed.
    failure: Option<Failure>,
}

impl Minutes {
    /// `secrets` are covered in everything that is said.
    pub(super) fn new(secrets: Vec<Secret>) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// `text` without secrets, on one line.
    pub(super) fn masked(&self, text: &str) -> String {
        mask(text, &self.secrets)
    }

    /// A message: what is logged of it. What the script ends itself with becomes the reason of the
    /// failure, which is logged anyway.
    pub(super) fn message(&mut self, level: u8, text: &str) -> Option<(Level, String)> {
        let text = self.masked(text);
        self.last.clone_from(&text);
        if level >= 10 {
            self.fatal.get_or_insert(text);
            return None;
        }
        let level = severity(level);
        if level <= Level::Warning {
            self.trouble = Some(text.clone());
        }
        self.count += 1;
        match self.count {
            ..MOST => Some((level, text)),
            MOST => Some((Level::Warning, "the script says more than is logged".to_owned())),
            _ => None,
        }
    }

    /// A transfer ended.
    pub(super) fn transferred(&mut self, failure: Option<&Failure>) {
        self.failure = failure.cloned();
    }

    /// What became of the update; `complaint` is the beginning of the script's error output.
    pub(super) fn outcome(&self, end: End, complaint: Option<String>) -> Outcome {
        let what = match end {
            End::Status(0) if self.fatal.is_none() => return Outcome::Updated,
            End::TimeOver(limit) => format!("the script did not end within {} s", limit.as_secs()),
            End::AddressGone => "the address went away while the script was running".to_owned(),
            End::Status(_) | End::Signal(_) if self.failure.is_some() => {
                "the transfer failed".to_owned()
            }
            End::Status(_) if self.fatal.is_some() => "the script gave up".to_owned(),
            End::Status(127) => "the script sent nothing (exit status 127)".to_owned(),
            End::Status(code) => format!("the script failed with exit status {code}"),
            End::Signal(signal) => format!("the script was killed by signal {signal}"),
        };
        let failure = self.failure.as_ref();
        let why = failure.map(|failure| self.masked(&failure.text));
        let why = why.or_else(|| self.fatal.clone()).or_else(|| self.trouble.clone());
        let reason = match why.or(complaint) {
            Some(why) => format!("{what}: {why}"),
            None => what,
        };
        let unknown = matches!(end, End::TimeOver(_) | End::AddressGone);
        if unknown || failure.is_some_and(|failure| failure.sent) {
            return Outcome::Unconfirmed { reason };
        }
        let kind = failure.map_or(FailureKind::Other, |failure| failure.kind);
        Outcome::Retry { reason, after: None, kind }
    }
}

fn severity(level: u8) -> Level {
    match level {
        0..=2 => Level::Critical,
        3 => Level::Error,
        4 => Level::Warning,
        5 => Level::Notice,
        6 => Level::Info,
        7.. => Level::Debug,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(level: u8, text: &str) -> Said {
        Said::Message { level, text: text.into() }
    }

    fn hear(bytes: &[u8]) -> Vec<Said> {
        Listener::default().hear(bytes)
    }

    #[test]
    fn messages_transfers_and_lines_are_told_apart() {
        let bytes = b"\x017 a\nb\x02line\n\n 010203  WARN : low\n\x01Uhttp://x/\x02\x0114 end\x02\x01?\x02x";
        let expected = [
            message(7, "a\nb"),
            message(6, "line"),
            message(4, "low"),
            Said::Transfer("http://x/".into()),
            message(14, "end"),
            message(4, "?"),
        ];
        assert_eq!(hear(bytes), expected);
        // What another process writes between does not break a message.
        assert_eq!(hear(b"half\x015 x\x02\n"), [message(6, "half"), message(5, "x")]);
        assert_eq!(hear(b"\x01999 x\x02"), [message(4, "x")]);
    }

    #[test]
    fn what_never_ends_is_cut() {
        let mut listener = Listener::default();
        let said: Vec<_> = (0..64).flat_map(|_| listener.hear(&[b'x'; 4096])).collect();
        assert!(listener.rest.len() <= LONGEST + 4096);
        assert!(said.len() >= 4, "{}", said.len());
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            bytes in prop::collection::vec(prop_oneof![Just(1), Just(2), Just(b'\n'), Just(b' '), any::<u8>()], 0..200),
            size in 1..50usize,
        ) {
            let mut listener = Listener::default();
            let pieces: Vec<_> = bytes.chunks(size).flat_map(|it| listener.hear(it)).collect();
            prop_assert_eq!(pieces, hear(&bytes));
        }

        #[test]
        fn nothing_said_makes_it_panic(level in any::<u8>(), text in "\\PC{0,40}", code in any::<i32>()) {
            let mut minutes = Minutes::new(vec![]);
            let _ = minutes.message(level, &text);
            let outcome = minutes.outcome(End::Status(code), None);
            prop_assert_eq!(outcome == Outcome::Updated, code == 0 && level < 10);
        }
    }
}
