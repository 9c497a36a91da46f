//! The thread that watches the loops of the process.

use super::reports::Reports;
use super::under_way::{Seen, UnderWay};
use crate::clock::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

/// A loop's poll is looked at so often in the time of its limit.
const LOOKS: u32 = 2;
const SHORTEST_PERIOD: Duration = Duration::from_millis(1);
const LONGEST_PERIOD: Duration = Duration::from_secs(1);

/// What the watchdog knows of a loop.
pub(super) struct Watched {
    pub(super) limit: Duration,
    pub(super) under_way: UnderWay,
    pub(super) reports: Reports,
}

/// The loops that are watched; none while the thread does not run.
static LOOPS: Mutex<Option<Vec<Weak<Watched>>>> = Mutex::new(None);

fn loops() -> MutexGuard<'static, Option<Vec<Weak<Watched>>>> {
    LOOPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Watches a loop until it is dropped, from a thread that runs while there are such loops.
pub(super) fn watch(watched: &Arc<Watched>) {
    let mut loops = loops();
    if let Some(loops) = &mut *loops {
        loops.push(Arc::downgrade(watched));
        return;
    }
    let name = String::from("loopscope-watchdog");
    // Without the thread, as where the system has none left, polls are reported when they end.
    if thread::Builder::new().name(name).spawn(run).is_ok() {
        *loops = Some(vec![Arc::downgrade(watched)]);
    }
}

fn run() {
    let mut sights: Vec<Sight> = Vec::new();
    loop {
        let watched = {
            let mut loops = loops();
            let Some(known) = &mut *loops else { return };
            known.retain(|watched| watched.strong_count() > 0);
            if known.is_empty() {
                *loops = None;
                return;
            }
            known.clone()
        };
        sights.retain(|sight| sight.watched.strong_count() > 0);
        for watched in watched {
            if !sights.iter().any(|sight| sight.watched.ptr_eq(&watched)) {
                sights.push(Sight::new(watched));
            }
        }
        let periods = sights.iter_mut().filter_map(Sight::look);
        let period = periods.min().unwrap_or(LONGEST_PERIOD);
        thread::park_timeout(period.clamp(SHORTEST_PERIOD, LONGEST_PERIOD));
    }
}

/// What was last seen of a loop.
struct Sight {
    watched: Weak<Watched>,
    /// The poll, and since when it has been seen.
    poll: Option<(Seen, Timestamp)>,
}

impl Sight {
    fn new(watched: Weak<Watched>) -> Self {
        Self {
            watched,
            poll: None,
        }
    }

    /// Looks at the loop, and returns after how long to look again.
    fn look(&mut self) -> Option<Duration> {
        let watched = self.watched.upgrade()?;
        let now = Timestamp::now();
        let seen = watched.under_way.see();
        match (&self.poll, seen) {
            (Some((last, since)), Some(seen)) if *last == seen => {
                if now - *since >= watched.limit {
                    watched.reports.goes_on(&seen, now - *since);
                }
            }
            (_, seen) => self.poll = seen.map(|seen| (seen, now)),
        }
        Some(watched.limit / LOOKS)
    }
}
