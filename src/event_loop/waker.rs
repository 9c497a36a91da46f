//! What wakes tasks, on their loop's thread and on others.

use super::core::{Core, with_current};
use super::scheduler::{Injected, Shared};
use super::task::Task;
use super::wake;
use crate::clock::Timestamp;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

/// The part of a task that any thread may touch.
pub(super) struct TaskWaker {
    pub(super) shared: Arc<Shared>,
    /// The task's place in the loop's table of tasks.
    key: AtomicUsize,
    /// Another thread has woken the task, which the loop has yet to see.
    injected: AtomicBool,
}

impl TaskWaker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            key: AtomicUsize::new(usize::MAX),
            injected: AtomicBool::new(false),
        }
    }

    // Relaxed: only the loop's thread writes and reads it.
    pub(super) fn key(&self) -> usize {
        self.key.load(Ordering::Relaxed)
    }

    pub(super) fn set_key(&self, key: usize) {
        self.key.store(key, Ordering::Relaxed);
    }

    /// The loop has seen that another thread has woken the task: the next wake comes anew.
    pub(super) fn arrive(&self) {
        // What the other thread has written before is seen by the poll that follows.
        self.injected.swap(false, Ordering::AcqRel);
    }

    #[cold]
    fn wake_from_elsewhere(self: &Arc<Self>) {
        if self.injected.swap(true, Ordering::AcqRel) {
            return;
        }
        let (reason, at) = wake::reason();
        let at = at.or_else(|| self.shared.is_heard().then(Timestamp::now));
        // Where the loop is gone, so are its tasks.
        let _ = self.shared.inject(Injected::Wake {
            waker: self.clone(),
            reason,
            at,
        });
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let here = with_current(|core| core.wake(self));
        if here != Some(true) {
            self.wake_from_elsewhere();
        }
    }
}

/// What wakes whoever waits for something of this loop's thread.
///
/// A [`Waker`] may be sent to any thread, so that its clones are counted by atomic operations.
/// Those that stay here need none where they stand for a task of the loop.
pub(crate) enum LocalWaker {
    /// A task of the loop; none where nobody waits, which makes room for that in two words.
    Task(Option<Rc<Task>>),
    Other(Waker),
}

impl Default for LocalWaker {
    /// Wakes nobody.
    fn default() -> Self {
        Self::Task(None)
    }
}

impl LocalWaker {
    /// What wakes the task that polls with `cx` on `core`, the loop that runs.
    #[inline]
    pub(super) fn on(core: &Core, cx: &Context<'_>) -> Self {
        match core.own_task(cx.waker()) {
            None => Self::Other(cx.waker().clone()),
            own => Self::Task(own),
        }
    }

    /// What wakes the task that polls with `cx`.
    #[inline]
    pub(super) fn of(cx: &Context<'_>) -> Self {
        with_current(|core| Self::on(core, cx)).unwrap_or_else(|| Self::Other(cx.waker().clone()))
    }

    #[inline]
    pub(super) fn is_nobody(&self) -> bool {
        matches!(self, Self::Task(None))
    }

    /// Whether it wakes the task that polls with `cx`.
    #[inline]
    pub(super) fn wakes(&self, cx: &Context<'_>) -> bool {
        match self {
            Self::Task(Some(task)) => task.is_woken_by(cx.waker()),
            Self::Task(None) => false,
            Self::Other(waker) => waker.will_wake(cx.waker()),
        }
    }

    /// Wakes; nothing may be borrowed then.
    #[inline]
    pub(super) fn wake(self) {
        match self {
            Self::Task(Some(task)) => task.wake(),
            Self::Task(None) => {}
            Self::Other(waker) => waker.wake(),
        }
    }

    /// As [`wake`](Self::wake), where `core` is the loop that runs and whose task it is.
    #[inline]
    pub(super) fn wake_on(self, core: &Core) {
        match self {
            Self::Task(Some(task)) => core.schedule(&task),
            Self::Task(None) => {}
            Self::Other(waker) => waker.wake(),
        }
    }
}
