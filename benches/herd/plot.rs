//! Plots as SVG: what the provider is asked for, and how many routers are right. The colours can be read on
//! a light and on a dark ground.

use std::fmt::Write as _;

use super::provider::UPDATES;
use super::scene::Scene;
use super::world::{Kind, Run};

/// The clients that are drawn, with their colours.
const DRAWN: [(Kind, &str); 4] = [
    (Kind::Cron5, "#d1492e"),
    (Kind::Event10, "#c28a1b"),
    (Kind::CronSpread5, "#8a929c"),
    (Kind::Ours, "#2f81f7"),
];
const INK: &str = "#7d8590";
const LEFT: f64 = 62.0;
const WIDTH: f64 = 670.0;
/// The upper panel: its top and its height. Its scale is logarithmic, from 100 to a million.
const RATES: (f64, f64) = (52.0, 180.0);
const DECADES: [(f64, &str); 5] =
    [(2.0, "100"), (3.0, "1,000"), (4.0, "10,000"), (5.0, "100,000"), (6.0, "1,000,000")];
/// The lower panel: its top and its height.
const SHARES: (f64, f64) = (268.0, 120.0);
/// How many points a line has.
const POINTS: usize = 200;

/// The plot of `scene`.
pub(crate) fn svg(scene: &Scene, runs: &[Run]) -> String {
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-14 0 774 430\" width=\"774\" \
         height=\"430\" font-family=\"sans-serif\" font-size=\"12\">\n",
    );
    let _ = writeln!(out, "<title>{}</title>", scene.title.replace('`', ""));
    let end = length(scene, runs);
    frame(&mut out, scene, end);
    for (place, (kind, colour)) in DRAWN.iter().enumerate() {
        let Some(run) = runs.iter().find(|run| run.kind == *kind) else { continue };
        let x = [LEFT, LEFT + 110.0, LEFT + 290.0, LEFT + 505.0][place];
        let name = kind.name().replace('`', "");
        let _ = writeln!(
            out,
            "<path stroke=\"{colour}\" stroke-width=\"3\" d=\"M{x:.0} 18h18\"/>\
             <text x=\"{:.0}\" y=\"22\" fill=\"{INK}\">{name}</text>",
            x + 24.0
        );
        line(&mut out, colour, &rates(run, end));
        line(&mut out, colour, &shares(run, end));
    }
    out.push_str("</svg>\n");
    out
}

/// How many seconds are drawn: until all clients but those of the same second are right.
fn length(scene: &Scene, runs: &[Run]) -> usize {
    let spread = runs.iter().filter(|run| !matches!(run.kind, Kind::Cron5 | Kind::Cron10));
    let latest = spread.filter_map(|run| run.right.last()).max().copied().unwrap_or(0);
    let latest = usize::try_from(latest.min(scene.length)).unwrap();
    latest.div_ceil(600) * 600
}

fn frame(out: &mut String, scene: &Scene, end: usize) {
    let (right, bottom) = (LEFT + WIDTH, SHARES.0 + SHARES.1);
    let mut label = |x: f64, y: f64, anchor: &str, text: &str| {
        let _ = writeln!(
            out,
            "<text x=\"{x:.0}\" y=\"{y:.0}\" fill=\"{INK}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    };
    label(LEFT, 44.0, "start", "requests per second (peak; the provider can carry out 2,000)");
    label(LEFT, SHARES.0 - 8.0, "start", "routers whose address is right");
    let mut grid = String::new();
    for (power, text) in DECADES {
        let y = rate_y(power);
        label(LEFT - 6.0, y + 4.0, "end", text);
        let _ = write!(grid, "M{LEFT:.0} {y:.1}H{right:.0}");
    }
    for percent in [0, 50, 100] {
        let y = share_y(f64::from(percent) / 100.0);
        label(LEFT - 6.0, y + 4.0, "end", &format!("{percent} %"));
        let _ = write!(grid, "M{LEFT:.0} {y:.1}H{right:.0}");
    }
    let step = if end > 3600 { 1800 } else { 300 };
    for seconds in (0..=end).step_by(step) {
        let x = time_x(seconds, end);
        label(x, bottom + 18.0, "middle", &format!("{} min", seconds / 60));
        let _ = write!(grid, "M{x:.1} {:.0}V{bottom:.0}", RATES.0);
    }
    let _ = writeln!(out, "<path stroke=\"{INK}\" stroke-opacity=\".25\" d=\"{grid}\"/>");
    let y = rate_y(f64::from(UPDATES).log10());
    let _ = writeln!(
        out,
        "<path stroke=\"{INK}\" stroke-dasharray=\"5 4\" d=\"M{LEFT:.0} {y:.1}H{right:.0}\"/>"
    );
    if scene.outage.is_some() {
        let x = time_x(scene.since(), end);
        let _ = writeln!(
            out,
            "<path fill=\"{INK}\" fill-opacity=\".12\" d=\"M{LEFT:.0} {:.0}H{x:.1}V{bottom:.0}H{LEFT:.0}z\"/>",
            RATES.0
        );
    }
}

fn line(out: &mut String, colour: &str, points: &[(f64, f64)]) {
    let mut path = String::new();
    for (place, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { "M" } else { "L" });
    }
    let _ = writeln!(
        out,
        "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" d=\"{path}\"/>"
    );
}

/// The highest rate of each part of the time.
fn rates(run: &Run, end: usize) -> Vec<(f64, f64)> {
    let step = end.div_ceil(POINTS).max(1);
    let drawn = run.arrivals.get(..end).unwrap_or(&run.arrivals);
    let points = drawn.chunks(step).enumerate().map(|(place, part)| {
        let most = f64::from(part.iter().max().copied().unwrap_or(0)) * run.scale();
        (time_x(place * step, end), rate_y(most.max(100.0).log10()))
    });
    points.collect()
}

fn shares(run: &Run, end: usize) -> Vec<(f64, f64)> {
    let step = end.div_ceil(POINTS).max(1);
    let points = (0..=end).step_by(step).map(|seconds| {
        let right = run.right.partition_point(|at| usize::try_from(*at).unwrap() <= seconds);
        let right =
            f64::from(u32::try_from(right).unwrap()) * run.scale() / f64::from(super::MILLION);
        (time_x(seconds, end), share_y(right))
    });
    points.collect()
}

fn time_x(seconds: usize, end: usize) -> f64 {
    let part = |number: usize| f64::from(u32::try_from(number).unwrap());
    LEFT + WIDTH * part(seconds) / part(end.max(1))
}

fn rate_y(power: f64) -> f64 {
    RATES.0 + RATES.1 * (6.0 - power) / 4.0
}

fn share_y(share: f64) -> f64 {
    SHARES.0 + SHARES.1 * (1.0 - share)
}
