//! What an operation captures when it starts under an instrument.

use crate::clock::Timestamp;
use crate::instrument::failure::Failure;
use crate::instrument::metadata::TimerFiredMetadata;
use crate::instrument::scope::{self, Stack};
use crate::instrument::task::TaskInfo;
use crate::instrument::{Hook, HookSet};
use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

thread_local! {
    // Without a destructor, so that it is read without a check: whoever names a task takes it out.
    static TASK: RefCell<ManuallyDrop<Option<Rc<TaskInfo>>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
}

/// Calls `f` with the task that runs on this thread, if one does.
#[inline]
pub(crate) fn with_task<R>(f: impl FnOnce(&TaskInfo) -> R) -> Option<R> {
    TASK.with_borrow(|task| task.as_deref().map(f))
}

/// The task that runs on this thread.
#[inline]
pub(crate) fn current_task() -> Option<Rc<TaskInfo>> {
    TASK.with_borrow(|task| Option::clone(task))
}

/// Names the task that runs and returns the one that did.
#[inline]
pub(crate) fn swap_task(task: Option<Rc<TaskInfo>>) -> Option<Rc<TaskInfo>> {
    ManuallyDrop::into_inner(TASK.replace(ManuallyDrop::new(task)))
}

/// Who listened when an operation started, for which task, and when that was.
pub(super) struct Start {
    pub(super) stack: Stack,
    pub(super) task: Option<Rc<TaskInfo>>,
    pub(super) time: Timestamp,
    /// Which poll of the task that was in.
    poll: u64,
}

impl Start {
    /// Captures the start of an operation, where anyone listens to one of its `hooks`.
    #[inline]
    pub(super) fn capture(hooks: HookSet) -> Option<Self> {
        if !scope::is_wanted(hooks) {
            return None;
        }
        let (stack, task) = (scope::current()?, current_task());
        Some(Self {
            stack,
            poll: task.as_ref().map_or(0, |task| task.polls()),
            task,
            time: Timestamp::now(),
        })
    }

    /// The present moment as the operation's end.
    #[inline]
    pub(super) fn finish(&self) -> Timestamp {
        // A thread that was moved between may find the clock a few nanoseconds back.
        Timestamp::now().max(self.time)
    }
}

impl Start {
    /// Whether the task has yielded since, of an operation that was found pending if `pending`. Who
    /// polls by hand may do so more than once before the task yields.
    #[inline]
    pub(super) fn has_parked(&self, pending: bool) -> bool {
        pending
            && self
                .task
                .as_ref()
                .is_none_or(|task| !self.is_in_same_poll(task))
    }

    /// The same of one that failed. What is given up has had to wait, if it was pending.
    pub(super) fn had_parked(&self, pending: bool, failure: &Failure<'_>) -> bool {
        match failure {
            Failure::Cancelled => pending,
            Failure::Error { .. } => self.has_parked(pending),
        }
    }

    fn is_in_same_poll(&self, task: &Rc<TaskInfo>) -> bool {
        let runs = TASK.with_borrow(|running| {
            let running = running.as_ref();
            running.is_some_and(|running| Rc::ptr_eq(running, task))
        });
        runs && task.polls() == self.poll
    }

    /// When the readiness was seen that the operation has waited for. A task that did not wait, or
    /// only for its turn, has waited for none: what the socket knows is of an earlier wait then.
    pub(super) fn readiness(
        &self,
        parked: bool,
        ready_time: Option<Timestamp>,
    ) -> Option<Timestamp> {
        ready_time.filter(|ready| parked && *ready >= self.time)
    }
}

/// Who is to be told when a timer fires.
pub(crate) struct HeardTimer {
    stack: Stack,
    task: Option<Rc<TaskInfo>>,
}

impl HeardTimer {
    /// Those who listen now.
    pub(crate) fn capture() -> Option<Self> {
        if !scope::is_wanted(HookSet::of(&[Hook::TimerFired])) {
            return None;
        }
        Some(Self {
            stack: scope::current()?,
            task: current_task(),
        })
    }

    /// Tells them.
    pub(crate) fn fired(&self, deadline: Timestamp, fire_time: Timestamp) {
        let metadata = TimerFiredMetadata::new(self.task.as_deref(), deadline, fire_time);
        self.stack.fire(Hook::TimerFired, |instrument| {
            instrument.on_timer_fired(&metadata)
        });
    }
}
