//! Deadlines in order: an indexed 4-ary heap over slots that stay put.
//!
//! Inserting and cancelling are O(log n) without a search, and the four children of a node share a
//! cache line. Measured against `BTreeMap` this is several times as fast at 100,000 timers.

use crate::clock::Timestamp;
use crate::instrument::hooks::HeardTimer;
use slab::Slab;
use std::task::Waker;

const CHILDREN: usize = 4;

/// A timer that was set; good until [`Timers::remove`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimerKey(usize);

/// What a timer does when it fires.
pub(super) struct Alarm {
    pub(super) waker: Waker,
    pub(super) heard: Option<HeardTimer>,
    /// Whether it limits something, so that whom it wakes has run out of time.
    pub(super) is_limit: bool,
}

struct Slot {
    /// The timer's place in the heap; none once it has fired.
    place: Option<usize>,
    alarm: Option<Alarm>,
}

#[derive(Default)]
pub(super) struct Timers {
    heap: Vec<(Timestamp, usize)>,
    slots: Slab<Slot>,
}

impl Timers {
    pub(super) fn insert(&mut self, deadline: Timestamp, alarm: Alarm) -> TimerKey {
        let place = self.heap.len();
        let slot = self.slots.insert(Slot {
            place: Some(place),
            alarm: Some(alarm),
        });
        self.heap.push((deadline, slot));
        self.rise(place);
        TimerKey(slot)
    }

    /// Takes the timer away, whether it has fired or not.
    pub(super) fn remove(&mut self, key: TimerKey) -> Option<Alarm> {
        let slot = self.slots.remove(key.0);
        if let Some(place) = slot.place {
            self.take_out(place);
        }
        slot.alarm
    }

    /// Whether the timer has fired. If not, `waker` is the one to wake.
    pub(super) fn poll(&mut self, key: TimerKey, waker: &Waker) -> bool {
        let Some(slot) = self.slots.get_mut(key.0) else {
            return true;
        };
        if let Some(alarm) = &mut slot.alarm {
            alarm.waker.clone_from(waker);
        }
        slot.place.is_none()
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.heap.first().map(|(deadline, _)| *deadline)
    }

    /// The next timer due at `now`, marked as fired.
    pub(super) fn fire_next(&mut self, now: Timestamp) -> Option<(Timestamp, Alarm)> {
        let (deadline, slot) = *self.heap.first()?;
        if deadline > now {
            return None;
        }
        self.take_out(0);
        let slot = &mut self.slots[slot];
        slot.place = None;
        slot.alarm.take().map(|alarm| (deadline, alarm))
    }

    /// How many timers are set and have not fired.
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    fn take_out(&mut self, place: usize) {
        self.heap.swap_remove(place);
        if place < self.heap.len() {
            self.note_place(place);
            self.rise(place);
            self.sink(place);
        }
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if self.heap[parent].0 <= self.heap[place].0 {
                return;
            }
            self.exchange(place, parent);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let first = place * CHILDREN + 1;
            let last = (first + CHILDREN).min(self.heap.len());
            let Some(child) = (first..last).min_by_key(|child| self.heap[*child].0) else {
                return;
            };
            if self.heap[place].0 <= self.heap[child].0 {
                return;
            }
            self.exchange(place, child);
            place = child;
        }
    }

    fn exchange(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.note_place(a);
        self.note_place(b);
    }

    fn note_place(&mut self, place: usize) {
        let (_, slot) = self.heap[place];
        self.slots[slot].place = Some(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn alarm() -> Alarm {
        Alarm {
            waker: Waker::noop().clone(),
            heard: None,
            is_limit: false,
        }
    }

    proptest! {
        /// Whatever is inserted and removed, what remains fires in the order of its deadlines.
        #[test]
        fn fires_in_order(steps in prop::collection::vec((0u64..50, any::<prop::sample::Index>(), any::<bool>()), 1..200)) {
            let mut timers = Timers::default();
            let mut live: Vec<(u64, TimerKey)> = Vec::new();
            for (deadline, pick, remove) in steps {
                if remove && !live.is_empty() {
                    let (_, key) = live.swap_remove(pick.index(live.len()));
                    prop_assert!(timers.remove(key).is_some());
                } else {
                    let key = timers.insert(Timestamp::from_nanos(deadline), alarm());
                    live.push((deadline, key));
                }
                prop_assert_eq!(timers.len(), live.len());
                prop_assert_eq!(
                    timers.next_deadline().map(Timestamp::as_nanos),
                    live.iter().map(|(deadline, _)| *deadline).min()
                );
            }
            let mut expected: Vec<u64> = live.iter().map(|(deadline, _)| *deadline).collect();
            expected.sort_unstable();
            let end = Timestamp::from_nanos(u64::MAX);
            let fired: Vec<u64> = std::iter::from_fn(|| timers.fire_next(end))
                .map(|(deadline, _)| deadline.as_nanos())
                .collect();
            prop_assert_eq!(fired, expected);
            for (_, key) in live {
                prop_assert!(timers.poll(key, Waker::noop()), "fired");
                prop_assert!(timers.remove(key).is_none());
            }
            prop_assert!(timers.slots.is_empty());
        }
    }

    #[test]
    fn nothing_fires_early() {
        let mut timers = Timers::default();
        timers.insert(Timestamp::from_nanos(10), alarm());
        assert!(timers.fire_next(Timestamp::from_nanos(9)).is_none());
        assert!(timers.fire_next(Timestamp::from_nanos(10)).is_some());
    }
}
