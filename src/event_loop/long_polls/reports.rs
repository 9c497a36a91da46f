//! What is said of long polls, and how often.

use super::under_way::Seen;
use crate::clock::Timestamp;
use crate::instrument::{LoopInfo, TaskInfo};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tracing::dispatcher::{self, Dispatch};

/// A task is reported once in this time.
const REPORT_EVERY: Duration = Duration::from_secs(60);
const ADVICE: &str = "move work that blocks or computes for long to spawn_blocking, or let others \
                      run in between with yield_now";

/// The reports of one loop.
pub(super) struct Reports {
    event_loop: String,
    /// Who listened on the loop's thread: the watchdog's has nobody of its own.
    listener: Dispatch,
    /// When a task was last reported, by its number, for those of the last minute.
    reported: Mutex<HashMap<u64, Timestamp>>,
}

impl Reports {
    pub(super) fn new(event_loop: &LoopInfo) -> Self {
        Self {
            event_loop: event_loop.to_string(),
            listener: dispatcher::get_default(Dispatch::clone),
            reported: Mutex::default(),
        }
    }

    /// A poll has ended after too long.
    #[cold]
    pub(super) fn ended(&self, task: &TaskInfo, busy: Duration) {
        if self.is_due(task.id().get()) {
            tracing::warn!(
                target: "loopscope::loop",
                id = task.id().get(),
                name = task.name(),
                event_loop = self.event_loop,
                busy_seconds = busy.as_secs_f64(),
                "task {task} kept the event loop busy for {busy:?} in one poll, and all others \
                 waiting: {ADVICE}"
            );
        }
    }

    /// A poll has been under way for too long.
    pub(super) fn goes_on(&self, poll: &Seen, busy: Duration) {
        if !self.is_due(poll.task) {
            return;
        }
        let Seen { task, name, .. } = poll;
        let report = || {
            tracing::warn!(
                target: "loopscope::loop",
                id = task,
                name = Some(&**name).filter(|name| !name.is_empty()),
                event_loop = self.event_loop,
                busy_seconds = busy.as_secs_f64(),
                "task {name}#{task} has kept the event loop busy for {busy:?} in one poll that goes \
                 on, and all others waiting: {ADVICE}"
            );
        };
        // Where nobody listened then, somebody may since.
        if self.listener.is::<tracing::subscriber::NoSubscriber>() {
            report();
        } else {
            dispatcher::with_default(&self.listener, report);
        }
    }

    fn is_due(&self, task: u64) -> bool {
        let now = Timestamp::now();
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        // What is older than a minute goes, so that the map stays as small as a minute has long
        // polls.
        reported.retain(|_, at| now - *at < REPORT_EVERY);
        let is_due = !reported.contains_key(&task);
        reported.entry(task).or_insert(now);
        is_due
    }
}
