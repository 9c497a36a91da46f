//! Waiting for what a server does in its own time.

use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// Asks again and again until there is an answer.
///
/// # Panics
///
/// With `what` and the last refusal, when there is no answer after a minute.
pub fn wait_for<T>(what: &str, ask: impl FnMut() -> Result<T, String>) -> T {
    wait_for_at_most(DEADLINE, what, ask)
}

/// As [`wait_for`], for what takes its time.
///
/// # Panics
///
/// With `what` and the last refusal, when there is no answer within `limit`.
pub fn wait_for_at_most<T>(
    limit: Duration,
    what: &str,
    mut ask: impl FnMut() -> Result<T, String>,
) -> T {
    let start = now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(refusal) => assert!(
                start.elapsed() < limit,
                "no {what} after {limit:?}: {refusal}"
            ),
        }
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "a real server keeps real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "there is no event loop here")]
fn pause() {
    std::thread::sleep(PAUSE);
}
