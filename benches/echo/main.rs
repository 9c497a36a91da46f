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
//! worth. With `--exported` each operation is a span, and these go to the real Collector, which
//! shares the load's core; `cargo xtask backends` builds it. With `--scaling` what is measured is the
//! cost of a request with 10 to 10,000 connections, and beside up to 100,000 tasks that sleep; with
//! `--loops` what two loops do on two cores beside what one does on one.

mod child;
#[path = "../support/collector.rs"]
mod collector;
#[path = "../support/cores.rs"]
mod cores;
#[path = "../support/cpu.rs"]
mod cpu;
#[path = "../support/exporters.rs"]
mod exporters;
#[path = "../support/listeners.rs"]
#[allow(dead_code, reason = "these listen to servers, not to hooks alone")]
mod listeners;
mod load;
mod loops;
mod options;
mod pipeline;
mod report;
mod scaling;
mod servers;
mod service;
#[path = "../support/statistics.rs"]
mod statistics;
#[path = "../support/table.rs"]
mod table;
#[path = "../support/tracing_spans.rs"]
mod tracing_spans;

use child::Child;
use collector::Collector;
use load::Load;
use loopscope::clock::Timestamp;
use options::{Options, Role};
use report::{Report, Sample};
use servers::Server;
use service::Service;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let result = match options::from_arguments() {
        Ok(Role::Serve(service)) => child::serve(service),
        Ok(Role::Measure(options)) => measure(&options),
        Ok(Role::Scale(options)) => scaling::measure(&options),
        Ok(Role::Loops(options)) => loops::measure(&options),
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

/// The cores of the servers, the first of which is for those that have one loop; the load of these
/// is made on the other one.
const CORES: [usize; 2] = [1, 0];
const SERVER_CORE: usize = CORES[0];
const LOAD_CORE: usize = CORES[1];

fn measure(options: &Options) -> io::Result<()> {
    let pinned = pin(options);
    let collector = options.exported.then(Collector::start).transpose();
    let collector = collector.map_err(|error| io::Error::other(error.to_string()))?;
    let mut peers = Vec::new();
    for server in &options.servers {
        let service = Service {
            collector: collector
                .as_ref()
                .filter(|_| server.exports())
                .map(Collector::endpoint),
            ..Service::new(*server)
        };
        peers.push(Peer::start(&service, options.connections)?);
    }
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
    if let Some(collector) = collector {
        let made = peers.iter().map(|peer| peer.spans(options.connections));
        let expected = collector.expect_spans(made.sum());
        expected.map_err(|error| io::Error::other(error.to_string()))?;
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
    requests: u64,
}

/// So long a server that exports spans gets its load at once; then it is waited for the spans. What
/// it makes in that time is less than what its queue holds.
const BURST: Duration = Duration::from_millis(50);

impl Peer {
    fn start(service: &Service, connections: usize) -> io::Result<Self> {
        let child = Child::start(service)?;
        let load = Load::connect(child.address(), connections)?;
        Ok(Self {
            server: service.server,
            child,
            load,
            requests: 0,
        })
    }

    fn round(&mut self, options: &Options) -> io::Result<Sample> {
        let burst = if options.exported {
            BURST
        } else {
            options.round
        };
        self.try_round(options.round, burst)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.server)))
    }

    fn try_round(&mut self, round: Duration, burst: Duration) -> io::Result<Sample> {
        let mut spent = self.child.cpu_time()?;
        let mut sample = Sample::default();
        while sample.took < round {
            let start = Timestamp::now();
            sample.requests += self.load.run(burst)?.0;
            // It answers when all spans have arrived.
            let now = self.child.cpu_time()?;
            sample.took += Timestamp::now() - start;
            sample.spent += now - spent;
            spent = now;
        }
        self.requests += sample.requests;
        Ok(sample)
    }

    /// How many spans it has made.
    fn spans(&self, connections: usize) -> u64 {
        let (of_connection, of_request) = self.server.spans();
        of_connection * connections as u64 + of_request * self.requests
    }
}
