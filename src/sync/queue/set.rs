//! Queues of items that are not there already.

use super::AsyncQueue;
use super::distinct::Distinct;
use futures_core::Stream;
use std::fmt;
use std::hash::Hash;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// An [`AsyncQueue`] in which no item is twice: one that is put in while an equal one is in the
/// queue is dropped, and the put succeeds.
///
/// It is a handle on such a queue with all methods of [`AsyncQueue`]; a put that changes nothing
/// needs no room, and instruments hear nothing of it. A put that waits for room looks again when
/// its turn has come. An item that was taken out may be put in again.
///
/// Items are kept twice, one of the two a clone; put those that are expensive to clone into an
/// [`Rc`].
///
/// ```
/// use loopscope::event_loop::EventLoop;
/// use loopscope::sync::AsyncSetQueue;
///
/// EventLoop::new()?.run_until_complete(async {
///     let stale = AsyncSetQueue::unbounded().named("stale");
///     for page in ["index", "about", "index"] {
///         stale.put(page).await.expect("the queue is open");
///     }
///     assert!(stale.contains(&"index"));
///     assert_eq!(stale.get().await, Ok("index"));
///     assert_eq!(stale.get().await, Ok("about"));
///     assert!(stale.is_empty());
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct AsyncSetQueue<T> {
    queue: AsyncQueue<T>,
}

impl<T: Clone + Eq + Hash + fmt::Debug> AsyncSetQueue<T> {
    /// A queue that holds at most `capacity` items.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero.
    pub fn bounded(capacity: usize) -> Self {
        Self::over(AsyncQueue::bounded(capacity))
    }

    /// A queue that holds any number of items.
    pub fn unbounded() -> Self {
        Self::over(AsyncQueue::unbounded())
    }
}

impl<T: Clone + Eq + Hash> AsyncSetQueue<T> {
    /// A queue that holds at most `capacity` items, which instruments do not see.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero.
    pub fn opaque_bounded(capacity: usize) -> Self {
        Self::over(AsyncQueue::opaque_bounded(capacity))
    }

    /// A queue that holds any number of items, which instruments do not see.
    pub fn opaque_unbounded() -> Self {
        Self::over(AsyncQueue::opaque_unbounded())
    }

    fn over(queue: AsyncQueue<T>) -> Self {
        queue.shared.state.borrow_mut().distinct = Some(Distinct::new());
        Self { queue }
    }
}

impl<T> AsyncSetQueue<T> {
    /// Names the queue for telemetry; the first name stays. Take it from a small fixed set.
    pub fn named(self, name: impl Into<Rc<str>>) -> Self {
        Self {
            queue: self.queue.named(name),
        }
    }

    /// Whether an item that equals this one is in the queue.
    pub fn contains(&self, item: &T) -> bool {
        self.queue.shared.state.borrow().has_equal(item)
    }
}

impl<T> Deref for AsyncSetQueue<T> {
    type Target = AsyncQueue<T>;

    /// The queue, for functions that take any; through it, too, no item is put in twice.
    fn deref(&self) -> &AsyncQueue<T> {
        &self.queue
    }
}

impl<T> Clone for AsyncSetQueue<T> {
    /// Another handle on the same queue.
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<T> fmt::Debug for AsyncSetQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.queue.fmt_as("AsyncSetQueue", f)
    }
}

/// The items, as those of an [`AsyncQueue`].
impl<T> Stream for AsyncSetQueue<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.queue).poll_next(cx)
    }
}
