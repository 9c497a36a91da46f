//! The project's own commands; `cargo xtask --help` lists them.

mod bench;
mod ci;
mod debian;
mod instructions;
mod output;
mod pictures;
mod stack;
mod step;
mod test;
mod trace;

use output::say;
use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask COMMAND

commands:
  ci        everything that has to hold: format, lints, licences, docs, tests, examples
  test      all tests, those against the real Collector, Jaeger and Prometheus included
  instructions
            count the instructions of the hot paths by valgrind and compare them with what is
            expected; `instructions --write` writes down what is expected from then on
  bench     measure, beside our peers, and write down what was measured; `bench --help` lists what
  backends  build the real servers, and what checks compose files and dashboards, and print where
            they are
  stack     run these three together, with a shop to look at; `stack --help` lists its options
  trace     draw a trace that Jaeger has; `trace --help` lists its options
  pictures  make the pictures in docs/pictures anew";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ci"] => ci::run(),
        ["test"] => test::run(),
        ["instructions"] => instructions::check(),
        ["instructions", "--write"] => instructions::write(),
        ["bench", "--help" | "-h"] => {
            say(bench::HELP);
            return ExitCode::SUCCESS;
        }
        ["bench", ref options @ ..] => bench::run(options),
        ["backends"] => test::backends(),
        ["stack", "--help" | "-h"] => {
            say(stack::HELP);
            return ExitCode::SUCCESS;
        }
        ["stack", ref options @ ..] => stack::run(options),
        ["pictures"] => pictures::run(),
        ["trace", "--help" | "-h"] => {
            say(trace::HELP);
            return ExitCode::SUCCESS;
        }
        ["trace", ref options @ ..] => trace::run(options),
        ["--help" | "-h" | "help"] => {
            say(HELP);
            return ExitCode::SUCCESS;
        }
        _ => {
            output::complain(HELP);
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&format!("\nxtask: {error}"));
            ExitCode::FAILURE
        }
    }
}
