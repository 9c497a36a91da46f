//! The loop itself: tasks, handles for other threads, timers, sockets, and what misuse is answered
//! with.

#[cfg(test)]
mod blocking;
#[cfg(test)]
mod exit;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod handle;
#[cfg(test)]
mod long_polls;
#[cfg(test)]
mod misuse;
#[cfg(test)]
mod net;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod task_locals;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod timers;

#[cfg(test)]
mod support {
    use loopscope::event_loop::{EventLoop, timeout};
    use std::time::Duration;

    /// Runs a future on a loop of its own; one that hangs fails.
    pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
        let event_loop = EventLoop::new().unwrap();
        event_loop
            .run_until_complete(async { timeout(Duration::from_secs(30), future).await })
            .expect("nothing hangs")
    }
}
