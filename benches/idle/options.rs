//! What the command line asks for.

use crate::contenders::Contender;
use crate::what::What;
use std::path::PathBuf;

/// What this process is to do.
pub(crate) enum Role {
    Measure(Options),
    /// To be one of those that another process of this program measures.
    BeOne {
        contender: Contender,
        what: What,
        count: usize,
    },
}

pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) json: Option<PathBuf>,
}

/// The argument that makes a process one that is measured.
pub(crate) const BE_ONE: &str = "--be";

pub(crate) fn from_arguments() -> Result<Role, String> {
    let mut options = Options {
        rounds: 11,
        quick: false,
        json: None,
    };
    let mut is_bench = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let value = arguments.next();
            value.ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            BE_ONE => {
                return Ok(Role::BeOne {
                    contender: Contender::named(&value()?)?,
                    what: What::named(&value()?)?,
                    count: number(&value()?)?,
                });
            }
            "--rounds" => options.rounds = number(&value()?)?,
            "--json" => options.json = Some(value()?.into()),
            "--quick" => options.quick = true,
            // What Cargo says to a benchmark; `cargo test --all-targets` does not.
            "--bench" => is_bench = true,
            unknown => return Err(format!("unknown option {unknown}")),
        }
    }
    if options.quick || !is_bench {
        options.quick = true;
        options.rounds = 1;
    }
    Ok(Role::Measure(options))
}

fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("{text} is not a number above zero")),
        Ok(number) => Ok(number),
    }
}
