//! The table.

use crate::cpu::CpuTime;
use crate::options::Options;
use crate::pipelines::Pipeline;
use crate::spans::Kind;
use crate::statistics::{Mean, median};
use crate::table::{self, Figure, Table};
use std::io;
use std::time::Duration;

/// What one pipeline did in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) spans: u64,
    pub(crate) took: Duration,
    pub(crate) spent: CpuTime,
}

impl Sample {
    fn spans_a_second(&self) -> f64 {
        self.spans as f64 / self.took.as_secs_f64()
    }

    fn nanos(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e9 / self.spans as f64
    }

    fn cpu_a_span(&self) -> f64 {
        self.nanos(self.spent.total())
    }
}

/// The samples of one pipeline, one a round.
struct Row {
    kind: Kind,
    pipeline: Pipeline,
    samples: Vec<Sample>,
}

impl Row {
    fn values(&self, of: fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().map(of).collect()
    }

    /// All rounds together.
    fn sum(&self) -> Sample {
        let samples = || self.samples.iter();
        Sample {
            spans: samples().map(|sample| sample.spans).sum(),
            took: samples().map(|sample| sample.took).sum(),
            spent: CpuTime {
                user: samples().map(|sample| sample.spent.user).sum(),
                system: samples().map(|sample| sample.spent.system).sum(),
            },
        }
    }
}

pub(crate) struct Report(Vec<Row>);

const COLUMNS: [&str; 9] = [
    "spans",
    "pipeline",
    "spans/s, median",
    "CPU ns a span, median",
    "user",
    "system",
    "CPU in use, %",
    "spans/s ÷ stock",
    "CPU ÷ stock",
];

impl Report {
    pub(crate) fn new(rows: impl Iterator<Item = (Kind, Pipeline)>) -> Self {
        let row = |(kind, pipeline)| Row {
            kind,
            pipeline,
            samples: Vec::new(),
        };
        Self(rows.map(row).collect())
    }

    pub(crate) fn add(&mut self, row: usize, sample: Sample) {
        self.0[row].samples.push(sample);
    }

    pub(crate) fn print(&self, options: &Options, pinned: bool) -> io::Result<()> {
        let core = if pinned { "the other" } else { "ANY" };
        let table = Table::new(
            format!(
                "{} rounds of {:?}; the Collector on {core} core",
                options.rounds, options.round
            ),
            &COLUMNS,
            self.0.iter().map(|row| self.figures(row)).collect(),
        );
        table::report(&[table], options.json.as_deref())
    }

    fn figures(&self, row: &Row) -> Vec<Figure> {
        let is_base = |base: &&Row| base.kind == row.kind && base.pipeline == Pipeline::Stock;
        let base = self.0.iter().find(is_base);
        let ratios = |of: fn(&Sample) -> f64| {
            base.map_or(Figure::text("–"), |base| {
                Figure::Ratio(Mean::of_ratios(&row.values(of), &base.values(of)))
            })
        };
        // The kernel tells user from system time at its ticks: in sum it is right.
        let sum = row.sum();
        let in_use = sum.spent.total().as_secs_f64() / sum.took.as_secs_f64();
        vec![
            Figure::text(row.kind),
            Figure::text(row.pipeline),
            Figure::number(median(row.values(Sample::spans_a_second)), 0),
            Figure::number(median(row.values(Sample::cpu_a_span)), 0),
            Figure::number(sum.nanos(sum.spent.user), 0),
            Figure::number(sum.nanos(sum.spent.system), 0),
            Figure::number(in_use * 100.0, 0),
            ratios(Sample::spans_a_second),
            ratios(Sample::cpu_a_span),
        ]
    }
}
