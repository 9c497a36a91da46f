//! What the command line asks for.

use crate::program::Program;
use std::path::PathBuf;

/// What this process is to do.
pub(crate) enum Role {
    Measure(Options),
    /// To be a program that another process of this one measures, with its Collector.
    Be(Program, String),
}

pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) json: Option<PathBuf>,
}

/// The argument that makes a process one that is measured.
pub(crate) const BE: &str = "--be";

pub(crate) fn from_arguments() -> Result<Role, String> {
    let mut options = Options {
        rounds: 40,
        json: None,
    };
    let (mut quick, mut is_bench) = (false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let value = arguments.next();
            value.ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            BE => return Ok(Role::Be(Program::named(&value()?)?, value()?)),
            "--rounds" => match value()?.parse() {
                Ok(rounds) if rounds > 0 => options.rounds = rounds,
                _ => return Err("--rounds needs a number above zero".into()),
            },
            "--json" => options.json = Some(value()?.into()),
            "--quick" => quick = true,
            // What Cargo says to a benchmark; `cargo test --all-targets` does not.
            "--bench" => is_bench = true,
            unknown => return Err(format!("unknown option {unknown}")),
        }
    }
    if quick || !is_bench {
        options.rounds = 2;
    }
    Ok(Role::Measure(options))
}
