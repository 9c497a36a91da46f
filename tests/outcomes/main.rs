//! When each hook fires: on success, error, cancel and drop.
//!
//! The table in the crate's documentation is held against the real loop: the test named in a row's
//! last column makes each outcome happen, and counts the row's hook.

#[cfg(test)]
mod accept;
#[cfg(test)]
#[path = "../tls/certificates.rs"]
mod certificates;
#[cfg(test)]
#[path = "../tls/configs.rs"]
mod configs;
#[cfg(test)]
mod connect;
#[cfg(test)]
#[path = "../support/connections.rs"]
mod connections;
#[cfg(test)]
mod event_loop;
#[cfg(test)]
mod handshake;
#[cfg(test)]
mod look_up;
#[cfg(test)]
mod queue_get;
#[cfg(test)]
mod queue_put;
#[cfg(test)]
#[path = "../support/recorded.rs"]
mod recorded;
#[cfg(test)]
mod recv;
#[cfg(test)]
#[path = "../support/run.rs"]
mod run;
#[cfg(test)]
mod send;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod table;
#[cfg(test)]
mod task;
#[cfg(test)]
mod thrown;
#[cfg(test)]
mod timer;
#[cfg(test)]
mod waits;
#[cfg(test)]
mod ways;
