//! The benchmarks, and `docs/benchmarks.md`, which is made of what they have measured.

mod build;
mod criterion;
mod machine;
mod measurements;
mod page;
mod plots;
mod results;
#[path = "../../../benches/support/statistics.rs"]
#[allow(dead_code, reason = "benchmarks measure, this shows")]
mod statistics;
#[path = "../../../benches/support/table.rs"]
#[allow(dead_code, reason = "benchmarks measure, this shows")]
mod table;
mod targets;

use crate::output::say;
use crate::step::{Steps, root};
use measurements::MEASUREMENTS;
use results::Results;
use std::fs;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
usage: cargo xtask bench [NAME]... [--quick]

Measures what is named, by default everything, keeps the results in docs/benchmarks and makes
docs/benchmarks.md anew of all that are kept there. A topic stands for all of its measurements.

  echo      echo-cores, echo-one-core, echo-exported, echo-loops, echo-scaling
  spans     spans, encoding
  idle      idle
  tasks     tasks
  hooks     hooks
  start     start, build
  page      nothing is measured, the page is made

options:
  --quick   runs for seconds and measures nothing of worth; results and page go to
            target/benchmarks";

/// Measures what the arguments name, and makes the page.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let (options, names): (Vec<&str>, Vec<&str>) =
        arguments.iter().partition(|name| name.starts_with("--"));
    let quick = match options[..] {
        [] => false,
        ["--quick"] => true,
        _ => return Err(format!("{options:?}: no such options\n\n{HELP}")),
    };
    let mut steps = Steps::default();
    measure(&mut steps, &names, quick)?;
    steps.summarize();
    Ok(())
}

/// Measures those of these names, or all, as steps of something longer.
pub(crate) fn measure(steps: &mut Steps, names: &[&str], quick: bool) -> Result<(), String> {
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        return Err(format!("{unknown}: there is no such benchmark\n\n{HELP}"));
    }
    let place = Place::new(quick);
    let folder = place.results();
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let is_wanted = |it: &&measurements::Measurement| {
        names.is_empty() || names.iter().any(|name| it.is_called(name))
    };
    for measurement in MEASUREMENTS.iter().filter(is_wanted) {
        if let Some(tables) = measurement.run(steps, quick)? {
            results::write(&folder, measurement.name, tables)?;
        }
    }
    let results = Results::read(&folder)?;
    plots::write(&folder, &results)?;
    page::write(&place, &results)
}

/// Names the page alone, which is made in any case.
const PAGE: &str = "page";

fn is_known(name: &str) -> bool {
    name == PAGE || MEASUREMENTS.iter().any(|it| it.is_called(name))
}

/// Where the page is; its results and its plots are in a folder beside it.
struct Place(PathBuf);

impl Place {
    fn new(quick: bool) -> Self {
        Self(root().join(if quick { "target/benchmarks" } else { "docs" }))
    }

    fn page(&self) -> PathBuf {
        self.0.join("benchmarks.md")
    }

    fn results(&self) -> PathBuf {
        self.0.join("benchmarks")
    }
}

fn write(path: PathBuf, text: &str) -> Result<(), String> {
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    say(&format!("written: {}", path.display()));
    Ok(())
}
