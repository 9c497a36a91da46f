//! What there is much of while nothing happens.

use std::fmt;
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Connections that were accepted, each with a task that waits for data.
    Connections,
    /// Tasks that sleep for an hour.
    SleepingTasks,
    /// Timers, every other one of which is cancelled; the rest fire.
    Timers,
}

impl What {
    pub(crate) const ALL: [Self; 3] = [Self::Connections, Self::SleepingTasks, Self::Timers];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::SleepingTasks => "sleeping-tasks",
            Self::Timers => "timers",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|it| it.name() == name);
        named.ok_or_else(|| format!("there are no {name}"))
    }

    pub(crate) const fn count(self) -> usize {
        match self {
            Self::Connections => 10_000,
            Self::SleepingTasks | Self::Timers => 100_000,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connections => "idle connections",
            Self::SleepingTasks => "sleeping tasks",
            Self::Timers => "timers, half cancelled",
        })
    }
}

/// For so long nothing is asked of the executor.
pub(crate) const IDLE: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// So many timers have one deadline and one task.
const GROUP: usize = 1000;

/// The groups of so many timers, and when those of each fire: in the middle of the idle time.
pub(crate) fn groups(timers: usize) -> impl Iterator<Item = (usize, Duration)> {
    let deadlines = (0..).map(|millis| IDLE / 2 + Duration::from_millis(millis));
    std::iter::repeat_n(GROUP, timers / GROUP).zip(deadlines)
}

/// Sets so many timers, cancels every other one, and waits for the rest.
pub(crate) fn half_cancelled<S: Future>(
    count: usize,
    sleep: impl Fn() -> S,
) -> impl Future<Output = ()> {
    let mut timers = Vec::new();
    let mut is_set = false;
    poll_fn(move |cx| {
        if !is_set {
            is_set = true;
            timers.extend((0..count).map(|_| Box::pin(sleep())));
            for timer in &mut timers {
                assert!(timer.as_mut().poll(cx).is_pending());
            }
            let mut number = 0;
            timers.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            return Poll::Pending;
        }
        timers.retain_mut(|timer| timer.as_mut().poll(cx).is_pending());
        match timers.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
}
