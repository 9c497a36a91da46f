//! Reaching a loop from other threads.

use super::core::with_current;
use super::join::JoinError;
use super::scheduler::{Injected, Shared};
use super::spawn::spawn;
use crate::instrument::TaskId;
use futures_channel::oneshot;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

/// Reaches a loop from any thread: spawns onto it, wakes it, stops it.
///
/// ```
/// use loopscope::event_loop::EventLoop;
///
/// let event_loop = EventLoop::new()?;
/// let handle = event_loop.handle();
/// let elsewhere = std::thread::spawn(move || handle.spawn(async { 40 + 2 }));
/// let answer = event_loop.run_until_complete(async { elsewhere.join().unwrap().await });
/// assert_eq!(answer.unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Starts a task on the loop.
    ///
    /// It begins when the loop runs, with the instruments that are in force where it is run. If
    /// the loop is gone, joining the task gives [`JoinError::Cancelled`].
    pub fn spawn<F>(&self, future: F) -> RemoteJoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let (sender, result) = oneshot::channel();
        let id = Arc::new(OnceLock::new());
        let task = RemoteJoinHandle {
            result,
            id: id.clone(),
            shared: self.shared.clone(),
        };
        let call = move || {
            // The task that joins reports to the other thread; the one that works is the user's.
            let work = spawn(future);
            let _ = id.set(work.id());
            spawn(async move {
                let _ = sender.send(work.await);
            })
            .detach();
        };
        let _ = self.shared.inject(Injected::Call(Box::new(call)));
        task
    }

    /// Wakes the loop if it sleeps.
    pub fn wake(&self) {
        self.shared.notify();
    }

    /// Makes [`EventLoop::try_run_until_complete`](super::EventLoop::try_run_until_complete)
    /// return before its future is complete.
    pub fn stop(&self) {
        let stop = || {
            with_current(|core| core.stopped.set(true));
        };
        let _ = self.shared.inject(Injected::Call(Box::new(stop)));
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// A task that was spawned from another thread: a future of its result, on any executor.
///
/// Dropping it leaves the task running.
#[must_use = "dropping it leaves the task running: await it, or use drop() to say so"]
pub struct RemoteJoinHandle<T> {
    result: oneshot::Receiver<Result<T, JoinError>>,
    id: Arc<OnceLock<TaskId>>,
    shared: Arc<Shared>,
}

impl<T> RemoteJoinHandle<T> {
    /// Cancels the task as [`JoinHandle::cancel`](super::JoinHandle::cancel) does.
    pub fn cancel(&self) {
        let id = self.id.clone();
        let cancel = move || {
            with_current(|core| {
                if let Some(id) = id.get() {
                    core.cancel_task_by_id(*id);
                }
            });
        };
        let _ = self.shared.inject(Injected::Call(Box::new(cancel)));
    }
}

impl<T> Future for RemoteJoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.result)
            .poll(cx)
            .map(|sent| sent.unwrap_or(Err(JoinError::Cancelled)))
    }
}

impl<T> fmt::Debug for RemoteJoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJoinHandle")
            .field("id", &self.id.get())
            .finish_non_exhaustive()
    }
}
