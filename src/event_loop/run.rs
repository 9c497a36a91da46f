//! Turning the loop.

use super::core::{self, Core};
use super::scheduler::{Injected, MainWaker, Ready};
use super::spawn::{TaskBuilder, infallible, output_or_panic};
use super::task::{self, TaskFuture};
use super::wake;
use crate::clock::Timestamp;
use crate::instrument::hooks::{self, Wake};
use crate::instrument::{Resumption, TaskException};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// So many tasks run between two looks at the sockets and timers: with more, those who wait for a
/// socket wait for all who are busy; with less, looking costs more than it finds.
const TASKS_A_TURN: usize = 32;

/// Runs `future` and the loop's tasks until it is complete; none where the loop was stopped.
pub(super) fn until_complete<F: Future>(core: &Rc<Core>, future: F) -> Option<F::Output> {
    let _running = Running::enter(core);
    let described = TaskBuilder::new().describe();
    let info = described.info.clone();
    let mut main = None;
    core.insert_task(info.clone(), |key| {
        let shared = core.shared.clone();
        Waker::from(
            main.insert(MainWaker::new(shared, key, info.spawn_time()))
                .clone(),
        )
    });
    let Some(main) = main else {
        unreachable!("made just above")
    };
    let (key, waker) = (main.key, Waker::from(main.clone()));
    let stack = described.stack.clone();
    let future = TaskFuture::new(future, infallible, info, key, core.clone(), stack);
    let mut future = pin!(future);
    described.report();
    core.push(Ready::Main(main.clone()));
    let mut turns = Turns::begin(core);
    let mut poll_main = |woken: &Arc<MainWaker>| {
        // The waker of a main future that an earlier run has ended may still be about.
        if !Arc::ptr_eq(woken, &main) {
            return Poll::Pending;
        }
        main.scheduled.store(false, Ordering::Release);
        task::set_woken(main.last_wake.get());
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        wake::clear_end_reason();
        polled
    };
    loop {
        if let Some(Poll::Ready(result)) = turns.turn(&mut poll_main) {
            return output_or_panic(result);
        }
        if core.stopped.take() {
            return None;
        }
        turns.wait();
    }
}

/// Runs the loop's tasks until none is left; false where the loop was stopped.
pub(super) fn until_idle(core: &Rc<Core>) -> bool {
    let _running = Running::enter(core);
    let mut turns = Turns::begin(core);
    loop {
        turns.turn(|_| Poll::<()>::Pending);
        if core.task_count() == 0 {
            return true;
        }
        if core.stopped.take() {
            return false;
        }
        turns.wait();
    }
}

/// Ends the loop for good: cancels its tasks and refuses what comes from other threads.
pub(super) fn close(core: &Rc<Core>) {
    // The thread may be unwinding, or inside of another loop's task: tasks are ended all the same.
    let outer = core::swap_current(Some(core.clone()));
    while core.task_count() > 0 {
        core.stopped.set(false);
        for key in core.task_keys() {
            core.cancel_task(key, |_| true);
        }
        // A task that another thread is waking right now comes by that thread's hand, in a moment.
        while let Some(injected) = core.shared.next_injected() {
            if let Injected::Ready(ready) = injected {
                core.push(ready);
            }
        }
        // Those that are ready now: what their destructors spawn is cancelled before it runs.
        run_ready(core, core.ready_count(), |_| Poll::<()>::Pending);
        std::thread::yield_now();
    }
    // Only now, when no task is left to be woken: one that was refused would never end.
    core.shared.close();
    while core.shared.next_injected().is_some() {}
    core::swap_current(outer);
}

/// While it lives, the loop is the one that runs on this thread.
struct Running;

impl Running {
    fn enter(core: &Rc<Core>) -> Self {
        assert!(
            core::current().is_none(),
            "an event loop cannot run inside of another on the same thread: await the future, \
             or run the other loop on a thread of its own"
        );
        core::swap_current(Some(core.clone()));
        // A stop concerns the run in which it arrives.
        core.stopped.set(false);
        core.stop.reset();
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        core::swap_current(None);
    }
}

/// The turns of one run, with what is told of them.
struct Turns<'a> {
    core: &'a Core,
    /// Since when the loop is busy, where somebody listens.
    active_since: Option<Timestamp>,
    /// Turns since the loop slept.
    sleepless: u32,
}

/// A loop that has always something to do reports its work at least so often, in turns and in
/// time: as a sleep of no length.
const SLEEPLESS_TURNS: u32 = 64;
const SLEEPLESS_TIME: Duration = Duration::from_millis(100);

impl<'a> Turns<'a> {
    fn begin(core: &'a Core) -> Self {
        Self {
            core,
            active_since: hooks::loop_start(),
            sleepless: 0,
        }
    }

    /// Runs what is ready and returns the main future's result if that is complete.
    fn turn<T>(&self, poll_main: impl FnMut(&Arc<MainWaker>) -> Poll<T>) -> Option<Poll<T>> {
        self.core.take_injected();
        run_ready(self.core, TASKS_A_TURN, poll_main)
    }

    /// Sees which sockets are ready and which timers are due, and sleeps if there is nothing else.
    fn wait(&mut self) {
        let core = self.core;
        let timeout = if core.has_ready() {
            Some(Duration::ZERO)
        } else {
            time_left(core)
        };
        let sleeps = timeout != Some(Duration::ZERO);
        let active_since = self.active_since;
        let reported = active_since.filter(|since| sleeps || self.is_overdue(*since));
        let parked = reported.and_then(|since| hooks::loop_park(&core.info, since, timeout, false));
        let events = match core.reactor.wait(timeout) {
            Ok(events) => events,
            // The poller's own descriptor is broken: nothing could ever wake the loop again.
            Err(error) => panic!("the system's poller failed: {error}"),
        };
        if let Some(park_time) = parked {
            self.active_since = hooks::loop_unpark(&core.info, park_time, events);
        }
        #[cfg(any(test, feature = "testing"))]
        advance_manual_clock(core, events);
        core.reactor.dispatch();
        fire_timers(core);
    }

    /// Whether a loop that is busy `since` then has not reported its work for long.
    fn is_overdue(&mut self, since: Timestamp) -> bool {
        self.sleepless += 1;
        if self.sleepless < SLEEPLESS_TURNS {
            return false;
        }
        self.sleepless = 0;
        Timestamp::now() - since >= SLEEPLESS_TIME
    }
}

impl Drop for Turns<'_> {
    fn drop(&mut self) {
        if let Some(since) = self.active_since {
            hooks::loop_park(&self.core.info, since, None, true);
        }
    }
}

/// Runs at most `limit` tasks of those that are ready; none after the one that stops the loop.
fn run_ready<T>(
    core: &Core,
    limit: usize,
    mut poll_main: impl FnMut(&Arc<MainWaker>) -> Poll<T>,
) -> Option<Poll<T>> {
    for _ in 0..limit {
        if core.stopped.get() {
            return None;
        }
        match core.pop()? {
            Ready::Task(runnable) => {
                task::set_woken(runnable.metadata().last_wake.get());
                runnable.run();
                wake::clear_end_reason();
            }
            Ready::Main(woken) => {
                let polled = poll_main(&woken);
                if polled.is_ready() {
                    return Some(polled);
                }
            }
        }
    }
    None
}

/// How long the loop may sleep; none without a timer.
fn time_left(core: &Core) -> Option<Duration> {
    let deadline = core.timers.borrow().next_deadline()?;
    #[cfg(any(test, feature = "testing"))]
    if crate::clock::is_manual() {
        return Some(Duration::ZERO);
    }
    let left = deadline - Timestamp::now();
    // The system sleeps in whole milliseconds; mio rounds up, so that no timer is early.
    Some(left)
}

/// Moves a manual clock to the next deadline where the loop would sleep until then: no task is
/// ready, and no socket either.
#[cfg(any(test, feature = "testing"))]
fn advance_manual_clock(core: &Core, events: usize) {
    let deadline = core.timers.borrow().next_deadline();
    if let Some(deadline) = deadline.filter(|_| events == 0 && !core.has_ready()) {
        crate::clock::auto_advance(deadline);
    }
}

fn fire_timers(core: &Core) {
    if core.timers.borrow().next_deadline().is_none() {
        return;
    }
    let now = Timestamp::now();
    loop {
        let Some((deadline, alarm)) = core.timers.borrow_mut().fire_next(now) else {
            return;
        };
        if let Some(heard) = &alarm.heard {
            heard.fired(deadline, now);
        }
        let reason = if alarm.is_limit {
            Wake::Throw(TaskException::TimedOut)
        } else {
            Wake::Send(Resumption::TimerFired)
        };
        wake::because(reason, Some(now), || alarm.waker.wake());
    }
}
