//! How long a program takes from its start to its first span with the real Collector: ours beside
//! tokio with `tracing-opentelemetry` and the stock exporter.
//!
//! `cargo bench --bench start` starts a process for each program in each round, in turns, and takes
//! the time until it says that what it has sent has been answered; in the end the Collector has to
//! have the span of each. A program that does nothing tells what the process itself takes.
//! `cargo xtask backends` builds the Collector.
//!
//! Options: `--rounds N` (default 40), `--json FILE`, and `--quick`, which measures nothing of worth.

#[path = "../support/collector.rs"]
mod collector;
#[path = "../support/cores.rs"]
mod cores;
#[path = "../support/exporters.rs"]
#[allow(dead_code, reason = "nothing goes by the fast lane here")]
mod exporters;
mod options;
mod program;
#[path = "../support/statistics.rs"]
mod statistics;
#[path = "../support/table.rs"]
mod table;
#[path = "../support/tracing_spans.rs"]
mod tracing_spans;

use collector::Collector;
use loopscope::clock::Timestamp;
use options::{BE, Options, Role};
use program::Program;
use statistics::{Mean, median};
use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};
use table::{Figure, Table};

/// The core of the programs; the Collector is on the other one.
const OUR_CORE: usize = 1;
const COLLECTOR_CORE: usize = 0;

fn main() -> ExitCode {
    let result = match options::from_arguments() {
        Ok(Role::Measure(options)) => measure(&options),
        Ok(Role::Be(program, collector)) => program.run(&collector),
        Err(message) => Err(message.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), Box<dyn Error>> {
    let pinned = cores::can_pin(OUR_CORE) && cores::pin(COLLECTOR_CORE);
    let collector = Collector::start()?;
    for program in Program::ALL {
        took(program, &collector)?; // The first one has it read from the disk.
    }
    let mut millis = vec![Vec::new(); Program::ALL.len()];
    for _ in 0..options.rounds {
        for (program, millis) in Program::ALL.into_iter().zip(&mut millis) {
            millis.push(took(program, &collector)?);
        }
    }
    let exporting = Program::ALL.iter().filter(|program| program.exports());
    collector.expect_spans((exporting.count() * (options.rounds + 1)) as u64)?;
    let rows = Program::ALL.iter().zip(&millis).map(|(program, own)| {
        vec![
            Figure::text(program),
            Figure::number(median(own.iter().copied()), 2),
            Figure::Ratio(Mean::of_ratios(own, &millis[0])),
        ]
    });
    let place = if pinned { "the other" } else { "ANY" };
    let table = Table::new(
        format!(
            "{} starts of each; the Collector on {place} core",
            options.rounds
        ),
        &["program", "ms, median", "÷ tokio, tracing-opentelemetry"],
        rows.collect(),
    );
    Ok(table::report(&[table], options.json.as_deref())?)
}

/// How many milliseconds pass until the program says that it is done.
fn took(program: Program, collector: &Collector) -> Result<f64, Box<dyn Error>> {
    let start = Timestamp::now();
    let mut process = Command::new(std::env::current_exe()?)
        .args([BE, program.name(), &collector.endpoint()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = process.stdout.take().ok_or("it has no output")?;
    let count = BufReader::new(output).read_line(&mut String::new())?;
    let took = Timestamp::now() - start;
    match process.wait()?.success() && count > 0 {
        true => Ok(took.as_secs_f64() * 1e3),
        false => Err(format!("{program} has failed").into()),
    }
}
