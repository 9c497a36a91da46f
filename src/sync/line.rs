//! Tasks that wait in line, as the loop and instruments see them.

use super::wait_list::{WaitKey, WaitList};
use crate::event_loop::{park, wake};
use crate::instrument::hooks::Wake;
use crate::instrument::{Command, Resumption, SyncInfo};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A line of tasks, with what they show to wait for and what they are resumed with.
pub(super) struct Line {
    pub(super) info: Rc<SyncInfo>,
    command: fn(Rc<SyncInfo>) -> Command,
    resumption: Resumption,
    waiters: RefCell<WaitList>,
}

impl Line {
    pub(super) fn new(command: fn(Rc<SyncInfo>) -> Command, resumption: Resumption) -> Self {
        Self {
            info: Rc::new(SyncInfo::new(None)),
            command,
            resumption,
            waiters: RefCell::default(),
        }
    }

    /// A place in the line; taken when it is polled first.
    pub(super) fn place(&self) -> Place<'_> {
        Place {
            line: self,
            key: None,
        }
    }

    /// Waits to be notified, unless `is_open` says on arrival that there is nothing to wait for.
    pub(super) async fn pass(&self, is_open: impl Fn() -> bool) -> Place<'_> {
        let mut place = self.place();
        poll_fn(|cx| {
            if place.key.is_none() && is_open() {
                park::poll_budget(cx)
            } else {
                Pin::new(&mut place).poll(cx)
            }
        })
        .await;
        place
    }

    /// Notifies the first in line; if it gives that up, the next.
    pub(super) fn notify_first(&self) {
        let first = self.waiters.borrow_mut().notify_first();
        if let Some((waker, _)) = first {
            wake::because(Wake::Send(self.resumption), None, || waker.wake());
        }
    }

    /// Notifies all who are in line now.
    pub(super) fn notify_all(&self) {
        let all = self.waiters.borrow_mut().notify_all();
        wake::because(Wake::Send(self.resumption), None, || {
            all.into_iter().for_each(Waker::wake);
        });
    }

    /// Whether somebody was notified and has neither accepted that nor given it up.
    pub(super) fn is_promised(&self) -> bool {
        self.waiters.borrow().notified() > 0
    }
}

/// A place in a line: a future of being notified.
///
/// Dropped without [`accept`](Self::accept), it passes on what it alone was notified of.
pub(super) struct Place<'a> {
    line: &'a Line,
    key: Option<WaitKey>,
}

impl Place<'_> {
    /// Takes what it was notified of.
    pub(super) fn accept(mut self) {
        self.leave();
    }

    /// Leaves the line; whether there is something to pass on.
    fn leave(&mut self) -> bool {
        let Some(key) = self.key.take() else {
            return false;
        };
        let left = self.line.waiters.borrow_mut().remove(key);
        left.promised
    }
}

impl Future for Place<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let line = self.line;
        let _old_waker;
        let mut waiters = line.waiters.borrow_mut();
        match self.key {
            Some(key) if waiters.is_notified(key) => return Poll::Ready(()),
            Some(key) => _old_waker = waiters.set_waker(key, cx.waker()),
            None => self.key = Some(waiters.join(cx.waker().clone(), false)),
        }
        drop(waiters);
        park::wait_on((line.command)(line.info.clone()));
        Poll::Pending
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.leave() {
            self.line.notify_first();
        }
    }
}
