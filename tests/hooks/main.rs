//! Every hook over the real loop, with real sockets and TLS: what fires on success, on failure, on
//! cancellation and on drop.

#[cfg(test)]
#[path = "../tls/certificates.rs"]
mod certificates;
#[cfg(test)]
#[path = "../tls/configs.rs"]
mod configs;
#[cfg(test)]
#[path = "../support/connections.rs"]
mod connections;
#[cfg(test)]
#[path = "../support/recorded.rs"]
mod recorded;
#[cfg(test)]
#[path = "../support/run.rs"]
mod run;
#[cfg(test)]
mod scopes;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod wanted;
