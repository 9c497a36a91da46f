//! The table.

use crate::child::CpuTime;
use crate::options::Options;
use crate::servers::Server;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

/// What one server did in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) requests: u64,
    pub(crate) took: Duration,
    pub(crate) spent: CpuTime,
}

impl Sample {
    fn requests_a_second(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }

    fn cpu_a_request(&self) -> f64 {
        self.spent.total().as_secs_f64() / self.requests as f64
    }
}

/// The samples of each server, one a round.
pub(crate) struct Report {
    servers: Vec<(Server, Vec<Sample>)>,
}

impl Report {
    pub(crate) fn new(servers: &[Server]) -> Self {
        let servers = servers.iter().map(|server| (*server, Vec::new()));
        Self {
            servers: servers.collect(),
        }
    }

    pub(crate) fn add(&mut self, server: usize, sample: Sample) {
        self.servers[server].1.push(sample);
    }

    pub(crate) fn print(&self, options: &Options, pinned: bool) -> io::Result<()> {
        let mut output = io::stdout().lock();
        writeln!(
            output,
            "{} rounds of {:?}, {} connections, {} bytes{}\n",
            options.rounds,
            options.round,
            options.connections,
            crate::load::MESSAGE,
            match (pinned, options.one_core) {
                (true, false) => "; the server on a core of its own",
                (true, true) => "; server and load on one core",
                (false, _) => "; server and load on ANY core",
            }
        )?;
        writeln!(
            output,
            "| server | requests/s, median | CPU µs a request | user | system | \
             CPU in use | requests/s ÷ tokio | CPU ÷ tokio | user CPU ÷ tokio |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        )?;
        let base = self.servers.iter().find(|(it, _)| *it == Server::Tokio);
        for (server, samples) in &self.servers {
            write_row(
                &mut output,
                *server,
                samples,
                base.map(|(_, base)| &base[..]),
            )?;
        }
        output.flush()
    }
}

fn write_row(
    output: &mut impl Write,
    server: Server,
    samples: &[Sample],
    base: Option<&[Sample]>,
) -> io::Result<()> {
    let sum = samples.iter().fold(Sums::default(), Sums::add);
    let ratios = |of: fn(&Sample) -> f64| Mean::of_ratios(samples, base?, of);
    let user = base.and_then(|base| {
        let base = base.iter().fold(Sums::default(), Sums::add);
        let ratio = sum.micros(sum.user) / base.micros(base.user);
        // The kernel tells user from system time at its ticks: a short run has none of the former.
        ratio.is_finite().then_some(ratio)
    });
    writeln!(
        output,
        "| {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.0} % | {} | {} | {} |",
        server.description(),
        median(samples.iter().map(Sample::requests_a_second)),
        sum.micros(sum.user + sum.system),
        sum.micros(sum.user),
        sum.micros(sum.system),
        (sum.user + sum.system).as_secs_f64() / sum.took.as_secs_f64() * 100.0,
        Shown(ratios(Sample::requests_a_second)),
        Shown(ratios(Sample::cpu_a_request)),
        Shown(user.map(|user| format!("{user:.2}"))),
    )
}

/// All rounds together.
#[derive(Default)]
struct Sums {
    requests: u64,
    took: Duration,
    user: Duration,
    system: Duration,
}

impl Sums {
    fn add(mut self, sample: &Sample) -> Self {
        self.requests += sample.requests;
        self.took += sample.took;
        self.user += sample.spent.user;
        self.system += sample.spent.system;
        self
    }

    fn micros(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / self.requests as f64
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        (values[middle - 1] + values[middle]) / 2.0
    } else {
        values[middle]
    }
}

/// A mean and its standard error.
struct Mean {
    mean: f64,
    error: f64,
}

impl Mean {
    /// Of the ratios of two servers in the same round.
    fn of_ratios(samples: &[Sample], base: &[Sample], of: fn(&Sample) -> f64) -> Option<Self> {
        let pairs = samples.iter().zip(base);
        let ratios: Vec<f64> = pairs.map(|(sample, base)| of(sample) / of(base)).collect();
        let count = ratios.len() as f64;
        let mean = ratios.iter().sum::<f64>() / count;
        let squares: f64 = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum();
        let error = (squares / (count - 1.0) / count).sqrt();
        Some(Self { mean, error })
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ± {:.3}", self.mean, self.error)
    }
}

/// A value, or a dash.
struct Shown<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("–"),
        }
    }
}
