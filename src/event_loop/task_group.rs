//! Tasks that belong together.

use super::join::{BoxError, JoinError, JoinHandle};
use super::park;
use super::spawn::{spawn, try_spawn};
use crate::instrument::Command;
use futures_core::Stream;
use futures_util::stream::FuturesUnordered;
use std::cell::Cell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Tasks that belong together: none outlives the group.
///
/// [`join_all`](Self::join_all) waits for all of them; the first that fails has the others
/// cancelled. Dropping the group cancels those that are left, which drop their futures at their
/// next turn.
///
/// Source: structured concurrency, as Python's `asyncio.TaskGroup` and Trio's nurseries have it.
///
/// ```
/// use loopscope::event_loop::{EventLoop, TaskBuilder, TaskGroup, sleep};
/// use std::time::Duration;
///
/// EventLoop::new()?.run_until_complete(async {
///     let group = TaskGroup::new();
///     for length in [3, 4] {
///         group.spawn(async move { length * length });
///     }
///     assert_eq!(group.join_all().await.unwrap(), [9, 16]);
///
///     let group = TaskGroup::new();
///     group.spawn(sleep(Duration::from_secs(3600)));
///     group.add(TaskBuilder::new().name("parser").try_spawn(async {
///         "seven".parse::<u64>().map(Duration::from_secs)
///     }));
///     let error = group.join_all().await.unwrap_err();
///     assert_eq!(error.to_string(), "the task failed: invalid digit found in string");
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropping a group cancels its tasks"]
pub struct TaskGroup<T> {
    tasks: FuturesUnordered<Member<T>>,
    /// How many were ever put in.
    added: Cell<usize>,
}

impl<T: 'static> TaskGroup<T> {
    /// A group without tasks.
    pub fn new() -> Self {
        Self {
            tasks: FuturesUnordered::new(),
            added: Cell::new(0),
        }
    }

    /// Starts a task in the group; see [`spawn`].
    ///
    /// # Panics
    ///
    /// Outside of a running loop.
    pub fn spawn(&self, future: impl Future<Output = T> + 'static) {
        self.add(spawn(future));
    }

    /// Starts a task that may fail in the group; see [`try_spawn`].
    ///
    /// # Panics
    ///
    /// Outside of a running loop.
    pub fn try_spawn<E: Into<BoxError>>(
        &self,
        future: impl Future<Output = Result<T, E>> + 'static,
    ) {
        self.add(try_spawn(future));
    }

    /// Makes a task part of the group, as one that [`TaskBuilder`](super::TaskBuilder) has started.
    pub fn add(&self, task: JoinHandle<T>) {
        let place = self.added.replace(self.added.get() + 1);
        self.tasks.push(Member { place, task });
    }
}

impl<T> TaskGroup<T> {
    /// How many tasks have not been joined.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether all tasks have been joined.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Cancels all tasks that have not ended; they stay in the group until they are joined.
    pub fn cancel(&self) {
        self.tasks.iter().for_each(|member| member.task.cancel());
    }

    /// Waits until one of the tasks has ended, and takes it out; none where none is left.
    ///
    /// Dropping the future takes none out.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_next(cx))
            .await
            .map(|(_, result)| result)
    }

    /// Waits until all tasks have ended and returns what they returned, in the order in which they
    /// were put in the group.
    ///
    /// # Errors
    ///
    /// That of the first task that failed, panicked or was cancelled. The others are cancelled
    /// then, and have ended when this returns.
    pub async fn join_all(mut self) -> Result<Vec<T>, JoinError> {
        let mut outputs = Vec::with_capacity(self.len());
        let mut first_error = None;
        while let Some((place, result)) = poll_fn(|cx| self.poll_next(cx)).await {
            match result {
                Ok(output) => outputs.push((place, output)),
                Err(error) if first_error.is_none() => {
                    first_error = Some(error);
                    self.cancel();
                }
                // The rest was cancelled; what fails on the way out is no news.
                Err(_) => {}
            }
        }
        if let Some(error) = first_error {
            return Err(error);
        }
        outputs.sort_unstable_by_key(|(place, _)| *place);
        Ok(outputs.into_iter().map(|(_, output)| output).collect())
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, Result<T, JoinError>)>> {
        let polled = Pin::new(&mut self.tasks).poll_next(cx);
        if polled.is_pending() {
            park::wait_on(Command::JoinAny { tasks: self.len() });
        }
        polled
    }
}

impl<T: 'static> Default for TaskGroup<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for TaskGroup<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl<T> fmt::Debug for TaskGroup<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup")
            .field("tasks", &self.len())
            .finish_non_exhaustive()
    }
}

/// A task and its place among the others.
struct Member<T> {
    place: usize,
    task: JoinHandle<T>,
}

impl<T> Future for Member<T> {
    type Output = (usize, Result<T, JoinError>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = self.place;
        Pin::new(&mut self.task)
            .poll(cx)
            .map(|result| (place, result))
    }
}
