//! Tasks that wait in line, first come, first served.

use crate::clock::Timestamp;
use slab::Slab;
use std::task::Waker;

/// A waiter's place; good until [`WaitList::remove`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WaitKey(usize);

struct Waiter {
    waker: Waker,
    /// Somebody wants to know when it was notified.
    heard: bool,
    notified: bool,
    notify_time: Option<Timestamp>,
    before: Option<usize>,
    after: Option<usize>,
}

/// A doubly linked list in a slab: joining, leaving and serving are O(1).
///
/// A waiter that was notified is out of the line but keeps its place here until it has taken what
/// it was promised, or gives it up.
#[derive(Default)]
pub(super) struct WaitList {
    waiters: Slab<Waiter>,
    first: Option<usize>,
    last: Option<usize>,
    notified: usize,
}

impl WaitList {
    /// Joins the line at its end.
    pub(super) fn join(&mut self, waker: Waker, heard: bool) -> WaitKey {
        let key = self.waiters.insert(Waiter {
            waker,
            heard,
            notified: false,
            notify_time: None,
            before: self.last,
            after: None,
        });
        match self.last {
            Some(last) => self.waiters[last].after = Some(key),
            None => self.first = Some(key),
        }
        self.last = Some(key);
        WaitKey(key)
    }

    /// Whether the waiter was notified; if not, `waker` is the one to wake.
    pub(super) fn poll(&mut self, key: WaitKey, waker: &Waker) -> bool {
        let waiter = &mut self.waiters[key.0];
        if !waiter.notified {
            waiter.waker.clone_from(waker);
        }
        waiter.notified
    }

    /// Leaves; returns when the waiter was notified, where somebody wants to know.
    pub(super) fn remove(&mut self, key: WaitKey) -> Option<Timestamp> {
        if self.waiters[key.0].notified {
            self.notified -= 1;
        } else {
            self.unlink(key.0);
        }
        self.waiters.remove(key.0).notify_time
    }

    /// Promises something to the first in line, who is to be woken.
    pub(super) fn notify_first(&mut self) -> Option<(Waker, Option<Timestamp>)> {
        let key = self.first?;
        self.unlink(key);
        self.notified += 1;
        let waiter = &mut self.waiters[key];
        waiter.notified = true;
        waiter.notify_time = waiter.heard.then(Timestamp::now);
        Some((waiter.waker.clone(), waiter.notify_time))
    }

    /// How many were notified and have not yet taken what they were promised.
    pub(super) fn notified(&self) -> usize {
        self.notified
    }

    /// Whether anyone is in line.
    pub(super) fn is_waiting(&self) -> bool {
        self.first.is_some()
    }

    fn unlink(&mut self, key: usize) {
        let (before, after) = (self.waiters[key].before, self.waiters[key].after);
        match before {
            Some(before) => self.waiters[before].after = after,
            None => self.first = after,
        }
        match after {
            Some(after) => self.waiters[after].before = before,
            None => self.last = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whoever joins and leaves, those who stay are served in the order in which they came.
        #[test]
        fn is_first_come_first_served(steps in prop::collection::vec((0u8..3, any::<prop::sample::Index>()), 1..100)) {
            let mut list = WaitList::default();
            let mut line: Vec<WaitKey> = Vec::new();
            let mut served: Vec<WaitKey> = Vec::new();
            for (step, pick) in steps {
                match step {
                    0 => line.push(list.join(Waker::noop().clone(), false)),
                    1 if !line.is_empty() => {
                        list.remove(line.remove(pick.index(line.len())));
                    }
                    _ => {
                        let notified = list.notify_first().is_some();
                        prop_assert_eq!(notified, !line.is_empty());
                        if notified {
                            served.push(line.remove(0));
                        }
                    }
                }
                prop_assert_eq!(list.is_waiting(), !line.is_empty());
                prop_assert_eq!(list.notified(), served.len());
                for key in &served {
                    prop_assert!(list.poll(*key, Waker::noop()));
                }
                for key in &line {
                    prop_assert!(!list.poll(*key, Waker::noop()));
                }
            }
        }
    }
}
