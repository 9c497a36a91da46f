//! What criterion has estimated.

use super::table::{Figure, Table};
use crate::step::Steps;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where criterion is to keep what it measures: nothing is there that was not measured now.
const HOME: &str = "CRITERION_HOME";
const QUICK: &[&str] = &[
    "--",
    "--warm-up-time",
    "0.01",
    "--measurement-time",
    "0.02",
    "--sample-size",
    "10",
];

/// Runs a benchmark.
pub(super) fn run(
    steps: &mut Steps,
    name: &str,
    quick: bool,
    home: &Path,
) -> Result<Vec<Table>, String> {
    let arguments = ["bench", "--bench", name, "--features", "testing"];
    let quick = if quick { QUICK } else { &[] };
    let home_name = home.display().to_string();
    steps.run(
        "cargo",
        &[&arguments, quick].concat(),
        &[(HOME, &home_name)],
    )?;
    let mut measured = Vec::new();
    collect(home, &mut measured).map_err(|error| format!("{home_name}: {error}"))?;
    // They are in the order in which they were measured.
    measured.sort_by_key(|it| it.at);
    Ok(tables(&measured))
}

/// What one function of a group takes.
struct Measured {
    at: SystemTime,
    group: String,
    function: String,
    nanos: f64,
}

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: String,
}

#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
    /// By regression, where there were few iterations at first and many in the end.
    slope: Option<Estimate>,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

fn collect(folder: &Path, measured: &mut Vec<Measured>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let file = path.join("new/estimates.json");
        if !file.exists() {
            collect(&path, measured)?;
            continue;
        }
        let at = fs::metadata(&file)?.modified()?;
        let Estimates { mean, slope } = read(file)?;
        let benchmark: Benchmark = read(path.join("new/benchmark.json"))?;
        measured.push(Measured {
            at,
            group: benchmark.group_id,
            function: benchmark.function_id,
            nanos: slope.unwrap_or(mean).point_estimate,
        });
    }
    Ok(())
}

fn read<T: DeserializeOwned>(path: PathBuf) -> std::io::Result<T> {
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

/// A table for all groups that have the same functions, which are its rows.
fn tables(measured: &[Measured]) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for group in measured.chunk_by(|one, next| one.group == next.group) {
        let functions = || group.iter().map(|it| Figure::text(&it.function));
        let is_alike =
            |table: &&mut Table| functions().eq(table.rows.iter().map(|row| row[0].clone()));
        let table = match tables.iter_mut().find(is_alike) {
            Some(table) => table,
            None => {
                let rows = functions().map(|function| vec![function]).collect();
                tables.push(Table::new("nanoseconds".into(), &[""], rows));
                tables.last_mut().expect("it was pushed")
            }
        };
        table.columns.push(group[0].group.clone());
        for (row, it) in table.rows.iter_mut().zip(group) {
            let decimals = if it.nanos < 10.0 { 1 } else { 0 };
            row.push(Figure::number(it.nanos, decimals));
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_with_the_same_functions_are_columns_of_one_table() {
        let measured = [
            ("pair", "no scope", 1.52),
            ("pair", "metrics only", 58.4),
            ("clock", "reading", 9.0),
            ("yield", "no scope", 25.6),
            ("yield", "metrics only", 120.2),
        ]
        .map(|(group, function, nanos)| Measured {
            at: SystemTime::UNIX_EPOCH,
            group: group.into(),
            function: function.into(),
            nanos,
        });
        let tables = tables(&measured);
        assert_eq!(
            tables[0].to_markdown(),
            "|  | pair | yield |\n\
             | --- | --- | --- |\n\
             | no scope | 1.5 | 26 |\n\
             | metrics only | 58 | 120 |\n"
        );
        assert_eq!(tables[1].columns, ["", "clock"]);
    }
}
