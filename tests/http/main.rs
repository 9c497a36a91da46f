//! HTTP over real sockets: versions, kept connections, limits, ends, and peers that misbehave.

#[cfg(test)]
mod axum_router;
#[cfg(test)]
mod by_hand;
#[cfg(test)]
#[path = "../tls/certificates.rs"]
mod certificates;
#[cfg(test)]
mod client_limits;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod graceful;
#[cfg(test)]
mod pooling;
#[cfg(test)]
#[path = "../support/recorded.rs"]
mod recorded;
#[cfg(test)]
#[path = "../support/run.rs"]
mod run;
#[cfg(test)]
mod server_limits;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod traces;
#[cfg(test)]
#[cfg(unix)]
mod unix;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod volume;
