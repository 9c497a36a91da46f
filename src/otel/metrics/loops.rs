//! The loops themselves: how long they are active and idle, and how busy that makes them.
//!
//! The time is counted where a loop parks and unparks. The utilization is computed when metrics
//! are collected, on the collecting thread, from what the loops note for it: no loop is woken, and
//! one that is stuck in a long poll shows as busy.

use super::{LazyCounter, f64_counter};
use crate::clock::Timestamp;
use crate::instrument::{LoopInfo, LoopParkMetadata, LoopUnparkMetadata, SlotKey};
use crate::otel::names;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Counter, Meter};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

thread_local! {
    /// The loop of this thread, once for each bridge that listens to it: loops do not nest.
    static LOOPS: RefCell<Vec<HeardLoop>> = const { RefCell::new(Vec::new()) };
}

pub(in crate::otel) struct LoopMetrics {
    time: Counter<f64>,
    watched: Arc<WatchedLoops>,
}

/// A loop as its own thread knows it.
struct HeardLoop {
    key: SlotKey,
    number: u64,
    name: Option<Arc<str>>,
    usage: Arc<Usage>,
    active: LazyCounter<f64>,
    idle: LazyCounter<f64>,
}

impl LoopMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let watched = Arc::new(WatchedLoops::default());
        let metric = &names::LOOP_UTILIZATION;
        // The provider keeps the callback for its whole life. It owns nothing but the loops' notes:
        // the last collection can come after the instrument is gone.
        let observed = watched.clone();
        meter
            .f64_observable_gauge(metric.name)
            .with_unit(metric.unit)
            .with_description(metric.description)
            .with_callback(move |gauge| observed.observe(gauge, Timestamp::now()))
            .build();
        Self {
            time: f64_counter(meter, &names::LOOP_TIME),
            watched,
        }
    }

    /// A loop goes to sleep or stops.
    pub(in crate::otel) fn parked(&self, key: SlotKey, metadata: &LoopParkMetadata<'_>) {
        let LoopParkMetadata {
            event_loop,
            active_since,
            park_time,
            ..
        } = *metadata;
        self.with_loop(key, event_loop, active_since, |heard| {
            heard.usage.park(active_since, park_time);
            heard
                .active
                .get_or_init(|| self.time.bind(&heard.attributes("active")))
                .add(park_time.seconds_since(active_since));
        });
        if metadata.stops {
            forget(key);
        }
    }

    /// A loop has woken.
    pub(in crate::otel) fn unparked(&self, key: SlotKey, metadata: &LoopUnparkMetadata<'_>) {
        let LoopUnparkMetadata {
            event_loop,
            park_time,
            unpark_time,
            ..
        } = *metadata;
        self.with_loop(key, event_loop, park_time, |heard| {
            heard.usage.unpark(unpark_time);
            heard
                .idle
                .get_or_init(|| self.time.bind(&heard.attributes("idle")))
                .add(unpark_time.seconds_since(park_time));
        });
    }

    /// Calls `f` with what is known of this thread's loop; where that is nothing, it has been
    /// active `since`.
    fn with_loop(
        &self,
        key: SlotKey,
        event_loop: &LoopInfo,
        since: Timestamp,
        f: impl FnOnce(&HeardLoop),
    ) {
        let call = |loops: &RefCell<Vec<HeardLoop>>| {
            let mut loops = loops.borrow_mut();
            let place = loops.iter().position(|heard| heard.key == key);
            let place = match place {
                Some(place) if loops[place].number == event_loop.number() => place,
                outdated => {
                    if let Some(place) = outdated {
                        loops.swap_remove(place);
                    }
                    loops.push(self.hear(key, event_loop, since));
                    loops.len() - 1
                }
            };
            f(&loops[place]);
        };
        // A thread that ends has no loop any more.
        let _ = LOOPS.try_with(call);
    }

    fn hear(&self, key: SlotKey, event_loop: &LoopInfo, since: Timestamp) -> HeardLoop {
        let name: Option<Arc<str>> = event_loop.name().map(Arc::from);
        let usage = Arc::new(Usage::active_since(since));
        self.watched.watch(name.clone(), usage.clone(), since);
        HeardLoop {
            key,
            number: event_loop.number(),
            name,
            usage,
            active: LazyCounter::new(),
            idle: LazyCounter::new(),
        }
    }
}

fn forget(key: SlotKey) {
    let _ = LOOPS.try_with(|loops| loops.borrow_mut().retain(|heard| heard.key != key));
}

impl HeardLoop {
    fn attributes(&self, state: &'static str) -> Vec<KeyValue> {
        let mut attributes = name_attribute(self.name.as_ref());
        attributes.push(KeyValue::new(names::LOOP_STATE, state));
        attributes
    }
}

impl Drop for HeardLoop {
    fn drop(&mut self) {
        self.usage.stop();
    }
}

fn name_attribute(name: Option<&Arc<str>>) -> Vec<KeyValue> {
    name.map(|name| KeyValue::new(names::LOOP_NAME, name.clone()))
        .into_iter()
        .collect()
}

/// How long a loop was active in all: written by its own thread, read by the collecting one.
///
/// One number says both how long and whether it is active now: while it is idle, the time it was
/// active; while it is active, that time less the moment since when, so that adding the present
/// moment gives the time. The lowest bit tells the two apart.
struct Usage {
    packed: AtomicI64,
    /// When it last parked or unparked: where it has stopped, this is when.
    changed_at: AtomicU64,
    stopped: AtomicBool,
}

impl Usage {
    fn active_since(since: Timestamp) -> Self {
        Self {
            packed: AtomicI64::new(pack(-nanos(since), true)),
            changed_at: AtomicU64::new(since.as_nanos()),
            stopped: AtomicBool::new(false),
        }
    }

    fn park(&self, active_since: Timestamp, at: Timestamp) {
        let active = match unpack(self.packed.load(Ordering::Relaxed)) {
            (sum, true) => sum + nanos(at),
            // The unpark before was not heard.
            (sum, false) => sum + nanos(at) - nanos(active_since).min(nanos(at)),
        };
        self.set(pack(active, false), at);
    }

    fn unpark(&self, at: Timestamp) {
        self.set(pack(self.active_at(at) - nanos(at), true), at);
    }

    fn stop(&self) {
        // What the loop did since its last park or unpark was not heard and is not counted.
        let at = Timestamp::from_nanos(self.changed_at.load(Ordering::Relaxed));
        self.set(pack(self.active_at(at), false), at);
        self.stopped.store(true, Ordering::Release);
    }

    fn set(&self, packed: i64, at: Timestamp) {
        self.changed_at.store(at.as_nanos(), Ordering::Relaxed);
        self.packed.store(packed, Ordering::Release);
    }

    fn active_at(&self, at: Timestamp) -> i64 {
        match unpack(self.packed.load(Ordering::Acquire)) {
            (sum, true) => sum + nanos(at),
            (sum, false) => sum,
        }
    }
}

fn pack(sum: i64, active: bool) -> i64 {
    (sum << 1) | i64::from(active)
}

fn unpack(packed: i64) -> (i64, bool) {
    (packed >> 1, packed & 1 == 1)
}

fn nanos(at: Timestamp) -> i64 {
    super::signed(at.as_nanos())
}

/// The loops that are collected.
#[derive(Default)]
struct WatchedLoops(Mutex<Vec<WatchedLoop>>);

struct WatchedLoop {
    name: Option<Arc<str>>,
    usage: Arc<Usage>,
    /// Up to when it was collected, and how long it had been active then.
    collected_at: Timestamp,
    active_then: i64,
    /// Its last stretch was collected.
    done: bool,
}

/// What was collected of all loops of one name.
struct Share {
    name: Option<Arc<str>>,
    active: Duration,
    elapsed: Duration,
}

impl WatchedLoops {
    fn watch(&self, name: Option<Arc<str>>, usage: Arc<Usage>, since: Timestamp) {
        let mut loops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loops.push(WatchedLoop {
            name,
            active_then: usage.active_at(since),
            usage,
            collected_at: since,
            done: false,
        });
    }

    fn observe(&self, gauge: &dyn AsyncInstrument<f64>, now: Timestamp) {
        for share in self.collect(now) {
            gauge.observe(share.value(), &name_attribute(share.name.as_ref()));
        }
    }

    /// What has happened since the last collection, by name: a gauge has one value for each.
    fn collect(&self, now: Timestamp) -> Vec<Share> {
        let mut loops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shares: Vec<Share> = Vec::new();
        loops.retain_mut(|watched| {
            // A loop that has stopped is collected once more after its last stretch, as idle:
            // backends go on showing the last value of a gauge for a while.
            let keep = !watched.done;
            let (active, elapsed) = watched.advance(now);
            match shares.iter_mut().find(|share| share.name == watched.name) {
                Some(share) => {
                    share.active += active;
                    share.elapsed += elapsed;
                }
                None => shares.push(Share {
                    name: watched.name.clone(),
                    active,
                    elapsed,
                }),
            }
            keep
        });
        shares
    }
}

impl WatchedLoop {
    fn advance(&mut self, now: Timestamp) -> (Duration, Duration) {
        if self.done {
            return (Duration::ZERO, Duration::ZERO);
        }
        self.done = self.usage.stopped.load(Ordering::Acquire);
        let until = if self.done {
            Timestamp::from_nanos(self.usage.changed_at.load(Ordering::Relaxed))
        } else {
            now
        };
        let active_now = self.usage.active_at(until);
        let active = u64::try_from(active_now - self.active_then).unwrap_or(0);
        let elapsed = until - self.collected_at;
        self.active_then = active_now;
        self.collected_at = until;
        (Duration::from_nanos(active), elapsed)
    }
}

impl Share {
    fn value(&self) -> f64 {
        if self.elapsed.is_zero() {
            return 0.0;
        }
        // The loop's thread and the collecting one may differ by the time between two readings.
        (self.active.as_secs_f64() / self.elapsed.as_secs_f64()).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    fn watched(name: &str) -> (WatchedLoops, Arc<Usage>) {
        let (loops, usage) = (
            WatchedLoops::default(),
            Arc::new(Usage::active_since(at(100))),
        );
        loops.watch(Some(name.into()), usage.clone(), at(100));
        (loops, usage)
    }

    #[track_caller]
    fn assert_shares(loops: &WatchedLoops, now: u64, expected: &[f64]) {
        let shares = loops.collect(at(now));
        let shares: Vec<_> = shares.iter().map(Share::value).collect();
        assert_eq!(shares, expected);
    }

    #[test]
    fn the_share_is_that_since_the_last_collection() {
        let (loops, usage) = watched("main");
        usage.park(at(100), at(200));
        assert_shares(&loops, 500, &[0.25]);
        assert_shares(&loops, 600, &[0.0]);
        usage.unpark(at(650));
        assert_shares(&loops, 700, &[0.5]);
        usage.park(at(650), at(750));
        usage.unpark(at(790));
        assert_shares(&loops, 800, &[0.6]);
    }

    #[test]
    fn a_loop_stuck_in_a_poll_is_active() {
        let (loops, _usage) = watched("main");
        assert_shares(&loops, 200, &[1.0]);
        assert_shares(&loops, 10_000, &[1.0]);
    }

    #[test]
    fn a_loop_that_stops_is_collected_to_its_end_and_once_as_idle() {
        let (loops, usage) = watched("main");
        usage.park(at(100), at(150));
        usage.unpark(at(250));
        usage.park(at(250), at(300));
        usage.stop();
        assert_shares(&loops, 10_000, &[0.5]);
        assert_shares(&loops, 11_000, &[0.0]);
        assert_shares(&loops, 12_000, &[]);
    }

    #[test]
    fn loops_of_one_name_are_one_value() {
        let (loops, busy) = watched("worker");
        let idle = Arc::new(Usage::active_since(at(100)));
        loops.watch(Some("worker".into()), idle.clone(), at(100));
        idle.park(at(100), at(100));
        assert_shares(&loops, 200, &[0.5]);
        drop(busy);
    }

    #[test]
    fn an_unpark_that_was_not_heard_changes_nothing() {
        let (loops, usage) = watched("main");
        usage.park(at(100), at(200));
        usage.park(at(300), at(400));
        assert_shares(&loops, 500, &[0.5]);
    }
}
