//! The loop: tasks, timers and sockets on one thread.
//!
//! An [`EventLoop`] polls tasks that are ready, fires timers that are due and asks the system which
//! sockets are ready, until the future given to [`EventLoop::run_until_complete`] is complete.
//! Futures need not be `Send`; other threads reach the loop through its [`Handle`].

mod builder;
mod core;
mod handle;
mod join;
pub(crate) mod park;
pub(crate) mod reactor;
mod run;
mod scheduler;
mod sleep;
mod spawn;
mod task;
mod timeout;
mod timers;
pub(crate) mod wake;
mod yield_now;

pub use builder::{EventLoop, EventLoopBuilder, Stopped};
pub use handle::{Handle, RemoteJoinHandle};
pub use join::{JoinError, JoinHandle, PanicPayload};
pub use sleep::{Sleep, sleep, sleep_until};
pub use spawn::{TaskBuilder, spawn, try_spawn};
pub use task::current_task;
pub use timeout::{TimedOut, Timeout, timeout};
pub use yield_now::{YieldNow, yield_now};

pub(crate) use core::{Core, current, is_current};
