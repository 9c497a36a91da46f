//! A moment that may be unknown, in one word.

use super::Timestamp;
use std::cell::Cell;
use std::fmt;

/// As a `Cell<Option<Timestamp>>`, at half the size: tasks and sockets have several.
pub(crate) struct TimeCell(Cell<u64>);

/// The end of the clock stands for what is unknown.
const UNKNOWN: u64 = u64::MAX;

impl TimeCell {
    pub(crate) const fn new(time: Option<Timestamp>) -> Self {
        Self(Cell::new(match time {
            Some(Timestamp(nanos)) => nanos,
            None => UNKNOWN,
        }))
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<Timestamp> {
        let nanos = self.0.get();
        (nanos != UNKNOWN).then_some(Timestamp(nanos))
    }

    #[inline]
    pub(crate) fn set(&self, time: Option<Timestamp>) {
        self.0.set(time.map_or(UNKNOWN, Timestamp::as_nanos));
    }
}

impl fmt::Debug for TimeCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
