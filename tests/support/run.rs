//! Running a future on a loop of its own.

use loopscope::event_loop::{EventLoop, timeout};
use std::time::Duration;

/// Runs a future on a loop of its own; one that hangs fails.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let event_loop = EventLoop::new().unwrap();
    event_loop
        .run_until_complete(async { timeout(Duration::from_secs(30), future).await })
        .expect("nothing hangs")
}
