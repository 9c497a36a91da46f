//! Sockets and names: what they do, what instruments are told of it, and what happens when things
//! run out or go away.

#[cfg(test)]
mod accepting;
#[cfg(test)]
#[path = "../support/connections.rs"]
mod connections;
#[cfg(test)]
mod happy_eyeballs;
#[cfg(test)]
mod names;
#[cfg(test)]
mod options;
#[cfg(test)]
#[path = "../support/recorded.rs"]
mod recorded;
#[cfg(test)]
#[path = "../support/run.rs"]
mod run;
#[cfg(test)]
#[path = "../support/skipped.rs"]
mod skipped;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod udp;
#[cfg(test)]
mod unix;
