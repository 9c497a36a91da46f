//! A task: its future, polled with its own scopes and between its hooks.

use super::core::{self, Core};
use super::join::{BoxError, JoinError, PanicPayload};
use super::wake;
use crate::instrument::hooks::{TaskEnd, TaskPoll, Wake, swap_task};
use crate::instrument::scope::{self, Stack};
use crate::instrument::{Command, TaskException, TaskFailure, TaskInfo};
use pin_project_lite::pin_project;
use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::clock::Timestamp;
use crate::instrument::Resumption;

thread_local! {
    // Apart, since they are written one by one: reading them as one would stall the processor.
    static WOKEN_BY: Cell<Wake> = const { Cell::new(Wake::Send(Resumption::Foreign)) };
    static WOKEN_AT: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

/// Says why the task that is polled next was woken, and when.
#[inline]
pub(super) fn set_woken((by, at): (Wake, Option<Timestamp>)) {
    WOKEN_BY.set(by);
    WOKEN_AT.set(at);
}

pin_project! {
    /// A task's future as the executor polls it.
    ///
    /// Around each poll the task's own scopes are put in force and its hooks fired; panics are
    /// caught, a cancelled task's future is dropped.
    pub(super) struct TaskFuture<F, C> {
        // Emptied in the poll in which the task ends, so that what the future drops is heard in
        // the task's scopes and before the task's own end.
        #[pin]
        future: Option<F>,
        convert: C,
        info: Rc<TaskInfo>,
        key: usize,
        core: Rc<Core>,
        // What was in force at the spawn: who heard of that is told of the end.
        base: Option<Stack>,
        // What is in force, while the task does not run.
        stack: Option<Stack>,
    }

    impl<F, C> PinnedDrop for TaskFuture<F, C> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // Only a loop that is torn down by a panic leaves a task that has not ended.
            if this.future.is_some() {
                let _running = Running::enter(this.stack, this.info, this.core, *this.key);
                let dropped = catch_unwind(AssertUnwindSafe(|| this.future.set(None)));
                drop(dropped);
                TaskPoll::ended(None, this.base.as_ref(), this.info, &TaskEnd::Cancelled);
                this.core.remove_task(*this.key);
            }
        }
    }
}

impl<F, C> TaskFuture<F, C> {
    pub(super) fn new(
        future: F,
        convert: C,
        info: Rc<TaskInfo>,
        key: usize,
        core: Rc<Core>,
        stack: Option<Stack>,
    ) -> Self {
        Self {
            future: Some(future),
            convert,
            info,
            key,
            core,
            base: stack.clone(),
            stack,
        }
    }
}

impl<F, C, T> Future for TaskFuture<F, C>
where
    F: Future,
    C: Fn(F::Output) -> Result<T, BoxError>,
{
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let running = Running::enter(this.stack, this.info, this.core, *this.key);
        let (mut wake, at) = (WOKEN_BY.get(), WOKEN_AT.get());
        let cancelled = this
            .core
            .with_task(*this.key, |task| task.cancelled.get())
            .unwrap_or(false);
        if cancelled {
            wake = Wake::Throw(TaskException::Cancelled);
        }
        let hooks = TaskPoll::begin(this.info, wake, at);
        if hooks.is_some() {
            this.core.begin_poll(this.info);
        }
        this.info.begin_poll();
        this.info.set_command(None);
        this.core.refill_budget();

        let polled = if cancelled {
            Ok(Poll::Ready(Err(JoinError::Cancelled)))
        } else {
            catch_unwind(AssertUnwindSafe(|| {
                match this.future.as_mut().as_pin_mut() {
                    Some(future) => future
                        .poll(cx)
                        .map(|output| (this.convert)(output).map_err(JoinError::Failed)),
                    None => panic!("a task was polled after it had ended"),
                }
            }))
        };
        let mut result = match polled {
            Ok(Poll::Pending) => {
                if !this.info.has_command() {
                    this.info.set_command(Some(Command::Foreign));
                }
                if let Some(hooks) = hooks {
                    let command = this.info.command().unwrap_or(Command::Foreign);
                    let busy = hooks.yielded(this.info, &command);
                    this.core.end_poll(this.info, busy);
                }
                return Poll::Pending;
            }
            Ok(Poll::Ready(result)) => result,
            Err(payload) => Err(JoinError::Panicked(PanicPayload::new(payload))),
        };
        // A panic in a destructor is the task's as well.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| this.future.set(None))) {
            result = Err(JoinError::Panicked(PanicPayload::new(payload)));
        }
        this.info.set_command(None);
        let busy = TaskPoll::ended(hooks, this.base.as_ref(), this.info, &end_of(&result));
        this.core.end_poll(this.info, busy);
        this.core.remove_task(*this.key);
        drop(running);
        wake::set_end_reason(match &result {
            Ok(_) => Wake::Send(Resumption::Joined),
            Err(_) => Wake::Throw(TaskException::JoinedTaskFailed),
        });
        Poll::Ready(result)
    }
}

fn end_of<T>(result: &Result<T, JoinError>) -> TaskEnd<'_> {
    match result {
        Ok(_) => TaskEnd::Completed,
        Err(JoinError::Cancelled) => TaskEnd::Cancelled,
        Err(JoinError::Panicked(payload)) => TaskEnd::Failed(TaskFailure::Panic(payload.message())),
        Err(JoinError::Failed(error)) => TaskEnd::Failed(TaskFailure::Error(&**error)),
    }
}

/// While it lives, a task's scopes are in force and the task is the one that runs.
struct Running<'a> {
    stack: &'a mut Option<Stack>,
    outer_stack: Option<Stack>,
    outer_task: Option<Rc<TaskInfo>>,
    core: &'a Core,
    key: usize,
}

impl<'a> Running<'a> {
    #[inline]
    fn enter(
        stack: &'a mut Option<Stack>,
        info: &Rc<TaskInfo>,
        core: &'a Core,
        key: usize,
    ) -> Self {
        let outer_stack = scope::swap(stack.take());
        let outer_task = swap_task(Some(info.clone()));
        Self {
            stack,
            outer_stack,
            outer_task,
            core,
            key,
        }
    }
}

impl Drop for Running<'_> {
    #[inline]
    fn drop(&mut self) {
        swap_task(self.outer_task.take());
        *self.stack = scope::swap(self.outer_stack.take());
        self.core.set_heard(self.key, self.stack.is_some());
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
