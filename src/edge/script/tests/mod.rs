mod functions;

use std::cell::RefCell;
use std::thread;

use super::*;
use crate::config::fixture;
use crate::model::Level;
use crate::model::{Hostname, Proxy, RecordOptions, Target};
use crate::provider::Mechanism;
use crate::scratch::Scratch;

const LONG: Duration = Duration::from_secs(30);
const SH: &[&str] = &["/bin/sh"];

/// The shells of this machine that a router or its kin may have.
fn shells() -> Vec<&'static [&'static str]> {
    let all: [&[&str]; 3] = [SH, &["/usr/bin/busybox", "ash"], &["/bin/bash", "--posix"]];
    all.into_iter().filter(|shell| Path::new(shell[0]).exists()).collect()
}

/// A place for scripts, and what they see.
struct Stage {
    /// Of the section: its script runs once at a time.
    name: String,
    scratch: Scratch,
    options: Vec<(&'static str, &'static str)>,
}

impl Stage {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(&format!("script-{name}"));
        Self { name: name.into(), scratch, options: vec![] }
    }

    fn call(&self, text: &str) -> Call {
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
            tried: None,
            anew: false,
            previous: Some("192.0.2.1".parse().unwrap()),
            record: RecordOptions::default(),
        };
        Call { section: Arc::new(section), script, change, address, global }
    }

    fn run(&self, text: &str) -> (Done, Vec<(Level, String)>) {
        play(&self.call(text), SH, LONG, &mut |_| panic!("nothing is to be sent"))
    }
}

type Send<'a> = &'a mut dyn FnMut(&Request) -> Result<Answer, Failure>;

fn play(
    call: &Call,
    shell: &[&str],
    limit: Duration,
    send: Send<'_>,
) -> (Done, Vec<(Level, String)>) {
    let said = RefCell::new(vec![]);
    let say = |notice: Notice| {
        assert_eq!(notice.section.as_ref(), Some(&call.section.name));
        said.borrow_mut().push((notice.level, notice.text));
    };
    let mut command = command(shell[0]);
    command.args(&shell[1..]);
    let done =
        call.run_in(&mut command, limit, Hands { send, look_up: &|_, _| panic!(), say: &say });
    (done, said.into_inner())
}

fn retry(done: &Done) -> &str {
    let Outcome::Retry { reason, after: None, kind: FailureKind::Other } = &done.outcome else {
        panic!("{done:?}");
    };
    reason
}

fn unconfirmed(done: &Done) -> &str {
    let Outcome::Unconfirmed { reason } = &done.outcome else { panic!("{done:?}") };
    reason
}

fn texts(said: &[(Level, String)]) -> Vec<&str> {
    said.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn a_script_finds_what_ddns_scripts_gives_it() {
    let mut stage = Stage::new("variables");
    stage.options = vec![
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
    let path = stage.scratch.path().join("seen");
    let line = |name| format!("printf '%s=%s;\\n' {name} \"${name}\"\n");
    let lines: String = names.split_whitespace().map(line).collect();
    let text = format!("{{ {lines} }} >{}\n[ $use_https -eq 0 ] && return 0", path.display());
    for shell in shells() {
        let (done, said) = play(&stage.call(&text), shell, LONG, &mut |_| panic!());
        assert_eq!((&done.outcome, &said), (&Outcome::Updated, &vec![]), "{said:?}");
        let seen = fs::read_to_string(&path).unwrap();
        let rundir = format!("ddns_rundir={};\n", stage.scratch.path().display());
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
fn ipv6_is_expanded_where_ddns_scripts_does() {
    let stage = Stage::new("ipv6");
    let mut call = stage.call("write_log 5 \"$use_ipv6 $__IP $REGISTERED_IP\"");
    call.address = "2001:db8::7".parse().unwrap();
    call.change.family = Family::V6;
    call.change.previous = Some("2001:db8::1".parse().unwrap());
    let (_, said) = play(&call, SH, LONG, &mut |_| panic!());
    assert_eq!(texts(&said), ["1 2001:db8::7 2001:0db8:0000:0000:0000:0000:0000:0001"]);
}

#[test]
fn the_dns_is_asked_only_for_a_script_that_wants_to_know() {
    let stage = Stage::new("registered");
    let found = |text: &str, known: bool| {
        let mut call = stage.call(text);
        call.change.previous = None;
        let said = RefCell::new(vec![]);
        let look_up = |lookup: &Lookup, family: Family| {
            said.borrow_mut().push(format!("{} {family}", lookup.host));
            known.then(|| "192.0.2.3".parse().unwrap())
        };
        let say = |notice: Notice| said.borrow_mut().push(notice.text);
        let hands = Hands { send: &mut |_| panic!(), look_up: &look_up, say: &say };
        assert_eq!(call.run(LONG, hands).outcome, Outcome::Updated);
        said.into_inner()
    };
    let text = "write_log 5 \"is $REGISTERED_IP\"";
    assert_eq!(found(text, true), ["home.example.com IPv4", "is 192.0.2.3"]);
    assert_eq!(found(text, false), ["home.example.com IPv4", "is"]);
    assert_eq!(found("write_log 5 done", true), ["done"]);
}

#[test]
fn the_end_of_a_script_is_the_outcome() {
    let stage = Stage::new("ends");
    for text in ["return 0", "exit 0", "true", "local x=1\n[ $x = 1 ]", ""] {
        let (done, _) = stage.run(text);
        assert_eq!(done.outcome, Outcome::Updated, "{text}");
        assert!(done.sent_at.is_some());
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
        let (done, _) = stage.run(text);
        assert_eq!(retry(&done), reason, "{text}");
        assert!(done.sent_at.is_some());
    }
    let (done, _) = stage.run("write_log 4 'no record'; return 127");
    assert_eq!(retry(&done), "the script sent nothing (exit status 127): no record");
    assert_eq!(done.sent_at, None);
    let (done, _) = stage.run("if then");
    assert!(retry(&done).starts_with("the script failed with exit status 2: "), "{done:?}");
    let (done, _) = stage.run("no-such-program");
    assert!(retry(&done).contains("no-such-program"), "{done:?}");
}

#[test]
fn what_is_said_has_a_level_and_no_secrets() {
    let mut stage = Stage::new("says");
    stage.options = vec![
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
        let mut call = stage.call(text);
        let section = Arc::get_mut(&mut call.section).unwrap();
        section.transport.proxy = Some(Proxy::parse("me:proxy-pw@proxy:3128").unwrap());
        let (done, said) = play(&call, shell, LONG, &mut |_| panic!());
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
        let said: Vec<_> = said.iter().map(|(level, text)| (*level, text.as_str())).collect();
        assert_eq!(said, expected);
        assert_eq!((done.outcome, done.answer.as_str()), (Outcome::Updated, "***"));
    }
    let (done, _) = stage.run("echo \"bad $password\" >&2; return 1");
    assert_eq!(retry(&done), "the script failed with exit status 1: bad ***");
    let (done, _) = stage.run("write_log 14 \"bad $URL_PASS\"");
    assert_eq!(retry(&done), "the script gave up: bad ***");
}

#[test]
fn no_process_shows_a_secret() {
    let stage = Stage::new("processes");
    let text = "all=$(cat /proc/[0-9]*/cmdline | tr '\\0' ' ')\n\
        case $all in *\"$password\"*|*\"$URL_PASS\"*) write_log 3 leaked;; esac\n\
        case $(tr '\\0' ' ' </proc/$$/environ) in *\"$password\"*) write_log 3 leaked;; esac\n\
        case $all in *update.sh\" processes \"*) write_log 5 named;; esac\n\
        urlencode encoded \"$password\" || return 1";
    for shell in shells() {
        let (done, said) = play(&stage.call(text), shell, LONG, &mut |_| panic!());
        assert_eq!((done.outcome, texts(&said)), (Outcome::Updated, vec!["named"]));
    }
}

#[test]
fn what_a_script_writes_is_its_own_and_ends_with_it() {
    let stage = Stage::new("place");
    let text = "echo \"$DATFILE\" >\"$DATFILE.curl\"; cat \"$DATFILE\" \"$ERRFILE\" || return 1\n\
        write_log 5 \"$DATFILE\"; cat $DATFILE.curl >&2; ls -ld \"${DATFILE%/*}\" >\"$DATFILE\"\n\
        write_log 5 \"$(cat $DATFILE)\"; read x && return 1; return 0";
    let (done, said) = stage.run(text);
    assert_eq!(done.outcome, Outcome::Updated);
    let place = stage.scratch.path().join("place.script");
    assert_eq!(said[0].1, place.join("dat").display().to_string());
    assert!(said[1].1.starts_with("drwx------"), "{said:?}");
    assert!(!place.exists());

    fs::create_dir(&place).unwrap();
    fs::write(place.join("left"), "s3cret").unwrap();
    assert_eq!(stage.run("[ ! -e ${DATFILE%/*}/left ]").0.outcome, Outcome::Updated);
    let mut call = stage.call("");
    Arc::make_mut(&mut call.global).rundir = "/nonexistent".into();
    let (done, _) = play(&call, SH, LONG, &mut |_| panic!());
    assert!(retry(&done).starts_with("the script cannot be run: "), "{done:?}");
    assert_eq!(done.sent_at, None);
}

#[test]
fn a_script_that_hangs_is_killed_with_its_children() {
    let stage = Stage::new("hangs");
    let mark = stage.scratch.path().join("mark");
    let text =
        format!("write_log 4 'waiting'; sleep 1000 & (sleep 3; echo x >{}) & wait", mark.display());
    let (done, said) = play(&stage.call(&text), SH, Duration::from_secs(1), &mut |_| panic!());
    assert_eq!(unconfirmed(&done), "the script did not end within 1 s: waiting");
    assert_eq!(texts(&said), ["waiting"]);
    thread::sleep(Duration::from_secs(3));
    assert!(!mark.exists());
}

#[test]
fn a_script_that_floods_is_cut_short() {
    let stage = Stage::new("floods");
    for (text, most) in [
        ("yes >&2", 0),
        ("yes", 0),
        ("yes >>$LOGFILE", 200),
        ("while :; do write_log 5 x; done", 200),
        ("tr '\\0' x </dev/zero >>$LOGFILE", 200),
    ] {
        let limit = Duration::from_secs(1);
        let (done, said) = play(&stage.call(text), SH, limit, &mut |_| panic!());
        assert!(unconfirmed(&done).starts_with("the script did not end within 1 s"), "{text}");
        assert!(said.len() == most || most == 200 && !said.is_empty(), "{text}: {}", said.len());
        assert!(said.iter().all(|(_, text)| text.len() < 1000));
    }
    let (_, said) = stage.run("i=0; while [ $i -lt 300 ]; do write_log 6 $i; i=$((i+1)); done");
    assert_eq!(said.len(), 200);
    assert_eq!(said[199], (Level::Warning, "the script says more than is logged".into()));
    let left = "sleep 1000 >>$LOGFILE & (sleep 1000) & return 0";
    assert_eq!(stage.run(left).0.outcome, Outcome::Updated);
}

fn answer(status: u16, body: &str) -> Result<Answer, Failure> {
    Ok(Answer { status, retry_after: None, body: body.into(), ..Answer::default() })
}

#[test]
fn a_transfer_is_ours() {
    let stage = Stage::new("transfer");
    let text = "do_transfer \"http://$URL_USER:$URL_PASS@h.example/?ip=$__IP\" || return 1\n\
        write_log 7 \"answered:${N}$(cat $DATFILE)\"\ngrep -E 'good|nochg' $DATFILE >/dev/null";
    for shell in shells() {
        let mut urls = vec![];
        let mut send = |request: &Request| {
            urls.push(request.url.expose().to_owned());
            answer(200, "good 192.0.2.7\nbye")
        };
        let (done, said) = play(&stage.call(text), shell, LONG, &mut send);
        assert_eq!(done.outcome, Outcome::Updated);
        assert_eq!(texts(&said), ["answered: good 192.0.2.7 bye"]);
        assert!(urls[0].ends_with("@h.example/?ip=192.0.2.7"), "{urls:?}");
    }
    let (done, _) = play(&stage.call(text), SH, LONG, &mut |_| answer(200, "badauth"));
    assert_eq!(retry(&done), "the script failed with exit status 1");
    let echo = "badauth for p@ss 'w\"$(id)ord";
    let (done, _) = play(&stage.call(text), SH, LONG, &mut |_| answer(401, echo));
    assert_eq!(retry(&done), "the script gave up: HTTP 401: badauth for ***");
    let ends = format!("{text}; do_transfer http://again/");
    let mut answers = [answer(200, "good"), answer(500, "")].into_iter();
    let (done, _) = play(&stage.call(&ends), SH, LONG, &mut |_| answers.next().unwrap());
    assert_eq!(retry(&done), "the script gave up: HTTP 500");
}

#[test]
fn a_transfer_that_fails_is_known_for_what_it_is() {
    let stage = Stage::new("transfer-fails");
    let text = "do_transfer http://h.example/; return 0";
    let failure = |kind, sent| Failure { kind, sent, text: "h.example: no".into() };
    let run = |kind, sent| {
        let mut send = |_: &Request| Err(failure(kind, sent));
        play(&stage.call(text), SH, LONG, &mut send).0
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
    let (done, _) = play(&stage.call(many), SH, LONG, &mut send);
    let reason =
        "the script gave up: a script can have 32 transfers in one run, this one asked for more";
    assert_eq!(retry(&done), reason);
    assert_eq!(count, TRANSFERS);
}

#[test]
fn a_script_that_asks_and_does_not_read_is_ended_in_time() {
    let stage = Stage::new("transfer-flood");
    let flood = "while :; do printf '\\001Uhttp://x/\\002' >&7; done";
    let limit = Duration::from_secs(3);
    let (done, _) = play(&stage.call(flood), SH, limit, &mut |_| answer(404, &"x".repeat(60_000)));
    assert!(unconfirmed(&done).starts_with("the script did not end within 3 s"), "{done:?}");
}

#[test]
fn a_script_whose_address_is_gone_is_ended() {
    let stage = Stage::new("cut");
    let mut call = stage.call("write_log 5 begun; sleep 1000; sleep 1000");
    call.address = "192.0.2.99".parse().unwrap();
    let other = Stage::new("not-cut");
    let say = |_: Notice| {
        let (done, _) = other.run("kill -0 $$");
        assert_eq!(done.outcome, Outcome::Updated);
        process::cut("192.0.2.99".parse().unwrap());
    };
    let mut command = command(SHELL);
    let hands = Hands { send: &mut |_| panic!(), look_up: &|_, _| panic!(), say: &say };
    let done = call.run_in(&mut command, LONG, hands);
    assert_eq!(unconfirmed(&done), "the address went away while the script was running");
}

#[test]
fn sections_run_side_by_side() {
    let stages: Vec<_> = (0..4).map(|at| Stage::new(&format!("side-{at}"))).collect();
    thread::scope(|scope| {
        for (at, stage) in stages.iter().enumerate() {
            scope.spawn(move || {
                let text = format!("echo {at} >$DATFILE; sleep 1; [ \"$(cat $DATFILE)\" = {at} ]");
                let (done, _) = play(&stage.call(&text), SH, LONG, &mut |_| panic!());
                assert_eq!(done.outcome, Outcome::Updated);
            });
        }
    });
}

#[test]
fn the_script_of_a_section_runs_once_at_a_time() {
    let stage = Stage::new("once");
    let call = stage.call("write_log 5 begun; return 0");
    let again = RefCell::new(None);
    let say = |_: Notice| {
        let hands = Hands { send: &mut |_| panic!(), look_up: &|_, _| panic!(), say: &|_| {} };
        *again.borrow_mut() = Some(call.run(LONG, hands));
    };
    let hands = Hands { send: &mut |_| panic!(), look_up: &|_, _| panic!(), say: &say };
    assert_eq!(call.run(LONG, hands).outcome, Outcome::Updated);
    let again = again.take().unwrap();
    assert!(retry(&again).ends_with("still running for the configuration of before"), "{again:?}");
    assert_eq!(again.sent_at, None);
    assert_eq!(stage.run("return 0").0.outcome, Outcome::Updated);
}

#[test]
fn the_manual_names_the_limit() {
    let manual = include_str!("../../../../doc/ddns-netlink.5.md");
    assert!(manual.contains(&format!("after {} seconds", UPDATE_TIMEOUT.as_secs())));
}
