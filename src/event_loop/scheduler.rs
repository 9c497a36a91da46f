//! Who runs next: the loop's own queue, and the one through which other threads reach it.

use super::core::with_current;
use super::wake::{self, LastWake};
use crate::clock::Timestamp;
use crate::instrument::Resumption;
use crate::instrument::hooks::Wake;
use async_task::{Runnable, ScheduleInfo};
use concurrent_queue::ConcurrentQueue;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task;

/// What a task carries that any thread may touch.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) shared: Arc<Shared>,
    /// The task's place in the loop's table of tasks.
    pub(super) key: usize,
    pub(super) last_wake: LastWake,
}

/// Something that is ready to run.
pub(super) enum Ready {
    Task(Runnable<Header>),
    /// The future that the loop runs until it is complete.
    Main(Arc<MainWaker>),
}

impl Ready {
    /// The task's place in the loop's table of tasks.
    pub(super) fn key(&self) -> usize {
        match self {
            Self::Task(runnable) => runnable.metadata().key,
            Self::Main(main) => main.key,
        }
    }
}

/// What other threads hand to a loop.
pub(super) enum Injected {
    Ready(Ready),
    Call(Box<dyn FnOnce() + Send>),
}

/// The part of a loop that other threads see.
pub(super) struct Shared {
    injected: ConcurrentQueue<Injected>,
    waker: mio::Waker,
    /// The loop was told of what is in the queue.
    notified: AtomicBool,
    /// Somebody listens, or has listened, to a task of the loop.
    pub(super) heard: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
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
    fn is_heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    /// Refuses whatever comes from now on.
    pub(super) fn close(&self) {
        self.injected.close();
    }
}

/// Schedules a task that was woken, on whatever thread that was.
pub(super) fn schedule(runnable: Runnable<Header>, info: ScheduleInfo) {
    let (reason, at) = if info.woken_while_running {
        (wake::take_own_reason(), None)
    } else {
        wake::reason()
    };
    let mut unscheduled = Some(runnable);
    with_current(|core| {
        let runnable = unscheduled.take_if(|it| Arc::ptr_eq(&core.shared, &it.metadata().shared));
        if let Some(runnable) = runnable {
            let header = runnable.metadata();
            stamp(&header.last_wake, reason, at, core.is_heard(header.key));
            core.push(Ready::Task(runnable));
        }
    });
    let Some(runnable) = unscheduled else { return };
    let header = runnable.metadata();
    stamp(&header.last_wake, reason, at, header.shared.is_heard());
    let shared = header.shared.clone();
    if let Err(injected) = shared.inject(Injected::Ready(Ready::Task(runnable))) {
        // The loop is gone and has ended all its tasks, so nothing is left to run. Dropping a
        // runnable on a thread that is not its loop's would abort the process.
        std::mem::forget(injected);
    }
}

/// Wakes the future that the loop runs until it is complete.
pub(super) struct MainWaker {
    shared: Arc<Shared>,
    /// The main task's place in the loop's table of tasks.
    pub(super) key: usize,
    pub(super) last_wake: LastWake,
    /// It is in a queue already.
    pub(super) scheduled: AtomicBool,
}

impl MainWaker {
    /// The waker of a main task that was spawned, and is in the loop's queue from then on.
    pub(super) fn new(shared: Arc<Shared>, key: usize, spawn_time: Option<Timestamp>) -> Arc<Self> {
        let last_wake = LastWake::new(Wake::Send(Resumption::Started), spawn_time);
        let scheduled = AtomicBool::new(true);
        Arc::new(Self {
            shared,
            key,
            last_wake,
            scheduled,
        })
    }
}

impl task::Wake for MainWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.scheduled.swap(true, Ordering::AcqRel) {
            return;
        }
        let (reason, at) = wake::reason();
        let own = wake::take_own_reason();
        let reason = if reason == wake::FOREIGN { own } else { reason };
        let here = with_current(|core| {
            let here = Arc::ptr_eq(&core.shared, &self.shared);
            if here {
                stamp(&self.last_wake, reason, at, core.is_heard(self.key));
                core.push(Ready::Main(self.clone()));
            }
            here
        });
        if here != Some(true) {
            stamp(&self.last_wake, reason, at, self.shared.is_heard());
            // Where the loop is gone, so is its main future.
            let _ = self
                .shared
                .inject(Injected::Ready(Ready::Main(self.clone())));
        }
    }
}

/// Notes why and, where somebody listens, when a task was woken.
#[inline]
fn stamp(last_wake: &LastWake, reason: Wake, at: Option<Timestamp>, heard: bool) {
    last_wake.set(reason, at.or_else(|| heard.then(Timestamp::now)));
}
