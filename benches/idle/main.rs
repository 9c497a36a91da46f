//! What costs something while nothing happens: connections that are silent, tasks that sleep, and
//! timers of which half are cancelled.
//!
//! `cargo bench --bench idle` makes so many of each by ours, by tokio's current-thread runtime and by
//! smol's local executor, in a process of its own for each round, and prints what one of them costs:
//! bytes that were allocated and are held, by a counting allocator; bytes of resident memory; and
//! CPU time, by the kernel's account, to make it, to have it for a second, and to end it. Rounds
//! take turns; ratios are taken within a round. What a round costs is median and mean of all rounds.
//!
//! Options: `--rounds N` (default 11), `--json FILE`, and `--quick`, with a tenth of everything.

mod contenders;
#[path = "../support/cpu.rs"]
mod cpu;
mod options;
mod sample;
#[path = "../support/statistics.rs"]
mod statistics;
#[path = "../support/table.rs"]
mod table;
mod what;

use contenders::Contender;
use options::{Options, Role};
use sample::Sample;
use statistics::{Mean, median};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use table::{Figure, Table};
use what::What;

fn main() -> ExitCode {
    let result = match options::from_arguments() {
        Ok(Role::Measure(options)) => measure(&options),
        Ok(Role::BeOne {
            contender,
            what,
            count,
        }) => sample::take(contender, what, count),
        Err(message) => Err(io::Error::new(io::ErrorKind::InvalidInput, message)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "idle: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> io::Result<()> {
    let mut rows = Vec::new();
    for what in What::ALL {
        rows.extend(of_what(what, options)?);
    }
    let table = Table::new(
        format!("{} rounds, of one each", options.rounds),
        &[
            "what",
            "by",
            "bytes held",
            "resident bytes",
            "CPU µs",
            "bytes held ÷ tokio",
            "resident ÷ tokio",
            "CPU ÷ tokio",
        ],
        rows,
    );
    table::report(&[table], options.json.as_deref())
}

fn of_what(what: What, options: &Options) -> io::Result<Vec<Vec<Figure>>> {
    let count = what.count() / if options.quick { 10 } else { 1 };
    let mut samples = vec![Vec::new(); Contender::ALL.len()];
    for _ in 0..options.rounds {
        for (contender, samples) in Contender::ALL.iter().zip(&mut samples) {
            samples.push(in_own_process(*contender, what, count)?);
        }
    }
    let rows = Contender::ALL.iter().zip(&samples);
    let rows = rows.map(|(contender, own)| {
        let values = |of: fn(&Sample) -> f64, samples: &[Sample]| -> Vec<f64> {
            samples.iter().map(of).collect()
        };
        let figure = |of, decimals| Figure::number(median(values(of, own)), decimals);
        let ratio = |of| Figure::Ratio(Mean::of_ratios(&values(of, own), &values(of, &samples[0])));
        vec![
            Figure::text(format!("{count} {what}")),
            Figure::text(contender),
            figure(|sample| sample.held, 0),
            figure(|sample| sample.resident, 0),
            figure(|sample| sample.cpu_micros, 2),
            ratio(|sample| sample.held),
            ratio(|sample| sample.resident),
            ratio(|sample| sample.cpu_micros),
        ]
    });
    Ok(rows.collect())
}

fn in_own_process(contender: Contender, what: What, count: usize) -> io::Result<Sample> {
    let mut process = Command::new(std::env::current_exe()?)
        .args([options::BE_ONE, contender.name(), what.name()])
        .arg(count.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    let sample = sample_of(&mut process, what, count);
    let status = process.wait()?;
    sample.map_err(|error| {
        io::Error::other(format!("{contender}, {count} {what}: {error} ({status})"))
    })
}

fn sample_of(process: &mut Child, what: What, count: usize) -> io::Result<Sample> {
    let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut lines = BufReader::new(output).lines();
    let mut line = || {
        lines
            .next()
            .unwrap_or(Err(io::ErrorKind::UnexpectedEof.into()))
    };
    // The other ends of the connections are this process's, until the sample is taken.
    let _clients = match what {
        What::Connections => connect(line()?.parse().map_err(io::Error::other)?, count)?,
        What::SleepingTasks | What::Timers => Vec::new(),
    };
    let sample = line()?;
    sample
        .parse()
        .map_err(|()| io::Error::other(format!("says {sample:?}")))
}

/// Connections that say nothing, and have been greeted, so that each is served.
fn connect(server: SocketAddr, count: usize) -> io::Result<Vec<TcpStream>> {
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        let mut client = TcpStream::connect(server)?;
        client.read_exact(&mut [0])?;
        clients.push(client);
    }
    Ok(clients)
}
