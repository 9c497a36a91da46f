//! What can be measured, and by which benchmark.

use super::build;
use super::criterion;
use super::table::Table;
use crate::step::Steps;
use std::fs;
use std::path::Path;

/// Something that is measured alone, and whose results are kept in a file of their own.
pub(super) struct Measurement {
    pub(super) name: &'static str,
    topic: &'static str,
    by: By,
}

/// A benchmark of the library, with what features and how it is run.
enum By {
    /// It writes its tables itself.
    Ours(&'static [&'static str]),
    /// It is run by criterion, which writes its estimates.
    Criterion(&'static str),
    /// It is compiled, which cannot be done quickly.
    Compiling,
}

pub(super) const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "echo-cores",
        topic: "echo",
        by: By::Ours(&["--bench", "echo", "--"]),
    },
    Measurement {
        name: "echo-one-core",
        topic: "echo",
        by: By::Ours(&["--bench", "echo", "--", "--one-core"]),
    },
    Measurement {
        name: "echo-exported",
        topic: "echo",
        by: By::Ours(&["--bench", "echo", "--", "--exported", "--rounds", "40"]),
    },
    Measurement {
        name: "echo-loops",
        topic: "echo",
        by: By::Ours(&["--bench", "echo", "--", "--loops", "--rounds", "40"]),
    },
    Measurement {
        name: "echo-scaling",
        topic: "echo",
        by: By::Ours(&["--bench", "echo", "--", "--scaling", "--rounds", "8"]),
    },
    Measurement {
        name: "hooks",
        topic: "hooks",
        by: By::Criterion("hooks"),
    },
    Measurement {
        name: "spans",
        topic: "spans",
        by: By::Ours(&["--bench", "spans", "--features", "testing", "--"]),
    },
    Measurement {
        name: "encoding",
        topic: "spans",
        by: By::Criterion("encoding"),
    },
    Measurement {
        name: "tasks",
        topic: "tasks",
        by: By::Ours(&["--bench", "tasks", "--"]),
    },
    Measurement {
        name: "idle",
        topic: "idle",
        by: By::Ours(&["--bench", "idle", "--"]),
    },
    Measurement {
        name: "start",
        topic: "start",
        by: By::Ours(&["--bench", "start", "--"]),
    },
    Measurement {
        name: "build",
        topic: "start",
        by: By::Compiling,
    },
];

impl Measurement {
    /// Whether it is asked for by this name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        name == self.name || name == self.topic
    }

    /// Measures it, as a step of something longer; nothing where it cannot be done quickly and is to
    /// be.
    pub(super) fn run(&self, steps: &mut Steps, quick: bool) -> Result<Option<Vec<Table>>, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let tables = match self.by {
            By::Ours(arguments) => ours(steps, arguments, quick, folder.path()),
            By::Criterion(name) => criterion::run(steps, name, quick, folder.path()),
            By::Compiling if quick => return Ok(None),
            By::Compiling => build::run(steps),
        };
        tables.map(Some)
    }
}

fn ours(
    steps: &mut Steps,
    arguments: &[&str],
    quick: bool,
    folder: &Path,
) -> Result<Vec<Table>, String> {
    let file = folder.join("tables.json");
    let path = file.display().to_string();
    let quick: &[&str] = if quick { &["--quick"] } else { &[] };
    steps.cargo(&[&["bench"], arguments, &["--json", &path], quick].concat())?;
    let text = fs::read_to_string(&file).map_err(|error| format!("{path}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))
}
