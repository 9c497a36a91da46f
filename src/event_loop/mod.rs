//! The loop: tasks, timers and sockets on one thread.
//!
//! An [`EventLoop`] polls tasks that are ready, fires timers that are due and asks the system which
//! sockets are ready, until the future given to [`EventLoop::run_until_complete`] is complete.
//! Futures need not be `Send`; other threads reach the loop through its [`Handle`].

mod builder;
mod core;
mod exit;
#[cfg(unix)]
mod graceful;
mod handle;
mod join;
mod long_polls;
pub(crate) mod park;
mod poll;
pub(crate) mod reactor;
mod run;
mod scheduler;
#[cfg(unix)]
mod signal;
mod sleep;
mod snapshot;
mod spawn;
mod spawn_blocking;
mod stage;
mod stop;
mod task;
mod task_group;
mod task_local;
mod timeout;
mod timers;
pub(crate) mod wake;
mod waker;
mod yield_now;

pub use crate::__task_local as task_local;
pub use builder::{EventLoop, EventLoopBuilder, Stopped};
pub use exit::Exit;
#[cfg(unix)]
pub use graceful::Ended;
pub use handle::{Handle, RemoteJoinHandle};
pub use join::{JoinError, JoinHandle, PanicPayload};
#[cfg(unix)]
pub use signal::{Signal, ctrl_c, terminate};
pub use sleep::{Sleep, sleep, sleep_until};
pub use snapshot::{Snapshot, TaskSnapshot, TaskState, snapshot};
pub use spawn::{TaskBuilder, spawn, try_spawn};
pub use spawn_blocking::spawn_blocking;
pub use stop::{Stopping, is_stopping, stopping};
pub use task::current_task;
pub use task_group::TaskGroup;
pub use task_local::{TaskLocal, TaskLocalScope};
pub use timeout::{TimedOut, Timeout, timeout};
pub use yield_now::{YieldNow, yield_now};

pub(crate) use core::{Core, current, is_current};
pub(crate) use spawn_blocking::Blocking;
