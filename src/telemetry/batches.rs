//! Gathering spans into batches, and having them exported.

use super::deadlines::now;
use super::settings::Batch;
use super::shutdown::lock;
use super::sources::SpanSink;
use super::tally::Maker;
use super::worker::{Turn, Worker};
use opentelemetry::Context;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Exports spans in batches, on a thread of its own.
///
/// The SDK's own sends each span through a channel, which costs the thread that makes it more than
/// half as much again as the span itself, and tells nobody of those that find no room. Here whole batches
/// change hands.
#[derive(Debug)]
pub(super) struct BatchProcessor {
    queue: Arc<Mutex<Queue>>,
    worker: Worker,
    sink: SpanSink,
}

impl BatchProcessor {
    /// A processor whose batches, and what the sources of `sink` have, go to `exporter`.
    ///
    /// # Errors
    ///
    /// Those of the system where it has no more threads.
    pub(super) fn start(mut exporter: impl Exporter, sink: &SpanSink) -> io::Result<Self> {
        let batch = sink.batch();
        let queue = Arc::new(Mutex::new(Queue::new(batch, sink.maker())));
        let of_thread = queue.clone();
        let worker = Worker::start(sink.bell(), batch.delay, move |turn| {
            export(&mut exporter, &of_thread, turn);
        })?;
        Ok(Self {
            queue,
            worker,
            sink: sink.clone(),
        })
    }
}

impl SpanProcessor for BatchProcessor {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        // Some are recorded for those who look at them here, and not to be exported.
        if !span.span_context.is_sampled() {
            return;
        }
        let pushed = lock(&self.queue).push(span);
        match pushed {
            Pushed::IntoBatch => {}
            Pushed::AsTheLastOfABatch => self.sink.wake(),
            Pushed::NotForWantOfRoom => self.sink.count_dropped(),
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        let usual = now() + Duration::from_secs(5);
        let asked = self.sink.end_of_flush();
        in_time(self.worker.flush(usual.max(asked.unwrap_or(usual))))
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        in_time(self.worker.shut_down(now() + timeout))
    }
}

fn in_time(is_done: bool) -> OTelSdkResult {
    if is_done {
        Ok(())
    } else {
        Err(OTelSdkError::InternalFailure(
            "not all spans were exported in time".into(),
        ))
    }
}

/// Exports what is there at the beginning; what comes meanwhile has another turn.
fn export(exporter: &mut impl Exporter, queue: &Mutex<Queue>, turn: Turn) {
    let mut left = lock(queue).len;
    while left > 0 {
        let Some(batch) = lock(queue).take(turn) else {
            break;
        };
        let mut spans = batch.into_spans();
        left = left.saturating_sub(spans.len());
        exporter.export(&mut spans);
        let too_many = lock(queue).give_back(spans);
        drop(too_many);
    }
    exporter.export_others(turn);
    if turn == Turn::Last {
        exporter.end();
    }
}

/// Where batches go.
pub(super) trait Exporter: Send + 'static {
    /// Exports spans, tells what becomes of them, and leaves them where they are if it can.
    fn export(&mut self, spans: &mut Vec<SpanData>);

    /// Exports what did not come by way of the SDK.
    fn export_others(&mut self, _turn: Turn) {}

    /// Nothing is exported any more.
    fn end(&mut self) {}
}

/// Any exporter that the SDK would take, and that counts what becomes of spans.
pub(super) struct OfSdk<E>(pub(super) E);

impl<E: SpanExporter + 'static> Exporter for OfSdk<E> {
    fn export(&mut self, spans: &mut Vec<SpanData>) {
        let _ = futures_executor::block_on(self.0.export(std::mem::take(spans)));
    }

    fn end(&mut self) {
        let _ = self.0.shutdown();
    }
}

/// Spans that wait, in batches, and those that have been exported.
///
/// Memory that one thread allocates and another one frees is the dearest there is: both meet at the
/// allocator's lock, and at the counters of strings that spans share. So exported spans come back,
/// and each is freed when a new one takes its place, by a thread that makes them.
#[derive(Debug)]
struct Queue {
    full: VecDeque<Vec<SpanData>>,
    filling: Filling,
    exported: Vec<Vec<SpanData>>,
    /// How many spans wait, and how many are kept for their memory.
    len: usize,
    kept: usize,
    /// How many there may be, of either.
    capacity: usize,
    batch_size: usize,
    maker: Maker,
}

/// A batch in the making, in the place of one that has been exported.
#[derive(Debug, Default)]
struct Filling {
    spans: Vec<SpanData>,
    /// How many are new.
    new: usize,
}

impl Filling {
    fn push(&mut self, span: SpanData) {
        match self.spans.get_mut(self.new) {
            Some(old) => *old = span,
            None => self.spans.push(span),
        }
        self.new += 1;
    }

    /// The new spans.
    fn into_spans(mut self) -> Vec<SpanData> {
        self.spans.truncate(self.new);
        self.spans
    }
}

/// Where a span has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pushed {
    IntoBatch,
    AsTheLastOfABatch,
    NotForWantOfRoom,
}

impl Queue {
    fn new(batch: Batch, maker: Maker) -> Self {
        Self {
            full: VecDeque::new(),
            filling: Filling::default(),
            exported: Vec::new(),
            len: 0,
            kept: 0,
            capacity: batch.queue,
            batch_size: batch.size,
            maker,
        }
    }

    fn push(&mut self, span: SpanData) -> Pushed {
        self.maker.count_made();
        if self.len == self.capacity {
            return Pushed::NotForWantOfRoom;
        }
        self.len += 1;
        self.filling.push(span);
        if self.filling.new < self.batch_size {
            return Pushed::IntoBatch;
        }
        let full = self.fill_another();
        self.full.push_back(full.spans);
        Pushed::AsTheLastOfABatch
    }

    /// Begins another batch; the one that was filled until now.
    fn fill_another(&mut self) -> Filling {
        let spans = self.exported.pop().unwrap_or_default();
        self.kept -= spans.len();
        std::mem::replace(&mut self.filling, Filling { spans, new: 0 })
    }

    /// The oldest batch, also where it is not full if that is asked for.
    fn take(&mut self, turn: Turn) -> Option<Filling> {
        let batch = match self.full.pop_front() {
            Some(spans) => Filling {
                new: spans.len(),
                spans,
            },
            None if turn == Turn::Full || self.filling.new == 0 => return None,
            None => self.fill_another(),
        };
        self.len -= batch.new;
        Some(batch)
    }

    /// Keeps exported spans for their memory; those that are too many.
    fn give_back(&mut self, spans: Vec<SpanData>) -> Option<Vec<SpanData>> {
        if self.kept + spans.len() > self.capacity {
            return Some(spans);
        }
        self.kept += spans.len();
        self.exported.push(spans);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    fn span(number: usize) -> SpanData {
        SpanData {
            span_context: SpanContext::empty_context(),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: number.to_string().into(),
            start_time: UNIX_EPOCH,
            end_time: UNIX_EPOCH,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: Default::default(),
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Push,
        Take(Turn),
        GiveBack,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => Just(Step::Push),
            1 => Just(Step::Take(Turn::Full)),
            1 => Just(Step::Take(Turn::All)),
            1 => Just(Step::GiveBack),
        ]
    }

    proptest! {
        #[test]
        fn spans_come_out_once_and_in_order(
            steps in prop::collection::vec(step(), 0..200),
            capacity in 1_usize..20,
            size in 1_usize..20,
        ) {
            let size = size.min(capacity);
            let batch = Batch { queue: capacity, size, delay: Duration::ZERO };
            let mut queue = Queue::new(batch, Maker::default());
            let (mut waiting, mut exported) = (VecDeque::new(), Vec::new());
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Push => {
                        let pushed = queue.push(span(number));
                        if waiting.len() < capacity {
                            waiting.push_back(number.to_string());
                            prop_assert_ne!(pushed, Pushed::NotForWantOfRoom);
                        } else {
                            prop_assert_eq!(pushed, Pushed::NotForWantOfRoom);
                        }
                    }
                    Step::Take(turn) => {
                        let taken = queue.take(turn).map(Filling::into_spans).unwrap_or_default();
                        prop_assert_eq!(taken.len(), match turn {
                            Turn::Full if waiting.len() < size => 0,
                            _ => waiting.len().min(size),
                        });
                        for span in &taken {
                            prop_assert_eq!(Some(span.name.to_string()), waiting.pop_front());
                        }
                        exported.push(taken);
                    }
                    Step::GiveBack => {
                        let spans = exported.pop().unwrap_or_default();
                        drop(queue.give_back(spans));
                    }
                }
                prop_assert_eq!(queue.len, waiting.len());
                let kept = queue.exported.iter().map(Vec::len).sum::<usize>();
                prop_assert_eq!(queue.kept, kept);
                prop_assert!(kept <= capacity);
            }
        }
    }
}
