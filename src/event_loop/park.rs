//! What the running task is about to wait for.

use super::core;
use crate::instrument::hooks;
use crate::instrument::{Command, SocketHandle, SocketOperation};
use std::rc::Rc;
use std::task::{Context, Poll};

/// Notes what the running task waits for if it yields now. What it waited for before in the same
/// poll is forgotten.
#[inline]
pub(crate) fn wait_on(command: Command) {
    // The old value is dropped after the borrow of the task that runs: its drop may do anything.
    let _old = hooks::with_task(|task| task.replace_command(command));
}

/// As [`wait_on`], for an operation on a socket: most often the task has waited for the same before.
#[inline]
pub(crate) fn wait_on_socket(operation: SocketOperation, socket: &Rc<SocketHandle>) {
    let _old = hooks::with_task(|task| task.wait_on_socket(operation, socket));
}

/// As [`wait_on`], for what says less than anything else that the task may wait for: it is noted
/// where nothing is so far.
pub(crate) fn wait_on_at_least(command: Command) {
    if hooks::with_task(|task| task.has_command()) == Some(false) {
        wait_on(command);
    }
}

/// Waits for something beside what was noted last, which goes on to be what the task waits for.
pub(crate) fn beside<R>(wait: impl FnOnce() -> R) -> R {
    let command = hooks::with_task(|task| task.take_command()).flatten();
    let result = wait();
    if let Some(command) = command {
        wait_on(command);
    }
    result
}

/// Counts an operation that is about to complete; pending when the task has had its share of this
/// turn and the others come first.
#[inline]
pub(crate) fn poll_budget(cx: &Context<'_>) -> Poll<()> {
    if !core::spend_budget() {
        super::yield_now::yield_task(cx);
        return Poll::Pending;
    }
    Poll::Ready(())
}
