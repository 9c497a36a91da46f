//! What is to be reached, and whether it is.

use super::results::{Place, Results};
use super::statistics::Mean;
use super::table::{Figure, Table};
use std::fmt;

/// Something to be reached.
struct Target {
    what: &'static str,
    bound: Bound,
    unit: &'static str,
    measured: Source,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

enum Source {
    Figure(Place),
    /// By how much the one is above the other.
    Difference(Place, Place),
}

/// What has become of a target.
#[derive(Debug, PartialEq)]
enum Verdict {
    Holds,
    /// It may hold: the bound is no further than the standard error.
    WithinError,
    Missed,
}

const fn at_most(bound: f64, unit: &'static str, what: &'static str, at: Place) -> Target {
    Target {
        what,
        bound: Bound::AtMost(bound),
        unit,
        measured: Source::Figure(at),
    }
}

const fn at_least(bound: f64, unit: &'static str, what: &'static str, at: Place) -> Target {
    Target {
        bound: Bound::AtLeast(bound),
        ..at_most(bound, unit, what, at)
    }
}

const fn hooks(listener: &'static [&'static str]) -> Place {
    Place {
        measurement: "hooks",
        table: 0,
        row: listener,
        column: "recv pair",
    }
}

const fn spans(row: &'static [&'static str], column: &'static str) -> Place {
    Place {
        measurement: "spans",
        table: 0,
        row,
        column,
    }
}

const UNWATCHED: &[&str] = &["loopscope, no scope"];

const FAST_LANE: &[&str] = &["loopscope, each operation a span, fast lane"];
const EACH_A_SPAN: &[&str] = &["loopscope, each operation a span"];

const fn exported(row: &'static [&'static str]) -> Place {
    Place {
        measurement: "echo-exported",
        table: 1,
        row,
        column: "CPU ÷ loopscope, no scope",
    }
}

const fn echo(table: usize, row: &'static [&'static str], column: &'static str) -> Place {
    Place {
        measurement: "echo-cores",
        table,
        row,
        column,
    }
}

const fn scaling(table: usize, row: &'static [&'static str]) -> Place {
    Place {
        measurement: "echo-scaling",
        table,
        row,
        column: "÷ the same server, smallest",
    }
}

const LOOPS: Place = Place {
    measurement: "echo-loops",
    table: 0,
    row: &["loopscope, no scope", "2"],
    column: "÷ one loop",
};

const fn tasks(row: &'static [&'static str]) -> Place {
    Place {
        measurement: "tasks",
        table: 0,
        row,
        column: "time ÷ tokio",
    }
}

const fn idle(row: &'static [&'static str], column: &'static str) -> Place {
    Place {
        measurement: "idle",
        table: 0,
        row,
        column,
    }
}

const METRICS: &[&str] = &["otel, metrics only"];
const CONNECTIONS: &[&str] = &["10000 idle connections", "loopscope"];
const SLEEPING: &[&str] = &["100000 sleeping tasks", "loopscope"];
const TIMERS: &[&str] = &["100000 timers, half cancelled", "loopscope"];
const RESIDENT: &str = "resident ÷ tokio";
const CPU: &str = "CPU ÷ tokio";
const RATE: &str = "spans/s, median";
const CPU_A_SPAN: &str = "CPU ns a span, median";

#[rustfmt::skip] // A line each.
const TARGETS: &[Target] = &[
    at_most(2.0, "ns", "start and ready of a pair, no scope", hooks(&["no scope"])),
    at_most(60.0, "ns", "the same, metrics only", hooks(METRICS)),
    Target {
        what: "the same, parent not sampled: above metrics only",
        bound: Bound::AtMost(3.0),
        unit: "ns",
        measured: Source::Difference(hooks(&["otel, parent not sampled"]), hooks(METRICS)),
    },
    at_most(300.0, "ns", "the same, a sampled span, on the loop's thread", hooks(&["otel, sampled span"])),
    at_most(75.0, "ns", "the same by the fast lane", hooks(&["otel, fast lane"])),
    at_least(450_000.0, "a second", "exported spans, 4 attributes, one core", spans(&["4 attributes", "our exporter"], RATE)),
    at_most(900.0, "ns", "the same: CPU a span, all threads", spans(&["4 attributes", "our exporter"], CPU_A_SPAN)),
    at_least(450_000.0, "a second", "exported spans, the bridge's 9 attributes, one core", spans(&["9 attributes", "our exporter"], RATE)),
    at_most(900.0, "ns", "the same: CPU a span, all threads", spans(&["9 attributes", "our exporter"], CPU_A_SPAN)),
    at_most(400.0, "ns", "the same by the fast lane: CPU a span, all threads", spans(&["9 attributes", "fast lane"], CPU_A_SPAN)),
    at_least(1.0, "of tokio", "echo, no scope: requests/s", echo(0, UNWATCHED, "requests/s ÷ tokio")),
    at_least(0.95, "of raw mio", "the same: requests/s", echo(1, UNWATCHED, "requests/s ÷ raw mio")),
    at_most(1.0, "of tokio", "the same: CPU a request", echo(0, UNWATCHED, CPU)),
    at_most(0.8, "of tokio", "the same: user CPU a request", echo(0, UNWATCHED, "user CPU ÷ tokio")),
    at_most(1.06, "of no scope", "echo, metrics only: CPU a request", echo(1, &["loopscope, OtelInstrument, metrics only"], "CPU ÷ loopscope, no scope")),
    at_most(1.4, "of no scope", "echo, each operation a span that is exported: CPU a request", exported(EACH_A_SPAN)),
    at_most(1.2, "of no scope", "the same by the fast lane", exported(FAST_LANE)),
    at_most(0.8, "of tokio", "yield, 100 tasks", tasks(&["yield, 100 tasks", "loopscope"])),
    at_most(0.5, "of tokio", "spawn and join, batches of 1000", tasks(&["spawn and join, batches of 1000", "loopscope"])),
    at_most(0.4, "of tokio", "queue of 64, put and get", tasks(&["queue of 64, put and get", "loopscope"])),
    at_most(0.2, "of tokio", "timer, insert and cancel at 100,000 live", tasks(&["timer, insert and cancel at 100,000 live, random deadlines", "loopscope"])),
    at_most(1.0, "of tokio", "10,000 idle connections: resident bytes", idle(CONNECTIONS, RESIDENT)),
    at_most(1.0, "of tokio", "the same: CPU", idle(CONNECTIONS, CPU)),
    at_most(1.0, "of tokio", "100,000 sleeping tasks: resident bytes", idle(SLEEPING, RESIDENT)),
    at_most(1.0, "of tokio", "the same: CPU", idle(SLEEPING, CPU)),
    at_most(1.0, "of tokio", "100,000 timers, half cancelled: resident bytes", idle(TIMERS, RESIDENT)),
    at_most(1.0, "of tokio", "the same: CPU", idle(TIMERS, CPU)),
    at_most(1.05, "of that with 10", "cost a request with 10,000 connections", scaling(0, &["10000", "loopscope, no scope"])),
    at_most(1.05, "of that beside 1", "cost a request beside 100,000 tasks", scaling(1, &["100000", "loopscope, no scope"])),
    at_least(1.8, "of one loop", "requests/s with two loops on two cores", LOOPS),
];

/// What there is of each target: its bound, what was measured, and whether it holds.
pub(super) fn table(results: &Results) -> Table {
    let rows = TARGETS.iter().map(|target| target.row(results));
    let columns = ["what", "target", "measured", "holds"];
    Table::new(String::new(), &columns, rows.collect())
}

impl Target {
    fn row(&self, results: &Results) -> Vec<Figure> {
        let Self { bound, unit, .. } = self;
        let told = match self.measured.figure(results) {
            Ok(figure) => [
                format!("{figure} {unit}"),
                verdict(*bound, &figure).to_string(),
            ],
            Err(place) => [not_measured(place.measurement), "unknown".into()],
        };
        let texts = [self.what.into(), format!("{bound} {unit}")];
        texts.into_iter().chain(told).map(Figure::Text).collect()
    }
}

/// What is said in place of a figure that is not there.
pub(super) fn not_measured(measurement: &str) -> String {
    format!("not measured yet: `cargo xtask bench {measurement}`")
}

impl Source {
    /// The figure, or where it would stand.
    fn figure(&self, results: &Results) -> Result<Figure, Place> {
        let find = |place: Place| results.figure(place).ok_or(place);
        match *self {
            Self::Figure(place) => find(place).cloned(),
            Self::Difference(place, base) => match (find(place)?, find(base)?) {
                (Figure::Number { number, .. }, Figure::Number { number: base, .. }) => {
                    Ok(Figure::number(number - base, 1))
                }
                _ => Err(place),
            },
        }
    }
}

fn verdict(bound: Bound, figure: &Figure) -> Verdict {
    let (value, error) = match figure {
        Figure::Number { number, .. } => (*number, 0.0),
        Figure::Ratio(Mean { mean, error }) => (*mean, error.unwrap_or(0.0)),
        // Too little was measured for a figure.
        Figure::Text(_) => return Verdict::Missed,
    };
    let excess = match bound {
        Bound::AtMost(most) => value - most,
        Bound::AtLeast(least) => least - value,
    };
    if excess <= 0.0 {
        Verdict::Holds
    } else if excess <= error {
        Verdict::WithinError
    } else {
        Verdict::Missed
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "yes",
            Self::WithinError => "within the error",
            Self::Missed => "**no**",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::Measured;

    #[test]
    fn a_bound_holds_is_missed_or_is_no_further_than_the_error() {
        let number = |number| Figure::number(number, 1);
        let ratio = |mean| {
            Figure::Ratio(Mean {
                mean,
                error: Some(0.01),
            })
        };
        for (bound, figure, expected) in [
            (Bound::AtMost(2.0), number(2.0), Verdict::Holds),
            (Bound::AtMost(2.0), number(2.01), Verdict::Missed),
            (Bound::AtLeast(2.0), number(3.0), Verdict::Holds),
            (Bound::AtLeast(2.0), number(1.9), Verdict::Missed),
            (Bound::AtMost(0.8), ratio(0.795), Verdict::Holds),
            (Bound::AtMost(0.8), ratio(0.805), Verdict::WithinError),
            (Bound::AtLeast(0.8), ratio(0.795), Verdict::WithinError),
            (Bound::AtMost(0.8), ratio(0.82), Verdict::Missed),
            (Bound::AtMost(0.8), Figure::text("–"), Verdict::Missed),
        ] {
            assert_eq!(verdict(bound, &figure), expected, "{bound}, {figure}");
        }
    }

    #[test]
    fn a_target_says_its_bound_its_figure_and_whether_it_holds() {
        let rows = [("no scope", 1.5), ("otel, metrics only", 61.0)];
        let rows = rows.map(|(name, nanos)| vec![Figure::text(name), Figure::number(nanos, 1)]);
        let hooks = Table::new(String::new(), &["", "recv pair"], rows.to_vec());
        let measured = Measured {
            machine: String::new(),
            tables: vec![hooks],
        };
        let mut results = Results::default();
        results.0.insert("hooks", measured);
        let table = table(&results).to_markdown();
        let lines: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(
            lines[..4],
            [
                "| start and ready of a pair, no scope | ≤ 2 ns | 1.5 ns | yes |",
                "| the same, metrics only | ≤ 60 ns | 61.0 ns | **no** |",
                "| the same, parent not sampled: above metrics only | ≤ 3 ns | not measured yet: \
                 `cargo xtask bench hooks` | unknown |",
                "| the same, a sampled span, on the loop's thread | ≤ 300 ns | not measured yet: \
                 `cargo xtask bench hooks` | unknown |",
            ]
        );
        assert!(
            lines[5].contains("`cargo xtask bench spans`"),
            "{}",
            lines[5]
        );
    }
}
