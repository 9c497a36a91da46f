//! A task, as its loop knows it.

use super::core::{self, Core, with_current};
use super::scheduler::Shared;
use super::stage::Joined;
use super::waker::{LocalWaker, TaskWaker};
use crate::clock::{TimeCell, Timestamp};
use crate::instrument::hooks::Wake;
use crate::instrument::scope::Stack;
use crate::instrument::{Resumption, TaskId, TaskInfo};
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

/// A task: who it is, its future, why it is polled next, and who listens to it.
///
/// All of it is in one place, which the queue of ready tasks, the table of tasks, whoever wakes it
/// and whoever joins it share. Only the loop's thread touches it; others have its [`TaskWaker`].
pub(crate) struct Task {
    pub(super) info: Rc<TaskInfo>,
    /// Its place in the loop's table of tasks.
    pub(super) key: Cell<usize>,
    pub(super) waker: Waker,
    pub(super) remote: Arc<TaskWaker>,
    /// The future, and then its result; none while it is polled, and for a loop's main task, whose
    /// future is not the loop's.
    pub(super) stage: Cell<Option<Pin<Box<dyn Joined>>>>,
    /// What was in force at the spawn: who heard of that is told of the end.
    pub(super) base: Option<Stack>,
    /// What is in force in it, while it does not run.
    pub(super) stack: Cell<Option<Stack>>,
    /// Who waits for its end.
    pub(super) joiner: Cell<LocalWaker>,
    /// Why it was woken last.
    pub(super) reason: Cell<Wake>,
    /// When that was, where somebody listens.
    pub(super) woken_at: TimeCell,
    /// It is to be polled; for good once it has ended, so that nothing schedules it again.
    pub(super) scheduled: Cell<bool>,
    /// It is being polled: where it is woken meanwhile, it is put in line afterwards.
    pub(super) running: Cell<bool>,
    pub(super) cancelled: Cell<bool>,
    pub(super) ended: Cell<bool>,
    /// Nobody will take its result.
    pub(super) detached: Cell<bool>,
    /// Somebody listens, so that the time of a wake is wanted.
    pub(super) heard: Cell<bool>,
}

/// What a task is made of.
pub(super) struct NewTask {
    pub(super) name: Option<Rc<str>>,
    pub(super) parent: Option<TaskId>,
    pub(super) spawn_time: Option<Timestamp>,
    pub(super) stack: Option<Stack>,
    pub(super) stage: Option<Pin<Box<dyn Joined>>>,
}

impl Task {
    pub(super) fn new(shared: Arc<Shared>, new: NewTask) -> Self {
        let remote = Arc::new(TaskWaker::new(shared));
        let info = TaskInfo::new(TaskId::new(), new.name, new.parent, new.spawn_time);
        Self {
            info: Rc::new(info),
            key: Cell::new(usize::MAX),
            waker: Waker::from(remote.clone()),
            remote,
            stage: Cell::new(new.stage),
            base: new.stack.clone(),
            stack: Cell::new(new.stack),
            joiner: Cell::default(),
            reason: Cell::new(Wake::Send(Resumption::Started)),
            woken_at: TimeCell::new(new.spawn_time),
            scheduled: Cell::new(true),
            running: Cell::new(false),
            cancelled: Cell::new(false),
            ended: Cell::new(false),
            detached: Cell::new(false),
            heard: Cell::new(false),
        }
    }

    /// Empties a task that has ended, so that it can be [renewed](Self::renew); false where
    /// somebody still refers to a part of it.
    pub(super) fn clear(&mut self) -> bool {
        self.stage.set(None);
        self.base = None;
        self.stack.set(None);
        self.joiner.take();
        let cleared = Rc::get_mut(&mut self.info).map(TaskInfo::clear);
        // The one here and the one in its waker.
        cleared.is_some() && Arc::strong_count(&self.remote) == 2
    }

    /// Makes another task of one that was [cleared](Self::clear), so that only its future is
    /// allocated.
    pub(super) fn renew(&mut self, new: NewTask) {
        if let Some(info) = Rc::get_mut(&mut self.info) {
            info.renew(new.name, new.parent, new.spawn_time);
        }
        self.stage.set(new.stage);
        self.base.clone_from(&new.stack);
        self.stack.set(new.stack);
        self.reason.set(Wake::Send(Resumption::Started));
        self.woken_at.set(new.spawn_time);
        self.cancelled.set(false);
        self.ended.set(false);
        self.detached.set(false);
        self.heard.set(false);
    }

    /// Whether this waker is the task's own.
    #[inline]
    pub(super) fn is_woken_by(&self, waker: &Waker) -> bool {
        self.waker.data() == waker.data()
    }

    /// Wakes it, on its loop's thread.
    #[inline]
    pub(super) fn wake(self: &Rc<Self>) {
        let here = with_current(|core| {
            let here = core.is_home_of(self);
            if here {
                core.schedule(self);
            }
            here
        });
        if here != Some(true) {
            self.waker.wake_by_ref();
        }
    }

    /// Has it resumed with `Cancelled`.
    pub(super) fn cancel(self: &Rc<Self>) {
        if !self.ended.get() && !self.cancelled.replace(true) {
            self.wake();
        }
    }
}

/// The task that runs, with its number and name; none outside of tasks.
///
/// ```
/// use loopscope::event_loop::{EventLoop, TaskBuilder, current_task};
///
/// EventLoop::new()?.run_until_complete(async {
///     let named = TaskBuilder::new().name("worker").spawn(async {
///         current_task().and_then(|task| task.name().map(String::from))
///     });
///     assert_eq!(named.await.unwrap().as_deref(), Some("worker"));
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn current_task() -> Option<Rc<TaskInfo>> {
    crate::instrument::hooks::current_task()
}

/// The loop that runs, for functions that need one.
///
/// # Panics
///
/// Where no loop runs on this thread.
pub(super) fn running_loop(what: &str) -> Rc<Core> {
    match core::current() {
        Some(core) => core,
        None => panic!(
            "{what} needs a running event loop: call it inside of a future that \
             EventLoop::run_until_complete runs, or use a Handle from other threads"
        ),
    }
}
