//! Random programs on the real loop: tasks, sockets, queues, timers, scopes, cancellation, drops,
//! and peers that reset, half-close, stall and send garbage. On each run the rules in `rules` are
//! held against what instruments heard, what was exported, what the program's own calls returned
//! and what the peers have moved.

#[cfg(test)]
mod actor;
#[cfg(test)]
#[path = "../tls/certificates.rs"]
mod certificates;
#[cfg(test)]
#[path = "../tls/configs.rs"]
mod configs;
#[cfg(test)]
mod connection;
#[cfg(test)]
mod ledger;
#[cfg(test)]
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../otel/support.rs"]
mod otel_support;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod program;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod regressions;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod run;
#[cfg(test)]
mod spans;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod strategies;
#[cfg(test)]
mod watched;
#[cfg(test)]
mod world;
