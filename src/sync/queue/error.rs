//! Why an item was not moved.

use std::fmt;

/// The queue is closed and empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("the queue is closed and empty")]
pub struct Closed;

/// The queue is closed; the item that was to be put in.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue is closed")]
pub struct PutError<T>(pub T);

/// The queue has no room, or is closed; the item that was to be put in.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryPutError<T> {
    /// It is full, or its room is for tasks in line.
    #[error("the queue is full")]
    Full(T),
    /// It is closed.
    #[error("the queue is closed")]
    Closed(T),
}

impl<T> TryPutError<T> {
    /// The item.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) => item,
        }
    }
}

/// There is no item to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TryGetError {
    /// The queue is empty.
    #[error("the queue is empty")]
    Empty,
    /// It is closed and empty.
    #[error("the queue is closed and empty")]
    Closed,
}

// Items need no `Debug` for the errors to have one.
impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PutError(..)")
    }
}

impl<T> fmt::Debug for TryPutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}
