//! What the command line asks for.

use crate::servers::Server;
use crate::service::{SERVE, Service};
use std::path::PathBuf;
use std::time::Duration;

/// What this process is to do.
pub(crate) enum Role {
    Measure(Options),
    /// To measure what a request costs with few and with many connections and tasks.
    Scale(Options),
    /// To measure what several loops do beside what one does.
    Loops(Options),
    /// To be the server that another process of this program measures.
    Serve(Service),
}

pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) round: Duration,
    pub(crate) connections: usize,
    pub(crate) servers: Vec<Server>,
    /// Whether there is a Collector that spans go to.
    pub(crate) exported: bool,
    /// Whether the load is made on the servers' core.
    pub(crate) one_core: bool,
    /// Where the figures are written to, beside the table.
    pub(crate) json: Option<PathBuf>,
}

pub(crate) fn from_arguments() -> Result<Role, String> {
    let mut options = Options {
        rounds: 60,
        round: Duration::from_millis(500),
        connections: 50,
        servers: Server::ALONE.to_vec(),
        exported: false,
        one_core: false,
        json: None,
    };
    let (mut quick, mut is_bench) = (false, false);
    let mut role: fn(Options) -> Role = Role::Measure;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let value = arguments.next();
            value.ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            SERVE => return Service::from_arguments(arguments).map(Role::Serve),
            "--rounds" => options.rounds = number(&value()?)?,
            "--connections" => options.connections = number(&value()?)?,
            "--servers" => {
                let names = value()?;
                options.servers = names.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            "--one-core" => options.one_core = true,
            "--exported" => {
                options.exported = true;
                options.servers = Server::EXPORTED.to_vec();
            }
            "--scaling" => role = Role::Scale,
            "--loops" => role = Role::Loops,
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
    Ok(role(options))
}

fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("{text} is not a number above zero")),
        Ok(number) => Ok(number),
    }
}
