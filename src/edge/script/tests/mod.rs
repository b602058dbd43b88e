mod functions;

use std::cell::RefCell;
use std::thread;

use super::*;
use crate::config::fixture;
use crate::edge::process;
use crate::model::Level;
use crate::model::{Hostname, Proxy, RecordOptions, Target};
use crate::provider::Mechanism;
use crate::scratch::Scratch;

const LONG: Duration = Duration::from_secs(30);
const SH: &[&str] = &["/bin/sh"];

/// The shells on this machine, out of those that routers and Linux systems have as /bin/sh.
fn shells() -> Vec<&'static [&'static str]> {
    let all: [&[&str]; 3] = [SH, &["/usr/bin/busybox", "ash"], &["/bin/bash", "--posix"]];
    all.into_iter().filter(|shell| Path::new(shell[0]).exists()).collect()
}

/// A section whose script the tests run, and its directory.
struct TestSection {
    /// The name of the section. Tests run in parallel and only one script of a section can run, so each
    /// test has its own name.
    name: String,
    scratch: Scratch,
    options: Vec<(&'static str, &'static str)>,
}

impl TestSection {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(&format!("script-{name}"));
        Self { name: name.into(), scratch, options: vec![] }
    }

    fn update(&self, text: &str) -> ScriptUpdate {
        let file = self.scratch.path().join("update.sh");
        fs::write(&file, text).unwrap();
        let options = self.options.iter().map(|&(name, value)| (name.into(), Secret::new(value)));
        let script = Script { file, options: options.collect() };
        let mut section = fixture::section();
        section.provider.mechanism = Mechanism::Script(script.clone());
        section.name = self.name.clone();
        section.provider.account.username = "user".into();
        section.provider.account.password = Secret::new("p@ss 'w\"$(id)ord");
        section.provider.account.param_enc = Secret::new("enc&");
        let global = Arc::new(Global {
            rundir: self.scratch.path().into(),
            logdir: self.scratch.path().join("log"),
            ..fixture::global()
        });
        let address = "192.0.2.7".parse().unwrap();
        let change = Change {
            name: Hostname::parse("Home.Example.com").unwrap(),
            family: Family::V4,
            target: Target::Address(address),
            tried: Vec::new(),
            anew: false,
            previous: Some("192.0.2.1".parse().unwrap()),
            record: RecordOptions::default(),
        };
        ScriptUpdate { section: Arc::new(section), script, change, address, global }
    }

    fn run(&self, text: &str) -> (ScriptResult, Vec<(Level, String)>) {
        run_with(&self.update(text), SH, LONG, &mut |_| panic!("nothing is to be sent"))
    }
}

type Send<'a> = &'a mut dyn FnMut(&Request) -> Result<Answer, Failure>;

fn run_with(
    update: &ScriptUpdate,
    shell: &[&str],
    limit: Duration,
    send: Send<'_>,
) -> (ScriptResult, Vec<(Level, String)>) {
    let messages = RefCell::new(vec![]);
    let say = |notice: Notice| {
        assert_eq!(notice.section.as_ref(), Some(&update.section.name));
        messages.borrow_mut().push((notice.level, notice.text));
    };
    let result =
        update.run_in(shell, limit, ScriptServices { send, look_up: &|_, _| panic!(), say: &say });
    (result, messages.into_inner())
}

fn retry(result: &ScriptResult) -> &str {
    let Outcome::Retry { reason, after: None, kind: FailureKind::Other } = &result.outcome else {
        panic!("{result:?}");
    };
    reason
}

fn unconfirmed(result: &ScriptResult) -> &str {
    let Outcome::Unconfirmed { reason } = &result.outcome else { panic!("{result:?}") };
    reason
}

fn texts(messages: &[(Level, String)]) -> Vec<&str> {
    messages.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn a_script_gets_the_variables_of_ddns_scripts() {
    let mut section = TestSection::new("variables");
    section.options = vec![
        ("username", "user"),
        ("domain", "Other.example"),
        ("use_https", "0"),
        ("force_ipversion", "1"),
        ("param_opt", "a=1 b=2"),
        ("my_own", "it's\n$HOME `id` \\"),
        ("9bad", "x"),
        ("PATH", "/nowhere"),
        ("IFS", "x"),
        ("retry_count", "9"),
    ];
    let names = "username password domain lookup_host use_ipv6 use_https force_ipversion param_opt my_own __IP REGISTERED_IP URL_USER URL_PASS \
        URL_PENC SECTION_ID VERBOSE VERBOSE_MODE RETRY_SECONDS retry_max_count ERR_LAST retry_count PATH N ddns_rundir upd_privateip";
    let path = section.scratch.path().join("seen");
    let line = |name| format!("printf '%s=%s;\\n' {name} \"${name}\"\n");
    let lines: String = names.split_whitespace().map(line).collect();
    let text = format!("{{ {lines} }} >{}\n[ $use_https -eq 0 ] && return 0", path.display());
    for shell in shells() {
        let (result, messages) = run_with(&section.update(&text), shell, LONG, &mut |_| panic!());
        assert_eq!((&result.outcome, &messages), (&Outcome::Updated, &vec![]), "{messages:?}");
        let seen = fs::read_to_string(&path).unwrap();
        let rundir = format!("ddns_rundir={};\n", section.scratch.path().display());
        for expected in [
            "username=user;\n",
            "password=p@ss 'w\"$(id)ord;\n",
            "domain=Home.Example.com;\n",
            "lookup_host=Home.Example.com;\n",
            "use_ipv6=0;\nuse_https=0;\nforce_ipversion=1;\n",
            "param_opt=a=1 b=2;\n",
            "my_own=it's\n$HOME `id` \\;\n",
            "__IP=192.0.2.7;\nREGISTERED_IP=192.0.2.1;\n",
            "URL_USER=user;\nURL_PASS=p%40ss%20%27w%22%24%28id%29ord;\nURL_PENC=enc%26;\n",
            "SECTION_ID=variables;\nVERBOSE=0;\nVERBOSE_MODE=0;\nRETRY_SECONDS=5;\nretry_max_count=1;\n",
            "ERR_LAST=0;\nretry_count=;\nPATH=/usr/sbin:/usr/bin:/sbin:/bin;\nN=\n;\n",
            rundir.as_str(),
            "upd_privateip=0;\n",
        ] {
            assert!(seen.contains(expected), "{expected} in {seen}");
        }
    }
}

#[test]
fn only_the_registered_ipv6_address_is_expanded() {
    let section = TestSection::new("ipv6");
    let mut update = section.update("write_log 5 \"$use_ipv6 $__IP $REGISTERED_IP\"");
    update.address = "2001:db8::7".parse().unwrap();
    update.change.family = Family::V6;
    update.change.previous = Some("2001:db8::1".parse().unwrap());
    let (_, messages) = run_with(&update, SH, LONG, &mut |_| panic!());
    assert_eq!(texts(&messages), ["1 2001:db8::7 2001:0db8:0000:0000:0000:0000:0000:0001"]);
}

#[test]
fn dns_is_asked_only_for_a_script_that_uses_the_registered_address() {
    let section = TestSection::new("registered");
    let found = |text: &str, known: bool| {
        let mut update = section.update(text);
        update.change.previous = None;
        let messages = RefCell::new(vec![]);
        let look_up = |lookup: &Lookup, family: Family| {
            messages.borrow_mut().push(format!("{} {family}", lookup.host));
            known.then(|| "192.0.2.3".parse().unwrap())
        };
        let say = |notice: Notice| messages.borrow_mut().push(notice.text);
        let services = ScriptServices { send: &mut |_| panic!(), look_up: &look_up, say: &say };
        assert_eq!(update.run(LONG, services).outcome, Outcome::Updated);
        messages.into_inner()
    };
    let text = "write_log 5 \"is $REGISTERED_IP\"";
    assert_eq!(found(text, true), ["home.example.com IPv4", "is 192.0.2.3"]);
    assert_eq!(found(text, false), ["home.example.com IPv4", "is"]);
    assert_eq!(found("write_log 5 done", true), ["done"]);
}

#[test]
fn the_outcome_follows_from_the_exit_status_and_fatal_messages() {
    let section = TestSection::new("ends");
    for text in ["return 0", "exit 0", "true", "local x=1\n[ $x = 1 ]", ""] {
        let (result, _) = section.run(text);
        assert_eq!(result.outcome, Outcome::Updated, "{text}");
        assert!(result.sent_at.is_some());
    }
    for (text, reason) in [
        ("return 1", "the script failed with exit status 1"),
        ("exit 3", "the script failed with exit status 3"),
        ("write_log 4 'no zone'; return 1", "the script failed with exit status 1: no zone"),
        (
            "write_log 5 fine; echo 'x: oops' >&2; return 2",
            "the script failed with exit status 2: x: oops",
        ),
        ("write_log 14 \"Missing 'username'\"; return 0", "the script gave up: Missing 'username'"),
        ("x=$(write_log 13 deep); return 0", "the script gave up: deep"),
        ("kill -9 $$", "the script was killed by signal 9"),
    ] {
        let (result, _) = section.run(text);
        assert_eq!(retry(&result), reason, "{text}");
        assert!(result.sent_at.is_some());
    }
    let (result, _) = section.run("write_log 4 'no record'; return 127");
    assert_eq!(retry(&result), "the script sent nothing (exit status 127): no record");
    assert_eq!(result.sent_at, None);
    let (result, _) = section.run("if then");
    assert!(retry(&result).starts_with("the script failed with exit status 2: "), "{result:?}");
    let (result, _) = section.run("no-such-program");
    assert!(retry(&result).contains("no-such-program"), "{result:?}");
}

#[test]
fn messages_have_their_level_and_secrets_are_masked() {
    let mut section = TestSection::new("says");
    section.options = vec![
        ("username", "user"),
        ("proxy", "me:proxy-pw@proxy:3128"),
        ("api_token", "t0ken"),
        ("zone", "z.example"),
    ];
    let text = "write_log 7 'a\\nb'\nwrite_log 6 info x\nwrite_log 5 note\nwrite_log 4 warn\n\
        write_log 3 error\nwrite_log 0 emerg\nwrite_log x odd\n\
        write_log 7 \"curl -u $username:$password '$URL_PASS' $api_token $proxy $zone\"\n\
        echo \" 123456       : Record added\" >>$LOGFILE\n\
        echo \" 123456 ERROR : [refused]\" >>$LOGFILE\necho \"$password\" >>$LOGFILE\n\
        echo to nobody";
    for shell in shells() {
        let mut update = section.update(text);
        let section = Arc::get_mut(&mut update.section).unwrap();
        section.transport.proxy = Some(Proxy::parse("me:proxy-pw@proxy:3128").unwrap());
        let (result, messages) = run_with(&update, shell, LONG, &mut |_| panic!());
        let expected = [
            (Level::Debug, "a b"),
            (Level::Info, "info x"),
            (Level::Notice, "note"),
            (Level::Warning, "warn"),
            (Level::Error, "error"),
            (Level::Critical, "emerg"),
            (Level::Warning, "odd"),
            (Level::Debug, "curl -u user:*** '***' *** *** z.example"),
            (Level::Debug, "Record added"),
            (Level::Error, "[refused]"),
            (Level::Info, "***"),
        ];
        let messages: Vec<_> =
            messages.iter().map(|(level, text)| (*level, text.as_str())).collect();
        assert_eq!(messages, expected);
        assert_eq!((result.outcome, result.answer.as_str()), (Outcome::Updated, "***"));
    }
    let (result, _) = section.run("echo \"bad $password\" >&2; return 1");
    assert_eq!(retry(&result), "the script failed with exit status 1: bad ***");
    let (result, _) = section.run("write_log 14 \"bad $URL_PASS\"");
    assert_eq!(retry(&result), "the script gave up: bad ***");
}

#[test]
fn command_lines_and_environments_hold_no_secret() {
    let section = TestSection::new("processes");
    let text = "all=$(cat /proc/[0-9]*/cmdline | tr '\\0' ' ')\n\
        case $all in *\"$password\"*|*\"$URL_PASS\"*) write_log 3 leaked;; esac\n\
        case $(tr '\\0' ' ' </proc/$$/environ) in *\"$password\"*) write_log 3 leaked;; esac\n\
        case $all in *update.sh\" processes \"*) write_log 5 named;; esac\n\
        urlencode encoded \"$password\" || return 1";
    for shell in shells() {
        let (result, messages) = run_with(&section.update(text), shell, LONG, &mut |_| panic!());
        assert_eq!((result.outcome, texts(&messages)), (Outcome::Updated, vec!["named"]));
    }
}

#[test]
fn the_scratch_directory_is_private_and_removed_after_the_run() {
    let section = TestSection::new("place");
    let text = "echo \"$DATFILE\" >\"$DATFILE.curl\"; cat \"$DATFILE\" \"$ERRFILE\" || return 1\n\
        write_log 5 \"$DATFILE\"; cat $DATFILE.curl >&2; ls -ld \"${DATFILE%/*}\" >\"$DATFILE\"\n\
        write_log 5 \"$(cat $DATFILE)\"; read x && return 1; return 0";
    let (result, messages) = section.run(text);
    assert_eq!(result.outcome, Outcome::Updated);
    let place = section.scratch.path().join("place.script");
    assert_eq!(messages[0].1, place.join("dat").display().to_string());
    assert!(messages[1].1.starts_with("drwx------"), "{messages:?}");
    assert!(!place.exists());

    fs::create_dir(&place).unwrap();
    fs::write(place.join("left"), "s3cret").unwrap();
    assert_eq!(section.run("[ ! -e ${DATFILE%/*}/left ]").0.outcome, Outcome::Updated);
    let mut update = section.update("");
    Arc::make_mut(&mut update.global).rundir = "/nonexistent".into();
    let (result, _) = run_with(&update, SH, LONG, &mut |_| panic!());
    assert!(retry(&result).starts_with("the script cannot be run: "), "{result:?}");
    assert_eq!(result.sent_at, None);
}

#[test]
fn a_script_that_hangs_is_killed_with_its_children() {
    let section = TestSection::new("hangs");
    let mark = section.scratch.path().join("mark");
    let text =
        format!("write_log 4 'waiting'; sleep 1000 & (sleep 3; echo x >{}) & wait", mark.display());
    let (result, messages) =
        run_with(&section.update(&text), SH, Duration::from_secs(1), &mut |_| panic!());
    assert_eq!(unconfirmed(&result), "the script did not end within 1 s: waiting");
    assert_eq!(texts(&messages), ["waiting"]);
    thread::sleep(Duration::from_secs(3).into());
    assert!(!mark.exists());
}

#[test]
fn output_over_the_limits_is_dropped() {
    let section = TestSection::new("floods");
    for (text, most) in [
        ("yes >&2", 0),
        ("yes", 0),
        ("yes >>$LOGFILE", 200),
        ("while :; do write_log 5 x; done", 200),
        ("tr '\\0' x </dev/zero >>$LOGFILE", 200),
    ] {
        let limit = Duration::from_secs(1);
        let (result, messages) = run_with(&section.update(text), SH, limit, &mut |_| panic!());
        assert!(unconfirmed(&result).starts_with("the script did not end within 1 s"), "{text}");
        assert!(
            messages.len() == most || most == 200 && !messages.is_empty(),
            "{text}: {}",
            messages.len()
        );
        assert!(messages.iter().all(|(_, text)| text.len() < 1000));
    }
    let (_, messages) =
        section.run("i=0; while [ $i -lt 300 ]; do write_log 6 $i; i=$((i+1)); done");
    assert_eq!(messages.len(), 200);
    assert_eq!(
        messages[199],
        (Level::Warning, "the script writes more messages than are logged".into())
    );
    let left = "sleep 1000 >>$LOGFILE & (sleep 1000) & return 0";
    assert_eq!(section.run(left).0.outcome, Outcome::Updated);
}

fn answer(status: u16, body: &str) -> Result<Answer, Failure> {
    Ok(Answer { status, retry_after: None, body: body.into(), ..Answer::default() })
}

#[test]
fn a_transfer_is_sent_by_the_daemon_and_its_answer_is_in_datfile() {
    let section = TestSection::new("transfer");
    let text = "do_transfer \"http://$URL_USER:$URL_PASS@h.example/?ip=$__IP\" || return 1\n\
        write_log 7 \"answered:${N}$(cat $DATFILE)\"\ngrep -E 'good|nochg' $DATFILE >/dev/null";
    for shell in shells() {
        let mut urls = vec![];
        let mut send = |request: &Request| {
            let credentials = request.url.credentials.clone().unwrap();
            urls.push((credentials.password, request.url.expose()));
            answer(200, "good 192.0.2.7\nbye")
        };
        let (result, messages) = run_with(&section.update(text), shell, LONG, &mut send);
        assert_eq!(result.outcome, Outcome::Updated);
        assert_eq!(texts(&messages), ["answered: good 192.0.2.7 bye"]);
        let password = Secret::new("p@ss 'w\"$(id)ord");
        assert_eq!(urls[0], (password, "http://h.example/?ip=192.0.2.7".into()));
    }
    let (result, _) = run_with(&section.update(text), SH, LONG, &mut |_| answer(200, "badauth"));
    assert_eq!(retry(&result), "the script failed with exit status 1");
    let echo = "badauth for p@ss 'w\"$(id)ord";
    let (result, _) = run_with(&section.update(text), SH, LONG, &mut |_| answer(401, echo));
    assert_eq!(retry(&result), "the script gave up: HTTP 401: badauth for ***");
    let ends = format!("{text}; do_transfer http://again/");
    let mut answers = [answer(200, "good"), answer(500, "")].into_iter();
    let (result, _) = run_with(&section.update(&ends), SH, LONG, &mut |_| answers.next().unwrap());
    assert_eq!(retry(&result), "the script gave up: HTTP 500");
}

#[test]
fn the_failure_of_a_transfer_decides_the_outcome() {
    let section = TestSection::new("transfer-fails");
    let text = "do_transfer http://h.example/; return 0";
    let failure = |kind, sent| Failure { kind, sent, text: "h.example: no".into() };
    let run = |kind, sent| {
        let mut send = |_: &Request| Err(failure(kind, sent));
        run_with(&section.update(text), SH, LONG, &mut send).0
    };
    let reason = "the transfer failed: h.example: no";
    assert_eq!(unconfirmed(&run(FailureKind::Other, true)), reason);
    let expected =
        Outcome::Retry { reason: reason.into(), after: None, kind: FailureKind::NotResolved };
    assert_eq!(run(FailureKind::NotResolved, false).outcome, expected);
    let many = "i=0; while [ $i -lt 40 ]; do do_transfer http://x/; i=$((i+1)); done";
    let mut count = 0;
    let mut send = |_: &Request| {
        count += 1;
        answer(200, "")
    };
    let (result, _) = run_with(&section.update(many), SH, LONG, &mut send);
    let reason =
        "the script gave up: a script can have 32 transfers in one run, this one asked for more";
    assert_eq!(retry(&result), reason);
    assert_eq!(count, MAX_TRANSFERS);
}

#[test]
fn a_script_that_does_not_read_its_replies_is_killed_after_the_limit() {
    let section = TestSection::new("transfer-flood");
    let flood = "while :; do printf '\\001Uhttp://x/\\002' >&7; done";
    let limit = Duration::from_secs(3);
    let (result, _) =
        run_with(&section.update(flood), SH, limit, &mut |_| answer(404, &"x".repeat(60_000)));
    assert!(unconfirmed(&result).starts_with("the script did not end within 3 s"), "{result:?}");
}

#[test]
fn a_script_whose_address_is_gone_is_killed() {
    let section = TestSection::new("cut");
    let mut update = section.update("write_log 5 begun; sleep 1000; sleep 1000");
    update.address = "192.0.2.99".parse().unwrap();
    let other = TestSection::new("not-cut");
    let say = |_: Notice| {
        let (result, _) = other.run("kill -0 $$");
        assert_eq!(result.outcome, Outcome::Updated);
        process::cut("192.0.2.99".parse().unwrap());
    };
    let services = ScriptServices { send: &mut |_| panic!(), look_up: &|_, _| panic!(), say: &say };
    let result = update.run(LONG, services);
    assert_eq!(unconfirmed(&result), "the address went away while the script was running");
}

#[test]
fn scripts_of_several_sections_run_at_the_same_time() {
    let sections: Vec<_> = (0..4).map(|at| TestSection::new(&format!("side-{at}"))).collect();
    thread::scope(|scope| {
        for (at, section) in sections.iter().enumerate() {
            scope.spawn(move || {
                let text = format!("echo {at} >$DATFILE; sleep 1; [ \"$(cat $DATFILE)\" = {at} ]");
                let (result, _) = run_with(&section.update(&text), SH, LONG, &mut |_| panic!());
                assert_eq!(result.outcome, Outcome::Updated);
            });
        }
    });
}

#[test]
fn a_second_run_for_the_same_section_is_refused() {
    let section = TestSection::new("once");
    let update = section.update("write_log 5 begun; return 0");
    let again = RefCell::new(None);
    let say = |_: Notice| {
        let services =
            ScriptServices { send: &mut |_| panic!(), look_up: &|_, _| panic!(), say: &|_| {} };
        *again.borrow_mut() = Some(update.run(LONG, services));
    };
    let services = ScriptServices { send: &mut |_| panic!(), look_up: &|_, _| panic!(), say: &say };
    assert_eq!(update.run(LONG, services).outcome, Outcome::Updated);
    let again = again.take().unwrap();
    assert!(retry(&again).ends_with("still running for the previous configuration"), "{again:?}");
    assert_eq!(again.sent_at, None);
    assert_eq!(section.run("return 0").0.outcome, Outcome::Updated);
}

#[test]
fn the_manual_names_the_time_limit() {
    let manual = include_str!("../../../../doc/ddns-netlink.5.md");
    assert!(manual.contains(&format!("after {} seconds", UPDATE_TIMEOUT.as_secs())));
}
