//! Who a lock, an event, a condition or a latch is, as instruments see it.

use super::task::next_number;
use std::cell::OnceCell;
use std::fmt;
use std::num::NonZeroU64;
use std::rc::Rc;

/// The number of something that tasks wait for each other with, unique in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyncId(NonZeroU64);

impl SyncId {
    /// The number as an integer.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

/// A lock, an event, a condition or a latch as instruments see it.
#[derive(Debug)]
pub struct SyncInfo {
    id: SyncId,
    name: OnceCell<Rc<str>>,
}

impl SyncInfo {
    /// Describes one.
    pub fn new(name: Option<Rc<str>>) -> Self {
        Self {
            id: SyncId(next_number()),
            name: name.map_or_else(OnceCell::new, OnceCell::from),
        }
    }

    /// Its number.
    pub fn id(&self) -> SyncId {
        self.id
    }

    /// The name it was given, if any.
    pub fn name(&self) -> Option<&str> {
        self.name.get().map(|name| &**name)
    }

    /// Names it; the first name stays.
    pub fn set_name(&self, name: impl Into<Rc<str>>) {
        let _ = self.name.set(name.into());
    }
}

impl fmt::Display for SyncInfo {
    /// `name` or `#7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "#{}", self.id.get()),
        }
    }
}
