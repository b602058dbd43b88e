//! What the daemon may do: as a user of its own, started by OpenWrt's real procd in its real jail. The router's
//! programs are in the directory that `DDNS_NETLINK_OPENWRT` names; `tests/openwrt/fetch.sh` makes it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests"
)]

mod support;

use std::env;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use support::daemon::{Launcher, collect_syslog};
use support::process::{Lines, Process, run, wait_until};
use support::router::{DIR, has, isolated_with_users, search_path};
use support::scene::{LIMIT, Scene, skip_under_emulator};
use support::skip;
use support::ubus::{Client, Netifd, SOCKET, Ubusd, up};

/// User and group of the daemon in the package (`openwrt/contents.py`).
const USER: u32 = 456;
const NETWORK: &str = "option ip_source 'network'\noption ip_network 'wan'";

/// The line `NAME: …` of /proc/PID/status.
fn status_of(pid: u32, name: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.unwrap().split_whitespace().map(str::to_owned).collect()
}

/// Whether the kernel lets the process do nothing that another process of its user could not.
fn assert_no_rights(pid: u32) {
    let user = USER.to_string();
    for name in ["Uid", "Gid"] {
        assert!(status_of(pid, name).iter().all(|id| *id == user), "{name}");
    }
    assert!(!status_of(pid, "Groups").contains(&"0".to_owned()));
    assert_eq!(status_of(pid, "NoNewPrivs"), ["1"]);
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status_of(pid, set), ["0000000000000000"], "{set}");
    }
}

fn owner(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().uid()
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// Lets every user write to the log, as OpenWrt's logd does.
fn open_log() {
    fs::set_permissions("/dev/log", fs::Permissions::from_mode(0o666)).unwrap();
}

/// Leaves a copy of a file for the daemon, as the init script does.
fn leave_copy(original: &Path) {
    let copy = Path::new("/run/ddns-netlink").join(original.strip_prefix("/").unwrap());
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    fs::copy(original, &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o400)).unwrap();
    chown(&copy, Some(USER), Some(USER)).unwrap();
}

/// Gives the daemon the directories of its configuration.
fn give_directories() {
    for directory in ["state", "run", "log"] {
        let directory = Path::new(DIR).join(directory);
        fs::create_dir(&directory).unwrap();
        chown(&directory, Some(USER), Some(USER)).unwrap();
    }
}

#[test]
fn a_daemon_without_rights_reads_copies_and_root_can_still_use_it() {
    if skip_under_emulator("the emulator is started by a user without rights to read it") {
        return;
    }
    isolated_with_users(&["setpriv"], || {
        let mut scene = Scene::bare();
        scene.wan.set_address("203.0.113.5");
        fs::write("/run/password", "from-a-file\n").unwrap();
        fs::set_permissions("/run/password", fs::Permissions::from_mode(0o600)).unwrap();
        let password = "option password_file '/run/password'";
        scene.config.section("home", &format!("{NETWORK}\n{password}"));
        scene.config.section("wrong", "option ttl 'x'");
        let root = scene.launcher();
        open_log();
        leave_copy(&scene.config.path());
        leave_copy(Path::new("/run/password"));
        give_directories();
        let _bus = Ubusd::start();
        fs::set_permissions(SOCKET, fs::Permissions::from_mode(0o666)).unwrap();
        let _netifd = Netifd::start(&[up("wan", "wan", &["203.0.113.5"])]);

        // The program is where only this machine's owner may look.
        let program = Path::new("/run/ddns-netlink-program");
        fs::copy(env!("CARGO_BIN_EXE_ddns-netlink"), program).unwrap();
        let user = USER.to_string();
        let prefix = [
            "nsenter",
            "--net=/run/netns/router",
            "--",
            "setpriv",
            "--reuid",
            &user,
            "--regid",
            &user,
            "--clear-groups",
            "--no-new-privs",
        ];
        let launcher = Launcher::new(program, &prefix, &scene.config.path());
        let daemon = launcher.run();
        let request = scene.provider.wait_nth(0, LIMIT);
        let sent = request.auth.as_ref().map(|(_, password)| password.as_str());
        assert_eq!((request.myip(), sent), ("203.0.113.5", Some("from-a-file")));
        daemon.wait_published("home", "203.0.113.5");
        assert_no_rights(daemon.process.id());
        let line = daemon.wait_line(LIMIT, |line| line.contains("option 'ttl'"));
        assert!(line.contains(&format!("{}:", scene.config.path().display())), "{line}");
        // LuCI, as root, reads what the daemon writes, and asks it on ubus.
        assert_eq!(owner(Path::new(DIR).join("run/home.pid")), USER);
        let shown = Client::connect().call("ddns", "status", &json!({})).unwrap();
        assert_eq!(shown["sections"][0]["name"], "home");
        assert!(root.stdout(&["status"]).contains("203.0.113.5"));
        daemon.wait_saved("203.0.113.5");
        daemon.stop();

        // `once` of root goes on with the state, and leaves the daemon's files to it.
        scene.wan.change_address("203.0.113.5", "203.0.113.6");
        assert_eq!(root.code(&["once", "home"]), Some(0), "{}", root.log());
        assert_eq!(scene.provider.wait_nth(1, LIMIT).myip(), "203.0.113.6");
        assert_eq!(owner(Path::new(DIR).join("state/state")), USER);
        let daemon = launcher.run();
        daemon.wait_published("home", "203.0.113.6");
        assert_eq!(scene.provider.count(), 2, "the state is the daemon's");
    });
}

/// What the init script does at `start`: it runs as root on this system's files, with a stand-in for procd and with
/// the real program. Its directories are below /run.
fn start_with(options: &str) -> Vec<String> {
    start_of(Path::new(env!("CARGO_BIN_EXE_ddns-netlink")), options)
}

/// The same with this program.
fn start_of(program: &Path, options: &str) -> Vec<String> {
    let path = |name: &str| Path::new(DIR).join(name);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = fs::read_to_string(sources.join("openwrt/files/ddns.init")).unwrap();
    let script = script
        .replace("PROG=/usr/sbin/ddns-netlink", &format!("PROG={}", program.display()))
        .replace("COPIES=/var/run", "COPIES=/run");
    fs::write(path("ddns"), script).unwrap();
    let _ = fs::remove_file(path("calls"));
    let mut command = Command::new("sh");
    command.arg(sources.join("tests/openwrt/rc.common")).arg(path("ddns")).arg("start");
    command.env("CALLS", path("calls")).env("OPTIONS", options).env("SOURCE", "network");
    command.env("RUNDIR", "/run").env("USERS", "ddns").env("USER_NUMBER", USER.to_string());
    command.env("SLEEPS", "/run/sleeps");
    run(&mut command);
    let calls = fs::read_to_string(path("calls")).unwrap();
    calls.lines().map(str::to_owned).collect()
}

/// Makes a file that only root may read.
fn write_secret(path: &str) {
    fs::write(path, "root's\n").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn root_copies_no_file_that_others_could_have_put_there() {
    isolated_with_users(&["pgrep"], || {
        fs::create_dir_all("/run/roots").unwrap();
        write_secret("/run/roots/secret");
        symlink("/run/roots/secret", "/run/link").unwrap();
        symlink("roots", "/run/directory").unwrap();
        start_with("");
        for (link, target) in [("file", "/run/roots/secret"), ("directory", "/run/roots")] {
            symlink(target, Path::new("/run/run-ddns").join(link)).unwrap();
        }
        symlink("/run/run-ddns/file", "/run/onwards").unwrap();
        for (directory, mode) in [("sticky", 0o1777), ("open", 0o777)] {
            let directory = Path::new("/run").join(directory);
            fs::create_dir(&directory).unwrap();
            fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
            symlink("/run/roots/secret", directory.join("link")).unwrap();
            lchown(directory.join("link"), Some(USER), Some(USER)).unwrap();
            write_secret(directory.join("own").to_str().unwrap());
        }
        for (file, is_copied) in [
            ("/run/roots/secret", true),
            ("/run/link", true),
            ("/run/directory/secret", true),
            ("/run/sticky/own", true),
            ("/run/sticky/link", false),
            ("/run/open/own", false),
            ("/run/open/link", false),
            ("/run/onwards", false),
            ("/run/run-ddns/file", false),
            ("/run/run-ddns/directory/secret", false),
        ] {
            for option in ["password_file", "cacert"] {
                let calls = start_with(&format!("{option}={file}"));
                let copy = format!("/run/ddns-netlink{file}");
                assert_eq!(Path::new(&copy).exists(), is_copied, "{file}: {calls:?}");
                let told = format!("log -t ddns -p daemon.warn {file} is not copied");
                let is_told = calls.iter().any(|call| call.starts_with(&told));
                // The kernel may refuse to follow a link in a directory like /tmp (`fs.protected_symlinks`).
                let is_seen = Path::new(file).is_file();
                assert_eq!(is_told, is_seen && !is_copied, "{file}: {calls:?}");
                let _ = fs::remove_file(copy);
            }
        }
    });
}

#[test]
fn root_makes_and_gives_no_directory_that_others_could_have_put_there() {
    isolated_with_users(&["pgrep"], || {
        start_with("metrics_file=/run/prometheus/textfile/ddns.prom");
        assert_eq!((owner("/run/prometheus"), owner("/run/prometheus/textfile")), (0, USER));
        for directory in ["/run/run-ddns", "/run/log-ddns", "/run/state-ddns"] {
            assert_eq!(owner(directory), USER, "{directory}");
        }

        fs::create_dir("/run/roots").unwrap();
        symlink("/run/roots", "/run/run-ddns/link").unwrap();
        for directory in ["link/new", "new"] {
            start_with(&format!("metrics_file=/run/run-ddns/{directory}/ddns.prom"));
        }
        start_with("ddns_logdir=/run/run-ddns/link/ddns");
        assert_eq!(fs::read_dir("/run/roots").unwrap().count(), 0);
        assert!(!Path::new("/run/run-ddns/new").exists());

        // A link in the place of a directory of the daemon is neither followed nor a reason to be root.
        fs::create_dir("/run/roots/log").unwrap();
        fs::write("/run/roots/log/file", "").unwrap();
        symlink("/run/roots/log", "/run/log").unwrap();
        lchown("/run/log", Some(USER), Some(USER)).unwrap();
        let calls = start_with("ddns_logdir=/run/log/");
        assert!(calls.contains(&"param user ddns".to_owned()), "{calls:?}");
        assert_eq!((owner("/run/roots/log"), owner("/run/roots/log/file")), (0, 0));

        // Its name has ddns in it, but its files are not the daemon's.
        let calls = start_with("ddns_logdir=/usr/share/ddns");
        let reason = "/usr/share/ddns does not belong to the user ddns";
        assert!(calls.iter().any(|call| call.ends_with(reason)), "{calls:?}");
        assert_eq!((owner("/usr/share/ddns"), owner("/usr/share/ddns/custom")), (0, 0));
        fs::create_dir("/usr/share/ddns/ddns-log").unwrap();
        start_with("ddns_logdir=/usr/share/ddns/ddns-log");
        assert_eq!(owner("/usr/share/ddns/ddns-log"), USER, "it is empty");
    });
}

#[test]
fn root_waits_for_the_end_of_a_daemon_of_another_user() {
    isolated_with_users(&["pgrep", "mkfifo"], || {
        run(Command::new("mkfifo").arg("/run/sleeps"));
        // Stands for the daemon: it is called like it, and it ends when the init script sleeps. The kernel closes
        // the pipe of a process only after pgrep has stopped to find it, so that one sleep is enough.
        fs::copy("/bin/sh", "/run/t/daemon").unwrap();
        fs::write("/run/t/run", "exec 3>/run/sleeps\n").unwrap();
        let _daemon = Process::start(Command::new("/run/t/daemon").arg("run").current_dir(DIR));
        fs::create_dir("/run/run-ddns").unwrap();
        let calls = start_of(Path::new("/run/t/daemon"), "");
        let position = |found: &str| calls.iter().position(|call| call.contains(found)).unwrap();
        assert!(position("sleep 1") < position("chown -hR ddns:ddns /run/run-ddns"), "{calls:?}");
    });
}

#[test]
fn only_a_definition_whose_script_is_run_needs_root() {
    isolated_with_users(&["pgrep"], || {
        let json = |url: &str| format!(r#"{{"name": "x", "ipv4": {{"url": "{url}"}}}}"#);
        let write = |file: &str, url: &str| {
            fs::write(format!("/usr/share/ddns/{file}.json"), json(url)).unwrap();
        };
        write("default/he.net", "update_he.sh");
        write("default/cloudflare.com-v4", "update_cloudflare.sh");
        write("default/script.example", "update_example.sh");
        write("default/url.example", "http://url.example/");
        write("custom/no-ip.com", "update_no_ip.sh");
        write("custom/script.example2", "update_example.sh");
        for (service, is_root) in [
            ("he.net", false),
            ("cloudflare.com-v4", false),
            ("url.example", false),
            ("unknown.example", false),
            ("script.example", true),
            ("script.example2", true),
            ("no-ip.com", true),
        ] {
            let calls = start_with(&format!("service_name={service}"));
            let is_ddns = calls.contains(&"param user ddns".to_owned());
            assert_eq!(is_ddns, !is_root, "{service}: {calls:?}");
        }
    });
}

/// The directory with OpenWrt's programs.
fn openwrt() -> Option<PathBuf> {
    let path = env::var_os("DDNS_NETLINK_OPENWRT").filter(|path| !path.is_empty());
    if path.is_none() {
        skip::skip_in_ci_too("DDNS_NETLINK_OPENWRT names no directory with OpenWrt's programs");
    }
    path.map(PathBuf::from)
}

/// Makes OpenWrt of this namespace: $1 has its programs, $2 is ours, $3 the directory of our sources. The tmpfs
/// keeps what the host has there.
const INSTALL: &str = r#"
set -e
mkdir -p /run/upper /run/lock /run/tmp
cp -a "$1" /run/openwrt
cp "$2" /run/ddns-netlink-program
cp -a "$3" /run/files
for directory in etc usr; do
    mkdir -p /run/upper/$directory/up /run/upper/$directory/work
    options=lowerdir=/$directory,upperdir=/run/upper/$directory/up,workdir=/run/upper/$directory/work
    mount -t overlay overlay -o $options /$directory
done
for directory in sbin bin lib usr etc; do cp -a /run/openwrt/$directory/. /$directory/; done
mount --bind /run/lock /var/lock 2>/dev/null || :
mkdir -p /etc/capabilities /etc/config /etc/init.d /etc/hotplug.d/ddns /usr/share/acl.d
install -m 755 /run/ddns-netlink-program /usr/sbin/ddns-netlink
install -m 755 /run/files/ddns.init /etc/init.d/ddns
install -m 644 /run/files/ddns.capabilities.json /etc/capabilities/ddns.json
install -m 644 /run/files/ddns-netlink.ubus.json /usr/share/acl.d/ddns-netlink.json
echo 'ddns:x:456:' >>/etc/group
echo 'ddns:x:456:456:ddns:/var/run/ddns:/bin/false' >>/etc/passwd
echo '{ env; id -u; } >/run/t/hotplug.new; mv /run/t/hotplug.new /run/t/hotplug' >/etc/hotplug.d/ddns/10-told
mount --bind "$(command -v busybox)" /bin/sh
"#;

/// A router with ubusd, procd and a netifd of ours.
struct Router {
    scene: Scene,
    log: Lines,
    _running: (Process, Process, Netifd),
}

impl Router {
    fn new(openwrt: &Path) -> Self {
        let scene = Scene::bare();
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/files");
        let program = env!("CARGO_BIN_EXE_ddns-netlink");
        run(Command::new("sh").args(["-c", INSTALL, "sh"]).arg(openwrt).arg(program).arg(files));
        let log = Lines::default();
        collect_syslog(&log);
        open_log();
        scene.wan.set_address("203.0.113.5");
        fs::create_dir_all("/run/ubus").unwrap();
        let ubusd = Process::start(&mut scene.wan.command("ubusd"));
        wait_until("ubusd listens", || Path::new(SOCKET).exists());
        let procd = Process::start(scene.wan.command("procd").arg("-S"));
        Client::connect().wait_for("service");
        let netifd = Netifd::start(&[up("wan", "wan", &["203.0.113.5"])]);
        Self { scene, log, _running: (ubusd, procd, netifd) }
    }

    /// Writes /etc/config/ddns with the section `home` and these options, and these global ones.
    fn configure(&mut self, global: &str, options: &str) {
        self.scene.config.global(global).section("home", &format!("{NETWORK}\n{options}"));
        let text = self.text();
        // libuci writes a new file for root alone at each commit.
        fs::write("/etc/config/ddns.new", text).unwrap();
        fs::set_permissions("/etc/config/ddns.new", fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename("/etc/config/ddns.new", "/etc/config/ddns").unwrap();
    }

    /// The configuration, with the usual directories.
    fn text(&self) -> String {
        let text = self.scene.config.text().replace("/run/t/state", "/etc/ddns-netlink");
        text.replace("/run/t/run", "/var/run/ddns").replace("/run/t/log", "/run/log-ddns")
    }

    fn command(&self, words: &str) -> String {
        let mut words = words.split(' ');
        let mut command = self.scene.wan.command(words.next().unwrap());
        let path = format!("/sbin:/usr/sbin:{}", search_path());
        run(command.args(words).env("PATH", path))
    }

    /// What LuCI's Save & Apply does after the commit.
    fn apply(&self) {
        let event = json!({"type": "config.change", "data": {"package": "ddns"}});
        Client::connect().call("service", "event", &event).unwrap();
    }

    /// The daemon's process, once one with this user runs.
    fn daemon(&self, user: u32) -> u32 {
        let mut found = 0;
        wait_until(&format!("the daemon runs as user {user}"), || {
            let text = fs::read_to_string("/var/run/ddns/ddns-netlink.lock").unwrap_or_default();
            found = text.trim().parse().unwrap_or_default();
            let program = fs::read_link(format!("/proc/{found}/exe")).unwrap_or_default();
            program.ends_with("ddns-netlink") && status_of(found, "Uid")[0] == user.to_string()
        });
        found
    }

    fn wait_log(&self, text: &str) {
        self.log.wait_line(LIMIT, |line| line.contains(text));
    }

    /// Waits until request number `n` (from 0) arrives, for this name and with this address.
    fn wait_request(&self, n: usize, name: &str, address: &str) {
        let provider = &self.scene.provider;
        let request = provider.try_wait_for(LIMIT, |requests| requests.get(n).cloned());
        let Ok(request) = request else { panic!("no request {n}: {:#?}", self.log.all()) };
        assert_eq!((request.hostname(), request.myip()), (name, address));
    }
}

#[test]
fn procd_starts_the_daemon_without_rights_and_reloads_reach_it() {
    let Some(openwrt) = openwrt() else { return };
    isolated_with_users(&["busybox", "killall"], || {
        let mut router = Router::new(&openwrt);
        router.configure("", "");
        router.command("/etc/init.d/ddns start");
        router.wait_request(0, "home.example.com", "203.0.113.5");
        let pid = router.daemon(USER);
        assert_no_rights(pid);
        assert_eq!(status_of(pid, "CapBnd"), ["0000000000000000"], "ujail");
        let copy = "/var/run/ddns-netlink/etc/config/ddns";
        assert_eq!((owner(copy), mode(copy)), (USER, 0o400));
        assert_eq!((owner("/var/run/ddns-netlink"), owner("/etc/config/ddns")), (0, 0));
        assert_eq!((owner("/var/run/ddns"), owner("/etc/ddns-netlink")), (USER, USER));

        // The ACL lets it tell hooks, which procd runs as root.
        router.scene.wan.change_address("203.0.113.5", "203.0.113.6");
        router.wait_request(1, "home.example.com", "203.0.113.6");
        wait_until("the hotplug script is told", || {
            let told = fs::read_to_string("/run/t/hotplug").unwrap_or_default();
            told.contains("DDNS_NEW=203.0.113.6\n") && told.ends_with("\n0\n")
        });

        // A saved configuration, by LuCI and by hand; mistakes are in the owner's file.
        router.configure("", "option domain 'second.example.com'\noption bogus 'x'");
        router.apply();
        router.wait_log("/etc/config/ddns:");
        router.wait_request(2, "second.example.com", "203.0.113.6");
        router.configure("", "option domain 'third.example.com'");
        router.command("ddns-netlink update home");
        router.wait_request(3, "third.example.com", "203.0.113.6");
        assert_eq!(router.daemon(USER), pid, "a reload starts no other daemon");
        assert!(router.command("ddns-netlink status").contains("third.example.com"));
        let mut bus = Client::connect();
        let checked = bus.call("ddns", "check", &json!({"text": "config x"})).unwrap();
        assert_eq!(checked["mistakes"][0]["line"], 1, "{checked}");
        let tested = bus.call("ddns", "test", &json!({"text": router.text()})).unwrap();
        assert!(tested["text"].as_str().unwrap().contains("third.example.com"), "{tested}");

        // An image without ujail.
        fs::remove_file("/sbin/ujail").unwrap();
        router.command("/etc/init.d/ddns restart");
        wait_until("another daemon runs", || router.daemon(USER) != pid);
        assert_no_rights(router.daemon(USER));
        assert!(!router.log.all().iter().any(|line| line.contains("as root")));
        router.command("/etc/init.d/ddns stop");
        assert!(!Path::new(copy).exists(), "passwords stay nowhere else");
    });
}

#[test]
fn a_section_with_a_script_and_a_missing_user_bring_root_back() {
    let Some(openwrt) = openwrt() else { return };
    isolated_with_users(&["busybox", "killall"], || {
        let mut router = Router::new(&openwrt);
        router.configure("", "");
        router.command("/etc/init.d/ddns start");
        router.wait_request(0, "home.example.com", "203.0.113.5");
        let script = "/run/t/address";
        fs::write(script, "#!/bin/sh\nid -u >/run/t/who\necho 203.0.113.9\n").unwrap();
        fs::set_permissions(script, fs::Permissions::from_mode(0o700)).unwrap();
        router.configure("", &format!("option ip_source 'script'\noption ip_script '{script}'"));
        router.apply();
        router.wait_log("runs as root, because section 'home' has ip_source 'script'");
        router.wait_request(1, "home.example.com", "203.0.113.9");
        assert_eq!(fs::read_to_string("/run/t/who").unwrap(), "0\n");
        router.daemon(0);
        assert_eq!((owner("/var/run/ddns"), owner("/etc/ddns-netlink/state")), (0, 0));
        assert!(!Path::new("/var/run/ddns-netlink").exists());

        // Without the script it gives root's rights up again, and what it has published is known.
        router.configure("", "");
        router.apply();
        router.wait_request(2, "home.example.com", "203.0.113.5");
        assert_no_rights(router.daemon(USER));
        assert_eq!(owner("/etc/ddns-netlink/state"), USER);

        let global = "option user 'nobody'\noption metrics_file '/run/prometheus/ddns.prom'";
        router.configure(global, "");
        router.apply();
        router.daemon(65534);
        assert_eq!(owner("/etc/ddns-netlink/state"), 65534);
        wait_until("metrics are written", || Path::new("/run/prometheus/ddns.prom").exists());

        // sysupgrade has brought an old /etc/passwd back.
        let users = fs::read_to_string("/etc/passwd").unwrap();
        fs::write("/etc/passwd", users.replace("ddns:x:456", "gone:x:456")).unwrap();
        router.configure("", "");
        router.apply();
        router.wait_log("runs as root, because there is no user 'ddns'");
        router.daemon(0);
        wait_until("root asks it", || {
            let status = router.scene.wan.command("/usr/sbin/ddns-netlink").arg("status").output();
            String::from_utf8(status.unwrap().stdout).unwrap().contains("203.0.113.5")
        });
        assert_eq!(router.scene.provider.count(), 3, "the state survives each change of the user");
    });
}

#[test]
fn the_unit_of_systemd_is_valid_and_leaves_the_daemon_little() {
    if !has("systemd-analyze") {
        skip::skip("systemd-analyze is not installed");
        return;
    }
    let scratch = env::temp_dir().join(format!("unit-{}", std::process::id()));
    fs::create_dir_all(&scratch).unwrap();
    let unit = scratch.join("ddns-netlink.service");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/ddns-netlink.service");
    let text = fs::read_to_string(source).unwrap();
    for setting in ["User=ddns", "CapabilityBoundingSet=", "NoNewPrivileges=yes"] {
        assert!(text.contains(&format!("\n{setting}\n")), "{setting}");
    }
    // `verify` looks for the program.
    fs::write(&unit, text.replace("/usr/sbin/ddns-netlink", env!("CARGO_BIN_EXE_ddns-netlink")))
        .unwrap();
    let analyze = |words: &[&str]| {
        let output = Command::new("systemd-analyze").args(words).arg(&unit).output().unwrap();
        (
            output.status.success(),
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
        )
    };
    assert_eq!(analyze(&["verify", "--man=no"]), (true, String::new()));
    // 0 is no exposure at all, and 100 the most.
    let (is_little, shown) = analyze(&["security", "--offline=true", "--threshold=15"]);
    fs::remove_dir_all(&scratch).unwrap();
    assert!(is_little, "{shown}");
}
