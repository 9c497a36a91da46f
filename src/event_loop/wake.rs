//! Why a task is woken, carried from whoever wakes it to the poll that follows.
//!
//! A `Waker` carries no reason, and between the one who wakes and the task may lie any number of
//! combinators with wakers of their own. They all pass a wake on before they return, so the reason
//! waits in a thread-local while the waker is called, and whoever schedules the task finds it there.

use crate::clock::Timestamp;
use crate::instrument::Resumption;
use crate::instrument::hooks::Wake;
use std::cell::Cell;

const FOREIGN: Wake = Wake::Send(Resumption::Foreign);

thread_local! {
    // Apart, since they are written one by one: reading them as one would stall the processor.
    static REASON: Cell<Wake> = const { Cell::new(FOREIGN) };
    static REASON_AT: Cell<Option<Timestamp>> = const { Cell::new(None) };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_in_force_during_the_wake_alone() {
        let fired = Wake::Send(Resumption::TimerFired);
        because(fired, None, || assert_eq!(reason().0, fired));
        assert_eq!(reason().0, FOREIGN);
    }
}
