//! What a release is made of beside the programs: signed feeds, the package for OpenWrt's feed, and what the .deb
//! has for a shell.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests"
)]

#[path = "support/scratch.rs"]
mod scratch;
#[path = "support/skip.rs"]
mod skip;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ddns_netlink::cli::HELP;
use scratch::Scratch;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const BINARY: &str = env!("CARGO_BIN_EXE_ddns-netlink");
const TRIPLE: &str = "armv5te-unknown-linux-musleabi";

/// Whether these programs are here. If not, the test is reported as skipped.
fn have(programs: &[&str]) -> bool {
    for program in programs {
        let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output().unwrap();
        if !found.status.success() {
            skip::skip(&format!("{program} is not installed"));
            return false;
        }
    }
    true
}

/// A command of `openwrt/`, with its results in `dist`.
fn tool(script: &str, dist: &Scratch) -> Command {
    let mut command = Command::new("python3");
    command.arg(Path::new(ROOT).join("openwrt").join(script));
    command.env("DIST", &dist.0).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// Runs a command that must succeed.
fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}

/// Feeds of a file in place of a program, signed with new keys; `None` without the programs for that.
fn signed_feeds(name: &str) -> Option<Scratch> {
    if !have(&["python3", "openssl", "signify-openbsd"]) {
        return None;
    }
    let dist = Scratch::new(name);
    fs::write(dist.0.join(format!("ddns-netlink-{TRIPLE}")), "no program").unwrap();
    let [usign, public, apk] = ["usign.sec", "usign.pub", "test.rsa"].map(|name| dist.path(name));
    run(Command::new("signify-openbsd").args(["-G", "-n", "-s", &usign, "-p", &public]));
    run(Command::new("openssl").args(["genrsa", "-out", &apk, "2048"]));
    run(tool("pack.py", &dist).arg(TRIPLE).env("USIGN_KEY_FILE", &usign).env("APK_KEY_FILE", &apk));
    Some(dist)
}

#[test]
fn opkgs_indexes_and_the_checksums_are_signed_with_the_key_that_is_published() {
    let Some(dist) = signed_feeds("opkg") else { return };
    let secret = fs::read_to_string(dist.path("usign.sec")).unwrap();
    let keys: Vec<PathBuf> =
        fs::read_dir(dist.path("keys")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let public = keys.iter().find(|key| key.extension().is_none()).unwrap();
    let key = fs::read_to_string(public).unwrap();
    let given = fs::read_to_string(dist.path("usign.pub")).unwrap();
    assert_eq!(key.lines().nth(1), given.lines().nth(1));
    for signed in ["SHA256SUMS", "feed/arm_xscale/Packages", "feed/arm_arm926ej-s/Packages"] {
        let file = dist.path(signed);
        let signature = format!("{file}.sig");
        let verify = || {
            let words = ["-V", "-p", public.to_str().unwrap(), "-m", &file, "-x", &signature];
            Command::new("signify-openbsd").args(words).output().unwrap().status.success()
        };
        assert!(verify(), "{signed}");
        fs::write(&file, "something else\n").unwrap();
        assert!(!verify(), "{signed}");
    }
    let output =
        run(Command::new("grep").args(["-rlF", secret.lines().nth(1).unwrap()]).arg(&dist.0));
    assert_eq!(text(&output.stdout).lines().count(), 1, "the secret key is nowhere else");
    // Without a key, no signature of other bytes is left.
    run(tool("pack.py", &dist).arg(TRIPLE));
    assert!(!Path::new(&dist.path("feed/arm_xscale/Packages.sig")).exists());
}

#[test]
fn apks_indexes_are_signed_in_the_way_of_abuild_sign() {
    let Some(dist) = signed_feeds("apk") else { return };
    let script = r#"
import gzip, io, sys, tarfile, zlib
index = open(sys.argv[1], "rb").read()
first = zlib.decompressobj(31)
member = tarfile.open(fileobj=io.BytesIO(first.decompress(index) + bytes(1024)))
name, = member.getnames()
open(sys.argv[2], "wb").write(member.extractfile(name).read())
open(sys.argv[3], "wb").write(first.unused_data)
print(name)
"#;
    let index = dist.path("feed/arm_xscale/APKINDEX.tar.gz");
    let [signature, signed] = ["signature", "signed"].map(|name| dist.path(name));
    let name = run(Command::new("python3").args(["-c", script, &index, &signature, &signed]));
    assert_eq!(text(&name.stdout), ".SIGN.RSA256.test.rsa.pub\n");
    let key = dist.path("keys/test.rsa.pub");
    let words = ["dgst", "-sha256", "-verify", &key, "-signature", &signature, &signed];
    run(Command::new("openssl").args(words));
}

/// With the real apk, as a router has it: `apk` in the path, or the program that `DDNS_NETLINK_APK` names.
#[test]
fn apk_trusts_the_signed_feed_with_its_key_and_only_then() {
    let Some(dist) = signed_feeds("router") else { return };
    let apk = std::env::var("DDNS_NETLINK_APK").unwrap_or_else(|_| "apk".into());
    if Command::new(&apk).arg("--version").output().is_err() {
        return skip::skip_in_ci_too("apk is not installed");
    }
    let router = dist.path("router");
    fs::create_dir_all(dist.path("router/etc/apk/keys")).unwrap();
    let index = dist.path("feed/arm_xscale/APKINDEX.tar.gz");
    let call = |words: &[&str]| {
        let mut command = Command::new(&apk);
        command.args(["--root", &router, "--arch", "arm_xscale", "--repository", &index]);
        let output = command.args(words).output().unwrap();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    call(&["add", "--initdb"]);
    let (_, told) = call(&["update"]);
    assert!(told.contains("UNTRUSTED signature"), "{told}");
    fs::copy(dist.path("keys/test.rsa.pub"), dist.path("router/etc/apk/keys/test.rsa.pub"))
        .unwrap();
    let (_, told) = call(&["update"]);
    assert!(told.contains("2 distinct packages available"), "{told}");
    let (_, told) = call(&["add", "--no-scripts", "--virtual", "ca-bundle"]);
    let (done, installed) = call(&["add", "--no-scripts", "ddns-netlink"]);
    assert!(done, "{told}{installed}");
    assert!(Path::new(&dist.path("router/usr/sbin/ddns-netlink")).exists());
}

#[test]
fn a_release_is_refused_while_something_is_not_ready() {
    if !have(&["python3"]) {
        return;
    }
    let dist = Scratch::new("check");
    let output = tool("release.py", &dist).args(["check", "v0.0.9"]).output().unwrap();
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        told.contains(&format!("The tag is v0.0.9, and Cargo.toml has the version {version}."))
    );
    assert!(!told.contains("PKG_VERSION") && !told.contains("README"), "{told}");
    let notes = text(&run(tool("release.py", &dist).arg("notes")).stdout);
    assert!(notes.starts_with("The daemon:\n"), "{notes}");
}

#[test]
fn the_package_for_openwrts_feed_names_the_source_and_its_hash() {
    if !have(&["python3", "git", "sha256sum"]) {
        return;
    }
    if !Command::new("git")
        .args(["-C", ROOT, "rev-parse", "HEAD"])
        .output()
        .unwrap()
        .status
        .success()
    {
        return skip::skip("this is no checkout of git");
    }
    let dist = Scratch::new("feed");
    run(tool("release.py", &dist).arg("source"));
    run(tool("release.py", &dist).arg("feed"));
    let version = env!("CARGO_PKG_VERSION");
    let archive = dist.path(&format!("ddns-netlink-{version}.tar.gz"));
    let sum = text(&run(Command::new("sha256sum").arg(&archive)).stdout);
    let hash = sum.split(' ').next().unwrap();
    let makefile = fs::read_to_string(dist.path("openwrt/net/ddns-netlink/Makefile")).unwrap();
    assert!(makefile.starts_with("# SPDX-License-Identifier: "), "{makefile}");
    assert!(makefile.contains(&format!("\nPKG_HASH:={hash}\n")), "{makefile}");
    for name in ["PKG_SOURCE_URL", "PKG_MAINTAINER", "  URL"] {
        let line =
            makefile.lines().find_map(|line| line.strip_prefix(&format!("{name}:="))).unwrap();
        assert!(!line.is_empty(), "{name}");
    }
    let list = text(&run(Command::new("tar").args(["-tzf", &archive])).stdout);
    assert!(list.lines().all(|path| path.starts_with(&format!("ddns-netlink-{version}/"))));
    assert!(list.contains("/Cargo.lock\n") && list.contains("/openwrt/providers.py\n"));
}

/// A stand-in for OpenWrt's packages feed with our package in it: of OpenWrt's makefiles only what our Makefile
/// uses. Like the real one, `rust-package.mk` sets the profile and the options for rustc.
struct Feed {
    dir: Scratch,
}

impl Feed {
    /// `None` without make.
    fn new(name: &str) -> Option<Self> {
        if !have(&["make", "python3"]) {
            return None;
        }
        let dir = Scratch::new(name);
        let rust = "CARGO_PKG_PROFILE:=$(if $(CONFIG_DEBUG),dev,release)\nCARGO_RUSTFLAGS+=-Clink-arg=-fuse-ld=bfd\n\
                    RUST_ARCH_DEPENDS:=@(mipsel||x86_64)\n";
        let rules = "INSTALL_DIR=install -d -m0755\nINSTALL_BIN=install -m0755\nINSTALL_DATA=install -m0644\n\
                     INSTALL_CONF=install -m0600\nLN=ln -sf\n";
        let ours = fs::read_to_string(Path::new(ROOT).join("openwrt/Makefile")).unwrap();
        let asked = "show:\n\t@: $(eval $(Package/ddns-netlink))$(info $($(VARIABLE)))\n\
                     files:\n\t$(call Package/ddns-netlink/install,$(TO))\n";
        for (file, content) in [
            ("rules.mk", rules),
            ("include/package.mk", ""),
            ("feed/lang/rust/rust-package.mk", rust),
            ("feed/net/ddns-netlink/Makefile", &ours),
            ("feed/net/ddns-netlink/asked.mk", &format!("include Makefile\n{asked}")),
            ("program/bin/ddns-netlink", "no program"),
        ] {
            let path = dir.0.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Some(Self { dir })
    }

    /// The output of make for a target, with variables.
    fn make(&self, target: &str, variables: &[&str]) -> String {
        let mut make = Command::new("make");
        make.args(["-s", "-f", "asked.mk", "-C", &self.dir.path("feed/net/ddns-netlink"), target]);
        make.arg(format!("TOPDIR={}", self.dir.0.display()));
        make.arg(format!("INCLUDE_DIR={}", self.dir.path("include")));
        make.arg(format!("PKG_INSTALL_DIR={}", self.dir.path("program")));
        make.arg(format!("PKG_BUILD_DIR={ROOT}"));
        make.args(variables).env("PYTHONDONTWRITEBYTECODE", "1").env_remove("MAKEFLAGS");
        text(&run(&mut make).stdout).trim().to_owned()
    }

    /// What the Makefile sets a variable to, for routers with this CPU.
    fn value(&self, variable: &str, arch: &str) -> String {
        self.make("show", &[&format!("VARIABLE={variable}"), &format!("ARCH={arch}")])
    }
}

#[test]
fn openwrts_feed_builds_with_our_profile_and_keeps_its_own_options() {
    let Some(feed) = Feed::new("profile") else { return };
    assert_eq!(feed.value("CARGO_PKG_PROFILE", "mipsel"), "router");
    // The profile for debugging unwinds, so it needs its unwind tables.
    let debug = |variable| feed.make("show", &[&format!("VARIABLE={variable}"), "CONFIG_DEBUG=y"]);
    assert_eq!(debug("CARGO_PKG_PROFILE"), "dev");
    assert_eq!(debug("CARGO_RUSTFLAGS"), "-Clink-arg=-fuse-ld=bfd");
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    assert!(manifest.contains("\n[profile.router]\n"));
    let everywhere = "-Clink-arg=-fuse-ld=bfd -Cforce-unwind-tables=no";
    assert_eq!(feed.value("CARGO_RUSTFLAGS", "x86_64"), everywhere);
    for arch in ["mips", "mipsel"] {
        let options = format!("{everywhere} -Crelocation-model=static");
        assert_eq!(feed.value("CARGO_RUSTFLAGS", arch), options);
    }
    // An unstable option would need another compiler than the feed's.
    let makefile = fs::read_to_string(Path::new(ROOT).join("openwrt/Makefile")).unwrap();
    assert!(!makefile.contains("-Z") && !makefile.contains("RUSTC_BOOTSTRAP"));
}

#[test]
fn the_package_for_openwrts_feed_has_every_field() {
    let Some(feed) = Feed::new("fields") else { return };
    let shown = |variable| feed.value(variable, "mipsel");
    assert_eq!(shown("DEPENDS"), "@(mipsel||x86_64) @!i386 +ca-bundle");
    assert_eq!(shown("PKG_LICENSE"), env!("CARGO_PKG_LICENSE"));
    assert_eq!(shown("PKG_BUILD_DEPENDS"), "rust/host");
    assert_eq!(shown("CONFLICTS"), shown("PROVIDES"));
    assert!(shown("CONFLICTS").starts_with("ddns-scripts ddns-scripts-services "));
    assert!(Path::new(ROOT).join(shown("PKG_LICENSE_FILES")).exists());
    for variable in
        ["SECTION", "CATEGORY", "SUBMENU", "TITLE", "USERID", "PKG_RELEASE", "PKG_SOURCE"]
    {
        assert_ne!(shown(variable), "", "{variable}");
    }
    // OpenWrt's build writes these lines to files as they are, so an indented line would be wrong.
    let makefile = fs::read_to_string(Path::new(ROOT).join("openwrt/Makefile")).unwrap();
    let conffiles = makefile.split("/conffiles\n").nth(1).unwrap().split("endef").next().unwrap();
    assert_eq!(conffiles, "/etc/config/ddns\n");
}

/// Mode, path, target and content of every file below a directory.
fn files(directory: &Path) -> String {
    let script = r#"cd "$0" && find . -mindepth 1 -printf '%M %p %l\n' | sort && find . -type f |
        sort | xargs sha256sum"#;
    text(&run(Command::new("sh").args(["-c", script]).arg(directory)).stdout)
}

#[test]
fn openwrts_feed_installs_the_same_files_as_our_own_package() {
    let Some(feed) = Feed::new("files") else { return };
    let dist = Scratch::new("own");
    fs::write(dist.0.join(format!("ddns-netlink-{TRIPLE}")), "no program").unwrap();
    run(tool("pack.py", &dist).arg(TRIPLE));
    let ipk = dist.path(&format!("ddns-netlink_{}-r1_arm_xscale.ipk", env!("CARGO_PKG_VERSION")));
    fs::create_dir(dist.path("ipk")).unwrap();
    let unpack = "tar -xzOf \"$0\" ./data.tar.gz | tar -xz --no-same-owner -C \"$1\"";
    run(Command::new("sh").args(["-c", unpack, &ipk, &dist.path("ipk")]));
    feed.make("files", &[&format!("TO={}", feed.dir.path("root"))]);
    assert_eq!(files(&feed.dir.0.join("root")), files(&dist.0.join("ipk")));
}

/// A directory for `PATH` with the program in it.
fn path_with_program(scratch: &Scratch) -> String {
    symlink(BINARY, scratch.0.join("ddns-netlink")).unwrap();
    format!("{}:{}", scratch.0.display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_test_of_openwrts_feed_accepts_this_version_and_no_other() {
    let scratch = Scratch::new("test.sh");
    let path = path_with_program(&scratch);
    // The build directory is in a program for tests. So only the first of the three checks is looked at.
    let call = |package: &str, version: &str| {
        let script = Path::new(ROOT).join("openwrt/test.sh");
        let output =
            Command::new("sh").arg(script).args([package, version]).env("PATH", &path).output();
        let output = output.unwrap();
        (output.status.success(), text(&output.stdout))
    };
    assert_eq!(call("another-package", "1"), (true, String::new()));
    let version = concat!(env!("CARGO_PKG_VERSION"), "-r1");
    assert!(!call("ddns-netlink", version).1.contains("--version"));
    let refused = (false, "ddns-netlink --version does not show 9.9\n".to_owned());
    assert_eq!(call("ddns-netlink", "9.9"), refused);
    // The feed wants to see in the log what grep has found.
    let script = fs::read_to_string(Path::new(ROOT).join("openwrt/test.sh")).unwrap();
    assert!(!script.contains("grep -q"), "{script}");
    assert!(
        call("ddns-netlink", version)
            .1
            .starts_with(&format!("ddns-netlink {}\n", env!("CARGO_PKG_VERSION")))
    );
}

/// What bash would complete the last of `words` to.
fn completed(path: &str, words: &[&str]) -> Vec<String> {
    let script = r#"
. "$0"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
[ "$(complete -p ddns-netlink)" = 'complete -o filenames -F _ddns_netlink ddns-netlink' ] || exit 1
_ddns_netlink
printf '%s\n' "${COMPREPLY[@]}"
"#;
    let file = Path::new(ROOT).join("systemd/ddns-netlink.bash");
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", script]).arg(file).args(words).env("PATH", path);
    text(&run(&mut command).stdout).split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_every_command_and_option_of_the_help_text() {
    if !have(&["bash"]) {
        return;
    }
    let scratch = Scratch::new("bash");
    let path = path_with_program(&scratch);
    let complete = |words: &[&str]| completed(&path, &[&["ddns-netlink"], words].concat());
    let lines = HELP.lines().skip_while(|line| *line != "Commands:").skip(1);
    let mut commands = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let Some(command) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) else {
            continue;
        };
        let name = command.split(' ').next().unwrap();
        commands.push(name.to_owned());
        let own = command.split_once("[--").map(|(_, rest)| rest.split([']', ' ']).next().unwrap());
        let options: Vec<String> = own
            .into_iter()
            .chain(["config", "help", "version"])
            .map(|option| format!("--{option}"))
            .collect();
        assert_eq!(complete(&[name, "--"]), options, "{name}");
    }
    assert!(commands.len() > 10, "{commands:?}");
    assert_eq!(complete(&[""]), commands);
    assert_eq!(complete(&["stat"]), ["status"]);
    let config = Path::new(ROOT).join("tests/data/import/inadyn.uci");
    let config = config.to_str().unwrap();
    assert_eq!(complete(&["-c", config, "why", "home"]), ["home_lab"]);
    assert_eq!(complete(&["import", "--from", "dd"]), ["ddclient", "ddns-go"]);
    assert_eq!(complete(&["providers", "duck"]), ["duckdns.org"]);
    assert_eq!(complete(&["check", "-c", &config[..config.len() - 3]]).len(), 3);
}

#[test]
fn the_deb_has_the_completion_the_manual_and_the_documents() {
    if !have(&["python3", "dpkg-deb"]) {
        return;
    }
    let dist = Scratch::new("deb");
    fs::write(dist.0.join(format!("ddns-netlink-{TRIPLE}")), "no program").unwrap();
    run(tool("pack.py", &dist).arg(TRIPLE));
    let deb = dist.path(&format!("ddns-netlink_{}-1_armel.deb", env!("CARGO_PKG_VERSION")));
    let list = text(&run(Command::new("dpkg-deb").args(["--contents", &deb])).stdout);
    for file in [
        "/usr/share/bash-completion/completions/ddns-netlink",
        "/usr/share/man/man5/ddns-netlink.5",
        "/usr/share/man/man8/ddns-netlink.8",
        "/usr/share/doc/ddns-netlink/doc/migrating.md",
    ] {
        assert!(list.lines().any(|line| line.ends_with(&format!(" .{file}"))), "{file}: {list}");
    }
    let control = text(&run(Command::new("dpkg-deb").args(["--field", &deb])).stdout);
    for field in ["Homepage: ", "Maintainer: "] {
        assert!(control.lines().any(|line| line.starts_with(field)), "{control}");
    }
}

/// The Markdown files whose links people follow.
const DOCUMENTS: [&str; 11] = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "RELEASE.md",
    "SECURITY.md",
    "doc/ddns-netlink.5.md",
    "doc/ddns-netlink.8.md",
    "doc/hosts.md",
    "doc/migrating.md",
    "doc/sizes.md",
];

/// The names by which links find the headings of a Markdown file.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        title.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_of_the_documents_lead_to_files_and_headings_that_are_there() {
    for name in DOCUMENTS {
        let path = Path::new(ROOT).join(name);
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            if target.contains("://") || target.contains([' ', '`']) {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            assert!(file.exists(), "{name}: {target}");
            if !anchor.is_empty() {
                let known = anchors(&fs::read_to_string(&file).unwrap());
                assert!(known.iter().any(|known| known == anchor), "{name}: {target}");
            }
        }
    }
}

/// The blocks of code of a document.
fn blocks(name: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(ROOT).join(name)).unwrap();
    let parts: Vec<String> = text.split("```\n").map(str::to_owned).collect();
    parts.into_iter().skip(1).step_by(2).collect()
}

/// Whether `systemd-analyze` is here. Its package is not installed for one test.
fn has_systemd() -> bool {
    let found = Command::new("systemd-analyze").arg("--version").output().is_ok();
    if !found {
        skip::skip_in_ci_too("systemd-analyze is not installed");
    }
    found
}

#[test]
fn configurations_scripts_and_units_of_the_page_about_hosts_are_right() {
    let scratch = Scratch::new("hosts");
    let mut checked = [0; 2];
    for block in blocks("doc/hosts.md") {
        let file = scratch.path("block");
        if block.starts_with("config ") {
            fs::write(&file, &block).unwrap();
            let output = run(Command::new(BINARY).args(["check", "-c", &file]));
            assert!(text(&output.stdout).contains("1 section enabled, 0 not"), "{output:?}");
            checked[0] += 1;
        } else if block.starts_with("#!/bin/sh") {
            fs::write(&file, &block).unwrap();
            run(Command::new("sh").args(["-n", &file]));
            checked[1] += 1;
        } else if block.contains("[Install]") && has_systemd() {
            let unit = scratch.path("ddns-netlink.service");
            fs::write(&unit, block.replace("/data/ddns-netlink/ddns-netlink", BINARY)).unwrap();
            let output = Command::new("systemd-analyze").args(["verify", &unit]).output().unwrap();
            let told = text(&output.stderr);
            assert!(!told.contains("ddns-netlink.service:"), "{told}");
        }
    }
    assert_eq!(checked, [3, 1]);
}

#[test]
fn workflows_use_the_rust_of_cargo_toml_and_only_actions_of_the_forge() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let rust = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    let image = format!("image: rust:{}-bookworm", rust.trim_matches('"'));
    for name in ["ci.yml", "release.yml"] {
        let path = Path::new(ROOT).join(".github/workflows").join(name);
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(&image), "{name}: {image}");
        for action in text
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        {
            let is_forges = action.starts_with("actions/") && action.contains("@v");
            assert!(is_forges || action.starts_with("./"), "{name}: {action}");
        }
        assert!(text.contains("permissions:\n  contents: read\n"), "{name}");
    }
}
