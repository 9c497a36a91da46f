//! The parts of a running loop that its tasks reach.

use super::long_polls::LongPolls;
use super::reactor::Reactor;
use super::scheduler::{Injected, Ready, Shared};
use super::stop::Stop;
use super::timers::Timers;
use crate::instrument::{LoopInfo, TaskId, TaskInfo};
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

pub(crate) struct Core {
    pub(super) info: LoopInfo,
    pub(super) shared: Arc<Shared>,
    pub(crate) reactor: Reactor,
    pub(super) timers: RefCell<Timers>,
    ready: RefCell<VecDeque<Ready>>,
    tasks: RefCell<Slab<TaskEntry>>,
    /// How many operations the task that runs may still complete before it has to yield.
    budget: Cell<u32>,
    pub(super) stopped: Cell<bool>,
    pub(super) stop: Stop,
    pub(super) long_polls: LongPolls,
}

/// A task that has not ended.
pub(super) struct TaskEntry {
    pub(super) info: Rc<TaskInfo>,
    pub(super) waker: Waker,
    /// Somebody listens, so that the time of a wake is wanted.
    heard: Cell<bool>,
    pub(super) cancelled: Cell<bool>,
}

/// So many operations a task may complete in one poll: a socket that is always ready does not
/// keep the others waiting.
const BUDGET: u32 = 128;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Core>>> = const { RefCell::new(None) };
}

/// Calls `f` with the loop that runs on this thread, if one does.
#[inline]
pub(super) fn with_current<R>(f: impl FnOnce(&Rc<Core>) -> R) -> Option<R> {
    CURRENT
        .try_with(|current| current.borrow().as_ref().map(f))
        .ok()
        .flatten()
}

/// The loop that runs on this thread, if one does.
pub(crate) fn current() -> Option<Rc<Core>> {
    with_current(Rc::clone)
}

/// Names the loop that runs on this thread and returns the one that did.
pub(super) fn swap_current(core: Option<Rc<Core>>) -> Option<Rc<Core>> {
    CURRENT.replace(core)
}

impl Core {
    pub(super) fn new(info: LoopInfo, long_polls: LongPolls) -> io::Result<Self> {
        let reactor = Reactor::new()?;
        let shared = Arc::new(Shared::new(reactor.waker()?));
        Ok(Self {
            info,
            shared,
            reactor,
            timers: RefCell::default(),
            ready: RefCell::default(),
            tasks: RefCell::default(),
            budget: Cell::new(BUDGET),
            stopped: Cell::new(false),
            stop: Stop::default(),
            long_polls,
        })
    }

    #[inline]
    pub(super) fn push(&self, ready: Ready) {
        self.ready.borrow_mut().push_back(ready);
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<Ready> {
        self.ready.borrow_mut().pop_front()
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.borrow().is_empty()
    }

    pub(super) fn ready_count(&self) -> usize {
        self.ready.borrow().len()
    }

    /// Takes in what other threads have handed over.
    pub(super) fn take_injected(&self) {
        if !self.shared.take_notified() {
            return;
        }
        while let Some(injected) = self.shared.next_injected() {
            match injected {
                Injected::Ready(ready) => self.push(ready),
                Injected::Call(call) => call(),
            }
        }
    }

    /// Enters a task; `waker` makes what wakes it from its key.
    pub(super) fn insert_task(&self, info: Rc<TaskInfo>, waker: impl FnOnce(usize) -> Waker) {
        let key = self.tasks.borrow().vacant_key();
        let waker = waker(key);
        let entry = TaskEntry {
            info,
            waker,
            heard: Cell::new(false),
            cancelled: Cell::new(false),
        };
        self.tasks.borrow_mut().insert(entry);
    }

    pub(super) fn remove_task(&self, key: usize) {
        // Dropped after the borrow.
        let _entry = self.tasks.borrow_mut().try_remove(key);
        if self.stop.has_begun() && self.task_count() == 1 {
            self.stop.wake_leader();
        }
    }

    #[inline]
    pub(super) fn with_task<R>(&self, key: usize, f: impl FnOnce(&TaskEntry) -> R) -> Option<R> {
        self.tasks.borrow().get(key).map(f)
    }

    /// Calls `f` with each task that has not ended; it must not call out of the loop.
    pub(super) fn map_tasks<R>(&self, mut f: impl FnMut(usize, &TaskInfo) -> R) -> Vec<R> {
        let tasks = self.tasks.borrow();
        tasks
            .iter()
            .map(|(key, entry)| f(key, &entry.info))
            .collect()
    }

    /// The tasks that are in line to run.
    pub(super) fn ready_keys<C: FromIterator<usize>>(&self) -> C {
        self.ready.borrow().iter().map(Ready::key).collect()
    }

    pub(super) fn task_keys(&self) -> Vec<usize> {
        self.tasks.borrow().iter().map(|(key, _)| key).collect()
    }

    pub(super) fn task_count(&self) -> usize {
        self.tasks.borrow().len()
    }

    #[inline]
    pub(super) fn is_heard(&self, key: usize) -> bool {
        self.with_task(key, |entry| entry.heard.get())
            .unwrap_or(false)
    }

    #[inline]
    pub(super) fn set_heard(&self, key: usize, heard: bool) {
        let changed = self.with_task(key, |entry| entry.heard.replace(heard) != heard);
        if heard && changed == Some(true) {
            self.shared.heard.store(true, Ordering::Relaxed);
        }
    }

    /// Has the task resumed with `Cancelled`.
    pub(super) fn cancel_task(&self, key: usize, is_it: impl FnOnce(&TaskInfo) -> bool) {
        let waker = self.with_task(key, |entry| {
            let cancel = is_it(&entry.info) && !entry.cancelled.replace(true);
            cancel.then(|| entry.waker.clone())
        });
        if let Some(Some(waker)) = waker {
            waker.wake();
        }
    }

    /// As [`cancel_task`](Self::cancel_task), for who has the task's number alone: it searches.
    pub(super) fn cancel_task_by_id(&self, id: TaskId) {
        let found = self
            .tasks
            .borrow()
            .iter()
            .find(|(_, entry)| entry.info.id() == id)
            .map(|(key, _)| key);
        if let Some(key) = found {
            self.cancel_task(key, |info| info.id() == id);
        }
    }

    /// A poll begins that is measured.
    #[inline]
    pub(super) fn begin_poll(&self, task: &TaskInfo) {
        self.long_polls.begin(&self.info, task);
    }

    /// A poll has ended, after so long if it was measured.
    #[inline]
    pub(super) fn end_poll(&self, task: &TaskInfo, busy: Duration) {
        self.long_polls.end(task, busy);
    }

    #[inline]
    pub(super) fn refill_budget(&self) {
        self.budget.set(BUDGET);
    }

    /// Counts an operation that a task completed; false when it has had its share.
    pub(super) fn spend_budget(&self) -> bool {
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(1));
        left > 0
    }
}

/// Whether `core` is the loop that runs on this thread.
pub(crate) fn is_current(core: &Rc<Core>) -> bool {
    with_current(|current| Rc::ptr_eq(current, core)) == Some(true)
}
