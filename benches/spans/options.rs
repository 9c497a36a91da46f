//! What the command line asks for.

use crate::pipelines::Pipeline;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) round: Duration,
    pub(crate) pipelines: Vec<Pipeline>,
    /// Where the figures go as JSON.
    pub(crate) json: Option<PathBuf>,
    /// Whether the figures are worth nothing.
    pub(crate) quick: bool,
}

pub(crate) fn from_arguments() -> Result<Options, String> {
    let mut options = Options {
        rounds: 40,
        round: Duration::from_millis(500),
        pipelines: Pipeline::ALL.to_vec(),
        json: None,
        quick: false,
    };
    let mut is_bench = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let value = arguments.next();
            value.ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "--rounds" => options.rounds = number(&value()?)?,
            "--pipelines" => {
                let names = value()?;
                options.pipelines = names.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            "--json" => options.json = Some(value()?.into()),
            "--quick" => options.quick = true,
            // What Cargo says to a benchmark; `cargo test --all-targets` does not.
            "--bench" => is_bench = true,
            unknown => return Err(format!("unknown option {unknown}")),
        }
    }
    if options.quick || !is_bench {
        options.quick = true;
        options.rounds = 2;
        options.round = Duration::from_millis(50);
    }
    Ok(options)
}

fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("{text} is not a number above zero")),
        Ok(number) => Ok(number),
    }
}
