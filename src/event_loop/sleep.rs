//! Waiting for a moment in time.

use super::core::{self, Core};
use super::park;
use super::task::running_loop;
use super::timers::{Alarm, TimerKey};
use super::waker::LocalWaker;
use crate::clock::Timestamp;
use crate::instrument::Command;
use crate::instrument::hooks::HeardTimer;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Waits for `duration` and returns how long it really was.
///
/// Everything else that is ready runs meanwhile, also where the duration is zero.
///
/// # Panics
///
/// When polled outside of a running loop.
///
/// ```
/// use loopscope::event_loop::{EventLoop, sleep};
/// use std::time::Duration;
///
/// let pause = Duration::from_millis(5);
/// let slept = EventLoop::new()?.run_until_complete(sleep(pause));
/// assert!(slept >= pause);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    let start = Timestamp::now();
    Sleep::new(start, start + duration, false)
}

/// Waits until `deadline` and returns how long that took.
///
/// # Panics
///
/// When polled outside of a running loop.
pub fn sleep_until(deadline: Timestamp) -> Sleep {
    Sleep::new(Timestamp::now(), deadline, false)
}

/// The future of [`sleep`] and [`sleep_until`]. Dropping it takes its timer away.
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep {
    start: Timestamp,
    deadline: Timestamp,
    /// The loop that has the timer, once it is set.
    core: Option<Rc<Core>>,
    timer: TimerKey,
    is_limit: bool,
}

impl Sleep {
    /// The moment that it waits for.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    fn new(start: Timestamp, deadline: Timestamp, is_limit: bool) -> Self {
        Self {
            start,
            deadline,
            core: None,
            timer: TimerKey::default(),
            is_limit,
        }
    }

    /// A sleep that limits something: when it ends, time has run out.
    pub(super) fn limit(duration: Duration) -> Self {
        let start = Timestamp::now();
        Self::new(start, start + duration, true)
    }

    fn arm(&mut self, cx: &Context<'_>) {
        let core = running_loop("sleep()");
        let alarm = Alarm {
            waker: LocalWaker::on(&core, cx),
            heard: HeardTimer::capture(),
            is_limit: self.is_limit,
        };
        self.timer = core.timers.borrow_mut().insert(self.deadline, alarm);
        self.core = Some(core);
    }

    fn disarm(&mut self) {
        if let Some(core) = self.core.take() {
            // Dropped after the borrow: it may be the last owner of a task or an instrument.
            let _alarm = core.timers.borrow_mut().remove(self.timer);
        }
    }
}

impl Future for Sleep {
    type Output = Duration;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Duration> {
        match &self.core {
            None => self.arm(cx),
            Some(core) => {
                let (fired, _old) = core.timers.borrow_mut().poll(self.timer, cx);
                if fired {
                    self.disarm();
                    return Poll::Ready(Timestamp::now() - self.start);
                }
                if !core::is_current(core) {
                    panic!("a sleep that began on one event loop was awaited on another");
                }
            }
        }
        park::wait_on(Command::Sleep {
            until: self.deadline,
        });
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
