//! The real Collector, Jaeger and Prometheus for tests: started on free ports, asked by their
//! APIs, killed when the test ends.

mod collector;
pub mod dashboards;
mod http;
mod jaeger;
mod prometheus;
mod started;
mod wait;

pub use collector::Collector;
pub use jaeger::{Jaeger, JaegerApi, JaegerSpan};
pub use prometheus::{Prometheus, PrometheusApi, Sample, percent_encoded};

pub use wait::{wait_for, wait_for_at_most};

use backends::{BackendError, Server, locate};
use std::io::Write;

/// Whether the real servers are there.
///
/// Where they are not, the test that asks is to end at once: with a message that says how to have
/// them built, or, in CI, where nothing may be skipped, as a failure.
///
/// # Panics
///
/// Where a server is missing and the variable `CI` is set.
pub fn servers_are_there() -> bool {
    let missing: Vec<BackendError> = [
        (Server::Collector, "otelcol"),
        (Server::Jaeger, "jaeger"),
        (Server::Prometheus, "prometheus"),
        (Server::Compose, "compose-check"),
        (Server::Grafana, "dashboard-check"),
    ]
    .into_iter()
    .filter_map(|(server, program)| locate(server, program).err())
    .collect();
    let Some(first) = missing.first() else {
        return true;
    };
    assert!(
        std::env::var_os("CI").is_none(),
        "nothing is skipped in CI: {first}"
    );
    // Past the test harness, which would swallow it.
    let _ = writeln!(
        std::io::stderr(),
        "\n*** SKIPPED, NOT TESTED: {first} ***\n"
    );
    false
}
