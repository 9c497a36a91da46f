//! By when what is under way has to end.

use super::shutdown::lock;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// What those who send are told by those who wait for them.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    flush: Mutex<Option<Instant>>,
    shutdown: Mutex<Option<Instant>>,
    shutdown_begins: Condvar,
}

impl Deadlines {
    /// Somebody waits until `end` for what has been made until now.
    pub(super) fn flush_by(&self, end: Instant) {
        let mut flush = lock(&self.flush);
        *flush = (*flush).max(Some(end));
    }

    /// By when the last flush that somebody waits for is to be done.
    pub(super) fn end_of_flush(&self) -> Option<Instant> {
        *lock(&self.flush)
    }

    /// Flushes by `flush` for as long as somebody waits for that: the SDK's own gives up after five
    /// seconds, which is less than one export may take.
    pub(super) fn flush(&self, flush: impl Fn() -> OTelSdkResult) -> OTelSdkResult {
        loop {
            match flush() {
                Err(OTelSdkError::Timeout(_)) if self.end_of_flush() > Some(now()) => {}
                done => return done,
            }
        }
    }

    /// Telemetry ends by `end`: nobody waits for anything else any more.
    pub(super) fn shut_down_by(&self, end: Instant) {
        *lock(&self.shutdown) = Some(end);
        self.shutdown_begins.notify_all();
    }

    /// By when telemetry ends, once it does.
    pub(super) fn shutdown(&self) -> Option<Instant> {
        *lock(&self.shutdown)
    }

    /// Waits for so long, or until telemetry ends.
    pub(super) fn wait(&self, duration: Duration) {
        let shutdown = lock(&self.shutdown);
        // Whether the time has passed or the end begins, who waits goes on.
        let _ = self
            .shutdown_begins
            .wait_timeout_while(shutdown, duration, |shutdown| shutdown.is_none());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "telemetry knows nothing of the loop and its clock, and waits on threads of its own"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::sync::Arc;
    use std::thread;

    const FOREVER: Duration = Duration::from_secs(1 << 40);

    #[test]
    fn who_waits_is_woken_by_the_shutdown() {
        let deadlines = Arc::new(Deadlines::default());
        let waiting = {
            let deadlines = deadlines.clone();
            thread::spawn(move || deadlines.wait(FOREVER))
        };
        deadlines.shut_down_by(now());
        waiting.join().unwrap();
        deadlines.wait(FOREVER); // Neither is there anything to wait for later.
    }

    /// How often a flush is tried that takes too long so many times.
    fn tries(deadlines: &Deadlines, timeouts: u32) -> u32 {
        let tries = Cell::new(0);
        let flush = || {
            tries.set(tries.get() + 1);
            if tries.get() > timeouts {
                Ok(())
            } else {
                Err(OTelSdkError::Timeout(Duration::ZERO))
            }
        };
        let _ = deadlines.flush(flush);
        tries.get()
    }

    #[test]
    fn a_flush_goes_on_until_the_last_deadline() {
        let deadlines = Deadlines::default();
        assert_eq!(tries(&deadlines, 3), 1, "nobody waits");
        deadlines.flush_by(now() + Duration::from_secs(3600));
        deadlines.flush_by(now());
        assert_eq!(tries(&deadlines, 3), 4);
        let refused = deadlines.flush(|| Err(OTelSdkError::AlreadyShutdown));
        assert!(refused.is_err(), "is not tried for ever");
    }
}
