//! Does one of the loop's hot paths so many times, for a count of its instructions.
//!
//! `cargo xtask instructions` runs it under valgrind and compares what it counts with
//! `expected.txt`. By itself, `cargo bench --bench instructions --features testing` only goes
//! through each path once.
//!
//! `--path NAME --times N` goes through one of them so many times, in a function called `counted`;
//! the difference between two runs is the path's own, without what comes before and after. `--list`
//! names them all.

mod hooks;
mod loops;
mod peers;

use loopscope::clock::Timestamp;
use std::io::{self, Write};
use std::process::ExitCode;

/// A path by its name, and what goes through it so many times.
type Path = (&'static str, fn(u64));

fn paths() -> impl Iterator<Item = Path> {
    let all = [hooks::PATHS, loops::PATHS, peers::PATHS];
    all.into_iter().flatten().copied()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--list"] => list(),
        ["--path", name, "--times", times] => {
            let path = paths().find(|(known, _)| *known == name);
            match (path, times.parse()) {
                (Some((_, run)), Ok(times)) => {
                    // The clock takes as long as it likes to find its rate.
                    Timestamp::now();
                    counted(run, times);
                }
                _ => return complain(&format!("no path {name}, or no number {times}")),
            }
        }
        // As Cargo runs it.
        [] | ["--bench"] => paths().for_each(|(_, run)| run(1)),
        _ => return complain("usage: [--list | --path NAME --times N]"),
    }
    ExitCode::SUCCESS
}

#[inline(never)]
fn counted(path: fn(u64), times: u64) {
    path(times);
}

fn list() {
    let mut output = io::stdout().lock();
    for (name, _) in paths() {
        let _ = writeln!(output, "{name}");
    }
}

fn complain(message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "instructions: {message}");
    ExitCode::from(2)
}
