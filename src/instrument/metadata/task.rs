//! Metadata of the task hooks.

use crate::clock::Timestamp;
use crate::instrument::{Command, Resumption, SocketHandle, TaskException, TaskInfo};
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::rc::Rc;

/// A task that was spawned.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TaskSpawnedMetadata<'a> {
    /// The new task.
    pub task: &'a TaskInfo,
    /// The task that spawned it; none outside of tasks.
    pub parent: Option<&'a TaskInfo>,
    /// Whether it is meant to outlive what its parent does now.
    pub detached: bool,
    /// The accepted connection that it serves, if it does.
    pub serves: Option<&'a Rc<SocketHandle>>,
    /// When it was spawned.
    pub spawn_time: Timestamp,
}

impl<'a> TaskSpawnedMetadata<'a> {
    /// A task spawned at `spawn_time`; the rest is set afterwards.
    pub const fn new(
        task: &'a TaskInfo,
        parent: Option<&'a TaskInfo>,
        spawn_time: Timestamp,
    ) -> Self {
        Self {
            task,
            parent,
            detached: false,
            serves: None,
            spawn_time,
        }
    }
}

/// A task that is resumed by a value.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TaskSendMetadata<'a> {
    /// The task.
    pub task: &'a TaskInfo,
    /// What it is resumed with.
    pub resumption: Resumption,
    /// When it was woken; for a socket, when the loop saw the readiness.
    pub wake_time: Option<Timestamp>,
    /// When it is resumed.
    pub start_time: Timestamp,
}

impl<'a> TaskSendMetadata<'a> {
    /// A task that is resumed at `start_time`.
    pub const fn new(task: &'a TaskInfo, resumption: Resumption, start_time: Timestamp) -> Self {
        Self {
            task,
            resumption,
            wake_time: None,
            start_time,
        }
    }
}

/// A task that was resumed by a value and has yielded again.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TaskAfterSendMetadata<'a> {
    /// How it was resumed.
    pub sent: TaskSendMetadata<'a>,
    /// What it waits for now.
    pub command: &'a Command,
    /// When it yielded.
    pub finish_time: Timestamp,
}

impl<'a> TaskAfterSendMetadata<'a> {
    /// A task that yielded `command` at `finish_time`.
    pub const fn new(
        sent: TaskSendMetadata<'a>,
        command: &'a Command,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            sent,
            command,
            finish_time,
        }
    }
}

/// A task that is resumed by an error.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TaskThrowMetadata<'a> {
    /// The task.
    pub task: &'a TaskInfo,
    /// The error.
    pub exception: TaskException,
    /// When it was woken.
    pub wake_time: Option<Timestamp>,
    /// When it is resumed.
    pub start_time: Timestamp,
}

impl<'a> TaskThrowMetadata<'a> {
    /// A task that is resumed at `start_time`.
    pub const fn new(task: &'a TaskInfo, exception: TaskException, start_time: Timestamp) -> Self {
        Self {
            task,
            exception,
            wake_time: None,
            start_time,
        }
    }
}

/// A task that was resumed by an error and has yielded again.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TaskAfterThrowMetadata<'a> {
    /// How it was resumed.
    pub thrown: TaskThrowMetadata<'a>,
    /// What it waits for now.
    pub command: &'a Command,
    /// When it yielded.
    pub finish_time: Timestamp,
}

impl<'a> TaskAfterThrowMetadata<'a> {
    /// A task that yielded `command` at `finish_time`.
    pub const fn new(
        thrown: TaskThrowMetadata<'a>,
        command: &'a Command,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            thrown,
            command,
            finish_time,
        }
    }
}

/// A task that has ended.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TaskEndMetadata<'a> {
    /// The task.
    pub task: &'a TaskInfo,
    /// Whether the instrument that is told has been in force since the task was spawned, and so
    /// has heard of that.
    pub since_spawn: bool,
    /// When its last poll began.
    pub start_time: Timestamp,
    /// When it ended.
    pub finish_time: Timestamp,
}

impl<'a> TaskEndMetadata<'a> {
    /// A task that ended at `finish_time` in a poll that began at `start_time`.
    pub const fn new(
        task: &'a TaskInfo,
        since_spawn: bool,
        start_time: Timestamp,
        finish_time: Timestamp,
    ) -> Self {
        Self {
            task,
            since_spawn,
            start_time,
            finish_time,
        }
    }
}

/// How a task failed.
#[non_exhaustive]
#[derive(Clone, Copy)]
pub enum TaskFailure<'a> {
    /// It panicked, with this message.
    Panic(&'a str),
    /// It ended in an `Err`.
    Error(&'a (dyn Error + 'static)),
}

impl TaskFailure<'_> {
    /// Whether it panicked.
    pub const fn is_panic(&self) -> bool {
        matches!(self, Self::Panic(_))
    }
}

impl fmt::Display for TaskFailure<'_> {
    /// The panic's message or the error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(message) => f.write_str(message),
            Self::Error(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for TaskFailure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_panic() { "Panic" } else { "Error" };
        write!(f, "{kind}({self})")
    }
}

/// What a panic's payload says, if it is text as `panic!` makes it.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "(a payload that is no text)"
    }
}

/// A task that ended by a panic or in an `Err`.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct TaskErrorMetadata<'a> {
    /// The task and its times.
    pub end: TaskEndMetadata<'a>,
    /// How it failed.
    pub failure: TaskFailure<'a>,
}

impl<'a> TaskErrorMetadata<'a> {
    /// A task that failed.
    pub const fn new(end: TaskEndMetadata<'a>, failure: TaskFailure<'a>) -> Self {
        Self { end, failure }
    }
}
