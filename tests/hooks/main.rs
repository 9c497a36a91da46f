//! Every hook over the real loop, with real sockets and TLS: what fires on success, on failure, on
//! cancellation and on drop.

#[cfg(test)]
#[path = "../tls/certificates.rs"]
mod certificates;
#[cfg(test)]
#[path = "../tls/configs.rs"]
mod configs;
#[cfg(test)]
mod scopes;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod tls;
