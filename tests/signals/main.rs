//! Signals and graceful ends, apart from the other tests: a signal is the whole process's.

#[cfg(test)]
mod graceful;
#[cfg(test)]
mod signal;

#[cfg(test)]
mod support {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    /// While it is held no other test raises or awaits signals.
    pub(crate) fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a signal to this process.
    pub(crate) fn raise(signal: i32) {
        signal_hook::low_level::raise(signal).unwrap();
    }
}
