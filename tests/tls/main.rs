//! TLS over real sockets: what both ends agree on, how streams end, and every way in which a
//! handshake can fail.

#[cfg(test)]
mod alpn;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod client_certificates;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod configs;
#[cfg(test)]
mod disturbed;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod failures;
#[cfg(test)]
#[path = "../support/recorded.rs"]
mod recorded;
#[cfg(test)]
mod resumption;
#[cfg(test)]
#[path = "../support/run.rs"]
mod run;
#[cfg(test)]
mod sni;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod timeouts;
#[cfg(test)]
mod versions;
