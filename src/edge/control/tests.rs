use super::*;
use crate::edge::runtime::wait;
use crate::proto::control::Verb;
use crate::scratch::Scratch;
use std::os::fd::AsFd as _;

/// Runs `client` on another thread and serves its requests on this one until it has ended. The answer
/// repeats the words of the request.
fn with_client<T: Send + 'static>(
    rundir: &Path,
    client: impl FnOnce(PathBuf) -> T + Send + 'static,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let path = rundir.join(SOCKET);
    let thread = runtime.block_on(async {
        let control = Control::bind(rundir).unwrap();
        let mut connections = ControlConnections::default();
        let thread = std::thread::spawn(move || client(path));
        while !thread.is_finished() {
            let now = uptime();
            let left =
                connections.deadline(now).map_or(Duration::MAX, |end| end.saturating_sub(now));
            // The end of the thread is no event.
            let left = left.min(Duration::from_millis(50));
            wait(Some(left), &mut |context| connections.is_ready(Some(&control), context)).await;
            connections.accept(&control);
            connections.serve(uptime(), &mut answered);
        }
        thread
    });
    thread.join().expect("the client failed")
}

fn answered(request: &ControlRequest) -> Reply {
    let text = match request.verb {
        Verb::Status => "x".repeat(1_000_000),
        Verb::StatusJson | Verb::Get => "{}".into(),
        Verb::Why | Verb::Section => format!("why {}", request.word()),
        Verb::History | Verb::HistoryJson => request.word().into(),
        Verb::Update | Verb::Stop | Verb::Start => request.words.join("+"),
        Verb::Metrics => "# EOF\n".into(),
        Verb::Providers | Verb::MetricsText | Verb::Log | Verb::Check | Verb::Test => {
            panic!("only on ubus")
        }
    };
    Reply { ok: !(request.verb == Verb::Why && request.words == ["nobody"]), text }
}

/// Sends `bytes` and returns the answer.
fn raw(path: &Path, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    let _ = stream.write_all(bytes);
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

fn ask_at(rundir: &Path, words: &[&str]) -> Reply {
    ask(rundir, words).unwrap()
}

#[test]
fn each_request_gets_its_answer() {
    let scratch = Scratch::new("control-answers");
    let rundir = scratch.path().to_owned();
    with_client(scratch.path(), move |_| {
        assert_eq!(ask_at(&rundir, &["status"]).text.len(), 1_000_000);
        assert_eq!(ask_at(&rundir, &["status", "json"]).text, "{}");
        assert_eq!(ask_at(&rundir, &["update"]).text, "");
        assert_eq!(ask_at(&rundir, &["update", "a", "b"]).text, "a+b");
        assert!(ask_at(&rundir, &["why", "home"]).ok);
        assert!(!ask_at(&rundir, &["why", "nobody"]).ok);
        let unknown = ask_at(&rundir, &["reboot"]);
        assert_eq!(
            (unknown.ok, unknown.text.as_str()),
            (false, "the daemon does not know this request")
        );
        assert!(matches!(ask(&rundir, &["why", "a b"]), Err(ClientError::Word(_))));
        assert!(matches!(ask(&rundir, &["why", ""]), Err(ClientError::Word(_))));
    });
}

#[test]
fn without_a_daemon_the_error_says_that_none_is_running() {
    let scratch = Scratch::new("control-none");
    let path = scratch.path().join(SOCKET);
    let expected = format!("no daemon is running (no socket at {})", path.display());
    assert_eq!(ask(scratch.path(), &["status"]).unwrap_err().to_string(), expected);
    // A socket of a daemon that has ended.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert_eq!(ask(scratch.path(), &["status"]).unwrap_err().to_string(), expected);
}

#[test]
fn a_stale_socket_is_replaced_and_the_new_one_is_private_and_removed_at_the_end() {
    let scratch = Scratch::new("control-stale");
    let rundir = scratch.path().join("run");
    fs::create_dir(&rundir).unwrap();
    for name in [SOCKET, "control.sock.new"] {
        drop(std::os::unix::net::UnixListener::bind(rundir.join(name)).unwrap());
    }
    with_client(&rundir, |path| {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(raw(&path, b"status json\n"), "ok\n{}");
    });
    assert_eq!(fs::read_dir(&rundir).unwrap().count(), 0);
}

#[test]
fn hostile_clients_do_not_block_others() {
    let scratch = Scratch::new("control-hostile");
    with_client(scratch.path(), |path| {
        // Five clients that send nothing, one that does not read its megabyte, and two that close.
        let silent: Vec<_> = (0..5).map(|_| UnixStream::connect(&path).unwrap()).collect();
        let mut deaf = UnixStream::connect(&path).unwrap();
        deaf.write_all(b"status\n").unwrap();
        drop(UnixStream::connect(&path).unwrap());
        let mut gone = UnixStream::connect(&path).unwrap();
        gone.write_all(b"update\n").unwrap();
        drop(gone);
        assert_eq!(raw(&path, b"why home\n"), "ok\nwhy home");
        // The daemon keeps four kilobytes of ten megabytes, and reads them all, so that the kernel does not
        // reset the connection.
        let mut long = vec![b'x'; 10_000_000];
        long.push(b'\n');
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(&long).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("error\n{TOO_LONG}"));
        assert_eq!(raw(&path, b"\xff\n"), "error\nthe request is not text");
        assert_eq!(raw(&path, b"\n"), "error\nthe daemon does not know this request");
        assert_eq!(raw(&path, b"update a b\nstatus\n"), "ok\na+b");
        drop(silent);
    });
}

#[test]
fn a_command_takes_the_place_of_the_oldest_silent_connection() {
    let scratch = Scratch::new("control-many");
    with_client(scratch.path(), |path| {
        let start = uptime();
        // Some hundred hosts of a badly written monitor that leaves its connections open.
        let silent: Vec<_> = (0..400).map(|_| UnixStream::connect(&path).unwrap()).collect();
        assert_eq!(raw(&path, b"why late\n"), "ok\nwhy late");
        assert!(uptime() - start < PATIENCE, "it waited for a silent one");
        let mut texts = Vec::new();
        for mut stream in silent {
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            texts.push(text);
        }
        assert_eq!(texts[0], "error\nno request came, and others needed the connection");
        assert_eq!(texts[399], "error\nno request came in time");
    });
}

#[test]
fn a_client_of_an_idle_daemon_has_time_to_send_its_request() {
    let scratch = Scratch::new("control-idle");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let text = runtime.block_on(async {
        let control = Control::bind(scratch.path()).unwrap();
        let path = scratch.path().join(SOCKET);
        let thread = std::thread::spawn(move || {
            // The daemon waits for longer than a client may take.
            std::thread::sleep((PATIENCE + Duration::from_millis(100)).into());
            let mut stream = UnixStream::connect(&path).unwrap();
            // Time in which the daemon finds the connection without a request.
            std::thread::sleep(Duration::from_millis(50).into());
            stream.write_all(b"why home\n").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        });
        let mut connections = ControlConnections::default();
        loop {
            wait(None, &mut |context| connections.is_ready(Some(&control), context)).await;
            connections.accept(&control);
            connections.serve(uptime(), &mut answered);
            if connections.open.is_empty() {
                break;
            }
        }
        thread.join().unwrap()
    });
    assert_eq!(text, "ok\nwhy home");
}

#[test]
fn a_request_that_is_too_long_is_not_sent() {
    let scratch = Scratch::new("control-long");
    let names = vec!["section"; 600];
    let error = ask(scratch.path(), &names).unwrap_err();
    assert_eq!(error.to_string(), TOO_LONG);
    assert!(TOO_LONG.contains(&format!(" {LINE_LIMIT} ")));
}

#[test]
fn a_daemon_that_ends_while_it_is_asked_is_named() {
    let scratch = Scratch::new("control-ends");
    let path = scratch.path().join(SOCKET);
    // It ends before it accepts the connection, before it reads the request, or before it answers.
    for stage in 0..3 {
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let rundir = scratch.path().to_owned();
        let client = std::thread::spawn(move || ask(&rundir, &["status"]).unwrap_err());
        let mut ready = [nix::poll::PollFd::new(listener.as_fd(), nix::poll::PollFlags::POLLIN)];
        nix::poll::poll(&mut ready, nix::poll::PollTimeout::NONE).unwrap();
        if stage > 0 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = [0; 7];
            if stage > 1 {
                stream.read_exact(&mut line).unwrap();
            }
        }
        drop(listener);
        fs::remove_file(&path).unwrap();
        let error = client.join().unwrap().to_string();
        assert_eq!(error, "the daemon has ended before it answered", "{stage}");
    }
}
