//! The graceful end of a run, as those who take part in it see it.

use super::core::{Core, with_current};
use super::task::running_loop;
use super::{park, wake};
use crate::instrument::hooks::Wake;
use crate::instrument::{Command, Resumption};
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// What a loop knows of its graceful end.
#[derive(Default)]
pub(super) struct Stop {
    /// Somebody has asked for it.
    asked: Cell<bool>,
    /// It has begun.
    begun: Cell<bool>,
    /// Those who wait for it to begin.
    waiters: RefCell<Slab<Waker>>,
    /// Who leads through it: is woken when it was asked for, and when one task is left.
    leader: RefCell<Option<Waker>>,
}

impl Stop {
    /// A run begins: what was asked of an earlier one is over.
    pub(super) fn reset(&self) {
        self.asked.set(false);
        self.begun.set(false);
    }

    /// Asks for the end.
    pub(super) fn ask(&self) {
        self.asked.set(true);
        self.wake_leader();
    }

    /// Whether the end was asked for. If not, `cx` is woken when it is.
    pub(super) fn poll_asked(&self, cx: &Context<'_>) -> bool {
        self.lead(cx);
        self.asked.get()
    }

    /// Has `cx` woken when one task is left.
    pub(super) fn lead(&self, cx: &Context<'_>) {
        let _old = self.leader.replace(Some(cx.waker().clone()));
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.get()
    }

    /// Begins it: wakes those who wait for that.
    pub(super) fn begin(&self) {
        self.begun.set(true);
        let waiters: Vec<_> = {
            let waiters = self.waiters.borrow();
            waiters.iter().map(|(_, waker)| waker.clone()).collect()
        };
        wake::because(Wake::Send(Resumption::Notified), None, || {
            waiters.into_iter().for_each(Waker::wake);
        });
    }

    /// A task has ended and one is left, the leader's.
    pub(super) fn wake_leader(&self) {
        let leader = self.leader.take();
        if let Some(waker) = leader {
            wake::because(Wake::Send(Resumption::Notified), None, || waker.wake());
        }
    }
}

/// Waits until the loop begins to stop, for a task that ends in its own way then.
///
/// See [`EventLoop::run_gracefully`](super::EventLoop::run_gracefully); in other runs it never
/// ends.
///
/// # Panics
///
/// When polled outside of a running loop.
pub fn stopping() -> Stopping {
    Stopping { place: None }
}

/// Whether the loop that runs has begun to stop; see [`stopping`].
pub fn is_stopping() -> bool {
    with_current(|core| core.stop.has_begun()) == Some(true)
}

/// The future of [`stopping`].
#[must_use = "futures do nothing unless awaited"]
pub struct Stopping {
    place: Option<(Rc<Core>, usize)>,
}

impl Future for Stopping {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let core = match &self.place {
            Some((core, _)) => core.clone(),
            None => running_loop("stopping()"),
        };
        if core.stop.has_begun() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let mut waiters = core.stop.waiters.borrow_mut();
        let _old = match &self.place {
            Some((_, place)) => waiters
                .get_mut(*place)
                .map(|old| std::mem::replace(old, waker)),
            None => {
                self.place = Some((core.clone(), waiters.insert(waker)));
                None
            }
        };
        drop(waiters);
        // What else is waited for until then says more.
        park::wait_on_at_least(Command::Stop);
        Poll::Pending
    }
}

impl Drop for Stopping {
    fn drop(&mut self) {
        if let Some((core, place)) = self.place.take() {
            let _waker = core.stop.waiters.borrow_mut().try_remove(place);
        }
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopping").finish_non_exhaustive()
    }
}
