//! Making tasks.

use super::join::{BoxError, JoinError, JoinHandle};
use super::stage::{Joined, Stage};
use super::task::{NewTask, Task, running_loop};
use crate::clock::Timestamp;
use crate::instrument::hooks;
use crate::instrument::scope::{self, Stack};
use crate::instrument::{EventLoopInstrument, SocketHandle, TaskInfo};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// Starts a task on the loop that runs, with the instruments in force here.
///
/// # Panics
///
/// Outside of a running loop.
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn};
///
/// let answer = EventLoop::new()?.run_until_complete(async { spawn(async { 42 }).await });
/// assert_eq!(answer.unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
{
    TaskBuilder::new().spawn(future)
}

/// Starts a task that may fail: its `Err` is an error of the task, for instruments and for whoever
/// joins it ([`JoinError::Failed`]).
///
/// # Panics
///
/// Outside of a running loop.
///
/// ```
/// use loopscope::event_loop::{EventLoop, JoinError, try_spawn};
///
/// EventLoop::new()?.run_until_complete(async {
///     let failing = try_spawn(async { "seven".parse::<u32>() });
///     assert!(matches!(failing.await, Err(JoinError::Failed(_))));
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn try_spawn<F, T, E>(future: F) -> JoinHandle<T>
where
    F: Future<Output = Result<T, E>> + 'static,
    T: 'static,
    E: Into<BoxError>,
{
    TaskBuilder::new().try_spawn(future)
}

/// Starts a task that has a name, instruments of its own, or a connection that it serves.
///
/// ```
/// use loopscope::event_loop::{EventLoop, TaskBuilder};
/// use loopscope::instrument::PrintInstrument;
///
/// EventLoop::new()?.run_until_complete(async {
///     TaskBuilder::new()
///         .name("worker")
///         .instrument(PrintInstrument::new())
///         .spawn(async { /* … */ })
///         .await
///         .unwrap();
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
#[must_use = "a builder does nothing until it spawns"]
pub struct TaskBuilder {
    name: Option<Rc<str>>,
    detached: bool,
    serves: Option<Rc<SocketHandle>>,
    instruments: Vec<Rc<dyn EventLoopInstrument>>,
}

impl fmt::Debug for TaskBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskBuilder")
            .field("name", &self.name)
            .field("detached", &self.detached)
            .field("serves", &self.serves)
            .finish_non_exhaustive()
    }
}

impl TaskBuilder {
    /// A task without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the task. Names are shown in telemetry: take them from a small fixed set.
    pub fn name(mut self, name: impl Into<Rc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says that the task is no part of what its spawner does now and may outlive it: in traces it
    /// begins one of its own, linked to its spawner's.
    pub fn detached(mut self) -> Self {
        self.detached = true;
        self
    }

    /// Says that the task serves an accepted connection, given by the stream's `handle()`.
    pub fn serves(mut self, peer: &Rc<SocketHandle>) -> Self {
        self.serves = Some(peer.clone());
        self
    }

    /// Puts an instrument in force for the task's whole life, on top of those that it inherits.
    pub fn instrument(mut self, instrument: impl EventLoopInstrument + 'static) -> Self {
        self.instruments.push(Rc::new(instrument));
        self
    }

    /// Starts the task; see [`spawn`].
    ///
    /// # Panics
    ///
    /// Outside of a running loop.
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        self.start(future, Ok)
    }

    /// Starts a task that may fail; see [`try_spawn`].
    ///
    /// # Panics
    ///
    /// Outside of a running loop.
    pub fn try_spawn<F, T, E>(self, future: F) -> JoinHandle<T>
    where
        F: Future<Output = Result<T, E>> + 'static,
        T: 'static,
        E: Into<BoxError>,
    {
        self.start(future, |result| result.map_err(Into::into))
    }

    fn start<F, C, T>(self, future: F, convert: C) -> JoinHandle<T>
    where
        F: Future + 'static,
        C: Fn(F::Output) -> Result<T, BoxError> + 'static,
        T: 'static,
    {
        let stage = Box::pin(Stage::new(future, convert));
        JoinHandle::new(self.start_stage(stage))
    }

    fn start_stage(self, stage: Pin<Box<dyn Joined>>) -> Rc<Task> {
        let core = running_loop("spawn()");
        let (task, told) = self.describe(Some(stage));
        let task = core.add_task(task);
        told.report(&task);
        core.push(task.clone());
        task
    }

    /// Settles what the new task is and who listens to it.
    pub(super) fn describe(self, stage: Option<Pin<Box<dyn Joined>>>) -> (NewTask, Told) {
        let mut stack = scope::current();
        for instrument in self.instruments {
            stack = Some(Stack::push(instrument, stack));
        }
        let task = NewTask {
            name: self.name,
            parent: hooks::with_task(TaskInfo::id),
            spawn_time: stack.as_ref().map(|_| Timestamp::now()),
            stack,
            stage,
        };
        let told = Told {
            detached: self.detached,
            serves: self.serves,
        };
        (task, told)
    }
}

/// What those who listen are told of a new task.
pub(super) struct Told {
    detached: bool,
    serves: Option<Rc<SocketHandle>>,
}

impl Told {
    /// Tells those who listen that it was spawned.
    #[inline]
    pub(super) fn report(&self, task: &Task) {
        if let Some(stack) = &task.base {
            self.report_to(stack, task);
        }
    }

    fn report_to(&self, stack: &Stack, task: &Task) {
        let parent = hooks::current_task();
        let (parent, serves) = (parent.as_deref(), self.serves.as_ref());
        hooks::task_spawned(stack, &task.info, parent, self.detached, serves);
    }
}

/// The main future's output needs no conversion and has no error of its own.
pub(super) fn infallible<T>(output: T) -> Result<T, BoxError> {
    Ok(output)
}

/// What a future that cannot be cancelled ends in: its output, or its panic.
pub(super) fn output_or_panic<T>(result: Result<T, JoinError>) -> Option<T> {
    match result {
        Ok(output) => Some(output),
        Err(JoinError::Panicked(payload)) => std::panic::resume_unwind(payload.into_inner()),
        Err(JoinError::Cancelled | JoinError::Failed(_)) => None,
    }
}
