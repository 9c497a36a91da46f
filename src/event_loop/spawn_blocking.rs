//! Work that would block the loop, on threads of its own.

use super::join::JoinHandle;
use super::spawn::TaskBuilder;
use super::{park, wake};
use crate::instrument::hooks::Wake;
use crate::instrument::{Command, Resumption};
use futures_channel::oneshot;
use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs `work` on a thread where it may block or compute for long, as a task of the loop.
///
/// The task waits for it like for anything else, and is joined, named
/// ([`TaskBuilder::spawn_blocking`]) and seen by instruments like any other. Cancelling it keeps
/// work from starting that has not; work that has started runs to its end, and what it returns is
/// dropped.
///
/// The threads are those of the [`blocking`] crate, which other parts of a program may use too: at
/// most 500, or what the environment's `BLOCKING_MAX_THREADS` says; work beyond that waits in line.
///
/// # Panics
///
/// Outside of a running loop.
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn_blocking};
///
/// let text = EventLoop::new()?.run_until_complete(async {
///     spawn_blocking(|| std::fs::read_to_string("Cargo.toml")).await
/// });
/// assert!(text.unwrap()?.contains("loopscope"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    TaskBuilder::new().spawn_blocking(work)
}

impl TaskBuilder {
    /// Starts a task of work that may block; see [`spawn_blocking`].
    ///
    /// # Panics
    ///
    /// Outside of a running loop.
    pub fn spawn_blocking<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let mut work = Blocking::start(Resumption::Joined, work);
        self.spawn(async move {
            let result = poll_fn(|cx| {
                let polled = Pin::new(&mut work).poll(cx);
                if polled.is_pending() {
                    park::wait_on(Command::Blocking);
                }
                polled
            });
            // A panic of the work is the task's.
            result.await.unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

/// Work under way on another thread: a future of what it returns, or panics with.
///
/// Dropped before the work has started, it keeps it from starting.
pub(crate) struct Blocking<T> {
    result: oneshot::Receiver<std::thread::Result<T>>,
    _work: blocking::Task<()>,
}

impl<T: Send + 'static> Blocking<T> {
    /// Starts `work`; whoever waits for it is resumed by `resumption`.
    pub(crate) fn start(resumption: Resumption, work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (sender, result) = oneshot::channel();
        let work = blocking::unblock(move || {
            let result = catch_unwind(AssertUnwindSafe(work));
            // Whoever gave it up has dropped the receiver.
            let _ = wake::because(Wake::Send(resumption), None, || sender.send(result));
        });
        Self {
            result,
            _work: work,
        }
    }
}

impl<T> Future for Blocking<T> {
    type Output = std::thread::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.result).poll(cx).map(|sent| {
            sent.unwrap_or_else(|_| Err(Box::new("the work was given up") as Box<dyn Any + Send>))
        })
    }
}
