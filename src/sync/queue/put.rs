//! Putting items in.

use super::error::PutError;
use super::state::Shared;
use crate::clock::Timestamp;
use crate::event_loop::park;
use crate::instrument::Command;
use crate::instrument::hooks::QueueOperation;
use crate::sync::wait_list::WaitKey;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The future of [`AsyncQueue::put`](super::AsyncQueue::put).
#[must_use = "futures do nothing unless awaited"]
pub struct Put<'a, T> {
    shared: &'a Shared<T>,
    /// Gone once it is in the queue.
    item: Option<T>,
    operation: Option<QueueOperation>,
    place: Option<WaitKey>,
}

// The item is moved, never pinned.
impl<T> Unpin for Put<'_, T> {}

impl<'a, T> Put<'a, T> {
    pub(super) fn new(shared: &'a Shared<T>, item: T) -> Self {
        Self {
            shared,
            item: Some(item),
            operation: None,
            place: None,
        }
    }

    /// Waits until there is room for this one; tells since when.
    fn poll_turn(&mut self, cx: &Context<'_>) -> Poll<Option<Timestamp>> {
        let operation = self.operation.get_or_insert_with(QueueOperation::start);
        let _old_waker;
        let mut state = self.shared.state.borrow_mut();
        let has_room = state.has_room();
        if let Some(place) = self.place {
            if state.putters.is_notified(place) {
                self.place = None;
                return Poll::Ready(state.putters.remove(place).notify_time);
            }
            _old_waker = state.putters.set_waker(place, cx.waker());
        } else {
            if state.closed {
                return Poll::Ready(None);
            }
            if self.item.as_ref().is_none_or(|item| state.takes(item)) {
                drop(state);
                return park::poll_budget(cx).map(|()| None);
            }
            self.place = Some(state.putters.join(cx.waker().clone(), operation.is_heard()));
        }
        drop(state);
        if has_room {
            // There is some for it, once those have run who came first.
            self.shared.wake_waiters();
        }
        park::wait_on(Command::QueuePut(self.shared.info.clone()));
        Poll::Pending
    }
}

impl<T> Future for Put<'_, T> {
    type Output = Result<(), PutError<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let polled = this.poll_turn(cx);
        if polled.is_pending()
            && let Some(operation) = &mut this.operation
        {
            operation.park();
        }
        let ready_time = ready!(polled);
        let (Some(item), Some(operation)) = (this.item.take(), this.operation.take()) else {
            panic!("a put was polled after it had ended");
        };
        if this.shared.is_closed() {
            return Poll::Ready(Err(PutError(item)));
        }
        this.shared.put_now(item, operation, ready_time);
        Poll::Ready(Ok(()))
    }
}

impl<T> Drop for Put<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            let _left = self.shared.state.borrow_mut().putters.remove(place);
            self.shared.wake_waiters();
        }
    }
}

impl<T> fmt::Debug for Put<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put").finish_non_exhaustive()
    }
}
