//! Tasks and the loop itself.

use crate::clock::Timestamp;
use crate::instrument::metadata::*;
use crate::instrument::scope::{self, Stack};
use crate::instrument::{Command, Hook, Resumption, SocketHandle, TaskException, TaskInfo};
use std::rc::Rc;
use std::time::Duration;

/// Tells `stack`, the instruments in force in a new task, that it was spawned.
pub(crate) fn task_spawned(
    stack: &Stack,
    task: &TaskInfo,
    parent: Option<&TaskInfo>,
    detached: bool,
    serves: Option<&Rc<SocketHandle>>,
) {
    let spawn_time = task.spawn_time().unwrap_or_else(Timestamp::now);
    let mut metadata = TaskSpawnedMetadata::new(task, parent, spawn_time);
    metadata.detached = detached;
    metadata.serves = serves;
    stack.fire(Hook::TaskSpawned, |instrument| {
        instrument.on_task_spawned(&metadata)
    });
}

/// Why a task is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// To be given a value.
    Send(Resumption),
    /// To be given an error.
    Throw(TaskException),
}

/// How a task ended.
pub(crate) enum TaskEnd<'a> {
    Completed,
    Failed(TaskFailure<'a>),
    Cancelled,
}

/// A poll of a task under way: a before hook, and exactly one after or end hook.
pub(crate) struct TaskPoll {
    stack: Stack,
    wake: Wake,
    wake_time: Option<Timestamp>,
    start_time: Timestamp,
}

impl TaskPoll {
    /// Tells those in force in the task that it is about to be polled.
    #[inline]
    pub(crate) fn begin(task: &TaskInfo, wake: Wake, wake_time: Option<Timestamp>) -> Option<Self> {
        scope::current().map(|stack| Self::begin_heard(stack, task, wake, wake_time))
    }

    fn begin_heard(
        stack: Stack,
        task: &TaskInfo,
        wake: Wake,
        wake_time: Option<Timestamp>,
    ) -> Self {
        let poll = Self {
            stack,
            wake,
            wake_time,
            start_time: Timestamp::now(),
        };
        match wake {
            Wake::Send(resumption) => {
                let metadata = poll.sent(task, resumption);
                poll.stack.fire(Hook::TaskBeforeSend, |instrument| {
                    instrument.on_task_before_send(&metadata);
                });
            }
            Wake::Throw(exception) => {
                let metadata = poll.thrown(task, exception);
                poll.stack.fire(Hook::TaskBeforeThrow, |instrument| {
                    instrument.on_task_before_throw(&metadata);
                });
            }
        }
        poll
    }

    /// The task has yielded; returns how long it was busy.
    pub(crate) fn yielded(self, task: &TaskInfo, command: &Command) -> Duration {
        let finish_time = self.finish(task);
        task.set_waiting_since(finish_time);
        match self.wake {
            Wake::Send(resumption) => {
                let metadata =
                    TaskAfterSendMetadata::new(self.sent(task, resumption), command, finish_time);
                self.stack.fire(Hook::TaskAfterSend, |instrument| {
                    instrument.on_task_after_send(&metadata);
                });
            }
            Wake::Throw(exception) => {
                let metadata =
                    TaskAfterThrowMetadata::new(self.thrown(task, exception), command, finish_time);
                self.stack.fire(Hook::TaskAfterThrow, |instrument| {
                    instrument.on_task_after_throw(&metadata);
                });
            }
        }
        finish_time - self.start_time
    }

    /// The task has ended: tells those who heard the before hook, and those among `base`, in force
    /// since the spawn, whose scope the task has left since. Returns how long the task was busy.
    pub(crate) fn ended(
        poll: Option<Self>,
        base: Option<&Stack>,
        task: &TaskInfo,
        end: &TaskEnd<'_>,
    ) -> Duration {
        let (stack, start_time, finish_time) = match &poll {
            Some(poll) => (Some(&poll.stack), poll.start_time, poll.finish(task)),
            None if base.is_some() => {
                let now = Timestamp::now();
                (None, now, now)
            }
            None => return Duration::ZERO,
        };
        let tell = |instrument: &dyn super::super::EventLoopInstrument, since_spawn| {
            let metadata = TaskEndMetadata::new(task, since_spawn, start_time, finish_time);
            match end {
                TaskEnd::Completed => instrument.on_task_completed(&metadata),
                TaskEnd::Failed(failure) => {
                    instrument.on_task_error(&TaskErrorMetadata::new(metadata, *failure));
                }
                TaskEnd::Cancelled => instrument.on_task_cancelled(&metadata),
            }
        };
        let hook = match end {
            TaskEnd::Completed => Hook::TaskCompleted,
            TaskEnd::Failed(_) => Hook::TaskError,
            TaskEnd::Cancelled => Hook::TaskCancelled,
        };
        if let Some(stack) = stack {
            stack.fire_since(base, hook, tell);
        }
        if let Some(left) = base.and_then(|base| base.not_in(stack)) {
            left.fire(hook, |instrument| tell(instrument, true));
        }
        finish_time - start_time
    }

    fn finish(&self, task: &TaskInfo) -> Timestamp {
        let finish_time = Timestamp::now();
        task.add_busy(finish_time - self.start_time);
        finish_time
    }

    fn sent<'a>(&self, task: &'a TaskInfo, resumption: Resumption) -> TaskSendMetadata<'a> {
        let mut metadata = TaskSendMetadata::new(task, resumption, self.start_time);
        metadata.wake_time = self.wake_time;
        metadata
    }

    fn thrown<'a>(&self, task: &'a TaskInfo, exception: TaskException) -> TaskThrowMetadata<'a> {
        let mut metadata = TaskThrowMetadata::new(task, exception, self.start_time);
        metadata.wake_time = self.wake_time;
        metadata
    }
}

/// When a run of the loop began, where somebody listens to it.
pub(crate) fn loop_start() -> Option<Timestamp> {
    scope::current().map(|_| Timestamp::now())
}

/// Tells those who listen to the loop that it goes to sleep at `park_time`, or that it `stops`.
pub(crate) fn loop_park(
    event_loop: &LoopInfo,
    active_since: Timestamp,
    park_time: Timestamp,
    timeout: Option<Duration>,
    stops: bool,
) -> Option<Timestamp> {
    let stack = scope::current()?;
    let mut metadata = LoopParkMetadata::new(event_loop, active_since, park_time);
    metadata.timeout = timeout;
    metadata.stops = stops;
    stack.fire(Hook::LoopPark, |instrument| {
        instrument.on_loop_park(&metadata)
    });
    Some(metadata.park_time)
}

/// Tells those who listen to the loop that it woke.
pub(crate) fn loop_unpark(
    event_loop: &LoopInfo,
    park_time: Timestamp,
    events: usize,
) -> Option<Timestamp> {
    let stack = scope::current()?;
    let mut metadata = LoopUnparkMetadata::new(event_loop, park_time, Timestamp::now_after_sleep());
    metadata.events = events;
    stack.fire(Hook::LoopUnpark, |instrument| {
        instrument.on_loop_unpark(&metadata)
    });
    Some(metadata.unpark_time)
}
