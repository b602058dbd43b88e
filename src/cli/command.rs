//! The command line of `ddns-netlink`.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::text::spelling::closest;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Be the daemon. The option has messages printed to standard error, even if it is no terminal.
    Run,
    /// Read the configuration and list its mistakes.
    Check,
    /// Bring these sections up to date and end; none means all. With the option, print what would be sent, send
    /// nothing.
    Once,
    /// Show every record, or only those of a section. The option has it as JSON, for programs.
    Status,
    /// Have the daemon send these sections now; none means all.
    Update,
    /// Have the daemon serve these sections again, or send those that it serves. There is at least one.
    Start,
    /// Have the daemon send nothing for these sections any more. There is at least one.
    Stop,
    /// Show how the address of a section is chosen.
    Why,
    /// Show the latest changes of addresses, or only those of a name or section. The option has them as JSON.
    History,
    /// Show the state of every record as metrics for Prometheus.
    Metrics,
    /// Show the kernel's address events as they come, those of these devices; none means all. The option has them as
    /// JSON.
    Watch,
    /// List the providers, those that a word is found in, or everything about one.
    Providers,
    /// Print the sections that do what a configuration of another client says: the path of that.
    Import,
    /// Show [`HELP`].
    Help,
    /// Show [`super::VERSION`].
    Version,
}

/// A command with its operands and options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The command.
    pub command: Command,
    /// Whether the option of the command is given; [`Command`] says what it means.
    pub option: bool,
    /// What follows the command, as many words as it takes.
    pub operands: Vec<String>,
    /// The client that [`Command::Import`] reads the configuration of, if the text is not to tell.
    pub from: Option<String>,
    /// The configuration file, if not the usual one.
    pub config: Option<PathBuf>,
}

/// A command line that makes no sense; `Display` is the sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let try_help = if self.0.ends_with('?') { " Try" } else { "; try" };
        write!(f, "{}{try_help} 'ddns-netlink --help'", self.0)
    }
}

impl std::error::Error for UsageError {}

/// What `--help` prints.
pub const HELP: &str = "\
Dynamic DNS that follows the kernel's address events.

Usage: ddns-netlink [-c FILE] COMMAND

Commands:
  run [--stderr]              be the daemon, in the foreground
  check                       read the configuration and list its mistakes
  once [--dry-run] [SECTION...]
                              bring sections, or all, up to date and end
  status [--json] [SECTION]   show what the running daemon knows
  update [SECTION...]         have the running daemon send sections now
  stop SECTION...             have it send nothing for sections any more
  start SECTION...            have it serve sections again, or send them
  why SECTION                 show how the address of a section is chosen
  history [--json] [NAME]     show the latest changes of names, or of a section
  metrics                     show what the daemon knows, for Prometheus
  watch [--json] [DEVICE...]  show address events as they come
  providers [NAME|WORD]       list providers, those with a word, or one
  import [--from CLIENT] FILE print a configuration of inadyn, ddclient or
                              ddns-go as sections of /etc/config/ddns
  help                        show this text

Options:
  -c, --config FILE           read FILE instead of /etc/config/ddns
  -h, --help                  show this text
  -V, --version               show the version

Exit codes:
  0   done
  1   something failed; `once`: a section is not published
  2   the command line makes no sense
  3   the configuration has mistakes
  4   no daemon is running, or it cannot be reached
  5   there is no such section
  6   another instance is running
  70  the system did something unexpected
";

/// What a command takes.
struct Syntax {
    name: &'static str,
    command: Command,
    /// The option that only this command takes, or nothing.
    option: &'static str,
    /// How many operands it needs.
    least: usize,
    /// How many operands it may have.
    most: usize,
}

const SYNTAX: &[Syntax] = &[
    syntax("run", Command::Run, "--stderr", 0, 0),
    syntax("check", Command::Check, "", 0, 0),
    syntax("once", Command::Once, "--dry-run", 0, usize::MAX),
    syntax("status", Command::Status, "--json", 0, 1),
    syntax("update", Command::Update, "", 0, usize::MAX),
    syntax("stop", Command::Stop, "", 1, usize::MAX),
    syntax("start", Command::Start, "", 1, usize::MAX),
    syntax("why", Command::Why, "", 1, 1),
    syntax("history", Command::History, "--json", 0, 1),
    syntax("metrics", Command::Metrics, "", 0, 0),
    syntax("watch", Command::Watch, "--json", 0, usize::MAX),
    syntax("providers", Command::Providers, "", 0, 1),
    syntax("import", Command::Import, "--from", 1, 1),
    syntax("help", Command::Help, "", 0, usize::MAX),
];

const fn syntax(
    name: &'static str,
    command: Command,
    option: &'static str,
    least: usize,
    most: usize,
) -> Syntax {
    Syntax { name, command, option, least, most }
}

/// Options that every command takes.
const COMMON: [&str; 3] = ["--config", "--help", "--version"];

/// Parses the arguments, without the program's name.
///
/// # Errors
/// If they make no sense: about the first thing that does not.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, UsageError> {
    let mut words = Words::read(arguments)?;
    // Help is shown whatever else is on the line: who asks for it may not know the rest yet.
    let command = if words.has("--help") {
        Command::Help
    } else if words.has("--version") {
        Command::Version
    } else {
        words.command()?
    };
    if !words.plain.is_empty() {
        // The command itself.
        words.plain.remove(0);
    }
    Ok(Invocation {
        command,
        // Each command has one option of its own at most.
        option: !words.options.is_empty(),
        operands: words.plain,
        from: words.from,
        config: words.config,
    })
}

/// The arguments, sorted into kinds.
#[derive(Default)]
struct Words {
    options: Vec<String>,
    /// The command and its operands.
    plain: Vec<String>,
    config: Option<PathBuf>,
    /// The value of `--from`.
    from: Option<String>,
}

impl Words {
    fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut words = Self::default();
        let mut arguments = arguments.into_iter();
        let mut options_ended = false;
        while let Some(argument) = arguments.next() {
            // Of all arguments, only the name of a file in a word of its own may be no UTF-8.
            let Some(word) = argument.to_str() else {
                let shown = argument.to_string_lossy();
                return Err(UsageError(format!("'{shown}' is not UTF-8 text")));
            };
            // A single '-' is no option (POSIX.1-2017, `getopt`).
            if options_ended || word == "-" || !word.starts_with('-') {
                words.plain.push(word.to_owned());
            } else if word == "--" {
                options_ended = true;
            } else {
                words.add_option(word, &mut arguments)?;
            }
        }
        Ok(words)
    }

    /// Takes in an option, whose value may be the next of `arguments`.
    fn add_option(
        &mut self,
        word: &str,
        arguments: &mut dyn Iterator<Item = OsString>,
    ) -> Result<(), UsageError> {
        if word == "-c" || word == "--config" {
            return self.set_config(arguments.next());
        }
        if let Some(file) = word.strip_prefix("--config=").or(word.strip_prefix("-c")) {
            return self.set_config(Some(file.into()));
        }
        if word == "--from" || word.starts_with("--from=") {
            let value = word.strip_prefix("--from=").map(OsString::from);
            return self.set_client(value.or_else(|| arguments.next()));
        }
        self.options.push(long_form(word).to_owned());
        Ok(())
    }

    fn set_config(&mut self, file: Option<OsString>) -> Result<(), UsageError> {
        match file {
            // An empty name would mean the usual file, which a script with an unset variable does not want.
            Some(file) if !file.is_empty() => match self.config.replace(file.into()) {
                None => Ok(()),
                Some(_) => Err(UsageError("option '--config' is given twice".into())),
            },
            Some(_) | None => Err(UsageError("option '--config' needs a file".into())),
        }
    }

    fn set_client(&mut self, name: Option<OsString>) -> Result<(), UsageError> {
        let Some(name) = name.and_then(|name| name.into_string().ok()) else {
            return Err(UsageError("option '--from' needs inadyn, ddclient or ddns-go".into()));
        };
        // It is also among the options, so that a command that does not take it refuses it.
        self.options.push("--from".into());
        self.from = Some(name);
        Ok(())
    }

    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|other| other == option)
    }

    fn command(&self) -> Result<Command, UsageError> {
        let Some((name, operands)) = self.plain.split_first() else {
            // A mistyped option, such as `--dryrun`, is the better hint.
            self.check_options(SYNTAX)?;
            return Err(UsageError("no command is given".into()));
        };
        let Some(syntax) = SYNTAX.iter().find(|syntax| syntax.name == name) else {
            let mut commands = Vec::new();
            for syntax in SYNTAX {
                commands.push(syntax.name);
            }
            return Err(unknown("command", name, &commands));
        };
        self.check_options(std::slice::from_ref(syntax))?;
        if operands.len() < syntax.least {
            let what = if name == "import" { "a file" } else { "the name of a section" };
            return Err(UsageError(format!("'{name}' needs {what}")));
        }
        if let Some(extra) = operands.get(syntax.most) {
            return Err(UsageError(format!("unexpected argument '{extra}'")));
        }
        Ok(syntax.command)
    }

    /// An error if none of these commands takes one of the options.
    fn check_options(&self, commands: &[Syntax]) -> Result<(), UsageError> {
        let mut known = COMMON.to_vec();
        for syntax in commands {
            if !syntax.option.is_empty() {
                known.push(syntax.option);
            }
        }
        match self.options.iter().find(|option| !known.contains(&option.as_str())) {
            None => Ok(()),
            Some(option) => Err(unknown("option", option, &known)),
        }
    }
}

/// The long form of a short option; any other option unchanged.
fn long_form(option: &str) -> &str {
    match option {
        "-h" => "--help",
        "-V" => "--version",
        other => other,
    }
}

fn unknown(kind: &str, word: &str, known: &[&'static str]) -> UsageError {
    let hint = match closest(word, known) {
        Some(near) => format!("; did you mean '{near}'?"),
        None => String::new(),
    };
    UsageError(format!("there is no {kind} '{word}' here{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStringExt as _;

    fn go(line: &str) -> Result<Invocation, UsageError> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn command(line: &str) -> Command {
        go(line).unwrap_or_else(|error| panic!("{line}: {error}")).command
    }

    fn error(line: &str) -> String {
        go(line).unwrap_err().0
    }

    #[test]
    fn every_command_is_parsed() {
        for (line, command, option, operands) in [
            ("run", Command::Run, false, &[][..]),
            ("run --stderr", Command::Run, true, &[]),
            ("check", Command::Check, false, &[]),
            ("once", Command::Once, false, &[]),
            ("--dry-run once a", Command::Once, true, &["a"]),
            ("status", Command::Status, false, &[]),
            ("status --json", Command::Status, true, &[]),
            ("status home", Command::Status, false, &["home"]),
            ("update", Command::Update, false, &[]),
            ("update a b", Command::Update, false, &["a", "b"]),
            ("update -- -a", Command::Update, false, &["-a"]),
            ("start a", Command::Start, false, &["a"]),
            ("stop a b", Command::Stop, false, &["a", "b"]),
            ("why home", Command::Why, false, &["home"]),
            ("metrics", Command::Metrics, false, &[]),
            ("watch", Command::Watch, false, &[]),
            ("watch eth0 --json", Command::Watch, true, &["eth0"]),
            ("providers", Command::Providers, false, &[]),
            ("providers he.net", Command::Providers, false, &["he.net"]),
            ("import a.conf", Command::Import, false, &["a.conf"]),
            ("import --from inadyn a", Command::Import, true, &["a"]),
            ("import a --from=ddns-go", Command::Import, true, &["a"]),
        ] {
            let parsed = go(line).unwrap();
            assert_eq!((parsed.command, parsed.option), (command, option), "{line}");
            assert_eq!(parsed.operands, operands, "{line}");
        }
        for (line, from) in [
            ("import a.conf", None),
            ("import --from inadyn a", Some("inadyn")),
            ("import a --from=ddns-go", Some("ddns-go")),
        ] {
            assert_eq!(go(line).unwrap().from.as_deref(), from, "{line}");
        }
        for line in ["help", "help run", "--help", "run --what -h"] {
            assert_eq!(command(line), Command::Help, "{line}");
        }
        for line in ["-V", "--version"] {
            assert_eq!(command(line), Command::Version, "{line}");
        }
    }

    #[test]
    fn the_config_option_may_stand_anywhere() {
        for line in
            ["-c /x check", "check -c /x", "--config /x check", "check --config=/x", "check -c/x"]
        {
            assert_eq!(go(line).unwrap().config, Some("/x".into()), "{line}");
        }
        assert_eq!(go("check").unwrap().config, None);
        let odd = OsString::from_vec(b"/\xff".to_vec());
        let line = ["check".into(), "-c".into(), odd.clone()];
        assert_eq!(parse(line).unwrap().config, Some(odd.clone().into()));
        assert!(parse(["why".into(), odd]).is_err());
    }

    #[test]
    fn usage_errors_are_explained() {
        for (line, text) in [
            ("", "no command is given"),
            ("--", "no command is given"),
            ("chekc", "there is no command 'chekc' here; did you mean 'check'?"),
            ("stats", "there is no command 'stats' here; did you mean 'status'?"),
            ("frobnicate", "there is no command 'frobnicate' here"),
            ("status --jsno", "there is no option '--jsno' here; did you mean '--json'?"),
            ("check --json", "there is no option '--json' here"),
            ("once --dryrun", "there is no option '--dryrun' here; did you mean '--dry-run'?"),
            ("check x", "unexpected argument 'x'"),
            ("why", "'why' needs the name of a section"),
            ("stop", "'stop' needs the name of a section"),
            ("start", "'start' needs the name of a section"),
            ("import", "'import' needs a file"),
            ("import a b", "unexpected argument 'b'"),
            ("import a --from", "option '--from' needs inadyn, ddclient or ddns-go"),
            ("check --from x", "there is no option '--from' here"),
            ("why a b", "unexpected argument 'b'"),
            ("providers a b", "unexpected argument 'b'"),
            ("check -c", "option '--config' needs a file"),
            ("check --config=", "option '--config' needs a file"),
            ("check -c a -c b", "option '--config' is given twice"),
            ("check -x", "there is no option '-x' here"),
            ("-x", "there is no option '-x' here"),
            ("-v", "there is no option '-v' here"),
            ("--jsno", "there is no option '--jsno' here; did you mean '--json'?"),
            ("--json", "no command is given"),
            ("status a b", "unexpected argument 'b'"),
        ] {
            assert_eq!(error(line), text, "{line}");
        }
        let shown = go("").unwrap_err().to_string();
        assert_eq!(shown, "no command is given; try 'ddns-netlink --help'");
        let shown = go("chekc").unwrap_err().to_string();
        assert!(shown.ends_with("did you mean 'check'? Try 'ddns-netlink --help'"), "{shown}");
    }

    #[test]
    fn help_and_man_page_know_every_command_option_and_code() {
        let man = include_str!("../../doc/ddns-netlink.8.md");
        for Syntax { name, .. } in SYNTAX {
            assert!(HELP.contains(&format!("\n  {name}")), "{name}");
            assert!(man.contains(&format!("\n**{name}**")), "{name}");
        }
        for option in ["--stderr", "--dry-run", "--json"].iter().chain(&COMMON) {
            assert!(HELP.contains(option), "{option}");
            assert!(man.contains(&format!("**{option}**")), "{option}");
        }
        for (code, meaning) in super::super::exit::ALL {
            assert!(HELP.contains(&format!("\n  {code:<3} {meaning}\n")), "{code}");
            assert!(man.contains(&format!("\n| {code} | {meaning} |\n")), "{code}");
        }
        assert!(HELP.lines().all(|line| line.len() < 80));
    }

    proptest! {
        #[test]
        fn parse_never_panics(words in proptest::collection::vec(any::<Vec<u8>>(), 0..6)) {
            let _ = parse(words.into_iter().map(OsString::from_vec));
        }
    }
}
