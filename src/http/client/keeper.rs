//! Who closes connections that nobody uses.

use super::pool::Pool;
use crate::event_loop::{JoinHandle, TaskBuilder, is_stopping, sleep_until, stopping};
use futures_util::future::select;
use std::cell::RefCell;
use std::pin::pin;
use std::rc::{Rc, Weak};

/// A task that runs while something is kept; it ends with the pool.
#[derive(Default)]
pub(super) struct Keeper {
    task: RefCell<Option<JoinHandle<()>>>,
}

impl Keeper {
    /// Sees to it that the task runs.
    pub(super) fn watch(&self, pool: &Rc<Pool>) {
        let mut task = self.task.borrow_mut();
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            let keeping = TaskBuilder::new().detached();
            *task = Some(keeping.spawn(keep(Rc::downgrade(pool))));
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().take() {
            task.cancel();
        }
    }
}

async fn keep(pool: Weak<Pool>) {
    while let Some(next) = pool.upgrade().and_then(|pool| pool.drop_idle()) {
        // A loop that stops waits for all its connections.
        select(pin!(sleep_until(next)), pin!(stopping())).await;
        if is_stopping() {
            break;
        }
    }
    if let Some(pool) = pool.upgrade().filter(|_| is_stopping()) {
        pool.clear();
    }
}
