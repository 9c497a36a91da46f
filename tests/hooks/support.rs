//! A loop with a recorder.

use loopscope::event_loop::{EventLoop, timeout};
use loopscope::instrument::{EnterScope, RecordingInstrument};
use std::time::Duration;

/// Runs a future on a loop of its own; one that hangs fails.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let event_loop = EventLoop::new().unwrap();
    event_loop
        .run_until_complete(async { timeout(Duration::from_secs(30), future).await })
        .expect("nothing hangs")
}

/// Runs a future under a recorder, ends the loop, checks the rules that always hold, and returns
/// the record.
pub(crate) fn recorded(future: impl Future<Output = ()>) -> RecordingInstrument {
    let recorder = RecordingInstrument::new();
    recorder.clone().in_scope(|| run(future));
    recorder.assert_paired();
    recorder
}
