//! Metadata of the queue hooks.

use crate::clock::Timestamp;
use crate::instrument::{QueueInfo, TaskInfo};
use std::fmt;
use std::rc::Rc;

/// An item that was put into a queue or taken out of it.
#[non_exhaustive]
#[derive(Clone, Copy)]
pub struct QueueMetadata<'a> {
    /// The task that asked; none outside of tasks.
    pub task: Option<&'a TaskInfo>,
    /// The queue.
    pub queue: &'a Rc<QueueInfo>,
    /// The item; `<opaque>` where its type cannot be printed.
    pub item: &'a dyn fmt::Debug,
    /// How many items the queue holds now.
    pub len: usize,
    /// Whether the task did not have to wait.
    pub immediate: bool,
    /// When the task asked.
    pub start_time: Timestamp,
    /// When the other side made the item, or room, available, where the task waited.
    pub ready_time: Option<Timestamp>,
    /// When the item was moved.
    pub finish_time: Timestamp,
}

impl<'a> QueueMetadata<'a> {
    /// An item that was moved at `finish_time`.
    pub const fn new(
        task: Option<&'a TaskInfo>,
        queue: &'a Rc<QueueInfo>,
        item: &'a dyn fmt::Debug,
        len: usize,
        immediate: bool,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            task,
            queue,
            item,
            len,
            immediate,
            start_time,
            ready_time: None,
            finish_time,
        }
    }
}

// Items may be private: they are shown where an instrument shows them, not by accident.
impl fmt::Debug for QueueMetadata<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueMetadata")
            .field("task", &self.task)
            .field("queue", self.queue)
            .field("len", &self.len)
            .field("immediate", &self.immediate)
            .field("start_time", &self.start_time)
            .field("ready_time", &self.ready_time)
            .field("finish_time", &self.finish_time)
            .finish_non_exhaustive()
    }
}
