//! The library against the real Collector, Jaeger and Prometheus.

// With the attribute, what is allowed in tests is allowed in their helpers too.
#[cfg(test)]
mod end_to_end;
#[cfg(test)]
mod exporter;
#[cfg(test)]
mod fast_lane;
#[cfg(test)]
mod multicore;
#[cfg(test)]
mod outage;
#[cfg(test)]
#[path = "../../../tests/support/program.rs"]
mod program;
#[cfg(test)]
mod support;
