//! Reaching a loop from other threads.

use super::builder::Stopped;
use super::core::with_current;
use super::join::JoinError;
use super::scheduler::{Injected, Shared};
use super::snapshot::{Snapshot, snapshot};
use super::spawn::spawn;
use crate::instrument::TaskId;
use futures_channel::oneshot;
use std::fmt;
use std::future::Future;
use std::io::{self, Write};
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
        self.call(move || {
            // The task that joins reports to the other thread; the one that works is the user's.
            let work = spawn(future);
            let _ = id.set(work.id());
            spawn(async move {
                let _ = sender.send(work.await);
            })
            .detach();
        });
        task
    }

    /// Wakes the loop if it sleeps.
    pub fn wake(&self) {
        self.shared.notify();
    }

    /// Every task of the loop, as [`snapshot`](super::snapshot()) shows them, once the loop runs and
    /// its tasks have yielded.
    ///
    /// # Errors
    ///
    /// [`Stopped`] if the loop is gone.
    ///
    /// ```
    /// use loopscope::event_loop::EventLoop;
    ///
    /// let event_loop = EventLoop::builder().name("main").build()?;
    /// let handle = event_loop.handle();
    /// let snapshot = event_loop.run_until_complete(handle.snapshot())?;
    /// assert_eq!(snapshot.event_loop, "main");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn snapshot(&self) -> Result<Snapshot, Stopped> {
        let (sender, receiver) = oneshot::channel();
        self.call(move || {
            if let Some(snapshot) = snapshot() {
                let _ = sender.send(snapshot);
            }
        });
        receiver.await.map_err(|_| Stopped)
    }

    /// Has the loop print its tasks to stderr, on a thread that may block.
    #[cfg(unix)]
    pub(super) fn print_snapshot(&self) {
        self.call(|| {
            if let Some(snapshot) = snapshot() {
                // A terminal that takes no more must not stop the loop.
                blocking::unblock(move || {
                    let _ = writeln!(io::stderr().lock(), "{snapshot}");
                })
                .detach();
            }
        });
    }

    /// Begins the graceful end of [`EventLoop::run_gracefully`](super::EventLoop::run_gracefully), as
    /// a signal does; other runs go on.
    pub fn stop_gracefully(&self) {
        self.call(|| {
            if let Some(core) = super::core::current() {
                core.stop.ask();
            }
        });
    }

    /// Makes [`EventLoop::try_run_until_complete`](super::EventLoop::try_run_until_complete)
    /// return before its future is complete.
    pub fn stop(&self) {
        self.call(|| {
            with_current(|core| core.stopped.set(true));
        });
    }

    /// Has the loop call `call`, where it is not gone.
    fn call(&self, call: impl FnOnce() + Send + 'static) {
        let _ = self.shared.inject(Injected::Call(Box::new(call)));
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
                    core.cancel_task(*id);
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
