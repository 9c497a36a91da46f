//! What is done on every executor.

use loopscope::clock::Timestamp;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long `run` takes.
pub(crate) async fn timed(run: impl Future) -> Duration {
    let start = Timestamp::now();
    run.await;
    Timestamp::now() - start
}

/// How often each of `parts` does its part of what is done so many times in all.
pub(crate) fn share(times: u64, parts: u64) -> u64 {
    times.div_ceil(parts)
}

/// Does something so many times.
pub(crate) async fn repeat<F: Future>(times: u64, what: fn() -> F) {
    for _ in 0..times {
        what().await;
    }
}

const LIVE_TIMERS: usize = 100_000;
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Cancels one of many timers and sets another, so many times: what a server's time limits do. The
/// deadlines are in a range of `spread` seconds.
pub(crate) fn replace_timers<S: Future>(
    times: u64,
    spread: u64,
    sleep: impl Fn(u64) -> S,
) -> impl Future<Output = Duration> {
    let random = Random::default();
    let deadline = move || random.below(spread + 1);
    poll_fn(move |cx| {
        let mut timers: Vec<Pin<Box<S>>> = (0..LIVE_TIMERS)
            .map(|_| set(Box::pin(sleep(deadline())), cx))
            .collect();
        let start = Timestamp::now();
        for number in 0..times {
            let timer = &mut timers[number as usize % LIVE_TIMERS];
            timer.set(sleep(deadline()));
            assert!(timer.as_mut().poll(cx).is_pending());
        }
        Poll::Ready(Timestamp::now() - start)
    })
}

/// A sleep is set when it is polled first.
fn set<S: Future>(mut timer: Pin<Box<S>>, cx: &mut Context<'_>) -> Pin<Box<S>> {
    assert!(timer.as_mut().poll(cx).is_pending());
    timer
}

/// Numbers that look random and are the same in each run (xorshift).
struct Random(Cell<u64>);

impl Default for Random {
    fn default() -> Self {
        Self(Cell::new(0x9E37_79B9_7F4A_7C15))
    }
}

impl Random {
    fn below(&self, end: u64) -> u64 {
        let mut state = self.0.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.set(state);
        state % end
    }
}
