//! Limiting how long a future may take.

use super::sleep::Sleep;
use pin_project_lite::pin_project;
use std::future::{Future, IntoFuture};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Runs `future` for at most `duration`; after that it is dropped and the result is [`TimedOut`].
///
/// A future that is ready at once is never timed out.
///
/// # Errors
///
/// [`TimedOut`] where the future was not complete in time.
///
/// # Panics
///
/// When polled outside of a running loop.
///
/// ```
/// use loopscope::event_loop::{EventLoop, sleep, timeout};
/// use std::time::Duration;
///
/// EventLoop::new()?.run_until_complete(async {
///     let long = sleep(Duration::from_secs(3600));
///     assert!(timeout(Duration::from_millis(1), long).await.is_err());
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout {
        future: future.into_future(),
        limit: Sleep::limit(duration),
    }
}

/// A time limit has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("the time limit has passed")]
pub struct TimedOut;

impl From<TimedOut> for io::Error {
    fn from(error: TimedOut) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}

pin_project! {
    /// The future of [`timeout`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        #[pin]
        limit: Sleep,
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, TimedOut>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        // What the future waits for says more than that there is a limit.
        super::park::beside(|| this.limit.poll(cx)).map(|_| Err(TimedOut))
    }
}
