//! Deadlines in order: an indexed 4-ary heap over slots that stay put.
//!
//! Inserting and cancelling are O(log n) without a search, and the four children of a node share a
//! cache line or two. Measured against `BTreeMap` this is several times as fast at 100,000 timers.

use super::waker::LocalWaker;
use crate::clock::Timestamp;
use crate::instrument::hooks::HeardTimer;
use slab::Slab;
use std::task::Context;

const CHILDREN: usize = 4;

/// A timer that was set; good until [`Timers::remove`].
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimerKey(u32);

/// What a timer does when it fires.
pub(super) struct Alarm {
    pub(super) waker: LocalWaker,
    pub(super) heard: Option<HeardTimer>,
    /// Whether it limits something, so that whom it wakes has run out of time.
    pub(super) is_limit: bool,
}

/// A timer in the heap.
#[derive(Clone, Copy)]
struct Entry {
    deadline: Timestamp,
    slot: u32,
}

#[derive(Default)]
pub(super) struct Timers {
    heap: Vec<Entry>,
    /// Where in the heap the timer of each slot is. Apart from the alarms, since every step up or
    /// down the heap writes here: the places of many timers fit into the processor's caches.
    places: Vec<u32>,
    /// None where the timer has fired.
    alarms: Slab<Option<Alarm>>,
}

impl Timers {
    pub(super) fn insert(&mut self, deadline: Timestamp, alarm: Alarm) -> TimerKey {
        let slot = self.alarms.insert(Some(alarm));
        if slot == self.places.len() {
            self.places.push(0);
        }
        let Ok(slot) = u32::try_from(slot) else {
            panic!("a loop cannot have more than {} timers", u32::MAX)
        };
        let entry = Entry { deadline, slot };
        self.heap.push(entry);
        self.rise(self.heap.len() - 1, entry);
        TimerKey(slot)
    }

    /// Takes the timer away, whether it has fired or not.
    pub(super) fn remove(&mut self, key: TimerKey) -> Option<Alarm> {
        let alarm = self.alarms.remove(key.0 as usize);
        if alarm.is_some() {
            self.take_out(self.places[key.0 as usize] as usize);
        }
        alarm
    }

    /// Whether the timer has fired. If not, whoever polls with `cx` is the one to wake; the waker
    /// that is replaced comes back, to be dropped when nothing is borrowed.
    pub(super) fn poll(&mut self, key: TimerKey, cx: &Context<'_>) -> (bool, Option<LocalWaker>) {
        match self.alarms.get_mut(key.0 as usize) {
            Some(Some(alarm)) if alarm.waker.wakes(cx) => (false, None),
            Some(Some(alarm)) => {
                let old = std::mem::replace(&mut alarm.waker, LocalWaker::of(cx));
                (false, Some(old))
            }
            Some(None) | None => (true, None),
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.heap.first().map(|entry| entry.deadline)
    }

    /// The next timer due at `now`, which fires.
    pub(super) fn fire_next(&mut self, now: Timestamp) -> Option<(Timestamp, Alarm)> {
        let Entry { deadline, slot } = *self.heap.first()?;
        if deadline > now {
            return None;
        }
        self.take_out(0);
        let alarm = self.alarms.get_mut(slot as usize)?.take()?;
        Some((deadline, alarm))
    }

    /// How many timers are set and have not fired.
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Takes the entry at `place` out: the last one comes in its stead.
    fn take_out(&mut self, place: usize) {
        if let Some(last) = self.heap.pop()
            && place < self.heap.len()
        {
            let is_earlier =
                place > 0 && last.deadline < self.heap[(place - 1) / CHILDREN].deadline;
            if is_earlier {
                self.rise(place, last);
            } else {
                self.sink(place, last);
            }
        }
    }

    /// Puts an entry at `place`, or as far above it as it is earlier than what is there.
    fn rise(&mut self, mut place: usize, entry: Entry) {
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            let above = self.heap[parent];
            if above.deadline <= entry.deadline {
                break;
            }
            self.put(place, above);
            place = parent;
        }
        self.put(place, entry);
    }

    /// Puts an entry at `place`, or as far below it as it is later than what is there.
    fn sink(&mut self, mut place: usize, entry: Entry) {
        loop {
            let first = place * CHILDREN + 1;
            let last = (first + CHILDREN).min(self.heap.len());
            let children = first..last.max(first);
            let earliest = children.min_by_key(|child| self.heap[*child].deadline);
            match earliest {
                Some(child) if self.heap[child].deadline < entry.deadline => {
                    self.put(place, self.heap[child]);
                    place = child;
                }
                _ => break,
            }
        }
        self.put(place, entry);
    }

    fn put(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        // No more timers than slots, whose numbers fit.
        self.places[entry.slot as usize] = place as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::task::Waker;

    fn alarm() -> Alarm {
        Alarm {
            waker: LocalWaker::Other(Waker::noop().clone()),
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
                prop_assert!(timers.poll(key, &Context::from_waker(Waker::noop())).0, "fired");
                prop_assert!(timers.remove(key).is_none());
            }
            prop_assert!(timers.alarms.is_empty());
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
