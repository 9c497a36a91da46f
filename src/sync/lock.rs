//! Taking turns at something.

use super::line::Line;
use crate::instrument::{Command, Resumption};
use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

/// A value that one task at a time has, also while it waits for something else: first come, first
/// served.
///
/// Clones are handles on the same lock. The tasks of a loop never run at once, so what is not held
/// over an `.await` needs no lock: a `RefCell` will do.
///
/// A lock that is released goes to the task that has waited longest; one that comes meanwhile is
/// behind those in line. A task that asks for a lock that it holds waits for ever.
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn, yield_now};
/// use loopscope::sync::Lock;
///
/// EventLoop::new()?.run_until_complete(async {
///     let count = Lock::new(0).named("count");
///     let shared = count.clone();
///     let other = spawn(async move { *shared.lock().await += 1 });
///     let mut guard = count.lock().await;
///     let before = *guard;
///     yield_now().await;
///     *guard = before + 1;
///     drop(guard);
///     other.await.unwrap();
///     assert_eq!(*count.lock().await, 2);
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Lock<T> {
    shared: Rc<Shared<T>>,
}

pub(super) struct Shared<T> {
    /// Whoever holds the lock has it borrowed.
    value: RefCell<T>,
    held: Cell<bool>,
    /// Who was notified here has the lock, and knows it when it runs next.
    line: Line,
}

impl<T> Shared<T> {
    fn is_locked(&self) -> bool {
        self.held.get() || self.line.is_promised()
    }

    pub(super) async fn lock(&self) -> LockGuard<'_, T> {
        let place = self.line.pass(|| !self.is_locked()).await;
        place.accept();
        self.hold()
    }

    fn hold(&self) -> LockGuard<'_, T> {
        self.held.set(true);
        LockGuard {
            value: self.value.borrow_mut(),
            held: Held { shared: self },
        }
    }
}

impl<T> Lock<T> {
    /// A lock that nobody holds.
    pub fn new(value: T) -> Self {
        Self {
            shared: Rc::new(Shared {
                value: RefCell::new(value),
                held: Cell::new(false),
                line: Line::new(Command::Lock, Resumption::LockAcquired),
            }),
        }
    }

    /// Names the lock for whoever looks at what tasks wait for; the first name stays.
    pub fn named(self, name: impl Into<Rc<str>>) -> Self {
        self.shared.line.info.set_name(name);
        self
    }

    /// Waits for the lock and holds it until the guard is dropped, also because its task is
    /// cancelled or panics: the value is then as it was left, and the next in line has it.
    ///
    /// Dropped before it is complete, the future leaves the line, and passes the lock on if it was
    /// given it.
    pub async fn lock(&self) -> LockGuard<'_, T> {
        self.shared.lock().await
    }

    /// Takes the lock if nobody holds it or is about to.
    pub fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        (!self.is_locked()).then(|| self.shared.hold())
    }

    /// Whether a task holds the lock, or was given it and has not run since.
    pub fn is_locked(&self) -> bool {
        self.shared.is_locked()
    }
}

impl<T> Clone for Lock<T> {
    /// Another handle on the same lock.
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock")
            .field("name", &self.shared.line.info.name())
            .field("is_locked", &self.is_locked())
            .finish_non_exhaustive()
    }
}

/// The value of a [`Lock`], held until this is dropped.
#[must_use = "dropping it releases the lock"]
pub struct LockGuard<'a, T> {
    // Dropped in this order: the value is free when the next in line is woken.
    value: RefMut<'a, T>,
    held: Held<'a, T>,
}

struct Held<'a, T> {
    shared: &'a Shared<T>,
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.shared.held.set(false);
        self.shared.line.notify_first();
    }
}

impl<'a, T> LockGuard<'a, T> {
    /// The lock that it holds.
    pub(super) fn shared(&self) -> &'a Shared<T> {
        self.held.shared
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for LockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for LockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
