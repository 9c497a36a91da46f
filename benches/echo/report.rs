//! The table.

use crate::cpu::CpuTime;
use crate::options::Options;
use crate::servers::Server;
use crate::statistics::{Mean, median};
use crate::table::{self, Figure, Table};
use std::io;
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

    pub(crate) fn cpu_a_request(&self) -> f64 {
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
        let base = self.servers.iter().find(|(it, _)| *it == Server::Tokio);
        let base = base.map(|(_, samples)| &samples[..]);
        let rows = self.servers.iter();
        let table = Table {
            title: format!(
                "{} rounds of {:?}, {} connections, {} bytes{}",
                options.rounds,
                options.round,
                options.connections,
                crate::load::MESSAGE,
                where_it_ran(options, pinned)
            ),
            columns: vec![
                "server",
                "requests/s, median",
                "CPU µs a request",
                "user",
                "system",
                "CPU in use, %",
                "requests/s ÷ tokio",
                "CPU ÷ tokio",
                "user CPU ÷ tokio",
            ],
            rows: rows
                .map(|(server, samples)| row(*server, samples, base))
                .collect(),
        };
        table.print()?;
        match &options.json {
            Some(file) => table::write_json(&[table], file),
            None => Ok(()),
        }
    }
}

pub(crate) fn where_it_ran(options: &Options, pinned: bool) -> &'static str {
    match (pinned, options.one_core) {
        (true, false) => "; the server on a core of its own",
        (true, true) => "; server and load on one core",
        (false, _) => "; server and load on ANY core",
    }
}

fn row(server: Server, samples: &[Sample], base: Option<&[Sample]>) -> Vec<Figure> {
    let sum = samples.iter().fold(Sums::default(), Sums::add);
    let ratios = |of: fn(&Sample) -> f64| {
        let values = |samples: &[Sample]| samples.iter().map(of).collect::<Vec<_>>();
        base.map_or(Figure::text("–"), |base| {
            Figure::Ratio(Mean::of_ratios(&values(samples), &values(base)))
        })
    };
    let user = base.map(|base| {
        let base = base.iter().fold(Sums::default(), Sums::add);
        sum.micros(sum.user) / base.micros(base.user)
    });
    vec![
        Figure::text(server.description()),
        Figure::Number(median(samples.iter().map(Sample::requests_a_second)), 0),
        Figure::Number(sum.micros(sum.user + sum.system), 2),
        Figure::Number(sum.micros(sum.user), 2),
        Figure::Number(sum.micros(sum.system), 2),
        Figure::Number(
            (sum.user + sum.system).as_secs_f64() / sum.took.as_secs_f64() * 100.0,
            0,
        ),
        ratios(Sample::requests_a_second),
        ratios(Sample::cpu_a_request),
        // The kernel tells user from system time at its ticks: a short run has none of the former.
        match user {
            Some(ratio) if ratio.is_finite() => Figure::Number(ratio, 2),
            _ => Figure::text("–"),
        },
    ]
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
