//! Spans on their way to the real Collector: what one costs, and how many there can be a second.
//!
//! `cargo bench --bench spans --features testing` runs interleaved rounds, in which each pipeline in
//! turn makes spans for half a second and waits until the last has arrived, and prints ratios to
//! the stock exporter within a round. This process has a core, the Collector another one. Nothing
//! is dropped: who makes spans waits while four batches are on their way, which is what there is
//! where a collector keeps up, and in the end the Collector's own count has to be what was made.
//! `cargo xtask backends` builds the Collector.
//!
//! Options: `--rounds N` (default 40), `--pipelines NAME,…` of `stock`, `ours`, `fast-lane` and
//! `tracing`,
//! `--json FILE` for the figures, and `--quick`, which runs for seconds and measures nothing of
//! worth.

#[path = "../support/collector.rs"]
mod collector;
#[path = "../support/cores.rs"]
mod cores;
#[path = "../support/cpu.rs"]
mod cpu;
#[path = "../support/exporters.rs"]
mod exporters;
#[path = "../support/listeners.rs"]
#[allow(dead_code, reason = "spans are exported here, not discarded")]
mod listeners;
mod options;
mod pipelines;
mod report;
mod spans;
#[path = "../support/statistics.rs"]
mod statistics;
#[path = "../support/table.rs"]
mod table;
#[path = "../support/tracing_spans.rs"]
mod tracing_spans;

use collector::Collector;
use cpu::CpuTime;
use loopscope::clock::Timestamp;
use opentelemetry::trace::TraceFlags;
use options::Options;
use pipelines::Running;
use report::{Report, Sample};
use spans::Kind;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// With so many on their way no more are made, until a quarter of them have arrived.
const ENOUGH: u64 = 4 * exporters::BATCH;
/// How many spans are made between two looks at the clock.
const CHUNK: u64 = 64;

/// The core of this process; the Collector is on the other one.
const OUR_CORE: usize = 1;
const COLLECTOR_CORE: usize = 0;

fn main() -> ExitCode {
    let result = options::from_arguments()
        .map_err(Into::into)
        .and_then(|options| measure(&options));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "spans: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let can_pin = cores::can_pin(OUR_CORE);
    let pinned = can_pin && cores::pin(COLLECTOR_CORE);
    let collector = Collector::start()?;
    let pinned = pinned && cores::pin(OUR_CORE);
    let _parent = listeners::parent(TraceFlags::SAMPLED);
    let pipelines = || options.pipelines.iter();
    let subjects = Kind::ALL
        .into_iter()
        .flat_map(|kind| pipelines().map(move |pipeline| (kind, *pipeline)))
        .filter(|(kind, pipeline)| pipeline.makes(*kind));
    let mut subjects = subjects
        .map(|(kind, pipeline)| Ok((kind, pipeline, Running::start(pipeline, kind, &collector)?)))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    for (.., running) in &mut subjects {
        round(running, options.round)?; // The first round warms up.
    }
    let mut report = Report::new(
        subjects
            .iter()
            .map(|(kind, pipeline, _)| (*kind, *pipeline)),
    );
    for number in 0..options.rounds {
        // Whoever comes first in one round comes last in the next.
        let first = number % subjects.len();
        for number in (first..subjects.len()).chain(0..first) {
            report.add(number, round(&mut subjects[number].2, options.round)?);
        }
    }
    collector.expect_spans(subjects.iter().map(|(.., running)| running.made()).sum())?;
    Ok(report.print(options, pinned)?)
}

/// Makes spans for a time, as fast as they can be exported, and waits for the last.
fn round(running: &mut Running, duration: Duration) -> io::Result<Sample> {
    let (made, spent, start) = (running.made(), CpuTime::of_process()?, Timestamp::now());
    let end = start + duration;
    while Timestamp::now() < end {
        running.make(CHUNK);
        if running.pending() >= ENOUGH {
            while running.pending() > ENOUGH / 4 * 3 {
                pause();
            }
        }
    }
    running.drain();
    Ok(Sample {
        spans: running.made() - made,
        took: Timestamp::now() - start,
        spent: CpuTime::of_process()? - spent,
    })
}

#[expect(clippy::disallowed_methods, reason = "there is no event loop here")]
fn pause() {
    std::thread::sleep(Duration::from_millis(1));
}
