//! Counting what is made against what arrives.
//!
//! The SDK counts what it drops for want of room and logs what it fails to export, but tells
//! nobody. Here every item is counted when it is made and again when it is delivered; what is
//! missing in the end is lost.

use super::deadlines::Deadlines;
use super::error::Lost;
use super::settings::Signal;
use super::shutdown::lock;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter, LogProcessor, SdkLogRecord};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was made and what became of it, of one signal.
#[derive(Debug)]
pub(super) struct Tally {
    signal: Signal,
    /// By when something has to become of it; the same for all signals.
    deadlines: Arc<Deadlines>,
    made: AtomicU64,
    /// What threads count that make very many, each for itself.
    makers: Mutex<Vec<Arc<AtomicU64>>>,
    delivered: AtomicU64,
    failed: AtomicU64,
    reported: AtomicBool,
    reported_full: AtomicBool,
    /// Why nothing could be sent, as far as it is known: the exporter keeps it to itself.
    cause: Mutex<Option<String>>,
}

impl Tally {
    pub(super) fn new(signal: Signal, deadlines: &Arc<Deadlines>) -> Arc<Self> {
        Arc::new(Self {
            signal,
            deadlines: deadlines.clone(),
            made: AtomicU64::new(0),
            makers: Mutex::default(),
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            reported: AtomicBool::new(false),
            reported_full: AtomicBool::new(false),
            cause: Mutex::default(),
        })
    }

    pub(super) fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    /// Notes why something could not be sent.
    pub(super) fn note_cause(&self, cause: String) {
        *lock(&self.cause) = Some(cause);
    }

    /// Counts what is on its way from now on.
    pub(super) fn count_made(&self) {
        self.made.fetch_add(1, Ordering::Relaxed);
    }

    /// A count for one thread.
    pub(super) fn maker(&self) -> Maker {
        let count = Arc::default();
        lock(&self.makers).push(Arc::clone(&count));
        Maker(count)
    }

    fn made(&self) -> u64 {
        let of_makers = lock(&self.makers);
        let of_makers = of_makers.iter().map(|made| made.load(Ordering::Relaxed));
        self.made.load(Ordering::Relaxed) + of_makers.sum::<u64>()
    }

    /// Counts what was delivered.
    pub(super) fn count_delivered(&self, items: u64) {
        self.delivered.fetch_add(items, Ordering::Relaxed);
    }

    /// Counts what could not be delivered.
    pub(super) fn count_failed(&self, items: u64) {
        self.failed.fetch_add(items, Ordering::Relaxed);
    }

    /// Counts one for which there was no room, and reports that the first time.
    pub(super) fn count_dropped(&self) {
        self.count_failed(1);
        if !self.reported_full.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "loopscope::telemetry",
                signal = self.signal.name(),
                "telemetry is being lost: more is made than is exported in time. Make room with \
                 OTEL_BSP_MAX_QUEUE_SIZE, or make fewer spans. Further losses are counted, not \
                 reported"
            );
        }
    }

    /// Reports that something could not be delivered, the first time.
    pub(super) fn report(&self, cause: &dyn fmt::Display) {
        if !self.reported.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "loopscope::telemetry",
                signal = self.signal.name(),
                error = %cause,
                "telemetry is being lost: the collector does not take it. Is it running at \
                 OTEL_EXPORTER_OTLP_ENDPOINT? Further losses are counted, not reported"
            );
        }
    }

    fn count_export(&self, items: u64, result: &OTelSdkResult) {
        let Err(error) = result else {
            return self.count_delivered(items);
        };
        self.count_failed(items);
        match lock(&self.cause).take() {
            Some(cause) => self.report(&cause),
            None => self.report(error),
        }
    }

    /// What is known to be lost while more is being made.
    pub(super) fn lost_so_far(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// What was made and is neither delivered nor known to be lost.
    #[cfg(feature = "testing")]
    pub(super) fn pending(&self) -> u64 {
        let known = self.delivered.load(Ordering::Relaxed) + self.lost_so_far();
        self.made().saturating_sub(known)
    }

    /// What is lost when nothing more is being made or delivered.
    pub(super) fn lost_in_the_end(&self) -> u64 {
        let made = self.made();
        made.saturating_sub(self.delivered.load(Ordering::Relaxed))
            .max(self.lost_so_far())
    }
}

/// Counts what one thread makes, or what is made under one lock, without a shared counter that costs
/// more than the rest.
#[derive(Debug, Default)]
pub(crate) struct Maker(Arc<AtomicU64>);

impl Maker {
    /// Counts what is on its way from now on. One thread at a time may do so.
    #[inline]
    pub(crate) fn count_made(&self) {
        let made = self.0.load(Ordering::Relaxed);
        self.0.store(made + 1, Ordering::Relaxed);
    }
}

/// The tallies of all signals.
#[derive(Debug, Clone)]
pub(super) struct Tallies {
    pub(super) traces: Arc<Tally>,
    pub(super) metrics: Arc<Tally>,
    pub(super) logs: Arc<Tally>,
    pub(super) deadlines: Arc<Deadlines>,
}

impl Tallies {
    pub(super) fn new() -> Self {
        let deadlines = Arc::default();
        Self {
            traces: Tally::new(Signal::Traces, &deadlines),
            metrics: Tally::new(Signal::Metrics, &deadlines),
            logs: Tally::new(Signal::Logs, &deadlines),
            deadlines,
        }
    }

    pub(super) fn lost_so_far(&self) -> Lost {
        Lost {
            spans: self.traces.lost_so_far(),
            log_records: self.logs.lost_so_far(),
            metric_exports: self.metrics.lost_so_far(),
        }
    }

    pub(super) fn lost_in_the_end(&self) -> Lost {
        Lost {
            spans: self.traces.lost_in_the_end(),
            log_records: self.logs.lost_in_the_end(),
            metric_exports: self.metrics.lost_so_far(),
        }
    }
}

/// A processor or exporter whose items are counted.
#[derive(Debug)]
pub(super) struct Counted<T> {
    inner: T,
    tally: Arc<Tally>,
}

impl<T> Counted<T> {
    pub(super) fn new(inner: T, tally: &Arc<Tally>) -> Self {
        Self {
            inner,
            tally: tally.clone(),
        }
    }
}

impl<T: SpanExporter> SpanExporter for Counted<T> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let items = batch.len() as u64;
        let result = self.inner.export(batch).await;
        self.tally.count_export(items, &result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<T: LogProcessor> LogProcessor for Counted<T> {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        self.tally.count_made();
        self.inner.emit(record, scope);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.tally.deadlines.flush(|| self.inner.force_flush())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<T: LogExporter> LogExporter for Counted<T> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let items = batch.iter().count() as u64;
        let result = self.inner.export(batch).await;
        self.tally.count_export(items, &result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<T: PushMetricExporter> PushMetricExporter for Counted<T> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let result = self.inner.export(metrics).await;
        self.tally.count_export(1, &result);
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.inner.temporality()
    }
}
