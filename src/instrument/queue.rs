//! Who a queue is, as instruments see it.

use super::Slots;
use super::task::next_number;
use std::cell::OnceCell;
use std::fmt;
use std::num::NonZeroU64;
use std::rc::Rc;

/// The number of a queue, unique in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(NonZeroU64);

impl QueueId {
    /// The number as an integer.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

/// A queue as instruments see it.
#[derive(Debug)]
pub struct QueueInfo {
    id: QueueId,
    name: OnceCell<Rc<str>>,
    capacity: Option<usize>,
    slots: Slots,
}

impl QueueInfo {
    /// Describes a queue; without a capacity it is unbounded.
    pub fn new(name: Option<Rc<str>>, capacity: Option<usize>) -> Self {
        Self {
            id: QueueId(next_number()),
            name: name.map_or_else(OnceCell::new, OnceCell::from),
            capacity,
            slots: Slots::new(),
        }
    }

    /// The queue's number.
    pub fn id(&self) -> QueueId {
        self.id
    }

    /// The name it was given, if any.
    pub fn name(&self) -> Option<&str> {
        self.name.get().map(|name| &**name)
    }

    /// Names the queue; the first name stays.
    pub fn set_name(&self, name: impl Into<Rc<str>>) {
        let _ = self.name.set(name.into());
    }

    /// How many items it holds at most; none where it is unbounded.
    pub fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    /// What instruments keep in this queue; dropped with it.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }
}

impl fmt::Display for QueueInfo {
    /// `name` or `#7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "#{}", self.id.get()),
        }
    }
}
