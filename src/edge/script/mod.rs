//! Update scripts, as ddns-scripts has them (openwrt `net/ddns-scripts`): sourced by a shell that
//! gives them the variables and functions they expect.

mod frame;
pub mod process;
pub mod said;

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use self::process::{Ended, Running, SHELL, command};
use self::said::{End, Listener, Minutes, Said};
use crate::config::options::{self, Kind};
use crate::config::{Global, Lookup, Section};
use crate::edge::clock;
use crate::edge::files;
use crate::edge::probe;
use crate::model::Notice;
use crate::model::secret::Secret;
use crate::model::{Credentials, Family};
use crate::provider::Script;
use crate::provider::{Answer, Change, Failure, FailureKind, Outcome, Request};

/// Time for a script and everything it starts.
pub const UPDATE_TIMEOUT: Duration = Duration::from_secs(120);
/// Most transfers that one run may ask for.
const TRANSFERS: usize = 32;
/// Most bytes of a script that are looked through.
const SCRIPT_LIMIT: u64 = 1024 * 1024;
/// In the directory of a run: where the answer of a transfer is put, and where the script is told.
const ANSWER: &str = "dat";
const REPLY: &str = "reply";
/// Reads the frame, which goes to its standard input.
const SOURCE: &str = ". /proc/self/fd/0";

/// One update that a script is to do.
#[derive(Clone, Debug)]
pub struct Call {
    /// The section.
    pub section: Arc<Section>,
    /// Its script.
    pub script: Script,
    /// What is to be published.
    pub change: Change,
    /// Its address.
    pub address: IpAddr,
    /// Where files are.
    pub global: Arc<Global>,
}

/// What became of a call.
#[derive(Clone, Debug)]
pub struct Done {
    /// What became of the change.
    pub outcome: Outcome,
    /// When the script was started, since boot; `None` if nothing was sent.
    pub sent_at: Option<Duration>,
    /// What it said last, secrets masked.
    pub answer: String,
}

/// What a script can have done while it runs.
pub struct Hands<'a> {
    /// Sends a request the way the section wants it.
    pub send: &'a mut dyn FnMut(&Request) -> Result<Answer, Failure>,
    /// What the DNS has for the section, if somebody says so soon.
    pub look_up: &'a dyn Fn(&Lookup, Family) -> Option<IpAddr>,
    /// Tells the operator.
    pub say: &'a dyn Fn(Notice),
}

impl Call {
    /// An option as the section has it.
    fn option(&self, name: &str) -> Option<&str> {
        let mut options = self.script.options.iter();
        options.find(|(it, _)| it == name).map(|(_, value)| value.expose())
    }

    /// What must not be seen in anything that the script says. Options that only the script knows
    /// may hold anything.
    fn secrets(&self) -> Vec<Secret> {
        let provider = &self.section.provider;
        let own = self.script.options.iter();
        let own = own.filter(|(name, _)| options::find(Kind::Service, name).is_none());
        let proxy = self.section.transport.proxy.as_ref();
        let credentials = proxy.and_then(|proxy| proxy.credentials.as_ref());
        [&provider.account.password, &provider.account.param_enc, &provider.account.param_opt]
            .into_iter()
            .chain(own.map(|(_, value)| value))
            .cloned()
            .chain(self.option("proxy").map(Secret::new))
            .chain(credentials.into_iter().flat_map(Credentials::secrets))
            .collect()
    }

    /// What the record was published as, or else what the DNS gives. That may take a while, so only
    /// a script that asks for it waits.
    fn registered(&self, hands: &Hands<'_>) -> Option<IpAddr> {
        let look_up = || {
            let script = files::read(&self.script.file, SCRIPT_LIMIT).ok()?;
            let script = String::from_utf8_lossy(&script);
            let wanted =
                ["REGISTERED_IP", "get_registered_ip"].iter().any(|it| script.contains(it));
            wanted.then(|| (hands.look_up)(&self.section.lookup, self.change.family))?
        };
        self.change.previous.or_else(look_up)
    }

    /// The script as people may see it.
    pub fn shown(&self) -> String {
        format!("script {}", self.script.file.display())
    }

    /// Runs the script to its end, `limit` at most.
    pub fn run(&self, limit: Duration, hands: Hands<'_>) -> Done {
        self.run_in(&mut command(SHELL), limit, hands)
    }

    fn run_in(&self, shell: &mut Command, limit: Duration, hands: Hands<'_>) -> Done {
        let started = clock::uptime();
        let mut minutes = Minutes::new(self.secrets());
        let ended = match self.attempt(shell, limit, &mut minutes, hands) {
            Ok(ended) => ended,
            Err(error) => {
                let reason = format!("the script cannot be run: {error}");
                let kind = FailureKind::Other;
                let outcome = Outcome::Retry { reason, after: None, kind };
                return Done { outcome, sent_at: None, answer: error.to_string() };
            }
        };
        let end = end(&ended, limit);
        let outcome = minutes.outcome(end, ended.complaint(&self.secrets()));
        let sent_at = (end != End::Status(127)).then_some(started);
        Done { outcome, sent_at, answer: minutes.last }
    }

    fn attempt(
        &self,
        shell: &mut Command,
        limit: Duration,
        minutes: &mut Minutes,
        hands: Hands<'_>,
    ) -> io::Result<Ended> {
        let _turn = Turn::take(&self.section.name)?;
        let mut place =
            Place::new(self.global.rundir.join(format!("{}.script", self.section.name)))?;
        let text = frame::text(self, &place.path, self.registered(&hands));
        shell.args(["-c", SOURCE]).arg(&self.script.file).arg(&self.section.name);
        let running = Running::start(shell, Some(self.address), Some(&text))?;
        let mut listener = Listener::default();
        let mut transfers = 0;
        running.wait(limit, &mut |bytes| {
            for said in listener.hear(bytes) {
                match said {
                    Said::Message { level, text } => {
                        let notice = minutes
                            .message(level, &text)
                            .map(|(level, text)| Notice::about(&self.section.name, level, text));
                        notice.into_iter().for_each(hands.say);
                    }
                    Said::Transfer(url) if transfers < TRANSFERS => {
                        transfers += 1;
                        place.reply(&transfer(&url, &place.path, minutes, hands.send));
                    }
                    Said::Transfer(_) => place.reply(&format!(
                        "a script can have {TRANSFERS} transfers in one run, this one asked for more"
                    )),
                }
            }
        })
    }
}

/// Opens `url` for a script. Gives the line that the script is told.
fn transfer(
    url: &str,
    place: &Path,
    minutes: &mut Minutes,
    send: &mut dyn FnMut(&Request) -> Result<Answer, Failure>,
) -> String {
    let answer = send(&probe::request(url));
    minutes.transferred(answer.as_ref().err());
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return minutes.masked(&failure.text),
    };
    if let Err(error) = fs::write(place.join(ANSWER), &answer.body) {
        return format!("the answer cannot be kept: {error}");
    }
    match answer.status {
        ..400 => "ok".into(),
        status if answer.body.trim().is_empty() => format!("HTTP {status}"),
        status => minutes.masked(&format!("HTTP {status}: {}", answer.body)),
    }
}

fn end(ended: &Ended, limit: Duration) -> End {
    let status = ended.status.map(|status| (status.code(), status.signal()));
    match status {
        None => End::TimeOver(limit),
        Some((Some(code), _)) => End::Status(code),
        Some((None, _)) if ended.cut => End::AddressGone,
        Some((None, signal)) => End::Signal(signal.unwrap_or_default()),
    }
}

/// The sections whose script runs.
static RUNNING: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A section's script runs once at a time, also across a reload that the engine has forgotten it in.
struct Turn(String);

impl Turn {
    fn take(section: &str) -> io::Result<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if running.iter().any(|it| it == section) {
            return Err(io::Error::other("it is still running for the configuration of before"));
        }
        running.push(section.to_owned());
        Ok(Self(section.to_owned()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|it| *it != self.0);
    }
}

/// The directory of one run. What a script writes beside its `$DATFILE` may hold secrets, so it is
/// nobody else's; it ends with the run.
struct Place {
    path: PathBuf,
    /// Open for reading as well, so that neither side waits for the other to open it.
    reply: File,
}

impl Place {
    fn new(path: PathBuf) -> io::Result<Self> {
        // Of a daemon that was killed.
        let _ = fs::remove_dir_all(&path);
        DirBuilder::new().mode(0o700).create(&path)?;
        let reply = path.join(REPLY);
        mkfifo(&reply, Mode::S_IRUSR | Mode::S_IWUSR)?;
        let mut options = File::options();
        // A script that asks and does not read must not hold us up.
        let options = options.read(true).write(true).custom_flags(OFlag::O_NONBLOCK.bits());
        let reply = options.open(reply)?;
        Ok(Self { path, reply })
    }

    fn reply(&mut self, line: &str) {
        // Whoever asked may be gone.
        let _ = writeln!(self.reply, "{line}");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests;
