//! Sets `BUILD_TIME`, in seconds since 1970. It is `SOURCE_DATE_EPOCH` if that is set, or else the time of
//! the newest commit, or else that of CHANGELOG.md. The current time is not used, so that the same source
//! gives the same program.
//!
//! Copies the table of providers without its comments, which would only make the program larger.

use std::path::Path;
use std::process::Command;
use std::time::UNIX_EPOCH;

const TABLE: &str = "src/provider/table.txt";

#[expect(clippy::disallowed_methods, reason = "a build script reads its environment")]
fn main() {
    println!("cargo:rerun-if-changed={TABLE}");
    copy_table(std::env::var_os("OUT_DIR").unwrap_or_default().as_ref());
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo:rerun-if-changed=CHANGELOG.md");
    let time = std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()))
        .or_else(newest_commit)
        .or_else(changelog_date)
        .unwrap_or_else(|| "0".into());
    println!("cargo:rustc-env=BUILD_TIME={time}");
}

/// Copies the table into `directory`. If that fails, the program does not compile.
fn copy_table(directory: &Path) {
    let copied = std::fs::read_to_string(TABLE).and_then(|table| {
        let lines = table.split_inclusive('\n').filter(|line| !line.starts_with('#'));
        std::fs::write(directory.join("table.txt"), lines.collect::<String>())
    });
    if let Err(error) = copied {
        println!("cargo:warning={TABLE} cannot be copied: {error}");
    }
}

fn newest_commit() -> Option<String> {
    let output = Command::new("git").args(["log", "-1", "--format=%ct"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    if output.status.success() && !text.is_empty() { Some(text) } else { None }
}

fn changelog_date() -> Option<String> {
    let modified = std::fs::metadata("CHANGELOG.md").ok()?.modified().ok()?;
    Some(modified.duration_since(UNIX_EPOCH).ok()?.as_secs().to_string())
}
