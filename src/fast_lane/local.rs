//! The end of the lane on the thread that makes spans.

use super::record::{Entry, Place, Record};
use crate::instrument::{SlotKey, Slots, TaskInfo};
use crate::otel::attributes::{push_socket, push_task};
use crate::otel::lane::LaneSpan;
use crate::telemetry::otlp::fields::span;
use crate::telemetry::otlp::{Writer, write_attributes};
use crate::telemetry::sources::SpanSink;
use crate::telemetry::tally::Maker;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use rtrb::{Producer, PushError};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// One thread's end of a lane.
#[derive(Debug)]
pub(super) struct LocalLane {
    ring: RefCell<Producer<Entry>>,
    /// Whose descriptions are ours in the slots of sockets and tasks.
    key: SlotKey,
    places: Places,
    span_ids: SpanIds,
    maker: Maker,
    sink: SpanSink,
    /// How many spans there were since the other end was woken, and how many there are between.
    since_woken: Cell<usize>,
    wake_every: usize,
}

impl LocalLane {
    pub(super) fn new(key: SlotKey, ring: Producer<Entry>, sink: SpanSink) -> Self {
        Self {
            ring: RefCell::new(ring),
            key,
            places: Places::default(),
            span_ids: SpanIds::new(),
            maker: sink.maker(),
            since_woken: Cell::new(0),
            // To wake a thread takes a system call: not for each batch where there is room.
            wake_every: sink.batch_size().max(sink.capacity() / 2),
            sink,
        }
    }

    /// Makes a span, or loses and counts it.
    pub(super) fn take(self: &Rc<Self>, span: &LaneSpan<'_>, socket: Place) {
        let described = span.task.slots().get::<Described>(self.key);
        let task = match described {
            Some(described) => Some(described.place),
            None => self.describe_task(span.task),
        };
        let Some(task) = task else {
            return self.lose();
        };
        let record = Record {
            trace_id: span.parent.trace_id,
            parent_span_id: span.parent.span_id,
            span_id: self.span_ids.next(),
            start_time: span.start_time,
            finish_time: span.finish_time,
            size: span.size,
            socket,
            task,
            operation: span.operation,
            trace_flags: span.parent.trace_flags,
            parent_is_remote: span.parent.is_remote,
            immediate: span.immediate,
        };
        if self.ring.borrow_mut().push(Entry::Span(record)).is_err() {
            return self.lose();
        }
        self.maker.count_made();
        let since_woken = self.since_woken.get() + 1;
        if since_woken < self.wake_every {
            self.since_woken.set(since_woken);
        } else {
            self.since_woken.set(0);
            self.sink.wake();
        }
    }

    /// Describes the socket of a span, in its slots.
    pub(super) fn describe_socket(self: &Rc<Self>, span: &LaneSpan<'_>) -> Option<Place> {
        let socket = span.socket;
        self.describe(socket.slots(), known_ends(span), |attributes| {
            push_socket(attributes, span.key, socket, None);
        })
    }

    fn describe_task(self: &Rc<Self>, task: &TaskInfo) -> Option<Place> {
        self.describe(task.slots(), 0, |attributes| {
            push_task(attributes, task, None)
        })
    }

    /// Describes something once, in its slots; nowhere where the ring is full.
    fn describe(
        self: &Rc<Self>,
        slots: &Slots,
        version: u8,
        push: impl FnOnce(&mut Vec<KeyValue>),
    ) -> Option<Place> {
        let mut attributes = Vec::new();
        push(&mut attributes);
        let mut writer = Writer::default();
        write_attributes(&mut writer, span::ATTRIBUTES, &attributes);
        let place = self.places.take();
        let entry = Entry::Describe {
            place,
            attributes: writer.as_bytes().into(),
        };
        let pushed = self.ring.borrow_mut().push(entry);
        if let Err(PushError::Full(_)) = pushed {
            self.places.give_back(place);
            return None;
        }
        let described = Described {
            place,
            version,
            lane: self.clone(),
        };
        slots.insert(self.key, described);
        Some(place)
    }

    /// Loses a span for want of room.
    #[cold]
    pub(super) fn lose(&self) {
        // Once telemetry has ended nothing is made any more.
        if !self.sink.has_ended() {
            self.maker.count_made();
            self.sink.count_dropped();
        }
    }
}

/// Which of its addresses a socket knows: it learns them while it connects.
pub(super) fn known_ends(span: &LaneSpan<'_>) -> u8 {
    let socket = span.socket;
    u8::from(socket.peer_address().is_some()) << 1 | u8::from(socket.local_address().is_some())
}

/// What a socket or a task keeps.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) place: Place,
    /// Which description it is, of something that changes.
    pub(super) version: u8,
    pub(super) lane: Rc<LocalLane>,
}

impl Drop for Described {
    /// The next description may have the place: what spans mean by it was said before.
    fn drop(&mut self) {
        self.lane.places.give_back(self.place);
    }
}

/// The places that are free.
#[derive(Debug, Default)]
struct Places {
    free: RefCell<Vec<Place>>,
    /// From here on all are.
    unused: Cell<u32>,
}

impl Places {
    fn take(&self) -> Place {
        self.free.borrow_mut().pop().unwrap_or_else(|| {
            let place = self.unused.get();
            self.unused.set(place + 1);
            Place(place)
        })
    }

    fn give_back(&self, place: Place) {
        self.free.borrow_mut().push(place);
    }
}

/// Ids of spans, each as likely as any other, from a seed that is as random as the SDK's ids.
///
/// This is SplitMix64, by Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014, as in Vigna's [`splitmix64.c`](https://prng.di.unimi.it/splitmix64.c). It gives each
/// number once before it gives one again.
#[derive(Debug)]
struct SpanIds(Cell<u64>);

impl SpanIds {
    fn new() -> Self {
        let seed = RandomIdGenerator::default().new_span_id();
        Self(Cell::new(u64::from_be_bytes(seed.to_bytes())))
    }

    fn next(&self) -> SpanId {
        loop {
            let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
            self.0.set(state);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let id = SpanId::from(mixed ^ (mixed >> 31));
            if id != SpanId::INVALID {
                return id;
            }
        }
    }
}
