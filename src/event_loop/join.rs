//! Waiting for a task to end.

use super::core::Core;
use super::park;
use super::scheduler::Header;
use crate::instrument::{Command, TaskId, panic_message};
use async_task::Task;
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Weak;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

/// An error of any type, as [`try_spawn`](super::try_spawn) takes it.
pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// Why a task has no result.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// It was cancelled.
    #[error("the task was cancelled")]
    Cancelled,
    /// It panicked.
    #[error("the task panicked: {}", .0.message())]
    Panicked(PanicPayload),
    /// It was spawned by [`try_spawn`](super::try_spawn) and ended in this error.
    #[error("the task failed: {0}")]
    Failed(#[source] BoxError),
}

impl JoinError {
    /// Whether the task was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panicked(_))
    }
}

/// What a task panicked with.
pub struct PanicPayload {
    message: String,
    /// Behind a lock that is never taken: an error has to be `Sync`, and a payload need not be.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl PanicPayload {
    pub(super) fn new(payload: Box<dyn Any + Send>) -> Self {
        Self {
            message: panic_message(&*payload).into(),
            payload: Mutex::new(payload),
        }
    }

    /// The panic's message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The payload, for [`std::panic::resume_unwind`].
    pub fn into_inner(self) -> Box<dyn Any + Send> {
        self.payload
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PanicPayload({:?})", self.message)
    }
}

/// A task that was spawned: a future of its result.
///
/// Dropping it leaves the task running.
///
/// ```
/// use loopscope::event_loop::{EventLoop, JoinError, sleep, spawn};
/// use std::time::Duration;
///
/// EventLoop::new()?.run_until_complete(async {
///     let sum = spawn(async { 1 + 2 });
///     assert_eq!(sum.await.unwrap(), 3);
///
///     let endless = spawn(sleep(Duration::from_secs(3600)));
///     endless.cancel();
///     assert!(matches!(endless.await, Err(JoinError::Cancelled)));
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropping it leaves the task running: await it, or use detach() to say so"]
pub struct JoinHandle<T> {
    /// Gone once detached.
    task: Option<Task<Result<T, JoinError>, Header>>,
    id: TaskId,
    core: Weak<Core>,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(
        task: Task<Result<T, JoinError>, Header>,
        id: TaskId,
        core: Weak<Core>,
    ) -> Self {
        Self {
            task: Some(task),
            id,
            core,
        }
    }

    /// The task's number.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Resumes the task with [`TaskException::Cancelled`](crate::instrument::TaskException), which
    /// drops its future at its next turn; whoever joins it gets [`JoinError::Cancelled`].
    ///
    /// A task that has ended keeps its result.
    pub fn cancel(&self) {
        if let (Some(task), Some(core)) = (&self.task, self.core.upgrade()) {
            core.cancel_task(task.metadata().key, |info| info.id() == self.id);
        }
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(Task::is_finished)
    }

    /// Leaves the task running without anyone to join it, as dropping the handle does.
    pub fn detach(self) {}
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.id;
        let Some(task) = &mut self.task else {
            return Poll::Pending;
        };
        let polled = Pin::new(task).poll(cx);
        if polled.is_pending() {
            park::wait_on(Command::Join(id));
        }
        polled
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.detach();
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id)
            .field("is_finished", &self.is_finished())
            .finish()
    }
}
