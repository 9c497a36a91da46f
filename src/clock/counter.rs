//! The processor's counter as a clock, held to the system's.
//!
//! The counter is read in less than half of the time that a reading of the system's clock takes.
//! It counts at a steady rate, which is measured once, so that it drifts by about a millionth; and
//! some machines lose count when they are suspended. So whoever has slept compares it with the
//! system's clock now and then, and it never stays behind that.

use quanta::Clock;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

/// How long the counter goes on without being compared.
const COMPARE_EVERY: u64 = 1_000_000_000;

/// A clock that is made of the counter.
struct Counter {
    clock: Clock,
    /// The system's clock at the zero of this one.
    zero: Instant,
    /// What is added to the counter's own nanoseconds.
    added: AtomicI64,
    /// When it is compared next.
    compare_at: AtomicU64,
}

fn counter() -> &'static Counter {
    static COUNTER: OnceLock<Counter> = OnceLock::new();
    COUNTER.get_or_init(Counter::new)
}

/// Nanoseconds since the zero of the clock.
#[inline]
pub(super) fn now() -> u64 {
    counter().now()
}

/// The same for who has slept: if need be, compared with the system's clock first.
#[inline]
pub(super) fn now_compared() -> u64 {
    let counter = counter();
    let now = counter.now();
    if counter.is_to_be_compared(now) {
        return counter.compare(super::nanos(super::instant_now() - counter.zero));
    }
    now
}

impl Counter {
    fn new() -> Self {
        let clock = Clock::new();
        let zero = super::instant_now();
        let counted = clock.delta_as_nanos(0, clock.raw());
        Self {
            clock,
            zero,
            added: AtomicI64::new(0_i64.wrapping_sub_unsigned(counted)),
            compare_at: AtomicU64::new(COMPARE_EVERY),
        }
    }

    #[inline]
    fn now(&self) -> u64 {
        self.signed_now().max(0).unsigned_abs()
    }

    /// The time; below zero where the counter has lost count.
    #[inline]
    fn signed_now(&self) -> i64 {
        let counted = self.clock.delta_as_nanos(0, self.clock.raw());
        let added = self.added.load(Ordering::Relaxed);
        added.wrapping_add_unsigned(counted)
    }

    #[inline]
    fn is_to_be_compared(&self, now: u64) -> bool {
        let compare_at = self.compare_at.load(Ordering::Relaxed);
        // Before the last comparison is a counter that has lost count.
        now >= compare_at || now + COMPARE_EVERY < compare_at
    }

    /// Catches up with the system's clock where this one is behind, and returns the time.
    #[cold]
    fn compare(&self, system: u64) -> u64 {
        let compare_at = self.compare_at.load(Ordering::Relaxed);
        let next = system.max(self.now()) + COMPARE_EVERY;
        let order = Ordering::Relaxed;
        // One thread does it for all.
        let is_first = self
            .compare_at
            .compare_exchange(compare_at, next, order, order)
            .is_ok();
        let behind = i64::try_from(system).unwrap_or(i64::MAX) - self.signed_now();
        if is_first && behind > 0 {
            self.added.fetch_add(behind, order);
        }
        self.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = COMPARE_EVERY;

    #[test]
    fn it_goes_with_the_systems_clock() {
        let counter = Counter::new();
        let system = super::super::nanos(super::super::instant_now() - counter.zero);
        let now = counter.now();
        assert!(now.abs_diff(system) < SECOND, "{now} {system}");
    }

    #[test]
    fn what_is_behind_catches_up_and_what_is_ahead_goes_on() {
        let counter = Counter::new();
        let before = counter.now();
        assert!(!counter.is_to_be_compared(before));
        assert!(counter.is_to_be_compared(SECOND));

        let after = counter.compare(3600 * SECOND);
        assert!((3600 * SECOND..3601 * SECOND).contains(&after), "{after}");
        assert!(!counter.is_to_be_compared(after));
        let later = counter.compare(SECOND);
        assert!(later >= after, "{later} {after}");
    }

    #[test]
    fn a_counter_that_has_lost_count_goes_on_from_where_it_was() {
        let counter = Counter::new();
        counter.compare(3600 * SECOND);
        let lost = i64::try_from(7200 * SECOND).unwrap();
        counter.added.fetch_sub(lost, Ordering::Relaxed);
        assert_eq!(counter.now(), 0);
        assert!(counter.is_to_be_compared(counter.now()));
        let now = counter.compare(3601 * SECOND);
        assert!((3601 * SECOND..3602 * SECOND).contains(&now), "{now}");
    }
}
