//! The messages of an update script, and the outcome of the update.
//!
//! `frame.sh` writes a message as `\x01LEVEL TEXT\x02` and asks for a transfer with `\x01UURL\x02`.
//! All other bytes are lines that the script itself has appended to `$LOGFILE`.

use crate::edge::process::End;
use crate::edge::spawn::Exit;
use crate::model::Level;
use crate::model::secret::Secret;
use crate::provider::mask::mask;
use crate::provider::{Failure, FailureKind, Outcome};

/// Most bytes of one message. The rest of a longer one is dropped, because a script may forget to end it.
const MAX_BYTES: usize = 16 * 1024;
/// Most messages of one run that are logged, so that a script in an endless loop does not fill the log. The
/// last one is a note that there are more.
const MAX_LOGGED: usize = 200;

/// The byte before a message of `frame.sh`.
const BEGIN: u8 = 1;
/// The byte after a message of `frame.sh`.
const END: u8 = 2;

/// One message of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptMessage {
    /// `write_log`, or a line in `$LOGFILE`.
    Message {
        /// 0 to 7 as in syslog. Ten more if the script ends with this message.
        level: u8,
        /// The text as the script wrote it, with its secrets and control characters.
        text: String,
    },
    /// `do_transfer` with this URL.
    Transfer(String),
}

/// Splits the bytes that a script writes into messages.
#[derive(Debug, Default)]
pub struct MessageReader {
    /// Bytes of a message that has not ended.
    rest: Vec<u8>,
}

impl MessageReader {
    /// Takes in more bytes, and returns the messages that they complete.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<ScriptMessage> {
        self.rest.extend(bytes);
        let mut messages = Vec::new();
        while let Some(piece) = self.next_piece() {
            match piece {
                Piece::Framed(text) => messages.push(framed_message(&text)),
                Piece::Line(text) => {
                    if let Some(message) = line_message(&text) {
                        messages.push(message);
                    }
                }
            }
        }
        messages
    }

    /// Removes the first message or line from the buffer, if it is complete or too long.
    fn next_piece(&mut self) -> Option<Piece> {
        let framed = *self.rest.first()? == BEGIN;
        let end = if framed {
            self.rest.iter().position(|&byte| byte == END)
        } else {
            self.rest.iter().position(|&byte| byte == b'\n' || byte == BEGIN)
        };
        let end = match end {
            Some(end) => end,
            None if self.rest.len() > MAX_BYTES => self.rest.len(),
            None => return None,
        };
        let text = self.rest.get(usize::from(framed)..end).unwrap_or_default();
        let text = String::from_utf8_lossy(text.get(..MAX_BYTES).unwrap_or(text)).into_owned();
        // A BEGIN that ends a line is the first byte of the next message.
        let next = if self.rest.get(end) == Some(&BEGIN) { end } else { end + 1 };
        self.rest.drain(..next.min(self.rest.len()));
        Some(if framed { Piece::Framed(text) } else { Piece::Line(text) })
    }
}

enum Piece {
    /// The text between BEGIN and END.
    Framed(String),
    /// A line outside of them.
    Line(String),
}

fn framed_message(text: &str) -> ScriptMessage {
    if let Some(url) = text.strip_prefix('U') {
        return ScriptMessage::Transfer(url.to_owned());
    }
    let (level, text) = text.split_once(' ').unwrap_or(("", text));
    // An invalid level becomes a warning, so that the message is shown.
    let level = level.parse().unwrap_or(4);
    ScriptMessage::Message { level, text: text.replace("\\n", " ") }
}

/// The label that ddns-scripts writes for each level, in the order of the levels.
const LABELS: [&str; 8] = ["EMERG", "ALERT", "CRIT", "ERROR", "WARN", "note", "info", ""];

/// A line in the form of ddns-scripts, ` HHMMSS LABEL : text`. Any other line has the level `info`. An
/// empty line is no message.
fn line_message(line: &str) -> Option<ScriptMessage> {
    let (level, text) = labelled(line).unwrap_or((6, line));
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    Some(ScriptMessage::Message { level, text: text.to_owned() })
}

fn labelled(line: &str) -> Option<(u8, &str)> {
    let (head, text) = line.split_once(" : ")?;
    let label = head.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim();
    let level = LABELS.iter().position(|known| *known == label)?;
    Some((u8::try_from(level).ok()?, text))
}

/// The messages of one run, as far as they matter for the outcome.
#[derive(Debug, Default)]
pub(super) struct ScriptLog {
    secrets: Vec<Secret>,
    /// How many messages were logged.
    count: usize,
    /// The last message of any level.
    pub(super) last: String,
    /// The last message of level warning or worse.
    trouble: Option<String>,
    /// The message with which the script ended itself.
    fatal: Option<String>,
    /// The error of the last transfer; `None` if that one succeeded.
    failure: Option<Failure>,
}

impl ScriptLog {
    /// A log in which `secrets` are masked.
    pub(super) fn new(secrets: Vec<Secret>) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// `text` without secrets, on one line.
    pub(super) fn masked(&self, text: &str) -> String {
        mask(text, &self.secrets)
    }

    /// Adds a message. Returns what is to be logged. The message with which the script ends itself is
    /// not: it becomes the reason of the outcome, which is logged.
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
            ..MAX_LOGGED => Some((level, text)),
            MAX_LOGGED => {
                Some((Level::Warning, "the script writes more messages than are logged".to_owned()))
            }
            _ => None,
        }
    }

    /// Records the result of a transfer.
    pub(super) fn transferred(&mut self, failure: Option<&Failure>) {
        self.failure = failure.cloned();
    }

    /// The outcome of the update. `complaint` is the first line of the script's standard error.
    pub(super) fn outcome(&self, end: End, complaint: Option<String>) -> Outcome {
        if end == End::Exited(Exit::Status(0)) && self.fatal.is_none() {
            return Outcome::Updated;
        }
        let what = self.describe(end);
        let reason = match self.cause().or(complaint) {
            Some(cause) => format!("{what}: {cause}"),
            None => what,
        };
        // A script that was killed may have sent its request, and so may a transfer that failed later.
        let was_killed = matches!(end, End::OutOfTime(_) | End::AddressGone);
        let failure = self.failure.as_ref();
        if was_killed || failure.is_some_and(|failure| failure.sent) {
            return Outcome::Unconfirmed { reason };
        }
        let kind = failure.map_or(FailureKind::Other, |failure| failure.kind);
        Outcome::Retry { reason, after: None, kind }
    }

    /// What has happened, for an update that did not succeed.
    fn describe(&self, end: End) -> String {
        match end {
            End::OutOfTime(limit) => {
                format!("the script did not end within {} s", limit.as_secs())
            }
            End::AddressGone => "the address went away while the script was running".to_owned(),
            End::Exited(_) if self.failure.is_some() => "the transfer failed".to_owned(),
            End::Exited(Exit::Status(_)) if self.fatal.is_some() => "the script gave up".to_owned(),
            End::Exited(Exit::Status(127)) => {
                "the script sent nothing (exit status 127)".to_owned()
            }
            End::Exited(exit) => format!("the script {exit}"),
        }
    }

    /// The best explanation among the messages.
    fn cause(&self) -> Option<String> {
        match &self.failure {
            Some(failure) => Some(self.masked(&failure.text)),
            None => self.fatal.clone().or_else(|| self.trouble.clone()),
        }
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

    fn message(level: u8, text: &str) -> ScriptMessage {
        ScriptMessage::Message { level, text: text.into() }
    }

    fn read(bytes: &[u8]) -> Vec<ScriptMessage> {
        MessageReader::default().receive(bytes)
    }

    #[test]
    fn messages_transfers_and_lines_are_told_apart() {
        let bytes = b"\x017 a\nb\x02line\n\n 010203  WARN : low\n\x01Uhttp://x/\x02\x0114 end\x02\x01?\x02x";
        let expected = [
            message(7, "a\nb"),
            message(6, "line"),
            message(4, "low"),
            ScriptMessage::Transfer("http://x/".into()),
            message(14, "end"),
            message(4, "?"),
        ];
        assert_eq!(read(bytes), expected);
        // A line that another process writes does not break the message after it.
        assert_eq!(read(b"half\x015 x\x02\n"), [message(6, "half"), message(5, "x")]);
        assert_eq!(read(b"\x01999 x\x02"), [message(4, "x")]);
    }

    #[test]
    fn a_message_without_an_end_is_cut() {
        let mut reader = MessageReader::default();
        let messages: Vec<_> = (0..64).flat_map(|_| reader.receive(&[b'x'; 4096])).collect();
        assert!(reader.rest.len() <= MAX_BYTES + 4096);
        assert!(messages.len() >= 4, "{}", messages.len());
    }

    proptest! {
        #[test]
        fn messages_do_not_depend_on_how_bytes_are_split(
            bytes in prop::collection::vec(prop_oneof![Just(1), Just(2), Just(b'\n'), Just(b' '), any::<u8>()], 0..200),
            size in 1..50usize,
        ) {
            let mut reader = MessageReader::default();
            let pieces: Vec<_> = bytes.chunks(size).flat_map(|chunk| reader.receive(chunk)).collect();
            prop_assert_eq!(pieces, read(&bytes));
        }

        #[test]
        fn the_outcome_is_updated_only_for_status_0_without_a_fatal_message(level in any::<u8>(), text in "\\PC{0,40}", code in any::<i32>()) {
            let mut log = ScriptLog::new(vec![]);
            let _ = log.message(level, &text);
            let outcome = log.outcome(End::Exited(Exit::Status(code)), None);
            prop_assert_eq!(outcome == Outcome::Updated, code == 0 && level < 10);
        }
    }
}
