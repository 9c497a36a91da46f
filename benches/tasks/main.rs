//! Tasks, queues and timers: ours beside tokio's current-thread runtime and smol's local executor.
//!
//! `cargo bench --bench tasks` measures each of them in short rounds that take turns, and prints the
//! median and the ratios to tokio within a round, with their standard error. All run on one thread
//! and with their best settings: tokio with `enable_all` and its own `spawn`, smol as
//! `async_executor::LocalExecutor` inside of `async_io::block_on`.
//!
//! Options: `--rounds N` (default 60), `--only TEXT` for the rows whose name has the text, `--json
//! FILE`, and `--quick`, which measures nothing of worth.

mod loopscope;
mod options;
mod smol;
#[path = "../support/statistics.rs"]
mod statistics;
#[path = "../support/table.rs"]
mod table;
mod tokio;
mod work;

use options::Options;
use statistics::{Mean, median};
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;
use table::{Figure, Table};

/// Does something so many times; how long that took.
type Run = fn(u64) -> Duration;

/// The same work, done by each contender; the first is the one that ratios are to.
struct Row {
    name: &'static str,
    contenders: &'static [(&'static str, Run)],
}

const ROWS: &[Row] = &[
    Row {
        name: "yield, 1 task",
        contenders: &[
            ("tokio, yield_now", |times| tokio::yields(times, 1)),
            ("tokio, waking itself", |times| tokio::self_wakes(times, 1)),
            ("smol", |times| smol::yields(times, 1)),
            ("loopscope", |times| loopscope::yields(times, 1)),
        ],
    },
    Row {
        name: "yield, 100 tasks",
        contenders: &[
            ("tokio, yield_now", |times| tokio::yields(times, 100)),
            ("tokio, waking itself", |times| {
                tokio::self_wakes(times, 100)
            }),
            ("smol", |times| smol::yields(times, 100)),
            ("loopscope", |times| loopscope::yields(times, 100)),
        ],
    },
    Row {
        name: "spawn and join, one by one",
        contenders: &[
            ("tokio", |times| tokio::spawns(times, 1)),
            ("smol", |times| smol::spawns(times, 1)),
            ("loopscope", |times| loopscope::spawns(times, 1)),
        ],
    },
    Row {
        name: "spawn and join, batches of 1000",
        contenders: &[
            ("tokio", |times| tokio::spawns(times, 1000)),
            ("smol", |times| smol::spawns(times, 1000)),
            ("loopscope", |times| loopscope::spawns(times, 1000)),
        ],
    },
    Row {
        name: "queue of 1, put and get",
        contenders: &[
            ("tokio", |times| tokio::queue(times, 1)),
            ("smol", |times| smol::queue(times, 1)),
            ("loopscope", |times| loopscope::queue(times, 1)),
        ],
    },
    Row {
        name: "queue of 64, put and get",
        contenders: &[
            ("tokio", |times| tokio::queue(times, 64)),
            ("smol", |times| smol::queue(times, 64)),
            ("loopscope", |times| loopscope::queue(times, 64)),
        ],
    },
    Row {
        name: "timer, insert and cancel at 100,000 live, random deadlines",
        contenders: &[
            ("tokio", |times| tokio::timers(times, 3600)),
            ("smol", |times| smol::timers(times, 3600)),
            ("loopscope", |times| loopscope::timers(times, 3600)),
        ],
    },
    Row {
        name: "timer, insert and cancel at 100,000 live, equal deadlines",
        contenders: &[
            ("tokio", |times| tokio::timers(times, 0)),
            ("smol", |times| smol::timers(times, 0)),
            ("loopscope", |times| loopscope::timers(times, 0)),
        ],
    },
];

fn main() -> ExitCode {
    let result = options::from_arguments()
        .map_err(io::Error::other)
        .and_then(|options| measure(&options));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "tasks: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> io::Result<()> {
    let wanted = ROWS.iter().filter(|row| row.name.contains(&options.only));
    let table = Table::new(
        format!(
            "{} rounds of {:?}; nanoseconds for one operation",
            options.rounds, options.round
        ),
        &["what", "by", "ns, median", "time ÷ tokio"],
        wanted.flat_map(|row| of_row(row, options)).collect(),
    );
    table::report(&[table], options.json.as_deref())
}

fn of_row(row: &Row, options: &Options) -> Vec<Vec<Figure>> {
    let times: Vec<u64> = row
        .contenders
        .iter()
        .map(|(_, run)| times_in(options.round, *run))
        .collect();
    let mut nanos: Vec<Vec<f64>> = vec![Vec::new(); row.contenders.len()];
    for round in 0..options.rounds {
        // Whoever comes first in one round comes last in the next.
        let first = round % row.contenders.len();
        for number in (first..row.contenders.len()).chain(0..first) {
            let (_, run) = row.contenders[number];
            let took = run(times[number]).as_secs_f64() * 1e9;
            nanos[number].push(took / times[number] as f64);
        }
    }
    let rows = row.contenders.iter().zip(&nanos);
    rows.map(|((name, _), values)| {
        vec![
            Figure::text(row.name),
            Figure::text(name),
            Figure::number(median(values.iter().copied()), 1),
            Figure::Ratio(Mean::of_ratios(values, &nanos[0])),
        ]
    })
    .collect()
}

/// How often something is done in a round.
fn times_in(round: Duration, run: Run) -> u64 {
    let mut times = 1000;
    loop {
        let took = run(times);
        if took >= round / 2 {
            return (times as f64 * round.as_secs_f64() / took.as_secs_f64()).ceil() as u64;
        }
        times *= 2;
    }
}
