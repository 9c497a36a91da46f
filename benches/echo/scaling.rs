//! What a request costs with few and with many connections and tasks.

use crate::options::Options;
use crate::report::where_it_ran;
use crate::servers::Server;
use crate::service::Service;
use crate::statistics::{Mean, median};
use crate::table::{self, Figure, Table};
use crate::{Peer, pin};
use std::io;

/// How many connections there are, all of them busy.
const CONNECTIONS: [usize; 4] = [10, 100, 1_000, 10_000];
/// How many tasks sleep beside those that serve 50 connections.
const TASKS: [usize; 4] = [1, 100, 10_000, 100_000];
/// Those whose cost is compared: the one that ours is measured by comes first. What grows for raw mio
/// too is the kernel's.
const OF_CONNECTIONS: &[Server] = &[Server::Tokio, Server::Loopscope, Server::RawMio];
const OF_TASKS: &[Server] = &[Server::Tokio, Server::Loopscope];

pub(crate) fn measure(options: &Options) -> io::Result<()> {
    let pinned = pin(options);
    let place = where_it_ran(options, pinned);
    let rounds = format!("{} rounds of {:?}", options.rounds, options.round);
    let by_connections = CONNECTIONS.map(|connections| (connections, 0));
    let by_tasks = TASKS.map(|tasks| (options.connections, tasks));
    let tables = [
        Table::new(
            format!("{rounds}; CPU a request by the number of connections{place}"),
            &columns("connections"),
            rows(
                OF_CONNECTIONS,
                &by_connections,
                options,
                |(connections, _)| connections,
            )?,
        ),
        Table::new(
            format!(
                "{rounds}; CPU a request by the number of tasks that sleep beside {} \
                 connections{place}",
                options.connections
            ),
            &columns("tasks"),
            rows(OF_TASKS, &by_tasks, options, |(_, tasks)| tasks)?,
        ),
    ];
    table::report(&tables, options.json.as_deref())
}

fn columns(size: &'static str) -> [&'static str; 5] {
    [
        size,
        "server",
        "CPU µs a request, median",
        "÷ the same server, smallest",
        "÷ tokio, same size",
    ]
}

/// A number of connections and one of tasks.
type Size = (usize, usize);

fn rows(
    servers: &[Server],
    sizes: &[Size],
    options: &Options,
    shown: fn(Size) -> usize,
) -> io::Result<Vec<Vec<Figure>>> {
    // Of each size, and in it of each server, what a request cost in each round.
    let mut costs = vec![vec![Vec::new(); servers.len()]; sizes.len()];
    for _ in 0..options.rounds {
        for (size, costs) in sizes.iter().zip(&mut costs) {
            for (server, costs) in servers.iter().zip(costs) {
                costs.push(cost(*server, *size, options)?);
            }
        }
    }
    let all = sizes.iter().zip(&costs);
    let rows = all.flat_map(|(size, of_size)| {
        let of_servers = servers.iter().zip(of_size).zip(&costs[0]);
        of_servers.map(|((server, values), smallest)| {
            vec![
                Figure::text(shown(*size)),
                Figure::text(server.description()),
                Figure::number(median(values.iter().copied()) * 1e6, 2),
                Figure::Ratio(Mean::of_ratios(values, smallest)),
                Figure::Ratio(Mean::of_ratios(values, &of_size[0])),
            ]
        })
    });
    Ok(rows.collect())
}

/// The CPU time of a request in one round.
fn cost(server: Server, (connections, tasks): Size, options: &Options) -> io::Result<f64> {
    // One after the other: a process has not descriptors for the connections of all.
    let mut peer = Peer::start(
        &Service {
            tasks,
            ..Service::new(server)
        },
        connections,
    )?;
    peer.round(options)?; // The first round warms up.
    peer.round(options).map(|sample| sample.cpu_a_request())
}
