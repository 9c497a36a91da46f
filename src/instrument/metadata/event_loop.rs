//! Metadata of the loop's own hooks.

use crate::clock::Timestamp;
use crate::instrument::TaskInfo;
use crate::instrument::task::next_number;
use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

/// An event loop as instruments see it.
#[derive(Debug, Clone)]
pub struct LoopInfo {
    number: NonZeroU64,
    name: Option<String>,
}

impl LoopInfo {
    /// Describes a loop, with a number of its own.
    pub fn new(name: Option<String>) -> Self {
        Self {
            number: next_number(),
            name,
        }
    }

    /// A number that no other loop of the process has.
    pub fn number(&self) -> u64 {
        self.number.get()
    }

    /// The name it was built with, if any.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl fmt::Display for LoopInfo {
    /// `name` or `#7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "#{}", self.number),
        }
    }
}

/// A loop that has nothing to do and goes to sleep, or that stops running.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct LoopParkMetadata<'a> {
    /// The loop.
    pub event_loop: &'a LoopInfo,
    /// Since when it was busy: the last unpark, or the start of its run.
    pub active_since: Timestamp,
    /// When it went to sleep.
    pub park_time: Timestamp,
    /// Until when it sleeps at most; none without a timer.
    pub timeout: Option<Duration>,
    /// Whether its run ends here, so that no unpark follows.
    pub stops: bool,
}

impl<'a> LoopParkMetadata<'a> {
    /// A loop that goes to sleep at `park_time`.
    pub const fn new(
        event_loop: &'a LoopInfo,
        active_since: Timestamp,
        park_time: Timestamp,
    ) -> Self {
        Self {
            event_loop,
            active_since,
            park_time,
            timeout: None,
            stops: false,
        }
    }
}

/// A loop that was asleep and has something to do again.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct LoopUnparkMetadata<'a> {
    /// The loop.
    pub event_loop: &'a LoopInfo,
    /// Since when it slept.
    pub park_time: Timestamp,
    /// When it woke.
    pub unpark_time: Timestamp,
    /// How many events the system had for it.
    pub events: usize,
}

impl<'a> LoopUnparkMetadata<'a> {
    /// A loop that woke at `unpark_time`.
    pub const fn new(
        event_loop: &'a LoopInfo,
        park_time: Timestamp,
        unpark_time: Timestamp,
    ) -> Self {
        Self {
            event_loop,
            park_time,
            unpark_time,
            events: 0,
        }
    }
}

/// A timer that fired.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TimerFiredMetadata<'a> {
    /// The task that waits for it; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// When it was to fire.
    pub deadline: Timestamp,
    /// When it fired.
    pub fire_time: Timestamp,
}

impl<'a> TimerFiredMetadata<'a> {
    /// A timer for `deadline` that fired at `fire_time`.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        deadline: Timestamp,
        fire_time: Timestamp,
    ) -> Self {
        Self {
            task,
            deadline,
            fire_time,
        }
    }
}
