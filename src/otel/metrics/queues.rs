//! Queues.

use super::{Capped, LazyHistogram, LazyUpDownCounter, histogram, signed, up_down_counter};
use crate::instrument::{QueueInfo, QueueMetadata, SlotKey};
use crate::otel::names;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter, UpDownCounter};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

pub(in crate::otel) struct QueueMetrics {
    wait: Histogram<f64>,
    size: UpDownCounter<i64>,
    by_name: Capped<QueueSeries>,
    unnamed: Arc<QueueSeries>,
}

/// The time series of all queues of one name.
pub(in crate::otel) struct QueueSeries {
    name: Option<Arc<str>>,
    /// Gets and puts, each by whether they were immediate.
    gets: [LazyHistogram; 2],
    puts: [LazyHistogram; 2],
    size: LazyUpDownCounter,
}

/// How many items of a queue were counted; kept in the queue's slot and so dropped with it.
///
/// The count is what was last heard, not a sum of gets and puts: some of those may be heard by
/// other scopes only, and a queue that is dropped with items in it tells of no gets.
pub(in crate::otel) struct QueueSize {
    series: Arc<QueueSeries>,
    counted: Cell<i64>,
}

impl QueueMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            wait: histogram(meter, &names::QUEUE_WAIT_DURATION),
            size: up_down_counter(meter, &names::QUEUE_SIZE),
            by_name: Capped::new(),
            unnamed: Arc::new(QueueSeries::new(None)),
        }
    }

    /// An item was taken out.
    pub(in crate::otel) fn got(&self, key: SlotKey, metadata: &QueueMetadata<'_>) {
        let queue = self.count(key, metadata);
        self.waited(&queue.series, "get", &queue.series.gets, metadata);
    }

    /// An item was put in.
    pub(in crate::otel) fn put(&self, key: SlotKey, metadata: &QueueMetadata<'_>) {
        let queue = self.count(key, metadata);
        self.waited(&queue.series, "put", &queue.series.puts, metadata);
    }

    fn waited(
        &self,
        series: &QueueSeries,
        operation: &'static str,
        histograms: &[LazyHistogram; 2],
        metadata: &QueueMetadata<'_>,
    ) {
        histograms[usize::from(metadata.immediate)]
            .get_or_init(|| {
                let mut attributes = series.attributes();
                attributes.push(KeyValue::new(names::QUEUE_OPERATION, operation));
                attributes.push(KeyValue::new(names::IMMEDIATE, metadata.immediate));
                self.wait.bind(&attributes)
            })
            .record(metadata.finish_time.seconds_since(metadata.start_time));
    }

    fn count(&self, key: SlotKey, metadata: &QueueMetadata<'_>) -> Rc<QueueSize> {
        let slots = metadata.queue.slots();
        let queue = slots.get::<QueueSize>(key).unwrap_or_else(|| {
            let series = self.series(metadata.queue);
            let counted = Cell::new(0);
            slots.insert(key, QueueSize { series, counted })
        });
        let len = signed(metadata.len);
        let change = len - queue.counted.replace(len);
        if change != 0 {
            let size = &queue.series.size;
            size.get_or_init(|| self.size.bind(&queue.series.attributes()))
                .add(change);
        }
        queue
    }

    fn series(&self, queue: &QueueInfo) -> Arc<QueueSeries> {
        match queue.name() {
            Some(name) => self.by_name.get(name, |name| QueueSeries::new(Some(name))),
            None => self.unnamed.clone(),
        }
    }
}

impl QueueSeries {
    fn new(name: Option<Arc<str>>) -> Self {
        Self {
            name,
            gets: Default::default(),
            puts: Default::default(),
            size: LazyUpDownCounter::new(),
        }
    }

    fn attributes(&self) -> Vec<KeyValue> {
        let name = self.name.clone();
        name.map(|name| KeyValue::new(names::QUEUE_NAME, name))
            .into_iter()
            .collect()
    }
}

impl Drop for QueueSize {
    fn drop(&mut self) {
        if let (Some(size), left @ 1..) = (self.series.size.get(), self.counted.get()) {
            size.add(-left);
        }
    }
}
