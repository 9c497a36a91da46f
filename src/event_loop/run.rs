//! Turning the loop.

use super::core::{self, Core};
use super::poll;
use super::spawn::{TaskBuilder, infallible, output_or_panic};
use super::stage::{Polled, Stage};
use super::task::Task;
use super::wake;
use crate::clock::Timestamp;
use crate::instrument::hooks::{self, Wake};
use crate::instrument::{Resumption, TaskException};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

/// So many tasks run at most between two looks at the sockets and timers: with more, those who wait
/// for a socket wait for all who are busy (beside 20 tasks that are busy for 10 µs each, an echo's
/// p99 was 1.1 ms with 16, 1.6 with 61, 4.9 with 256); with less, looking costs more than it finds.
const TASKS_A_TURN: usize = 64;

/// Runs `future` and the loop's tasks until it is complete; none where the loop was stopped.
pub(super) fn until_complete<F: Future>(core: &Rc<Core>, future: F) -> Option<F::Output> {
    let _running = Running::enter(core);
    let (task, told) = TaskBuilder::new().describe(None);
    let mut stage = pin!(Stage::new(future, infallible));
    let mut main = Main {
        core,
        task: core.add_task(task),
        stage: stage.as_mut(),
    };
    told.report(&main.task);
    core.push(main.task.clone());
    let mut turns = Turns::begin(core);
    while turns.turn(Some(&mut main)) {
        turns.wait();
    }
    drop(turns);
    drop(main);
    output_or_panic(stage.take_result()?)
}

/// Runs the loop's tasks until none is left; false where the loop was stopped.
pub(super) fn until_idle(core: &Rc<Core>) -> bool {
    let _running = Running::enter(core);
    let mut turns = Turns::begin(core);
    loop {
        let goes_on = turns.turn(None);
        if core.task_count() == 0 {
            return true;
        }
        if !goes_on {
            return false;
        }
        turns.wait();
    }
}

/// Ends the loop for good: cancels its tasks and refuses what comes from other threads.
pub(super) fn close(core: &Rc<Core>) {
    // The thread may be unwinding, or inside of another loop's task: tasks are ended all the same.
    let outer = core::swap_current(Some(core.clone()));
    core.shared.close();
    while core.shared.next_injected().is_some() {}
    // What their destructors spawn is cancelled before it runs.
    while core.task_count() > 0 {
        core.stopped.set(false);
        core.tasks().iter().for_each(Task::cancel);
        run_ready(core, core.ready_count(), None);
    }
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

    /// Runs what is ready; false once the main task has ended or the loop is stopped.
    fn turn(&self, main: Option<&mut Main<'_>>) -> bool {
        self.core.take_injected();
        run_ready(self.core, TASKS_A_TURN, main) && !self.core.stopped.take()
    }

    /// Sees which sockets are ready and which timers are due, and sleeps if there is nothing else.
    fn wait(&mut self) {
        let core = self.core;
        // One reading of the clock serves all that happens before the sleep, one all after it.
        let mut now = None;
        let timeout = if core.has_ready() {
            Some(Duration::ZERO)
        } else {
            time_left(core, &mut now)
        };
        let sleeps = timeout != Some(Duration::ZERO);
        let active_since = self.active_since;
        let reported = active_since.filter(|since| sleeps || self.is_overdue(*since));
        let parked = reported.and_then(|since| {
            let park_time = read_once(&mut now);
            hooks::loop_park(&core.info, since, park_time, timeout, false)
        });
        #[cfg(any(test, feature = "testing"))]
        let timeout = patience(core, timeout);
        let events = match core.reactor.wait(timeout) {
            Ok(events) => events,
            // The poller's own descriptor is broken: nothing could ever wake the loop again.
            Err(error) => panic!("the system's poller failed: {error}"),
        };
        now = None;
        if let Some(park_time) = parked {
            self.active_since = hooks::loop_unpark(&core.info, park_time, events);
            now = self.active_since;
        }
        core.reactor.dispatch(core, &mut now);
        #[cfg(any(test, feature = "testing"))]
        if events == 0 {
            advance_clock(core);
            now = None;
        }
        fire_timers(core, &mut now);
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
            hooks::loop_park(&self.core.info, since, Timestamp::now(), None, true);
        }
    }
}

/// Runs at most `limit` tasks of those that are ready; none after the main task has ended, which
/// returns false, or after one that stops the loop.
fn run_ready(core: &Core, limit: usize, mut main: Option<&mut Main<'_>>) -> bool {
    for _ in 0..limit {
        if core.stopped.get() {
            return true;
        }
        let Some(task) = core.pop() else { return true };
        let mut own = task.stage.take();
        let is_main = own.is_none();
        let stage: Pin<&mut dyn Polled> = match (&mut own, &mut main) {
            (Some(stage), _) => stage.as_mut(),
            (None, Some(main)) if Rc::ptr_eq(&main.task, &task) => main.stage.as_mut(),
            // The main task of an earlier run.
            (None, _) => continue,
        };
        let ended = poll::poll(core, &task, stage);
        task.stage.set(own);
        if let Some(reason) = ended {
            poll::let_go(core, task, reason);
            if is_main {
                return false;
            }
        }
    }
    true
}

/// A loop's main task, whose future is its caller's.
struct Main<'a> {
    core: &'a Core,
    task: Rc<Task>,
    stage: Pin<&'a mut (dyn Polled + 'a)>,
}

impl Drop for Main<'_> {
    fn drop(&mut self) {
        // The loop was stopped, or its poller is broken.
        if !self.task.ended.get() {
            poll::cut_off(self.core, &self.task, self.stage.as_mut());
        }
    }
}

/// How long the loop may sleep; none without a timer.
fn time_left(core: &Core, now: &mut Option<Timestamp>) -> Option<Duration> {
    let deadline = core.timers.borrow().next_deadline()?;
    #[cfg(any(test, feature = "testing"))]
    if crate::clock::is_manual() {
        return Some(Duration::ZERO);
    }
    let left = deadline - read_once(now);
    // The system sleeps in whole milliseconds; mio rounds up, so that no timer is early.
    Some(left)
}

/// How long the poller really waits before a manual clock moves: what a socket of this loop has sent
/// may be under way to another, and comes before every timer.
#[cfg(any(test, feature = "testing"))]
fn patience(core: &Core, timeout: Option<Duration>) -> Option<Duration> {
    const UNDER_WAY: Duration = Duration::from_millis(20);
    let is_idle = crate::clock::is_manual() && timeout.is_some() && !core.has_ready();
    if is_idle && core.reactor.len() > 0 {
        Some(UNDER_WAY)
    } else {
        timeout
    }
}

/// Moves a manual clock to the next deadline, where nothing else is left to do.
#[cfg(any(test, feature = "testing"))]
fn advance_clock(core: &Core) {
    let deadline = core.timers.borrow().next_deadline();
    if let Some(deadline) = deadline.filter(|_| !core.has_ready()) {
        crate::clock::auto_advance(deadline);
    }
}

/// The time, read where nobody has before.
fn read_once(now: &mut Option<Timestamp>) -> Timestamp {
    *now.get_or_insert_with(Timestamp::now_after_sleep)
}

fn fire_timers(core: &Core, now: &mut Option<Timestamp>) {
    if core.timers.borrow().next_deadline().is_none() {
        return;
    }
    let now = read_once(now);
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
        wake::because(reason, Some(now), || alarm.waker.wake_on(core));
    }
}
