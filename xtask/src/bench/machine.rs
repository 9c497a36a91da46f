//! On what machine, and by which compiler's code, something was measured.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

/// Tells it in a line.
pub(super) fn description() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim())
    });
    let cores = available_parallelism().map_or(1, usize::from);
    format!(
        "{cores} cores of {}, {}, {}",
        model.unwrap_or("an unknown processor"),
        named(&printed("uname", "-sr")),
        named(&printed("rustc", "--version"))
    )
}

/// What it is and its version, without what a distributor adds to that.
fn named(text: &str) -> String {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let version = words.next().unwrap_or_default();
    let version = version.split('-').next().unwrap_or_default();
    format!("{name} {version}")
}

fn printed(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    output.map_or_else(
        |_| format!("{program} unknown"),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}
