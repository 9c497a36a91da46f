//! Giving the others a turn.

use super::core::with_current;
use super::{park, wake};
use crate::instrument::hooks::Wake;
use crate::instrument::{Command, Resumption};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Lets everything else that is ready run before the task goes on.
///
/// ```
/// use loopscope::event_loop::{EventLoop, yield_now};
///
/// EventLoop::new()?.run_until_complete(async {
///     yield_now().await;
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        yield_task(cx);
        Poll::Pending
    }
}

/// Puts the running task at the end of the queue.
pub(super) fn yield_task(cx: &Context<'_>) {
    park::wait_on(Command::Yield);
    let reason = Wake::Send(Resumption::Yielded);
    let own = with_current(|core| {
        core.with_running(cx.waker(), |task| core.schedule_because(task, reason, None))
    });
    if own.flatten().is_none() {
        wake::because(reason, None, || cx.waker().wake_by_ref());
    }
}
