//! What tasks hand things to each other through.

mod queue;
mod wait_list;

pub use queue::{
    AsyncQueue, Closed, Get, Peek, Put, PutError, TryGetError, TryPutError, UntilEmpty,
};
