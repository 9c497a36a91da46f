//! The parts of a running loop that its tasks reach.

use super::long_polls::LongPolls;
use super::reactor::Reactor;
use super::scheduler::{Injected, Shared};
use super::stop::Stop;
use super::task::{NewTask, Task};
use super::timers::Timers;
use super::wake;
use super::waker::TaskWaker;
use crate::clock::Timestamp;
use crate::instrument::hooks::Wake;
use crate::instrument::{LoopInfo, TaskId};
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

pub(crate) struct Core {
    pub(super) info: LoopInfo,
    pub(super) shared: Arc<Shared>,
    pub(crate) reactor: Reactor,
    pub(super) timers: RefCell<Timers>,
    /// Who is in line to run.
    ready: RefCell<VecDeque<Rc<Task>>>,
    /// The tasks that have not ended.
    tasks: RefCell<Slab<Rc<Task>>>,
    /// Tasks that have ended, to be made new ones of.
    spare: RefCell<Vec<Rc<Task>>>,
    /// The place of the task that runs.
    running: Cell<usize>,
    pub(super) stopped: Cell<bool>,
    pub(super) stop: Stop,
    pub(super) long_polls: LongPolls,
}

/// No task has this place.
const NONE: usize = usize::MAX;

/// So many tasks that have ended are kept to be made new ones of: as many as come and go at once in
/// most programs, in less than a megabyte.
const SPARE_TASKS: usize = 1024;

/// So many operations a task may complete in one poll: a socket that is always ready does not
/// keep the others waiting.
const BUDGET: u64 = 128;

thread_local! {
    // Without a destructor, so that it is read without a check: whoever names a loop takes it out.
    static CURRENT: RefCell<ManuallyDrop<Option<Rc<Core>>>> =
        const { RefCell::new(ManuallyDrop::new(None)) };
    // How many operations the task that runs may still complete before it has to yield; without
    // end where no loop runs.
    static BUDGET_LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Calls `f` with the loop that runs on this thread, if one does.
#[inline]
pub(super) fn with_current<R>(f: impl FnOnce(&Rc<Core>) -> R) -> Option<R> {
    CURRENT.with_borrow(|current| current.as_ref().map(f))
}

/// The loop that runs on this thread, if one does.
pub(crate) fn current() -> Option<Rc<Core>> {
    with_current(Rc::clone)
}

/// Names the loop that runs on this thread and returns the one that did.
pub(super) fn swap_current(core: Option<Rc<Core>>) -> Option<Rc<Core>> {
    BUDGET_LEFT.set(u64::MAX);
    ManuallyDrop::into_inner(CURRENT.replace(ManuallyDrop::new(core)))
}

/// Whether `core` is the loop that runs on this thread.
#[inline]
pub(crate) fn is_current(core: &Rc<Core>) -> bool {
    with_current(|current| Rc::ptr_eq(current, core)) == Some(true)
}

/// Gives the task that is polled next its share of operations.
#[inline]
pub(super) fn refill_budget() {
    BUDGET_LEFT.set(BUDGET);
}

/// Counts an operation that a task completes; false when it has had its share.
#[inline]
pub(super) fn spend_budget() -> bool {
    let left = BUDGET_LEFT.get();
    BUDGET_LEFT.set(left.saturating_sub(1));
    left > 0
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
            spare: RefCell::default(),
            running: Cell::new(NONE),
            stopped: Cell::new(false),
            stop: Stop::default(),
            long_polls,
        })
    }

    /// Enters a task, which is not in line to run yet.
    pub(super) fn add_task(&self, new: NewTask) -> Rc<Task> {
        let spare = self.spare.borrow_mut().pop();
        let task = match spare {
            Some(mut task) => {
                if let Some(task) = Rc::get_mut(&mut task) {
                    task.renew(new);
                }
                task
            }
            None => Rc::new(Task::new(self.shared.clone(), new)),
        };
        let key = self.tasks.borrow_mut().insert(task.clone());
        task.key.set(key);
        task.remote.set_key(key);
        task
    }

    /// Takes a task that has ended out of the table.
    pub(super) fn remove_task(&self, task: &Task) {
        task.scheduled.set(true);
        // Dropped after the borrow.
        let _task = self.tasks.borrow_mut().try_remove(task.key.get());
    }

    /// Keeps a task that has ended for another, where nothing else refers to it.
    pub(super) fn recycle(&self, mut task: Rc<Task>) {
        let is_empty = Rc::get_mut(&mut task).is_some_and(Task::clear);
        let mut spare = self.spare.borrow_mut();
        if is_empty && spare.len() < SPARE_TASKS {
            spare.push(task);
        }
    }

    /// Whether the task is one of this loop's.
    #[inline]
    pub(super) fn is_home_of(&self, task: &Task) -> bool {
        Arc::ptr_eq(&self.shared, &task.remote.shared)
    }

    /// Calls `f` with the task that runs, if `waker` is its own.
    #[inline]
    pub(super) fn with_running<R>(
        &self,
        waker: &Waker,
        f: impl FnOnce(&Rc<Task>) -> R,
    ) -> Option<R> {
        let tasks = self.tasks.borrow();
        let task = tasks.get(self.running.get())?;
        task.is_woken_by(waker).then(|| f(task))
    }

    /// The task that runs, if `waker` is its own.
    #[inline]
    pub(super) fn own_task(&self, waker: &Waker) -> Option<Rc<Task>> {
        self.with_running(waker, Rc::clone)
    }

    /// Names the place of the task that runs, and returns the one that was named.
    #[inline]
    pub(super) fn set_running(&self, key: usize) -> usize {
        self.running.replace(key)
    }

    /// Wakes the task whose waker this is; false where it is another loop's.
    pub(super) fn wake(&self, waker: &Arc<TaskWaker>) -> bool {
        let here = Arc::ptr_eq(&self.shared, &waker.shared);
        if here {
            let (reason, at) = wake::reason();
            self.schedule_owner(waker, reason, at);
        }
        here
    }

    /// Puts the task whose waker this is in line, unless it is there already or has ended.
    #[inline]
    fn schedule_owner(&self, waker: &Arc<TaskWaker>, reason: Wake, at: Option<Timestamp>) {
        if let Some(task) = self.tasks.borrow().get(waker.key())
            && Arc::ptr_eq(&task.remote, waker)
        {
            self.schedule_because(task, reason, at);
        }
    }

    /// Puts a task that was woken in line, unless it is there already or has ended.
    #[inline]
    pub(super) fn schedule(&self, task: &Rc<Task>) {
        if !task.scheduled.get() {
            let (reason, at) = wake::reason();
            self.schedule_because(task, reason, at);
        }
    }

    #[inline]
    pub(super) fn schedule_because(&self, task: &Rc<Task>, reason: Wake, at: Option<Timestamp>) {
        if task.scheduled.replace(true) {
            return;
        }
        task.reason.set(reason);
        if !task.running.get() {
            self.line_up(task, at);
        }
    }

    /// Puts a task in line that was woken while it ran, as of the end of its poll.
    #[inline]
    pub(super) fn line_up_again(&self, task: &Rc<Task>) {
        if task.scheduled.get() {
            self.line_up(task, task.info.waiting_since());
        }
    }

    /// Puts a task in line that was woken, at the given time or else now.
    #[inline]
    fn line_up(&self, task: &Rc<Task>, at: Option<Timestamp>) {
        let heard = task.heard.get();
        task.woken_at.set(at.or_else(|| heard.then(Timestamp::now)));
        self.push(task.clone());
    }

    #[inline]
    pub(super) fn push(&self, task: Rc<Task>) {
        self.ready.borrow_mut().push_back(task);
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<Rc<Task>> {
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
        if self.shared.take_notified() {
            while let Some(injected) = self.shared.next_injected() {
                self.take_in(injected);
            }
        }
    }

    fn take_in(&self, injected: Injected) {
        match injected {
            Injected::Wake { waker, reason, at } => {
                waker.arrive();
                self.schedule_owner(&waker, reason, at);
            }
            Injected::Call(call) => call(),
        }
    }

    /// Notes whether somebody listens to a task.
    #[inline]
    pub(super) fn note_heard(&self, task: &Task, heard: bool) {
        if task.heard.replace(heard) != heard && heard {
            self.shared.set_heard();
        }
    }

    /// The tasks that have not ended.
    pub(super) fn tasks(&self) -> Vec<Rc<Task>> {
        let tasks = self.tasks.borrow();
        tasks.iter().map(|(_, task)| task.clone()).collect()
    }

    pub(super) fn task_count(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// Cancels the task of this number, if it has not ended: it searches.
    pub(super) fn cancel_task(&self, id: TaskId) {
        let is_it = |task: &&Rc<Task>| task.info.id() == id;
        if let Some(task) = self.tasks().iter().find(is_it) {
            task.cancel();
        }
    }
}
