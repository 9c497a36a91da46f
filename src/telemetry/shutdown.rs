//! Ending telemetry in bounded time.

use super::Telemetry;
use super::deadlines::now;
use super::error::DeliveryError;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// What is in a lock, also after a panic elsewhere.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Work = Box<dyn FnOnce() + Send>;

/// Does all of `work` at once, each on a thread of its own, and tells whether it was done by `end`.
/// What was not goes on.
///
/// The SDK's own flush waits without a limit and its shutdowns not always as long as they are told.
pub(super) fn all_by(end: Instant, work: Vec<Work>) -> bool {
    let (done, all_done) = channel::<()>();
    for work in work {
        let done = done.clone();
        let spawned = thread::Builder::new()
            .name("loopscope-telemetry".into())
            .spawn(move || {
                work();
                drop(done);
            });
        if let Err(error) = spawned {
            tracing::error!(target: "loopscope::telemetry", %error, "no thread to flush with");
        }
    }
    drop(done);
    // Nothing is ever sent: the channel is closed when the last one is done.
    let waited = all_done.recv_timeout(end.saturating_duration_since(now()));
    waited == Err(RecvTimeoutError::Disconnected)
}

impl Telemetry {
    pub(super) fn end(&self) -> Result<(), DeliveryError> {
        if std::mem::replace(&mut *lock(&self.shut_down), true) {
            return Ok(());
        }
        let callbacks = std::mem::take(&mut *lock(&self.callbacks));
        for callback in callbacks {
            callback();
        }
        let deadline = self.deadline;
        let end = now() + deadline;
        self.tallies.deadlines.shut_down_by(end);
        let (traces, metrics, logs) =
            (self.traces.clone(), self.metrics.clone(), self.logs.clone());
        let in_time = all_by(
            end,
            vec![
                Box::new(move || drop(traces.shutdown_with_timeout(deadline))),
                Box::new(move || drop(metrics.shutdown_with_timeout(deadline))),
                Box::new(move || drop(logs.shutdown_with_timeout(deadline))),
            ],
        );
        let lost = self.tallies.lost_in_the_end();
        let result = if !in_time {
            Err(DeliveryError::Deadline(lost))
        } else if !lost.is_nothing() {
            Err(DeliveryError::Lost(lost))
        } else {
            Ok(())
        };
        if let Err(error) = &result {
            tracing::warn!(target: "loopscope::telemetry", "{error}");
        }
        result
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        // Whoever wants to know calls `shutdown`; what was lost was said by then.
        let _ = self.end();
    }
}
