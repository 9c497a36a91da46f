//! What was measured, kept in a file for each measurement, so that one can be made again alone.

use super::machine;
use super::measurements::MEASUREMENTS;
use super::table::{Figure, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What one measurement has shown.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    /// On what machine.
    pub(super) machine: String,
    pub(super) tables: Vec<Table>,
}

/// All that is kept, by the measurements' names.
#[derive(Debug, Default)]
pub(super) struct Results(pub(super) BTreeMap<&'static str, Measured>);

/// Where a figure stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) measurement: &'static str,
    pub(super) table: usize,
    /// What the first of a row's cells say.
    pub(super) row: &'static [&'static str],
    pub(super) column: &'static str,
}

impl Results {
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let mut results = Self::default();
        for measurement in MEASUREMENTS {
            let path = file(folder, measurement.name);
            let complain = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let text = match fs::read_to_string(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                text => text.map_err(|error| complain(&error))?,
            };
            let measured = serde_json::from_str(&text).map_err(|error| complain(&error))?;
            results.0.insert(measurement.name, measured);
        }
        Ok(results)
    }

    pub(super) fn table(&self, measurement: &str, table: usize) -> Option<&Table> {
        self.0.get(measurement)?.tables.get(table)
    }

    pub(super) fn figure(&self, place: Place) -> Option<&Figure> {
        let table = self.table(place.measurement, place.table)?;
        let is_it = |row: &&Vec<Figure>| {
            let mut labels = row.iter().zip(place.row);
            labels.all(|(cell, label)| cell.to_string() == *label)
        };
        let row = table.rows.iter().find(is_it)?;
        let column = table.columns.iter().position(|it| it == place.column)?;
        row.get(column)
    }
}

pub(super) fn write(folder: &Path, measurement: &str, tables: Vec<Table>) -> Result<(), String> {
    let measured = Measured {
        machine: machine::description(),
        tables,
    };
    let text = serde_json::to_string_pretty(&measured).map_err(|error| error.to_string())?;
    super::write(file(folder, measurement), &format!("{text}\n"))
}

fn file(folder: &Path, measurement: &str) -> PathBuf {
    folder.join(format!("{measurement}.json"))
}
