//! A server that sends back what it is sent, beside its peers: 64 bytes, 50 connections.
//!
//! `cargo bench --bench echo` runs interleaved rounds, in which each server in turn gets the same
//! load for half a second, and prints ratios to tokio within a round: a machine whose speed drifts
//! says little about a round and much about many pairs. Each server is a process of its own, so
//! that the kernel accounts for it alone; the load comes from this one. A server that answers
//! wrongly ends the benchmark with an error.
//!
//! Options: `--rounds N` (default 60), `--connections N` (default 50), `--servers NAME,…`,
//! `--one-core`, which has server and load share a core, so that the server always has something
//! to do when it runs, `--json FILE`, and `--quick`, which runs for a second and measures nothing of
//! worth. With `--scaling` it measures what a request costs with 10 to 10,000 connections, and beside
//! up to 100,000 tasks that sleep.

mod child;
#[path = "../support/cores.rs"]
mod cores;
#[path = "../support/cpu.rs"]
mod cpu;
mod load;
mod options;
mod report;
mod scaling;
mod servers;
#[path = "../support/statistics.rs"]
mod statistics;
#[path = "../support/table.rs"]
mod table;

use child::Child;
use load::Load;
use options::{Options, Role};
use report::{Report, Sample};
use servers::Server;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let result = match options::from_arguments() {
        Ok(Role::Serve(server, tasks)) => child::serve(server, tasks),
        Ok(Role::Measure(options)) => measure(&options),
        Ok(Role::Scale(options)) => scaling::measure(&options),
        Err(message) => Err(io::Error::new(io::ErrorKind::InvalidInput, message)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "echo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The core of the servers; the load is made on the other one.
const SERVER_CORE: usize = 1;
const LOAD_CORE: usize = 0;

fn measure(options: &Options) -> io::Result<()> {
    let pinned = pin(options);
    let mut peers = options
        .servers
        .iter()
        .map(|server| Peer::start(*server, options.connections, 0))
        .collect::<io::Result<Vec<_>>>()?;
    for peer in &mut peers {
        peer.round(options)?; // The first round warms up.
    }
    let mut report = Report::new(&options.servers);
    for round in 0..options.rounds {
        // Whoever comes first in one round comes last in the next.
        let first = round % peers.len();
        for number in (first..peers.len()).chain(0..first) {
            report.add(number, peers[number].round(options)?);
        }
    }
    report.print(options, pinned)
}

/// Keeps the load on its core; false where that cannot be.
fn pin(options: &Options) -> bool {
    let core = if options.one_core {
        SERVER_CORE
    } else {
        LOAD_CORE
    };
    cores::can_pin(SERVER_CORE) && cores::pin(core)
}

/// A server and the connections to it.
struct Peer {
    server: Server,
    child: Child,
    load: Load,
}

impl Peer {
    fn start(server: Server, connections: usize, tasks: usize) -> io::Result<Self> {
        let child = Child::start(server, tasks)?;
        let load = Load::connect(child.address(), connections)?;
        Ok(Self {
            server,
            child,
            load,
        })
    }

    fn round(&mut self, options: &Options) -> io::Result<Sample> {
        self.try_round(options)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.server)))
    }

    fn try_round(&mut self, options: &Options) -> io::Result<Sample> {
        let before = self.child.cpu_time()?;
        let (requests, took) = self.load.run(options.round)?;
        let spent = self.child.cpu_time()? - before;
        Ok(Sample {
            requests,
            took,
            spent,
        })
    }
}
