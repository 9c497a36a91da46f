//! What tasks wait for each other with: queues, locks, events, conditions and latches.
//!
//! | type | what a task waits for |
//! | --- | --- |
//! | [`AsyncQueue`] | an item, or room for one |
//! | [`AsyncSetQueue`] | the same, of items that are not in the queue twice |
//! | [`Event`] | something to happen |
//! | [`CountdownLatch`] | a number of things to be done |
//! | [`Lock`] | its turn at a value |
//! | [`Condition`] | the value of a lock to change |
//!
//! All of them are for the tasks of one thread; clones are handles on the same thing. Who waits is
//! served first come, first served: a newcomer never overtakes those in line, and a task that was
//! cancelled or has dropped its wait passes on what it was given. What a task waits for is shown by
//! its [`Command`](crate::instrument::Command), with the name that `named` gave.

mod condition;
mod countdown_latch;
mod event;
mod line;
mod lock;
mod queue;
mod wait_list;

pub use condition::Condition;
pub use countdown_latch::CountdownLatch;
pub use event::Event;
pub use lock::{Lock, LockGuard};
pub use queue::{
    AsyncQueue, AsyncSetQueue, Closed, Get, Peek, Put, PutError, TryGetError, TryPutError,
    UntilEmpty,
};
