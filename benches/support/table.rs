//! A table for people, as Markdown, and for programs, as JSON.

use super::statistics::Mean;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Figure {
    Text(String),
    /// A number, shown with so many decimals.
    Number {
        number: f64,
        decimals: usize,
    },
    Ratio(Mean),
}

impl Figure {
    pub(crate) fn text(text: impl fmt::Display) -> Self {
        Self::Text(text.to_string())
    }

    pub(crate) fn number(number: f64, decimals: usize) -> Self {
        Self::Number { number, decimals }
    }

    /// None of text.
    #[allow(dead_code, reason = "who shows tables asks, who measures does not")]
    pub(crate) fn value(&self) -> Option<f64> {
        match self {
            Self::Text(_) => None,
            Self::Number { number, .. } => Some(*number),
            Self::Ratio(ratio) => Some(ratio.mean),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number { number, decimals } => write!(f, "{number:.decimals$}"),
            Self::Ratio(mean) => mean.fmt(f),
        }
    }
}

/// Figures in rows, with what they are above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Table {
    /// How they were measured.
    pub(crate) title: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Figure>>,
}

impl Table {
    pub(crate) fn new(title: String, columns: &[&str], rows: Vec<Vec<Figure>>) -> Self {
        Self {
            title,
            columns: columns.iter().map(|column| (*column).into()).collect(),
            rows,
        }
    }

    /// The table without its title.
    pub(crate) fn to_markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rows = self.rows.iter();
        let rows = rows.map(|row| line(row.iter().map(Figure::to_string).collect()));
        format!(
            "{}|{}\n{}",
            line(self.columns.clone()),
            " --- |".repeat(self.columns.len()),
            rows.collect::<String>()
        )
    }
}

/// Prints tables, and writes them to a file for the program that asked for it.
pub(crate) fn report(tables: &[Table], json: Option<&Path>) -> io::Result<()> {
    let mut output = io::stdout().lock();
    for table in tables {
        writeln!(output, "{}\n\n{}", table.title, table.to_markdown())?;
    }
    match json {
        Some(file) => std::fs::write(file, serde_json::to_string(tables)?),
        None => Ok(()),
    }
}
