//! Why a task is woken, carried from whoever wakes it to the poll that follows.
//!
//! A `Waker` carries no reason, and between the one who wakes and the task may lie any number of
//! combinators with wakers of their own. They all pass a wake on before they return, so the reason
//! waits in a thread-local while the waker is called, and the function that schedules the task
//! finds it there.

use crate::clock::Timestamp;
use crate::instrument::hooks::Wake;
use crate::instrument::{Resumption, TaskException};
use std::cell::Cell;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

pub(super) const FOREIGN: Wake = Wake::Send(Resumption::Foreign);

thread_local! {
    // Apart, since they are written one by one: reading them as one would stall the processor.
    static REASON: Cell<Wake> = const { Cell::new(FOREIGN) };
    static REASON_AT: Cell<Option<Timestamp>> = const { Cell::new(None) };
    static OWN_REASON: Cell<Wake> = const { Cell::new(FOREIGN) };
}

/// Calls `wake` so that whom it schedules is resumed by `reason`, which arose at `at`.
#[inline]
pub(crate) fn because<R>(reason: Wake, at: Option<Timestamp>, wake: impl FnOnce() -> R) -> R {
    struct Restore(Wake, Option<Timestamp>);
    impl Drop for Restore {
        #[inline]
        fn drop(&mut self) {
            REASON.set(self.0);
            REASON_AT.set(self.1);
        }
    }
    let _restore = Restore(REASON.replace(reason), REASON_AT.replace(at));
    wake()
}

/// The reason of the wake under way.
#[inline]
pub(super) fn reason() -> (Wake, Option<Timestamp>) {
    (REASON.get(), REASON_AT.get())
}

/// Gives the reason for a wake that the running task makes of itself: such a task is scheduled
/// only when its poll has ended, when a reason given by [`because`] is gone.
pub(crate) fn set_own_reason(reason: Wake) {
    OWN_REASON.set(reason);
}

/// The reason of the wake that the task which ran last made of itself.
pub(super) fn take_own_reason() -> Wake {
    OWN_REASON.replace(FOREIGN)
}

/// Gives the reason for the wakes that the executor makes when a task has ended, of those who join
/// it; in force until [`clear_end_reason`].
#[inline]
pub(super) fn set_end_reason(reason: Wake) {
    REASON.set(reason);
    REASON_AT.set(None);
}

/// Ends what [`set_end_reason`] began.
#[inline]
pub(super) fn clear_end_reason() {
    REASON.set(FOREIGN);
    REASON_AT.set(None);
}

/// The reason and the time of a task's last wake, written on any thread.
#[derive(Debug)]
pub(super) struct LastWake {
    reason: AtomicU8,
    /// Nanoseconds, or `NO_TIME`.
    at: AtomicU64,
}

const NO_TIME: u64 = u64::MAX;

impl LastWake {
    pub(super) fn new(reason: Wake, at: Option<Timestamp>) -> Self {
        let wake = Self {
            reason: AtomicU8::new(0),
            at: AtomicU64::new(NO_TIME),
        };
        wake.set(reason, at);
        wake
    }

    // Relaxed: the queue through which the task is scheduled orders these.
    #[inline]
    pub(super) fn set(&self, reason: Wake, at: Option<Timestamp>) {
        self.reason.store(encode(reason), Ordering::Relaxed);
        self.at
            .store(at.map_or(NO_TIME, Timestamp::as_nanos), Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn get(&self) -> (Wake, Option<Timestamp>) {
        let at = self.at.load(Ordering::Relaxed);
        let at = (at != NO_TIME).then(|| Timestamp::from_nanos(at));
        (decode(self.reason.load(Ordering::Relaxed)), at)
    }
}

const REASONS: [Wake; 14] = [
    Wake::Send(Resumption::Started),
    Wake::Send(Resumption::Yielded),
    Wake::Send(Resumption::SocketReady),
    Wake::Send(Resumption::TimerFired),
    Wake::Send(Resumption::QueueReady),
    Wake::Send(Resumption::LockAcquired),
    Wake::Send(Resumption::Notified),
    Wake::Send(Resumption::Joined),
    Wake::Send(Resumption::Resolved),
    FOREIGN,
    Wake::Throw(TaskException::Cancelled),
    Wake::Throw(TaskException::QueueClosed),
    Wake::Throw(TaskException::JoinedTaskFailed),
    Wake::Throw(TaskException::TimedOut),
];

const fn encode(reason: Wake) -> u8 {
    match reason {
        Wake::Send(resumption) => resumption as u8,
        Wake::Throw(exception) => Resumption::Foreign as u8 + 1 + exception as u8,
    }
}

fn decode(code: u8) -> Wake {
    REASONS.get(usize::from(code)).copied().unwrap_or(FOREIGN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_survives_its_code() {
        for (code, reason) in REASONS.iter().enumerate() {
            assert_eq!(usize::from(encode(*reason)), code);
            assert_eq!(decode(encode(*reason)), *reason);
        }
    }

    #[test]
    fn a_reason_is_in_force_during_the_wake_alone() {
        let fired = Wake::Send(Resumption::TimerFired);
        because(fired, None, || assert_eq!(reason().0, fired));
        assert_eq!(reason().0, FOREIGN);
    }
}
