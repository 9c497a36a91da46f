//! What was measured, as pictures.

mod bars;
mod lines;
mod style;

use super::results::Results;
use super::table::{Figure, Table};
use std::path::Path;

/// A picture of a table.
pub(super) struct Plot {
    /// Of the file, and of the place in the page's template.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) measurement: &'static str,
    table: usize,
    points: Points,
    shape: Shape,
}

/// Which figures of a table are shown.
enum Points {
    /// Of each row those in these columns.
    Columns(&'static [&'static str]),
    /// Those in this column, of the rows whose second cell is one of these; of all if there are none.
    Rows(&'static str, &'static [&'static str]),
}

enum Shape {
    Bars,
    /// Bars beside what they are compared with, which is 1.
    Ratios,
    /// Lines over the number in the first cell, of which each is ten times that before.
    Lines,
}

/// A figure that is shown.
struct Point {
    /// What it is of: the row's first cell.
    of: String,
    /// By whom: the column's name, or the row's second cell.
    by: String,
    value: f64,
}

pub(super) const PLOTS: &[Plot] = &[
    Plot {
        name: "echo",
        title: "Echo, 64 bytes, 50 connections: ratios to tokio",
        measurement: "echo-cores",
        table: 0,
        points: Points::Columns(&["requests/s ÷ tokio", "CPU ÷ tokio"]),
        shape: Shape::Ratios,
    },
    Plot {
        name: "exported",
        title: "Echo with each operation a span, exported: CPU a request ÷ no scope",
        measurement: "echo-exported",
        table: 1,
        points: Points::Columns(&["CPU ÷ loopscope, no scope"]),
        shape: Shape::Ratios,
    },
    Plot {
        name: "connections",
        title: "CPU µs a request by the number of connections",
        measurement: "echo-scaling",
        table: 0,
        points: Points::Rows("CPU µs a request, median", &[]),
        shape: Shape::Lines,
    },
    Plot {
        name: "tasks-beside",
        title: "CPU µs a request by the number of tasks that sleep beside",
        measurement: "echo-scaling",
        table: 1,
        points: Points::Rows("CPU µs a request, median", &[]),
        shape: Shape::Lines,
    },
    Plot {
        name: "hooks",
        title: "Start and ready of a receive, by who listens: ns on the loop's thread",
        measurement: "hooks",
        table: 0,
        points: Points::Columns(&["recv pair"]),
        shape: Shape::Bars,
    },
    Plot {
        name: "spans",
        title: "CPU ns for a span that arrives at the Collector, all threads",
        measurement: "spans",
        table: 0,
        points: Points::Rows("CPU ns a span, median", &[]),
        shape: Shape::Bars,
    },
    Plot {
        name: "tasks",
        title: "Tasks, queues, timers: time ÷ tokio's",
        measurement: "tasks",
        table: 0,
        points: Points::Rows("time ÷ tokio", &["loopscope", "smol"]),
        shape: Shape::Ratios,
    },
    Plot {
        name: "idle",
        title: "Resident memory ÷ tokio's",
        measurement: "idle",
        table: 0,
        points: Points::Rows("resident ÷ tokio", &["loopscope", "smol"]),
        shape: Shape::Ratios,
    },
];

/// Draws all whose figures are there.
pub(super) fn write(folder: &Path, results: &Results) -> Result<(), String> {
    for plot in PLOTS {
        if let Some(table) = results.table(plot.measurement, plot.table) {
            let file = folder.join(format!("{}.svg", plot.name));
            super::write(file, &plot.draw(table)?)?;
        }
    }
    Ok(())
}

impl Plot {
    pub(super) fn of_name(name: &str) -> Option<&'static Self> {
        PLOTS.iter().find(|plot| plot.name == name)
    }

    fn draw(&self, table: &Table) -> Result<String, String> {
        let points = self.points.of(table);
        let drawn = match self.shape {
            Shape::Bars => bars::draw(self.title, &points, None),
            Shape::Ratios => bars::draw(self.title, &points, Some(1.0)),
            Shape::Lines => lines::draw(self.title, &points),
        };
        drawn.map_err(|error| format!("{}.svg: {error}", self.name))
    }
}

impl Points {
    fn of(&self, table: &Table) -> Vec<Point> {
        let column = |name: &str| table.columns.iter().position(|column| column == name);
        let point = |row: &[Figure], column: usize, by: String| {
            Some(Point {
                of: row.first()?.to_string(),
                by,
                value: row.get(column)?.value()?,
            })
        };
        let mut points = Vec::new();
        for row in &table.rows {
            match *self {
                Self::Columns(names) => points.extend(
                    names
                        .iter()
                        .filter_map(|name| point(row, column(name)?, (*name).into())),
                ),
                Self::Rows(name, only) => {
                    let by = row[1].to_string();
                    if only.is_empty() || only.contains(&&*by) {
                        points.extend(column(name).and_then(|column| point(row, column, by)));
                    }
                }
            }
        }
        points
    }
}

/// What is different in a list, in the order of the list.
fn distinct<'a>(all: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Place;

    #[test]
    fn the_plots_are_what_the_kept_results_make() {
        let folder = Place::new(false).results();
        let results = Results::read(&folder).unwrap();
        for plot in PLOTS {
            let Some(table) = results.table(plot.measurement, plot.table) else {
                continue;
            };
            let kept = std::fs::read_to_string(folder.join(format!("{}.svg", plot.name)));
            assert!(
                plot.draw(table).unwrap() == kept.unwrap(),
                "{}.svg is not up to date: `cargo xtask bench page` draws it",
                plot.name
            );
        }
    }

    #[test]
    fn rows_and_columns_become_points() {
        let row = |what: &str, by: &str, figures: [f64; 2]| {
            let figures = figures.map(|figure| Figure::number(figure, 1));
            let mut row = vec![Figure::text(what), Figure::text(by)];
            row.extend(figures);
            row
        };
        let rows = vec![
            row("yield", "tokio", [50.0, 1.0]),
            row("yield", "loopscope", [25.0, 0.5]),
        ];
        let table = Table::new(String::new(), &["what", "by", "ns", "ratio"], rows);
        let points = |points: Points| -> Vec<_> {
            let points = points.of(&table).into_iter();
            points.map(|it| (it.of, it.by, it.value)).collect()
        };
        assert_eq!(
            points(Points::Rows("ratio", &["loopscope"])),
            [("yield".into(), "loopscope".into(), 0.5)]
        );
        assert_eq!(points(Points::Columns(&["ns", "ratio"])).len(), 4);
        assert!(points(Points::Rows("seconds", &[])).is_empty());
    }

    #[test]
    fn bars_have_their_names_and_their_figures() {
        let point = |by: &str, value| Point {
            of: "yield".into(),
            by: by.into(),
            value,
        };
        let points = [point("loopscope", 0.5), point("smol", 1.63)];
        let drawn = bars::draw("Tasks", &points, Some(1.0)).unwrap();
        for text in ["Tasks", "yield", "loopscope", "smol", "0.50", "1.63"] {
            assert!(drawn.contains(&format!("{text}\n")), "{text} in {drawn}");
        }
    }
}
