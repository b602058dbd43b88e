//! Runs the update scripts of ddns-scripts (openwrt `net/ddns-scripts`). A shell sources the script,
//! with the variables and functions that ddns-scripts gives it.

mod frame;
pub mod message;

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use self::message::{MessageReader, ScriptLog, ScriptMessage};
use crate::config::options::{self, SectionKind};
use crate::config::{Global, Lookup, Section};
use crate::edge::clock;
use crate::edge::files;
use crate::edge::process::{self, End, Ended, Running, SHELL};
use crate::edge::spawn::{Exit, Program};
use crate::model::Notice;
use crate::model::secret::Secret;
use crate::model::{Family, Url};
use crate::provider::{Answer, Change, Failure, FailureKind, Outcome, Request};
use crate::provider::{Script, template};
use crate::time::Duration;

/// How long a script and the programs it starts may run.
pub const UPDATE_TIMEOUT: Duration = Duration::from_secs(120);
/// Most transfers that one run may ask for. Scripts of ddns-scripts need fewer than ten. A script that asks for
/// more than this is in an endless loop.
const MAX_TRANSFERS: usize = 32;
/// Most bytes of a script that are searched for [`ScriptUpdate::needs_registered_address`].
const SCRIPT_LIMIT: u64 = 1024 * 1024;
/// The file in the scratch directory that gets the answer of a transfer: `$DATFILE`.
const ANSWER: &str = "dat";
/// The pipe in the scratch directory on which the script gets the result of a transfer.
const REPLY: &str = "reply";
/// The command line of the shell. The text of `frame` goes to its standard input.
const SOURCE: &str = ". /proc/self/fd/0";

/// One update by a script.
#[derive(Clone, Debug)]
pub struct ScriptUpdate {
    /// The section.
    pub section: Arc<Section>,
    /// Its script.
    pub script: Script,
    /// The change to publish.
    pub change: Change,
    /// The address of the change.
    pub address: IpAddr,
    /// The options of `config ddns 'global'`, for directories.
    pub global: Arc<Global>,
}

/// The result of an update.
#[derive(Clone, Debug)]
pub struct ScriptResult {
    /// The outcome of the change.
    pub outcome: Outcome,
    /// When the script was started, since boot; `None` if nothing was sent.
    pub sent_at: Option<Duration>,
    /// The last message of the script, secrets masked.
    pub answer: String,
}

/// What the daemon does for a script while it runs.
pub struct ScriptServices<'a> {
    /// Sends a request with the transport of the section.
    pub send: &'a mut dyn FnMut(&Request) -> Result<Answer, Failure>,
    /// The registered address of the section, if a name server answers within a few seconds.
    pub look_up: &'a dyn Fn(&Lookup, Family) -> Option<IpAddr>,
    /// Logs a message.
    pub say: &'a dyn Fn(Notice),
}

impl ScriptUpdate {
    /// The value of an option in the section.
    fn option(&self, name: &str) -> Option<&str> {
        for (option, value) in &self.script.options {
            if option == name {
                return Some(value.expose());
            }
        }
        None
    }

    /// What is masked in messages of the script. This includes the options that only the script knows,
    /// since they may hold passwords.
    fn secrets(&self) -> Vec<Secret> {
        let account = &self.section.provider.account;
        let mut secrets =
            vec![account.password.clone(), account.param_enc.clone(), account.param_opt.clone()];
        for (name, value) in &self.script.options {
            if name == "proxy" || options::find(SectionKind::Service, name).is_none() {
                secrets.push(value.clone());
            }
        }
        let proxy = self.section.transport.proxy.as_ref();
        if let Some(credentials) = proxy.and_then(|proxy| proxy.credentials.as_ref()) {
            secrets.extend(credentials.secrets());
        }
        secrets
    }

    /// The address that was published last. If none is known, DNS is asked, but only for a script that
    /// uses the answer.
    fn registered(&self, services: &ScriptServices<'_>) -> Option<IpAddr> {
        // The look-up takes up to a few seconds, in which the new address is not published.
        if self.change.previous.is_some() || !self.needs_registered_address() {
            return self.change.previous;
        }
        (services.look_up)(&self.section.lookup, self.change.family)
    }

    fn needs_registered_address(&self) -> bool {
        let script = files::read(&self.script.file, SCRIPT_LIMIT).unwrap_or_default();
        let script = String::from_utf8_lossy(&script);
        script.contains("REGISTERED_IP") || script.contains("get_registered_ip")
    }

    /// The script as the status shows it.
    pub fn shown(&self) -> String {
        format!("script {}", self.script.file.display())
    }

    /// Runs the script to its end. Kills it after `limit`.
    pub fn run(&self, limit: Duration, services: ScriptServices<'_>) -> ScriptResult {
        self.run_in(&[SHELL], limit, services)
    }

    fn run_in(
        &self,
        shell: &[&str],
        limit: Duration,
        services: ScriptServices<'_>,
    ) -> ScriptResult {
        let started = clock::uptime();
        let mut log = ScriptLog::new(self.secrets());
        let ended = match self.attempt(shell, limit, &mut log, services) {
            Ok(ended) => ended,
            Err(error) => {
                let reason = format!("the script cannot be run: {error}");
                let kind = FailureKind::Other;
                let outcome = Outcome::Retry { reason, after: None, kind };
                return ScriptResult { outcome, sent_at: None, answer: error.to_string() };
            }
        };
        let outcome = log.outcome(ended.end, ended.complaint(&self.secrets()));
        // A script of ddns-scripts returns 127 if it has sent nothing.
        let sent_at =
            if ended.end == End::Exited(Exit::Status(127)) { None } else { Some(started) };
        ScriptResult { outcome, sent_at, answer: log.last }
    }

    /// The shell that sources the script.
    fn program(&self, shell: &[&str]) -> Program {
        // The file and the section become $0 and $1. They are there for the output of ps.
        let mut words = Vec::new();
        for word in shell.iter().chain(&["-c", SOURCE]) {
            words.push(OsString::from(word));
        }
        words.push(self.script.file.clone().into());
        words.push(self.section.name.clone().into());
        process::program(words)
    }

    fn attempt(
        &self,
        shell: &[&str],
        limit: Duration,
        log: &mut ScriptLog,
        services: ScriptServices<'_>,
    ) -> io::Result<Ended> {
        let _lock = SectionLock::acquire(&self.section.name)?;
        let scratch =
            ScratchDir::new(self.global.rundir.join(format!("{}.script", self.section.name)))?;
        let text = frame::text(self, &scratch.path, self.registered(&services));
        let program = self.program(shell);
        let running = Running::start(program, Some(self.address), Some(&text))?;
        let section = &self.section.name;
        let mut reader = MessageReader::default();
        let mut dialogue = ScriptDialogue { section, log, services, scratch, transfers: 0 };
        running.wait(limit, &mut |bytes| {
            for message in reader.receive(bytes) {
                dialogue.take_in(message);
            }
        })
    }
}

/// The dialogue with a script while it runs.
struct ScriptDialogue<'a, 's> {
    section: &'a str,
    log: &'a mut ScriptLog,
    services: ScriptServices<'s>,
    scratch: ScratchDir,
    /// How many transfers the script has asked for.
    transfers: usize,
}

impl ScriptDialogue<'_, '_> {
    fn take_in(&mut self, message: ScriptMessage) {
        match message {
            ScriptMessage::Message { level, text } => {
                if let Some((level, text)) = self.log.message(level, &text) {
                    (self.services.say)(Notice::about(self.section, level, text));
                }
            }
            ScriptMessage::Transfer(url) => {
                self.transfers += 1;
                let reply = self.answer(&url);
                self.scratch.reply(&reply);
            }
        }
    }

    /// Carries out a transfer, unless the script has had enough of them. Returns the reply to the script.
    fn answer(&mut self, url: &str) -> String {
        if self.transfers <= MAX_TRANSFERS {
            return transfer(url, &self.scratch.path, self.log, self.services.send);
        }
        // A script that got no reply would wait until its time is over.
        format!("a script can have {MAX_TRANSFERS} transfers in one run, this one asked for more")
    }
}

/// Sends a request to `url` for a script, and writes the answer into `directory`. Returns the reply to
/// the script: `ok`, or the error.
fn transfer(
    url: &str,
    directory: &Path,
    log: &mut ScriptLog,
    send: &mut dyn FnMut(&Request) -> Result<Answer, Failure>,
) -> String {
    let answer = match Url::parse(url) {
        Ok(url) => send(&template::literal(&url)),
        Err(why) => Err(Failure { kind: FailureKind::Other, sent: false, text: why.to_string() }),
    };
    log.transferred(answer.as_ref().err());
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return log.masked(&failure.text),
    };
    if let Err(error) = fs::write(directory.join(ANSWER), &answer.body) {
        return format!("the answer cannot be written to a file: {error}");
    }
    match answer.status {
        ..400 => "ok".into(),
        status if answer.body.trim().is_empty() => format!("HTTP {status}"),
        status => log.masked(&format!("HTTP {status}: {}", answer.body)),
    }
}

/// The sections whose script is running.
static RUNNING: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps the script of a section from running twice at the same time. After a reload the engine may
/// start an update while the script of the old configuration still runs.
struct SectionLock(String);

impl SectionLock {
    fn acquire(section: &str) -> io::Result<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if running.iter().any(|name| name == section) {
            return Err(io::Error::other("it is still running for the previous configuration"));
        }
        running.push(section.to_owned());
        Ok(Self(section.to_owned()))
    }
}

impl Drop for SectionLock {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|name| *name != self.0);
    }
}

/// The directory for the files of one run. Only this user can read it, since scripts write secrets into
/// files beside `$DATFILE`. It is removed after the run.
struct ScratchDir {
    path: PathBuf,
    /// The pipe [`REPLY`]. It is open for reading, too, because otherwise opening it would block until
    /// the script opens it.
    reply: File,
}

impl ScratchDir {
    fn new(path: PathBuf) -> io::Result<Self> {
        // A daemon that was killed has left its directory behind.
        let _ = fs::remove_dir_all(&path);
        DirBuilder::new().mode(0o700).create(&path)?;
        let reply = path.join(REPLY);
        mkfifo(&reply, Mode::S_IRUSR | Mode::S_IWUSR)?;
        let mut options = File::options();
        // Writing to a script that asks and does not read must not block.
        let options = options.read(true).write(true).custom_flags(OFlag::O_NONBLOCK.bits());
        let reply = options.open(reply)?;
        Ok(Self { path, reply })
    }

    fn reply(&mut self, line: &str) {
        // The script may have ended.
        let _ = writeln!(self.reply, "{line}");
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests;
