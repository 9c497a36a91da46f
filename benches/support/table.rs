//! A table for people, as Markdown, and for programs, as JSON.

use crate::statistics::Mean;
use serde_json::{Map, Value, json};
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

/// What stands in one place of a table.
#[derive(Debug, Clone)]
pub(crate) enum Figure {
    Text(String),
    /// A number, shown with so many decimals.
    Number(f64, usize),
    Ratio(Mean),
}

impl Figure {
    pub(crate) fn text(text: impl fmt::Display) -> Self {
        Self::Text(text.to_string())
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number, _) => json!(number),
            Self::Ratio(Mean { mean, error }) => json!({ "mean": mean, "error": error }),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number, decimals) => write!(f, "{number:.decimals$}"),
            // Of one round there is no error.
            Self::Ratio(Mean { mean, error }) if error.is_nan() => write!(f, "{mean:.3}"),
            Self::Ratio(Mean { mean, error }) => write!(f, "{mean:.3} ± {error:.3}"),
        }
    }
}

/// Figures in rows, with what they are above.
pub(crate) struct Table {
    /// How they were measured.
    pub(crate) title: String,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Figure>>,
}

impl Table {
    /// Prints the table.
    pub(crate) fn print(&self) -> io::Result<()> {
        let mut output = io::stdout().lock();
        writeln!(output, "{}\n", self.title)?;
        writeln!(output, "| {} |", self.columns.join(" | "))?;
        writeln!(output, "|{}", " --- |".repeat(self.columns.len()))?;
        for row in &self.rows {
            let row: Vec<String> = row.iter().map(Figure::to_string).collect();
            writeln!(output, "| {} |", row.join(" | "))?;
        }
        writeln!(output)
    }

    fn to_json(&self) -> Value {
        let row = |row: &Vec<Figure>| {
            let cells = self.columns.iter().zip(row);
            let cells = cells.map(|(column, figure)| ((*column).into(), figure.to_json()));
            Value::Object(cells.collect::<Map<_, _>>())
        };
        json!({
            "title": self.title,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

/// Writes tables to a file, for the program that asked for it.
pub(crate) fn write_json(tables: &[Table], file: &Path) -> io::Result<()> {
    let tables: Vec<Value> = tables.iter().map(Table::to_json).collect();
    std::fs::write(file, format!("{:#}\n", Value::Array(tables)))
}
