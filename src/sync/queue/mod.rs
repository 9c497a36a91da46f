//! Queues between tasks.

mod distinct;
mod error;
mod get;
mod put;
mod set;
mod state;

pub use error::{Closed, PutError, TryGetError, TryPutError};
pub use get::{Get, Peek, UntilEmpty};
pub use put::Put;
pub use set::AsyncSetQueue;

use futures_core::Stream;
use get::GetState;
use state::Shared;
use std::cell::RefCell;
use std::fmt;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A queue between the tasks of a loop: first in, first out, and first come, first served.
///
/// Clones are handles on the same queue. A bounded queue makes who puts wait while it is full;
/// who gets waits while it is empty. A task that is cancelled while it waits loses no item.
///
/// Instruments see each item that is put or got. The items of [`bounded`](Self::bounded) and
/// [`unbounded`](Self::unbounded) are shown to them by `Debug`; items that cannot or must not be
/// shown go into [`opaque_bounded`](Self::opaque_bounded) and
/// [`opaque_unbounded`](Self::opaque_unbounded).
///
/// ```
/// use loopscope::event_loop::{EventLoop, spawn};
/// use loopscope::sync::AsyncQueue;
///
/// EventLoop::new()?.run_until_complete(async {
///     let queue = AsyncQueue::bounded(1).named("numbers");
///     let numbers = queue.clone();
///     let producer = spawn(async move {
///         for number in 1..=3 {
///             numbers.put(number).await.expect("the queue is open");
///         }
///         numbers.close();
///     });
///     let mut sum = 0;
///     while let Ok(number) = queue.get().await {
///         sum += number;
///     }
///     assert_eq!(sum, 6);
///     producer.await.unwrap();
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct AsyncQueue<T> {
    shared: Rc<Shared<T>>,
    /// The get that this handle has under way as a `Stream`.
    next: RefCell<GetState>,
}

impl<T: fmt::Debug> AsyncQueue<T> {
    /// A queue that holds at most `capacity` items.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero.
    pub fn bounded(capacity: usize) -> Self {
        Self::new(Some(capacity), |item, f| item.fmt(f))
    }

    /// A queue that holds any number of items.
    pub fn unbounded() -> Self {
        Self::new(None, |item, f| item.fmt(f))
    }
}

impl<T> AsyncQueue<T> {
    /// A queue that holds at most `capacity` items, which instruments do not see.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero.
    pub fn opaque_bounded(capacity: usize) -> Self {
        Self::new(Some(capacity), |_, f| f.write_str("<opaque>"))
    }

    /// A queue that holds any number of items, which instruments do not see.
    pub fn opaque_unbounded() -> Self {
        Self::new(None, |_, f| f.write_str("<opaque>"))
    }

    fn new(capacity: Option<usize>, show: state::Show<T>) -> Self {
        let capacity = capacity.map(|capacity| match NonZeroUsize::new(capacity) {
            Some(capacity) => capacity,
            None => panic!("a queue needs room for one item at least"),
        });
        Self {
            shared: Rc::new(Shared::new(capacity, show)),
            next: RefCell::default(),
        }
    }

    /// Names the queue for telemetry; the first name stays. Take it from a small fixed set.
    pub fn named(self, name: impl Into<Rc<str>>) -> Self {
        self.shared.info.set_name(name);
        self
    }

    /// Puts an item in, waiting while the queue is full.
    ///
    /// Dropped before it is complete, the future has not put the item in.
    ///
    /// # Errors
    ///
    /// [`PutError`], with the item, where the queue is closed or gets closed meanwhile.
    pub fn put(&self, item: T) -> Put<'_, T> {
        Put::new(&self.shared, item)
    }

    /// Puts an item in if there is room and no task in line for it.
    ///
    /// # Errors
    ///
    /// [`TryPutError`], with the item, where the queue is full or closed.
    pub fn try_put(&self, item: T) -> Result<(), TryPutError<T>> {
        self.shared.try_put(item)
    }

    /// Takes the first item out, waiting while the queue is empty.
    ///
    /// Dropped before it is complete, the future has taken nothing.
    ///
    /// # Errors
    ///
    /// [`Closed`] where the queue is closed and empty.
    pub fn get(&self) -> Get<'_, T> {
        self.give_up_next();
        Get::new(&self.shared)
    }

    /// Takes the first item out if there is one that is not promised to a task in line.
    ///
    /// # Errors
    ///
    /// [`TryGetError`] where the queue is empty, or closed and empty.
    pub fn try_get(&self) -> Result<T, TryGetError> {
        self.give_up_next();
        self.shared.try_get()
    }

    /// A copy of the first item, which stays in, waiting while the queue is empty.
    ///
    /// # Errors
    ///
    /// [`Closed`] where the queue is closed and empty.
    pub fn peek(&self) -> Peek<'_, T>
    where
        T: Clone,
    {
        self.give_up_next();
        Peek::new(&self.shared)
    }

    /// The items that are in the queue, one after the other; when there are no more the queue is
    /// closed.
    pub fn until_empty(&self) -> UntilEmpty<'_, T> {
        UntilEmpty::new(self)
    }

    /// Leaves the line where this handle waits in it as a `Stream`: who takes items through it by
    /// another way does not wait for the stream's next any more, and must not wait behind it.
    fn give_up_next(&self) {
        if self.next.borrow().waits() {
            self.next.take().give_up(&self.shared);
        }
    }

    fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("name", &self.shared.info.name())
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }

    /// Closes the queue: nothing more is put in, what is in can still be taken out. Tasks that
    /// wait for it are resumed with an error.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether the queue was closed.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// How many items it holds.
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether it holds no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items it holds at most; none where it is unbounded.
    pub fn capacity(&self) -> Option<usize> {
        self.shared.info.capacity()
    }
}

impl<T> Clone for AsyncQueue<T> {
    /// Another handle on the same queue.
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            next: RefCell::default(),
        }
    }
}

impl<T> Drop for AsyncQueue<T> {
    fn drop(&mut self) {
        self.give_up_next();
    }
}

impl<T> fmt::Debug for AsyncQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as("AsyncQueue", f)
    }
}

/// The items, waiting for each, until the queue is closed and empty.
///
/// A stream that waited is in line until its next item has come, also while nobody polls it: then
/// the item that it was promised stays with it. Drop the handle, or take items through it by
/// another way, to leave the line.
impl<T> Stream for AsyncQueue<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        this.next.get_mut().poll(&this.shared, cx).map(Result::ok)
    }
}
