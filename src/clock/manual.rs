//! A clock that moves only when told to.

use super::Timestamp;
use std::cell::Cell;
use std::marker::PhantomData;
use std::time::Duration;

thread_local! {
    static NOW: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Replaces this thread's clock, until dropped, by one that moves only when told to.
///
/// An event loop that runs under it never waits for a timer: where it would sleep until the next
/// deadline, no task and no socket being ready, it moves the clock there instead. A test of an hour's timeout takes no time.
///
/// ```
/// use loopscope::clock::{ManualClock, Timestamp};
/// use loopscope::event_loop::{EventLoop, sleep};
/// use std::time::Duration;
///
/// let _clock = ManualClock::install();
/// let start = Timestamp::now();
/// EventLoop::new().unwrap().run_until_complete(sleep(Duration::from_secs(3600)));
/// assert_eq!(Timestamp::now() - start, Duration::from_secs(3600));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    outer: Option<u64>,
    /// The clock is the thread's, so the guard stays on it.
    _not_send: PhantomData<*const ()>,
}

impl ManualClock {
    /// Stops this thread's clock at its present reading.
    pub fn install() -> Self {
        let now = Timestamp::now().as_nanos();
        Self {
            outer: NOW.replace(Some(now)),
            _not_send: PhantomData,
        }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        auto_advance(Timestamp::now() + by);
    }
}

impl Drop for ManualClock {
    fn drop(&mut self) {
        NOW.set(self.outer);
    }
}

pub(super) fn now() -> Option<u64> {
    NOW.get()
}

/// Whether this thread's clock is a manual one.
pub(crate) fn is_manual() -> bool {
    NOW.get().is_some()
}

/// Moves this thread's clock to `deadline` if it is a manual one.
pub(crate) fn auto_advance(deadline: Timestamp) {
    if let Some(now) = NOW.get() {
        NOW.set(Some(now.max(deadline.as_nanos())));
    }
}
