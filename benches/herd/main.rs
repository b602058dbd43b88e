//! `cargo bench --bench herd`: what a provider sees when a million routers wake up. Prints, never asserts.
//!
//! The routers run the real engine in virtual time. The provider is a model with a capacity (`provider.rs`).
//! Beside them the same events meet clients that poll from cron, and clients that repeat at a fixed
//! interval (`peer.rs`). `doc/herd.md` says what is simulated, and what the results mean.
//!
//! `BENCH_ROUTERS` (`10000`) is how many routers stand for the million: the provider's capacity is reduced
//! in the same proportion. `-- --svg DIRECTORY` also writes a plot of each scene.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench, not the daemon"
)]

mod peer;
mod plot;
mod provider;
mod random;
mod router;
mod scene;
mod world;

use std::env;
use std::fs;
use std::path::PathBuf;

use scene::{SCENES, Scene};
use world::{Kind, Run};

/// How many routers the results are about.
const MILLION: u32 = 1_000_000;

fn main() {
    let routers = env::var("BENCH_ROUTERS").map_or(10_000, |text| text.parse().unwrap());
    let directory = svg_directory();
    println!("{routers} routers stand for a million. Rates are those of the million.");
    for scene in SCENES {
        let runs: Vec<Run> =
            Kind::ALL.iter().map(|kind| world::run(scene, *kind, routers)).collect();
        print(scene, &runs);
        if let Some(directory) = &directory {
            let file = directory.join(format!("{}.svg", scene.file));
            fs::write(file, plot::svg(scene, &runs)).unwrap();
        }
    }
}

/// The directory behind `--svg`. Cargo adds arguments of its own.
fn svg_directory() -> Option<PathBuf> {
    let mut arguments = env::args().skip_while(|argument| argument != "--svg");
    arguments.nth(1).map(PathBuf::from)
}

fn print(scene: &Scene, runs: &[Run]) {
    println!("\n### {}\n", scene.title);
    println!("| client | peak/s | peak/s after | requests | failed | 50 % | 99 % | all |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for run in runs {
        let peak_after = run.peak(scene.since()..);
        println!(
            "| {} | {} | {} | {:.1} | {:.0} % | {} | {} | {} |",
            run.kind.name(),
            thousands(run.peak(0..)),
            thousands(peak_after),
            run.requests_each(),
            run.failed_share() * 100.0,
            share(run, 0.5),
            share(run, 0.99),
            share(run, 1.0),
        );
    }
    if let Some(ours) = runs.first().filter(|run| run.look_ups > 0) {
        println!(
            "\nLook-ups at the zone's name servers: {:.1} for each of our routers.",
            ours.look_ups_each()
        );
    }
}

fn share(run: &Run, share: f64) -> String {
    match run.time_until(share) {
        Some(0) => "0".to_owned(),
        Some(seconds) => format!("{}:{:02}", seconds / 60, seconds % 60),
        None => "never".to_owned(),
    }
}

/// A number in groups of three digits.
fn thousands(number: u32) -> String {
    let mut text = number.to_string();
    let mut at = text.len();
    while at > 3 {
        at -= 3;
        text.insert(at, ',');
    }
    text
}
