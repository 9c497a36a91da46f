//! Spans that do not come by way of the SDK.

use super::error::FastLaneError;
use super::otlp::Writer;
use super::settings::{Batch, Export, Protocol, Settings};
use super::shutdown::lock;
use super::tally::{Maker, Tally};
use super::worker::{Bell, Turn};
use opentelemetry::InstrumentationScope;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// Where spans come from that are of one instrumentation scope, and that are encoded by whoever
/// made them.
///
/// It is asked on the thread that exports.
pub(crate) trait SpanSource: Send {
    /// The scope.
    fn scope(&self) -> &InstrumentationScope;

    /// How many spans wait, at least.
    fn waiting(&mut self) -> usize;

    /// Takes the next batch that is due in this turn in hand, in place of the one before; how many
    /// spans it has, none where nothing is due.
    fn next_batch(&mut self, turn: Turn) -> usize;

    /// Writes a part of the batch in hand, the last span first, each as a message of the field
    /// `spans` of `ScopeSpans`.
    fn write_spans(&self, part: Range<usize>, writer: &mut Writer);
}

/// The sources of one exporter.
#[derive(Clone, Default)]
pub(super) struct Sources(Arc<Mutex<Vec<Box<dyn SpanSource>>>>);

impl Sources {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Box<dyn SpanSource>>> {
        lock(&self.0)
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

/// What those who bring spans and those who export them have in common.
#[derive(Debug, Clone)]
pub(crate) struct SpanSink {
    sources: Sources,
    bell: Bell,
    batch: Batch,
    tally: Arc<Tally>,
}

impl SpanSink {
    pub(super) fn new(batch: Batch, tally: &Arc<Tally>) -> Self {
        Self {
            sources: Sources::default(),
            bell: Bell::default(),
            batch,
            tally: tally.clone(),
        }
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    pub(super) fn bell(&self) -> Bell {
        self.bell.clone()
    }

    pub(super) fn batch(&self) -> Batch {
        self.batch
    }

    /// By when the last flush that somebody waits for is to be done.
    pub(super) fn end_of_flush(&self) -> Option<Instant> {
        self.tally.deadlines().end_of_flush()
    }

    /// Adds a source, for as long as telemetry lives.
    pub(crate) fn add(&self, source: impl SpanSource + 'static) {
        self.sources.lock().push(Box::new(source));
    }

    /// How many spans a source may have that wait.
    pub(crate) fn capacity(&self) -> usize {
        self.batch.queue
    }

    /// How many spans a batch has at most.
    pub(crate) fn batch_size(&self) -> usize {
        self.batch.size
    }

    /// Tells that there is a full batch.
    pub(crate) fn wake(&self) {
        self.bell.ring();
    }

    /// Where one thread, or who holds a lock, counts what it makes.
    pub(crate) fn maker(&self) -> Maker {
        self.tally.maker()
    }

    /// Counts a span for which there was no room.
    pub(crate) fn count_dropped(&self) {
        self.tally.count_dropped();
    }

    /// Whether nothing is taken any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.tally.deadlines().shutdown().is_some()
    }
}

/// Whether spans can go another way than by the SDK and still be those that it would make.
#[derive(Debug)]
pub(super) struct SpanRoute {
    sink: Result<Option<SpanSink>, FastLaneError>,
    attribute_limit: Option<u32>,
}

impl SpanRoute {
    pub(super) fn new(settings: &Settings, sink: SpanSink) -> Self {
        Self {
            sink: admit(settings).map(|is_exported| is_exported.then_some(sink)),
            attribute_limit: settings.limits.attributes,
        }
    }

    /// One that is open.
    #[cfg(feature = "testing")]
    pub(super) fn open_to(sink: SpanSink) -> Self {
        Self {
            sink: Ok(Some(sink)),
            attribute_limit: None,
        }
    }

    pub(super) fn sink(&self, attributes: usize) -> Result<Option<SpanSink>, FastLaneError> {
        match self.attribute_limit {
            Some(limit) if (limit as usize) < attributes => Err(FastLaneError::AttributeLimit {
                limit: limit as usize,
                attributes,
            }),
            _ => self.sink.clone(),
        }
    }
}

/// Whether spans are exported at all, if the other way is open to them.
fn admit(settings: &Settings) -> Result<bool, FastLaneError> {
    if settings.disabled {
        return Ok(false);
    }
    match &settings.traces {
        Export::None => return Ok(false),
        Export::Console => return Err(FastLaneError::Exporter("console")),
        Export::Otlp(otlp) => match otlp.protocol {
            Protocol::HttpProtobuf => {}
            Protocol::HttpJson => return Err(FastLaneError::Exporter("http/json")),
            Protocol::Grpc => return Err(FastLaneError::Exporter("grpc")),
        },
    }
    if settings.sampler.parent_based {
        Ok(true)
    } else {
        Err(FastLaneError::Sampler)
    }
}
