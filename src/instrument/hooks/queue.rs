//! Queues.

use super::wait::Start;
use crate::clock::Timestamp;
use crate::instrument::metadata::QueueMetadata;
use crate::instrument::{Hook, HookSet, QueueInfo};
use std::fmt::Debug;
use std::rc::Rc;

/// A get or put under way.
pub(crate) struct QueueOperation {
    start: Option<Start>,
    pending: bool,
}

impl QueueOperation {
    /// A task asks.
    #[inline]
    pub(crate) fn start() -> Self {
        Self {
            start: Start::capture(HookSet::of(&[Hook::QueueGet, Hook::QueuePut])),
            pending: false,
        }
    }

    /// An operation that moves nothing.
    pub(crate) fn unheard() -> Self {
        Self {
            start: None,
            pending: false,
        }
    }

    /// Notes that the task has to wait.
    pub(crate) fn park(&mut self) {
        self.pending = true;
    }

    /// Whether anyone listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.start.is_some()
    }

    /// The task has the item; `len` others remain.
    #[inline]
    pub(crate) fn got(
        self,
        queue: &Rc<QueueInfo>,
        item: &dyn Debug,
        len: usize,
        ready_time: Option<Timestamp>,
    ) {
        if let Some(start) = &self.start {
            let metadata = self.metadata(start, queue, item, len, ready_time);
            start.stack.fire(Hook::QueueGet, |instrument| {
                instrument.on_queue_get(&metadata)
            });
        }
    }

    /// The queue has accepted the item and holds `len` now.
    #[inline]
    pub(crate) fn put(
        self,
        queue: &Rc<QueueInfo>,
        item: &dyn Debug,
        len: usize,
        ready_time: Option<Timestamp>,
    ) {
        if let Some(start) = &self.start {
            let metadata = self.metadata(start, queue, item, len, ready_time);
            start.stack.fire(Hook::QueuePut, |instrument| {
                instrument.on_queue_put(&metadata)
            });
        }
    }

    fn metadata<'a>(
        &self,
        start: &'a Start,
        queue: &'a Rc<QueueInfo>,
        item: &'a dyn Debug,
        len: usize,
        ready_time: Option<Timestamp>,
    ) -> QueueMetadata<'a> {
        let parked = start.has_parked(self.pending);
        // An operation that did not wait takes no time: one reading serves its start and its end.
        let finish_time = if parked { start.finish() } else { start.time };
        let mut metadata = QueueMetadata::new(
            start.task.as_deref(),
            queue,
            item,
            len,
            !parked,
            start.time,
            finish_time,
        );
        metadata.ready_time = start.readiness(parked, ready_time);
        metadata
    }
}
