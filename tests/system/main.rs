//! The loop against the system itself: what its calls were according to strace, what happens when
//! they fail, and what is left after many connections. The tests of calls are run by strace.

#![cfg(target_os = "linux")]

#[cfg(test)]
mod descriptors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod ground_truth;
#[cfg(test)]
mod own_process;
#[cfg(test)]
mod printing;
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
mod soak;
#[cfg(test)]
mod trace;
