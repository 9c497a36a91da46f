//! What every task of a loop does right now.

use super::core::{Core, with_current};
use super::task::Task;
use crate::clock::Timestamp;
use crate::instrument::{TaskId, TaskInfo};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// Every task of a loop at one moment, in the order in which they were spawned.
///
/// Its `Display` is a line for each task, for people; with the feature `serde` it can be serialized
/// for programs, with times in seconds.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot {
    /// The loop's name, or its number.
    pub event_loop: String,
    /// How many sockets are open.
    pub sockets: usize,
    /// How many timers have been set and have not fired.
    pub timers: usize,
    /// The tasks that have not ended.
    pub tasks: Vec<TaskSnapshot>,
}

/// One task in a [`Snapshot`].
///
/// Times are known where an instrument was in force: without one no clock is read.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TaskSnapshot {
    /// The task's number.
    pub id: TaskId,
    /// The name its spawner gave it.
    pub name: Option<String>,
    /// The task that spawned it.
    pub parent: Option<TaskId>,
    /// Whether it runs, is about to, or waits.
    pub state: TaskState,
    /// What it waits for.
    pub waits_for: Option<String>,
    /// For how long it has been waiting.
    #[cfg_attr(feature = "serde", serde(with = "seconds", rename = "waiting_seconds"))]
    pub waiting: Option<Duration>,
    /// How long ago it was spawned.
    #[cfg_attr(feature = "serde", serde(with = "seconds", rename = "age_seconds"))]
    pub age: Option<Duration>,
    /// How often it was polled.
    pub polls: u64,
    /// How long its polls took in all, those counted that an instrument heard.
    #[cfg_attr(feature = "serde", serde(with = "seconds", rename = "busy_seconds"))]
    pub busy: Option<Duration>,
}

/// Whether a task runs, is about to, or waits.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum TaskState {
    /// It is the one that runs.
    Running,
    /// It is in line to run.
    Ready,
    /// It waits for something.
    Waiting,
}

/// Every task of the loop that runs, and what each waits for; none outside of a running loop.
///
/// It takes some 0.3 µs a task and keeps the loop busy for so long.
///
/// ```
/// use loopscope::event_loop::{EventLoop, TaskBuilder, snapshot, yield_now};
/// use loopscope::sync::AsyncQueue;
///
/// EventLoop::new()?.run_until_complete(async {
///     let jobs = AsyncQueue::<u32>::unbounded().named("jobs");
///     TaskBuilder::new()
///         .name("worker")
///         .spawn(async move { jobs.get().await.is_ok() })
///         .detach();
///     yield_now().await;
///     let snapshot = snapshot().expect("a loop runs");
///     assert_eq!(snapshot.tasks[1].waits_for.as_deref(), Some("get from queue jobs"));
///     println!("{snapshot}");
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn snapshot() -> Option<Snapshot> {
    with_current(|core| Snapshot::of(core))
}

impl Snapshot {
    pub(super) fn of(core: &Core) -> Self {
        let running = crate::instrument::hooks::with_task(TaskInfo::id);
        let now = Timestamp::now();
        let snapshot_of = |task: &Rc<Task>| {
            let state = if running == Some(task.info.id()) {
                TaskState::Running
            } else if task.scheduled.get() {
                TaskState::Ready
            } else {
                TaskState::Waiting
            };
            TaskSnapshot::of(&task.info, state, now)
        };
        let mut tasks: Vec<_> = core.tasks().iter().map(snapshot_of).collect();
        tasks.sort_unstable_by_key(|task| task.id);
        Self {
            event_loop: core.info.to_string(),
            sockets: core.reactor.len(),
            timers: core.timers.borrow().len(),
            tasks,
        }
    }
}

impl TaskSnapshot {
    fn of(task: &TaskInfo, state: TaskState, now: Timestamp) -> Self {
        let waits = state == TaskState::Waiting;
        let heard = task.spawn_time().is_some() || task.busy() > Duration::ZERO;
        Self {
            id: task.id(),
            name: task.name().map(String::from),
            parent: task.parent(),
            state,
            waits_for: task
                .command()
                .filter(|_| waits)
                .map(|command| command.to_string()),
            waiting: task
                .waiting_since()
                .filter(|_| waits)
                .map(|since| now - since),
            age: task.spawn_time().map(|spawned| now - spawned),
            polls: task.polls(),
            busy: heard.then(|| task.busy()),
        }
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |count: usize, what: &str| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {what}{plural}")
        };
        write!(
            f,
            "event loop {}: {}, {}, {}",
            self.event_loop.escape_debug(),
            counted(self.tasks.len(), "task"),
            counted(self.sockets, "socket"),
            counted(self.timers, "timer")
        )?;
        self.tasks
            .iter()
            .try_for_each(|task| write!(f, "\n  {task}"))
    }
}

impl fmt::Display for TaskSnapshot {
    /// `worker#7 (from #1) waits for get from queue jobs since 1.204 s; 12 polls, 0.003 s busy, 60.001 s old`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or_default();
        write!(f, "{}#{}", name.escape_debug(), self.id)?;
        if let Some(parent) = self.parent {
            write!(f, " (from #{parent})")?;
        }
        match (self.state, &self.waits_for) {
            (TaskState::Running, _) => f.write_str(" runs")?,
            (TaskState::Ready, _) => f.write_str(" is ready to run")?,
            (TaskState::Waiting, Some(command)) => {
                write!(f, " waits for {}", command.escape_debug())?;
            }
            (TaskState::Waiting, None) => f.write_str(" has not run yet")?,
        }
        if let Some(waiting) = self.waiting {
            write!(f, " since {:.3} s", waiting.as_secs_f64())?;
        }
        let polls = if self.polls == 1 { "poll" } else { "polls" };
        write!(f, "; {} {polls}", self.polls)?;
        if let Some(busy) = self.busy {
            write!(f, ", {:.3} s busy", busy.as_secs_f64())?;
        }
        match self.age {
            Some(age) => write!(f, ", {:.3} s old", age.as_secs_f64()),
            None => Ok(()),
        }
    }
}

/// Durations as seconds.
#[cfg(feature = "serde")]
mod seconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
    use std::time::Duration;

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration
            .as_ref()
            .map(Duration::as_secs_f64)
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Option::<f64>::deserialize(deserializer)?
            .map(|seconds| Duration::try_from_secs_f64(seconds).map_err(de::Error::custom))
            .transpose()
    }
}
