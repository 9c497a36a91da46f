//! Reporting tasks that keep the loop busy for long.

mod reports;
mod under_way;
mod watchdog;

use crate::instrument::{LoopInfo, TaskInfo};
use reports::Reports;
use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;
use under_way::UnderWay;
use watchdog::Watched;

/// A poll as long as this keeps every other task of the loop waiting for too long.
pub(super) const DEFAULT_LIMIT: Duration = Duration::from_millis(100);

/// Reports polls that are longer than a limit, the common cause of a loop that is stuck: while they
/// go on, from the watchdog's thread, or else when they have ended.
pub(super) struct LongPolls {
    limit: Duration,
    /// What the watchdog sees; from the first poll on that is measured.
    watched: OnceCell<Arc<Watched>>,
}

impl LongPolls {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            watched: OnceCell::new(),
        }
    }

    /// A poll begins that is measured.
    #[inline]
    pub(super) fn begin(&self, event_loop: &LoopInfo, task: &TaskInfo) {
        if self.limit < Duration::MAX {
            let watched = self.watched.get_or_init(|| {
                let watched = Arc::new(Watched {
                    limit: self.limit,
                    under_way: UnderWay::default(),
                    reports: Reports::new(event_loop),
                });
                watchdog::watch(&watched);
                watched
            });
            watched.under_way.begin(task);
        }
    }

    /// A poll has ended, after so long if it was measured.
    #[inline]
    pub(super) fn end(&self, task: &TaskInfo, busy: Duration) {
        if let Some(watched) = self.watched.get() {
            watched.under_way.end();
            if busy >= self.limit {
                watched.reports.ended(task, busy);
            }
        }
    }
}
