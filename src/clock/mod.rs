//! The one reader of time.
//!
//! Everything in this crate that wants to know what time it is asks [`Timestamp::now`], so that
//! tests can put a manual clock in its place. It reads the processor's counter where that is steady,
//! and the system's monotonic clock elsewhere. Nothing else calls [`std::time::Instant::now`].

use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

mod counter;
#[cfg(any(test, feature = "testing"))]
mod manual;
mod time_cell;
#[cfg(any(test, feature = "testing"))]
pub use manual::ManualClock;
#[cfg(any(test, feature = "testing"))]
pub(crate) use manual::{auto_advance, is_manual};
pub(crate) use time_cell::TimeCell;

/// A point on the process's monotonic clock, in whole nanoseconds.
///
/// Timestamps are compared and subtracted like [`std::time::Instant`], are the same clock on all
/// threads, and can be turned into wall-clock time ([`Timestamp::to_system_time`]) for spans and
/// log lines. Zero is the first moment at which the process read the clock.
///
/// ```
/// use loopscope::clock::Timestamp;
/// use std::time::Duration;
///
/// let start = Timestamp::now();
/// let later = start + Duration::from_millis(5);
/// assert_eq!(later - start, Duration::from_millis(5));
/// assert_eq!(start - later, Duration::ZERO, "a difference is never negative");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Reads the clock.
    #[inline]
    pub fn now() -> Self {
        #[cfg(any(test, feature = "testing"))]
        if let Some(now) = manual::now() {
            return Self(now);
        }
        Self(counter::now())
    }

    /// Reads the clock after a sleep of the thread, in which the processor's counter may have lost
    /// count.
    #[inline]
    pub(crate) fn now_after_sleep() -> Self {
        #[cfg(any(test, feature = "testing"))]
        if let Some(now) = manual::now() {
            return Self(now);
        }
        Self(counter::now_compared())
    }

    /// The timestamp that lies `nanos` nanoseconds after the zero of the clock.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the zero of the clock.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`, zero where `earlier` is the later of the two.
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Seconds from `earlier` to `self`, zero where `earlier` is the later of the two.
    #[inline]
    #[cfg(feature = "otel")]
    pub(crate) fn seconds_since(self, earlier: Self) -> f64 {
        // By way of a duration it would be divided twice.
        self.0.saturating_sub(earlier.0) as f64 * 1e-9
    }

    /// The same moment for those who reckon in the standard library's type.
    #[cfg(feature = "http")]
    pub(crate) fn to_instant(self) -> Instant {
        let (now, instant) = (Self::now(), instant_now());
        instant + (self - now) - (now - self)
    }

    /// The moment that an instant stands for; zero for what lies before the zero of the clock.
    #[cfg(feature = "http")]
    pub(crate) fn from_instant(instant: Instant) -> Self {
        let (now, present) = (Self::now(), instant_now());
        let ahead = instant.saturating_duration_since(present);
        let behind = present.saturating_duration_since(instant);
        Self((now + ahead).0.saturating_sub(nanos(behind)))
    }

    /// The same moment on the wall clock.
    ///
    /// The distance between the two clocks is measured again once a second, so that the result
    /// follows the wall clock's corrections (NTP) over the life of a long process.
    pub fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(wall_clock_at_zero(self.0).saturating_add(self.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// Adds a duration; the end of the clock (in 584 years) is where it stops.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

impl Sub for Timestamp {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn instant_now() -> Instant {
    Instant::now()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds from the Unix epoch to the zero of our clock, as measured within a second of `at`.
fn wall_clock_at_zero(at: u64) -> u64 {
    const MEASURE_EVERY: u64 = 1_000_000_000;
    static WALL_AT_ZERO: AtomicU64 = AtomicU64::new(0);
    static MEASURE_AGAIN_AT: AtomicU64 = AtomicU64::new(0);

    if at >= MEASURE_AGAIN_AT.load(Ordering::Acquire) {
        let now = counter::now();
        let wall = nanos(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        );
        WALL_AT_ZERO.store(wall.saturating_sub(now), Ordering::Release);
        MEASURE_AGAIN_AT.store(now.max(at) + MEASURE_EVERY, Ordering::Release);
    }
    WALL_AT_ZERO.load(Ordering::Acquire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_runs_backwards() {
        let first = Timestamp::now();
        let second = Timestamp::now();
        assert!(second >= first);
    }

    #[test]
    fn wall_clock_agrees_with_the_system() {
        let before = SystemTime::now();
        let ours = Timestamp::now().to_system_time();
        let slack = Duration::from_secs(1);
        assert!(ours + slack > before && ours < SystemTime::now() + slack);
    }

    #[test]
    fn arithmetic_stops_at_the_ends() {
        let end = Timestamp::from_nanos(u64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Timestamp::from_nanos(1) - end, Duration::ZERO);
    }
}
