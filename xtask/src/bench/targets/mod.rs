//! What is to be reached, and whether it is.

mod all;

use super::results::{Place, Results};
use super::statistics::Mean;
use super::table::{Figure, Table};
use all::TARGETS;
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
    /// It may hold: it is missed by no more than the standard error.
    WithinError,
    Missed,
}

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
