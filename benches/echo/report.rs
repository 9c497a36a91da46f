//! The table.

use crate::cpu::CpuTime;
use crate::options::Options;
use crate::servers::Server;
use crate::statistics::{Mean, median};
use crate::table::{self, Figure, Table};
use std::io;
use std::time::Duration;

/// What one server did in one round.
#[derive(Debug, Clone, Copy, Default)]
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

    fn user_a_request(&self) -> f64 {
        self.spent.user.as_secs_f64() / self.requests as f64
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
        let title = format!(
            "{} rounds of {:?}, {} connections, {} bytes{}",
            options.rounds,
            options.round,
            options.connections,
            crate::load::MESSAGE,
            where_it_ran(options, pinned)
        );
        let tokio = self.of(Server::Tokio);
        let rows = self.servers.iter();
        let figures = rows.map(|(server, samples)| row(*server, samples, tokio));
        let tables = [
            Table::new(title, &COLUMNS, figures.collect()),
            self.ratios(),
        ];
        table::report(&tables, options.json.as_deref())
    }

    /// What is compared with others than tokio.
    fn ratios(&self) -> Table {
        let (rate, cpu): (Of, Of) = (Sample::requests_a_second, Sample::cpu_a_request);
        let compared = [
            ("requests/s ÷ raw mio", rate, Server::RawMio),
            ("requests/s ÷ loopscope, no scope", rate, Server::Loopscope),
            ("CPU ÷ loopscope, no scope", cpu, Server::Loopscope),
        ];
        let compared = compared.map(|(column, of, base)| Some((column, of, self.of(base)?)));
        let compared = || compared.iter().flatten();
        let mut columns = vec!["server"];
        columns.extend(compared().map(|(column, ..)| column));
        let rows = self.servers.iter().map(|(server, samples)| {
            let mut row = vec![Figure::text(server.description())];
            row.extend(compared().map(|(_, of, base)| ratios(*of, samples, Some(base))));
            row
        });
        Table::new("the same rounds".into(), &columns, rows.collect())
    }

    fn of(&self, wanted: Server) -> Option<&[Sample]> {
        let mut servers = self.servers.iter();
        let (_, samples) = servers.find(|(server, _)| *server == wanted)?;
        Some(samples)
    }
}

const COLUMNS: [&str; 9] = [
    "server",
    "requests/s, median",
    "CPU µs a request",
    "user",
    "system",
    "CPU in use, %",
    "requests/s ÷ tokio",
    "CPU ÷ tokio",
    "user CPU ÷ tokio",
];

pub(crate) fn where_it_ran(options: &Options, pinned: bool) -> &'static str {
    match (pinned, options.one_core) {
        (true, false) => "; the server on a core of its own",
        (true, true) => "; server and load on one core",
        (false, _) => "; server and load on ANY core",
    }
}

fn row(server: Server, samples: &[Sample], base: Option<&[Sample]>) -> Vec<Figure> {
    let sum = samples.iter().fold(Sums::default(), Sums::add);
    let user = |samples: &[Sample]| -> Vec<f64> {
        let samples = samples.iter();
        samples.map(Sample::user_a_request).collect()
    };
    vec![
        Figure::text(server.description()),
        Figure::number(median(samples.iter().map(Sample::requests_a_second)), 0),
        Figure::number(sum.micros(sum.user + sum.system), 2),
        Figure::number(sum.micros(sum.user), 2),
        Figure::number(sum.micros(sum.system), 2),
        Figure::number(
            (sum.user + sum.system).as_secs_f64() / sum.took.as_secs_f64() * 100.0,
            0,
        ),
        ratios(Sample::requests_a_second, samples, base),
        ratios(Sample::cpu_a_request, samples, base),
        base.and_then(|base| Mean::of_sums(&user(samples), &user(base)))
            .map_or(Figure::text("–"), Figure::Ratio),
    ]
}

/// A figure of a round.
type Of = fn(&Sample) -> f64;

/// The ratios within the rounds.
fn ratios(of: Of, samples: &[Sample], base: Option<&[Sample]>) -> Figure {
    let values = |samples: &[Sample]| samples.iter().map(of).collect::<Vec<_>>();
    base.map_or(Figure::text("–"), |base| {
        Figure::Ratio(Mean::of_ratios(&values(samples), &values(base)))
    })
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
