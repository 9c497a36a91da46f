//! What two loops do on two cores beside what one does on one.
//!
//! Each core has a loop and a thread that makes load, so that the core is never idle and the second
//! one brings as much as the first. The loops share a port, and the system spreads the connections
//! over them (`SO_REUSEPORT`).

use crate::child::Child;
use crate::load::Load;
use crate::options::Options;
use crate::servers::Server;
use crate::service::Service;
use crate::statistics::{Mean, median};
use crate::table::{self, Figure, Table};
use crate::{CORES, cores};
use std::io;
use std::thread;
use std::time::Duration;

const SERVERS: [Server; 2] = [Server::Tokio, Server::Loopscope];
const LOOPS: [usize; 2] = [1, 2];

pub(crate) fn measure(options: &Options) -> io::Result<()> {
    if !CORES.into_iter().all(cores::can_pin) {
        return Err(io::Error::other("there are no two cores"));
    }
    let subjects = SERVERS.map(|server| LOOPS.map(|loops| (server, loops)));
    let subjects = subjects.as_flattened();
    let mut running = Vec::new();
    for (server, loops) in subjects {
        running.push(Running::start(*server, *loops, options.connections)?);
    }
    for running in &mut running {
        running.round(options.round)?; // The first round warms up.
    }
    let mut rates = vec![Vec::new(); subjects.len()];
    for round in 0..options.rounds {
        // Whoever comes first in one round comes last in the next.
        let first = round % subjects.len();
        for number in (first..subjects.len()).chain(0..first) {
            rates[number].push(running[number].round(options.round)?);
        }
    }
    let rows = subjects.iter().zip(&rates).enumerate();
    let rows = rows.map(|(number, ((server, loops), own))| {
        // What is measured first is tokio's; of each server, what it does with one loop.
        let one_loop = &rates[number - number % LOOPS.len()];
        let tokio = &rates[number % LOOPS.len()];
        vec![
            Figure::text(server.description()),
            Figure::text(loops),
            Figure::number(median(own.iter().copied()), 0),
            Figure::Ratio(Mean::of_ratios(own, one_loop)),
            Figure::Ratio(Mean::of_ratios(own, tokio)),
        ]
    });
    let table = Table::new(
        format!(
            "{} rounds of {:?}, {} connections a loop; each loop shares its core with its load",
            options.rounds, options.round, options.connections
        ),
        &[
            "server",
            "loops",
            "requests/s, median",
            "÷ one loop",
            "÷ tokio, as many loops",
        ],
        rows.collect(),
    );
    table::report(&[table], options.json.as_deref())
}

/// A server, and a load for each of its loops.
struct Running {
    _child: Child,
    loads: Vec<Load>,
}

impl Running {
    fn start(server: Server, loops: usize, connections: usize) -> io::Result<Self> {
        let child = Child::start(&Service {
            loops,
            ..Service::new(server)
        })?;
        let loads = (0..loops).map(|_| Load::connect(child.address(), connections));
        let loads = loads.collect::<io::Result<_>>()?;
        Ok(Self {
            _child: child,
            loads,
        })
    }

    /// How many requests there were a second.
    fn round(&mut self, duration: Duration) -> io::Result<f64> {
        thread::scope(|scope| {
            let loads = self.loads.iter_mut().zip(CORES);
            let threads = loads.map(|(load, core)| {
                scope.spawn(move || {
                    cores::pin(core);
                    load.run(duration)
                })
            });
            let threads: Vec<_> = threads.collect();
            threads.into_iter().try_fold(0.0, |sum, thread| {
                let (requests, took) = thread.join().expect("no panic")?;
                Ok(sum + requests as f64 / took.as_secs_f64())
            })
        })
    }
}
