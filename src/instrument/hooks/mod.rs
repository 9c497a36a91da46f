//! The one façade through which the rest of the crate fires hooks.
//!
//! A call site says what happens; whether anyone listens, what time it is and who is told is
//! settled here. An operation captures at its start the instruments in force and tells those
//! same instruments how it ended, wherever that happens: that is what makes each start have
//! exactly one end for each instrument. Where nobody listens at the start nothing is captured, no
//! clock is read and no metadata is built.

mod queue;
mod socket;
mod task;
#[cfg(feature = "tls")]
mod tls;
mod wait;

pub(crate) use queue::QueueOperation;
pub(crate) use socket::{DnsLookup, OpenSocket, SocketOp};
pub(crate) use task::{TaskEnd, TaskPoll, Wake, loop_park, loop_start, loop_unpark, task_spawned};
#[cfg(feature = "tls")]
pub(crate) use tls::TlsHandshake;
pub(crate) use wait::{HeardTimer, current_task, swap_task, with_task};

#[cfg(test)]
mod tests;
