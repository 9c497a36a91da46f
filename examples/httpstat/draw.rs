//! What is printed.

use crate::fetch::Fetched;
use crate::phases::{NAMES, Phases};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

const WIDTH: usize = 50;
const COLOURS: [AnsiColor; NAMES.len()] = [
    AnsiColor::BrightBlue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightYellow,
    AnsiColor::BrightGreen,
];

/// The phases of one request, one under the other along the time that they took, in colours.
pub(crate) fn waterfall(address: &str, fetched: &Fetched) -> String {
    let Fetched {
        version,
        status,
        size,
        phases,
    } = fetched;
    let mut text = format!("{address}\n{version} {status}, {size} bytes\n\n");
    let column = |at: Duration| {
        let share = at.as_secs_f64() / phases.total.as_secs_f64().max(1e-9);
        ((share * WIDTH as f64).round() as usize).min(WIDTH)
    };
    for ((name, colour), span) in NAMES.iter().zip(COLOURS).zip(&phases.spans) {
        let Some((from, took)) = span else { continue };
        let (begin, end) = (column(*from), column(*from + *took));
        let bar = "█".repeat((end - begin).max(1));
        let line = format!("{}{bar}", " ".repeat(begin.min(WIDTH - 1)));
        let colour = Style::new().fg_color(Some(colour.into()));
        let took = millis(*took);
        let _ = writeln!(text, "  {name:<11} {colour}{line:<WIDTH$}{colour:#} {took}");
    }
    let _ = writeln!(
        text,
        "  {:<11} {:<WIDTH$} {}",
        "total",
        "",
        millis(phases.total)
    );
    text
}

/// The percentiles of several requests.
pub(crate) fn table(address: &str, fetched: &[Fetched]) -> String {
    let mut text = format!("{address}: {} requests\n\n", fetched.len());
    let heads = ["p50", "p90", "p99", "max"];
    let _ = writeln!(
        text,
        "  {:<11} {:>11} {:>11} {:>11} {:>11}",
        "", heads[0], heads[1], heads[2], heads[3]
    );
    for (name, values) in by_phase(fetched) {
        let _ = write!(text, "  {name:<11}");
        for share in [50, 90, 99, 100] {
            let _ = write!(text, " {}", millis(percentile(&values, share)));
        }
        text.push('\n');
    }
    text
}

/// The same for programs: times in milliseconds.
pub(crate) fn json(address: &str, fetched: &[Fetched]) -> Value {
    let requests: Vec<_> = fetched.iter().map(request_json).collect();
    let mut percentiles = serde_json::Map::new();
    for (name, values) in by_phase(fetched) {
        let at = |share| number(percentile(&values, share));
        let of_phase = json!({"p50": at(50), "p90": at(90), "p99": at(99), "max": at(100)});
        percentiles.insert(key(name), of_phase);
    }
    json!({"url": address, "requests": requests, "percentiles": percentiles})
}

fn request_json(fetched: &Fetched) -> Value {
    let Phases { spans, total } = &fetched.phases;
    let mut phases = serde_json::Map::new();
    for (name, span) in NAMES.iter().zip(spans) {
        if let Some((from, took)) = span {
            let span = json!({"start_ms": number(*from), "duration_ms": number(*took)});
            phases.insert(key(name), span);
        }
    }
    json!({
        "version": fetched.version,
        "status": fetched.status,
        "bytes": fetched.size,
        "total_ms": number(*total),
        "phases": phases,
    })
}

fn key(name: &str) -> String {
    name.to_lowercase().replace(' ', "_")
}

/// How long each phase took in each request that had it, from the shortest on.
fn by_phase(fetched: &[Fetched]) -> Vec<(&'static str, Vec<Duration>)> {
    let mut all: Vec<_> = NAMES
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let spans = fetched.iter().filter_map(|one| one.phases.spans[index]);
            (*name, spans.map(|(_, took)| took).collect::<Vec<_>>())
        })
        .collect();
    let totals = fetched.iter().map(|one| one.phases.total);
    all.push(("total", totals.collect()));
    all.retain(|(_, values)| !values.is_empty());
    all.iter_mut().for_each(|(_, values)| values.sort());
    all
}

/// The smallest value that is not less than that share of all.
fn percentile(sorted: &[Duration], share: usize) -> Duration {
    let rank = (sorted.len() * share).div_ceil(100).max(1);
    sorted[rank - 1]
}

fn number(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

fn millis(time: Duration) -> String {
    format!("{:>8.2} ms", time.as_secs_f64() * 1e3)
}
