//! What the command line asks for.

use crate::servers::Server;
use std::path::PathBuf;
use std::time::Duration;

/// What this process is to do.
pub(crate) enum Role {
    Measure(Options),
    /// To measure what a request costs with few and with many connections and tasks.
    Scale(Options),
    /// To be the server that another process of this program measures, with so many tasks beside
    /// those that serve.
    Serve(Server, usize),
}

pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) round: Duration,
    pub(crate) connections: usize,
    pub(crate) servers: Vec<Server>,
    /// Whether the load is made on the servers' core.
    pub(crate) one_core: bool,
    /// Where the figures are written to, beside the table.
    pub(crate) json: Option<PathBuf>,
}

/// The argument that makes a process a server.
pub(crate) const SERVE: &str = "--serve";
/// And after it, the one that says how many tasks sleep beside those that serve.
pub(crate) const TASKS: &str = "--tasks";

pub(crate) fn from_arguments() -> Result<Role, String> {
    let mut options = Options {
        rounds: 60,
        round: Duration::from_millis(500),
        connections: 50,
        servers: Server::ALL.to_vec(),
        one_core: false,
        json: None,
    };
    let (mut quick, mut is_bench, mut scales) = (false, false, false);
    let (mut served, mut tasks) = (None, 0);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let value = arguments.next();
            value.ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            SERVE => served = Some(value()?.parse()?),
            TASKS => tasks = value()?.parse().map_err(|_| "no number of tasks")?,
            "--rounds" => options.rounds = number(&value()?)?,
            "--connections" => options.connections = number(&value()?)?,
            "--servers" => {
                let names = value()?;
                options.servers = names.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            "--one-core" => options.one_core = true,
            "--scaling" => scales = true,
            "--json" => options.json = Some(value()?.into()),
            "--quick" => quick = true,
            // What Cargo says to a benchmark; `cargo test --all-targets` does not.
            "--bench" => is_bench = true,
            unknown => return Err(format!("unknown option {unknown}")),
        }
    }
    if quick || !is_bench {
        options.rounds = 2;
        options.round = Duration::from_millis(50);
    }
    Ok(match served {
        Some(server) => Role::Serve(server, tasks),
        None if scales => Role::Scale(options),
        None => Role::Measure(options),
    })
}

fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("{text} is not a number above zero")),
        Ok(number) => Ok(number),
    }
}
