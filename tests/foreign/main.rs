//! Futures of other crates run on the loop unchanged, and hooks tell what they do.

#[cfg(test)]
mod combinators;
#[cfg(test)]
mod compression;
#[cfg(test)]
#[path = "../support/recorded.rs"]
mod recorded;
#[cfg(test)]
#[path = "../support/run.rs"]
mod run;
#[cfg(test)]
mod service;
#[cfg(test)]
mod traffic;
#[cfg(test)]
mod websocket;
