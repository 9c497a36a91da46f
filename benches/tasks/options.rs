//! What the command line asks for.

use std::path::PathBuf;
use std::time::Duration;

pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) round: Duration,
    /// What the names of the rows that are measured have in them.
    pub(crate) only: String,
    pub(crate) json: Option<PathBuf>,
}

pub(crate) fn from_arguments() -> Result<Options, String> {
    let mut options = Options {
        rounds: 60,
        round: Duration::from_millis(20),
        only: String::new(),
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
            "--rounds" => match value()?.parse() {
                Ok(rounds) if rounds > 0 => options.rounds = rounds,
                _ => return Err(String::from("--rounds needs a number above zero")),
            },
            "--only" => options.only = value()?,
            "--json" => options.json = Some(value()?.into()),
            "--quick" => quick = true,
            // What Cargo says to a benchmark; `cargo test --all-targets` does not.
            "--bench" => is_bench = true,
            unknown => return Err(format!("unknown option {unknown}")),
        }
    }
    if quick || !is_bench {
        options.rounds = 2;
        options.round = Duration::from_millis(1);
    }
    Ok(options)
}
