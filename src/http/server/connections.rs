//! The connections of a server: how many there are, and that they are to end.

use crate::sync::Event;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// What a server keeps of its connections. Dropped, it has them end.
pub(super) struct Connections {
    shared: Rc<Shared>,
}

struct Shared {
    count: Cell<usize>,
    /// The server, where it waits for one to end.
    waits: RefCell<Option<Waker>>,
    stop: Event,
}

impl Connections {
    pub(super) fn new() -> Self {
        Self {
            shared: Rc::new(Shared {
                count: Cell::new(0),
                waits: RefCell::new(None),
                stop: Event::new().named("http server stops"),
            }),
        }
    }

    /// Counts one more, until what is returned is dropped.
    pub(super) fn join(&self) -> Member {
        self.shared.count.set(self.shared.count.get() + 1);
        Member {
            shared: self.shared.clone(),
        }
    }

    /// Waits until there are fewer than `limit`.
    pub(super) async fn until_fewer_than(&self, limit: usize) {
        poll_fn(|cx| {
            if self.shared.count.get() < limit {
                return Poll::Ready(());
            }
            let _old = self.shared.waits.replace(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// Has all of them end when they are idle.
    pub(super) fn stop(&self) {
        self.shared.stop.set();
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A connection's place among the others.
pub(super) struct Member {
    shared: Rc<Shared>,
}

impl Member {
    /// Set when the connection is to end.
    pub(super) fn stop(&self) -> &Event {
        &self.shared.stop
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.shared.count.set(self.shared.count.get() - 1);
        let waiting = self.shared.waits.take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}
