//! What LuCI's page of this program asks beside the commands: providers, logs, and whether a configuration
//! that is not saved yet would work.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Daemon;
use super::event_loop::ThreadMessage;
use crate::config::listing;
use crate::config::mistake::Severity;
use crate::edge::files::{self, Medium};
use crate::edge::load::{check_text, definition_names};
use crate::edge::process::{End, Running, SHELL, program};
use crate::edge::thread::{self, SMALL_STACK};
use crate::model::json::Json;
use crate::proto::control::ControlAnswer;
use crate::proto::ubus::session::MethodCall;
use crate::time::Duration;
use crate::time::duration::seconds;

/// How long a test may take. LuCI waits 20 seconds for an answer.
const TEST_LIMIT: Duration = Duration::from_secs(15);
/// Most bytes of a test's output that are shown.
const TEST_OUTPUT: usize = 64 * 1024;
/// Most bytes of a log file that are shown.
const LOG_LIMIT: u64 = 1024 * 1024;
/// Runs this program as `$0` with the configuration `$1`, and shows its messages with its output.
const DRY_RUN: &str = "exec \"$0\" once --dry-run -c \"$1\" 2>&1";

/// Every provider and what it needs.
pub(super) fn providers() -> Json {
    listing::to_json(&definition_names())
}

/// The content of a log file; empty if there is none.
pub(super) fn log(path: &Path) -> String {
    let bytes = files::read(path, LOG_LIMIT).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The mistakes in the text of a configuration file, each with its line.
pub(super) fn mistakes(text: &str) -> Json {
    let mut list = Vec::new();
    for mistake in &check_text(text).mistakes {
        let line = u32::try_from(mistake.line).unwrap_or_default();
        let is_error = mistake.severity == Severity::Error;
        let text = mistake.text.as_str().into();
        let members = &mut [("line", line.into()), ("error", is_error.into()), ("text", text)];
        list.push(Json::object(members));
    }
    Json::object(&mut [("mistakes", list.into())])
}

impl Daemon {
    /// Runs `once --dry-run` with the text of a configuration file, and answers `call` with what that prints.
    /// It runs in a process of its own, so that the records of this daemon stay as they are.
    pub(super) fn test(&mut self, call: MethodCall) {
        // Two people may test at the same time.
        self.tests = self.tests.wrapping_add(1);
        let file = self.config.global.rundir.join(format!("test.{}", self.tests));
        match start_test(&file, call.request.word()) {
            Ok(running) => self.await_test(running, file, call),
            Err(error) => {
                let _ = fs::remove_file(file);
                let text = format!("the test cannot be started: {error}\n");
                self.ubus.answer(&call, ControlAnswer::Text(text));
            }
        }
    }

    /// Has a thread wait for the end of a test, which reads `file`.
    fn await_test(&self, running: Running, file: PathBuf, call: MethodCall) {
        let incoming = Arc::clone(&self.incoming);
        let path = file.clone();
        let work = Box::new(move || {
            let text = output(running);
            // It may hold passwords.
            let _ = fs::remove_file(path);
            incoming.send(ThreadMessage::Tested(call, text));
        });
        // Without memory for a thread the program is ended, and the caller gets no answer.
        if !thread::start("test", SMALL_STACK, work) {
            let _ = fs::remove_file(file);
        }
    }
}

/// Starts a dry run of `text`, which is written to `file`.
fn start_test(file: &Path, text: &str) -> io::Result<Running> {
    files::replace(file, text.as_bytes(), 0o600, Medium::Ram)?;
    // While a package is upgraded, the path of the program leads to another version.
    let itself = format!("/proc/{}/exe", std::process::id());
    let mut words: Vec<_> = [SHELL, "-c", DRY_RUN, &itself].map(Into::into).into();
    words.push(file.into());
    Running::start(program(words), None, None)
}

/// What a test has printed until it ended.
fn output(running: Running) -> String {
    let mut bytes = Vec::new();
    let ended = running.wait(TEST_LIMIT, &mut |part| {
        let room = TEST_OUTPUT.saturating_sub(bytes.len());
        bytes.extend(part.iter().take(room));
    });
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    match ended {
        Ok(ended) if matches!(ended.end, End::OutOfTime(_)) => {
            text.push_str(&format!("the test was ended after {}\n", seconds(TEST_LIMIT)));
        }
        Ok(_) => {}
        Err(error) => text.push_str(&error.to_string()),
    }
    text
}
