//! Taking items out.

use super::AsyncQueue;
use super::error::Closed;
use super::state::{Shared, Turn};
use crate::event_loop::park;
use crate::instrument::Command;
use crate::instrument::hooks::QueueOperation;
use crate::sync::wait_list::WaitKey;
use futures_core::Stream;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A get under way, apart from the queue that it is made of.
#[derive(Default)]
pub(super) struct GetState {
    operation: Option<QueueOperation>,
    place: Option<WaitKey>,
}

impl GetState {
    pub(super) fn poll<T>(
        &mut self,
        shared: &Shared<T>,
        cx: &Context<'_>,
    ) -> Poll<Result<T, Closed>> {
        let mut operation = self.operation.take().unwrap_or_else(QueueOperation::start);
        if let Poll::Ready(found) = self.poll_turn(shared, &operation, cx) {
            return Poll::Ready(
                found.and_then(|turn| shared.get_now(operation, turn).ok_or(Closed)),
            );
        }
        operation.park();
        self.operation = Some(operation);
        Poll::Pending
    }

    /// Waits until an item is there for this one.
    fn poll_turn<T>(
        &mut self,
        shared: &Shared<T>,
        operation: &QueueOperation,
        cx: &Context<'_>,
    ) -> Poll<Result<Turn, Closed>> {
        let _old_waker;
        let mut state = shared.state.borrow_mut();
        let has_item = state.has_item();
        if let Some(place) = self.place {
            if let Some(turn) = state.take_turn(place) {
                self.place = None;
                return Poll::Ready(Ok(turn));
            }
            _old_waker = state.getters.set_waker(place, cx.waker());
        } else {
            if has_item && state.getters.notified() == 0 {
                drop(state);
                return park::poll_budget(cx).map(|()| Ok(Turn::at(0)));
            }
            if state.closed && !has_item {
                return Poll::Ready(Err(Closed));
            }
            self.place = Some(state.getters.join(cx.waker().clone(), operation.is_heard()));
        }
        drop(state);
        if has_item {
            // There is one for it, once those have run who came first.
            shared.wake_waiters();
        }
        park::wait_on(Command::QueueGet(shared.info.clone()));
        Poll::Pending
    }

    /// Whether it is in line.
    pub(super) fn waits(&self) -> bool {
        self.place.is_some()
    }

    /// Leaves the line; what was promised goes to the next in it.
    pub(super) fn give_up<T>(&mut self, shared: &Shared<T>) {
        if let Some(place) = self.place.take() {
            let _left = shared.state.borrow_mut().getters.remove(place);
            shared.wake_waiters();
        }
    }
}

/// The future of [`AsyncQueue::get`].
#[must_use = "futures do nothing unless awaited"]
pub struct Get<'a, T> {
    shared: &'a Shared<T>,
    state: GetState,
}

impl<'a, T> Get<'a, T> {
    pub(super) fn new(shared: &'a Shared<T>) -> Self {
        Self {
            shared,
            state: GetState::default(),
        }
    }
}

impl<T> Future for Get<'_, T> {
    type Output = Result<T, Closed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.state.poll(this.shared, cx)
    }
}

impl<T> Drop for Get<'_, T> {
    fn drop(&mut self) {
        self.state.give_up(self.shared);
    }
}

impl<T> fmt::Debug for Get<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").finish_non_exhaustive()
    }
}

/// The future of [`AsyncQueue::peek`].
#[must_use = "futures do nothing unless awaited"]
pub struct Peek<'a, T> {
    get: Get<'a, T>,
}

impl<'a, T> Peek<'a, T> {
    pub(super) fn new(shared: &'a Shared<T>) -> Self {
        Self {
            get: Get::new(shared),
        }
    }
}

impl<T: Clone> Future for Peek<'_, T> {
    type Output = Result<T, Closed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Get { shared, state } = &mut self.get;
        // Nothing is moved, so nobody is told.
        let operation = state
            .operation
            .take()
            .unwrap_or_else(QueueOperation::unheard);
        let found = ready!(state.poll_turn(shared, &operation, cx));
        let peeked = found.and_then(|turn| {
            let state = shared.state.borrow();
            state.items.get(turn.index).cloned().ok_or(Closed)
        });
        // The item that was promised here is the next one's.
        shared.wake_waiters();
        Poll::Ready(peeked)
    }
}

impl<T> fmt::Debug for Peek<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peek").finish_non_exhaustive()
    }
}

/// The stream of [`AsyncQueue::until_empty`].
#[must_use = "streams do nothing unless polled"]
pub struct UntilEmpty<'a, T> {
    queue: &'a AsyncQueue<T>,
}

impl<'a, T> UntilEmpty<'a, T> {
    pub(super) fn new(queue: &'a AsyncQueue<T>) -> Self {
        Self { queue }
    }
}

impl<T> Stream for UntilEmpty<'_, T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(park::poll_budget(cx));
        let item = self.queue.try_get().ok();
        if item.is_none() {
            self.queue.close();
        }
        Poll::Ready(item)
    }
}

impl<T> fmt::Debug for UntilEmpty<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilEmpty")
            .field("queue", self.queue)
            .finish()
    }
}
