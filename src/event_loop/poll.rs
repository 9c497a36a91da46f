//! Polling a task, with its own scopes and between its hooks.

use super::core::{self, Core};
use super::join::{JoinError, PanicPayload};
use super::stage::Polled;
use super::task::Task;
use super::wake;
use crate::instrument::hooks::{TaskEnd, TaskPoll, Wake, swap_task};
use crate::instrument::scope::{self, Stack};
use crate::instrument::{Command, Resumption, TaskException, TaskInfo};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Polls a task; once it has ended, returns why those who join it are woken.
///
/// Around the poll the task's own scopes are in force and its hooks are fired; panics are caught,
/// and a cancelled task's future is dropped.
#[inline(always)]
pub(super) fn poll(
    core: &Core,
    task: &Rc<Task>,
    mut stage: Pin<&mut (dyn Polled + '_)>,
) -> Option<Wake> {
    task.scheduled.set(false);
    let running = Running::enter(core, task);
    let (info, cancelled) = (&*task.info, task.cancelled.get());
    let reason = if cancelled {
        Wake::Throw(TaskException::Cancelled)
    } else {
        task.reason.get()
    };
    let hooks = TaskPoll::begin(info, reason, task.woken_at.get());
    if hooks.is_some() {
        core.long_polls.begin(&core.info, info);
    }
    info.begin_poll();
    info.set_command(None);
    core::refill_budget();
    let polled = catch_unwind(AssertUnwindSafe(|| {
        if cancelled {
            stage.as_mut().end_in(JoinError::Cancelled);
            return Poll::Ready(());
        }
        stage.as_mut().poll(&mut Context::from_waker(&task.waker))
    }));
    match polled {
        Ok(Poll::Pending) => {
            yielded(core, info, hooks);
            drop(running);
            core.line_up_again(task);
            return None;
        }
        Ok(Poll::Ready(())) => {}
        Err(payload) => {
            let panicked = JoinError::Panicked(PanicPayload::new(payload));
            // Where a destructor panics as well, the first panic is the task's.
            let _ = catch_unwind(AssertUnwindSafe(|| stage.as_mut().end_in(panicked)));
        }
    }
    info.set_command(None);
    let end = stage.end();
    if hooks.is_some() || task.base.is_some() {
        let busy = TaskPoll::ended(hooks, task.base.as_ref(), info, &end);
        core.long_polls.end(info, busy);
    }
    core.remove_task(task);
    drop(running);
    Some(match end {
        TaskEnd::Completed => Wake::Send(Resumption::Joined),
        TaskEnd::Failed(_) | TaskEnd::Cancelled => Wake::Throw(TaskException::JoinedTaskFailed),
    })
}

fn yielded(core: &Core, info: &TaskInfo, hooks: Option<TaskPoll>) {
    if !info.has_command() {
        info.set_command(Some(Command::Foreign));
    }
    if let Some(hooks) = hooks {
        let command = info.command().unwrap_or(Command::Foreign);
        let busy = hooks.yielded(info, &command);
        core.long_polls.end(info, busy);
    }
}

/// Ends a task that is not to be polled again: drops its future in its scopes.
pub(super) fn cut_off(core: &Core, task: &Rc<Task>, stage: Pin<&mut (dyn Polled + '_)>) {
    let _running = Running::enter(core, task);
    let _ = catch_unwind(AssertUnwindSafe(|| stage.end_in(JoinError::Cancelled)));
    TaskPoll::ended(None, task.base.as_ref(), &task.info, &TaskEnd::Cancelled);
    core.remove_task(task);
    task.ended.set(true);
}

/// Lets go of a task that has ended: wakes whoever joins it, or else drops its result.
pub(super) fn let_go(core: &Core, task: Rc<Task>, reason: Wake) {
    task.ended.set(true);
    if core.stop.has_begun() && core.task_count() == 1 {
        core.stop.wake_leader();
    }
    let joiner = task.joiner.take();
    if !joiner.is_nobody() {
        wake::because(reason, None, || joiner.wake());
    }
    if task.detached.get() {
        let result = task.stage.take();
        // A panic in the destructor of what nobody wants is nobody's.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(result)));
    }
    core.recycle(task);
}

/// Keeps what is left of a task that has ended for another one of the loop that runs.
pub(super) fn recycle(task: Rc<Task>) {
    // Not while the thread's loop is borrowed: what the task holds may do anything when it goes.
    if let Some(core) = core::current()
        && core.is_home_of(&task)
    {
        core.recycle(task);
    }
}

/// While it lives, a task's scopes are in force and the task is the one that runs.
struct Running<'a> {
    core: &'a Core,
    task: &'a Task,
    outer_key: usize,
    outer_stack: Option<Stack>,
    outer_task: Option<Rc<TaskInfo>>,
}

impl<'a> Running<'a> {
    #[inline]
    fn enter(core: &'a Core, task: &'a Task) -> Self {
        task.running.set(true);
        Self {
            core,
            task,
            outer_key: core.set_running(task.key.get()),
            outer_stack: scope::swap(task.stack.take()),
            outer_task: swap_task(Some(task.info.clone())),
        }
    }
}

impl Drop for Running<'_> {
    #[inline]
    fn drop(&mut self) {
        swap_task(self.outer_task.take());
        let stack = scope::swap(self.outer_stack.take());
        self.core.set_running(self.outer_key);
        self.core.note_heard(self.task, stack.is_some());
        self.task.stack.set(stack);
        self.task.running.set(false);
    }
}
