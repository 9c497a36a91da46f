//! Reporting tasks that keep the loop busy for long.

use crate::clock::Timestamp;
use crate::instrument::{LoopInfo, TaskId, TaskInfo};
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

/// A poll as long as this keeps every other task of the loop waiting for too long.
pub(super) const DEFAULT_LIMIT: Duration = Duration::from_millis(100);
/// A task is reported once in this time.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// Reports polls that are longer than a limit, the common cause of a loop that is stuck.
pub(super) struct LongPolls {
    limit: Duration,
    /// When a task was last reported, for those of the last minute.
    reported: RefCell<HashMap<TaskId, Timestamp>>,
}

impl LongPolls {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            reported: RefCell::default(),
        }
    }

    /// Looks at a poll that has ended.
    #[inline]
    pub(super) fn check(&self, event_loop: &LoopInfo, task: &TaskInfo, busy: Duration) {
        if busy >= self.limit {
            self.report(event_loop, task, busy);
        }
    }

    #[cold]
    fn report(&self, event_loop: &LoopInfo, task: &TaskInfo, busy: Duration) {
        let now = Timestamp::now();
        {
            // What is older than a minute goes, so that the map stays as small as a minute has
            // long polls.
            let mut reported = self.reported.borrow_mut();
            reported.retain(|_, at| now - *at < REPORT_EVERY);
            if reported.contains_key(&task.id()) {
                return;
            }
            reported.insert(task.id(), now);
        }
        tracing::warn!(
            target: "loopscope::loop",
            id = task.id().get(),
            name = task.name(),
            event_loop = %event_loop,
            busy_seconds = busy.as_secs_f64(),
            "task {task} kept the event loop busy for {busy:?} in one poll, and all others waiting: \
             move work that blocks or computes for long to spawn_blocking, or let others run in \
             between with yield_now"
        );
    }
}
