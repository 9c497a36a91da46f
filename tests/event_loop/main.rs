//! The loop itself: tasks, handles for other threads, timers, and what misuse is answered
//! with.

#[cfg(test)]
mod blocking;
#[cfg(test)]
mod exit;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod handle;
#[cfg(test)]
mod long_polls;
#[cfg(test)]
mod misuse;
#[cfg(test)]
#[path = "../support/recorded.rs"]
mod recorded;
#[cfg(test)]
#[path = "../support/run.rs"]
mod run;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod task_locals;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod timers;
mod wakes;
