//! What the handles of a queue share.

use super::distinct::Distinct;
use super::error::{TryGetError, TryPutError};
use crate::clock::Timestamp;
use crate::event_loop::wake;
use crate::instrument::hooks::{QueueOperation, Wake};
use crate::instrument::{QueueInfo, Resumption, TaskException};
use crate::sync::wait_list::{WaitKey, WaitList};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::task::Waker;

/// How items are shown to instruments.
pub(super) type Show<T> = fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result;

pub(super) struct Shared<T> {
    pub(super) info: Rc<QueueInfo>,
    show: Show<T>,
    pub(super) state: RefCell<State<T>>,
}

/// Items in the queue, and who waits for them or for room.
///
/// A waiter that was notified is promised an item, or room for one: those who come later leave it.
pub(super) struct State<T> {
    pub(super) items: VecDeque<T>,
    /// Where no item may be queued twice.
    pub(super) distinct: Option<Distinct<T>>,
    capacity: Option<NonZeroUsize>,
    pub(super) getters: WaitList,
    pub(super) putters: WaitList,
    /// Room taken by items that are about to be put in.
    reserved: usize,
    pub(super) closed: bool,
}

impl<T> State<T> {
    /// Whether somebody is in line, for an item or for room.
    #[inline]
    fn is_awaited(&self) -> bool {
        self.getters.is_waiting() || self.putters.is_waiting()
    }

    /// Whether there is an item that is promised to nobody.
    pub(super) fn has_item(&self) -> bool {
        self.items.len() > self.getters.notified()
    }

    /// Whether there is room that is promised to nobody.
    pub(super) fn has_room(&self) -> bool {
        let taken = self.items.len() + self.reserved + self.putters.notified();
        self.capacity.is_none_or(|capacity| taken < capacity.get())
    }

    /// Whether the queue takes no other item that equals this one, and has it, or soon has.
    pub(super) fn has_equal(&self, item: &T) -> bool {
        self.distinct
            .as_ref()
            .is_some_and(|distinct| distinct.contains(item))
    }

    /// Whether the item can be put in now: there is room and nobody comes first, or no need of it.
    pub(super) fn takes(&self, item: &T) -> bool {
        (self.has_room() && self.putters.notified() == 0) || self.has_equal(item)
    }

    /// Notes that the item is about to be put in; false where it is not to be there twice.
    fn admit(&mut self, item: &T) -> bool {
        let Some(distinct) = &mut self.distinct else {
            return true;
        };
        let is_new = !distinct.contains(item);
        if is_new {
            distinct.insert(item);
        }
        is_new
    }

    /// The next who can be promised something, or whom the closing of the queue concerns.
    fn next_to_wake(&mut self) -> Option<(Waker, Option<Timestamp>, Wake)> {
        let ready = Wake::Send(Resumption::QueueReady);
        let closed = Wake::Throw(TaskException::QueueClosed);
        let (notified, reason) = if self.getters.is_waiting() && self.has_item() {
            (self.getters.notify_first(), ready)
        } else if self.putters.is_waiting() && self.closed {
            (self.putters.notify_first(), closed)
        } else if self.getters.is_waiting() && self.closed {
            (self.getters.notify_first(), closed)
        } else if self.putters.is_waiting() && self.has_room() {
            (self.putters.notify_first(), ready)
        } else {
            return None;
        };
        notified.map(|(waker, at)| (waker, at, reason))
    }
}

impl<T> Shared<T> {
    pub(super) fn new(capacity: Option<NonZeroUsize>, show: Show<T>) -> Self {
        let info = QueueInfo::new(None, capacity.map(NonZeroUsize::get));
        let state = State {
            items: VecDeque::new(),
            distinct: None,
            capacity,
            getters: WaitList::default(),
            putters: WaitList::default(),
            reserved: 0,
            closed: false,
        };
        Self {
            info: Rc::new(info),
            show,
            state: RefCell::new(state),
        }
    }

    pub(super) fn try_put(&self, item: T) -> Result<(), TryPutError<T>> {
        if self.is_closed() {
            return Err(TryPutError::Closed(item));
        }
        if !self.state.borrow().takes(&item) {
            return Err(TryPutError::Full(item));
        }
        self.put_now(item, QueueOperation::start(), None);
        Ok(())
    }

    pub(super) fn try_get(&self) -> Result<T, TryGetError> {
        let turn = {
            let state = self.state.borrow();
            // The items before this one are promised.
            state.has_item().then(|| Turn::at(state.getters.notified()))
        };
        if let Some(turn) = turn {
            let operation = QueueOperation::start();
            if let Some(item) = self.get_now(operation, turn) {
                return Ok(item);
            }
        }
        Err(if self.is_closed() {
            TryGetError::Closed
        } else {
            TryGetError::Empty
        })
    }

    /// Puts an item into room that is there, unless it is not to be there twice. The hook comes
    /// first, while the item is at hand, and the room is reserved meanwhile: a hook may use the
    /// queue.
    pub(super) fn put_now(
        &self,
        item: T,
        operation: QueueOperation,
        ready_time: Option<Timestamp>,
    ) {
        let mut state = self.state.borrow_mut();
        if !state.admit(&item) {
            drop(state);
            // The room, if this one was promised some, is the next one's.
            return self.wake_waiters();
        }
        if operation.is_heard() {
            state.reserved += 1;
            let len = state.items.len() + 1;
            drop(state);
            let shown = Shown {
                item: &item,
                show: self.show,
            };
            operation.put(&self.info, &shown, len, ready_time);
            state = self.state.borrow_mut();
            state.reserved -= 1;
        }
        state.items.push_back(item);
        let is_awaited = state.is_awaited();
        drop(state);
        if is_awaited {
            self.wake_waiters();
        }
    }

    /// Takes the item out whose turn it is; none where the queue was closed before there was one.
    pub(super) fn get_now(&self, operation: QueueOperation, turn: Turn) -> Option<T> {
        let (item, len, is_awaited, _copy) = {
            let state = &mut *self.state.borrow_mut();
            let item = match turn.index {
                0 => state.items.pop_front(),
                index => state.items.remove(index),
            }?;
            let copy = state.distinct.as_mut().and_then(|it| it.take(&item));
            (item, state.items.len(), state.is_awaited(), copy)
        };
        if is_awaited {
            self.wake_waiters();
        }
        if !operation.is_heard() {
            return Some(item);
        }
        operation.got(
            &self.info,
            &Shown {
                item: &item,
                show: self.show,
            },
            len,
            turn.ready_time,
        );
        Some(item)
    }

    /// Keeps the promises that can be made now; called after each change, without a borrow.
    pub(super) fn wake_waiters(&self) {
        loop {
            let Some((waker, at, reason)) = self.state.borrow_mut().next_to_wake() else {
                return;
            };
            wake::because(reason, at, || waker.wake());
        }
    }

    pub(super) fn close(&self) {
        self.state.borrow_mut().closed = true;
        self.wake_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.borrow().closed
    }

    pub(super) fn len(&self) -> usize {
        self.state.borrow().items.len()
    }
}

/// A getter's turn.
pub(super) struct Turn {
    /// Which item is its own: those before it are promised to others.
    pub(super) index: usize,
    /// Since when it has been its turn, where it had to wait and somebody wants to know.
    ready_time: Option<Timestamp>,
}

impl Turn {
    /// The turn of one that did not wait.
    pub(super) fn at(index: usize) -> Self {
        Self {
            index,
            ready_time: None,
        }
    }
}

impl<T> State<T> {
    /// The turn of a getter in line, which leaves the line, if it has come.
    pub(super) fn take_turn(&mut self, place: WaitKey) -> Option<Turn> {
        self.getters.is_notified(place).then(|| Turn {
            index: self.getters.rank(place),
            ready_time: self.getters.remove(place).notify_time,
        })
    }
}

/// An item as instruments see it.
struct Shown<'a, T> {
    item: &'a T,
    show: Show<T>,
}

impl<T> fmt::Debug for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.show)(self.item, f)
    }
}
