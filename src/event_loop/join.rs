//! Waiting for a task to end.

use super::task::Task;
use super::waker::LocalWaker;
use super::{park, poll};
use crate::instrument::{Command, TaskId, panic_message};
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
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
pub struct PanicPayload(Box<Panic>);

/// Behind a pointer, so that every result of a task is small.
struct Panic {
    message: String,
    /// Behind a lock that is never taken: an error has to be `Sync`, and a payload need not be.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl PanicPayload {
    pub(super) fn new(payload: Box<dyn Any + Send>) -> Self {
        Self(Box::new(Panic {
            message: panic_message(&*payload).into(),
            payload: Mutex::new(payload),
        }))
    }

    /// The panic's message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The payload, for [`std::panic::resume_unwind`].
    pub fn into_inner(self) -> Box<dyn Any + Send> {
        self.0
            .payload
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PanicPayload({:?})", self.message())
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
    /// Gone once its result was taken.
    task: Option<Rc<Task>>,
    id: TaskId,
    take_result: fn(&Task) -> Option<Result<T, JoinError>>,
}

impl<T: 'static> JoinHandle<T> {
    /// Joins a task whose result is a `T`.
    pub(super) fn new(task: Rc<Task>) -> Self {
        Self {
            id: task.info.id(),
            task: Some(task),
            take_result: take_result::<T>,
        }
    }
}

impl<T> JoinHandle<T> {
    /// The task's number.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Resumes the task with [`TaskException::Cancelled`](crate::instrument::TaskException), which
    /// drops its future at its next turn; whoever joins it gets [`JoinError::Cancelled`].
    ///
    /// A task that has ended keeps its result.
    pub fn cancel(&self) {
        if let Some(task) = &self.task {
            task.cancel();
        }
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(|task| task.ended.get())
    }

    /// Leaves the task running without anyone to join it, as dropping the handle does.
    pub fn detach(self) {}
}

/// The result of a task that has ended.
fn take_result<T: 'static>(task: &Task) -> Option<Result<T, JoinError>> {
    let mut result = None;
    task.stage.take()?.as_mut().give_result(&mut result);
    result
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(task) = &self.task else {
            panic!("a task was joined that had been joined before");
        };
        if !task.ended.get() {
            let joiner = task.joiner.take();
            let is_known = joiner.wakes(cx);
            let joiner = if is_known { joiner } else { LocalWaker::of(cx) };
            task.joiner.set(joiner);
            park::wait_on(Command::Join(self.id));
            return Poll::Pending;
        }
        let result = (self.take_result)(task);
        give_up(self.task.take());
        match result {
            Some(result) => Poll::Ready(result),
            None => unreachable!("a task that has ended has a result until it is joined"),
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        give_up(self.task.take());
    }
}

/// Leaves a task to itself: nobody will take its result.
fn give_up(task: Option<Rc<Task>>) {
    let Some(task) = task else { return };
    task.detached.set(true);
    if task.ended.get() {
        drop(task.stage.take());
        poll::recycle(task);
    } else {
        drop(task.joiner.take());
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
