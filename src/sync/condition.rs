//! Waiting for what a lock protects to change.

use super::line::Line;
use super::lock::LockGuard;
use crate::instrument::{Command, Resumption};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;

/// Lets tasks that hold a [`Lock`](super::Lock) give it up until another task has changed what it
/// protects.
///
/// Clones are handles on the same condition. Who is notified waits for the lock again, behind those
/// who wait for it already: what was true at the notification need not be by then, so look again,
/// or use [`wait_while`](Self::wait_while). Nobody goes on without a notification.
///
/// Source: the monitors of Hoare and Hansen, as Mesa has them; Rust's `std::sync::Condvar`.
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn};
/// use loopscope::sync::{Condition, Lock};
///
/// EventLoop::new()?.run_until_complete(async {
///     let stock = Lock::new(0);
///     let refilled = Condition::new().named("refilled");
///     let (shared, waiting) = (stock.clone(), refilled.clone());
///     let buyer = spawn(async move {
///         let guard = shared.lock().await;
///         let mut guard = waiting.wait_while(guard, |stock| *stock < 3).await;
///         *guard -= 3;
///         *guard
///     });
///     while !buyer.is_finished() {
///         *stock.lock().await += 1;
///         refilled.notify_one();
/// #       loopscope::event_loop::yield_now().await;
///     }
///     assert_eq!(buyer.await.unwrap(), 0);
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Condition {
    line: Rc<Line>,
}

impl Condition {
    /// A condition that nobody waits for.
    pub fn new() -> Self {
        Self {
            line: Rc::new(Line::new(Command::Condition, Resumption::Notified)),
        }
    }

    /// Names the condition for whoever looks at what tasks wait for; the first name stays.
    pub fn named(self, name: impl Into<Rc<str>>) -> Self {
        self.line.info.set_name(name);
        self
    }

    /// Releases the lock, waits to be notified, and takes the lock again.
    ///
    /// Between the release and the wait nothing is missed: the task is in line before the lock is
    /// free. Dropped before it is complete, the future does not hold the lock, and passes a
    /// notification that was for it alone on to the next in line.
    pub async fn wait<'a, T>(&self, guard: LockGuard<'a, T>) -> LockGuard<'a, T> {
        let lock = guard.shared();
        let mut place = self.line.place();
        let mut held = Some(guard);
        poll_fn(|cx| {
            let polled = Pin::new(&mut place).poll(cx);
            held = None;
            polled
        })
        .await;
        let guard = lock.lock().await;
        place.accept();
        guard
    }

    /// [Waits](Self::wait) for as long as `condition` says so of the value.
    pub async fn wait_while<'a, T>(
        &self,
        mut guard: LockGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockGuard<'a, T> {
        while condition(&mut guard) {
            guard = self.wait(guard).await;
        }
        guard
    }

    /// Notifies the task that has waited longest, if one waits.
    pub fn notify_one(&self) {
        self.line.notify_first();
    }

    /// Notifies all tasks that wait now.
    pub fn notify_all(&self) {
        self.line.notify_all();
    }
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition")
            .field("name", &self.line.info.name())
            .finish_non_exhaustive()
    }
}
