//! What other threads have to do with a loop.

use super::waker::TaskWaker;
use crate::clock::Timestamp;
use crate::instrument::hooks::Wake;
use concurrent_queue::ConcurrentQueue;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What other threads hand to a loop.
pub(super) enum Injected {
    /// A task is woken.
    Wake {
        waker: Arc<TaskWaker>,
        reason: Wake,
        at: Option<Timestamp>,
    },
    Call(Box<dyn FnOnce() + Send>),
}

/// The part of a loop that other threads see.
pub(super) struct Shared {
    injected: ConcurrentQueue<Injected>,
    waker: mio::Waker,
    /// The loop was told of what is in the queue.
    notified: AtomicBool,
    /// Somebody listens, or has listened, to a task of the loop.
    heard: AtomicBool,
}

impl Shared {
    pub(super) fn new(waker: mio::Waker) -> Self {
        Self {
            injected: ConcurrentQueue::unbounded(),
            waker,
            notified: AtomicBool::new(false),
            heard: AtomicBool::new(false),
        }
    }

    /// Hands something to the loop, or back to the caller where the loop is gone.
    pub(super) fn inject(&self, injected: Injected) -> Result<(), Injected> {
        self.injected
            .push(injected)
            .map_err(concurrent_queue::PushError::into_inner)?;
        self.notify();
        Ok(())
    }

    /// Wakes the loop. A wake that is under way serves for this one.
    pub(super) fn notify(&self) {
        if !self.notified.swap(true, Ordering::SeqCst)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(target: "loopscope::loop", %error, "the loop could not be woken");
        }
    }

    /// Whether the loop was told of something since this was asked last.
    pub(super) fn take_notified(&self) -> bool {
        self.notified.load(Ordering::Relaxed) && self.notified.swap(false, Ordering::SeqCst)
    }

    pub(super) fn next_injected(&self) -> Option<Injected> {
        self.injected.pop().ok()
    }

    /// Whether somebody listens, or has listened, to a task of the loop.
    pub(super) fn is_heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    /// Notes that somebody listens to a task of the loop.
    pub(super) fn set_heard(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    /// Refuses whatever comes from now on.
    pub(super) fn close(&self) {
        self.injected.close();
    }
}
