//! Sets `BUILD_TIME`, in seconds since 1970: `SOURCE_DATE_EPOCH` if set, else the time of the
//! newest commit, else that of CHANGELOG.md. The current time is never used, so that the same
//! source gives the same program.

use std::process::Command;
use std::time::UNIX_EPOCH;

#[expect(clippy::disallowed_methods, reason = "a build script reads its environment")]
fn main() {
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

fn newest_commit() -> Option<String> {
    let output = Command::new("git").args(["log", "-1", "--format=%ct"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

fn changelog_date() -> Option<String> {
    let modified = std::fs::metadata("CHANGELOG.md").ok()?.modified().ok()?;
    Some(modified.duration_since(UNIX_EPOCH).ok()?.as_secs().to_string())
}
