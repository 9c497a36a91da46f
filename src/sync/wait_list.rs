//! Tasks that wait in line, first come, first served.

use crate::clock::Timestamp;
use slab::Slab;
use std::task::Waker;

/// A waiter's place; good until [`WaitList::remove`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WaitKey(usize);

struct Waiter {
    /// Whom to wake; gone once it was notified.
    waker: Option<Waker>,
    /// Somebody wants to know when it was notified.
    heard: bool,
    /// It was notified alone: if it gives that up, the next in line is to have it.
    promised: bool,
    notify_time: Option<Timestamp>,
    before: Option<usize>,
    after: Option<usize>,
}

/// What a waiter leaves behind.
pub(super) struct Left {
    /// It was notified alone and may have to pass that on.
    pub(super) promised: bool,
    /// When it was notified, where somebody wants to know.
    pub(super) notify_time: Option<Timestamp>,
    /// To be dropped when nothing is borrowed: a waker may own anything.
    _waker: Option<Waker>,
}

/// A doubly linked list in a slab: joining, leaving and serving are O(1).
///
/// A waiter that was notified is out of the line but keeps its place here, ahead of the line, until
/// it has taken what it was promised, or gives it up.
#[derive(Default)]
pub(super) struct WaitList {
    waiters: Slab<Waiter>,
    /// The first that was not notified: who is before it was, who is after it was not.
    first: Option<usize>,
    last: Option<usize>,
    notified: usize,
}

impl WaitList {
    /// Joins the line at its end.
    pub(super) fn join(&mut self, waker: Waker, heard: bool) -> WaitKey {
        let key = self.waiters.insert(Waiter {
            waker: Some(waker),
            heard,
            promised: false,
            notify_time: None,
            before: self.last,
            after: None,
        });
        if let Some(last) = self.last.replace(key) {
            self.waiters[last].after = Some(key);
        }
        self.first.get_or_insert(key);
        WaitKey(key)
    }

    /// Whether the waiter was notified.
    pub(super) fn is_notified(&self, key: WaitKey) -> bool {
        self.waiters[key.0].waker.is_none()
    }

    /// Has `waker` woken when the waiter, which is in line, is notified. Returns the waker that it
    /// replaces, to be dropped when nothing is borrowed.
    #[must_use = "a waker may own anything: drop it when nothing is borrowed"]
    pub(super) fn set_waker(&mut self, key: WaitKey, waker: &Waker) -> Option<Waker> {
        let slot = &mut self.waiters[key.0].waker;
        slot.take_if(|old| !old.will_wake(waker))
            .inspect(|_| *slot = Some(waker.clone()))
    }

    /// Leaves.
    #[must_use = "a waker may own anything: drop it when nothing is borrowed"]
    pub(super) fn remove(&mut self, key: WaitKey) -> Left {
        if self.is_notified(key) {
            self.notified -= 1;
        }
        let waiter = self.waiters.remove(key.0);
        self.unlink(key.0, &waiter);
        Left {
            promised: waiter.promised,
            notify_time: waiter.notify_time,
            _waker: waiter.waker,
        }
    }

    /// Promises something to the first in line, who is to be woken.
    pub(super) fn notify_first(&mut self) -> Option<(Waker, Option<Timestamp>)> {
        let key = self.first?;
        let waker = self.notify(key)?;
        let waiter = &mut self.waiters[key];
        waiter.promised = true;
        waiter.notify_time = waiter.heard.then(Timestamp::now);
        Some((waker, waiter.notify_time))
    }

    /// Notifies all who are in line now, who are to be woken.
    pub(super) fn notify_all(&mut self) -> Vec<Waker> {
        std::iter::from_fn(|| self.notify(self.first?)).collect()
    }

    /// How many are before the waiter, all of whom were notified if it was.
    pub(super) fn rank(&self, key: WaitKey) -> usize {
        // In no steps where those who are woken run in that order, as they do.
        std::iter::successors(self.waiters[key.0].before, |it| self.waiters[*it].before).count()
    }

    /// How many were notified and have not left.
    pub(super) fn notified(&self) -> usize {
        self.notified
    }

    /// Whether anyone is in line.
    pub(super) fn is_waiting(&self) -> bool {
        self.first.is_some()
    }

    fn notify(&mut self, key: usize) -> Option<Waker> {
        let waiter = &mut self.waiters[key];
        self.first = waiter.after;
        self.notified += 1;
        waiter.waker.take()
    }

    /// Closes the gap that a waiter leaves.
    fn unlink(&mut self, key: usize, waiter: &Waiter) {
        if let Some(before) = waiter.before {
            self.waiters[before].after = waiter.after;
        }
        match waiter.after {
            Some(after) => self.waiters[after].before = waiter.before,
            None => self.last = waiter.before,
        }
        if self.first == Some(key) {
            self.first = waiter.after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whoever joins and leaves, those who stay are served in the order in which they came; who
        /// was notified alone is told apart from who was notified with all.
        #[test]
        fn is_first_come_first_served(steps in prop::collection::vec((0u8..9, any::<prop::sample::Index>()), 1..100)) {
            let mut list = WaitList::default();
            let mut line: Vec<WaitKey> = Vec::new();
            let mut served: Vec<(WaitKey, bool)> = Vec::new();
            for (step, pick) in steps {
                match step {
                    0..=2 => line.push(list.join(Waker::noop().clone(), false)),
                    3 | 4 if !line.is_empty() => {
                        let left = list.remove(line.remove(pick.index(line.len())));
                        prop_assert!(!left.promised);
                    }
                    5 if !served.is_empty() => {
                        let (key, promised) = served.remove(pick.index(served.len()));
                        prop_assert_eq!(list.remove(key).promised, promised);
                    }
                    6 => {
                        prop_assert_eq!(list.notify_all().len(), line.len());
                        served.extend(line.drain(..).map(|key| (key, false)));
                    }
                    _ => {
                        let notified = list.notify_first().is_some();
                        prop_assert_eq!(notified, !line.is_empty());
                        if notified {
                            served.push((line.remove(0), true));
                        }
                    }
                }
                prop_assert_eq!(list.is_waiting(), !line.is_empty());
                prop_assert_eq!(list.notified(), served.len());
                prop_assert!(served.iter().all(|(key, _)| list.is_notified(*key)));
                prop_assert!(!line.iter().any(|key| list.is_notified(*key)));
                let all = served.iter().map(|(key, _)| key).chain(&line);
                for (rank, key) in all.enumerate() {
                    prop_assert_eq!(list.rank(*key), rank);
                }
            }
        }
    }
}
