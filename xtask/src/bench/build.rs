//! What the library costs before it runs: how long it is compiled, and how large a program is.

use super::table::{Figure, Table};
use crate::step::{Steps, now, root};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A folder for what is built, in which nothing is at first.
const FOLDER: &str = "target/benchmarks/build";

/// Compiles the library with its default features, and then the quickstart with it.
pub(super) fn run(steps: &mut Steps) -> Result<Vec<Table>, String> {
    let folder = root().join(FOLDER);
    let _ = fs::remove_dir_all(&folder);
    let place = ["--target-dir", FOLDER];
    let (start, spent) = (now(), of_children()?);
    let library = ["build", "--release", "--lib", "--package", "loopscope"];
    steps.cargo(&[&library[..], &place].concat())?;
    let compiling = Table::new(
        "`cargo build --release` of the library with its default features and all that it depends on"
            .into(),
        &["s", "CPU s"],
        vec![vec![
            Figure::number(start.elapsed().as_secs_f64(), 1),
            Figure::number(of_children()? - spent, 1),
        ]],
    );
    let program = ["build", "--release", "--example", "quickstart"];
    steps.cargo(&[&program[..], &place].concat())?;
    let sizes = sizes(&folder.join("release/examples/quickstart"))?;
    // It is large, and worth nothing any more.
    let _ = fs::remove_dir_all(&folder);
    Ok(vec![compiling, sizes])
}

/// What the processor has spent on processes that this one has waited for, in seconds.
fn of_children() -> Result<f64, String> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn sizes(program: &Path) -> Result<Table, String> {
    let built = megabytes(program)?;
    let status = Command::new("strip").arg(program).status();
    let stripped = match status {
        Ok(status) if status.success() => Figure::number(megabytes(program)?, 2),
        _ => Figure::text("–"),
    };
    Ok(Table::new(
        "the example `quickstart` in megabytes, as `cargo build --release` makes it".into(),
        &["as it is built", "stripped"],
        vec![vec![Figure::number(built, 2), stripped]],
    ))
}

fn megabytes(file: &Path) -> Result<f64, String> {
    let metadata = fs::metadata(file);
    let metadata = metadata.map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(metadata.len() as f64 / 1e6)
}
