//! Futures of other crates run on the loop unchanged, and hooks tell what they do.

#[cfg(test)]
mod combinators;
#[cfg(test)]
mod compression;
#[cfg(test)]
mod service;
#[cfg(test)]
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../hooks/support.rs"]
mod support;
#[cfg(test)]
mod traffic;
#[cfg(test)]
mod websocket;
