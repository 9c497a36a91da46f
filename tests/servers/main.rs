//! The examples that are servers, as their users drive them: start, load, signal; nothing that was
//! accepted is lost, and the exit code is right.

#[cfg(test)]
mod echo_server;
#[cfg(test)]
mod multicore_echo;
#[cfg(test)]
#[path = "../support/program.rs"]
mod program;
