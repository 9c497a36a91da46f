//! The examples that are servers, as their users drive them: start, load, signal; nothing that was
//! accepted is lost, and the exit code is right. And what is asked of servers by one that is a client.

#[cfg(test)]
#[path = "../../examples/shop/certificates.rs"]
#[expect(dead_code, reason = "the gateway uses more of it")]
mod certificates;
#[cfg(test)]
mod echo_server;
#[cfg(test)]
mod httpstat;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod multicore_echo;
#[cfg(test)]
#[path = "../support/program.rs"]
mod program;
#[cfg(test)]
mod shop;
#[cfg(test)]
#[path = "../../examples/httpstat/trust.rs"]
mod trust;

/// What `certificates` and `trust` fail with.
#[cfg(test)]
type Failure = Box<dyn std::error::Error + Send + Sync>;
