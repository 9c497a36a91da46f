//! The fast lane: spans of the bridge that become OTLP without becoming spans of the SDK.
//!
//! On the loop's thread such a span is a record of fixed size in a ring ([`local`]); the thread
//! that exports makes OTLP of it ([`drain`]). What all spans of a socket or of a task have in common
//! goes through the ring once.

mod drain;
mod local;
mod record;

use crate::instrument::SlotKey;
use crate::otel::lane::{Lane, LaneSpan};
use crate::otel::{OtelInstrumentBuilder, names, scope};
use crate::telemetry::otlp::Writer;
use crate::telemetry::sources::{SpanSink, SpanSource};
use crate::telemetry::worker::Turn;
use crate::telemetry::{FastLaneError, Telemetry};
use drain::{Planned, Ring};
use local::{Described, LocalLane, known_ends};
use opentelemetry::InstrumentationScope;
use rtrb::RingBuffer;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

impl OtelInstrumentBuilder {
    /// Takes spans to `telemetry`, those of receives and sends by the fast lane.
    ///
    /// These are most of what a service makes, and arrive as the same spans at a fraction of the
    /// cost (`docs/benchmarks.md`). Those that failed, those without a parent and those in a trace
    /// with a trace state go the usual way, as does everything else.
    ///
    /// Each thread has a ring for as many as `OTEL_BSP_MAX_QUEUE_SIZE` says. What finds no room is
    /// lost and counted, as everywhere. Where `telemetry` exports no spans, the lane is left out.
    ///
    /// ```no_run
    /// use loopscope::otel::OtelInstrument;
    /// use loopscope::telemetry::Telemetry;
    ///
    /// let telemetry = Telemetry::from_env()?;
    /// let instrument = OtelInstrument::builder()
    ///     .fast_lane(&telemetry)?
    ///     .meter_provider(&telemetry.meter_provider())
    ///     .build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FastLaneError`] where spans by the lane would not be those that the SDK makes: it needs a
    /// sampler that goes by the parent, export over http/protobuf, and room for all attributes.
    pub fn fast_lane(self, telemetry: &Telemetry) -> Result<Self, FastLaneError> {
        let sink = telemetry.span_sink(names::SOCKET_RECV.attributes.len())?;
        let builder = self.tracer_provider(&telemetry.tracer_provider());
        Ok(match sink {
            Some(sink) => builder.lane(Arc::new(FastLane::new(sink))),
            None => builder,
        })
    }
}

/// A lane for any number of threads.
struct FastLane {
    key: SlotKey,
    sink: SpanSink,
    /// The rings that the thread that exports has not seen yet.
    new_rings: NewRings,
}

type NewRings = Arc<Mutex<Vec<Ring>>>;

fn lock(new_rings: &NewRings) -> MutexGuard<'_, Vec<Ring>> {
    new_rings.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// This thread's ends, by whose they are.
    static LOCAL: RefCell<Vec<(SlotKey, Rc<LocalLane>)>> = const { RefCell::new(Vec::new()) };
}

impl FastLane {
    fn new(sink: SpanSink) -> Self {
        let new_rings = NewRings::default();
        sink.add(Source {
            scope: scope(),
            batch_size: sink.batch_size(),
            new_rings: new_rings.clone(),
            rings: Vec::new(),
            in_hand: 0,
            batch: Vec::new(),
        });
        Self {
            key: SlotKey::new(),
            sink,
            new_rings,
        }
    }

    /// This thread's end, made when it is first asked for; none while the thread ends.
    fn local(&self) -> Option<Rc<LocalLane>> {
        let find = |local: &RefCell<Vec<(SlotKey, Rc<LocalLane>)>>| {
            let mut local = local.borrow_mut();
            if let Some((_, lane)) = local.iter().find(|(key, _)| *key == self.key) {
                return lane.clone();
            }
            let (producer, consumer) = RingBuffer::new(self.sink.capacity());
            lock(&self.new_rings).push(Ring::new(consumer));
            let lane = Rc::new(LocalLane::new(self.key, producer, self.sink.clone()));
            local.push((self.key, lane.clone()));
            lane
        };
        LOCAL.try_with(find).ok()
    }
}

impl Lane for FastLane {
    fn take(&self, span: &LaneSpan<'_>) {
        let described = span.socket.slots().get::<Described>(self.key);
        if let Some(described) = described
            && described.version == known_ends(span)
        {
            return described.lane.take(span, described.place);
        }
        let Some(lane) = self.local() else {
            return self.sink.count_dropped();
        };
        match lane.describe_socket(span) {
            Some(place) => lane.take(span, place),
            None => lane.lose(),
        }
    }
}

/// All rings of a lane.
struct Source {
    scope: InstrumentationScope,
    batch_size: usize,
    new_rings: NewRings,
    rings: Vec<Ring>,
    /// Whose batch is in hand.
    in_hand: usize,
    batch: Vec<Planned>,
}

impl SpanSource for Source {
    fn scope(&self) -> &InstrumentationScope {
        &self.scope
    }

    fn waiting(&mut self) -> usize {
        self.rings.append(&mut lock(&self.new_rings));
        self.rings.retain(|ring| !ring.is_done());
        self.rings.iter().map(Ring::waiting).sum()
    }

    fn next_batch(&mut self, turn: Turn) -> usize {
        // Each has its turn: one that is always full does not hold up the others.
        for _ in 0..self.rings.len() {
            self.in_hand = (self.in_hand + 1) % self.rings.len();
            self.rings[self.in_hand].take(turn, self.batch_size, &mut self.batch);
            if !self.batch.is_empty() {
                return self.batch.len();
            }
        }
        0
    }

    fn write_spans(&self, part: Range<usize>, writer: &mut Writer) {
        let ring = &self.rings[self.in_hand];
        for planned in self.batch[part].iter().rev() {
            ring.write(planned, writer);
        }
    }
}
