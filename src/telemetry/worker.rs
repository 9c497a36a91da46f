//! A thread that exports, and those who wait for it.

use super::deadlines::now;
use super::shutdown::lock;
use opentelemetry::Context;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// What the thread is to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Export what fills a batch.
    Full,
    /// Export all that is there.
    All,
    /// Export all that is there, for the last time.
    Last,
}

/// A thread that works in turns until it is told to end: when somebody wakes it, when somebody
/// waits for it, and after a delay.
///
/// What it works on is not in here, so that handing it over takes no lock of this.
#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
}

/// What wakes a worker that may not have been started yet, from any thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bell(Arc<Shared>);

impl Bell {
    /// Tells the thread that there is a full batch.
    pub(crate) fn ring(&self) {
        self.0.lock().is_woken = true;
        self.0.changed.notify_all();
    }
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// There is a full batch.
    is_woken: bool,
    /// How many have asked for a turn with all, and the turn of how many of them is done.
    asked: u64,
    done: u64,
    ends: bool,
    has_ended: bool,
}

impl Worker {
    /// Starts a thread that hears `bell`, and whose turns with all are no further apart than `delay`.
    ///
    /// # Errors
    ///
    /// Those of the system where it has no more threads.
    pub(crate) fn start(
        bell: Bell,
        delay: Duration,
        work: impl FnMut(Turn) + Send + 'static,
    ) -> io::Result<Self> {
        let Bell(shared) = bell;
        let of_thread = Guard(shared.clone());
        thread::Builder::new()
            .name("loopscope-export".into())
            .spawn(move || of_thread.0.run(delay, work))?;
        Ok(Self { shared })
    }

    /// Waits until all that was there has been worked on; whether that was so by `end`.
    pub(crate) fn flush(&self, end: Instant) -> bool {
        let mut state = self.shared.lock();
        state.asked += 1;
        let asked = state.asked;
        self.shared.changed.notify_all();
        let state = self.wait_by(end, state, |state| state.done >= asked || state.has_ended);
        state.done >= asked
    }

    /// Has the thread end once all has been worked on; whether it has by `end`.
    pub(crate) fn shut_down(&self, end: Instant) -> bool {
        let mut state = self.shared.lock();
        state.ends = true;
        self.shared.changed.notify_all();
        self.wait_by(end, state, |state| state.has_ended).has_ended
    }

    fn wait_by<'a>(
        &self,
        end: Instant,
        state: MutexGuard<'a, State>,
        is_met: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let left = end.saturating_duration_since(now());
        let changed = &self.shared.changed;
        let waited = changed.wait_timeout_while(state, left, |state| !is_met(state));
        waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0
    }
}

impl Drop for Worker {
    /// The thread ends by itself.
    fn drop(&mut self) {
        self.shared.lock().ends = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn run(&self, delay: Duration, mut work: impl FnMut(Turn)) {
        // What happens while telemetry is sent is no telemetry.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let mut next_all = now() + delay;
        loop {
            let (turn, asked) = self.next_turn(next_all);
            work(turn);
            if turn != Turn::Full {
                next_all = now() + delay;
                lock(&self.state).done = asked;
                self.changed.notify_all();
            }
            if turn == Turn::Last {
                return;
            }
        }
    }

    /// Waits for the next turn; how many have asked for it.
    fn next_turn(&self, next_all: Instant) -> (Turn, u64) {
        let left = next_all.saturating_duration_since(now());
        let is_idle =
            |state: &mut State| !state.is_woken && state.asked == state.done && !state.ends;
        let waited = self.changed.wait_timeout_while(self.lock(), left, is_idle);
        let (mut state, timeout) = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
        state.is_woken = false;
        let turn = if state.ends {
            Turn::Last
        } else if state.asked > state.done || timeout.timed_out() || left.is_zero() {
            Turn::All
        } else {
            Turn::Full
        };
        (turn, state.asked)
    }
}

/// Tells that the thread has ended, also by a panic.
struct Guard(Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.lock().has_ended = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};

    const LONG: Duration = Duration::from_secs(30);

    fn start(bell: &Bell, delay: Duration) -> (Worker, Receiver<Turn>) {
        let (sender, turns) = channel();
        let worker = Worker::start(bell.clone(), delay, move |turn| {
            let _ = sender.send(turn);
        });
        (worker.unwrap(), turns)
    }

    #[test]
    fn it_works_when_it_is_woken_asked_and_told_to_end() {
        let bell = Bell::default();
        bell.ring();
        let (worker, turns) = start(&bell, LONG);
        assert_eq!(turns.recv(), Ok(Turn::Full));
        assert!(worker.flush(now() + LONG));
        assert_eq!(turns.try_recv(), Ok(Turn::All));
        assert!(worker.shut_down(now() + LONG));
        assert_eq!(turns.try_recv(), Ok(Turn::Last));
        assert!(!worker.flush(now() + LONG), "nobody does it any more");
        assert!(turns.recv().is_err(), "the thread is gone");
    }

    #[test]
    fn it_works_after_a_delay_by_itself_also_where_it_is_woken_all_the_time() {
        let bell = Bell::default();
        let (_worker, turns) = start(&bell, Duration::from_millis(20));
        while turns.try_recv() != Ok(Turn::All) {
            bell.ring();
        }
    }

    #[test]
    fn who_waits_gives_up_in_time() {
        let (hold, held) = channel::<()>();
        let worker = Worker::start(Bell::default(), LONG, move |_| {
            let _ = held.recv();
        })
        .unwrap();
        let soon = || now() + Duration::from_millis(10);
        assert!(!worker.flush(soon()));
        assert!(!worker.shut_down(soon()));
        drop(hold);
        assert!(worker.shut_down(now() + LONG));
    }

    #[test]
    fn nobody_waits_for_one_that_panicked() {
        let worker = Worker::start(Bell::default(), LONG, |_| panic!("on purpose")).unwrap();
        assert!(!worker.flush(now() + LONG));
        assert!(worker.shut_down(now() + LONG));
    }

    #[test]
    fn one_that_is_dropped_ends_its_thread() {
        let (worker, turns) = start(&Bell::default(), LONG);
        drop(worker);
        assert_eq!(turns.recv(), Ok(Turn::Last));
        assert!(turns.recv().is_err());
    }
}
